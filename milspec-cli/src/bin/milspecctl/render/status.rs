// SPDX-License-Identifier: GPL-2.0

//! `status` for people.

use super::mode::{self, found};
use super::{refreshed, Document};
use crate::cmd::status::Status;
use crate::page::Page;
use crate::screen::Mark;
use milspec::model::{Anchor, ErrnoDoc, Family};
use milspec::system::{SecureBoot, There};
use milspec::words::{age, count};

fn machine(page: &mut Page<'_>, doc: &Status) {
    page.row("Machine", &doc.machine.in_words());
    let driver = &doc.driver;
    let forced = if driver.forced { ", forced" } else { "" };
    let (version, abi) = (&driver.version, driver.abi);
    let line = format!("dell_milspec {version}, ABI {abi}{forced}");
    page.row("Driver", &line);
    let when = doc.read_age_ms;
    let when = when.map_or_else(|| "at a time unknown".into(), age);
    let mut read = format!("{when} (generation {})", doc.generation);
    if page.screen.verbose {
        let client = &doc.client;
        let line = format!("milspecctl {}, ABI {}", client.version, client.abi);
        page.row("Client", &line);
        read = format!("{read}, {} ns after boot", doc.read_boottime_ns);
    }
    page.row("Read", &read);
    // Where no NPU is known, nothing is said of it; the document has it.
    if doc.npu.state == There::Present {
        npu(page, doc);
    }
}

fn npu(page: &mut Page<'_>, doc: &Status) {
    let npu = &doc.npu;
    let driver = match (&npu.driver, &npu.device) {
        (None, _) => "no driver has it".into(),
        (Some(driver), Some(node)) => format!("driver {driver}, /dev/accel/{node}"),
        (Some(driver), None) => format!("driver {driver}, no device node"),
    };
    let id = npu.pci_id.as_deref().unwrap_or("unknown");
    page.marked("NPU", Mark::Plain, &format!("PCI {id}, {driver}"));
}

fn hardened(page: &mut Page<'_>, doc: &Status) {
    mode::rows(page, &doc.now);
    if doc.restricted_allowed {
        page.marked("Allowed", Mark::Warning, "changes of class restricted");
    }
    if doc.tpm_required {
        page.marked("Required", Mark::Plain, "the TPM, for every change");
    }
    let verbose = page.screen.verbose;
    if let Some(last) = doc.last_request.as_ref().filter(|_| verbose) {
        page.row("Request", &last.in_words());
    }
    let mut key = "Families";
    for family in &doc.families {
        let (mark, line) = family_line(family);
        page.marked(std::mem::take(&mut key), mark, &line);
        if let Some(interface) = family.interface.as_ref().filter(|_| verbose) {
            let (major, minor) = (interface.major, interface.minor);
            let by = &interface.implementation;
            let line = format!("DSML0001 interface {major}.{minor} by \"{by}\"");
            page.marked("", Mark::None, &line);
        }
    }
    boot(page, doc);
}

fn attention(page: &mut Page<'_>, doc: &Status) {
    found(page, "Tamper", Mark::Bad, &doc.tamper, doc.tamper_known);
    mode::attention(page, &doc.now);
    if doc.warnings.is_empty() {
        page.marked("Warnings", Mark::Good, "none");
    }
    let mut key = "Warnings";
    for warning in &doc.warnings {
        page.marked(std::mem::take(&mut key), Mark::Warning, &warning.text);
        if page.screen.verbose && !warning.controls.is_empty() {
            page.marked("", Mark::None, &warning.controls.join(", "));
        }
        page.marked("", Mark::Next, warning.remedy);
    }
}

/// Who watches.
fn watched(page: &mut Page<'_>, doc: &Status) {
    let monitor = &doc.monitor;
    let at = monitor.sequence.unwrap_or_default();
    let findings = count(monitor.findings.unwrap_or_default(), "finding");
    match (monitor.state, monitor.failing.as_slice()) {
        ("watches", []) => {
            let line = format!("watches, at record {at}, {findings}");
            page.marked("Monitor", Mark::Good, &line);
        }
        ("watches", failing) => {
            let line = format!("watches, {findings}; not told: {}", failing.join(", "));
            page.marked("Monitor", Mark::Warning, &line);
        }
        ("silent", _) => page.marked("Monitor", Mark::Bad, "has said nothing for minutes"),
        _ => page.marked("Monitor", Mark::None, "none watches"),
    }
}

/// The TPM and the journal; what proves it is another command.
fn proof(page: &mut Page<'_>, doc: &Status) {
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
    page.marked("TPM", mark, &format!("{tpm}{anchored}"));
    let overwritten = match doc.journal.overwritten {
        0 => "none overwritten".into(),
        n => format!("{n} overwritten"),
    };
    let line = format!("next record {}, {overwritten}", doc.journal.next);
    page.row("Journal", &line);
    page.marked("", Mark::Next, "\"milspecctl journal verify\" checks it");
}

/// How it was booted.
fn boot(page: &mut Page<'_>, doc: &Status) {
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
    page.marked("Boot", mark, &format!("{boot}, kernel lockdown {lockdown}"));
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
    let error = ErrnoDoc::behind(&family.error);
    let unreadable = match family.unreadable {
        0 => String::new(),
        n => format!(", {n} unreadable"),
    };
    let controls = count(family.controls, "control");
    let calls = count(family.firmware_calls, "firmware call");
    let line = format!("{name}{error}: {controls}{unreadable}, {calls}");
    (mark, line)
}

impl Document for Status {
    /// One screen: the machine, and three questions.
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.from);
        page.keys(8);
        machine(page, self);
        page.heading("Is it hardened?");
        hardened(page, self);
        page.heading("Does it need attention?");
        attention(page, self);
        watched(page, self);
        page.heading("Can that be proved?");
        proof(page, self);
        if let Some(done) = &self.refresh {
            page.line("");
            refreshed(page, done);
        }
    }
}
