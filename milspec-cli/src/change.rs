// SPDX-License-Identifier: GPL-2.0

//! What somebody wants, and the plan for it.

use crate::failure::{Failure, Result};
use crate::model::{mode_word, name_of, reason_word, Control, Step, Word};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{Answer, Request, Source};
use crate::words::count;
use crate::{baseline, catalogue, diagnose, refusal};
use milspec_uapi::{
    Target, APPLY_CONFIRM_LATCH, APPLY_MACHINE, APPLY_TRAINING, MODE_BASELINE, MODE_NONE,
    MODE_PARANOID_PLUS, OUTCOME_REFUSED, REASON_NONE, REASON_NO_CONTROL, TARGET_ACCEPT,
    TARGET_LEAVE,
};
use serde::Serialize;
use std::time::Duration;

/// The value of a control that is to stay as it is, whatever the mode asks for.
pub const LEAVE: &str = "leave";

/// What stands for the value of a control that is accepted as it is.
pub const ACCEPT: &str = "accept";

/// A control and the value that it shall have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// Name of the control.
    pub name: String,
    /// Name of the value.
    pub value: String,
}

impl Assignment {
    /// Of a control, by name, and a value, or what stands for one.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// What somebody wants.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// `MODE_` number.
    pub mode: u8,
    /// Controls and their values.
    pub assignments: Vec<Assignment>,
    /// Whether the value [`LEAVE`] is one.
    pub leaves: bool,
    /// What is not for this machine.
    pub skipped: Vec<Skipped>,
    /// Whether all controls are accepted as they are, [`ACCEPT`].
    pub accepts: bool,
    /// Whether this puts back what was before: what the driver refuses of that is left out, and
    /// told.
    pub restores: bool,
    /// Whether it is accepted that the mode latches.
    pub accept_latch: bool,
    /// File descriptor with the BIOS administrator password.
    pub password_fd: Option<u16>,
    /// Undone unless it is confirmed in this time.
    pub confirm_within: Option<Duration>,
    /// Whether the machine is booted again by itself where undoing takes that.
    pub reboot_to_undo: bool,
    /// What it is for alone, and refused where that is not shown.
    pub only: Option<Only>,
}

/// What a change can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// The machine.
    Machine,
    /// The copy of a training.
    Training,
}

/// What is not for this machine, and so no part of a change.
#[derive(Clone, Debug, Serialize)]
pub struct Skipped {
    /// Name of the control.
    pub name: String,
    /// The value that was wanted, or [`LEAVE`].
    pub value: String,
    /// Why it is skipped.
    pub why: &'static str,
}

impl Skipped {
    /// Nothing is done about what was asked.
    pub fn new(asked: Assignment, why: &'static str) -> Self {
        let Assignment { name, value } = asked;
        Self { name, value, why }
    }
}

/// Why what is asked of a control is skipped where there is no such control.
pub const ABSENT: &str = "this machine has no such control";

/// A control that was left out of a change.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// Name of the control.
    pub name: String,
    /// The value that was wanted.
    pub value: String,
    /// The driver's reason.
    pub reason: Option<Word>,
    /// The same in words.
    pub why: String,
    /// What to do about it.
    pub next: String,
}

/// A plan, and what it was asked for with.
pub struct Plan {
    /// The request that led to it.
    pub request: Request,
    /// The driver's answer.
    pub answer: Answer,
    /// What had to be left out.
    pub left_out: Vec<LeftOut>,
}

impl LeftOut {
    /// Whether this machine has no such control: there is nothing that could be put back.
    pub fn is_absent(&self) -> bool {
        self.reason.as_deref() == Some("no-control")
    }
}

