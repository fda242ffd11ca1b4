// SPDX-License-Identifier: GPL-2.0

//! From a change to its outcome: plan, warn, ask, apply. The driver decides; what is decided here is
//! only whether the person still wants it.

mod bios_password;
pub mod confirm;
mod document;
mod recorder;

pub use document::ApplyDoc;
pub use recorder::{Note, Recorder};

use confirm::{By, Trial};
use milspec::attributes::Attributes;

use crate::ui::Ui;
use milspec::change::{Change, Plan};
use milspec::diagnose;
use milspec::driver;
use milspec::failure::{Exit, Failure, Result};
use milspec::model::{mode_word, Control, Step};
use milspec::refusal;
use milspec::root::Root;
use milspec::signals;
use milspec::snapshot::Snapshot;
use milspec::source::{Access, Answer, Request, Source};
use milspec::system;
use milspec::warning;
use milspec_uapi::{
    APPLY_CONFIRM_LATCH, MODE_PARANOID_PLUS, OUTCOME_CONFLICT, OUTCOME_DONE, OUTCOME_PLANNED,
    OUTCOME_REFUSED, OUTCOME_UNDONE, STATUS_LATCHED,
};
use nix::errno::Errno;

/// What would be done. Writes nothing and makes no firmware call.
pub fn plan(root: &Root, change: &Change) -> Result<ApplyDoc> {
    let source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let change = &change.on(&snapshot.controls);
    let plan = change.plan(root, source.as_ref(), &snapshot)?;
    let steps = Step::all(&plan.answer.steps, &snapshot.controls);
    let mut document = ApplyDoc::new("milspec.plan/1", root, &snapshot, change, &plan.answer);
    let latched = snapshot.status.properties & STATUS_LATCHED != 0;
    document.warnings = warning::before(root, &steps, change, latched);
    document.leave_out(plan.left_out);
    Ok(document)
}

