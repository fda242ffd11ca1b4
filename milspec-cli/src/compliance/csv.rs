// SPDX-License-Identifier: GPL-2.0

//! The document as CSV (RFC 4180): a line for each check of each machine.

use super::document::{Assessment, Checked, Document};
use super::exceptions::Excepted;
use super::judge::Reason;

const COLUMNS: [&str; 18] = [
    "machine",
    "bios",
    "service_tag_hash",
    "evidence",
    "file",
    "marks",
    "time",
    "check",
    "result",
    "reason",
    "found",
    "wanted",
    "why",
    "remedy",
    "exception_owner",
    "exception_reason",
    "exception_until",
    "ids",
];

/// The document.
pub fn text(document: &Document) -> String {
    let mut text = line(COLUMNS.map(String::from));
    for of in &document.assessments {
        for check in &of.checks {
            text.push_str(&line(cells(document, of, check)));
        }
    }
    text
}

fn cells(document: &Document, of: &Assessment, check: &Checked) -> [String; 18] {
    let or = |text: &Option<String>| text.clone().unwrap_or_default();
    let exception = check.exception.as_ref();
    let excepted = |part: fn(&Excepted) -> &String| {
        exception.map_or_else(String::new, |exception| part(exception).clone())
    };
    let ids = check.ids.iter().map(|id| match id.tie {
        "judgement" | "derived-from-judgement" => format!("{}:{} (judgement)", id.framework, id.id),
        _ => format!("{}:{}", id.framework, id.id),
    });
    [
        format!("{} {}", of.machine.vendor, of.machine.product),
        of.machine.bios_version.clone(),
        or(&of.service_tag_hash),
        of.evidence.kind.into(),
        or(&of.evidence.file),
        of.mark_words().join(" "),
        of.evidence
            .time
            .clone()
            .unwrap_or_else(|| document.made_at.clone()),
        check.id.clone(),
        check.word().into(),
        check.reason.map_or("", Reason::word).into(),
        check.told.clone(),
        check.wanted.clone(),
        check.why.clone(),
        or(&check.remedy),
        excepted(|exception| &exception.owner),
        excepted(|exception| &exception.reason),
        excepted(|exception| &exception.until),
        ids.collect::<Vec<_>>().join(" "),
    ]
}

fn line(cells: [String; 18]) -> String {
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

/// A cell. A spreadsheet takes what begins with one of these for a formula, whoever wrote it.
fn quoted(cell: &str) -> String {
    let safe = match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.into(),
    };
    match safe.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}
