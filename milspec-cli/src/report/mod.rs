// SPDX-License-Identifier: GPL-2.0

//! `milspec.report/1`: what the owner of a real Dell can tell of it, and nothing of the owner.
//!
//! A list of what is taken, not of what is left out: a field that is not in these structures, or not
//! in that of a control, is not in a report. No serial number, service or asset tag, UUID, name of
//! host or user, no text that somebody typed, and no string of SMBIOS but vendor, product and BIOS.

mod attributes;
pub mod cells;
pub mod collect;
mod driver;
mod inference;
mod owner;
mod readings;
mod table;
mod tree;
mod unread;

pub use attributes::Attributes;
pub use driver::Driver;
pub use inference::Inference;
pub use readings::Readings;
pub use table::Table;
pub use tree::{of, root, root_of};
pub use unread::Unread;

use crate::doctor::check::Verdict;
use crate::system::{SecureBoot, Tpm};
use serde::{Deserialize, Serialize};

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.report/1";

/// `milspec.report/1`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Name and major version of this document.
    pub schema: String,
    /// Version of milspecctl that made it.
    pub made_with: String,
    /// Where a recording is from; null for a report of a live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// The machine.
    pub machine: Machine,
    /// The kernel.
    pub kernel: Kernel,
    /// How the machine was booted.
    pub secure_boot: SecureBoot,
    /// The TPM.
    pub tpm: Tpm,
    /// The token table; null where it could not be read.
    pub token_table: Option<Table>,
    /// What locations read.
    pub readings: Readings,
    /// Whether they read what the layout that is inferred from the table says; null where no token
    /// is known.
    pub inference: Option<Inference>,
    /// BIOS attributes, by the driver that shows them.
    pub attributes: Vec<Attributes>,
    /// What the driver says; null where it could not be asked.
    pub driver: Option<Driver>,
    /// Why it could not be asked.
    pub driver_error: Option<i32>,
    /// What `doctor` says.
    pub doctor: Doctor,
    /// What could not be read, and why.
    pub unread: Vec<Unread>,
}

/// The machine, as DMI has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// DMI system vendor.
    pub vendor: Option<String>,
    /// DMI product name.
    pub product: Option<String>,
    /// DMI BIOS version.
    pub bios_version: Option<String>,
    /// DMI BIOS date.
    pub bios_date: Option<String>,
    /// DMI chassis type, a number.
    pub chassis_type: Option<u8>,
}

/// The kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Its release.
    pub release: Option<String>,
    /// How far it is locked down.
    pub lockdown: Option<String>,
    /// Which of the modules that matter here are loaded.
    pub modules: Vec<String>,
}

/// What `doctor` says: outcomes only, because its sentences may name users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Doctor {
    /// The worst outcome.
    pub result: Verdict,
    /// Its exit status.
    pub exit: u8,
    /// Each check.
    pub checks: Vec<Check>,
}

/// The outcome of a check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Check {
    /// Stable name.
    pub id: String,
    /// Outcome.
    pub result: Verdict,
}

impl Report {
    /// Which machine it is of, for people.
    pub fn of_what(&self) -> String {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
        let machine = &self.machine;
        format!(
            "{} {}, BIOS {} of {}",
            or(&machine.vendor),
            or(&machine.product),
            or(&machine.bios_version),
            or(&machine.bios_date)
        )
    }
}
