// SPDX-License-Identifier: GPL-2.0

//! How each check is decided.

use super::asked;
use super::judge::{late, some, Facts, Verdict};
use super::scenario::Match;
use crate::model::{mode_word, Control};
use milspec_uapi as uapi;
use milspec_uapi::Event;

impl Facts<'_> {
    pub(super) fn reach(
        &self,
        mode: &str,
        within: Option<u64>,
        clean: bool,
        except: Option<&[String]>,
    ) -> Verdict {
        let is_it =
            |event: &&Event| event.outcome == uapi::OUTCOME_DONE && mode_word(event.mode) == mode;
        let ends = || self.of_kind(uapi::KIND_APPLY_ENDED).filter(is_it);
        let end = ends().find(|end| self.is_whole(end, except));
        let before = |event: &&Event| end.is_none_or(|end| event.sequence < end.sequence);
        let failed = |event: &&Event| {
            matches!(event.step, uapi::STEP_FAILED | uapi::STEP_DEGRADED)
                || event.outcome == uapi::OUTCOME_DEGRADED
        };
        let failure = self.records.iter().filter(before).find(failed);
        if let Some(failure) = failure.filter(|_| clean) {
            return Verdict::missed("a step had failed before", &[failure]);
        }
        match (end, ends().next()) {
            (Some(end), _) if late(end, self.begun(), within) => {
                Verdict::missed(format!("mode {mode} was set too late"), &[end])
            }
            (Some(end), _) => Verdict::met(format!("mode {mode} was set"), &[end]),
            _ if self.is_late(self.begun(), within) => {
                Verdict::missed(format!("mode {mode} was not set in time"), &[])
            }
            (None, Some(end)) => self.open(
                format!("mode {mode} was set with exceptions that it is not to have"),
                &[end],
            ),
            (None, None) => self.open(format!("mode {mode} was not set yet"), &[]),
        }
    }

    /// Whether an apply of a mode has set all of it, but for these exceptions. The records do not name
    /// exceptions: how the copy stands tells, as long as no other mode was set.
    fn is_whole(&self, end: &Event, except: Option<&[String]>) -> bool {
        match (self.is_listed(end), except) {
            (Some(listed), None) => !listed,
            (Some(false), Some(_)) => true,
            (Some(true), Some(except)) => {
                let other = |event: &&Event| {
                    event.sequence > end.sequence
                        && event.outcome == uapi::OUTCOME_DONE
                        && ![uapi::MODE_NONE, end.mode].contains(&event.mode)
                };
                let left = asked::left_out(end.mode, self.controls, self.start);
                self.of_kind(uapi::KIND_APPLY_ENDED).find(other).is_none()
                    && left.iter().all(|name| except.contains(name))
            }
            (None, _) => false,
        }
    }

    pub(super) fn value(&self, name: &str, value: &str) -> Verdict {
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

    pub(super) fn keep(&self, names: &[String]) -> Verdict {
        let mut touched = names.iter().filter_map(|name| self.changes_of(name).next());
        if let Some(step) = touched.next() {
            return Verdict::missed(format!("{} was changed", self.name(step.control)), &[step]);
        }
        match (self.changes().next_back(), self.ended.is_some()) {
            (Some(last), true) => Verdict::met("none of them was changed", &[last]),
            (Some(last), false) => self.open("none of them was changed so far", &[last]),
            (None, _) => self.open("nothing was changed", &[]),
        }
    }

    pub(super) fn back(&self) -> Verdict {
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

    pub(super) fn order(&self, names: &[String]) -> Verdict {
        let mut found: Vec<&Event> = Vec::new();
        for name in names {
            let after = found.last().map_or(0, |event| event.sequence);
            let early = self.changes_of(name).next().is_some();
            match self.changes_of(name).find(|step| step.sequence > after) {
                Some(step) => found.push(step),
                None if early => return self.open(format!("{name} was changed too early"), &found),
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

    pub(super) fn accept(&self, name: &str) -> Verdict {
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

    pub(super) fn restore(&self, name: &str, within: Option<u64>) -> Verdict {
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

    pub(super) fn refrain(&self, mode: Option<&str>, control: Option<&str>) -> Verdict {
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
            None if self.ended.is_none() => {
                self.open(format!("nobody has tried {what} so far"), &[])
            }
            None if !self.is_played => {
                self.open("it was ended before all that was to happen had", &[])
            }
            None => match self.changes().next_back() {
                Some(last) => Verdict::met(format!("nobody tried {what}"), &[last]),
                None => self.open("nothing was done", &[]),
            },
        }
    }

    pub(super) fn isolate(&self, within: Option<u64>) -> Verdict {
        let Some(tamper) = self.of_kind(uapi::KIND_TAMPER).next() else {
            return self.open("no tampering is reported yet", &[]);
        };
        let name = self.name(tamper.control);
        let inactive = |event: &&Event| {
            let value = self
                .control(event.control)
                .and_then(|c| c.value_name(event.to));
            value.as_deref() == Some("inactive")
        };
        let was_active = |id: u32| {
            let value = self.start.get(self.name(id));
            value.is_some_and(|value| value == "active")
        };
        let other = |step: &&Event| step.control != tamper.control && was_active(step.control);
        if let Some(other) = self.changes().filter(inactive).find(other) {
            let other_name = self.name(other.control);
            let why = format!("{other_name} was made inactive, and had reported nothing");
            return Verdict::missed(why, &[tamper, other]);
        }
        let it = |step: &&Event| step.control == tamper.control && step.sequence > tamper.sequence;
        match self.changes().filter(inactive).find(it) {
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

    pub(super) fn recover(&self) -> Verdict {
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

    pub(super) fn retry(&self) -> Verdict {
        let conflict = |event: &&Event| event.outcome == uapi::OUTCOME_CONFLICT;
        let Some(bad) = self.of_kind(uapi::KIND_APPLY_ENDED).find(conflict) else {
            return self.open("there was no conflict yet", &[]);
        };
        let same = |event: &&Event| {
            event.sequence > bad.sequence
                && event.outcome == uapi::OUTCOME_DONE
                && event.mode == bad.mode
                && self.does_the_same(event, bad)
        };
        match self.of_kind(uapi::KIND_APPLY_ENDED).find(same) {
            Some(end) => Verdict::met("after the conflict the same was done", &[bad, end]),
            None => self.open("what met the conflict was not done yet", &[bad]),
        }
    }

    /// Whether an apply of the same mode leaves out no more than the first one; where there is no mode,
    /// whether what the first one was about is so by now.
    fn does_the_same(&self, end: &Event, first: &Event) -> bool {
        if end.mode != uapi::MODE_NONE {
            return self.is_listed(end) == Some(false) || self.is_listed(first) == Some(true);
        }
        let is_so = |step: &Event| {
            let again = |now: &Event| (now.control, now.to) == (step.control, step.to);
            let control = self.control(step.control);
            let value = control.and_then(|c| c.value_index(c.value.as_deref()?));
            self.steps_of(end.about).any(again) || value == Some(step.to)
        };
        self.steps_of(first.about).all(is_so)
    }

    pub(super) fn latch(&self) -> Verdict {
        match self.of_kind(uapi::KIND_LATCH).next() {
            Some(latch) => Verdict::met("it is latched", &[latch]),
            None => self.open("it is not latched", &[]),
        }
    }

    pub(super) fn answer(
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
        if let Some(record) = record.filter(|record| answer.boottime_ns < record.boot_ns) {
            let why = format!("\"{name}\" was answered before it had happened");
            return Verdict::missed(why, &[record]);
        }
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
}
