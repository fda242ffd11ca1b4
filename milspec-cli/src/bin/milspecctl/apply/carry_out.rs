// SPDX-License-Identifier: GPL-2.0

//! Has the driver do what was planned.

use crate::apply::bios_password;
use crate::ui::Ui;
use milspec::change::Plan;
use milspec::model::Step;
use milspec::source::{Answer, Request};
use milspec::{diagnose, refusal, signals, Change, Failure, Result, Root, Source};
use milspec_uapi::{APPLY_TRAINING, OUTCOME_PLANNED, OUTCOME_UNDONE, STATUS_TRAINING};
use nix::errno::Errno;

/// Applies the plan; when the firmware wants its password, asks for it and applies once more.
pub fn carry_out_with_password(
    root: &Root,
    ui: &Ui,
    source: &mut dyn Source,
    plan: &mut Plan,
    steps: &[Step],
    change: &Change,
    may_ask: bool,
) -> Result<Answer> {
    plan.request.generation = plan.answer.apply.generation;
    let name = |number: u32| {
        let at = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        steps
            .get(at)
            .map_or_else(String::new, |step| format!("{} {}", step.control, step.to))
    };
    let mut carry_out =
        |request: &mut Request| carry_out(root, ui, source, request, &plan.answer, change, &name);
    let answer = carry_out(&mut plan.request)?;
    let wants_key =
        answer.apply.outcome == OUTCOME_UNDONE && answer.apply.error == Errno::EKEYREJECTED as u32;
    if !wants_key || !may_ask || change.password_fd.is_some() || !ui.can_ask() {
        return Ok(answer);
    }
    plan.request.security_key = bios_password::key(root, &bios_password::from_terminal(ui)?)?;
    plan.request.generation = answer.apply.generation;
    carry_out(&mut plan.request)
}

/// Applies what was planned. If the machine has moved on meanwhile, plans again once, and goes on
/// only if that makes no difference to what was decided.
fn carry_out(
    root: &Root,
    ui: &Ui,
    source: &mut dyn Source,
    request: &mut Request,
    planned: &Answer,
    change: &Change,
    name: &(dyn Fn(u32) -> String + Sync),
) -> Result<Answer> {
    let mut moved = false;
    loop {
        if signals::arrived() {
            return Err(diagnose::apply(cannot(change), Errno::EINTR));
        }
        let result = ui.during(root, name, || source.apply(request));
        let result = result.and_then(|result| result);
        let for_training = request.options & APPLY_TRAINING != 0;
        if for_training && result.as_ref().err() == Some(&Errno::ENODEV) {
            return Err(refusal::training_ended(&change.in_words()));
        }
        if result.as_ref().err() != Some(&Errno::EAGAIN) {
            return result.map_err(|errno| diagnose::apply(cannot(change), errno));
        }
        request.generation = 0;
        // A training that has begun or ended is another machine to change.
        let is_same = |status: milspec_uapi::Status| {
            (status.properties & STATUS_TRAINING != 0) == for_training
        };
        let again = match moved || !source.status().is_ok_and(is_same) {
            true => None,
            false => Some(change.ask(source, request)?),
        };
        let same =
            |again: &Answer| again.apply.outcome == OUTCOME_PLANNED && again.steps == planned.steps;
        let Some(again) = again.filter(same) else {
            return Err(Failure::new(
                "machine-changed",
                cannot(change),
                "the machine changed meanwhile: the plan is no longer the one decided on",
                "look at the plan again with --dry-run, then run it again",
            )
            .with(Errno::EAGAIN));
        };
        moved = true;
        request.generation = again.apply.generation;
    }
}

pub fn cannot(change: &Change) -> String {
    format!("cannot set {}", change.in_words())
}
