// SPDX-License-Identifier: GPL-2.0

//! `milspecctl config export`

use milspec::config::SCHEMA;
use milspec::model::{Control, Reading};
use milspec::{Result, Root, Snapshot};
use serde::Serialize;
use std::collections::BTreeMap;

/// `milspec.config/1`
#[derive(Debug, Serialize)]
pub struct ConfigExport {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where it is from.
    pub about: String,
    /// Each control that can be changed, by its name, with its value.
    pub controls: BTreeMap<String, String>,
}

/// Fetches the document.
pub fn run(root: &Root) -> Result<ConfigExport> {
    let snapshot = Snapshot::take(root, false)?;
    let restricted = snapshot.is_restricted_allowed();
    let machine = snapshot.machine();
    let training = snapshot.is_training();
    let mut about = format!("exported from {} {}", machine.vendor, machine.product);
    if training {
        about.push_str("; the copy of a training, not the machine");
    }
    if let Some(because) = machine.simulated_because {
        about.push_str(&format!("; simulated machine: {because}"));
    }
    if let Some(from) = root.recording() {
        about.push_str(&format!("; recording, not this machine: {from}"));
    }
    let controls = snapshot.controls.into_iter();
    let writable = controls.filter(|control| writable(control, restricted));
    Ok(ConfigExport {
        schema: SCHEMA,
        about,
        controls: writable
            .filter_map(|control| Some((control.name, control.value?)))
            .collect(),
    })
}

/// Whether the driver takes the control, with its present value, in a list. It says no itself, but
/// to the whole list.
fn writable(control: &Control, restricted: bool) -> bool {
    let class = match control.class.as_ref() {
        "safe" | "monitored" => true,
        "restricted" => restricted,
        _ => false,
    };
    let value = control.values.iter().find(|value| value.active);
    class
        && control.access == "read-write"
        && !control.denied
        && control.reading == Reading::Known
        && value.is_some_and(|value| value.present)
}