impl Change {
    /// A mode, by its `MODE_` number, without the controls that were excepted.
    pub fn of_mode(mode: u8, except: &[String]) -> Result<Self> {
        if mode == MODE_PARANOID_PLUS && !except.is_empty() {
            return Err(Failure::new(
                "usage",
                "mode paranoid-plus takes no exceptions",
                "it latches as a whole, or not at all",
                "leave out --except, or choose mode paranoid",
            ));
        }
        let except = except.iter().map(|name| Assignment::new(name, LEAVE));
        Ok(Self {
            mode,
            assignments: except.collect(),
            leaves: true,
            ..Self::default()
        })
    }

    /// Controls, by their names, as they are.
    pub fn accept(names: Vec<String>) -> Self {
        let accepted = names.into_iter().map(|name| Assignment::new(name, ACCEPT));
        Self {
            assignments: accepted.collect(),
            accepts: true,
            ..Self::default()
        }
    }

    /// The same on a machine with these controls: it may lack what other machines have, and needs no
    /// exception for it then.
    pub fn on(&self, controls: &[Control]) -> Self {
        let mut change = self.clone();
        let lacks = |name: &str| !controls.iter().any(|c| c.name == name) && catalogue::knows(name);
        let (skipped, asked) = std::mem::take(&mut change.assignments)
            .into_iter()
            .partition(|one| self.leaves && one.value == LEAVE && lacks(&one.name));
        change.assignments = asked;
        let skipped: Vec<Assignment> = skipped;
        let skipped = skipped.into_iter().map(|one| Skipped::new(one, ABSENT));
        change.skipped.extend(skipped);
        change
    }

    /// The same, with what the record has where mode baseline is wanted: the driver knows of the
    /// changes since it was loaded, and of no others. What is named already stays.
    /// The record is of the machine, and the copy of a training knows what it was itself.
    pub fn with_record(mut self, root: &Root, snapshot: &Snapshot) -> Result<Self> {
        if self.mode != MODE_BASELINE {
            return Ok(self);
        }
        self.restores = true;
        if snapshot.is_training() {
            return Ok(self);
        }
        let record = baseline::Record::load(root)?;
        for recorded in record.into_iter().flat_map(|record| record.controls) {
            if !self.assignments.iter().any(|one| one.name == recorded.name) {
                let back = Assignment::new(recorded.name, recorded.value);
                self.assignments.push(back);
            }
        }
        Ok(self)
    }

    /// Names of the controls that are to stay as they are.
    pub fn excepted(&self) -> Vec<String> {
        let left = |one: &&Assignment| self.leaves && one.value == LEAVE;
        let all = self.assignments.iter().filter(left);
        all.map(|one| one.name.clone()).collect()
    }

    /// In a few words, after "set".
    pub fn in_words(&self) -> String {
        let exceptions = match self.restores {
            true => self.excepted().len(),
            false => self.assignments.len(),
        };
        let mode = mode_word(self.mode);
        match (self.mode, self.assignments.as_slice(), exceptions) {
            (MODE_NONE, [one], _) => format!("{}={}", one.name, one.value),
            (MODE_NONE, several, _) => format!("{} controls", several.len()),
            (_, _, 0) => format!("mode {mode}"),
            (_, _, many) => format!("mode {mode} with {}", count(many, "exception")),
        }
    }

    /// Has the driver plan it. Writes nothing and makes no firmware call.
    pub fn plan(&self, root: &Root, source: &dyn Source, snapshot: &Snapshot) -> Result<Plan> {
        let mut left_out = Vec::new();
        let mut request = self.request(snapshot, &mut left_out)?;
        loop {
            let answer = self.ask(source, &request)?;
            let refused = answer.apply.outcome == OUTCOME_REFUSED;
            if !refused || !self.restores || !leave(&mut request, &answer) {
                return Ok(Plan {
                    request,
                    answer,
                    left_out,
                });
            }
            left_out.push(self.left_out(root, snapshot, &answer));
        }
    }

    /// Has the driver plan a request for it.
    pub fn ask(&self, source: &dyn Source, request: &Request) -> Result<Answer> {
        source
            .plan(request)
            .map_err(|errno| diagnose::plan(&self.in_words(), errno))
    }

