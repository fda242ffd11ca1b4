// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training list`

use milspec::cli::TrainingList;
use milspec::training::scenario::{Scenario, DIRS};
use milspec::training::view::View;
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
    pub directories: [&'static str; 3],
    /// The scenarios that were asked for, from the easiest to the hardest.
    pub scenarios: Vec<View>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// Whether one was asked for.
    #[serde(skip)]
    pub one: bool,
}

/// Fetches the document.
pub fn run(root: &Root, asked: &TrainingList) -> Result<ScenarioList> {
    let (views, bad) = match &asked.scenario {
        Some(name) => (vec![one(root, name)?], Vec::new()),
        None => {
            let (scenarios, bad) = Scenario::all(root);
            (scenarios.iter().map(View::of).collect(), bad)
        }
    };
    let warning = |failure: milspec::Failure| {
        let remedy = "see docs/training.md for how to write one";
        Warning::new("scenario-invalid", failure.to_string(), remedy)
    };
    let views = views.into_iter().map(|one| match asked.hints {
        true => one,
        false => one.without_hints(),
    });
    Ok(ScenarioList {
        schema: "milspec.scenario-list/1",
        recording: root.recording(),
        directories: DIRS,
        scenarios: views.collect(),
        warnings: bad.into_iter().map(warning).collect(),
        one: asked.scenario.is_some(),
    })
}

/// The one that runs, whose file may be the instructor's alone, or one that can be read.
fn one(root: &Root, name: &str) -> Result<View> {
    match View::running(root).filter(|view| view.name == name) {
        Some(view) => Ok(view),
        None => Ok(View::of(&Scenario::find(root, name)?.0)),
    }
}
