// SPDX-License-Identifier: GPL-2.0

//! `control list` for people.

use super::{attributes, refreshed, Document};
use crate::cmd::control_list::ControlList;
use crate::screen::{provenance, wrap, Mark, Screen};
use milspec::model::{Control, Reading};
use milspec::words::count;

/// The columns between glyph and notes.
const HEADINGS: [&str; 4] = ["NAME", "FAMILY", "CLASS", "VALUE"];

/// What follows each: narrow where that keeps the usual line within 80 columns.
const GAPS: [&str; 4] = ["  ", " ", " ", "  "];

/// A table, one line for each control.
pub fn control_list(screen: &Screen, doc: &ControlList) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    if let Some(done) = &doc.refresh {
        text.push_str(&refreshed(screen, done));
        text.push('\n');
    }
    let cells: Vec<[String; 4]> = doc.controls.iter().map(cells).collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    text.push_str(&screen.bold(&format!("  {}NOTES", line(&HEADINGS, &widths))));
    text.push('\n');
    for (control, row) in doc.controls.iter().zip(&cells) {
        let mut mark = mark(control);
        let mut notes = notes(control);
        if let Some(said) = &doc.attributes {
            notes.extend(attributes::notes(said, control));
            if mark == Mark::Plain && attributes::disagrees(said, control) {
                mark = Mark::Warning;
            }
        }
        let row: [&str; 4] = row.each_ref().map(String::as_str);
        let lead = line(&row, &widths);
        let notes = notes.join(", ");
        // Only a terminal breaks lines: who reads through a pipe wants whole records.
        let parts = match screen.width {
            Some(width) => wrap(&notes, width.saturating_sub(lead.len() + 2).max(12)),
            None => vec![notes],
        };
        for (at, part) in parts.iter().enumerate() {
            if at == 0 {
                let rest = format!("{lead}{part}");
                let rest = screen.marked(mark, rest.trim_end());
                text.push_str(&format!("{} {rest}\n", screen.glyph(mark)));
            } else {
                text.push_str(&format!("{:indent$}{part}\n", "", indent = lead.len() + 2));
            }
        }
        if screen.verbose && !control.label.is_empty() {
            text.push_str(&format!("    {}\n", control.label));
        }
    }
    text.push_str(&format!("{}\n", total(doc)));
    if let Some(said) = &doc.attributes {
        text.push_str(&attributes::summary(screen, said));
    }
    text
}

fn total(doc: &ControlList) -> String {
    let shown = doc.controls.len() as u64;
    let of = if doc.total == shown {
        String::new()
    } else {
        format!(" of {}", doc.total)
    };
    let unreadable = doc
        .controls
        .iter()
        .filter(|control| control.reading != Reading::Known)
        .count();
    match unreadable {
        0 => format!("{}{of}", count(shown, "control")),
        n => format!("{}{of}, {n} without a known value", count(shown, "control")),
    }
}

fn line(cells: &[&str; 4], widths: &[usize; 4]) -> String {
    cells
        .iter()
        .zip(widths)
        .zip(GAPS)
        .map(|((cell, width), gap)| format!("{cell:<width$}{gap}"))
        .collect()
}

fn cells(control: &Control) -> [String; 4] {
    let value = match (control.reading, &control.value) {
        (Reading::Known, Some(value)) => value.as_str(),
        (Reading::Known | Reading::Unknown, _) => "unknown",
        (Reading::Ambiguous, _) => "ambiguous",
        (Reading::Failed, _) => "failed",
    };
    [
        control.name.clone(),
        control.family.to_string(),
        control.class.to_string(),
        value.to_string(),
    ]
}

fn mark(control: &Control) -> Mark {
    match Mark::of(control.reading) {
        Mark::Plain if control.device_failed() => Mark::Bad,
        Mark::Plain if control.degraded => Mark::Bad,
        Mark::Plain if control.tamper || control.drifted || control.deviates => Mark::Warning,
        mark => mark,
    }
}

/// What the driver says about the control beside its value.
fn marks(control: &Control) -> [(bool, &'static str); 6] {
    [
        (control.tamper, "tamper"),
        (control.degraded, "degraded"),
        (control.drifted, "drifted"),
        (control.deviates, "deviates"),
        (control.pending_reboot, "pending reboot"),
        (control.denied, "denied"),
    ]
}

fn notes(control: &Control) -> Vec<String> {
    let mut notes = Vec::new();
    match control.reading {
        Reading::Unknown => notes.extend(control.raw_text()),
        Reading::Ambiguous if control.candidates().len() > 1 => {
            notes.push(control.candidates().join("/"));
        }
        Reading::Failed => notes.extend(control.error.iter().map(|error| error.name.clone())),
        Reading::Known if control.device_failed() => notes.push("says the device".into()),
        Reading::Known | Reading::Ambiguous => {}
    }
    for (there, word) in marks(control) {
        if there {
            notes.push(word.into());
        }
    }
    // The class says so already where it is `read-only`.
    if control.access == "read-only" && control.class != "read-only" {
        notes.push("read-only".into());
    }
    if control.presence != "full" {
        notes.push(control.presence.to_string());
    }
    notes.retain(|note| !note.is_empty());
    notes
}

impl Document for ControlList {
    fn human(&self, screen: &Screen) -> String {
        control_list(screen, self)
    }
}
