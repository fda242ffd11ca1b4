// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode get`

use milspec::failure::Result;
use milspec::model::{is_drift_known, names, Control, Family, Machine, Standing};
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use serde::Serialize;

/// `milspec.mode/1`
#[derive(Debug, Serialize)]
pub struct ModeGet {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// How that was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
    /// Generation of the reading.
    pub generation: u64,
    /// The mode.
    pub mode: Standing,
    /// Whether it is latched until the next boot.
    pub latched: bool,
    /// Controls that were changed and wait for the next boot.
    pub pending_reboot: Vec<String>,
    /// Controls that something else has changed.
    pub drifted: Vec<String>,
    /// Controls that could not be put back.
    pub degraded: Vec<String>,
    /// Whether every control was read: else one could have drifted, or be degraded, unseen.
    pub drift_known: bool,
    /// The controls that deviate, for people.
    #[serde(skip)]
    pub deviating: Vec<Control>,
}

/// Fetches the document.
pub fn run(root: &Root) -> Result<ModeGet> {
    let snapshot = Snapshot::take(root, false)?;
    let (info, status, controls) = (&snapshot.info, &snapshot.status, &snapshot.controls);
    let machine = Machine::new(info, status);
    let mode = Standing::new(status, controls);
    let deviates = |control: &&Control| mode.deviations.contains(&control.name);
    Ok(ModeGet {
        schema: "milspec.mode/1",
        recording: root.recording(),
        simulated: machine.simulated_because.is_some(),
        simulated_because: machine.simulated_because,
        generation: status.generation,
        latched: snapshot.is_latched(),
        pending_reboot: names(controls, |control| control.pending_reboot),
        drifted: names(controls, |control| control.drifted),
        degraded: names(controls, |control| control.degraded),
        drift_known: is_drift_known(&Family::all(status), controls),
        deviating: controls.iter().filter(deviates).cloned().collect(),
        mode,
    })
}
