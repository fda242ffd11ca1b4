// SPDX-License-Identifier: GPL-2.0

//! Confirmations for people.

use super::Document;
use crate::apply::confirm::Confirmation;
use crate::cmd::confirm::ConfirmDoc;
use crate::page::Page;
use crate::screen::Mark;
use milspec::Failure;

/// What became of a change after it was made.
pub fn confirmation(page: &mut Page<'_>, confirmation: &Confirmation) {
    let how = match confirmation.result {
        "waiting" => return,
        "confirmed" => return page.line("Confirmed: it is kept."),
        "undone" => "everything is as it was before",
        _ => "not everything could be put back",
    };
    page.steps(&confirmation.steps, 0);
    let line = format!("Not kept, {}: {how}.", confirmation.why_not());
    page.wrapped(0, &line);
    if !confirmation.absent.is_empty() {
        let names = confirmation.absent.join(", ");
        let line = format!("not on this machine any more: {names}");
        page.note(0, Mark::Warning, &line);
    }
    if confirmation.needs_reboot {
        let line = "what was put back is in force after the next boot";
        page.note(0, Mark::Warning, line);
    }
}

impl Document for ConfirmDoc {
    /// What became of the change that waited.
    fn human(&self, page: &mut Page<'_>) {
        if let Some(from) = &self.recording {
            let line = format!("recording, not this machine: {from}");
            page.note(0, Mark::Warning, &line);
        }
        let change = self.change.as_deref().unwrap_or("nothing");
        match (&self.confirmation, self.result) {
            (Some(ended), _) => confirmation(page, ended),
            (None, "kept") => page.line(format!("Kept: {change}.")),
            (None, "forgotten") => page.line(format!("Forgotten: {change} was undone.")),
            (None, "undone") => page.line(format!("Undone: {change}.")),
            (None, "waiting") => page.line(format!("Still to be confirmed: {change}.")),
            (None, _) => page.line("Nothing is to be undone."),
        }
        if self.reboots {
            page.line("The machine boots again.");
        }
    }

    fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }
}
