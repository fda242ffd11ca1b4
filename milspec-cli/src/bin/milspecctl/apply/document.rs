// SPDX-License-Identifier: GPL-2.0

//! The document of every command that plans or changes.

use crate::apply::confirm::Confirmation;
use crate::apply::Note;
use milspec::attributes::Attributes;
use milspec::change::{Assignment, LeftOut, Skipped};
use milspec::model::{
    mode_word, name_of, outcome_word, reason_word, Provenance, Reach, Step, Word,
};
use milspec::source::Answer;
use milspec::{refusal, Change, Failure, Root, Snapshot, Warning};
use milspec_uapi::{MODE_NONE, MODE_PARANOID_PLUS, OUTCOME_DONE, OUTCOME_PLANNED, OUTCOME_REFUSED};
use serde::Serialize;

/// `milspec.plan/1`, where nothing was asked to be changed, and `milspec.apply/1`
#[derive(Debug, Default, Serialize)]
pub struct ApplyDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
    /// Whether the baseline was asked for.
    #[serde(skip)]
    pub restores: bool,
    /// Whether controls were to be accepted as they are.
    #[serde(skip)]
    pub accepts: bool,
    /// `planned`, `done`, `refused`, `undone`, `degraded` or `conflict`.
    pub outcome: Word,
    /// What was asked for.
    pub target: TargetDoc,
    /// Names of the controls that were to stay as they are, whatever the mode asks for.
    pub excepted: Vec<String>,
    /// What is not for this machine.
    pub skipped: Vec<Skipped>,
    /// How far the mode reaches; null without a mode, and where the request was refused.
    pub reach: Option<Reach>,
    /// Whether it latches the machine until the next boot, which it was not before.
    pub latches: bool,
    /// How many controls it would change, or changed.
    pub changes: usize,
    /// The steps.
    pub steps: Vec<Step>,
    /// What could not be had, and was left out.
    pub left_out: Vec<LeftOut>,
    /// What became of the record of the baseline; null where this has nothing to do with it.
    pub baseline: Option<Note>,
    /// What became of it afterwards, where it had to be confirmed; null where not, and where there
    /// was nothing to confirm.
    pub confirmation: Option<Confirmation>,
    /// What the BIOS attributes say of the controls afterwards; null where nothing was done.
    pub attributes: Option<Attributes>,
    /// Why it was refused.
    pub reason: Option<Word>,
    /// The control that was refused, or whose step failed first.
    pub control: Option<String>,
    /// The other control that the reason speaks of.
    pub needs: Option<String>,
    /// Generation after it.
    pub generation: u64,
    /// Firmware calls that it took.
    pub firmware_calls: u32,
    /// What needs attention, before and after.
    pub warnings: Vec<Warning>,
    /// What went wrong.
    pub error: Option<Failure>,
}

/// What was asked for.
#[derive(Debug, Default, Serialize)]
pub struct TargetDoc {
    /// Name of the mode.
    pub mode: Option<Word>,
    /// Controls and their values.
    pub controls: Vec<Assignment>,
}

impl ApplyDoc {
    /// Puts an answer into words.
    pub fn new(
        schema: &'static str,
        root: &Root,
        snapshot: &Snapshot,
        change: &Change,
        answer: &Answer,
    ) -> Self {
        let (apply, controls) = (&answer.apply, &snapshot.controls);
        let name = |id: u32| (id != 0).then(|| name_of(id, controls));
        let mode = (change.mode != MODE_NONE).then(|| mode_word(change.mode));
        let steps = Step::all(&answer.steps, controls);
        // After a failure it is what could not be put back that is not as it was.
        let changed = |step: &&Step| matches!(step.state.as_ref(), "done" | "degraded");
        let changes = if apply.outcome == OUTCOME_PLANNED {
            steps.len()
        } else {
            steps.iter().filter(changed).count()
        };
        Self {
            schema,
            from: snapshot.provenance(root),
            restores: change.restores,
            accepts: change.accepts,
            outcome: outcome_word(apply.outcome),
            reach: (mode.is_some() && apply.outcome != OUTCOME_REFUSED)
                .then(|| Reach::of_plan(apply)),
            latches: change.mode == MODE_PARANOID_PLUS
                && matches!(apply.outcome, OUTCOME_PLANNED | OUTCOME_DONE)
                && !snapshot.is_latched(),
            target: TargetDoc {
                mode,
                controls: change.assignments.clone(),
            },
            excepted: change.excepted(),
            skipped: change.skipped.clone(),
            reason: reason_word(apply.reason),
            control: name(apply.control),
            needs: name(apply.needs),
            generation: apply.generation,
            firmware_calls: apply.firmware_calls,
            error: refusal::failure(root, snapshot, &change.in_words(), answer, &steps),
            changes,
            steps,
            ..Self::default()
        }
    }

    /// Says what became of it afterwards: what was put back is no change any more.
    pub fn confirm(&mut self, change: &Change, confirmation: Confirmation) {
        self.firmware_calls += confirmation.firmware_calls;
        self.error = confirmation.failure(&change.in_words());
        if self.error.is_some() {
            self.changes = confirmation.left.len();
        }
        self.confirmation = Some(confirmation);
    }

    /// Says what was left out. All else may be well: it is a failure nevertheless, but for what is
    /// not on this machine any more.
    pub fn leave_out(&mut self, left_out: Vec<LeftOut>) {
        let refused = left_out.iter().filter(|left| !left.is_absent());
        let names: Vec<&str> = refused.map(|left| left.name.as_str()).collect();
        if self.error.is_none() && !names.is_empty() {
            self.error = Some(Failure::new(
                "baseline-incomplete",
                "not all of the baseline can be brought back",
                format!("left out: {}", names.join(", ")),
                "remove the causes, then run it again: the record is kept",
            ));
        }
        self.left_out = left_out;
    }
}
