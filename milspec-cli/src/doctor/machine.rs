// SPDX-License-Identifier: GPL-2.0

//! What does this machine have that the driver can use?

use super::check::{About, Check, Context};
use crate::failure::Exit;
use crate::fwupd;
use crate::model::{Anchor, ErrnoDoc, Family};
use crate::root::Root;
use crate::system::{self, Installed};
use crate::systemd;
use crate::unconfirmed::Told;
use crate::words::count;

/// Is this a Dell?
pub fn vendor(context: &Context<'_>) -> Check {
    let about = About("machine", "Machine");
    let dmi = |name| system::dmi(context.root, name).unwrap_or_default();
    let is = format!("{} {}", dmi("sys_vendor"), dmi("product_name"));
    match context.dell {
        Some(true) => about.ok(is),
        Some(false) if context.loaded => about.warning(
            format!("{} is not a Dell; the module was forced", is.trim()),
            "nothing to do where this is meant as a trial",
        ),
        Some(false) => about.problem(
            Exit::Unsupported,
            format!("{} is not a Dell", is.trim()),
            "use the driver on a Dell, or on the simulated one",
        ),
        None => about.problem(
            Exit::Unsupported,
            "DMI names no vendor, so this is not known to be a Dell",
            "in a container or without /sys: run this on the machine itself",
        ),
    }
}

/// Does fwupd know a newer BIOS?
pub fn bios(context: &Context<'_>) -> Check {
    let about = About("bios", "BIOS");
    if context.dell != Some(true) {
        return about.not_applicable("not a Dell");
    }
    let version = system::dmi(context.root, "bios_version");
    let version = version.as_deref().unwrap_or("of unknown version");
    match fwupd::newer_bios(context.root).as_deref() {
        None => about.not_applicable(format!(
            "{version}; fwupd does not say whether there is a newer one"
        )),
        Some([]) => about.ok(format!("{version}; fwupd knows no newer one")),
        Some([newer, ..]) => about.warning(
            format!("{version}; fwupd knows {newer}"),
            "run \"fwupdmgr update\", then see \"milspecctl mode get\": \
             an update may change settings",
        ),
    }
}

/// Is there the module through which mainline speaks to Dell's firmware?
pub fn smbios(context: &Context<'_>) -> Check {
    let about = About("dell-smbios", "dell-smbios");
    if context.dell != Some(true) {
        return about.not_applicable("not a Dell");
    }
    if system::loaded(context.root, "dell_smbios") {
        return about.ok("loaded");
    }
    let remedy = "run \"modprobe dell-smbios\" as root and see dmesg";
    let Some(release) = &context.release else {
        return about.warning("not loaded", remedy);
    };
    match system::installed(context.root, release, "dell_smbios") {
        Installed::No => about.warning(
            "this kernel does not have it: there will be no platform controls",
            "boot a kernel with CONFIG_DELL_SMBIOS",
        ),
        _ if context.loaded => about.warning(
            "available, but not loaded: there are no platform controls",
            remedy,
        ),
        _ => about.ok("available; the driver loads it"),
    }
}

/// Does the firmware have the DSML0001 device?
pub fn dsmil(context: &Context<'_>) -> Check {
    let about = About("dsmil", "DSML0001");
    let devices = dsml0001(context);
    // As the driver does: the first that is present is the machine's, whatever is wrong with it.
    let Some(first) = devices.iter().find(|device| device.status & PRESENT != 0) else {
        return about.not_applicable(match devices.first() {
            Some(Acpi { name, .. }) => format!("{name} is switched off in the firmware"),
            None => "the firmware has none, like every Dell known today".into(),
        });
    };
    let device = &first.name;
    let others: Vec<&str> = devices
        .iter()
        .filter(|other| other.status & PRESENT != 0 && other.number != first.number)
        .map(|other| other.name.as_str())
        .collect();
    let beside = match others.as_slice() {
        [] => String::new(),
        ignored => format!("; the first counts, so {} is ignored", ignored.join(", ")),
    };
    if first.status & ENABLED == 0 {
        return about.not_applicable(format!("{device} is switched off in the firmware{beside}"));
    }
    let bound = format!("/sys/bus/platform/devices/{device}/driver");
    if context.loaded && !context.root.exists(&bound) {
        return about.warning(
            format!("{device} is there, but the driver does not use it{beside}"),
            "see \"dmesg | grep milspec\" for what is wrong with its answers",
        );
    }
    about.ok(format!("{device} is there{beside}"))
}

