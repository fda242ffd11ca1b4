// SPDX-License-Identifier: GPL-2.0

//! `journal ...` for people.

use super::{events_header, Document};
use crate::cmd::journal_save::JournalSaveDoc;
use crate::cmd::journal_verify::JournalVerifyDoc;
use crate::screen::{Mark, Rows, Screen};
use milspec::failure::Failure;
use milspec::journal::verdict::LoadDoc;
use milspec::words::count;

/// What was saved.
pub fn journal_save(screen: &Screen, doc: &JournalSaveDoc) -> String {
    let mut rows = Rows::new(screen, 0);
    if doc.torn_bytes > 0 {
        rows.add_marked(
            "",
            Mark::Warning,
            &format!(
                "{} of a torn record cut off",
                count(doc.torn_bytes as u64, "byte")
            ),
        );
    }
    if doc.lost > 0 {
        rows.add_marked(
            "",
            Mark::Warning,
            &format!("{} were overwritten before", count(doc.lost, "record")),
        );
    }
    let saved = match (doc.saved, doc.last) {
        (0, _) => "Nothing new".to_string(),
        (saved, None) => format!("Saved {}", count(saved as u64, "record")),
        (saved, Some(last)) => format!("Saved {}, up to {last}", count(saved as u64, "record")),
    };
    format!("{}{saved}: {}\n", rows.finish(), screen.foreign(&doc.file))
}

/// One block for each load, what it was compared with, and what that makes of it.
pub fn journal_verify(screen: &Screen, doc: &JournalVerifyDoc) -> String {
    let verdict = &doc.verdict;
    let mut rows = Rows::new(screen, 6);
    let broken = verdict.broken.as_ref();
    let broken = broken.is_some_and(|broken| broken.code != "driver");
    for load in &verdict.loads {
        let last = verdict.loads.last().is_some_and(|last| last.id == load.id);
        chain(&mut rows, screen, load, broken && last);
    }
    if let Some(driver) = &verdict.driver {
        compared(&mut rows, "Driver", driver.result, &driver.why);
    }
    let number = verdict.tpm.number.map(|number| format!("PCR {number}: "));
    let why = format!("{}{}", number.unwrap_or_default(), verdict.tpm.why);
    compared(&mut rows, "TPM", verdict.tpm.result, &why);
    let (mark, result) = match verdict.result {
        "proven" => (Mark::Good, "proven"),
        "not-provable" => (Mark::Unknown, "not provable here"),
        _ => (Mark::Bad, "wrong"),
    };
    rows.add_marked("Result", mark, result);
    format!("{}{}", events_header(screen, &doc.from), rows.finish())
}

fn compared(rows: &mut Rows<'_>, what: &str, result: &str, why: &str) {
    match result {
        "same" | "matches" => rows.add_marked(what, Mark::Good, why),
        "not-compared" => rows.add_marked(what, Mark::Unknown, &format!("not compared: {why}")),
        _ => rows.add_marked(what, Mark::Bad, why),
    }
}

fn chain(rows: &mut Rows<'_>, screen: &Screen, load: &LoadDoc, broken: bool) {
    let (mark, holds) = match load.proven_to {
        _ if broken => (Mark::Bad, "the chain holds up to here".into()),
        None => (Mark::Unknown, "the chain holds".into()),
        Some(to) if to == load.last => (Mark::Good, "proven".into()),
        Some(to) => (Mark::Good, format!("proven up to {to}, the last change")),
    };
    let records = count(load.records as u64, "record");
    let id = load.id.get(..8).unwrap_or(&load.id);
    let text = format!("{id}: {records} up to {}; {holds}", load.last);
    rows.add_marked("Load", mark, &text);
    let mut more = |text: &str| rows.add_marked("", Mark::None, text);
    more(&format!("from {} to {}", load.from, load.to));
    if load.lost > 0 {
        let lost = count(load.lost, "record");
        more(&format!("{lost} not here: overwritten, or in another file"));
    }
    if let (Some(pcr), Some(extended)) = (load.pcr, load.extended) {
        let extended = count(extended as u64, "record");
        more(&format!("{extended} extended into PCR {pcr}"));
        if let Some(value) = load.pcr_value.as_ref().filter(|_| screen.verbose) {
            more(value);
        }
    }
    if load.continues {
        more("begins where the PCR was left by the load before it");
    }
}

impl Document for JournalSaveDoc {
    fn human(&self, screen: &Screen) -> String {
        journal_save(screen, self)
    }
}

impl Document for JournalVerifyDoc {
    fn human(&self, screen: &Screen) -> String {
        journal_verify(screen, self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.verdict.error.as_ref()
    }
}
