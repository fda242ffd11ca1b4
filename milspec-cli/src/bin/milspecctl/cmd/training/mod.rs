// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training start`, `stop`, `status`, `inject` and `answer`.

pub mod list;
pub mod report;

use milspec::cli::{TrainingAnswer, TrainingInject, TrainingStart};
use milspec::kept;
use milspec::model::Provenance;
use milspec::training;
use milspec::training::answers::{self, ANSWER_MAX};
use milspec::training::run::{self, Ended, Run};
use milspec::training::view::{self, View};
use milspec::{driver, journal, unconfirmed, Access, Failure, Result, Root, Snapshot, Source};
use milspec_uapi::{Training, TRAINING_ON};
use serde::Serialize;

/// `milspec.training/1`
#[derive(Debug, Serialize)]
pub struct TrainingDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Which machine it is of; `training`: whether there is one, after this.
    #[serde(flatten)]
    pub from: Provenance,
    /// What was done: `none`, `started`, `stopped` or `injected`.
    pub done: &'static str,
    /// Number of the training under way or of the last one; null for none since the module was
    /// loaded.
    pub session: Option<u32>,
    /// Load of its records; null for none.
    pub load: Option<String>,
    /// Generation after it.
    pub generation: u64,
    /// The scenario that runs; null for none.
    pub scenario: Option<String>,
    /// How many controls there are now.
    pub controls: usize,
}

fn document(
    root: &Root,
    source: &dyn Source,
    training: &Training,
    done: &'static str,
) -> Result<TrainingDoc> {
    let snapshot = Snapshot::read(source)?;
    let is_on = training.properties & TRAINING_ON != 0;
    Ok(TrainingDoc {
        schema: "milspec.training/1",
        from: Provenance {
            training: Some(is_on),
            ..snapshot.provenance(root)
        },
        done,
        session: (training.session != 0).then_some(training.session),
        load: (training.session != 0).then(|| hex::encode(training.load)),
        generation: training.generation,
        scenario: View::running(root).filter(|_| is_on).map(|view| view.name),
        controls: snapshot.controls.len(),
    })
}

/// Begins a training.
pub fn start(root: &Root, asked: &TrainingStart) -> Result<TrainingDoc> {
    let mut source = driver::open(root, Access::Change)?;
    unconfirmed::refuse_another(root)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let described = asked.profile.describe(&snapshot, &asked.set)?;
    let training = training::start(source.as_mut(), &described)?;
    document(root, source.as_ref(), &training, "started")
}

/// Ends it, and with it the run of a scenario.
pub fn stop(root: &Root) -> Result<TrainingDoc> {
    let mut source = driver::open(root, Access::Change)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let training = training::stop(source.as_mut(), 0)?;
    // What cannot be written down of a run is no reason to say that the training goes on.
    let _ = end_run(root, source.as_mut(), &training, snapshot);
    document(root, source.as_ref(), &training, "stopped")
}

/// The run of a scenario that was under way is over.
fn end_run(
    root: &Root,
    source: &mut dyn Source,
    training: &Training,
    last: Snapshot,
) -> Result<()> {
    let Some(mut run) = Run::load(root)?.filter(|run| run.is_of(training)) else {
        return Ok(());
    };
    training::follow(source);
    run.take(root, &journal::read(source)?);
    run.controls = last.controls;
    run.ended = Some(Ended::Stopped);
    let _ = view::withdraw(root);
    let lock = kept::lock(root, &|| {})?;
    run::FILE.save(root, &lock, &run)
}

/// How it stands.
pub fn status(root: &Root) -> Result<TrainingDoc> {
    let mut source = driver::open(root, Access::Read)?;
    Snapshot::read(source.as_ref())?;
    let training = training::state(source.as_mut())?;
    document(root, source.as_ref(), &training, "none")
}

/// Has the copy behave as hardware can.
pub fn inject(root: &Root, asked: &TrainingInject) -> Result<TrainingDoc> {
    let mut source = driver::open(root, Access::Change)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let training = training::under_way(source.as_mut())?;
    let injection = asked.inject().on(&snapshot)?;
    let training = training::inject(source.as_mut(), training.session, injection)?;
    document(root, source.as_ref(), &training, "injected")
}

/// `milspec.training-answer/1`
#[derive(Debug, Serialize)]
pub struct AnswerDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// What was answered.
    pub name: String,
    /// The answer.
    pub value: String,
}

/// Answers.
pub fn answer(root: &Root, asked: &TrainingAnswer) -> Result<AnswerDoc> {
    if root.note().is_some() {
        return Err(Failure::new(
            "unsupported",
            format!("\"{}\" was not answered", asked.name),
            "a recording has nobody to answer to",
            "run it on the machine, without --root",
        ));
    }
    let value = asked.value.trim();
    if !answers::is_answer(value) {
        return Err(Failure::new(
            "usage",
            format!("\"{}\" was not answered", asked.name),
            format!("an answer is one line of 1 to {ANSWER_MAX} bytes"),
            "answer with a name or a number",
        ));
    }
    answers::answer(root, &asked.name, value)?;
    Ok(AnswerDoc {
        schema: "milspec.training-answer/1",
        recording: root.recording(),
        name: asked.name.clone(),
        value: value.into(),
    })
}
