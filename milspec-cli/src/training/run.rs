// SPDX-License-Identifier: GPL-2.0

//! A run of a scenario: kept on disk, so that it goes on after an interruption and can be judged again
//! when it is over.

use super::answers::{Given, Taken};
use super::judge::{Answer, Facts, State};
use super::records::Records;
use super::scenario::{Objective, Scenario};
use crate::clock;
use crate::failure::{Failure, Result};
use crate::kept::Kept;
use crate::model::{Actor, Control, Event, Naming};
use crate::root::Root;
use crate::system;
use crate::words::shown;
use milspec_uapi as uapi;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Its file.
pub const FILE: Kept = Kept {
    path: "/var/lib/milspecctl/training.json",
    schema: "milspec.training-run/1",
    of: "the last training",
};

/// Who runs a scenario has this locked.
pub const LOCK: &str = "/var/lib/milspecctl/training.lock";

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Every objective was decided.
    Decided,
    /// The time was over.
    Time,
    /// The training was ended meanwhile.
    Stopped,
    /// The training is not there any more, and nobody has noted its end.
    Gone,
}

/// An event of the scenario that has happened, or was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// Its place in the scenario, from 0.
    pub event: usize,
    /// Why it did not happen; null where it did.
    pub failed: Option<String>,
}

/// `milspec.training-run/1`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Name and major version.
    pub schema: String,
    /// The scenario.
    pub scenario: Scenario,
    /// Number of the training.
    pub session: u32,
    /// Load of its records.
    pub load: String,
    /// When it began, in UTC.
    pub started: String,
    /// Which events of the scenario have happened, in their order.
    pub happened: Vec<Happened>,
    /// The values of controls to begin with.
    pub start: BTreeMap<String, String>,
    /// The controls of the copy, as they were last seen.
    pub controls: Vec<Control>,
    /// Names of users in the records.
    pub users: BTreeMap<u32, String>,
    /// The answers.
    pub answers: Vec<Answer>,
    /// The records.
    pub records: Records,
    /// When it was last looked at, in nanoseconds from boot.
    pub seen_ns: u64,
    /// Why it is over; null where it is not.
    pub ended: Option<Ended>,
}

impl Run {
    /// One that begins.
    pub fn new(scenario: Scenario, training: &uapi::Training, controls: Vec<Control>) -> Self {
        let value = |control: &Control| Some((control.name.clone(), control.value.clone()?));
        Self {
            schema: FILE.schema.into(),
            scenario,
            session: training.session,
            load: hex::encode(training.load),
            started: clock::now(),
            happened: Vec::new(),
            start: controls.iter().filter_map(value).collect(),
            controls,
            users: BTreeMap::new(),
            answers: Vec::new(),
            records: Records::default(),
            seen_ns: 0,
            ended: None,
        }
    }

    /// The one that was kept; `None` where there is none.
    pub fn load(root: &Root) -> Result<Option<Self>> {
        let run: Option<Self> = FILE.load(root)?;
        match run.as_ref().and_then(Self::fault) {
            Some(why) => Err(FILE.damaged(&why)),
            None => Ok(run),
        }
    }

