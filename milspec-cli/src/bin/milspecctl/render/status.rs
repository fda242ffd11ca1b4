// SPDX-License-Identifier: GPL-2.0

//! `status` for people.

use super::mode::found;
use super::{refreshed, Document};
use crate::cmd::status::Status;
use crate::screen::{provenance, Mark, Rows, Screen};
use milspec::model::{Anchor, Family};
use milspec::system::{SecureBoot, There};
use milspec::words::{age, count};

/// Columns of the keys.
const WIDTH: usize = 8;

/// One screen: the machine, and three questions.
pub fn status(screen: &Screen, doc: &Status) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    for (heading, part) in [
        ("", machine(screen, doc)),
        ("Is it hardened?", hardened(screen, doc)),
        ("Does it need attention?", attention(screen, doc)),
        ("Can that be proved?", proof(screen, doc)),
    ] {
        if !heading.is_empty() {
            text.push_str(&format!("{}\n", screen.bold(heading)));
        }
        text.push_str(&part);
    }
    if let Some(done) = &doc.refresh {
        text.push('\n');
        text.push_str(&refreshed(screen, done));
    }
    text
}

fn machine(screen: &Screen, doc: &Status) -> String {
    let mut rows = Rows::new(screen, WIDTH);
    let machine = &doc.machine;
    let bios = &machine.bios_version;
    let name = format!("{} {}, BIOS {bios}", machine.vendor, machine.product);
    rows.add("Machine", &name);
    let driver = &doc.driver;
    let forced = if driver.forced { ", forced" } else { "" };
    let (major, minor) = (driver.abi.major, driver.abi.minor);
    let driver = &driver.version;
    rows.add(
        "Driver",
        &format!("dell_milspec {driver}, ABI {major}.{minor}{forced}"),
    );
    let when = doc
        .read_age_ms
        .map_or_else(|| "at a time unknown".into(), age);
    let mut read = format!("{when} (generation {})", doc.generation);
    if screen.verbose {
        let client = &doc.client;
        let (major, minor) = (client.abi.major, client.abi.minor);
        let client = client.version;
        rows.add(
            "Client",
            &format!("milspecctl {client}, ABI {major}.{minor}"),
        );
        read = format!("{read}, {} ns after boot", doc.read_boottime_ns);
    }
    rows.add("Read", &read);
    npu_line(&mut rows, doc);
    rows.finish()
}

/// The NPU where there is one. Where none is known, nothing is said of it; the document has it.
fn npu_line(rows: &mut Rows<'_>, doc: &Status) {
    let npu = &doc.npu;
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
    match (npu.state, &npu.driver) {
        (There::Absent | There::Unknown, _) => {}
        (There::Present, None) => {
            let line = format!("PCI {}, no driver has it", known(&npu.pci_id));
            rows.add_marked("NPU", Mark::Plain, &line);
        }
        (There::Present, Some(driver)) => {
            let node = match &npu.device {
                Some(node) => format!("/dev/accel/{node}"),
                None => "no device node".into(),
            };
            let line = format!("PCI {}, driver {driver}, {node}", known(&npu.pci_id));
            rows.add_marked("NPU", Mark::Plain, &line);
        }
    }
}

fn hardened(screen: &Screen, doc: &Status) -> String {
    let mut rows = Rows::new(screen, WIDTH);
    super::mode::rows(&mut rows, &doc.mode, doc.latched);
    if doc.restricted_allowed {
        rows.add_marked("Allowed", Mark::Warning, "changes of class restricted");
    }
    if doc.tpm_required {
        rows.add_marked("Required", Mark::Plain, "the TPM, for every change");
    }
    if let Some(last) = doc.last_request.as_ref().filter(|_| screen.verbose) {
        rows.add("Request", &last.in_words());
    }
    for (at, family) in doc.families.iter().enumerate() {
        let key = if at == 0 { "Families" } else { "" };
        let (mark, line) = family_line(family);
        rows.add_marked(key, mark, &line);
        if let Some(interface) = family.interface.as_ref().filter(|_| screen.verbose) {
            rows.add_marked(
                "",
                Mark::None,
                &format!(
                    "DSML0001 interface {}.{} by \"{}\"",
                    interface.major, interface.minor, interface.implementation
                ),
            );
        }
    }
    boot(&mut rows, doc);
    rows.finish()
}

