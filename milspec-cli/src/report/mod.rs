// SPDX-License-Identifier: GPL-2.0

//! `milspec.report/1`: what the owner of a real Dell can tell of it, and nothing of the owner.
//!
//! A list of what is taken, not of what is left out: a field that is not in these structures is not
//! in a report. No serial number, service or asset tag, UUID, name of host or user, no text that
//! somebody typed, and no string of SMBIOS but vendor, product and BIOS.

mod attributes;
pub mod cells;
mod driver;
mod inference;
mod owner;
mod readings;
mod table;
mod tree;

pub use attributes::Attributes;
pub use driver::Driver;
pub use inference::Inference;
pub use readings::Readings;
pub use table::Table;
pub use tree::files;

use crate::doctor::{self, Verdict};
use crate::facts::{self, SecureBoot, Tpm};
use crate::failure::errno_name;
use crate::model::{clean, simulated_because};
use crate::root::Root;
use crate::source::{self, Access};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.report/1";

/// Modules of which it matters whether they are loaded.
const MODULES: [&str; 6] = [
    facts::MODULE,
    "dell_smbios",
    "dell_wmi",
    "dell_wmi_sysman",
    "dell_laptop",
    "firmware_attributes_class",
];

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

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Unread {
    fn new(what: &str, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// Reads all that may be in a report. `calls`: what the driver has not read is read through the
/// kernel's `dell-smbios`, which makes firmware calls; `say` is told before.
pub fn collect(root: &Root, calls: bool, say: &dyn Fn(&str)) -> Report {
    let mut unread = Vec::new();
    let machine = Machine::read(root, &mut unread);
    let kernel = Kernel::read(root, &mut unread);
    let asked = source::try_open(root, Access::Read)
        .and_then(|source| Driver::ask(source.as_ref(), root.boottime_ns()));
    let (driver, driver_error) = match asked {
        Ok(driver) => (Some(driver), None),
        Err(errno) => {
            unread.push(Unread::new("driver", no_driver(errno)));
            (None, Some(errno as i32))
        }
    };
    let token_table = match table::read(root) {
        Ok(table) => Some(table),
        Err(why) => {
            unread.push(why);
            None
        }
    };
    let of_table = token_table.as_ref().map(Table::tokens);
    let of_driver = || driver.as_ref().map(Driver::tokens);
    let tokens = of_table.or_else(of_driver).unwrap_or_default();
    let readings = readings::read(root, &tokens, driver.as_ref(), calls, say);
    if tokens.is_empty() && token_table.is_none() {
        let why = "without the token table it is not known what there is to read";
        unread.push(Unread::new("readings", why));
    }
    unread.extend(readings.note());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (product, bios) = (text(&machine.product), text(&machine.bios_version));
    let doctor = doctor::run(root);
    Report {
        schema: SCHEMA.into(),
        made_with: env!("CARGO_PKG_VERSION").into(),
        recording: root.recording(),
        simulated: simulated_because(&product, &bios, "").is_some(),
        secure_boot: facts::secure_boot(root),
        tpm: facts::tpm(root),
        inference: (!tokens.is_empty()).then(|| Inference::of(&tokens, &readings.all())),
        attributes: attributes::read(root, &mut unread),
        doctor: Doctor {
            result: doctor.result,
            exit: doctor.exit,
            checks: doctor.checks.iter().map(Check::of).collect(),
        },
        machine,
        kernel,
        token_table,
        readings,
        driver,
        driver_error,
        unread,
    }
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

impl Check {
    fn of(check: &crate::doctor::Check) -> Self {
        Self {
            id: check.id.into(),
            result: check.result,
        }
    }
}

impl Machine {
    fn read(root: &Root, unread: &mut Vec<Unread>) -> Self {
        let mut read = |name: &str| {
            let text = facts::dmi(root, name).map(|text| clean(text.as_bytes()));
            if text.is_none() {
                let why = format!("/sys/class/dmi/id/{name} is not there, or empty");
                unread.push(Unread::new("machine", why));
            }
            text
        };
        Self {
            vendor: read("sys_vendor"),
            product: read("product_name"),
            bios_version: read("bios_version"),
            bios_date: read("bios_date"),
            chassis_type: read("chassis_type").and_then(|number| number.parse().ok()),
        }
    }
}

impl Kernel {
    fn read(root: &Root, unread: &mut Vec<Unread>) -> Self {
        let release = facts::release(root).map(|release| {
            let release = clean(release.as_bytes());
            // Who builds a kernel may give it any name.
            if !owner::names(root).is_in(&release) {
                return release;
            }
            unread.push(Unread::new(
                "kernel-release",
                "cut after the version: the rest has the name of this host or of a user in it",
            ));
            let version = |c: &char| c.is_ascii_digit() || *c == '.';
            release.chars().take_while(version).collect()
        });
        if release.is_none() {
            let why = "/proc/sys/kernel/osrelease cannot be read";
            unread.push(Unread::new("kernel-release", why));
        }
        let loaded = MODULES.iter().filter(|module| facts::loaded(root, module));
        Self {
            release,
            lockdown: facts::lockdown(root),
            modules: loaded.map(|module| (*module).into()).collect(),
        }
    }
}

fn no_driver(errno: Errno) -> String {
    match errno {
        Errno::ENOENT | Errno::ENXIO | Errno::ENODEV => {
            "module dell_milspec is not loaded: doctor says why".into()
        }
        Errno::EACCES | Errno::EPERM => "only root and group milspec may ask it".into(),
        Errno::EPROTONOSUPPORT => "it is of a version that this milspecctl does not know".into(),
        errno => errno_of(errno as i32),
    }
}

fn errno_of(number: i32) -> String {
    format!("it failed with {}", errno_name(number))
}

/// Why a file could not be read.
fn denied(path: &str, error: &std::io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EACCES | Errno::EPERM) => format!("{path} is root's: run it as root"),
        Some(Errno::ENOENT) => format!("there is no {path}"),
        Some(errno) => format!("{path}: {}", errno_name(errno as i32)),
        None => format!("{path} cannot be read"),
    }
}
