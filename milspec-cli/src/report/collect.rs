// SPDX-License-Identifier: GPL-2.0

//! Makes a report of the machine.

use super::driver::Driver;
use super::inference::Inference;
use super::table::{self, Table};
use super::unread::{errno_of, Unread};
use super::{attributes, owner, readings, Check, Doctor, Kernel, Machine, Report, SCHEMA};
use crate::model::{clean, simulated_because};
use crate::root::Root;
use crate::source::Access;
use crate::{doctor, driver, system};
use nix::errno::Errno;

/// Modules of which it matters whether they are loaded.
const MODULES: [&str; 6] = [
    system::MODULE,
    "dell_smbios",
    "dell_wmi",
    "dell_wmi_sysman",
    "dell_laptop",
    "firmware_attributes_class",
];

/// Reads all that may be in a report. `calls`: what the driver has not read is read through the
/// kernel's `dell-smbios`, which makes firmware calls; `say` is told before.
pub fn collect(root: &Root, calls: bool, say: &dyn Fn(&str)) -> Report {
    let mut unread = Vec::new();
    let machine = Machine::read(root, &mut unread);
    let kernel = Kernel::read(root, &mut unread);
    let asked = driver::try_open(root, Access::Read)
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
        secure_boot: system::secure_boot(root),
        tpm: system::tpm(root),
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

impl Check {
    fn of(check: &doctor::Check) -> Self {
        Self {
            id: check.id.into(),
            result: check.result,
        }
    }
}

impl Machine {
    fn read(root: &Root, unread: &mut Vec<Unread>) -> Self {
        let mut read = |name: &str| {
            let text = system::dmi(root, name).map(|text| clean(text.as_bytes()));
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
        let release = system::release(root).map(|release| {
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
        let loaded = MODULES.iter().filter(|module| system::loaded(root, module));
        Self {
            release,
            lockdown: system::lockdown(root),
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
