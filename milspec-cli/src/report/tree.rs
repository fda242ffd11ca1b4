// SPDX-License-Identifier: GPL-2.0

//! A report as a recording: the files that the machine would have, as far as the report knows them,
//! and the answers of the driver.

use super::{Report, SCHEMA};
use crate::failure::{Failure, Result};
use crate::input;
use crate::root::{Files, Root, FILE_MAX};
use crate::system::{SecureBoot, There};
use crate::words::shown;
use std::path::Path;
use zerocopy::IntoBytes;

/// Time since boot that a report opens at, in seconds: a driver that read its firmware days before
/// the report was made fits in.
const UPTIME: u64 = 100 * 365 * 86_400;

/// Where the report itself is among them.
const REPORT: &str = "recording/report.json";

/// The report in a file, as a machine.
pub fn root(path: &Path) -> Result<Root> {
    root_of(path, input::read(path, FILE_MAX)?)
}

/// The report that was read from `path`, as a machine.
pub fn root_of(path: &Path, bytes: Vec<u8>) -> Result<Root> {
    let read = serde_json::from_slice(&bytes).map_err(|error| shown(&error.to_string()));
    let report = read.and_then(|report: Report| match report.schema.as_str() {
        SCHEMA => Ok(report),
        other => Err(format!("unknown schema \"{}\"", shown(other))),
    });
    let report = report.map_err(|why| {
        Failure::new(
            "bad-recording",
            format!("{} is not a report", input::name(path)),
            why,
            "name a file that \"milspecctl report\" has made, or a recorded tree",
        )
    })?;
    let mut files = files(&report);
    files.insert(REPORT.into(), bytes);
    let from = format!("report of a {}", report.of_what());
    Ok(Root::of_files(from, report.driver_error, files))
}

/// The report that stands in for a machine, where one does.
pub fn of(root: &Root) -> Option<Report> {
    root.note()?;
    let bytes = root.bytes(&format!("/{REPORT}")).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The files of a report, by their paths without the first `/`.
fn files(report: &Report) -> Files {
    let mut files = Files::new();
    let mut put = |path: &str, bytes: Vec<u8>| files.insert(path.to_string(), bytes);
    let machine = &report.machine;
    let dmi = [
        ("sys_vendor", &machine.vendor),
        ("product_name", &machine.product),
        ("bios_version", &machine.bios_version),
        ("bios_date", &machine.bios_date),
    ];
    for (name, text) in dmi {
        if let Some(text) = text {
            put(&format!("sys/class/dmi/id/{name}"), text.clone().into());
        }
    }
    if let Some(number) = machine.chassis_type {
        put("sys/class/dmi/id/chassis_type", number.to_string().into());
    }
    if let Some(release) = &report.kernel.release {
        put("proc/sys/kernel/osrelease", release.clone().into());
    }
    if let Some(lockdown) = &report.kernel.lockdown {
        put(
            "sys/kernel/security/lockdown",
            format!("[{lockdown}]").into(),
        );
    }
    for module in &report.kernel.modules {
        put(&format!("sys/module/{module}/initstate"), "live".into());
    }
    put("proc/uptime", format!("{UPTIME}.00 0.00").into());
    let variable = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let variable = format!("sys/firmware/efi/efivars/{variable}");
    match report.secure_boot {
        SecureBoot::On => put(&variable, vec![6, 0, 0, 0, 1]),
        SecureBoot::Off => put(&variable, vec![6, 0, 0, 0, 0]),
        SecureBoot::Unknown => put("sys/firmware/efi/unknown", Vec::new()),
        // That there is a /sys without it says so.
        SecureBoot::NotUefi => put("sys/kernel/notes", Vec::new()),
    };
    if let (There::Present, Some(chip)) = (report.tpm.state, &report.tpm.chip) {
        let version = report.tpm.version;
        let version = version.map_or_else(String::new, |version| version.to_string());
        put(
            &format!("sys/class/tpm/{chip}/tpm_version_major"),
            version.into(),
        );
    }
    if let Some(driver) = &report.driver {
        let names = [&machine.vendor, &machine.product, &machine.bios_version];
        let names = names.map(|name| name.as_deref().unwrap_or_default());
        let now = UPTIME * 1_000_000_000;
        let (info, status) = driver.answers(names, now, report.simulated);
        put("recording/info.bin", info.as_bytes().to_vec());
        put("recording/status.bin", status.as_bytes().to_vec());
        let controls = serde_json::to_vec(&driver.controls);
        put("recording/controls.json", controls.unwrap_or_default());
    }
    files
}
