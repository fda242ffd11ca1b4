// SPDX-License-Identifier: GPL-2.0

//! `control list` for people.

use super::{attributes, refreshed, Document};
use crate::cmd::control_list::ControlList;
use crate::screen::{provenance, wrap, Mark, Screen};
use milspec::model::{topics, Control, Group, Reading};
use milspec::words::count;

/// The columns between glyph and notes.
const HEADINGS: [&str; 4] = ["NAME", "FAMILY", "CLASS", "VALUE"];

/// What follows each: narrow where that keeps the usual line within 80 columns.
const GAPS: [&str; 4] = ["  ", " ", " ", "  "];

/// What there is, by topic or as a table.
fn control_list(screen: &Screen, doc: &ControlList) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    if let Some(done) = &doc.refresh {
        text.push_str(&refreshed(screen, done));
        text.push('\n');
    }
    text.push_str(&match doc.by_topic {
        true => by_topic(screen, doc),
        false => table(screen, doc),
    });
    if let Some(said) = &doc.attributes {
        text.push_str(&attributes::summary(screen, said));
    }
    text
}

/// What a person decides on: a heading for each topic, a line for each setting and for each group of
/// DSMIL devices.
fn by_topic(screen: &Screen, doc: &ControlList) -> String {
    let shown = |control: &&Control| control.class != "quarantined" && control.group.is_none();
    let controls: Vec<&Control> = doc.controls.iter().filter(shown).collect();
    let width = |of: fn(&Control) -> usize| controls.iter().map(|c| of(c)).max().unwrap_or(0);
    let names = width(|control| control.name.len());
    let values = width(|control| value(control).len());
    let columns = Some(screen.columns());
    let mut text = String::new();
    // A setting without a topic is of a later driver.
    for topic in topics().map(Some).chain([None]) {
        let mut mine = controls
            .iter()
            .filter(|control| control.topic.as_deref() == topic)
            .peekable();
        if mine.peek().is_some() {
            heading(screen, &mut text, topic.unwrap_or("other"));
        }
        for control in mine {
            let mut notes = notes(control);
            if !matches!(control.class.as_ref(), "safe" | "monitored") {
                notes.insert(0, control.class.to_string());
            }
            if screen.verbose || !says_it_all(control) {
                notes.push(control.label.clone());
            }
            let name = format!("{:<names$}  {:<values$}", control.name, value(control));
            let notes = notes.join(", ");
            entry(screen, &mut text, columns, mark(control), &name, &notes);
        }
    }
    if !doc.groups.is_empty() {
        heading(screen, &mut text, "dsmil");
    }
    for group in &doc.groups {
        let Group {
            number, devices, ..
        } = group;
        let name = format!("{number} {}", group.name.unwrap_or_default());
        let mut notes = vec![format!("{} of {devices} active", group.active)];
        notes.extend((group.failed > 0).then(|| format!("{} failed", group.failed)));
        notes.extend((group.tampered > 0).then(|| format!("{} tampered with", group.tampered)));
        notes.extend((group.deviating > 0).then(|| format!("{} deviating", group.deviating)));
        let mark = match (group.failed, group.tampered + group.deviating) {
            (0, 0) => Mark::Plain,
            (0, _) => Mark::Warning,
            _ => Mark::Bad,
        };
        let function = group.function.unwrap_or("free");
        let notes = format!("{}: {function}", notes.join(", "));
        entry(
            screen,
            &mut text,
            columns,
            mark,
            &format!("{name:<14}"),
            &notes,
        );
    }
    text.push_str(&format!(
        "{}; --all shows every one in a table\n",
        total(doc)
    ));
    text
}

fn heading(screen: &Screen, text: &mut String, topic: &str) {
    let topic = topic.replace('-', " ");
    text.push_str(&format!("{}\n", screen.bold(&topic)));
}

/// A line, with what is said of it on lines of its own where it is too long for so many columns.
fn entry(
    screen: &Screen,
    text: &mut String,
    columns: Option<usize>,
    mark: Mark,
    lead: &str,
    notes: &str,
) {
    let indent = lead.chars().count() + 4;
    let parts = match columns {
        Some(width) => wrap(notes, width.saturating_sub(indent).max(12)),
        None => vec![notes.to_string()],
    };
    for (at, part) in parts.iter().enumerate() {
        if at == 0 {
            let rest = format!("{lead}  {part}");
            let rest = screen.marked(mark, rest.trim_end());
            text.push_str(&format!("{} {rest}\n", screen.glyph(mark)));
        } else {
            text.push_str(&format!("{:indent$}{part}\n", ""));
        }
    }
}

/// Whether the name of a control says what it does: each of its words is in the label.
fn says_it_all(control: &Control) -> bool {
    let label = control.label.to_lowercase();
    control.name.split('-').all(|word| label.contains(word))
}

/// A table, one line for each control.
fn table(screen: &Screen, doc: &ControlList) -> String {
    let mut text = String::new();
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
        // Only a terminal breaks lines: who reads through a pipe wants whole records.
        let columns = screen.width;
        let lead = lead.trim_end_matches("  ");
        entry(screen, &mut text, columns, mark, lead, &notes.join(", "));
        if screen.verbose && !control.label.is_empty() {
            text.push_str(&format!("    {}\n", control.label));
        }
    }
    text.push_str(&format!("{}\n", total(doc)));
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
    [
        control.name.clone(),
        control.family.to_string(),
        control.class.to_string(),
        value(control).to_string(),
    ]
}

fn value(control: &Control) -> &str {
    match (control.reading, &control.value) {
        (Reading::Known, Some(value)) => value,
        (Reading::Known | Reading::Unknown, _) => "unknown",
        (Reading::Ambiguous, _) => "ambiguous",
        (Reading::Failed, _) => "failed",
    }
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
