// SPDX-License-Identifier: GPL-2.0

//! `doctor` for people.

use super::{attributes, Document};
use crate::screen::{provenance, wrap, Mark, Screen};
use milspec::doctor::Doctor;
use milspec::doctor::{Check, Verdict};
use milspec::words::count;

/// Columns before the reason: glyph, word and title.
const LEAD: usize = 2 + 9 + 18;

/// All checks, those that want something done with what to do.
pub fn doctor(screen: &Screen, doc: &Doctor) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    for check in &doc.checks {
        text.push_str(&one(screen, check));
    }
    text.push_str(&attributes::doctor(
        screen,
        &doc.attributes,
        &doc.others,
        doc.asked,
    ));
    let number = |verdict| {
        let found = doc.checks.iter().filter(|check| check.result == verdict);
        found.count() as u64
    };
    let (problems, warnings) = (number(Verdict::Problem), number(Verdict::Warning));
    let summary = match (problems, warnings) {
        (0, 0) => "Everything works.".to_string(),
        (0, _) => format!("Works, with {}.", count(warnings, "warning")),
        (_, 0) => format!("{}.", count(problems, "problem")),
        _ => format!(
            "{}, {}.",
            count(problems, "problem"),
            count(warnings, "warning")
        ),
    };
    text.push_str(&format!("\n{}\n", screen.bold(&summary)));
    text
}

fn one(screen: &Screen, check: &Check) -> String {
    let (mark, word) = match check.result {
        Verdict::Ok => (Mark::Good, "ok"),
        Verdict::Warning => (Mark::Warning, "warning"),
        Verdict::Problem => (Mark::Bad, "problem"),
        Verdict::NotApplicable => (Mark::None, "n/a"),
    };
    let columns = screen.columns().saturating_sub(LEAD);
    let mut text = String::new();
    for (at, line) in wrap(&check.reason, columns).iter().enumerate() {
        if at == 0 {
            let word = screen.marked(mark, &format!("{word:<9}"));
            let title = screen.bold(&format!("{:<18}", check.title));
            text.push_str(&format!("{} {word}{title}{line}\n", screen.glyph(mark)));
        } else {
            text.push_str(&format!("{:LEAD$}{line}\n", ""));
        }
    }
    if let Some(remedy) = &check.remedy {
        let columns = columns.saturating_sub(2);
        for (at, line) in wrap(remedy, columns).iter().enumerate() {
            let lead = match at {
                0 => screen.glyph(Mark::Next),
                _ => " ".to_string(),
            };
            text.push_str(&format!("{:LEAD$}{lead} {line}\n", ""));
        }
    }
    text
}

impl Document for Doctor {
    fn human(&self, screen: &Screen) -> String {
        doctor(screen, self)
    }

    fn exit(&self) -> u8 {
        self.exit
    }
}
