// SPDX-License-Identifier: GPL-2.0

//! Confirmations for people.

use super::Document;
use crate::apply::confirm::Confirmation;
use crate::cmd::confirm::ConfirmDoc;
use crate::screen::{lines, provenance, steps, wrap, Mark, Screen};
use milspec::failure::Failure;

/// What became of the change that waited.
pub fn confirm(screen: &Screen, doc: &ConfirmDoc) -> String {
    let mut text = provenance(screen, doc.recording.as_deref(), None);
    let change = doc.change.as_deref().unwrap_or("nothing");
    match (&doc.confirmation, doc.result) {
        (Some(ended), _) => text.push_str(&confirmation(screen, ended)),
        (None, "kept") => text.push_str(&format!("Kept: {change}.\n")),
        (None, "forgotten") => text.push_str(&format!("Forgotten: {change} was undone.\n")),
        (None, "waiting") => text.push_str(&format!("Still to be confirmed: {change}.\n")),
        (None, _) => text.push_str("Nothing is to be undone.\n"),
    }
    if doc.reboots {
        text.push_str("The machine boots again.\n");
    }
    text
}

/// What became of a change after it was made.
pub fn confirmation(screen: &Screen, confirmation: &Confirmation) -> String {
    let how = match confirmation.result {
        "waiting" => return String::new(),
        "confirmed" => return "Confirmed: it is kept.\n".into(),
        "undone" => "everything is as it was before",
        _ => "not everything could be put back",
    };
    let mut text = steps(screen, &confirmation.steps, 0);
    let line = format!("Not kept, {}: {how}.", confirmation.why_not());
    for part in wrap(&line, screen.columns()) {
        text.push_str(&format!("{part}\n"));
    }
    if !confirmation.absent.is_empty() {
        let names = confirmation.absent.join(", ");
        let line = format!("not on this machine any more: {names}");
        lines(screen, &mut text, Mark::Warning, &line);
    }
    if confirmation.needs_reboot {
        let line = "what was put back is in force after the next boot";
        lines(screen, &mut text, Mark::Warning, line);
    }
    text
}

impl Document for ConfirmDoc {
    fn human(&self, screen: &Screen) -> String {
        confirm(screen, self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }
}
