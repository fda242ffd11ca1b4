// SPDX-License-Identifier: GPL-2.0

//! `doctor` for people.

use super::{attributes, Document};
use crate::page::Page;
use crate::screen::Mark;
use milspec::doctor::{Check, Doctor, Verdict};
use milspec::words::count;

/// Columns before the reason: glyph, word and title.
const LEAD: usize = 2 + 9 + 18;

fn one(page: &mut Page<'_>, check: &Check) {
    let (mark, word) = match check.result {
        Verdict::Ok => (Mark::Good, "ok"),
        Verdict::Warning => (Mark::Warning, "warning"),
        Verdict::Problem => (Mark::Bad, "problem"),
        Verdict::NotApplicable => (Mark::None, "n/a"),
    };
    let screen = page.screen;
    let word = screen.marked(mark, &format!("{word:<9}"));
    let title = screen.bold(&format!("{:<18}", check.title));
    let lead = format!("{} {word}{title}", screen.glyph(mark));
    page.hang(&lead, LEAD, Mark::Plain, &[&check.reason]);
    if let Some(remedy) = &check.remedy {
        page.note(LEAD, Mark::Next, remedy);
    }
}

impl Document for Doctor {
    /// All checks, those that want something done with what to do.
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.from);
        for check in &self.checks {
            one(page, check);
        }
        attributes::doctor(page, &self.attributes, &self.others, self.asked);
        let number = |verdict| self.checks.iter().filter(|c| c.result == verdict).count();
        let (problems, warnings) = (number(Verdict::Problem), number(Verdict::Warning));
        let (some, few) = (count(problems, "problem"), count(warnings, "warning"));
        page.line("");
        page.heading(&match (problems, warnings) {
            (0, 0) => "Everything works.".to_string(),
            (0, _) => format!("Works, with {few}."),
            (_, 0) => format!("{some}."),
            _ => format!("{some}, {few}."),
        });
    }

    fn exit(&self) -> u8 {
        self.exit
    }
}
