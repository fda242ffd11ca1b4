// SPDX-License-Identifier: GPL-2.0

//! From a change to its outcome: plan, warn, ask, apply. The driver decides; what is decided here is
//! only whether the person still wants it.

mod bios_password;
mod carry_out;
pub mod confirm;
mod document;
mod recorder;

pub use document::ApplyDoc;
pub use recorder::{Note, Recorder};

use crate::ui::Ui;
use carry_out::{cannot, carry_out_with_password};
use confirm::Guard;
use milspec::attributes::Attributes;
use milspec::change::Only;
use milspec::change::Plan;
use milspec::model::{mode_word, Control, Step};
use milspec::source::{Answer, Request};
use milspec::unconfirmed::{self, Told};
use milspec::{
    baseline, diagnose, driver, refusal, signals, system, warning, Access, Change, Result, Root,
    Snapshot, Source,
};
use milspec_uapi::{
    APPLY_CONFIRM_LATCH, MODE_PARANOID_PLUS, OUTCOME_CONFLICT, OUTCOME_DONE, OUTCOME_PLANNED,
    OUTCOME_REFUSED, OUTCOME_UNDONE,
};

/// What would be done. Writes nothing and makes no firmware call.
pub fn plan(root: &Root, change: &Change) -> Result<ApplyDoc> {
    let source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let change = &change.on(&snapshot.controls).with_record(root, &snapshot)?;
    refuse_elsewhere(change, &snapshot)?;
    let plan = change.plan(root, source.as_ref(), &snapshot)?;
    let steps = Step::all(&plan.answer.steps, &snapshot.controls);
    let mut document = ApplyDoc::new("milspec.plan/1", root, &snapshot, change, &plan.answer);
    let latched = snapshot.is_latched();
    document.warnings = warning::before(root, &steps, change, latched);
    document.leave_out(plan.left_out);
    Ok(document)
}

/// Does it, and keeps the record of what was before.
pub fn apply(root: &Root, ui: &Ui, change: &Change) -> Result<ApplyDoc> {
    if change.confirm_within.is_some() && change.mode == MODE_PARANOID_PLUS {
        return Err(refusal::latch_cannot_be_undone());
    }
    let mut source = driver::open_to_change(root, Access::Change)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let training = snapshot.is_training();
    refuse_elsewhere(change, &snapshot)?;
    match training {
        // Nothing on disk is about the copy.
        true => of_machine_alone(change)?,
        false => unconfirmed::refuse_another(root)?,
    }
    let change = &change.on(&snapshot.controls).with_record(root, &snapshot)?;
    let mut plan = change.plan(root, source.as_ref(), &snapshot)?;
    let left_out = std::mem::take(&mut plan.left_out);
    let document =
        |answer: &Answer| ApplyDoc::new("milspec.apply/1", root, &snapshot, change, answer);
    if plan.answer.apply.outcome != OUTCOME_PLANNED {
        return Ok(document(&refused(source.as_mut(), plan)));
    }
    let steps = Step::all(&plan.answer.steps, &snapshot.controls);
    signals::catch().map_err(|errno| diagnose::apply(cannot(change), errno))?;
    // Before a try of the password is spent, and before anything is changed.
    let guard = match change.confirm_within {
        Some(within) if !steps.is_empty() => Some(Guard::prepare(root, change, &steps, within)?),
        _ => None,
    };
    let latched = snapshot.is_latched();
    let mut warnings = warning::before(root, &steps, change, latched);
    warnings.extend(
        guard
            .iter()
            .filter_map(|guard| guard.warning(change, &steps)),
    );
    ui.warn(&warnings);
    if change.mode == MODE_PARANOID_PLUS && !latched && !change.accept_latch {
        confirm_latch(root, ui)?;
    }
    if let Some(number) = change.password_fd {
        // Without a step that the firmware could want it for, no try is spent.
        if steps.iter().any(|step| step.family == "platform") {
            plan.request.security_key =
                bios_password::key(root, &bios_password::from_descriptor(number)?)?;
        }
    }
    let mut recorder = match (change.restores || !steps.is_empty()) && !training {
        true => Some(Recorder::begin(root, ui)?),
        false => None,
    };
    if let Some(recorder) = &mut recorder {
        recorder.record_before(&snapshot.controls, &steps)?;
        if let Some(guard) = &guard {
            guard.arm(root, recorder, change, &steps)?;
        }
    }
    let by_service = guard.as_ref().is_some_and(|guard| guard.watch.is_none());
    let answer = carry_out_with_password(
        root,
        ui,
        source.as_mut(),
        &mut plan,
        &steps,
        change,
        !by_service && !training,
    );
    let done = matches!(&answer, Ok(answer) if answer.apply.outcome == OUTCOME_DONE);
    let mut armed = recorder
        .as_mut()
        .filter(|_| done)
        .and_then(|recorder| recorder.made(source.as_ref()));
    let note = recorder.and_then(|recorder| {
        let left = left_out.iter().map(|left| left.name.clone());
        close(recorder, answer.as_ref().ok(), change, left.collect())
    });
    let answer = answer?;
    let told = armed.as_mut().filter(|_| by_service).map(|record| {
        // The service begins with that now.
        record.count(root);
        Told::of(root, record).warning()
    });
    let confirmation = match guard {
        Some(guard) if done => {
            let key = &plan.request.security_key;
            Some(guard.wait(root, ui, source.as_mut(), key, &steps, armed)?)
        }
        _ => None,
    };
    let note = match confirmation.as_ref() {
        Some(ended) if ended.is_undone() => None,
        // Who confirmed it has removed what is as it was.
        Some(ended) if ended.result == "confirmed" && change.restores => note.map(|note| Note {
            state: match baseline::Record::load(root) {
                Ok(None) => "removed",
                _ => "kept",
            },
            ..note
        }),
        _ => note,
    };
    // What waits for the next boot is told by the controls, afterwards. When they cannot be read
    // any more, what became of the change must be told all the same.
    let mut document = document(&answer);
    if answer.apply.outcome != OUTCOME_REFUSED {
        if let Ok(now) = Snapshot::read(source.as_ref()) {
            warnings.extend(warning::after(&now.controls));
            document.attributes = said_by_attributes(root, &steps, &now);
            let attributes = document.attributes.iter();
            warnings.extend(attributes.filter_map(Attributes::warning));
            document.generation = document.generation.max(now.status.generation);
        }
    }
    if let Some(confirmation) = confirmation {
        warnings.extend(told);
        document.confirm(change, confirmation);
    }
    if by_service {
        if let Some(failure) = document.error.as_mut() {
            refusal::key_would_be_needed(failure, &change.in_words());
        }
    }
    document.warnings = warnings;
    document.baseline = note;
    document.leave_out(left_out);
    if *plan.request.security_key != 0 {
        if let Some(failure) = document.error.as_mut() {
            refusal::key_was_given(failure);
        }
    }
    Ok(document)
}

