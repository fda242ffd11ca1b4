// SPDX-License-Identifier: GPL-2.0

//! What checks look at beside controls: how the machine was booted, its TPM, its journal.

use super::subject::Found;
use crate::journal::live::Live;
use crate::journal::{file, judge};
use crate::model::{is_drift_known, is_tamper_known, names, tampered, Anchor, Control, Family};
use crate::program;
use crate::root::Root;
use crate::smbios::Smbios;
use crate::snapshot::Snapshot;
use crate::source::Access;
use crate::system::{self, SecureBoot, There};
use crate::words::count;
use milspec_uapi::{Status, STANDING_DEVIATES};
use nix::errno::Errno;
use std::collections::BTreeMap;

/// What is known of each fact, by its name.
pub type Facts = BTreeMap<&'static str, Found>;

/// The facts, each with the values that it can have.
pub const FACTS: [(&str, &[&str]); 11] = [
    ("secure-boot", &["on", "off", "not-uefi"]),
    ("lockdown", &["none", "integrity", "confidentiality"]),
    ("module-signatures", &["required", "not-required"]),
    ("bios-password", &["set", "not-set"]),
    ("tpm", &["2", "1", "absent"]),
    ("audit", &["on", "off"]),
    ("tamper", &["none", "reported"]),
    ("drift", &["none", "found"]),
    ("journal", &["recording", "empty"]),
    ("anchor", &["ready", "none", "failed", "lacking"]),
    ("journal-kept", &["whole", "overwritten", "broken"]),
];

/// What the administrator does about a fact, or a control that nobody sets, that is not as wanted.
pub fn remedy(fact: &str) -> &'static str {
    match fact {
        "secure-boot" => "switch Secure Boot on in the BIOS setup",
        "lockdown" => {
            "boot with Secure Boot on, or with lockdown=integrity on the kernel's command line"
        }
        "module-signatures" => {
            "boot with module.sig_enforce=1 on the kernel's command line, or with lockdown"
        }
        "bios-password" => "set an administrator password in the BIOS setup",
        "tpm-owned" => "take ownership of the TPM, e.g. with tpm2_changeauth",
        "unsigned-firmware" => "ask Dell: a machine that is sold takes no unsigned firmware",
        "tpm" | "tpm-deactivated" => "switch the TPM on in the BIOS setup",
        "audit" => "install auditd, and run \"systemctl enable --now auditd\"",
        "tamper" | "intrusion-latch" | "chassis-door" => {
            "inspect the machine; only the firmware can take the report back"
        }
        "drift" => "run \"milspecctl status\": it names what changed, and what to do",
        "journal" => "run \"milspecctl doctor\"",
        "anchor" => "run \"milspecctl doctor\" for what keeps changes from the TPM",
        "journal-kept" => {
            "look at \"milspecctl journal verify\" with the kept parts; where none is kept, run \
             \"systemctl enable milspec-journal\" and reboot"
        }
        _ => "run \"milspecctl doctor\"",
    }
}

/// What files of the machine say, and its firmware of the password.
pub fn of_machine(root: &Root) -> Facts {
    let lockdown = system::lockdown(root);
    Facts::from([
        ("secure-boot", secure_boot(root)),
        (
            "lockdown",
            match &lockdown {
                Some(mode) => Found::value(mode),
                None => Found::unread("/sys/kernel/security/lockdown cannot be read"),
            },
        ),
        ("module-signatures", signatures(root, lockdown.as_deref())),
        ("bios-password", password(root)),
        ("tpm", tpm(root)),
        ("audit", audit(root)),
    ])
}

/// What the driver says.
pub fn of_driver(root: &Root, snapshot: &Snapshot) -> Facts {
    let (status, controls) = (&snapshot.status, &snapshot.controls);
    let families = Family::all(status);
    let has_settings = controls.iter().any(|control| control.family == "platform");
    let known = has_settings && is_drift_known(&families, controls);
    Facts::from([
        ("tamper", tamper(&families, controls)),
        ("drift", drift(status, controls, known)),
        ("journal", journal(status.journal_next)),
        ("anchor", anchor(&Anchor::new(status))),
        ("journal-kept", kept(root, status.journal_overwritten)),
    ])
}

