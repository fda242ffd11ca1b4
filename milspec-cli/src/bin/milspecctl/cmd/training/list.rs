// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training list`

use milspec::cli::TrainingList;
use milspec::training::scenario::{Grade, Scenario, DIRS};
use milspec::{Result, Root, Warning};
use serde::Serialize;

/// `milspec.scenario-list/1`
#[derive(Debug, Serialize)]
pub struct ScenarioList {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Where scenarios are looked for.
    pub directories: [&'static str; 2],
    /// The scenarios that were asked for, from the easiest to the hardest.
    pub scenarios: Vec<Entry>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// Whether one was asked for.
    #[serde(skip)]
    pub one: bool,
}

/// A scenario, as far as a trainee may know it.
#[derive(Debug, Serialize)]
pub struct Entry {
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
#[derive(Debug, Serialize)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// What is to be reached.
    pub text: String,
    /// What it counts.
    pub points: u32,
    /// Hints, the least telling first; none without `--hints`.
    pub hints: Vec<String>,
    /// What is to be answered with training answer; null where nothing is.
    pub answer: Option<String>,
}

fn entry(scenario: Scenario, hints: bool) -> Entry {
    let objectives = scenario.objective.iter().map(|one| Wanted {
        name: one.name.clone(),
        text: one.text.trim().into(),
        points: one.points,
        hints: match hints {
            true => one.hints.clone(),
            false => Vec::new(),
        },
        answer: one.check.answer().map(str::to_string),
    });
    Entry {
        objectives: objectives.collect(),
        points: scenario.points(),
        name: scenario.name,
        title: scenario.title,
        grade: scenario.grade,
        minutes: scenario.minutes,
        story: scenario.story.trim().into(),
    }
}

/// Fetches the document.
pub fn run(root: &Root, asked: &TrainingList) -> Result<ScenarioList> {
    let (scenarios, bad) = match &asked.scenario {
        Some(name) => (vec![Scenario::find(root, name)?.0], Vec::new()),
        None => Scenario::all(root),
    };
    let warning = |failure: milspec::Failure| {
        let remedy = "see docs/training.md for how to write one";
        Warning::new("scenario-invalid", failure.to_string(), remedy)
    };
    let entries = scenarios.into_iter().map(|one| entry(one, asked.hints));
    Ok(ScenarioList {
        schema: "milspec.scenario-list/1",
        recording: root.recording(),
        directories: DIRS,
        scenarios: entries.collect(),
        warnings: bad.into_iter().map(warning).collect(),
        one: asked.scenario.is_some(),
    })
}
