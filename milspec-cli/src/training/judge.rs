// SPDX-License-Identifier: GPL-2.0

//! Decides whether an objective is met: by the records of the training, by how its copy stands, and
//! by what the trainee has answered. Nothing else is asked, so that it can be decided again later.

use super::check::Check;
use super::scenario::Match;
pub use super::verdict::{Answer, State, Verdict};
use crate::model::{kind_word, mode_word, outcome_word, Control};
use milspec_uapi as uapi;
use milspec_uapi::Event;
use std::collections::BTreeMap;

/// What is known of a training.
pub struct Facts<'a> {
    /// Its records, the oldest first.
    pub records: &'a [Event],
    /// The controls of the copy, as they are, or were at the end.
    pub controls: &'a [Control],
    /// Values of controls to begin with.
    pub start: &'a BTreeMap<String, String>,
    /// What was answered.
    pub answers: &'a [Answer],
    /// Names of users.
    pub users: &'a BTreeMap<u32, String>,
    /// When it is looked at, in nanoseconds from boot.
    pub now: u64,
    /// Whether it is over: what is not met then is not met.
    pub over: bool,
}

impl Facts<'_> {
    /// Decides.
    pub fn judge(&self, check: &Check) -> Verdict {
        let verdict = match check {
            Check::Reach {
                mode,
                within,
                clean,
            } => self.reach(mode, *within, *clean),
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
        match verdict.state {
            State::Open if self.over => Verdict {
                state: State::Missed,
                ..verdict
            },
            _ => verdict,
        }
    }

    fn open(&self, why: impl Into<String>, evidence: &[&Event]) -> Verdict {
        Verdict::new(State::Open, why, evidence)
    }

    fn id(&self, name: &str) -> Option<u32> {
        Some(Control::named(self.controls, name)?.id)
    }

    fn name(&self, id: u32) -> &str {
        let control = self.controls.iter().find(|control| control.id == id);
        control.map_or("a control", |control| &control.name)
    }

    /// Nanoseconds of the clock from boot when it began.
    fn begun(&self) -> u64 {
        self.records.first().map_or(0, |event| event.boot_ns)
    }

    fn of_kind(&self, kind: u16) -> impl DoubleEndedIterator<Item = &Event> {
        self.records.iter().filter(move |event| event.kind == kind)
    }

    /// The steps of applies that were not undone.
    fn changes(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.of_kind(uapi::KIND_STEP)
            .filter(|event| event.step == uapi::STEP_DONE)
            .filter(|event| {
                let mut ends = self.of_kind(uapi::KIND_APPLY_ENDED);
                let end = ends.find(|end| end.about == event.about);
                end.is_some_and(|end| end.outcome == uapi::OUTCOME_DONE)
            })
    }

    fn changes_of(&self, name: &str) -> impl DoubleEndedIterator<Item = &Event> {
        let id = self.id(name);
        self.changes()
            .filter(move |event| Some(event.control) == id)
    }

    fn reach(&self, mode: &str, within: Option<u64>, clean: bool) -> Verdict {
        let is_it =
            |event: &&Event| event.outcome == uapi::OUTCOME_DONE && mode_word(event.mode) == mode;
        let end = self.of_kind(uapi::KIND_APPLY_ENDED).find(is_it);
        let before = |event: &&Event| end.is_none_or(|end| event.sequence < end.sequence);
        let failed = |event: &&Event| {
            matches!(event.step, uapi::STEP_FAILED | uapi::STEP_DEGRADED)
                || event.outcome == uapi::OUTCOME_DEGRADED
        };
        let failure = self.records.iter().filter(before).find(failed);
        if let Some(failure) = failure.filter(|_| clean) {
            return Verdict::missed("a step had failed before", &[failure]);
        }
        match end {
            Some(end) if late(end, self.begun(), within) => {
                Verdict::missed(format!("mode {mode} was set too late"), &[end])
            }
            Some(end) => Verdict::met(format!("mode {mode} was set"), &[end]),
            None if self.is_late(self.begun(), within) => {
                Verdict::missed(format!("mode {mode} was not set in time"), &[])
            }
            None => self.open(format!("mode {mode} was not set yet"), &[]),
        }
    }

    fn value(&self, name: &str, value: &str) -> Verdict {
        let Some(control) = Control::named(self.controls, name) else {
            return self.open(format!("the copy has no control {name}"), &[]);
        };
        let is = control.value.as_deref() == Some(value);
        match self.changes_of(name).next_back() {
            Some(step) if is && Some(step.to) == control.value_index(value) => {
                Verdict::met(format!("{name} is {value}"), &[step])
            }
            _ if is => self.open(format!("{name} is {value}, and nobody has set it"), &[]),
            _ => self.open(format!("{name} is {}", control.in_words()), &[]),
        }
    }

    fn keep(&self, names: &[String]) -> Verdict {
        let mut touched = names.iter().filter_map(|name| self.changes_of(name).next());
        if let Some(step) = touched.next() {
            return Verdict::missed(format!("{} was changed", self.name(step.control)), &[step]);
        }
        match (self.changes().next_back(), self.over) {
            (Some(last), true) => Verdict::met("none of them was changed", &[last]),
            (Some(last), false) => self.open("none of them was changed so far", &[last]),
            (None, _) => self.open("nothing was changed", &[]),
        }
    }

    fn back(&self) -> Verdict {
        let other: Vec<&str> = self
            .controls
            .iter()
            .filter(|control| self.start.get(&control.name) != control.value.as_ref())
            .map(|control| control.name.as_str())
            .collect();
        match self.changes().next_back() {
            None => self.open("nothing was changed", &[]),
            Some(last) if other.is_empty() => {
                Verdict::met("everything is as it was to begin with", &[last])
            }
            Some(_) => self.open(format!("not as it was: {}", some(&other)), &[]),
        }
    }

    fn order(&self, names: &[String]) -> Verdict {
        let mut found: Vec<&Event> = Vec::new();
        for name in names {
            let after = found.last().map_or(0, |event| event.sequence);
            match self.changes_of(name).find(|step| step.sequence > after) {
                Some(step) => found.push(step),
                None if self.changes_of(name).next().is_some() => {
                    return Verdict::missed(format!("{name} was changed too early"), &found)
                }
                None => return self.open(format!("{name} was not changed yet"), &found),
            }
        }
        Verdict::met("they were changed in this order", &found)
    }

    /// What something else has changed of this control.
    fn outside(&self, name: &str) -> Option<&Event> {
        let id = self.id(name);
        let mut all = self.of_kind(uapi::KIND_OUTSIDE_CHANGE);
        all.find(|event| Some(event.control) == id)
    }

    fn accept(&self, name: &str) -> Verdict {
        let Some(outside) = self.outside(name) else {
            return self.open(format!("nothing else has changed {name} yet"), &[]);
        };
        let mut accepted = self.of_kind(uapi::KIND_ACCEPTED);
        let after =
            |event: &&Event| event.control == outside.control && event.sequence > outside.sequence;
        if let Some(step) = self.changes_of(name).find(after) {
            return Verdict::missed(format!("{name} was changed instead"), &[outside, step]);
        }
        match accepted.find(after) {
            Some(accepted) => Verdict::met(format!("{name} was accepted"), &[outside, accepted]),
            None => self.open(format!("{name} was not accepted yet"), &[outside]),
        }
    }

    fn restore(&self, name: &str, within: Option<u64>) -> Verdict {
        let Some(outside) = self.outside(name) else {
            return self.open(format!("nothing else has changed {name} yet"), &[]);
        };
        let after = |event: &&Event| event.sequence > outside.sequence;
        let mut back = self.changes_of(name).filter(after);
        let back = back.find(|step| step.to == outside.from);
        let since = outside.boot_ns;
        let mut accepted = self.of_kind(uapi::KIND_ACCEPTED).filter(after);
        let accepted = accepted.find(|event| event.control == outside.control);
        match (back, accepted) {
            (Some(step), _) if late(step, since, within) => Verdict::missed(
                format!("{name} was changed back too late"),
                &[outside, step],
            ),
            (Some(step), None) => {
                Verdict::met(format!("{name} was changed back"), &[outside, step])
            }
            (_, Some(accepted)) => {
                Verdict::missed(format!("{name} was accepted instead"), &[outside, accepted])
            }
            (None, None) if self.is_late(since, within) => {
                Verdict::missed(format!("{name} was not changed back in time"), &[outside])
            }
            (None, None) => self.open(format!("{name} was not changed back yet"), &[outside]),
        }
    }

    fn refrain(&self, mode: Option<&str>, control: Option<&str>) -> Verdict {
        let id = control.map(|name| self.id(name));
        let tried = |event: &&Event| {
            let asked = matches!(event.kind, uapi::KIND_APPLY_BEGUN | uapi::KIND_REFUSED);
            let of_mode = asked && mode.is_some_and(|mode| mode_word(event.mode) == mode);
            let speaks = matches!(event.kind, uapi::KIND_STEP | uapi::KIND_REFUSED);
            of_mode || speaks && id.is_some_and(|id| id == Some(event.control))
        };
        let what = mode.or(control).unwrap_or_default();
        match self.records.iter().find(tried) {
            Some(event) => Verdict::missed(format!("{what} was tried"), &[event]),
            None if self.over => Verdict::met(format!("nobody tried {what}"), &[]),
            None => self.open(format!("nobody has tried {what} so far"), &[]),
        }
    }

    fn isolate(&self, within: Option<u64>) -> Verdict {
        let Some(tamper) = self.of_kind(uapi::KIND_TAMPER).next() else {
            return self.open("no tampering is reported yet", &[]);
        };
        let name = self.name(tamper.control);
        let inactive = |event: &&Event| {
            let control = self.controls.iter().find(|c| c.id == event.control);
            let value = control.and_then(|control| control.value_name(event.to));
            event.sequence > tamper.sequence && value.as_deref() == Some("inactive")
        };
        let found = self.changes().filter(inactive);
        let found: Vec<&Event> = found.collect();
        let other = found.iter().find(|step| step.control != tamper.control);
        if let Some(other) = other {
            let other_name = self.name(other.control);
            let why = format!("{other_name} was made inactive, and had reported nothing");
            return Verdict::missed(why, &[tamper, other]);
        }
        match found.first() {
            Some(step) if late(step, tamper.boot_ns, within) => Verdict::missed(
                format!("{name} was made inactive too late"),
                &[tamper, step],
            ),
            Some(step) => Verdict::met(format!("{name} was made inactive"), &[tamper, step]),
            None if self.is_late(tamper.boot_ns, within) => {
                Verdict::missed("it was not made inactive in time", &[tamper])
            }
            None => self.open("the device that reports tampering is as it was", &[tamper]),
        }
    }

    fn recover(&self) -> Verdict {
        let degraded = |event: &&Event| event.outcome == uapi::OUTCOME_DEGRADED;
        let Some(bad) = self.of_kind(uapi::KIND_APPLY_ENDED).rfind(degraded) else {
            return self.open("nothing has been degraded yet", &[]);
        };
        let good =
            |event: &&Event| event.sequence > bad.sequence && event.outcome == uapi::OUTCOME_DONE;
        let stuck = self.controls.iter().filter(|control| control.degraded);
        let stuck: Vec<&str> = stuck.map(|control| control.name.as_str()).collect();
        match self.of_kind(uapi::KIND_APPLY_ENDED).find(good) {
            Some(end) if stuck.is_empty() => Verdict::met("nothing is degraded", &[bad, end]),
            _ => self.open(format!("still degraded: {}", some(&stuck)), &[bad]),
        }
    }

    fn retry(&self) -> Verdict {
        let conflict = |event: &&Event| event.outcome == uapi::OUTCOME_CONFLICT;
        let Some(bad) = self.of_kind(uapi::KIND_APPLY_ENDED).find(conflict) else {
            return self.open("there was no conflict yet", &[]);
        };
        let same = |event: &&Event| {
            event.sequence > bad.sequence
                && event.outcome == uapi::OUTCOME_DONE
                && event.mode == bad.mode
        };
        match self.of_kind(uapi::KIND_APPLY_ENDED).find(same) {
            Some(end) => Verdict::met("after the conflict the same was done", &[bad, end]),
            None => self.open("what met the conflict was not done yet", &[bad]),
        }
    }

    fn latch(&self) -> Verdict {
        match self.of_kind(uapi::KIND_LATCH).next() {
            Some(latch) => Verdict::met("it is latched", &[latch]),
            None => self.open("it is not latched", &[]),
        }
    }

    fn answer(
        &self,
        name: &str,
        is: Option<&str>,
        who: Option<&Match>,
        which: Option<&Match>,
    ) -> Verdict {
        let Some(answer) = self.answers.iter().find(|answer| answer.name == name) else {
            return self.open(format!("\"{name}\" was not answered yet"), &[]);
        };
        let value = answer.value.trim();
        let record = who.or(which).map(|wanted| {
            let mut records = self.records.iter();
            records.find(|event| self.fits(event, wanted))
        });
        let record = match record {
            Some(None) => return self.open("what is asked for has not happened yet", &[]),
            Some(record) => record,
            None => None,
        };
        let right = match (is, record) {
            (Some(is), _) => value.eq_ignore_ascii_case(is),
            (None, Some(record)) if who.is_some() => {
                let name = self.users.get(&record.uid).map(String::as_str);
                value == record.uid.to_string() || Some(value) == name
            }
            (None, Some(record)) => value == self.name(record.control),
            (None, None) => false,
        };
        let evidence: Vec<&Event> = record.into_iter().collect();
        let said = format!(
            "\"{}\" was answered by uid {}",
            crate::words::shown(value),
            answer.uid
        );
        match right {
            true => Verdict::met(said, &evidence),
            false => Verdict::missed(format!("{said}, which is not so"), &evidence),
        }
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
    fn is_late(&self, since: u64, within: Option<u64>) -> bool {
        within.is_some_and(|within| self.now.saturating_sub(since) > within * 1_000_000_000)
    }
}

/// Whether a record came later than that.
fn late(event: &Event, since: u64, within: Option<u64>) -> bool {
    within.is_some_and(|within| event.boot_ns.saturating_sub(since) > within * 1_000_000_000)
}

/// The first few of these names.
fn some(names: &[&str]) -> String {
    match names {
        [] => "nothing".into(),
        [a, b, c, rest @ ..] if !rest.is_empty() => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}
