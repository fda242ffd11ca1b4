// SPDX-License-Identifier: GPL-2.0

//! Scenarios: the document `milspec.scenario/1`, in TOML. `docs/training.md` says how to write one,
//! `docs/schema/milspec.scenario-1.json` what may stand where.

use super::check::Check;
use super::profile::{Profile, NAMES};
use super::Inject;
use crate::change::Assignment;
use crate::failure::{Failure, Result};
use crate::input;
use crate::refusal::near;
use crate::root::Root;
use crate::words::shown;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.scenario/1";

/// Where packages put scenarios, where `make install` does, and where an instructor puts more. The last one of
/// a name is it.
pub const DIRS: [&str; 3] = [
    "/usr/share/milspecctl/scenarios",
    "/usr/local/share/milspecctl/scenarios",
    "/etc/milspec/scenarios",
];

/// More than any scenario has.
const LENGTH_MAX: u64 = 64 << 10;
/// Longest time for one, in minutes.
pub const MINUTES_MAX: u64 = 600;
/// The same in seconds: nothing happens, and nothing is waited for, later than that.
pub(super) const SECONDS_MAX: u64 = MINUTES_MAX * 60;
/// Most points of an objective.
const POINTS_MAX: u32 = 1000;
/// Most events, and most objectives.
const MOST: usize = 100;

/// How hard it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Who has never done it.
    Basic,
    /// Who knows the commands.
    Advanced,
    /// Under pressure.
    Tactical,
    /// An examination.
    Evaluation,
}

impl Grade {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Advanced => "advanced",
            Self::Tactical => "tactical",
            Self::Evaluation => "evaluation",
        }
    }
}

/// `milspec.scenario/1`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name and major version.
    pub schema: String,
    /// Its name, which is that of the file.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// How hard it is.
    pub grade: Grade,
    /// How long there is for it, in minutes.
    pub minutes: u64,
    /// What the trainee is told.
    pub story: String,
    /// How the copy is to begin with.
    #[serde(default)]
    pub start: Start,
    /// What happens, in the order of the file.
    #[serde(default)]
    pub event: Vec<Happening>,
    /// What is to be reached.
    pub objective: Vec<Objective>,
}

/// How the copy is to begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Name of the profile; without one, `full`.
    pub profile: Option<String>,
    /// Controls and the values that they have to begin with.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
}

/// Something that happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    /// How many seconds after the begin, or after the record of `on`.
    #[serde(default)]
    pub at: u64,
    /// It waits for such a record.
    pub on: Option<Match>,
    /// What the copy is to do.
    pub inject: Option<Inject>,
    /// What somebody changes.
    pub change: Option<Somebody>,
}

/// Somebody sets a control: with the driver, so that the records have who.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Somebody {
    /// Number of the user.
    pub uid: u32,
    /// Name of the control.
    pub control: String,
    /// Name of the value.
    pub value: String,
}

/// Which records are meant: those that have all of this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// E.g. `apply-ended`.
    pub kind: String,
    /// Name of the control.
    pub control: Option<String>,
    /// Name of the mode.
    pub mode: Option<String>,
    /// How an apply ended.
    pub outcome: Option<String>,
    /// Number of the user.
    pub uid: Option<u32>,
}

/// What is to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Its name, for reports.
    pub name: String,
    /// What the trainee is told.
    pub text: String,
    /// What it counts.
    pub points: u32,
    /// Hints, the least telling first.
    #[serde(default)]
    pub hints: Vec<String>,
    /// How it is decided.
    pub check: Check,
}

impl Happening {
    /// What is wrong with it by itself.
    fn fault(&self) -> Option<String> {
        if self.at > SECONDS_MAX {
            return Some(format!("\"at\" is at most {SECONDS_MAX}"));
        }
        match (&self.inject, &self.change) {
            (Some(inject), None) => inject.fault(),
            (None, Some(somebody)) if somebody.uid == 0 => {
                Some("\"change\" is somebody's other than root's".into())
            }
            (None, Some(_)) => None,
            _ => Some("has either \"inject\" or \"change\"".into()),
        }
    }
}

