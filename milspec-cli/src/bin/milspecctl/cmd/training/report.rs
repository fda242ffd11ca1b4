// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training report`, and what `training run` ends with.

use milspec::cli::TrainingReport;
use milspec::input;
use milspec::model::{Event, Naming};
use milspec::training::judge::{Answer, State};
use milspec::training::run::{Decided, Ended, Happened, Run};
use milspec::training::scenario::Grade;
use milspec::{driver, training, Access, Result, Root};
use milspec_uapi::TRAINING_ON;
use serde::Serialize;

/// More than any run has.
const LENGTH_MAX: u64 = 16 << 20;

/// An event of the scenario that did not happen.
#[derive(Debug, Serialize)]
pub struct Undone {
    /// Which event of the scenario, from 1.
    pub event: usize,
    /// Why.
    pub why: String,
}

/// `milspec.training-report/1`
#[derive(Debug, Serialize)]
pub struct ReportDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// The file that the run is from; null for the last run here.
    pub file: Option<String>,
    /// Name of the scenario.
    pub scenario: String,
    /// What it is called.
    pub title: String,
    /// How hard it is.
    pub grade: Grade,
    /// Number of the training.
    pub session: u32,
    /// Load of its records.
    pub load: String,
    /// When it began.
    pub started: String,
    /// Why it is over; null where it is not.
    pub ended: Option<Ended>,
    /// How many seconds are left.
    pub left_s: u64,
    /// What was scored.
    pub scored: u32,
    /// All that can be scored.
    pub points: u32,
    /// The objectives.
    pub objectives: Vec<Decided>,
    /// What was answered.
    pub answers: Vec<Answer>,
    /// Events of the scenario that did not happen.
    pub undone: Vec<Undone>,
    /// All that happened; null without `--replay`.
    pub events: Option<Vec<Event>>,
}

impl ReportDoc {
    /// Of this run.
    pub fn new(root: &Root, file: Option<String>, run: &Run, replay: bool) -> Self {
        let objectives = run.judge();
        let events = replay.then(|| {
            let records = run.records.all();
            Event::all(records, &Naming::of_training(&run.controls))
        });
        let ended = run.ended;
        Self {
            schema: "milspec.training-report/1",
            recording: root.recording(),
            file,
            scenario: run.scenario.name.clone(),
            title: run.scenario.title.clone(),
            grade: run.scenario.grade,
            session: run.session,
            load: run.load.clone(),
            started: run.started.clone(),
            left_s: if ended.is_some() { 0 } else { run.left_s() },
            ended,
            scored: objectives
                .iter()
                .fold(0, |sum, one| sum.saturating_add(one.scored)),
            points: run.scenario.points(),
            objectives,
            answers: run.answers.clone(),
            undone: run.happened.iter().filter_map(undone).collect(),
            events,
        }
    }

    /// Whether every objective is met.
    pub fn is_all_met(&self) -> bool {
        self.objectives.iter().all(|one| one.state == State::Met)
    }
}

/// Fetches the document.
pub fn run(root: &Root, asked: &TrainingReport) -> Result<ReportDoc> {
    let (file, run) = match &asked.file {
        Some(path) => {
            let name = milspec::words::shown(&input::name(path));
            let text = input::read(path, LENGTH_MAX)?;
            let run = Run::parse(&name, &String::from_utf8_lossy(&text))?;
            (Some(name), run)
        }
        None => {
            let none = || training::none("no scenario has run here");
            let mut run = Run::load(root)?.ok_or_else(none)?;
            if run.ended.is_none() && is_gone(root, &run)? {
                run.ended = Some(Ended::Gone);
            }
            (None, run)
        }
    };
    Ok(ReportDoc::new(root, file, &run, asked.replay))
}

fn undone(one: &Happened) -> Option<Undone> {
    Some(Undone {
        event: one.event.saturating_add(1),
        why: one.failed.clone()?,
    })
}

/// Whether the training of a run that nobody has ended is not there any more: after a power loss, or
/// where another program has ended it.
fn is_gone(root: &Root, run: &Run) -> Result<bool> {
    match driver::open(root, Access::Read) {
        Ok(mut source) => {
            let training = training::state(source.as_mut())?;
            Ok(training.properties & TRAINING_ON == 0 || !run.is_of(&training))
        }
        Err(failure) if failure.code == "no-driver" => Ok(true),
        Err(failure) => Err(failure),
    }
}