/// The same, of a machine whose driver cannot be asked.
pub fn without_driver(why: &str) -> Facts {
    let names = ["tamper", "drift", "journal", "anchor", "journal-kept"];
    names.map(|name| (name, Found::unread(why))).into()
}

fn secure_boot(root: &Root) -> Found {
    match system::secure_boot(root) {
        SecureBoot::On => Found::value("on"),
        SecureBoot::Off => Found::value("off"),
        SecureBoot::NotUefi => Found::value("not-uefi"),
        SecureBoot::Unknown => Found::unread("the variable SecureBoot cannot be read"),
    }
}

fn signatures(root: &Root, lockdown: Option<&str>) -> Found {
    if matches!(lockdown, Some("integrity" | "confidentiality")) {
        return Found::told("required", "required by lockdown");
    }
    let parameter = root.text("/sys/module/module/parameters/sig_enforce");
    match parameter.as_deref() {
        Some("Y") => Found::told("required", "required by module.sig_enforce"),
        Some("N") => Found::value("not-required"),
        // The kernel was built without signatures of modules.
        None if root.note().is_none() && root.exists("/sys/module") => Found::value("not-required"),
        _ => Found::unread("module.sig_enforce is not known"),
    }
}

/// Whether the firmware has an administrator password: as the kernel's dell-wmi-sysman shows it to
/// everybody, else by one firmware call, which is root's.
fn password(root: &Root) -> Found {
    const FILE: &str =
        "/sys/class/firmware-attributes/dell-wmi-sysman/authentication/Admin/is_enabled";
    match root.text(FILE).as_deref() {
        Some("1") => return Found::value("set"),
        Some("0") => return Found::value("not-set"),
        _ => {}
    }
    let asked = Smbios::open(root).and_then(|smbios| smbios.has_admin_password());
    match asked {
        Ok(Some(true)) => Found::value("set"),
        Ok(Some(false)) => Found::value("not-set"),
        Ok(None) => Found::unread("the firmware does not say"),
        Err(Errno::EACCES | Errno::EPERM) => Found::unread("only root may ask the firmware"),
        Err(_) if root.note().is_some() => Found::unread("a recording does not say"),
        Err(_) => Found::unread("the firmware cannot be asked: there is no /dev/wmi/dell-smbios"),
    }
}

fn tpm(root: &Root) -> Found {
    let tpm = system::tpm(root);
    match (tpm.state, tpm.version) {
        (There::Present, Some(version)) => {
            Found::told(&version.to_string(), &format!("version {version}"))
        }
        (There::Present, None) => Found::unread("the kernel does not say which version it has"),
        (There::Absent, _) => Found::value("absent"),
        (There::Unknown, _) => Found::unread("there is no /sys/class to look at"),
    }
}

/// Whether the kernel audits, and somebody keeps what it says: as auditctl tells root.
fn audit(root: &Root) -> Found {
    let Some(answer) = program::ask(root, &["/usr/sbin/auditctl", "-s"]) else {
        return match root.note() {
            Some(_) => Found::unread("a recording does not say"),
            None => Found::told("off", "off: auditd is not installed"),
        };
    };
    if !answer.success {
        return Found::unread("only root may ask the kernel whether it audits");
    }
    let number = |key: &str| -> Option<u64> {
        let line = answer
            .text
            .lines()
            .find_map(|line| line.strip_prefix(key))?;
        line.trim().parse().ok()
    };
    match (number("enabled "), number("pid ")) {
        (Some(1..), Some(1..)) => Found::value("on"),
        (Some(0), _) => Found::told("off", "off: the kernel does not audit"),
        (_, Some(0)) => Found::told("off", "off: auditd does not run"),
        _ => Found::unread("auditctl does not say"),
    }
}

fn tamper(families: &[Family], controls: &[Control]) -> Found {
    let told = tampered(controls);
    if !told.is_empty() {
        return Found::told("reported", &format!("reported by {}", told.join(", ")));
    }
    if is_tamper_known(families, controls) {
        return Found::value("none");
    }
    let reports =
        |control: &&Control| control.name == "intrusion-latch" || control.family == "dsmil";
    let has_door = controls
        .iter()
        .any(|control| control.name == "chassis-door");
    match controls.iter().any(|control| reports(&control)) || has_failed(families) {
        false if has_door => {
            Found::unread("the chassis door says how it is now, and nothing whether it was open")
        }
        true => Found::unread("what could report tampering was not read whole"),
        false => Found::absent("nothing on this machine reports tampering"),
    }
}

