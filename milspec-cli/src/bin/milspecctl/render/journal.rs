// SPDX-License-Identifier: GPL-2.0

//! `journal ...` for people.

use super::{events, Document};
use crate::cmd::journal_save::JournalSaveDoc;
use crate::cmd::journal_verify::JournalVerifyDoc;
use crate::page::Page;
use crate::screen::Mark;
use milspec::journal::verdict::LoadDoc;
use milspec::words::{count, with};
use milspec::Failure;

fn compared(page: &mut Page<'_>, what: &str, result: &str, why: &str) {
    match result {
        "same" | "matches" => page.marked(what, Mark::Good, why),
        "not-compared" => page.marked(what, Mark::Unknown, &format!("not compared: {why}")),
        _ => page.marked(what, Mark::Bad, why),
    }
}

fn chain(page: &mut Page<'_>, load: &LoadDoc, broken: bool) {
    let (mark, holds) = match load.proven_to {
        _ if broken => (Mark::Bad, "the chain holds up to here".into()),
        None => (Mark::Unknown, "the chain holds".into()),
        Some(to) if to == load.last => (Mark::Good, "proven".into()),
        Some(to) => (Mark::Good, format!("proven up to {to}, the last change")),
    };
    let records = count(load.records, "record");
    let id = load.id.get(..8).unwrap_or(&load.id);
    let text = format!("{id}: {records} up to {}; {holds}", load.last);
    page.marked("Load", mark, &text);
    let verbose = page.screen.verbose;
    let mut more = |text: &str| page.marked("", Mark::None, text);
    more(&format!("from {} to {}", load.from, load.to));
    if load.lost > 0 {
        let lost = count(load.lost, "record");
        more(&format!("{lost} not here: overwritten, or in another file"));
    }
    if let (Some(pcr), Some(extended)) = (load.pcr, load.extended) {
        let extended = count(extended, "record");
        more(&format!("{extended} extended into PCR {pcr}"));
        if let Some(value) = load.pcr_value.as_ref().filter(|_| verbose) {
            more(value);
        }
    }
    if load.continues {
        more("begins where the PCR was left by the load before it");
    }
}

impl Document for JournalSaveDoc {
    /// What was saved.
    fn human(&self, page: &mut Page<'_>) {
        if self.torn_bytes > 0 {
            let torn = count(self.torn_bytes, "byte");
            page.marked(
                "",
                Mark::Warning,
                &format!("{torn} of a torn record cut off"),
            );
        }
        if self.lost > 0 {
            let lost = count(self.lost, "record");
            page.marked(
                "",
                Mark::Warning,
                &format!("{lost} were overwritten before"),
            );
        }
        let saved = match self.saved {
            0 => "Nothing new".to_string(),
            saved => {
                let last = with(", up to ", self.last);
                format!("Saved {}{last}", count(saved, "record"))
            }
        };
        let file = page.screen.foreign(&self.file);
        page.line(format!("{saved}: {file}"));
    }
}

impl Document for JournalVerifyDoc {
    /// One block for each load, what it was compared with, and what that makes of it.
    fn human(&self, page: &mut Page<'_>) {
        events::header(page, &self.from);
        page.keys(6);
        let verdict = &self.verdict;
        let broken = verdict.broken.as_ref();
        let broken = broken.is_some_and(|broken| broken.code != "driver");
        for load in &verdict.loads {
            let last = verdict.loads.last().is_some_and(|last| last.id == load.id);
            chain(page, load, broken && last);
        }
        if let Some(driver) = &verdict.driver {
            compared(page, "Driver", driver.result, &driver.why);
        }
        let number = verdict.tpm.number.map(|number| format!("PCR {number}: "));
        let why = format!("{}{}", number.unwrap_or_default(), verdict.tpm.why);
        compared(page, "TPM", verdict.tpm.result, &why);
        let (mark, result) = match verdict.result {
            "proven" => (Mark::Good, "proven"),
            "not-provable" => (Mark::Unknown, "not provable here"),
            _ => (Mark::Bad, "wrong"),
        };
        page.marked("Result", mark, result);
    }

    fn failure(&self) -> Option<&Failure> {
        self.verdict.error.as_ref()
    }
}
