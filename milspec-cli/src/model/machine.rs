// SPDX-License-Identifier: GPL-2.0

//! The machine, the driver and the families.

use super::{clean, mode_word, name_of, names, outcome_word, reason_word};
use super::{Control, ErrnoDoc, Reading, Word};
use crate::root::Root;
use crate::system;
use crate::words::with;
use milspec_uapi as uapi;
use serde::{Deserialize, Serialize};

/// The machine, as the driver sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// DMI system vendor.
    pub vendor: String,
    /// DMI product name.
    pub product: String,
    /// DMI BIOS version.
    pub bios_version: String,
    /// How the project's simulated Dell was recognised. Documents say this in a place of their own.
    #[serde(skip)]
    pub simulated_because: Option<String>,
}

impl Machine {
    /// Reads what the driver said.
    pub fn new(info: &uapi::Info, status: &uapi::Status) -> Self {
        let product = clean(&info.product);
        let bios_version = clean(&info.bios_version);
        let implementation = clean(&status.dsmil_implementation);
        let simulated_because = simulated_because(&product, &bios_version, &implementation);
        Self {
            vendor: clean(&info.vendor),
            product,
            bios_version,
            simulated_because,
        }
    }

    /// For people: `Dell Inc. Latitude 7490, BIOS 1.2.3`.
    pub fn in_words(&self) -> String {
        let (vendor, product) = (&self.vendor, &self.product);
        format!("{vendor} {product}, BIOS {}", self.bios_version)
    }
}

/// Which machine something is of, where that is not the live one of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell; null for a saved journal, which does
    /// not say.
    pub simulated: Option<bool>,
    /// Whether it is said of the copy of a training, and not of the machine; null where the driver was
    /// not asked.
    pub training: Option<bool>,
    /// How the simulated machine was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
}

impl Provenance {
    /// The machine of a root, and how it was recognised as the simulated one, if it was.
    pub fn new(root: &Root, simulated_because: Option<String>) -> Self {
        Self {
            recording: root.recording(),
            simulated: Some(simulated_because.is_some()),
            training: None,
            simulated_because,
        }
    }

    /// The same by DMI alone, where the driver cannot be asked.
    pub fn of_dmi(root: &Root) -> Self {
        let (product, bios) = (
            system::dmi(root, "product_name"),
            system::dmi(root, "bios_version"),
        );
        let known = product.is_some() || bios.is_some();
        let (product, bios) = (product.unwrap_or_default(), bios.unwrap_or_default());
        let from = Self::new(root, simulated_because(&product, &bios, ""));
        Self {
            // What does not say what it is can be anything.
            simulated: from.simulated.filter(|_| known),
            ..from
        }
    }
}

/// How this machine is recognised as the project's simulated Dell; `None` for any other. It marks
/// itself in several places, so that what it shows is never taken for the state of a real machine.
pub fn simulated_because(
    product: &str,
    bios_version: &str,
    implementation: &str,
) -> Option<String> {
    let marked = |text: &str| text.to_ascii_lowercase().contains("simulated");
    if marked(bios_version) || bios_version.to_ascii_uppercase().starts_with("SIM") {
        Some(format!("BIOS version is \"{bios_version}\""))
    } else if marked(product) {
        Some(format!("product is \"{product}\""))
    } else if marked(implementation) {
        Some(format!("DSML0001 firmware is by \"{implementation}\""))
    } else {
        None
    }
}

/// Version of the DSML0001 interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Major version.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
    /// Who made the firmware, in its own words.
    pub implementation: String,
}

/// One family of controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Family {
    /// `platform` or `dsmil`.
    pub name: Word,
    /// `absent`, `ready` or `failed`.
    pub state: Word,
    /// Why the family failed.
    pub error: Option<ErrnoDoc>,
    /// Number of controls.
    pub controls: u32,
    /// How many of them have no known value.
    pub unreadable: u32,
    /// Firmware calls since the family was found: `platform` when the module was loaded, `dsmil` when
    /// the driver bound to DSML0001.
    pub firmware_calls: u64,
    /// Family `dsmil`: the firmware's interface.
    pub interface: Option<Interface>,
}

impl Family {
    /// All families that the driver reports on.
    pub fn all(status: &uapi::Status) -> Vec<Self> {
        let interface = (status.dsmil_major != 0).then(|| Interface {
            major: status.dsmil_major,
            minor: status.dsmil_minor,
            implementation: clean(&status.dsmil_implementation),
        });
        vec![
            Self::new(uapi::FAMILY_PLATFORM, &status.platform, None),
            Self::new(uapi::FAMILY_DSMIL, &status.dsmil, interface),
        ]
    }

