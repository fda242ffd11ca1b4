// SPDX-License-Identifier: GPL-2.0

//! What needs attention before and after a change.

use crate::baseline::Record;
use crate::change::Change;
use crate::model::{names, Control, Step};
use crate::root::Root;
use crate::system;
use crate::systemd;
use milspec_uapi::MODE_PARANOID_PLUS;
use serde::Serialize;

/// Something that needs attention.
#[derive(Clone, Debug, Serialize)]
pub struct Warning {
    /// Stable name for scripts.
    pub code: &'static str,
    /// What it is.
    pub text: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// The controls that it is about.
    pub controls: Vec<String>,
}

impl Warning {
    /// About no control in particular.
    pub fn new(code: &'static str, text: impl Into<String>, remedy: &'static str) -> Self {
        Self {
            code,
            text: text.into(),
            remedy,
            controls: Vec::new(),
        }
    }

    /// The same, about these controls.
    pub fn about(self, controls: Vec<String>) -> Self {
        Self { controls, ..self }
    }
}

/// What to know before these steps are made, on a machine that is latched already or not.
pub fn before(root: &Root, steps: &[Step], change: &Change, latched: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let controls = |of: fn(&&Step) -> bool| -> Vec<String> {
        let steps = steps.iter().filter(of);
        steps.map(|step| step.control.clone()).collect()
    };
    let lost = controls(|step| step.cuts_network);
    if !lost.is_empty() && system::is_through_ssh(root) {
        // What is in force after the next boot only is undone by who is there then.
        let remedy = match (change.confirm_within, systemd::has_unit(root)) {
            (_, false) => "make sure that somebody can get to the machine",
            (None, true) => "add --confirm-within 5m, so that it is undone if it does",
            (Some(_), true) => "confirm it after the reboot: else it is undone",
        };
        let text = "you are connected through SSH, and this may cut the connection";
        warnings.push(Warning::new("lock-out", text, remedy).about(lost));
    }
    if change.mode == MODE_PARANOID_PLUS && !latched {
        warnings.push(Warning::new(
            "latch",
            "this mode latches: until the next boot no other mode or value can be set, and \
             the module cannot be unloaded",
            "nothing but a reboot undoes that",
        ));
    }
    let untried = controls(|step| step.untried);
    if !untried.is_empty() {
        let text = format!("never yet seen written on hardware: {}", untried.join(", "));
        let remedy = "look whether they do what they say, and tell the project";
        warnings.push(Warning::new("untried", text, remedy).about(untried));
    }
    let firmware = controls(|step| step.waits_for_reboot());
    if !firmware.is_empty() {
        // Who has changed this machine before has read it.
        let known = matches!(Record::load(root), Ok(Some(_)));
        let text = match known {
            true => "BIOS settings are part of measured boot",
            false => {
                "BIOS settings are part of measured boot: from the next boot on, disk keys in the \
                 TPM (systemd-cryptenroll, BitLocker) may no longer open the disk"
            }
        };
        let remedy = "have the recovery key of the disk at hand before you reboot";
        warnings.push(Warning::new("measured-boot", text, remedy).about(firmware));
    }
    warnings
}

/// What to know after a change: which controls wait for the next boot.
pub fn after(controls: &[Control]) -> Option<Warning> {
    let pending = names(controls, |control| control.pending_reboot);
    (!pending.is_empty()).then(|| {
        Warning::new(
            "pending-reboot",
            format!("in force after the next boot: {}", pending.join(", ")),
            "reboot when it suits you",
        )
        .about(pending)
    })
}