fn has_failed(families: &[Family]) -> bool {
    families.iter().any(|family| family.state == "failed")
}

fn drift(status: &Status, controls: &[Control], known: bool) -> Found {
    let found = |what: &str, of: Vec<String>| {
        (!of.is_empty()).then(|| format!("{what}: {}", of.join(", ")))
    };
    let deviates = match status.standing == STANDING_DEVIATES {
        true => names(controls, |control| control.deviates),
        false => Vec::new(),
    };
    let told = [
        found("drifted", names(controls, |control| control.drifted)),
        found("degraded", names(controls, |control| control.degraded)),
        found("not as the mode asks", deviates),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    match (told.as_slice(), known) {
        ([], true) => Found::value("none"),
        ([], false) => Found::unread("not every control was read: one could have drifted unseen"),
        _ => Found::told("found", &told.join("; ")),
    }
}

fn journal(next: u64) -> Found {
    match next.saturating_sub(1) {
        0 => Found::value("empty"),
        last => Found::told(
            "recording",
            &format!("recording, {}", count(last, "record")),
        ),
    }
}

fn anchor(anchor: &Anchor) -> Found {
    let lacking = u64::from(anchor.pending).saturating_add(anchor.failures.into());
    match (anchor.state.as_ref(), lacking) {
        ("ready", 0) => Found::value("ready"),
        ("ready", _) => {
            let (pending, failures) = (anchor.pending, anchor.failures);
            Found::told("lacking", &format!("{pending} waiting, {failures} failed"))
        }
        ("none", _) => Found::told("none", "none: there is no TPM that the driver can use"),
        _ => Found::told("failed", "the TPM cannot be used"),
    }
}

/// Whether all records of the running load are still there: in the driver, or in the journal that is kept on
/// disk and that driver and TPM bear out.
fn kept(root: &Root, overwritten: u64) -> Found {
    if overwritten == 0 {
        return Found::told("whole", "whole, in the driver");
    }
    let read = || {
        let parts = file::kept(root)?;
        let mut source = crate::driver::open(root, Access::Read)?;
        let live = Live::read(root, source.as_mut(), &|| {})?;
        let running = live.records.last().map(|event| hex::encode(event.load));
        let verdict = (!parts.is_empty()).then(|| judge::judge(&parts, Ok(&live)));
        Ok::<_, crate::Failure>((running, verdict))
    };
    let (running, verdict) = match read() {
        Ok(read) => read,
        Err(failure) => {
            return Found::unread(&format!("the kept journal cannot be judged: {failure}"))
        }
    };
    // Loads before the running one are another matter: only their chain may speak for them.
    let is_whole = |verdict: &judge::Verdict| {
        let last = verdict.loads.last();
        let is_here = last.is_some_and(|load| load.lost == 0 && Some(&load.id) == running.as_ref());
        is_here && verdict.tpm.result == "matches"
    };
    match verdict {
        Some(verdict) if verdict.result == "wrong" => {
            let why = verdict.error.map(|failure| failure.to_string());
            Found::told("broken", &why.unwrap_or_else(|| "it does not hold".into()))
        }
        Some(verdict) if is_whole(&verdict) => Found::told("whole", "whole, in the kept journal"),
        _ => {
            let text = format!("{} overwritten", count(overwritten, "record"));
            Found::told("overwritten", &text)
        }
    }
}

/// What a verified attestation says of its journal: `holds` is whether the quote bears it out, `whole`
/// whether it goes back to the boot.
pub fn of_attested_journal(records: u64, holds: bool, whole: bool) -> Facts {
    const NOT: &str = "the quote does not bear the journal out";
    let held = |found: Found| match holds {
        true => found,
        false => Found::unread(NOT),
    };
    Facts::from([
        ("journal", held(journal(records.saturating_add(1)))),
        (
            "anchor",
            held(Found::told(
                "ready",
                "ready: the quote bears the journal out",
            )),
        ),
        (
            "journal-kept",
            match whole {
                true => Found::told("whole", "whole since the boot, by the quote"),
                false => Found::unread("the records do not go back to the boot"),
            },
        ),
    ])
}
