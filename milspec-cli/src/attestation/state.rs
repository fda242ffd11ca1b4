// SPDX-License-Identifier: GPL-2.0

//! What a machine says of itself.

use crate::baseline::Identity;
use crate::clock;
use crate::model::{clean, names, tampered, Machine, Standing};
use crate::root::Root;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.attestation-state/1";

/// `milspec.attestation-state/1`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// Name and major version of this document.
    pub schema: String,
    /// When it was written, by the clock of the machine.
    pub time: String,
    /// When the driver last read the firmware, by the same clock; null where that is not known.
    pub read_at: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// How that was recognised.
    pub simulated_because: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// Half a SHA-256 of the service tag, as in the record of the baseline; null where that cannot
    /// be read.
    pub service_tag_hash: Option<String>,
    /// Version of the driver.
    pub driver_version: String,
    /// Grows whenever a read of the firmware finds anything different.
    pub generation: u64,
    /// The mode.
    pub mode: Standing,
    /// Whether it is latched until the next boot.
    pub latched: bool,
    /// Whether controls of class restricted may be changed.
    pub restricted_allowed: bool,
    /// Each control by its name, with its value; null where that is not known.
    pub controls: BTreeMap<String, Option<String>>,
    /// Names of the controls with which the firmware reports tampering.
    pub tamper: Vec<String>,
    /// Names of the controls that were changed and wait for the next boot.
    pub pending_reboot: Vec<String>,
    /// Names of the controls that something else has changed.
    pub drifted: Vec<String>,
    /// Names of the controls that could not be put back.
    pub degraded: Vec<String>,
}

impl State {
    /// What the driver says now.
    pub fn new(root: &Root, snapshot: &Snapshot) -> Self {
        let (info, status, controls) = (&snapshot.info, &snapshot.status, &snapshot.controls);
        let machine = snapshot.machine();
        Self {
            schema: SCHEMA.into(),
            time: clock::now(),
            read_at: snapshot.read_at(root),
            simulated: machine.simulated_because.is_some(),
            simulated_because: machine.simulated_because.clone(),
            machine,
            service_tag_hash: Identity::of(root).service_tag_hash,
            driver_version: clean(&info.driver_version),
            generation: status.generation,
            mode: Standing::new(status, controls),
            latched: snapshot.is_latched(),
            restricted_allowed: snapshot.is_restricted_allowed(),
            controls: controls
                .iter()
                .map(|control| (control.name.clone(), control.value.clone()))
                .collect(),
            tamper: tampered(controls),
            pending_reboot: names(controls, |control| control.pending_reboot),
            drifted: names(controls, |control| control.drifted),
            degraded: names(controls, |control| control.degraded),
        }
    }
}
