// SPDX-License-Identifier: GPL-2.0

//! Confirmations for people.

use super::Document;
use crate::apply::confirm::Confirmation;
use crate::cmd::confirm::ConfirmDoc;
use crate::screen::{provenance, steps, wrap, Screen};

/// What is kept.
pub fn confirm(screen: &Screen, doc: &ConfirmDoc) -> String {
    let mut text = provenance(screen, doc.recording.as_deref(), None);
    text.push_str(&format!("Kept: {}.\n", doc.kept));
    text
}

/// What became of a change after it was made.
pub fn confirmation(screen: &Screen, confirmation: &Confirmation) -> String {
    let how = match confirmation.result {
        "confirmed" => return "Confirmed: it is kept.\n".into(),
        "reverted" => "everything is as it was before",
        _ => "not everything could be put back",
    };
    let mut text = steps(screen, &confirmation.steps, 0);
    let line = format!("Not kept, {}: {how}.", confirmation.why_not());
    for part in wrap(&line, screen.columns()) {
        text.push_str(&format!("{part}\n"));
    }
    text
}

impl Document for ConfirmDoc {
    fn human(&self, screen: &Screen) -> String {
        confirm(screen, self)
    }
}
