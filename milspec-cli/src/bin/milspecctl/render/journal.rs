// SPDX-License-Identifier: GPL-2.0

//! `journal ...` for people.

use super::{events_header, Document};
use crate::cmd::journal_save::JournalSaveDoc;
use crate::cmd::journal_verify::JournalVerifyDoc;
use crate::screen::{warnings, Mark, Rows, Screen};
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
    format!("{}{saved}: {}\n", rows.finish(), doc.file)
}

/// One block for each load, and what it was compared with.
pub fn journal_verify(screen: &Screen, doc: &JournalVerifyDoc) -> String {
    let mut text = events_header(screen, &doc.from);
    let mut rows = Rows::new(screen, 6);
    for load in &doc.loads {
        let broken = doc.broken.is_some() && doc.loads.last().is_some_and(|l| l.id == load.id);
        chain(&mut rows, screen, load, broken);
    }
    if let Some(driver) = &doc.driver {
        let newer = match driver.newer {
            0 => String::new(),
            newer => format!(
                ", and has {} that {} newer",
                newer,
                if newer == 1 { "is" } else { "are" }
            ),
        };
        let compared = count(driver.compared as u64, "record");
        rows.add_marked(
            "Driver",
            Mark::Good,
            &format!("has the same {compared}{newer}"),
        );
    }
    if let Some(tpm) = &doc.tpm {
        let mark = match tpm.result {
            "matches" => Mark::Good,
            "not-compared" => Mark::Unknown,
            _ => Mark::Bad,
        };
        let number = tpm
            .number
            .map(|number| format!("PCR {number}: "))
            .unwrap_or_default();
        rows.add_marked("TPM", mark, &format!("{number}{}", tpm.why));
    }
    text.push_str(&rows.finish());
    if doc.loads.is_empty() && doc.broken.is_none() {
        text.push_str("No records.\n");
    }
    text.push_str(&warnings(screen, &doc.warnings));
    text
}

fn chain(rows: &mut Rows<'_>, screen: &Screen, load: &LoadDoc, broken: bool) {
    let records = count(load.records as u64, "record");
    let (mark, holds) = if broken {
        (Mark::Bad, "holds up to here")
    } else {
        (Mark::Good, "holds")
    };
    let id = load.id.get(..8).unwrap_or(&load.id);
    rows.add_marked(
        "Load",
        mark,
        &format!("{id}: {records} up to {}; the chain {holds}", load.last),
    );
    rows.add_marked(
        "",
        Mark::None,
        &format!("from {} to {}", load.from, load.to),
    );
    if let (Some(pcr), Some(extended)) = (load.pcr, load.extended) {
        let extended = count(extended as u64, "record");
        rows.add_marked(
            "",
            Mark::None,
            &format!("{extended} extended into PCR {pcr}"),
        );
        if let Some(value) = load.pcr_value.as_ref().filter(|_| screen.verbose) {
            rows.add_marked("", Mark::None, value);
        }
    }
    let end = match (load.continues, load.end_known) {
        (true, _) => "begins where the PCR was left by the load before it",
        (false, true) => return,
        (false, false) => "nothing says whether records are missing after its last one",
    };
    rows.add_marked("", Mark::None, end);
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
        self.error.as_ref()
    }
}