fn attention(screen: &Screen, doc: &Status) -> String {
    let mut rows = Rows::new(screen, WIDTH);
    found(
        &mut rows,
        "Tamper",
        Mark::Bad,
        &doc.tamper,
        doc.tamper_known,
    );
    found(
        &mut rows,
        "Drift",
        Mark::Warning,
        &doc.drifted,
        doc.drift_known,
    );
    found(
        &mut rows,
        "Degraded",
        Mark::Bad,
        &doc.degraded,
        doc.drift_known,
    );
    if doc.warnings.is_empty() {
        rows.add_marked("Warnings", Mark::Good, "none");
    }
    for (at, warning) in doc.warnings.iter().enumerate() {
        let key = if at == 0 { "Warnings" } else { "" };
        rows.add_marked(key, Mark::Warning, &warning.text);
        if screen.verbose && !warning.controls.is_empty() {
            rows.add_marked("", Mark::None, &warning.controls.join(", "));
        }
        rows.add_marked("", Mark::Next, warning.remedy);
    }
    rows.finish()
}

/// The TPM and the journal; what proves it is another command.
fn proof(screen: &Screen, doc: &Status) -> String {
    let mut rows = Rows::new(screen, WIDTH);
    let tpm = match (doc.tpm.state, &doc.tpm.chip, doc.tpm.version) {
        (There::Present, Some(chip), Some(version)) => format!("{chip}, version {version}"),
        (There::Present, Some(chip), None) => chip.clone(),
        (There::Unknown, ..) => "unknown".into(),
        _ => "none".into(),
    };
    let (mark, anchored) = anchor_line(&doc.anchor);
    let mark = match doc.tpm.state {
        There::Present => mark,
        There::Absent => Mark::None,
        There::Unknown => Mark::Unknown,
    };
    rows.add_marked("TPM", mark, &format!("{tpm}{anchored}"));
    let overwritten = match doc.journal.overwritten {
        0 => "none overwritten".into(),
        n => format!("{n} overwritten"),
    };
    rows.add(
        "Journal",
        &format!("next record {}, {overwritten}", doc.journal.next),
    );
    rows.add_marked("", Mark::Next, "\"milspecctl journal verify\" checks it");
    rows.finish()
}

/// How it was booted.
fn boot(rows: &mut Rows<'_>, doc: &Status) {
    let boot = match doc.secure_boot {
        SecureBoot::On => "Secure Boot on",
        SecureBoot::Off => "Secure Boot off",
        SecureBoot::NotUefi => "not UEFI",
        SecureBoot::Unknown => "Secure Boot unknown",
    };
    let lockdown = doc.lockdown.as_deref().unwrap_or("unknown");
    let mark = match (doc.secure_boot, lockdown) {
        (SecureBoot::Unknown, _) | (_, "unknown") => Mark::Unknown,
        (SecureBoot::On, "integrity" | "confidentiality") => Mark::Good,
        _ => Mark::None,
    };
    rows.add_marked("Boot", mark, &format!("{boot}, kernel lockdown {lockdown}"));
}

fn anchor_line(anchor: &Anchor) -> (Mark, String) {
    let Some(pcr) = anchor.pcr else {
        return (Mark::Warning, "; the journal is not anchored".into());
    };
    let records = count(anchor.anchored, "record");
    let mut line = format!("; journal in PCR {pcr}: {records}");
    if anchor.pending > 0 {
        line.push_str(&format!(", {} waiting", anchor.pending));
    }
    if anchor.failures > 0 {
        line.push_str(&format!(", {} failed", anchor.failures));
    }
    let mark = match (anchor.state.as_ref(), anchor.failures) {
        ("ready", 0) => Mark::Good,
        ("ready", _) => Mark::Warning,
        ("failed", _) => Mark::Bad,
        _ => Mark::Unknown,
    };
    (mark, line)
}

fn family_line(family: &Family) -> (Mark, String) {
    let mark = match family.state.as_ref() {
        "ready" if family.unreadable == 0 => Mark::Good,
        "ready" => Mark::Warning,
        "absent" => Mark::None,
        "failed" => Mark::Bad,
        _ => Mark::Unknown,
    };
    let name = format!("{:<8} {}", family.name, family.state);
    if family.state == "absent" {
        return (mark, name);
    }
    let error = family
        .error
        .as_ref()
        .map(|error| format!(" ({})", error.name))
        .unwrap_or_default();
    let unreadable = match family.unreadable {
        0 => String::new(),
        n => format!(", {n} unreadable"),
    };
    let line = format!(
        "{name}{error}: {}{unreadable}, {}",
        count(family.controls, "control"),
        count(family.firmware_calls, "firmware call")
    );
    (mark, line)
}

impl Document for Status {
    fn human(&self, screen: &Screen) -> String {
        status(screen, self)
    }
}
