// SPDX-License-Identifier: GPL-2.0

//! `control list` for people.

use super::{attributes, refreshed, Document};
use crate::cmd::control_list::ControlList;
use crate::page::{Page, CELL_MAX};
use crate::screen::Mark;
use milspec::model::{topics, Control, Group, Reading};
use milspec::words::{count, with};

/// The columns between glyph and notes.
const HEADINGS: [&str; 4] = ["NAME", "FAMILY", "CLASS", "VALUE"];

/// What follows each: narrow where that keeps the usual line within 80 columns.
const GAPS: [&str; 4] = ["  ", " ", " ", "  "];

/// What a person decides on: a heading for each topic, a line for each setting and for each group of
/// DSMIL devices.
fn by_topic(page: &mut Page<'_>, doc: &ControlList) {
    let shown = |control: &&Control| control.class != "quarantined" && control.group.is_none();
    let controls: Vec<&Control> = doc.controls.iter().filter(shown).collect();
    let width = |of: fn(&Control) -> usize| controls.iter().map(|c| of(c)).max().unwrap_or(0);
    let names = width(|control| control.name.len());
    let values = width(|control| value(control).len());
    let columns = page.screen.columns();
    // A setting without a topic is of a later driver.
    for topic in topics().map(Some).chain([None]) {
        let mut mine = controls
            .iter()
            .filter(|control| control.topic.as_deref() == topic)
            .peekable();
        if mine.peek().is_some() {
            page.heading(&topic.unwrap_or("other").replace('-', " "));
        }
        for control in mine {
            let mut notes = notes(control);
            if !matches!(control.class.as_ref(), "safe" | "monitored") {
                notes.insert(0, control.class.to_string());
            }
            if page.screen.verbose || !says_it_all(control) {
                notes.push(control.label.clone());
            }
            let (names, values) = (names.min(CELL_MAX), values.min(CELL_MAX));
            let name = format!("{:<names$}  {:<values$}", control.name, value(control));
            entry(page, columns, mark(control), &name, &notes.join(", "));
        }
    }
    if !doc.groups.is_empty() {
        page.heading("dsmil");
    }
    for group in &doc.groups {
        group_entry(page, group);
    }
    page.line(format!("{}; --all shows every one in a table", total(doc)));
}

fn group_entry(page: &mut Page<'_>, group: &Group) {
    let name = format!("{} {}", group.number, group.name.unwrap_or_default());
    let mut notes = format!("{} of {} active", group.active, group.devices);
    for (number, what) in [
        (group.failed, "failed"),
        (group.tampered, "tampered with"),
        (group.deviating, "deviating"),
    ] {
        if number > 0 {
            notes.push_str(&format!(", {number} {what}"));
        }
    }
    let mark = match (group.failed, group.tampered + group.deviating) {
        (0, 0) => Mark::Plain,
        (0, _) => Mark::Warning,
        _ => Mark::Bad,
    };
    let notes = format!("{notes}: {}", group.function.unwrap_or("free"));
    let columns = page.screen.columns();
    entry(page, columns, mark, &format!("{name:<14}"), &notes);
}

/// A line, with what is said of it on lines of its own where it is too long for so many columns.
fn entry(page: &mut Page<'_>, columns: usize, mark: Mark, lead: &str, notes: &str) {
    let indent = lead.chars().count() + 4;
    let (glyph, marked) = (page.screen.glyph(mark), page.screen.marked(mark, lead));
    let columns = columns.max(indent + 12);
    let lead = format!("{glyph} {marked}  ");
    match notes {
        "" => page.line(lead),
        notes => page.hang_within(columns, &lead, indent, mark, &[notes]),
    }
}

/// Whether the name of a control says what it does: each of its words is in the label.
fn says_it_all(control: &Control) -> bool {
    let label = control.label.to_lowercase();
    control.name.split('-').all(|word| label.contains(word))
}

/// A table, one line for each control.
fn table(page: &mut Page<'_>, doc: &ControlList) {
    let cells: Vec<[&str; 4]> = doc.controls.iter().map(cells).collect();
    let mut widths = HEADINGS.map(str::len);
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }
    page.heading(&format!("  {}NOTES", line(&HEADINGS, &widths)));
    for (control, row) in doc.controls.iter().zip(&cells) {
        let mut mark = mark(control);
        let mut notes = notes(control);
        if let Some(said) = &doc.attributes {
            notes.extend(attributes::notes(said, control));
            if mark == Mark::Plain && attributes::disagrees(said, control) {
                mark = Mark::Warning;
            }
        }
        let lead = line(row, &widths);
        // Only a terminal breaks lines: who reads through a pipe wants whole records.
        let columns = page.screen.width.unwrap_or(usize::MAX);
        let lead = lead.trim_end_matches("  ");
        entry(page, columns, mark, lead, &notes.join(", "));
        if page.screen.verbose && !control.label.is_empty() {
            page.line(format!("    {}", control.label));
        }
    }
    page.line(total(doc));
}

fn total(doc: &ControlList) -> String {
    let shown = doc.controls.len();
    let of = with(" of ", (doc.total != shown).then_some(doc.total));
    let unknown = |control: &&Control| control.reading != Reading::Known;
    let unreadable = match doc.controls.iter().filter(unknown).count() {
        0 => String::new(),
        n => format!(", {n} without a known value"),
    };
    format!("{}{of}{unreadable}", count(shown, "control"))
}

fn line(cells: &[&str; 4], widths: &[usize; 4]) -> String {
    let cells = cells.iter().zip(widths).zip(GAPS);
    cells
        .map(|((cell, width), gap)| format!("{cell:<width$}{gap}"))
        .collect()
}

fn cells(control: &Control) -> [&str; 4] {
    let (family, class) = (control.family.as_ref(), control.class.as_ref());
    [&control.name, family, class, value(control)]
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
        Mark::Plain if control.device_failed() || control.degraded => Mark::Bad,
        Mark::Plain if control.tamper || control.drifted || control.deviates => Mark::Warning,
        mark => mark,
    }
}

/// What the driver says about the control beside its value.
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
    // The class says so already where it is `read-only`.
    let read_only = control.access == "read-only" && control.class != "read-only";
    for (there, word) in [
        (control.tamper, "tamper"),
        (control.degraded, "degraded"),
        (control.drifted, "drifted"),
        (control.deviates, "deviates"),
        (control.pending_reboot, "pending reboot"),
        (control.denied, "denied"),
        (read_only, "read-only"),
        (control.presence != "full", &control.presence),
    ] {
        if there {
            notes.push(word.into());
        }
    }
    notes.retain(|note| !note.is_empty());
    notes
}

impl Document for ControlList {
    /// What there is, by topic or as a table.
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.head.from);
        if let Some(done) = &self.refresh {
            refreshed(page, done);
            page.line("");
        }
        match self.by_topic {
            true => by_topic(page, self),
            false => table(page, self),
        }
        if let Some(said) = &self.attributes {
            attributes::summary(page, said);
        }
    }
}
