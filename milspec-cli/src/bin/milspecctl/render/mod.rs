// SPDX-License-Identifier: GPL-2.0

//! What people see of each document.

mod apply;
mod attest;
mod attributes;
mod baseline;
mod config;
mod confirm;
mod control_list;
mod control_show;
mod doctor;
mod error;
mod events;
mod journal;
mod mode;
mod report;
mod status;

pub use confirm::confirmation;
pub use error::error;
pub use events::{event, header as events_header};
pub use report::{report, report_file};

use crate::cmd::completion::CompletionDoc;
use crate::screen::{Mark, Screen};
use milspec::failure::Failure;
use milspec::snapshot::Refreshed;
use milspec::words::count;
use serde::Serialize;

/// What a command has to say.
pub trait Document: Serialize {
    /// The same for people.
    fn human(&self, screen: &Screen) -> String;

    /// What went wrong, where that is part of the document.
    fn failure(&self) -> Option<&Failure> {
        None
    }

    /// Exit status; 0 unless something went wrong, or the command is there to judge.
    fn exit(&self) -> u8 {
        self.failure().map_or(0, |failure| failure.exit as u8)
    }
}

/// A document, as programs get it.
pub fn json(document: &impl Serialize) -> String {
    // The documents have nothing that JSON has no words for.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// A document in one line, of many.
pub fn line(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The lines that say what a refresh did.
pub fn refreshed(screen: &Screen, done: &Refreshed) -> String {
    let calls = count(done.firmware_calls, "firmware call");
    let mut text = match done.changed_count {
        0 => format!("Refreshed with {calls}: nothing changed.\n"),
        n => format!("Refreshed with {calls}: {} changed.\n", count(n, "control")),
    };
    let width = done.changed.iter().map(|c| c.name.len()).max().unwrap_or(0);
    for change in &done.changed {
        text.push_str(&format!(
            "  {} {:<width$}  {} {} {}\n",
            screen.glyph(Mark::Warning),
            change.name,
            change.before,
            screen.arrow(),
            change.after
        ));
    }
    text
}

impl Document for CompletionDoc {
    /// A script for the shell is no text for people: it is the same on every screen.
    fn human(&self, _screen: &Screen) -> String {
        self.script.clone()
    }
}