    /// The request for a plan. A plan confirms nothing, so that of a mode that latches may as well
    /// show its steps.
    fn request(&self, snapshot: &Snapshot, left_out: &mut Vec<LeftOut>) -> Result<Request> {
        let controls = &snapshot.controls;
        // What was decided on the one is never done to the other.
        let meant = match snapshot.is_training() {
            true => APPLY_TRAINING,
            false => APPLY_MACHINE,
        };
        let mut targets = Vec::new();
        for assignment in &self.assignments {
            match self.target(assignment, controls) {
                Ok(target) => targets.extend(target),
                Err(failure) if self.restores => left_out.push(LeftOut {
                    name: assignment.name.clone(),
                    value: assignment.value.clone(),
                    reason: reason_word(match failure.code {
                        "no-such-control" => REASON_NO_CONTROL,
                        _ => REASON_NONE,
                    }),
                    why: failure.what,
                    next: failure.next,
                }),
                Err(failure) => return Err(failure),
            }
        }
        Ok(Request {
            mode: self.mode,
            targets,
            options: match self.mode {
                MODE_PARANOID_PLUS => meant | APPLY_CONFIRM_LATCH,
                _ => meant,
            },
            ..Request::default()
        })
    }

    /// `None` for what is as it was already: whether it could be changed does not matter then. But
    /// where the driver thinks that it was otherwise, it has to learn better.
    fn target(&self, assignment: &Assignment, controls: &[Control]) -> Result<Option<Target>> {
        let control = refusal::find(&assignment.name, controls)?;
        let is_back = self.restores && control.value.as_ref() == Some(&assignment.value);
        if is_back && (self.mode == MODE_NONE || !control.is_changed()) {
            return Ok(None);
        }
        let value = if self.accepts || is_back {
            Some(TARGET_ACCEPT)
        } else if self.leaves && assignment.value == LEAVE {
            Some(TARGET_LEAVE)
        } else {
            control.value_index(&assignment.value)
        };
        Ok(Some(Target {
            control: control.id,
            value: value.ok_or_else(|| refusal::no_such_value(control, &assignment.value))?,
            ..Target::default()
        }))
    }

    fn left_out(&self, root: &Root, snapshot: &Snapshot, answer: &Answer) -> LeftOut {
        let name = name_of(answer.apply.control, &snapshot.controls);
        let mut assignments = self.assignments.iter();
        let wanted = assignments.find(|assignment| assignment.name == name);
        let control = Control::named(&snapshot.controls, &name);
        let remembered = || control.and_then(|control| control.baseline.clone());
        let steps = Step::all(&answer.steps, &snapshot.controls);
        let failure = refusal::failure(root, snapshot, &self.in_words(), answer, &steps);
        let (why, next) = failure
            .map(|failure| (failure.why, failure.next))
            .unwrap_or_default();
        LeftOut {
            value: wanted
                .map(|wanted| wanted.value.clone())
                .or_else(remembered)
                .unwrap_or_default(),
            name,
            reason: reason_word(answer.apply.reason),
            why,
            next,
        }
    }
}

/// Takes the control that a request was refused for out of it. Returns false where that is none of
/// the request's controls, or where it stands in the way all the same.
fn leave(request: &mut Request, answer: &Answer) -> bool {
    let control = answer.apply.control;
    let by_name = request.mode == MODE_NONE;
    let gone = answer.apply.reason == REASON_NO_CONTROL;
    let mut targets = request.targets.iter();
    let at = targets.position(|target| target.control == control);
    match at.map(|at| request.targets.remove(at)) {
        None if by_name || control == 0 => return false,
        Some(_) if by_name || gone => {}
        Some(target) if target.value == TARGET_LEAVE => return false,
        // What only the driver remembers, or what a mode could still want something of.
        _ => request.targets.push(Target {
            control,
            value: TARGET_LEAVE,
            ..Target::default()
        }),
    }
    true
}
