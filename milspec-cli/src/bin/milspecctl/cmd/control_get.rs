// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control get`

use super::Head;
use milspec::cli::Get;
use milspec::{refusal, Failure, Result, Root, Snapshot};
use serde::Serialize;

/// `milspec.control-value/1`
#[derive(Debug, Serialize)]
pub struct ControlValue {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// Name of the control.
    pub name: String,
    /// Name of the value that is in force.
    pub value: String,
}

/// Fetches the document.
pub fn run(root: &Root, get: &Get) -> Result<ControlValue> {
    let snapshot = Snapshot::take(root, get.refresh.refresh)?;
    let control = refusal::find(&get.name, &snapshot.controls)?;
    let value = control.value.clone().ok_or_else(|| {
        Failure::new(
            "value-not-known",
            format!("cannot tell the value of {}", control.name),
            format!("the driver says {}", control.in_words()),
            format!("\"milspecctl control show {}\" tells more", control.name),
        )
    })?;
    Ok(ControlValue {
        head: Head::new("milspec.control-value/1", root, &snapshot),
        name: control.name.clone(),
        value,
    })
}
