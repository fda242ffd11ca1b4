// SPDX-License-Identifier: GPL-2.0

//! What somebody wants, and the plan for it.

use crate::catalogue;
use crate::diagnose;
use crate::failure::{Exit, Failure, Result};
use crate::model::{mode_word, name_of, reason_word, Control, Step, Word};
use crate::refusal;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{Answer, Request, Source};
use milspec_uapi::{
    Target, APPLY_CONFIRM_LATCH, MODE_NONE, MODE_PARANOID_PLUS, OUTCOME_REFUSED, TARGET_ACCEPT,
    TARGET_LEAVE,
};
use serde::Serialize;
use std::time::Duration;

/// The value of a control that is to stay as it is, whatever the mode asks for.
pub const LEAVE: &str = "leave";

/// What stands for the value of a control that is accepted as it is.
pub const ACCEPT: &str = "accept";

/// A control and the value that it shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Name of the control.
    pub name: String,
    /// Name of the value.
    pub value: String,
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
    /// What is restored, in a few words, if this restores something: what the driver refuses of it
    /// is left out, and told.
    pub restores: Option<&'static str>,
    /// Whether it is accepted that the mode latches.
    pub accept_latch: bool,
    /// File descriptor with the BIOS administrator password.
    pub password_fd: Option<u16>,
    /// Undone unless it is confirmed in this time.
    pub confirm_within: Option<Duration>,
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

impl Change {
    /// A mode, by its `MODE_` number, without the controls that were excepted.
    pub fn of_mode(mode: u8, except: &[String]) -> Result<Self> {
        if mode == MODE_PARANOID_PLUS && !except.is_empty() {
            return Err(Failure {
                code: "usage",
                exit: Exit::Usage,
                errno: None,
                what: "mode paranoid-plus takes no exceptions".into(),
                why: "it latches as a whole, or not at all".into(),
                next: "leave out --except, or choose mode paranoid".into(),
            });
        }
        let except = except.iter().map(|name| Assignment {
            name: name.clone(),
            value: LEAVE.into(),
        });
        Ok(Self {
            mode,
            assignments: except.collect(),
            leaves: true,
            ..Self::default()
        })
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

    /// Names of the controls that are to stay as they are.
    pub fn excepted(&self) -> Vec<String> {
        let left = |one: &&Assignment| self.leaves && one.value == LEAVE;
        let all = self.assignments.iter().filter(left);
        all.map(|one| one.name.clone()).collect()
    }

    /// In a few words, after "set".
    pub fn in_words(&self) -> String {
        if let Some(what) = self.restores {
            return what.into();
        }
        match (self.mode, self.assignments.as_slice()) {
            (MODE_NONE, [one]) => format!("{}={}", one.name, one.value),
            (MODE_NONE, several) => format!("{} controls", several.len()),
            (mode, []) => format!("mode {}", mode_word(mode)),
            (mode, [_]) => format!("mode {} with 1 exception", mode_word(mode)),
            (mode, several) => {
                format!("mode {} with {} exceptions", mode_word(mode), several.len())
            }
        }
    }

    /// Has the driver plan it. Writes nothing and makes no firmware call.
    pub fn plan(&self, root: &Root, source: &dyn Source, snapshot: &Snapshot) -> Result<Plan> {
        let mut left_out = Vec::new();
        let mut request = self.request(&snapshot.controls, &mut left_out)?;
        loop {
            let answer = self.ask(source, &request)?;
            let refused = answer.apply.outcome == OUTCOME_REFUSED;
            let mut targets = request.targets.iter();
            match targets.position(|target| target.control == answer.apply.control) {
                Some(at) if self.restores.is_some() && refused => {
                    let target = request.targets.remove(at);
                    left_out.push(self.left_out(root, snapshot, target, &answer));
                }
                _ => {
                    return Ok(Plan {
                        request,
                        answer,
                        left_out,
                    })
                }
            }
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
    fn request(&self, controls: &[Control], left_out: &mut Vec<LeftOut>) -> Result<Request> {
        let mut targets = Vec::new();
        for assignment in &self.assignments {
            match self.target(assignment, controls) {
                Ok(target) => targets.extend(target),
                Err(failure) if self.restores.is_some() => left_out.push(LeftOut {
                    name: assignment.name.clone(),
                    value: assignment.value.clone(),
                    reason: None,
                    why: failure.what,
                    next: failure.next,
                }),
                Err(failure) => return Err(failure),
            }
        }
        Ok(Request {
            mode: self.mode,
            targets,
            options: if self.mode == MODE_PARANOID_PLUS {
                APPLY_CONFIRM_LATCH
            } else {
                0
            },
            ..Request::default()
        })
    }

    /// `None` for what is restored already: whether it could be does not matter then.
    fn target(&self, assignment: &Assignment, controls: &[Control]) -> Result<Option<Target>> {
        let control = refusal::find(&assignment.name, controls)?;
        if self.restores.is_some() && control.value.as_ref() == Some(&assignment.value) {
            return Ok(None);
        }
        let value = if self.accepts {
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

    fn left_out(
        &self,
        root: &Root,
        snapshot: &Snapshot,
        target: Target,
        answer: &Answer,
    ) -> LeftOut {
        let name = name_of(target.control, &snapshot.controls);
        let mut assignments = self.assignments.iter();
        let wanted = assignments.find(|assignment| assignment.name == name);
        let steps = Step::all(&answer.steps, &snapshot.controls);
        let failure = refusal::failure(root, snapshot, &self.in_words(), answer, &steps);
        let (why, next) = failure
            .map(|failure| (failure.why, failure.next))
            .unwrap_or_default();
        LeftOut {
            value: wanted.map_or_else(String::new, |wanted| wanted.value.clone()),
            name,
            reason: reason_word(answer.apply.reason),
            why,
            next,
        }
    }
}