/// Bits of `_STA`.
const PRESENT: u32 = 1;
const ENABLED: u32 = 2;

/// An ACPI device.
struct Acpi {
    name: String,
    /// The kernel gives the lowest to what it finds first.
    number: u32,
    /// What its `_STA` says.
    status: u32,
}

/// The devices with the id DSML0001, as the kernel has found them.
fn dsml0001(context: &Context<'_>) -> Vec<Acpi> {
    let directory = "/sys/bus/acpi/devices";
    let device = |name: String| {
        let number = u32::from_str_radix(name.strip_prefix("DSML0001:")?, 16).ok()?;
        let status = context.root.text(&format!("{directory}/{name}/status"));
        Some(Acpi {
            number,
            // Where there is no _STA, there is no status, or 15.
            status: status.and_then(|status| status.parse().ok()).unwrap_or(15),
            name,
        })
    };
    let names = context.root.names(directory).into_iter();
    let mut devices: Vec<Acpi> = names.filter_map(device).collect();
    devices.sort_by_key(|device| device.number);
    devices
}

/// Could the driver read the firmware?
pub fn families(context: &Context<'_>) -> Check {
    let about = About("families", "Firmware read");
    let Some(status) = context.status() else {
        return about.not_applicable("the driver cannot be asked");
    };
    let families = Family::all(&status);
    let failed = families.iter().filter(|family| family.state == "failed");
    let failed: Vec<String> = failed
        .map(|family| format!("{} failed{}", family.name, ErrnoDoc::behind(&family.error)))
        .collect();
    // A recording may say anything: in u32 this could overflow.
    let sum = |of: fn(&Family) -> u32| families.iter().map(|one| u64::from(of(one))).sum();
    let total: u64 = sum(|family| family.controls);
    let unreadable: u64 = sum(|family| family.unreadable);
    if !failed.is_empty() {
        return about.problem(
            Exit::Failed,
            failed.join(", "),
            "see dmesg, then \"milspecctl status --refresh\" as root",
        );
    }
    if total == 0 {
        return about.warning(
            "this machine offers no control",
            "see the checks of dell-smbios and DSML0001",
        );
    }
    let controls = count(total, "control");
    match unreadable {
        0 => about.ok(format!("{controls} with known values")),
        _ => about.warning(
            format!("{unreadable} of {controls} have no known value"),
            "\"milspecctl control list\" shows which, and why",
        ),
    }
}

/// Is there a TPM?
pub fn tpm(context: &Context<'_>) -> Check {
    let about = About("tpm", "TPM");
    let tpm = system::tpm(context.root);
    let Some(chip) = tpm.chip else {
        return about.warning(
            "the kernel has none",
            "switch it on in the BIOS setup, if the machine has one",
        );
    };
    match tpm.version {
        Some(2) => about.ok(format!("{chip}, version 2")),
        Some(other) => about.warning(
            format!("{chip} has version {other}"),
            "the journal is anchored in version 2 only: look for a firmware update",
        ),
        None => about.ok(chip),
    }
}

/// Does the driver anchor its journal in the TPM?
pub fn anchor(context: &Context<'_>) -> Check {
    let about = About("tpm-anchor", "Journal anchor");
    let Some(status) = context.status() else {
        return about.not_applicable("the driver cannot be asked");
    };
    let anchor = Anchor::new(&status);
    let there = system::tpm(context.root);
    match (anchor.state.as_ref(), anchor.pcr) {
        ("ready", Some(pcr)) if anchor.failures == 0 => about.ok(format!(
            "PCR {pcr} has {}",
            count(anchor.anchored, "record")
        )),
        ("ready", Some(pcr)) => about.warning(
            format!("PCR {pcr} lacks {}", count(anchor.failures, "record")),
            "the TPM works again; the journal names the gap, and a reboot begins anew",
        ),
        ("failed", _) => about.warning(
            format!("the TPM cannot be used{}", ErrnoDoc::behind(&anchor.error)),
            "see \"dmesg | grep -i tpm\"; the next change tries it again",
        ),
        ("none", _) if there.version == Some(2) => about.warning(
            "the TPM came after the module: nothing is anchored",
            "reload the module: \"modprobe -r dell_milspec && modprobe dell_milspec\"",
        ),
        _ => about.not_applicable("there is no TPM of version 2"),
    }
}

