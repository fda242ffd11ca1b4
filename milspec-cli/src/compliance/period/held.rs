// SPDX-License-Identifier: GPL-2.0

//! Which checks were satisfied all the time, going back from the last reading.

use super::{Change, Held, Turn};
use crate::compliance::document::Selection;
use crate::compliance::judge::{judge, Outcome, Reason, Result as Came};
use crate::compliance::registry::Registry;
use crate::compliance::subject::{Found, Subject};
use crate::model::Event;
use std::collections::BTreeMap;

/// How a check stood so far: what is worse comes first, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stood {
    /// It was not satisfied once.
    Not,
    /// Once it is not known whether it was.
    Unknown,
    /// It was satisfied.
    Satisfied,
}

/// What each check comes to at one moment.
type Moment = BTreeMap<String, Outcome>;

/// How each check of controls stood. `running` are the records of the running load, the newest first,
/// where they can be trusted; `is_whole` is whether they and no others are the whole period.
pub(super) fn held(
    registry: &Registry,
    selection: &Selection,
    subject: &Subject,
    running: Option<Vec<&Event>>,
    is_whole: bool,
) -> Vec<Held> {
    let selected = selection.of(registry);
    let of_controls = selected
        .iter()
        .map(|(check, _)| check)
        .filter(|check| check.terms.iter().all(|term| term.fact().is_none()));
    let mut ids: Vec<&str> = of_controls.map(|check| check.id.as_str()).collect();
    let then = subject.after([]);
    let outcomes = judge(registry, &then);
    // What is about nothing on this machine has not held either.
    ids.retain(|id| outcomes.get(*id).map(|one| one.result) != Some(Came::NotApplicable));
    let mut walk = Walk {
        registry,
        stood: ids.iter().map(|id| (*id, stood(&outcomes, id))).collect(),
        turns: BTreeMap::new(),
        outcomes,
        then,
    };
    for event in running.into_iter().flatten() {
        walk.back_over(event);
    }
    let held = ids.into_iter().map(|id| {
        let mut changes = walk.turns.remove(id).unwrap_or_default();
        changes.reverse();
        Held {
            check: id.into(),
            // That it was not so once is known whatever is missing; that it was always so is not.
            throughout: match walk.stood.get(id) {
                Some(Stood::Not) => Some(false),
                Some(Stood::Satisfied) if is_whole => Some(true),
                _ => None,
            },
            changes,
        }
    });
    held.collect()
}

/// How a check stands at one moment. What was there and then is not is not known either.
fn stood(moment: &Moment, id: &str) -> Stood {
    match moment
        .get(id)
        .map(|outcome| (outcome.result, outcome.reason))
    {
        Some((Came::Satisfied, _)) => Stood::Satisfied,
        Some((Came::NotSatisfied, reason)) if reason != Some(Reason::Unread) => Stood::Not,
        _ => Stood::Unknown,
    }
}

struct Walk<'a> {
    registry: &'a Registry,
    stood: BTreeMap<&'a str, Stood>,
    turns: BTreeMap<&'a str, Vec<Turn>>,
    outcomes: Moment,
    then: Subject,
}

impl Walk<'_> {
    /// Goes back over a record: first to how it left the control, then to how that was before.
    fn back_over(&mut self, event: &Event) {
        const UNTOLD: &str = "the journal does not say";
        let found = |value: &Option<String>| match value {
            Some(value) => Found::value(value),
            None => Found::unread(UNTOLD),
        };
        if let Some(change) = Change::of(event) {
            self.go(&change.time, &change.control, found(&change.to));
            self.go(&change.time, &change.control, found(&change.from));
            return;
        }
        // Of such a step nobody knows what the control had for a while.
        let unclear = matches!(event.step.as_deref(), Some("failed" | "moved"));
        if let Some(control) = event.control.as_ref().filter(|_| unclear) {
            self.go(&event.time, control, Found::unread(UNTOLD));
            self.go(&event.time, control, found(&event.from));
        }
    }

    fn go(&mut self, time: &str, control: &str, found: Found) {
        self.then.put(control, found);
        let before = judge(self.registry, &self.then);
        for (id, so_far) in &mut self.stood {
            *so_far = (*so_far).min(stood(&before, id));
            let result = |moment: &Moment| moment.get(*id).map(|outcome| outcome.result);
            if let (Some(from), Some(to)) = (result(&before), result(&self.outcomes)) {
                if from != to {
                    self.turns.entry(id).or_default().push(Turn {
                        time: time.into(),
                        from,
                        to,
                    });
                }
            }
        }
        self.outcomes = before;
    }
}