impl Scenario {
    /// From this text.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |why: String, next: &str| {
            Failure::new(
                "scenario-invalid",
                format!("{name} is no scenario"),
                why,
                next,
            )
        };
        let next = "see docs/training.md, and docs/schema/milspec.scenario-1.json";
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            invalid(format!("line {line}: {}", shown(error.message())), next)
        })?;
        match scenario.fault() {
            None => Ok(scenario),
            Some(why) => Err(invalid(why, next)),
        }
    }

    /// What is wrong with it, whatever machine it is for.
    pub(super) fn fault(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!("its schema is \"{}\"", shown(&self.schema)));
        }
        if !is_name(&self.name) {
            return Some("its name is not of small letters, digits and -".into());
        }
        if !(1..=MINUTES_MAX).contains(&self.minutes) {
            return Some(format!("\"minutes\" is 1 to {MINUTES_MAX}"));
        }
        if self.event.len().max(self.objective.len()) > MOST {
            return Some(format!("it has more than {MOST} events or objectives"));
        }
        let profile = self.start.profile.as_deref();
        if profile.is_some_and(|name| !NAMES.contains(&name)) {
            return Some(format!("its profile is one of {}", NAMES.join(", ")));
        }
        for (at, event) in self.event.iter().enumerate() {
            if let Some(why) = event.fault() {
                return Some(format!("event {}: {why}", at + 1));
            }
        }
        if self.objective.is_empty() {
            return Some("it has no objective".into());
        }
        let mut names = BTreeSet::new();
        let mut asked = BTreeSet::new();
        for objective in &self.objective {
            let name = &objective.name;
            if !is_name(name) || !names.insert(name) {
                return Some(format!(
                    "objective \"{}\" has no name of its own",
                    shown(name)
                ));
            }
            if objective.points == 0 {
                return Some(format!("objective {name} counts nothing"));
            }
            if objective.points > POINTS_MAX {
                return Some(format!("objective {name} counts more than {POINTS_MAX}"));
            }
            let twice = objective
                .check
                .answer()
                .is_some_and(|answer| !asked.insert(answer));
            let fault = objective.check.fault();
            let fault = fault.or_else(|| twice.then(|| "asks what another one asks".into()));
            if let Some(why) = fault {
                return Some(format!("objective {name}: {why}"));
            }
        }
        None
    }

    /// How long there is for it, in seconds.
    pub fn seconds(&self) -> u64 {
        self.minutes.saturating_mul(60)
    }

    /// What the copy is made of.
    pub fn profile(&self) -> Profile {
        match self.start.profile.as_deref() {
            Some("machine") => Profile::Machine,
            Some("dsmil") => Profile::Dsmil,
            _ => Profile::Full,
        }
    }

    /// The controls that it sets to begin with.
    pub fn set(&self) -> Vec<Assignment> {
        let set = self.start.set.iter();
        set.map(|(name, value)| Assignment::new(name, value))
            .collect()
    }

    /// Names of what the trainee is to answer.
    pub fn asked(&self) -> Vec<&str> {
        let objectives = self.objective.iter();
        objectives.filter_map(|one| one.check.answer()).collect()
    }

    /// All that can be scored.
    pub fn points(&self) -> u32 {
        let points = self.objective.iter().map(|one| one.points);
        points.fold(0, u32::saturating_add)
    }

    /// The one with this name, or in this file.
    pub fn find(root: &Root, name: &str) -> Result<(Self, String)> {
        let file = match name.contains(['/', '.']) {
            true => Some(PathBuf::from(name)),
            false => files(root).remove(name),
        };
        let Some(file) = file else {
            let names = files(root);
            let near = near(name, names.keys().map(String::as_str)).join(", ");
            return Err(Failure::new(
                "no-such-scenario",
                format!("there is no scenario \"{}\"", shown(name)),
                format!("none has this name in {}", DIRS.join(", ")),
                match near.is_empty() {
                    true => "\"milspecctl training list\" shows all; a file is named with its path"
                        .to_string(),
                    false => format!("did you mean {near}?"),
                },
            ));
        };
        read(&file)
    }

    /// All that are installed, from the easiest to the hardest, and what is wrong with others.
    pub fn all(root: &Root) -> (Vec<Self>, Vec<Failure>) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for file in files(root).values() {
            match read(file) {
                Ok((scenario, _)) => good.push(scenario),
                Err(failure) => bad.push(failure),
            }
        }
        good.sort_by(|a, b| (a.grade, &a.name).cmp(&(b.grade, &b.name)));
        (good, bad)
    }
}

/// Small letters, digits and `-`: it is the name of a file.
pub fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}

/// The scenarios that are installed, by their names.
fn files(root: &Root) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for dir in DIRS {
        for name in root.names(dir) {
            if let Some(name) = name.strip_suffix(".toml") {
                let path = root.path(&format!("{dir}/{name}.toml"));
                files.insert(name.to_string(), path);
            }
        }
    }
    files
}

fn read(file: &Path) -> Result<(Scenario, String)> {
    let bytes = input::read(file, LENGTH_MAX)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let scenario = Scenario::parse(&shown(&input::name(file)), &text)?;
    Ok((scenario, text))
}
