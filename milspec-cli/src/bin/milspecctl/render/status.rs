// SPDX-License-Identifier: GPL-2.0

//! `status` for people.

use super::{refreshed, Document};
use crate::cmd::status::Status;
use crate::screen::{provenance, Mark, Rows, Screen};
use milspec::model::{Anchor, Family};
use milspec::system::{SecureBoot, There};
use milspec::words::{age, count};

/// One screen.
pub fn status(screen: &Screen, doc: &Status) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    let mut rows = Rows::new(screen, 8);
    let machine = &doc.machine;
    rows.add(
        "Machine",
        &format!("{} {}", machine.vendor, machine.product),
    );
    rows.add("BIOS", &machine.bios_version);
    let forced = if doc.driver.forced { ", forced" } else { "" };
    rows.add(
        "Driver",
        &format!(
            "dell_milspec {}, ABI {}.{}{forced}",
            doc.driver.version, doc.driver.abi.major, doc.driver.abi.minor
        ),
    );
    if screen.verbose {
        let client = &doc.client;
        rows.add(
            "Client",
            &format!(
                "milspecctl {}, ABI {}.{}",
                client.version, client.abi.major, client.abi.minor
            ),
        );
    }
    // What is out of order is a warning, further down.
    super::mode::rows(&mut rows, &doc.mode, doc.latched, &[]);
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
        if let Some(interface) = &family.interface {
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
    let when = doc
        .read_age_ms
        .map_or_else(|| "at a time unknown".into(), age);
    let exact = if screen.verbose {
        format!(", {} ns after boot", doc.read_boottime_ns)
    } else {
        String::new()
    };
    rows.add(
        "Read",
        &format!("{when}{exact} (generation {})", doc.generation),
    );
    security(&mut rows, doc);
    if doc.tamper.is_empty() {
        rows.add_marked("Tamper", Mark::Good, "none reported");
    } else {
        rows.add_marked("Tamper", Mark::Bad, &doc.tamper.join(", "));
    }
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
    text.push_str(&rows.finish());
    if let Some(done) = &doc.refresh {
        text.push('\n');
        text.push_str(&refreshed(screen, done));
    }
    text
}

/// What stands beside the controls: the TPM and the journal, how it was booted, the NPU.
fn security(rows: &mut Rows<'_>, doc: &Status) {
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
    let npu = &doc.npu;
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".into());
    match (npu.state, &npu.driver) {
        (There::Absent, _) => rows.add_marked("NPU", Mark::None, "none"),
        (There::Unknown, _) => rows.add_marked("NPU", Mark::Unknown, "unknown"),
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