/// Reports of business models: see `docs/models.md`.
const MODELS: &str = include_str!("../models.csv");

/// What the reports of a product say.
struct Reports {
    count: u32,
    first: u16,
    last: u16,
    least: u32,
    most: u32,
}

impl Reports {
    /// Those of a line, if they are of this product.
    fn of(line: &str, product: &str) -> Option<Self> {
        let mut fields = line.split(',');
        if fields.next() != Some(product) {
            return None;
        }
        Some(Self {
            count: fields.next()?.parse().ok()?,
            first: fields.next()?.parse().ok()?,
            last: fields.next()?.parse().ok()?,
            least: fields.next()?.parse().ok()?,
            most: fields.nth(1)?.parse().ok()?,
        })
    }

    /// How many years lie between these reports and a BIOS.
    fn distance(&self, year: u16) -> u16 {
        let before = self.first.saturating_sub(year);
        before.max(year.saturating_sub(self.last))
    }
}

/// The reports of a product, if there are any. Of a name that Dell has used for more than one machine,
/// those whose BIOS is the nearest in time; without a year, the oldest ones.
fn reports(product: &str, year: Option<u16>) -> Option<Reports> {
    let all = MODELS.lines().skip(1);
    let all = all.filter_map(|line| Reports::of(line, product));
    all.min_by_key(|reports| year.map(|year| reports.distance(year)))
}

/// The year of the BIOS: its date is month/day/year.
fn bios_year(root: &Root) -> Option<u16> {
    let date = system::dmi(root, "bios_date")?;
    date.trim().rsplit('/').next()?.parse().ok()
}

/// Does this machine list as much as others of its product?
pub fn reported(context: &Context<'_>) -> Check {
    let about = About("reports", "Other machines");
    let product = system::dmi(context.root, "product_name").unwrap_or_default();
    let Some(reports) = reports(product.trim(), bios_year(context.root)) else {
        return about.not_applicable(format!("no report of a \"{}\" is known", product.trim()));
    };
    let Some(settings) = settings(context) else {
        return about.not_applicable("how many settings this machine lists is not known");
    };
    let years = match reports.first == reports.last {
        true => reports.first.to_string(),
        false => format!("{} to {}", reports.first, reports.last),
    };
    let others = match (reports.least == reports.most, reports.count) {
        (true, 1) => format!("the one report of its product has {}", reports.least),
        (true, n) => format!("all {n} reports of its product have {}", reports.least),
        (false, n) => format!(
            "the {n} reports of its product have {} to {}",
            reports.least, reports.most
        ),
    };
    let text = format!(
        "{} here; {others} (BIOS of {years})",
        count(settings, "setting")
    );
    match u64::from(reports.least) > settings {
        true => about.warning(
            text,
            "see docs/models.md: a BIOS update may have taken some away",
        ),
        false => about.ok(text),
    }
}

/// How many settings the driver has found.
fn settings(context: &Context<'_>) -> Option<u64> {
    let families = Family::all(&context.status()?);
    let platform = families.iter().find(|family| family.name == "platform")?;
    (platform.state == "ready").then(|| u64::from(platform.controls))
}

/// Does a change wait to be confirmed, and would one be undone?
pub fn confirmation(context: &Context<'_>) -> Check {
    let about = About("confirmation", "Confirmation");
    if let Some(told) = Told::read(context.root) {
        let warning = told.warning();
        return about.warning(warning.text, warning.remedy);
    }
    match systemd::has_unit(context.root) {
        true => about.ok(format!("{} undoes what nobody confirms", systemd::UNIT)),
        false => about.not_applicable(format!(
            "without {} --confirm-within lasts as long as milspecctl",
            systemd::UNIT
        )),
    }
}
