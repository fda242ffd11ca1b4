// SPDX-License-Identifier: GPL-2.0

//! A scenario, as far as a trainee may know it.

use super::scenario::{Grade, Scenario};
use crate::root::Root;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

/// What trainees find of the run of a scenario, until it is over or the machine boots.
pub const DIR: &str = "/run/milspecctl";
/// The scenario that runs.
const FILE: &str = "/run/milspecctl/scenario.json";

/// A scenario: what it is about, and not what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// How hard it is.
    pub grade: Grade,
    /// How long there is for it.
    pub minutes: u64,
    /// All that can be scored.
    pub points: u32,
    /// What the trainee is told.
    pub story: String,
    /// What is to be reached.
    pub objectives: Vec<Wanted>,
}

/// An objective, as the trainee is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What is to be reached.
    pub text: String,
    /// What it counts.
    pub points: u32,
    /// Hints, the least telling first.
    pub hints: Vec<String>,
    /// What is to be answered with training answer; null where nothing is.
    pub answer: Option<String>,
}

impl View {
    /// Of this scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let objectives = scenario.objective.iter().map(|one| Wanted {
            name: one.name.clone(),
            text: one.text.trim().into(),
            points: one.points,
            hints: one.hints.clone(),
            answer: one.check.answer().map(str::to_string),
        });
        Self {
            objectives: objectives.collect(),
            points: scenario.points(),
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            grade: scenario.grade,
            minutes: scenario.minutes,
            story: scenario.story.trim().into(),
        }
    }

    /// The same without hints.
    pub fn without_hints(mut self) -> Self {
        self.objectives.iter_mut().for_each(|one| one.hints.clear());
        self
    }

    /// The scenario that runs.
    pub fn running(root: &Root) -> Option<Self> {
        serde_json::from_slice(&root.bytes(FILE).ok()?).ok()
    }

    /// Shows it to trainees.
    pub fn publish(&self, root: &Root) -> io::Result<()> {
        make_dir(root, 0o755)?;
        let file = root.path(FILE);
        fs::write(&file, serde_json::to_string(self)?)?;
        fs::set_permissions(file, Permissions::from_mode(0o644))
    }
}

/// Makes the directory, with this mode whatever the umask is.
pub(super) fn make_dir(root: &Root, mode: u32) -> io::Result<()> {
    let dir = root.path(DIR);
    DirBuilder::new().recursive(true).mode(mode).create(&dir)?;
    fs::set_permissions(dir, Permissions::from_mode(mode))
}

/// Takes away what trainees were shown, and the place for their answers.
pub fn withdraw(root: &Root) -> io::Result<()> {
    match fs::remove_dir_all(root.path(DIR)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
