// SPDX-License-Identifier: GPL-2.0

//! The document as CSV (RFC 4180): a line for each check of each machine.

use super::document::{Assessment, Checked, Document};
use super::exceptions::Excepted;
use super::judge::Reason;

const COLUMNS: [&str; 19] = [
    "machine",
    "bios",
    "service_tag_hash",
    "evidence",
    "file",
    "marks",
    "time",
    "read_at",
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
            text.push_str(&line(cells(of, check)));
        }
    }
    for not in &document.not_judged {
        let mut cells = [""; 19].map(String::from);
        let named = [
            (4, &not.file),
            (9, &"not judged".to_string()),
            (10, &not.code.to_string()),
            (11, &not.why),
            (14, &not.next),
        ];
        for (at, text) in named {
            if let Some(cell) = cells.get_mut(at) {
                cell.clone_from(text);
            }
        }
        text.push_str(&line(cells));
    }
    text
}

fn cells(of: &Assessment, check: &Checked) -> [String; 19] {
    let or = |text: &Option<String>| text.clone().unwrap_or_default();
    let exception = check.exception.as_ref();
    let excepted = |part: fn(&Excepted) -> &String| {
        exception.map_or_else(String::new, |exception| part(exception).clone())
    };
    let ids = check.ids.iter();
    let ids = ids.map(|id| format!("{}:{}{}", id.framework, id.id, id.doubt()));
    [
        format!("{} {}", of.machine.vendor, of.machine.product),
        of.machine.bios_version.clone(),
        or(&of.service_tag_hash),
        of.evidence.kind.into(),
        or(&of.evidence.file),
        of.mark_words().join(" "),
        or(&of.evidence.time),
        or(&of.evidence.read_at),
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

fn line(cells: [String; 19]) -> String {
    cells.map(|cell| quoted(&cell)).join(",") + "\r\n"
}

/// A cell. A spreadsheet takes what begins with one of these for a formula, whoever wrote it: behind
/// blanks too, and in its full width.
fn quoted(cell: &str) -> String {
    const FORMULA: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    let is_blank = |c: char| c.is_whitespace() && !FORMULA.contains(&c);
    let begins = cell.trim_start_matches(is_blank).starts_with(FORMULA);
    let safe = if begins { "'" } else { "" };
    let spelled = |c: char| match c {
        '"' => "\"\"".to_string(),
        '\t' | '\n' => c.to_string(),
        // A terminal would act on it.
        c if c.is_control() => c.escape_debug().to_string(),
        c => c.to_string(),
    };
    let cell: String = cell.chars().map(spelled).collect();
    format!("\"{safe}{cell}\"")
}