/// Does it, and keeps the record of what was before: `recorder`, where the caller has it already.
pub fn apply<'a>(
    root: &'a Root,
    ui: &Ui,
    change: &Change,
    recorder: Option<Recorder<'a>>,
) -> Result<ApplyDoc> {
    if change.confirm_within.is_some() && change.mode == MODE_PARANOID_PLUS {
        return Err(refusal::latch_cannot_be_undone());
    }
    let mut source = driver::open(root, Access::Change)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let change = &change.on(&snapshot.controls);
    let mut plan = change.plan(root, source.as_ref(), &snapshot)?;
    let left_out = std::mem::take(&mut plan.left_out);
    let document =
        |answer: &Answer| ApplyDoc::new("milspec.apply/1", root, &snapshot, change, answer);
    if plan.answer.apply.outcome != OUTCOME_PLANNED {
        return Ok(document(&refused(source.as_mut(), plan)));
    }
    let steps = Step::all(&plan.answer.steps, &snapshot.controls);
    let latched = snapshot.status.properties & STATUS_LATCHED != 0;
    let mut warnings = warning::before(root, &steps, change, latched);
    ui.warn(&warnings);
    signals::catch().map_err(|errno| diagnose::apply(cannot(change), errno))?;
    if change.mode == MODE_PARANOID_PLUS && !latched && !change.accept_latch {
        confirm_latch(root, ui)?;
    }
    // Before a try of the password is spent, before anything is changed, and before this waits for
    // another change, which may be one that is not confirmed yet.
    let trial = match change.confirm_within {
        Some(within) if !steps.is_empty() => Some(Trial::set_up(root, within)?),
        _ => None,
    };
    if let Some(number) = change.password_fd {
        // Without a step that the firmware could want it for, no try is spent.
        if steps.iter().any(|step| step.family == "platform") {
            plan.request.security_key =
                bios_password::key(root, &bios_password::from_descriptor(number)?)?;
        }
    }
    let mut recorder = match recorder {
        None if steps.is_empty() => None,
        None => Some(Recorder::begin(root, ui)?),
        given => given,
    };
    if let Some(recorder) = &mut recorder {
        recorder.record_before(&snapshot.controls, &steps)?;
    }
    let answer = carry_out_with_password(root, ui, source.as_mut(), &mut plan, &steps, change);
    let confirmation = match (trial, &answer) {
        (Some(trial), Ok(answer)) if answer.apply.outcome == OUTCOME_DONE => {
            let mut ended = trial.wait(ui, &change.in_words(), &steps);
            if matches!(ended.by, By::Timeout | By::Signal) {
                let key = &plan.request.security_key;
                confirm::revert(root, source.as_mut(), key, &steps, &mut ended);
            }
            if ended.by != By::Terminal {
                ui.not_answered();
            }
            Some(ended)
        }
        _ => None,
    };
    let whole = change.restores.is_some() && left_out.is_empty();
    let reverted = confirmation.as_ref().is_some_and(|it| it.is_reverted());
    let note = recorder.and_then(|recorder| {
        let answer = answer.as_ref().ok().filter(|_| !reverted);
        close(recorder, answer, change, whole)
    });
    let answer = answer?;
    // What waits for the next boot is told by the controls, afterwards. When they cannot be read
    // any more, what became of the change must be told all the same.
    let mut document = document(&answer);
    if answer.apply.outcome != OUTCOME_REFUSED {
        if let Ok(now) = Snapshot::read(source.as_ref()) {
            warnings.extend(warning::after(&now.controls));
            document.attributes = said_by_attributes(root, &steps, &now.controls);
            let attributes = document.attributes.iter();
            warnings.extend(attributes.filter_map(Attributes::warning));
            document.generation = document.generation.max(now.status.generation);
        }
    }
    if let Some(confirmation) = confirmation {
        document.confirm(change, confirmation);
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
fn said_by_attributes(root: &Root, steps: &[Step], now: &[Control]) -> Option<Attributes> {
    let changed = |control: &&Control| steps.iter().any(|step| step.control == control.name);
    let changed: Vec<&Control> = now.iter().filter(changed).collect();
    (!changed.is_empty()).then(|| Attributes::after_change(root, &changed))
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
    recorder: Recorder<'_>,
    answer: Option<&Answer>,
    change: &Change,
    whole: bool,
) -> Option<Note> {
    let kept = recorder.made(change.restores.is_some());
    match answer.map(|answer| answer.apply.outcome) {
        Some(OUTCOME_DONE) if whole => recorder.restored().unwrap_or(Some(kept)),
        None | Some(OUTCOME_REFUSED | OUTCOME_UNDONE | OUTCOME_CONFLICT) => {
            // A record that stays says of controls that were not changed what they are.
            let _ = recorder.take_back();
            change.restores.map(|_| kept)
        }
        Some(_) => Some(kept),
    }
}

/// Applies the plan; when the firmware wants its password, asks for it and applies once more.
fn carry_out_with_password(
    root: &Root,
    ui: &Ui,
    source: &mut dyn Source,
    plan: &mut Plan,
    steps: &[Step],
    change: &Change,
) -> Result<Answer> {
    plan.request.generation = plan.answer.apply.generation;
    let name = |number: u32| {
        let at = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        steps
            .get(at)
            .map_or_else(String::new, |step| format!("{} {}", step.control, step.to))
    };
    let mut carry_out = |request: &mut Request| {
        let dressed = &mut |work: Work<'_>| ui.during(root, &name, work);
        carry_out(source, request, &plan.answer, change, dressed)
    };
    let answer = carry_out(&mut plan.request)?;
    let wants_key =
        answer.apply.outcome == OUTCOME_UNDONE && answer.apply.error == Errno::EKEYREJECTED as u32;
    if !wants_key || change.password_fd.is_some() || !ui.can_ask() {
        return Ok(answer);
    }
    plan.request.security_key = bios_password::key(root, &bios_password::from_terminal(ui)?)?;
    plan.request.generation = answer.apply.generation;
    carry_out(&mut plan.request)
}

/// The request, as a closure that the caller may dress up.
type Work<'a> = &'a mut dyn FnMut() -> nix::Result<Answer>;

/// Applies what was planned. If the machine has moved on meanwhile, plans again once, and goes on
/// only if that makes no difference to what was decided.
fn carry_out(
    source: &mut dyn Source,
    request: &mut Request,
    planned: &Answer,
    change: &Change,
    dressed: &mut dyn FnMut(Work<'_>) -> nix::Result<nix::Result<Answer>>,
) -> Result<Answer> {
    for last in [false, true] {
        if signals::arrived() {
            return Err(diagnose::apply(cannot(change), Errno::EINTR));
        }
        let result = dressed(&mut || source.apply(request));
        match result.and_then(|result| result) {
            Err(Errno::EAGAIN) if !last => {
                request.generation = 0;
                let again = change.ask(source, request)?;
                let same = again.apply.outcome == OUTCOME_PLANNED && again.steps == planned.steps;
                if !same {
                    return Err(machine_changed(change));
                }
                request.generation = again.apply.generation;
            }
            Err(Errno::EAGAIN) => return Err(machine_changed(change)),
            result => return result.map_err(|errno| diagnose::apply(cannot(change), errno)),
        }
    }
    Err(machine_changed(change))
}

fn cannot(change: &Change) -> String {
    format!("cannot set {}", change.in_words())
}

fn machine_changed(change: &Change) -> Failure {
    Failure {
        code: "machine-changed",
        exit: Exit::Failed,
        errno: Some(Errno::EAGAIN),
        what: cannot(change),
        why: "the machine changed meanwhile: the plan is no longer the one decided on".into(),
        next: "look at the plan again with --dry-run, then run it again".into(),
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
    let (question, wanted) = match tag {
        Some(tag) => (
            "To accept the latch, type the last four characters of the service tag:",
            tag,
        ),
        None => (
            "To accept the latch, type the name of the mode:",
            mode_word(MODE_PARANOID_PLUS).to_string(),
        ),
    };
    if ui.ask("", question)?.eq_ignore_ascii_case(&wanted) {
        Ok(())
    } else {
        Err(refusal::latch_not_accepted("the answer was another one"))
    }
}
