// SPDX-License-Identifier: GPL-2.0

//! `baseline show` for people.

use super::Document;
use crate::cmd::baseline_show::{BaselineShow, Before};
use crate::screen::{provenance, warnings, Mark, Screen};
use milspec::words::count;

/// One line for each control.
pub fn baseline_show(screen: &Screen, doc: &BaselineShow) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    let width = |of: fn(&Before) -> &str| doc.controls.iter().map(|b| of(b).len()).max();
    let name = width(|before| &before.name).unwrap_or(0);
    let value = width(|before| &before.value).unwrap_or(0);
    for before in &doc.controls {
        let (mark, now) = match (&before.in_words, before.differs) {
            (None, _) => (Mark::None, "now unknown".to_string()),
            (Some(_), false) => (Mark::Good, "as it was".into()),
            (Some(now), true) => (Mark::Warning, format!("now {now}")),
        };
        let line = format!(
            "{} {:<name$}  {:<value$}  {}",
            screen.glyph(mark),
            before.name,
            before.value,
            screen.marked(mark, &now)
        );
        text.push_str(&format!("{line}\n"));
        if screen.verbose {
            let when = match &before.recorded_at {
                Some(when) => format!("recorded {when}"),
                None => "known to the driver only, until it is unloaded".into(),
            };
            text.push_str(&format!("    {when}\n"));
        }
    }
    text.push_str(&format!("{}\n", ending(doc)));
    text.push_str(&warnings(screen, &doc.warnings));
    text
}

fn ending(doc: &BaselineShow) -> String {
    let differ = doc.controls.iter().filter(|before| before.differs).count();
    let unknown = doc.controls.iter().any(|before| before.in_words.is_none());
    let recorded = count(doc.controls.len() as u64, "control");
    match (doc.controls.len(), differ) {
        (0, _) => "Nothing is recorded: nothing was changed, or all was brought back.".into(),
        _ if unknown || !doc.this_machine => format!("{recorded} recorded."),
        (_, 0) => format!("{recorded} recorded, all as they were."),
        (_, differ) => format!(
            "{recorded} recorded, {differ} not as before.\n\
             \"milspecctl mode set baseline\" brings back what was."
        ),
    }
}

impl Document for BaselineShow {
    fn human(&self, screen: &Screen) -> String {
        baseline_show(screen, self)
    }
}
