// SPDX-License-Identifier: GPL-2.0

//! A run of a scenario: kept on disk, so that it goes on after an interruption and can be judged again
//! when it is over. What trainees answer comes through a directory that they may write to.

use super::judge::{Answer, Facts, State};
use super::scenario::Scenario;
use crate::clock;
use crate::failure::{Failure, Result};
use crate::journal::{chain, file};
use crate::kept::Kept;
use crate::model::{Actor, Control, Event, Naming};
use crate::root::Root;
use crate::system;
use base64::prelude::{Engine, BASE64_STANDARD};
use milspec_uapi as uapi;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{chown, DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use zerocopy::IntoBytes;

/// Its file.
pub const FILE: Kept = Kept {
    path: "/var/lib/milspecctl/training.json",
    schema: "milspec.training-run/1",
    of: "the last training",
};

/// Where trainees see which scenario runs, until the next boot.
const SHOWN: &str = "/run/milspecctl";
/// The name of the scenario.
const SCENARIO: &str = "/run/milspecctl/scenario";
/// Where they put answers: a file for each, that belongs to who answers.
const ANSWERS: &str = "/run/milspecctl/answers";

/// Longest answer, in bytes.
pub const ANSWER_MAX: usize = 200;

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
    /// Which events of the scenario have happened, by their places, from 0.
    pub happened: Vec<usize>,
    /// The values of controls to begin with.
    pub start: BTreeMap<String, String>,
    /// The controls of the copy, as they were last seen.
    pub controls: Vec<Control>,
    /// Names of users in the records.
    pub users: BTreeMap<u32, String>,
    /// The answers.
    pub answers: Vec<Answer>,
    /// The records, in base64.
    pub records: String,
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
            records: String::new(),
            seen_ns: 0,
            ended: None,
        }
    }

    /// The one that was kept; `None` where there is none.
    pub fn load(root: &Root) -> Result<Option<Self>> {
        FILE.load(root)
    }

    /// From a file that `training report --json` or a copy of the record is.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |why: String| {
            Failure::new(
                "run-invalid",
                format!("{name} is no run of a scenario"),
                why,
                "name a copy of /var/lib/milspecctl/training.json",
            )
        };
        let run: Self = serde_json::from_str(text)
            .map_err(|error| invalid(crate::words::shown(&error.to_string())))?;
        if run.schema != FILE.schema {
            return Err(invalid(format!("its schema is \"{}\"", run.schema)));
        }
        run.wire().map_err(invalid)?;
        Ok(run)
    }

    /// Whether this is the training that is under way.
    pub fn is_of(&self, training: &uapi::Training) -> bool {
        self.ended.is_none() && self.load == hex::encode(training.load)
    }

    /// Its records; an error where they are not as they were recorded.
    pub fn wire(&self) -> std::result::Result<Vec<uapi::Event>, String> {
        let bytes = BASE64_STANDARD.decode(&self.records);
        let bytes = bytes.map_err(|error| format!("records: {error}"))?;
        let (events, torn) = file::parse(&bytes);
        let broken = chain::verify_training(&events).broken;
        let ours = |event: &uapi::Event| hex::encode(event.load) == self.load;
        if torn > 0 || broken.is_some() || !events.iter().all(ours) {
            return Err("its records are not as they were recorded".into());
        }
        Ok(events)
    }

    /// Takes records of this training, and returns those that are new.
    pub fn take(&mut self, root: &Root, records: &[uapi::Event]) -> Vec<uapi::Event> {
        let mut known = self.wire().unwrap_or_default();
        let last = known.last().map_or(0, |event| event.sequence);
        let new =
            |event: &&uapi::Event| hex::encode(event.load) == self.load && event.sequence > last;
        let new: Vec<uapi::Event> = records.iter().filter(new).copied().collect();
        known.extend(&new);
        self.records = BASE64_STANDARD.encode(known.as_bytes());
        for uid in new.iter().map(|event| event.uid) {
            if let Some(name) = system::user_name(root, uid) {
                self.users.insert(uid, name);
            }
        }
        new
    }

    /// What an objective is decided by.
    pub fn facts<'a>(&'a self, records: &'a [uapi::Event]) -> Facts<'a> {
        Facts {
            records,
            controls: &self.controls,
            start: &self.start,
            answers: &self.answers,
            users: &self.users,
            now: self.seen_ns,
            over: self.ended.is_some(),
        }
    }

    /// Decides every objective.
    pub fn judge(&self) -> Vec<Decided> {
        let records = self.wire().unwrap_or_default();
        let facts = self.facts(&records);
        let naming = Naming::of_training(&self.controls);
        let words = Event::all(&records, &naming);
        let decide = |objective: &super::scenario::Objective| {
            let verdict = facts.judge(&objective.check);
            let mut evidence: Vec<Event> = words
                .iter()
                .filter(|event| verdict.evidence.contains(&event.sequence))
                .cloned()
                .collect();
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

    /// Seconds that are left.
    pub fn left_s(&self) -> u64 {
        let begun = self.wire().unwrap_or_default();
        let begun = begun.first().map_or(self.seen_ns, |event| event.boot_ns);
        let over = self.seen_ns.saturating_sub(begun) / 1_000_000_000;
        (self.scenario.minutes * 60).saturating_sub(over)
    }

    /// Takes what was answered since.
    pub fn take_answers(&mut self, root: &Root) {
        for name in self.scenario.asked() {
            if self.answers.iter().any(|answer| answer.name == name) {
                continue;
            }
            if let Ok((value, uid)) = given(root, name) {
                self.answers.push(Answer {
                    name: name.into(),
                    value,
                    uid,
                    boottime_ns: self.seen_ns,
                });
            }
        }
    }
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

/// Shows trainees which scenario runs, and makes the place for their answers, empty.
pub fn open_answers(root: &Root, scenario: &str) -> Result<()> {
    let open = || -> io::Result<()> {
        close_answers(root)?;
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o755)
            .create(root.path(SHOWN))?;
        fs::write(root.path(SCENARIO), format!("{scenario}\n"))?;
        fs::set_permissions(root.path(SCENARIO), fs::Permissions::from_mode(0o644))?;
        let dir = root.path(ANSWERS);
        DirBuilder::new().mode(0o700).create(&dir)?;
        // They may add to it, and neither list it nor take away what others have put there.
        if let Some((group, _)) = system::group(root, uapi::DEVICE_NAME) {
            if root.note().is_none() {
                chown(&dir, None, Some(group))?;
            }
            fs::set_permissions(&dir, fs::Permissions::from_mode(0o1730))?;
        }
        Ok(())
    };
    open().map_err(|error| {
        Failure::new(
            "file-not-written",
            format!("cannot make {ANSWERS}"),
            "trainees could not answer",
            "see that /run is there and can be written, as root",
        )
        .with_error(&error)
    })
}

/// Takes that away.
pub fn close_answers(root: &Root) -> io::Result<()> {
    match fs::remove_dir_all(root.path(SHOWN)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The scenario that trainees are shown.
pub fn shown(root: &Root) -> Option<String> {
    root.text(SCENARIO)
        .filter(|name| super::scenario::is_name(name))
}

/// Answers, once and for all.
pub fn answer(root: &Root, name: &str, value: &str) -> Result<()> {
    let path = root.path(&format!("{ANSWERS}/{name}"));
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o640).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(value.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        let what = format!("\"{name}\" was not answered");
        let (code, why, next) = match error.kind() {
            io::ErrorKind::AlreadyExists => (
                "already-answered",
                "it was answered before, and the first answer counts",
                "tell the instructor",
            ),
            io::ErrorKind::NotFound => (
                "no-training",
                "no scenario runs",
                "wait for the instructor to begin one: \"milspecctl training run\"",
            ),
            io::ErrorKind::PermissionDenied => (
                "no-permission",
                "only root and group milspec may answer",
                "as root: usermod -aG milspec USER; then log in again",
            ),
            _ => (
                "file-not-written",
                "the file or the disk it is on cannot be written",
                "see that /run has space",
            ),
        };
        Failure::new(code, what, why, next).with_error(&error)
    })
}

/// What was answered, and by whom. Whoever may answer may put anything there: only a file of its own
/// counts, and no more of it than an answer has.
fn given(root: &Root, name: &str) -> io::Result<(String, u32)> {
    let path: PathBuf = root.path(&format!("{ANSWERS}/{name}"));
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)?;
    let data = file.metadata()?;
    if !data.is_file() || data.nlink() != 1 {
        return Err(Errno::EINVAL.into());
    }
    let mut text = Vec::new();
    file.take(ANSWER_MAX as u64).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).trim().to_string();
    Ok((text, data.uid()))
}
