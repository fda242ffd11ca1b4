// SPDX-License-Identifier: GPL-2.0

//! Trainings: a copy of the machine in the driver's memory, to practise on.
//!
//! [`start`], [`stop`] and [`inject`] are the instructor's; what a copy is made of is a [`profile`].
//! A [`scenario`] is a file with a story, what happens, and what is to be reached; the [`judge`] decides
//! about that by the records alone, and a [`run`] keeps what it takes to decide it again.

pub mod answers;
mod asked;
pub mod check;
mod decide;
pub mod devices;
pub mod judge;
pub mod profile;
pub mod records;
pub mod run;
pub mod scenario;
mod verdict;
pub mod view;

use crate::failure::{Exit, Failure, Result};
use crate::model::injection_number;
use crate::source::{Injection, Source, TrainingRequest};
use crate::{refusal, Snapshot};
use milspec_uapi::{
    Training, INJECT_CLEAR, INJECT_LOOK, INJECT_READ_FAILS, INJECT_SLOW, INJECT_SLOW_MAX,
    INJECT_TAMPER, INJECT_VALUE, INJECT_WRITE_FAILS, TRAINING_FOLLOW, TRAINING_INJECT, TRAINING_ON,
    TRAINING_STATE, TRAINING_STOP,
};
use nix::errno::Errno;
use profile::Described;
use serde::{Deserialize, Serialize};

/// How a training stands.
pub fn state(source: &mut dyn Source) -> Result<Training> {
    let request = TrainingRequest {
        operation: TRAINING_STATE,
        ..TrainingRequest::default()
    };
    let answer = source.training(&request);
    answer.map_err(|errno| failed("cannot ask about a training", errno))
}

/// From here on the records of trainings are among those that this source gives. Where it knows no
/// such request there are none to ask for, or it gives them unasked.
pub fn follow(source: &mut dyn Source) {
    let _ = source.training(&TrainingRequest {
        operation: TRAINING_FOLLOW,
        ..TrainingRequest::default()
    });
}

/// Begins one over what is described.
pub fn start(source: &mut dyn Source, described: &Described) -> Result<Training> {
    let answer = source.training(&described.request());
    answer.map_err(|errno| failed("cannot begin a training", errno))
}

/// Ends it: the copy is discarded. `session` is the number of the training that is meant, 0 for the one
/// under way.
pub fn stop(source: &mut dyn Source, session: u32) -> Result<Training> {
    let request = TrainingRequest {
        operation: TRAINING_STOP,
        session,
        ..TrainingRequest::default()
    };
    let answer = source.training(&request);
    answer.map_err(|errno| failed("cannot end the training", errno))
}

/// Has the copy behave as hardware can. `session` is the number of the training that is meant, 0 for the
/// one under way.
pub fn inject(source: &mut dyn Source, session: u32, injection: Injection) -> Result<Training> {
    let request = TrainingRequest {
        operation: TRAINING_INJECT,
        session,
        injection,
        ..TrainingRequest::default()
    };
    let answer = source.training(&request);
    answer.map_err(|errno| failed("cannot do that to the copy", errno))
}

fn failed(what: &str, errno: Errno) -> Failure {
    Failure::of("training", what, errno)
}

/// What the copy is to do, in words: of the command line, and of scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inject {
    /// `write-fails`, `write-ignored`, `read-fails`, `value`, `tamper`, `slow`, `clear` or `look`.
    #[serde(rename = "do")]
    pub kind: String,
    /// Name of the control; without one, any.
    pub control: Option<String>,
    /// Name of the value; of tampering `reported` or `not-reported`.
    pub value: Option<String>,
    /// So many writes of any control come first.
    #[serde(default)]
    pub after: u32,
    /// How many reads or writes it lasts; 0 until it is taken back.
    #[serde(default)]
    pub count: u32,
    /// With what error reads or writes fail, e.g. `EIO`.
    pub error: Option<String>,
    /// How long each read or write takes, in milliseconds.
    pub ms: Option<u32>,
}

