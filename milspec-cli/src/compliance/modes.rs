// SPDX-License-Identifier: GPL-2.0

//! What modes would do for the checks: which of them satisfies most on this machine, and what is left.

use super::document::{checked, Checked, Selection, Tally};
use super::exceptions::Exceptions;
use super::judge::Result as Came;
use super::registry::Registry;
use super::subject::Subject;
use crate::change::Change;
use crate::model::{mode_word, modes, outcome_word, Step, Word};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::Source;
use milspec_uapi::MODE_BASELINE;
use serde::Serialize;

/// How the checks would stand in a mode, after the next boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InMode {
    /// Name of the mode.
    pub mode: Word,
    /// How many checks would come to what.
    pub tally: Tally,
    /// The checks that would not be satisfied.
    pub left: Vec<String>,
}

/// The same of every mode that could be set now, from the least to the most; none where the driver
/// cannot say it, as in most recordings. Writes nothing and makes no firmware call.
pub fn all(
    registry: &Registry,
    root: &Root,
    source: &dyn Source,
    snapshot: &Snapshot,
    subject: &Subject,
    selection: &Selection,
) -> Vec<InMode> {
    let all = modes().filter(|number| *number != MODE_BASELINE);
    let in_mode = |number: u8| {
        let change = Change::of_mode(number, &[]).ok()?;
        let plan = change.plan(root, source, snapshot).ok()?;
        if outcome_word(plan.answer.apply.outcome) != "planned" {
            return None;
        }
        let steps = Step::all(&plan.answer.steps, &snapshot.controls);
        Some(after(registry, number, steps, subject, selection))
    };
    all.filter_map(in_mode).collect()
}

/// How the checks would stand after these steps of a mode.
pub fn after(
    registry: &Registry,
    mode: u8,
    steps: Vec<Step>,
    subject: &Subject,
    selection: &Selection,
) -> InMode {
    let steps = steps.into_iter().map(|step| (step.control, step.to));
    let subject = subject.after(steps);
    let checks = checked(registry, &subject, selection, &[], &Exceptions::default());
    let left = |check: &&Checked| check.result == Came::NotSatisfied;
    InMode {
        mode: mode_word(mode),
        tally: Tally::of(&checks),
        left: checks
            .iter()
            .filter(left)
            .map(|check| check.id.clone())
            .collect(),
    }
}

/// The one that satisfies most; of several, the least.
pub fn best(all: &[InMode]) -> Option<&InMode> {
    let mut all = all.iter();
    let first = all.next()?;
    Some(all.fold(first, |best, one| {
        match one.tally.satisfied > best.tally.satisfied {
            true => one,
            false => best,
        }
    }))
}
