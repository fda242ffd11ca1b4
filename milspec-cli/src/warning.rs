// SPDX-License-Identifier: GPL-2.0

//! What needs attention before and after a change.

use crate::baseline;
use crate::change::Change;
use crate::model::{names, Control, Step};
use crate::root::Root;
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

/// Controls by which a machine is reached over a network: wired ports, radios, and the ports that
/// docks and network adapters sit on.
const PATHS: [&str; 19] = [
    "embedded-nic",
    "second-nic",
    "wireless-adapter",
    "radio-transmission",
    "wlan",
    "wwan",
    "wxan-radio",
    "wlan-off-when-wired",
    "wwan-off-when-wired",
    "usb-external",
    "usb-user-ports",
    "usb-front",
    "usb-rear",
    "usb-side",
    "usb3-front",
    "usb3-rear",
    "thunderbolt",
    "rugged-dock",
    "stealth",
];

/// Values with which such a control takes nothing away. Those of `...-off-when-wired` are the other
/// way round.
fn keeps_path(control: &str, value: &str) -> bool {
    match control {
        "wlan-off-when-wired" | "wwan-off-when-wired" | "stealth" => value == "disabled",
        // With or without booting over it.
        "embedded-nic" => value != "disabled",
        _ => matches!(value, "enabled" | "all-on"),
    }
}

/// What to know before these steps are made, on a machine that is latched already or not.
pub fn before(root: &Root, steps: &[Step], change: &Change, latched: bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let lost: Vec<String> = steps
        .iter()
        .filter(|step| PATHS.contains(&step.control.as_str()))
        .filter(|step| !keeps_path(&step.control, &step.to))
        .map(|step| step.control.clone())
        .collect();
    let ssh = std::env::var_os("SSH_CONNECTION");
    if ssh.is_some_and(|ssh| !ssh.is_empty()) && !lost.is_empty() {
        warnings.push(Warning {
            code: "lock-out",
            text: "you are connected through SSH, and this may cut the connection".into(),
            remedy: match (change.confirm_within, change.restores) {
                (Some(_), _) => "wait for the question; without an answer it is undone",
                (None, None) => "add --confirm-within 5m, so that it is undone if it does",
                (None, Some(_)) => "make sure that somebody can get to the machine",
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
        .filter(|step| step.family == "platform")
        .map(|step| step.control.clone())
        .collect();
    if !firmware.is_empty() {
        // Who has changed this machine before has read it.
        let known = matches!(baseline::file::load(root), Ok(Some(_)));
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
