// SPDX-License-Identifier: GPL-2.0

//! Decides whether an objective is met: by the records of the training, by how its copy stands, and
//! by what the trainee has answered. Nothing else is asked, so that it can be decided again later.

use super::check::Check;
use super::run::{seconds, Ended, Run};
use super::scenario::Match;
pub use super::verdict::{Answer, State, Verdict};
use crate::model::{kind_word, mode_word, outcome_word, Control};
use milspec_uapi as uapi;
use milspec_uapi::Event;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a training.
pub struct Facts<'a> {
    /// Its records, the oldest first, as far as they count.
    pub records: &'a [Event],
    /// When it is looked at, in nanoseconds from boot.
    pub now: u64,
    /// The controls of the copy, as they are, or were at the end.
    pub(super) controls: &'a [Control],
    /// Values of controls to begin with.
    pub(super) start: &'a BTreeMap<String, String>,
    /// What was answered in time.
    pub(super) answers: Vec<&'a Answer>,
    /// Names of users.
    pub(super) users: &'a BTreeMap<u32, String>,
    /// Why it is over, where it is: what is not met then is not met.
    pub(super) ended: Option<Ended>,
    /// Whether what was to happen by itself has.
    pub(super) is_played: bool,
    /// When it began, in nanoseconds from boot.
    begun: u64,
    /// The steps of applies that were done.
    changes: Vec<&'a Event>,
}

impl<'a> Facts<'a> {
    /// Of a run, with what counts of its records and answers.
    pub(super) fn new(run: &'a Run, records: &'a [Event], answers: Vec<&'a Answer>) -> Self {
        let ends = |event: &&Event| {
            event.kind == uapi::KIND_APPLY_ENDED && event.outcome == uapi::OUTCOME_DONE
        };
        let done: BTreeSet<u64> = records.iter().filter(ends).map(|end| end.about).collect();
        let changes = records.iter().filter(|event| {
            let is_step = event.kind == uapi::KIND_STEP && event.step == uapi::STEP_DONE;
            is_step && done.contains(&event.about)
        });
        Self {
            records,
            now: run.seen_ns,
            controls: &run.controls,
            start: &run.start,
            answers,
            users: &run.users,
            ended: run.ended,
            is_played: run.is_played(),
            begun: run.begun_ns(),
            changes: changes.collect(),
        }
    }
}

impl Facts<'_> {
    /// Decides.
    pub fn judge(&self, check: &Check) -> Verdict {
        let verdict = match check {
            Check::Reach {
                mode,
                within,
                clean,
                except,
            } => self.reach(mode, *within, *clean, except.as_deref()),
            Check::Value { control, value } => self.value(control, value),
            Check::Keep { controls } => self.keep(controls),
            Check::Back {} => self.back(),
            Check::Order { controls } => self.order(controls),
            Check::Accept { control } => self.accept(control),
            Check::Restore { control, within } => self.restore(control, *within),
            Check::Refrain { mode, control } => self.refrain(mode.as_deref(), control.as_deref()),
            Check::Isolate { within } => self.isolate(*within),
            Check::Recover {} => self.recover(),
            Check::Retry {} => self.retry(),
            Check::Latch {} => self.latch(),
            Check::Answer {
                name,
                is,
                who,
                which,
            } => self.answer(name, is.as_deref(), who.as_deref(), which.as_deref()),
        };
        let gap = self.of_kind(uapi::KIND_GAP).next();
        let verdict = match gap.filter(|_| check.needs_every_record()) {
            Some(gap) if verdict.state != State::Missed => {
                self.open("records are missing, so that it cannot be known", &[gap])
            }
            _ => verdict,
        };
        match verdict.state {
            State::Open if self.ended.is_some() => Verdict {
                state: State::Missed,
                ..verdict
            },
            _ => verdict,
        }
    }

    pub(super) fn open(&self, why: impl Into<String>, evidence: &[&Event]) -> Verdict {
        Verdict::new(State::Open, why, evidence)
    }

    pub(super) fn id(&self, name: &str) -> Option<u32> {
        Some(Control::named(self.controls, name)?.id)
    }

    pub(super) fn control(&self, id: u32) -> Option<&Control> {
        self.controls.iter().find(|control| control.id == id)
    }

    pub(super) fn name(&self, id: u32) -> &str {
        self.control(id)
            .map_or("a control", |control| &control.name)
    }

    /// Nanoseconds of the clock from boot when it began.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn of_kind(&self, kind: u16) -> impl DoubleEndedIterator<Item = &Event> {
        self.records.iter().filter(move |event| event.kind == kind)
    }

    /// The steps of this apply.
    pub(super) fn steps_of(&self, apply: u64) -> impl Iterator<Item = &Event> {
        self.of_kind(uapi::KIND_STEP)
            .filter(move |step| step.about == apply)
    }

    /// Whether the apply that ended so has a list; `None` where its begin is not among the records.
    pub(super) fn is_listed(&self, end: &Event) -> Option<bool> {
        let begun = |event: &Event| event.sequence;
        let at = self.records.binary_search_by_key(&end.about, begun).ok()?;
        let begun = self.records.get(at)?;
        (begun.kind == uapi::KIND_APPLY_BEGUN).then_some(begun.properties & uapi::EVENT_LIST != 0)
    }

    /// The steps of applies that were not undone.
    pub(super) fn changes(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.changes.iter().copied()
    }

    pub(super) fn changes_of(&self, name: &str) -> impl DoubleEndedIterator<Item = &Event> {
        let id = self.id(name);
        self.changes()
            .filter(move |event| Some(event.control) == id)
    }

    /// Whether a record is such a one.
    pub fn fits(&self, event: &Event, wanted: &Match) -> bool {
        let is = |wanted: &Option<String>, word: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == word)
        };
        kind_word(event.kind) == wanted.kind
            && is(&wanted.mode, &mode_word(event.mode))
            && is(&wanted.outcome, &outcome_word(event.outcome))
            && is(&wanted.control, self.name(event.control))
            && wanted.uid.is_none_or(|uid| uid == event.uid)
    }

    /// Whether so many seconds are over.
    pub(super) fn is_late(&self, since: u64, within: Option<u64>) -> bool {
        within.is_some_and(|within| self.now.saturating_sub(since) > seconds(within))
    }
}

/// Whether a record came later than that.
pub(super) fn late(event: &Event, since: u64, within: Option<u64>) -> bool {
    within.is_some_and(|within| event.boot_ns.saturating_sub(since) > seconds(within))
}

/// The first few of these names.
pub(super) fn some(names: &[&str]) -> String {
    match names {
        [] => "nothing".into(),
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}
