// SPDX-License-Identifier: GPL-2.0

//! `report`: the file, so that people read it too, and what is in it in a few lines.

use crate::page::Page;
use crate::screen::{Mark, Screen};
use milspec::report::{Report, Table};
use milspec::words::count;

/// Columns of the file; lists of tokens are longer.
const COLUMNS: usize = 120;

/// The report as a file: JSON in which everything that fits stands in one line.
pub fn report_file(report: &Report) -> String {
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        lines.push(line.to_string());
        if line.trim_start().starts_with(['}', ']']) {
            close(&mut lines);
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// An object or list that is complete goes into one line where it fits; else what is no object and
/// no list in it goes into as few lines as may be.
fn close(lines: &mut Vec<String>) {
    let indent = |line: &String| line.len() - line.trim_start().len();
    let Some(end) = lines.last().map(indent) else {
        return;
    };
    let opens = |line: &String| indent(line) == end && line.ends_with(['{', '[']);
    let before = lines.len().saturating_sub(1);
    let Some(begin) = lines.iter().take(before).rposition(opens) else {
        return;
    };
    let block = lines.split_off(begin);
    let [first, inner @ .., last] = block.as_slice() else {
        return;
    };
    let parts: Vec<&str> = inner.iter().map(|line| line.trim()).collect();
    let single = format!("{first}{}{}", parts.join(" "), last.trim_start());
    if single.len() <= COLUMNS && !parts.iter().any(|part| part.ends_with(['{', '['])) {
        return lines.push(single);
    }
    lines.push(first.clone());
    let mut flowing = false;
    for line in inner {
        let plain = indent(line) == end + 2 && !line.contains(['{', '}', '[', ']']);
        match lines.last_mut() {
            Some(before) if plain && flowing && before.len() + 1 + line.trim().len() <= COLUMNS => {
                before.push(' ');
                before.push_str(line.trim());
            }
            _ => lines.push(line.clone()),
        }
        flowing = plain;
    }
    lines.push(last.clone());
}

/// What is in it.
pub fn report(screen: &Screen, report: &Report) -> String {
    let mut page = Page::new(screen);
    page.line("");
    page.keys(10);
    page.row("Report of", &report.of_what());
    if let Some(from) = &report.recording {
        let from = format!("recording, not this machine: {from}");
        page.marked("From", Mark::Warning, &from);
    }
    if report.simulated {
        page.marked("From", Mark::Warning, "simulated machine");
    }
    match &report.token_table {
        Some(table) => page.marked("Tokens", Mark::Good, &tokens(table)),
        None => page.marked("Tokens", Mark::Unknown, "not read"),
    }
    let (mark, text) = readings(report);
    page.marked("Readings", mark, &text);
    let (mark, text) = layout(report);
    page.marked("Layout", mark, &text);
    for of in &report.attributes {
        let values = of.enumerations.iter().filter(|one| one.value.is_some());
        let text = format!(
            "{}: {} ({} with their value), {}; {} left out",
            of.driver,
            count(of.enumerations.len(), "enumeration"),
            values.count(),
            count(of.integers.len(), "number"),
            of.left_out
        );
        page.row("Attributes", &text);
    }
    if let Some(driver) = &report.driver {
        let controls = count(driver.controls.len(), "control");
        page.row("Driver", &format!("{}, {controls}", driver.version));
    }
    for unread in &report.unread {
        let why = format!("{}: {}", unread.what, unread.why);
        page.marked("Not read", Mark::Unknown, &why);
    }
    page.row(
        "Not in it",
        "serial number, tags, UUID, names of host and users, any text that somebody typed",
    );
    page.finish()
}

fn tokens(table: &Table) -> String {
    let tokens = count(table.tokens().len(), "token");
    let structures = count(table.structures.len(), "structure");
    format!("{tokens} in {structures}")
}

fn readings(report: &Report) -> (Mark, String) {
    let (read, unread) = (report.readings.all().len(), report.readings.unread_count());
    match (read, unread) {
        (0, 0) => (Mark::Unknown, "not read".into()),
        (0, unread) => (Mark::Unknown, format!("none of {unread} locations read")),
        (read, unread) => (
            Mark::Good,
            format!("{} read, {unread} not", count(read, "location")),
        ),
    }
}

/// Whether what is inferred of the locations holds.
fn layout(report: &Report) -> (Mark, String) {
    let Some(inference) = &report.inference else {
        return (Mark::Unknown, "not known without tokens".into());
    };
    let (one, each) = (inference.one_cell, inference.cell_each);
    let groups = |number: u32| count(number, "group");
    let unread = one.unread + each.unread;
    match (one.holds + each.holds, one.differs + each.differs) {
        (0, 0) if unread == 0 => {
            let text = "no group of tokens lies at several locations";
            (Mark::None, text.into())
        }
        (0, 0) => (Mark::Unknown, format!("{} not read", groups(unread))),
        (holds, 0) => {
            let text = format!("as inferred for {}, {unread} not read", groups(holds));
            (Mark::Good, text)
        }
        (holds, differs) => {
            let differs = groups(differs);
            let text = format!(
                "NOT as inferred for {differs}, as inferred for {holds}, {unread} not read"
            );
            (Mark::Warning, text)
        }
    }
}
