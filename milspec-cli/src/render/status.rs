// SPDX-License-Identifier: GPL-2.0

//! `status` for people.

use super::{age, count, provenance, refreshed, Mark, Rows, Screen};
use crate::cmd::status::Status;
use crate::model::Family;

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
    if let Some(mode) = &doc.mode {
        // What is out of order is a warning, further down.
        super::mode::rows(&mut rows, mode, doc.latched, &[]);
        if doc.restricted_allowed {
            rows.add_marked("Allowed", Mark::Warning, "changes of class restricted");
        }
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