impl Inject {
    /// What is wrong with it, whatever controls there are.
    pub fn fault(&self) -> Option<String> {
        let kind = &self.kind;
        let Some(number) = injection_number(kind) else {
            return Some(format!("there is no injection \"{kind}\""));
        };
        let of_one = matches!(number, INJECT_VALUE | INJECT_TAMPER);
        let of_none = matches!(number, INJECT_CLEAR | INJECT_LOOK);
        let may_fail = matches!(number, INJECT_WRITE_FAILS | INJECT_READ_FAILS);
        // What is there, whether it must be, and whether it may.
        let rules = [
            ("control", self.control.is_some(), of_one, !of_none),
            ("value", self.value.is_some(), of_one, of_one),
            (
                "ms",
                self.ms.is_some(),
                number == INJECT_SLOW,
                number == INJECT_SLOW,
            ),
            ("error", self.error.is_some(), false, may_fail),
            ("after", self.after != 0, false, !of_none),
            ("count", self.count != 0, false, !of_none && !of_one),
        ];
        let broken =
            rules
                .into_iter()
                .find_map(|(name, there, must, may)| match (there, must, may) {
                    (false, true, _) => Some(format!("{kind} needs \"{name}\"")),
                    (true, _, false) => Some(format!("{kind} takes no \"{name}\"")),
                    _ => None,
                });
        let long = self
            .ms
            .is_some_and(|ms| !(1..=INJECT_SLOW_MAX).contains(&ms));
        let unknown = matches!(self.error.as_deref().map(errno_of), Some(None));
        broken
            .or_else(|| long.then(|| format!("\"ms\" is 1 to {INJECT_SLOW_MAX}")))
            .or_else(|| unknown.then(|| "\"error\" is a name such as EIO".into()))
    }

    /// In the numbers of the ABI, on this copy.
    pub fn on(&self, snapshot: &Snapshot) -> Result<Injection> {
        if let Some(why) = self.fault() {
            return Err(Failure::new(
                "usage",
                "cannot do that to the copy",
                why,
                "see \"milspecctl training inject --help\"",
            ));
        }
        let control = self.control.as_deref();
        let control = control.map(|name| refusal::find(name, &snapshot.controls));
        let control = control.transpose()?;
        let value = match (&self.value, control) {
            (Some(value), _) if self.kind == "tamper" => match value.as_str() {
                "reported" => 1,
                "not-reported" => 0,
                _ => {
                    return Err(Failure::new(
                        "usage",
                        "cannot do that to the copy",
                        "tampering is reported or not-reported",
                        "name one of the two",
                    ))
                }
            },
            (Some(value), Some(control)) => control
                .value_index(value)
                .ok_or_else(|| refusal::no_such_value(control, value))?,
            _ => 0,
        };
        let errno = self.error.as_deref().and_then(errno_of);
        Ok(Injection {
            injection: injection_number(&self.kind).unwrap_or_default(),
            control: control.map_or(0, |control| control.id),
            value,
            after: self.after,
            count: self.count,
            number: self.ms.or(errno).unwrap_or_default(),
        })
    }
}

/// The number of an errno with this name.
fn errno_of(name: &str) -> Option<u32> {
    (1..=133)
        .find(|number| crate::failure::errno_name(*number) == name)?
        .try_into()
        .ok()
}

/// The training under way; refuses where there is none.
pub fn under_way(source: &mut dyn Source) -> Result<Training> {
    let training = state(source)?;
    match training.properties & TRAINING_ON {
        0 => Err(none("there is none under way")),
        _ => Ok(training),
    }
}

/// There is no training.
pub fn none(why: &str) -> Failure {
    Failure::new(
        "no-training",
        "there is no training",
        why,
        "begin one: \"milspecctl training start\", or \"training run SCENARIO\", as root",
    )
    .exits(Exit::Failed)
}
