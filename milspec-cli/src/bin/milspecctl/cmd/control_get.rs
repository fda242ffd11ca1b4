// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control get`

use milspec::cli::Get;
use milspec::failure::{Failure, Result};
use milspec::model::Machine;
use milspec::refusal;
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use serde::Serialize;

/// `milspec.control-value/1`
#[derive(Debug, Serialize)]
pub struct ControlValue {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// Generation of the reading.
    pub generation: u64,
    /// Name of the control.
    pub name: String,
    /// Name of the value that is in force.
    pub value: String,
}

/// Fetches the document.
pub fn run(root: &Root, get: &Get) -> Result<ControlValue> {
    let snapshot = Snapshot::take(root, get.refresh.refresh)?;
    let machine = Machine::new(&snapshot.info, &snapshot.status);
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
        schema: "milspec.control-value/1",
        recording: root.recording(),
        simulated: machine.simulated_because.is_some(),
        generation: snapshot.status.generation,
        name: control.name.clone(),
        value,
    })
}