    fn new(number: u8, wire: &uapi::FamilyStatus, interface: Option<Interface>) -> Self {
        Self {
            name: super::control::family(number),
            state: word!("state", wire.state, FAMILY_ABSENT FAMILY_READY FAMILY_FAILED),
            error: ErrnoDoc::new(wire.error),
            controls: wire.controls,
            unreadable: wire.unreadable,
            firmware_calls: wire.firmware_calls,
            interface,
        }
    }
}

/// What ties the journal to the TPM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// `none`, `ready`, `failed`, or `training` where records only count as extended.
    pub state: Word,
    /// The PCR that committed changes are extended into; null where nothing is.
    pub pcr: Option<u8>,
    /// How many records are extended into it.
    pub anchored: u64,
    /// How many wait to be.
    pub pending: u32,
    /// How many could not be.
    pub failures: u32,
    /// Why the TPM could not be used the last time.
    pub error: Option<ErrnoDoc>,
}

impl Anchor {
    /// Reads what the driver said.
    pub fn new(status: &uapi::Status) -> Self {
        Self {
            state: word!("anchor", status.anchor, ANCHOR_NONE ANCHOR_READY ANCHOR_FAILED
                ANCHOR_TRAINING),
            pcr: (status.anchor != uapi::ANCHOR_NONE).then_some(status.anchor_pcr),
            anchored: status.anchored,
            pending: status.anchor_pending,
            failures: status.anchor_failures,
            error: ErrnoDoc::new(status.anchor_error),
        }
    }
}

/// How far the journal has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Journal {
    /// Sequence of the next record.
    pub next: u64,
    /// How many records have been overwritten by later ones.
    pub overwritten: u64,
}

/// How the request for a change that ended last ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LastRequest {
    /// Its number, from 1 when the module was loaded.
    pub number: u64,
    /// Name of the mode that was asked for.
    pub mode: Option<Word>,
    /// How it ended; null where the driver gave nothing but the error.
    pub outcome: Option<Word>,
    /// Why it was refused.
    pub reason: Option<Word>,
    /// The control that the outcome speaks of.
    pub control: Option<String>,
    /// The other control that the reason speaks of.
    pub needs: Option<String>,
    /// Why it failed.
    pub error: Option<ErrnoDoc>,
    /// The process that made it.
    pub pid: u32,
    /// Sequence of the event that says how it ended.
    pub event: Option<u64>,
}

impl LastRequest {
    /// Reads what the driver said; `None` where none has ended yet.
    pub fn new(status: &uapi::Status, controls: &[Control]) -> Option<Self> {
        let name = |id: u32| (id != 0).then(|| name_of(id, controls));
        (status.last_request != 0).then(|| Self {
            number: status.last_request,
            mode: (status.last_mode != uapi::MODE_NONE).then(|| mode_word(status.last_mode)),
            outcome: (status.last_outcome != uapi::OUTCOME_NONE)
                .then(|| outcome_word(status.last_outcome)),
            reason: reason_word(status.last_reason),
            control: name(status.last_control),
            needs: name(status.last_needs),
            error: ErrnoDoc::new(status.last_error),
            pid: status.last_pid,
            event: (status.last_sequence != 0).then_some(status.last_sequence),
        })
    }

    /// For people: `1, mode paranoid: undone at camera (EIO); by pid 812, event 17`.
    pub fn in_words(&self) -> String {
        let mode = with(", mode ", self.mode.as_ref());
        let outcome = self.outcome.as_deref().unwrap_or("failed");
        let reason = with(", ", self.reason.as_ref());
        let control = with(" at ", self.control.as_ref());
        let error = ErrnoDoc::behind(&self.error);
        let event = with(", event ", self.event);
        format!(
            "{}{mode}: {outcome}{reason}{control}{error}; by pid {}{event}",
            self.number, self.pid
        )
    }
}

/// Names of the controls with which the firmware reports tampering.
pub fn tampered(controls: &[Control]) -> Vec<String> {
    names(controls, |control| {
        // The chassis switch is a platform setting: its value is the report.
        control.tamper
            || (control.name == CHASSIS_SWITCH && control.value.as_deref() == Some("tripped"))
    })
}

/// Whether all that could report tampering was read: without that, no report is no answer.
pub fn is_tamper_known(families: &[Family], controls: &[Control]) -> bool {
    let mut reporters = controls
        .iter()
        .filter(|control| control.name == CHASSIS_SWITCH || control.family == "dsmil")
        .peekable();
    families.iter().all(|family| family.state != "failed")
        && reporters.peek().is_some()
        && reporters.all(|control| control.reading == Reading::Known)
}

/// Whether every control was read: of the others nobody knows whether they drifted.
pub fn is_drift_known(families: &[Family], controls: &[Control]) -> bool {
    families.iter().all(|family| family.state != "failed")
        && controls
            .iter()
            .all(|control| control.reading == Reading::Known)
}

/// The setting that reports an open chassis.
const CHASSIS_SWITCH: &str = "intrusion-latch";