    /// From a file that is a copy of the record.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |why: String| {
            Failure::new(
                "run-invalid",
                format!("{name} is no run of a scenario"),
                why,
                "name a copy of /var/lib/milspecctl/training.json",
            )
        };
        let run: Self =
            serde_json::from_str(text).map_err(|error| invalid(shown(&error.to_string())))?;
        match run.fault() {
            Some(why) => Err(invalid(why)),
            None => Ok(run),
        }
    }

    /// What is wrong with it.
    fn fault(&self) -> Option<String> {
        if self.schema != FILE.schema {
            return Some(format!("its schema is \"{}\"", shown(&self.schema)));
        }
        let scenario = self.scenario.fault();
        scenario.or_else(|| self.records.fault(&self.load).map(str::to_string))
    }

    /// Whether this is the training that is under way.
    pub fn is_of(&self, training: &uapi::Training) -> bool {
        self.ended.is_none() && self.load == hex::encode(training.load)
    }

    /// Takes records of this training, and returns those that are new.
    pub fn take(&mut self, root: &Root, records: &[uapi::Event]) -> Vec<uapi::Event> {
        let new = self.records.take(&self.load, records);
        for uid in new.iter().map(|event| event.uid) {
            if let Some(name) = system::user_name(root, uid) {
                self.users.insert(uid, name);
            }
        }
        new
    }

    /// What an objective is decided by. What came after the time was over is not among it.
    pub fn facts(&self) -> Facts<'_> {
        let over = self.over_ns();
        let all = self.records.all();
        let late = all.iter().position(|event| event.boot_ns > over);
        let records = all.get(..late.unwrap_or(all.len())).unwrap_or_default();
        let answers = self.answers.iter().filter(|one| one.boottime_ns <= over);
        Facts::new(self, records, answers.collect())
    }

    /// Whether everything has happened that was to happen by itself, or the run was played to its end.
    pub fn is_played(&self) -> bool {
        let is_over = matches!(self.ended, Some(Ended::Decided | Ended::Time));
        let mut events = self.scenario.event.iter().enumerate();
        is_over || events.all(|(at, event)| event.on.is_some() || self.has_happened(at))
    }

    /// Whether this event of the scenario has happened, or was tried.
    pub fn has_happened(&self, at: usize) -> bool {
        self.happened.iter().any(|one| one.event == at)
    }

    /// Decides every objective.
    pub fn judge(&self) -> Vec<Decided> {
        let facts = self.facts();
        let naming = Naming::of_training(&self.controls);
        let decide = |objective: &Objective| {
            let verdict = facts.judge(&objective.check);
            let records = self.records.all().iter();
            let evidence = records.filter(|event| verdict.evidence.contains(&event.sequence));
            let evidence: Vec<uapi::Event> = evidence.copied().collect();
            let mut evidence = Event::all(&evidence, &naming);
            for actor in evidence.iter_mut().filter_map(|event| event.actor.as_mut()) {
                self.name(actor);
            }
            Decided {
                name: objective.name.clone(),
                text: objective.text.clone(),
                check: objective.check.word(),
                state: verdict.state,
                why: verdict.why,
                points: objective.points,
                scored: match verdict.state {
                    State::Met => objective.points,
                    _ => 0,
                },
                evidence,
            }
        };
        self.scenario.objective.iter().map(decide).collect()
    }

    fn name(&self, actor: &mut Actor) {
        actor.user = self.users.get(&actor.uid).cloned();
        let login = actor.login_uid.and_then(|uid| self.users.get(&uid));
        actor.login = login.cloned();
    }

    /// When it began, in nanoseconds from boot.
    pub fn begun_ns(&self) -> u64 {
        self.records.begun_ns().unwrap_or(self.seen_ns)
    }

    /// When its time is over, in nanoseconds from boot.
    fn over_ns(&self) -> u64 {
        self.begun_ns()
            .saturating_add(seconds(self.scenario.seconds()))
    }

    /// Seconds that are left, the last one begun.
    pub fn left_s(&self) -> u64 {
        self.over_ns()
            .saturating_sub(self.seen_ns)
            .div_ceil(1_000_000_000)
    }

    /// Takes an answer: the first one counts.
    pub fn take_answer(&mut self, given: &Given) -> Taken {
        if self.left_s() == 0 {
            return Taken::Over;
        }
        if !self.scenario.asked().contains(&given.name.as_str()) {
            return Taken::Unasked;
        }
        let mut answers = self.answers.iter();
        if let Some(before) = answers.find(|answer| answer.name == given.name) {
            return Taken::Before(before.uid);
        }
        self.answers.push(Answer {
            name: given.name.clone(),
            value: given.value.clone(),
            uid: given.uid,
            boottime_ns: self.seen_ns,
        });
        Taken::Now
    }
}

/// In nanoseconds.
pub(super) fn seconds(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000_000)
}

/// An objective, and how it was decided.
#[derive(Clone, Debug, Serialize)]
pub struct Decided {
    /// Its name.
    pub name: String,
    /// What the trainee was told.
    pub text: String,
    /// The word of its check.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// Why.
    pub why: String,
    /// What it counts.
    pub points: u32,
    /// What was scored.
    pub scored: u32,
    /// The records that say so.
    pub evidence: Vec<Event>,
}