/// What the BIOS attributes say of the controls that were changed, or were to be.
fn said_by_attributes(root: &Root, steps: &[Step], now: &Snapshot) -> Option<Attributes> {
    let changed = |control: &&Control| steps.iter().any(|step| step.control == control.name);
    let changed = now.witnessed(now.controls.iter().filter(changed).collect());
    (!changed.is_empty()).then(|| Attributes::beside(root, &changed, true))
}

/// Refuses what is meant for what is not shown.
fn refuse_elsewhere(change: &Change, snapshot: &Snapshot) -> Result<()> {
    match (change.only, snapshot.is_training()) {
        (Some(Only::Machine), true) => Err(refusal::in_training("change the machine")),
        (Some(Only::Training), false) => Err(refusal::no_training()),
        _ => Ok(()),
    }
}

/// Refuses what there is on the machine alone: to undo a change later, and to check the firmware's
/// password, which asks the firmware.
fn of_machine_alone(change: &Change) -> Result<()> {
    if change.confirm_within.is_some() {
        return Err(refusal::in_training("wait for a confirmation"));
    }
    match change.password_fd {
        Some(_) => Err(refusal::in_training(
            "check the BIOS administrator password",
        )),
        None => Ok(()),
    }
}

/// What the driver refuses to plan, it refuses to do as well. It is asked to all the same: its journal
/// has who wanted to change something, and not who wanted to know.
fn refused(source: &mut dyn Source, plan: Plan) -> Answer {
    let request = Request {
        // At any other generation nothing is done either, and nothing here is a yes to a latch.
        generation: plan.answer.apply.generation,
        options: plan.request.options & !APPLY_CONFIRM_LATCH,
        ..plan.request
    };
    match source.apply(&request) {
        Ok(done) if done.apply.outcome != OUTCOME_REFUSED => done,
        _ => plan.answer,
    }
}

/// What becomes of the record. None of this changes what became of the controls, so that a failure
/// here is told as a record that is still there, and not as one of the change.
fn close(
    mut recorder: Recorder<'_>,
    answer: Option<&Answer>,
    change: &Change,
    mut left: Vec<String>,
) -> Option<Note> {
    let kept = Note {
        file: baseline::FILE.path,
        state: if change.restores { "kept" } else { "recorded" },
        added: recorder.added(),
    };
    match answer.map(|answer| answer.apply.outcome) {
        Some(OUTCOME_DONE) if change.restores => {
            left.extend(change.excepted());
            // What is undone again needs all of it.
            match recorder.restored_once_confirmed(&left) {
                true => Some(Note {
                    state: "until-confirmed",
                    ..kept
                }),
                false => recorder.restored(&left).unwrap_or(Some(kept)),
            }
        }
        Some(OUTCOME_DONE) => Some(kept),
        Some(OUTCOME_REFUSED | OUTCOME_UNDONE | OUTCOME_CONFLICT) | None => {
            // A record that stays says of controls that were not changed what they are.
            let _ = recorder.take_back();
            change.restores.then_some(kept)
        }
        // Degraded: what was before is needed, and there is nothing that could be confirmed.
        Some(_) => {
            recorder.disarm();
            Some(kept)
        }
    }
}

/// What a latch means, and whether that is wanted.
fn confirm_latch(root: &Root, ui: &Ui) -> Result<()> {
    if !ui.can_ask() {
        return Err(refusal::latch_not_accepted(
            "it latches until the next boot, and there is nobody to ask",
        ));
    }
    let tag = system::dmi(root, "product_serial").and_then(|tag| {
        let start = tag.char_indices().rev().nth(3).map(|(at, _)| at)?;
        tag.get(start..).map(str::to_string)
    });
    let what = match tag {
        Some(_) => "the last four characters of the service tag",
        None => "the name of the mode",
    };
    let question = format!("To accept the latch, type {what}:");
    let wanted = tag.unwrap_or_else(|| mode_word(MODE_PARANOID_PLUS).into());
    if ui.ask("", &question)?.eq_ignore_ascii_case(&wanted) {
        Ok(())
    } else {
        Err(refusal::latch_not_accepted("the answer was another one"))
    }
}
