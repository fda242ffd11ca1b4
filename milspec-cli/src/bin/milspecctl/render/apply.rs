// SPDX-License-Identifier: GPL-2.0

//! Plans, and what became of them, for people.

use super::confirm::confirmation;
use super::{attributes, Document};
use crate::apply::{ApplyDoc, Note};
use crate::page::Page;
use crate::screen::Mark;
use milspec::change::{Skipped, ABSENT};
use milspec::words::count;
use milspec::{Failure, Warning};

/// What was asked for, the steps, and how it ended.
pub fn plan(page: &mut Page<'_>, doc: &ApplyDoc) {
    if let (Some(mode), Some(reach)) = (&doc.target.mode, doc.reach) {
        let mode = page.screen.bold(&format!("Mode {mode}"));
        page.line(format!("{mode}: {}", reach.in_words()));
    }
    page.steps(&doc.steps, 0);
    if !doc.excepted.is_empty() {
        let line = format!("left as is: {}", doc.excepted.join(", "));
        page.note(0, Mark::None, &line);
    }
    if !doc.skipped.is_empty() {
        let name = |skipped: &Skipped| match skipped.why {
            ABSENT => skipped.name.clone(),
            _ => format!("{}={}", skipped.name, skipped.value),
        };
        let names: Vec<String> = doc.skipped.iter().map(name).collect();
        let line = format!("not on this machine: {}", names.join(", "));
        page.note(0, Mark::None, &line);
    }
    for left in &doc.left_out {
        let line = format!("{}={} left out: {}", left.name, left.value, left.why);
        page.note(0, Mark::Warning, &line);
        page.note(0, Mark::Next, &left.next);
    }
    page.line(ending(doc));
    if let Some(ended) = &doc.confirmation {
        confirmation(page, ended);
    }
    if let Some(said) = &doc.attributes {
        attributes::after_change(page, said);
    }
    if let Some(note) = &doc.baseline {
        page.put(recorded(note, doc.latches));
    }
    // Those of before a change were shown before it.
    let planned = doc.outcome == "planned";
    const AFTER: [&str; 3] = ["pending-reboot", "attribute-disagrees", "unconfirmed"];
    let shown = |warning: &&Warning| planned || AFTER.contains(&warning.code);
    let left: Vec<Warning> = doc.warnings.iter().filter(shown).cloned().collect();
    page.warnings(&left);
}

fn ending(doc: &ApplyDoc) -> String {
    let steps = count(doc.steps.len(), "step");
    let later = doc.confirmation.as_ref().map_or(0, |it| it.firmware_calls);
    let calls = count(doc.firmware_calls.saturating_sub(later), "firmware call");
    match (doc.outcome.as_ref(), doc.steps.len()) {
        ("planned", 0) if doc.accepts => {
            format!("To be accepted as it is: {}. Nothing was done.", names(doc))
        }
        ("done", 0) if doc.accepts => {
            format!("Accepted as it is: {}. Nothing was written.", names(doc))
        }
        ("planned", 0) if doc.latches => {
            "No control has to be changed; the mode latches. Nothing was done.".into()
        }
        ("done", 0) if doc.latches => {
            "Latched until the next boot. No control had to be changed.".into()
        }
        ("planned" | "done", 0) => match &doc.target.mode {
            _ if doc.restores => "Nothing to do: all that can be brought back is as it was.".into(),
            Some(_) => "Nothing to do: every control within reach is as the mode asks.".into(),
            None => "Nothing to do: the values are in force already.".into(),
        },
        ("planned", _) => format!("{steps} to make. Nothing was changed."),
        ("done", _) if doc.latches => {
            format!("Done: {steps} made and read back, with {calls}.\nLatched until the next boot.")
        }
        ("done", _) => format!("Done: {steps} made and read back, with {calls}."),
        ("refused", _) => "Refused. Nothing was changed.".into(),
        ("undone", _) => format!("Undone, with {calls}: everything is as it was before."),
        ("degraded", _) => format!("Degraded, with {calls}: not everything could be undone."),
        ("conflict", _) => {
            format!("Conflict, with {calls}: a foreign change stays, the rest is undone.")
        }
        (other, _) => format!("The driver says {other}, with {calls}."),
    }
}

/// Names of the controls that were asked for.
fn names(doc: &ApplyDoc) -> String {
    let wanted = doc.target.controls.iter();
    let names: Vec<&str> = wanted.map(|wanted| wanted.name.as_str()).collect();
    names.join(", ")
}

/// What became of the record of the baseline, where that is news.
fn recorded(note: &Note, latches: bool) -> &'static str {
    match (note.state, note.added) {
        ("recorded", 1..) if latches => {
            "To bring back what was before, after the next boot: milspecctl mode set baseline\n"
        }
        ("removed", _) => "The record is removed: the next change begins a new one.\n",
        ("until-confirmed", _) => "The record goes when this is confirmed.\n",
        ("kept", _) => "The record keeps what was not brought back.\n",
        ("recorded", 1..) => "To bring back what was before: milspecctl mode set baseline\n",
        _ => "",
    }
}

impl Document for ApplyDoc {
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.from);
        plan(page, self);
    }

    fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }
}
