// SPDX-License-Identifier: GPL-2.0

//! What people see of each document.

mod apply;
mod attest;
mod attributes;
mod baseline;
mod compliance;
mod config;
mod confirm;
mod control_list;
mod control_show;
mod doctor;
mod error;
mod events;
mod journal;
mod mode;
mod monitor;
mod report;
mod status;
mod training;

pub use error::error;
pub use events::{event, evidence, header as events_header};
pub use report::{report, report_file};
pub use training::objective;

use crate::cmd::completion::CompletionDoc;
use crate::page::{Page, Row};
use crate::screen::{Mark, Screen};
use milspec::snapshot::Refreshed;
use milspec::words::count;
use milspec::Failure;
use serde::Serialize;

/// What a command has to say.
pub trait Document: Serialize {
    /// The same for people.
    fn human(&self, page: &mut Page<'_>);

    /// What went wrong, where that is part of the document.
    fn failure(&self) -> Option<&Failure> {
        None
    }

    /// Exit status; 0 unless something went wrong, or the command is there to judge.
    fn exit(&self) -> u8 {
        self.failure().map_or(0, |failure| failure.exit as u8)
    }
}

/// What people see of a document on this screen.
pub fn text(screen: &Screen, document: &impl Document) -> String {
    let mut page = Page::new(screen);
    document.human(&mut page);
    page.finish()
}

/// A document, as programs get it.
pub fn json(document: &impl Serialize) -> String {
    // The documents have nothing that JSON has no words for.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

/// A document in one line, of many.
pub fn line(document: &impl Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default() + "\n"
}

/// The lines that say what a refresh did.
pub fn refreshed(page: &mut Page<'_>, done: &Refreshed) {
    let calls = count(done.firmware_calls, "firmware call");
    page.line(match done.changed_count {
        0 => format!("Refreshed with {calls}: nothing changed."),
        n => format!("Refreshed with {calls}: {} changed.", count(n, "control")),
    });
    let arrow = page.screen.arrow();
    let rows = done.changed.iter().map(|change| Row {
        mark: Mark::Warning,
        cells: vec![
            change.name.clone(),
            format!("{} {arrow} {}", change.before, change.after),
        ],
        said: String::new(),
        below: None,
    });
    page.table(2, &rows.collect::<Vec<_>>());
}

impl Document for CompletionDoc {
    /// A script for the shell is no text for people: it is the same on every screen.
    fn human(&self, page: &mut Page<'_>) {
        page.put(&self.script);
    }
}
