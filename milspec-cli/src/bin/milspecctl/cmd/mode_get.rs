// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode get`

use super::Head;
use milspec::model::{is_drift_known, names, Control, Family, Standing};
use milspec::{Result, Root, Snapshot};
use serde::Serialize;

/// `milspec.mode/1`
#[derive(Debug, Serialize)]
pub struct ModeGet {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The mode, and what is left to do about it.
    #[serde(flatten)]
    pub now: ModeNow,
    /// The controls that deviate, for people.
    #[serde(skip)]
    pub deviating: Vec<Control>,
}

/// The mode, and what is left to do about it.
#[derive(Debug, Serialize)]
pub struct ModeNow {
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
}

impl ModeNow {
    /// What the driver says.
    pub fn of(snapshot: &Snapshot) -> Self {
        let (status, controls) = (&snapshot.status, &snapshot.controls);
        Self {
            mode: Standing::new(status, controls),
            latched: snapshot.is_latched(),
            pending_reboot: names(controls, |control| control.pending_reboot),
            drifted: names(controls, |control| control.drifted),
            degraded: names(controls, |control| control.degraded),
            drift_known: is_drift_known(&Family::all(status), controls),
        }
    }
}

/// Fetches the document.
pub fn run(root: &Root) -> Result<ModeGet> {
    let snapshot = Snapshot::take(root, false)?;
    let now = ModeNow::of(&snapshot);
    let deviates = |control: &&Control| now.mode.deviations.contains(&control.name);
    let deviating = snapshot.controls.iter().filter(deviates).cloned();
    Ok(ModeGet {
        head: Head::new("milspec.mode/1", root, &snapshot),
        deviating: deviating.collect(),
        now,
    })
}
