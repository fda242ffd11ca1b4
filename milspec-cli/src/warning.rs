// SPDX-License-Identifier: GPL-2.0

//! What needs attention before and after a change.

use crate::baseline::Record;
use crate::change::Change;
use crate::model::{names, Control, Step};
use crate::root::Root;
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

/// What to know before these steps are made, on a machine that is latched already or not.
pub fn before(root: &Root, steps: &[Step], change: &Change, latched: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let lost: Vec<String> = steps
        .iter()
        .filter(|step| step.cuts_network)
        .map(|step| step.control.clone())
        .collect();
    let ssh = std::env::var_os("SSH_CONNECTION");
    if ssh.is_some_and(|ssh| !ssh.is_empty()) && !lost.is_empty() {
        warnings.push(Warning {
            code: "lock-out",
            text: "you are connected through SSH, and this may cut the connection".into(),
            // What is in force after the next boot only is undone by who is there then.
            remedy: match (change.confirm_within, systemd::has_unit(root)) {
                (_, false) => "make sure that somebody can get to the machine",
                (None, true) => "add --confirm-within 5m, so that it is undone if it does",
                (Some(_), true) => "confirm it after the reboot: else it is undone",
            },
            controls: lost,
        });
    }
    if change.mode == MODE_PARANOID_PLUS && !latched {
        warnings.push(Warning {
            code: "latch",
            text: "this mode latches: until the next boot no other mode or value can be set, and \
                   the module cannot be unloaded"
                .into(),
            remedy: "nothing but a reboot undoes that",
            controls: Vec::new(),
        });
    }
    let untried: Vec<String> = steps
        .iter()
        .filter(|step| step.untried)
        .map(|step| step.control.clone())
        .collect();
    if !untried.is_empty() {
        warnings.push(Warning {
            code: "untried",
            text: format!("never yet seen written on hardware: {}", untried.join(", ")),
            remedy: "look whether they do what they say, and tell the project",
            controls: untried,
        });
    }
    let firmware: Vec<String> = steps
        .iter()
        .filter(|step| step.waits_for_reboot())
        .map(|step| step.control.clone())
        .collect();
    if !firmware.is_empty() {
        // Who has changed this machine before has read it.
        let known = matches!(Record::load(root), Ok(Some(_)));
        warnings.push(Warning {
            code: "measured-boot",
            text: if known {
                "BIOS settings are part of measured boot".into()
            } else {
                "BIOS settings are part of measured boot: from the next boot on, disk keys in the \
                 TPM (systemd-cryptenroll, BitLocker) may no longer open the disk"
                    .into()
            },
            remedy: "have the recovery key of the disk at hand before you reboot",
            controls: firmware,
        });
    }
    warnings
}

/// What to know after a change: which controls wait for the next boot.
pub fn after(controls: &[Control]) -> Option<Warning> {
    let pending = names(controls, |control| control.pending_reboot);
    (!pending.is_empty()).then(|| Warning {
        code: "pending-reboot",
        text: format!("in force after the next boot: {}", pending.join(", ")),
        remedy: "reboot when it suits you",
        controls: pending,
    })
}
