// SPDX-License-Identifier: GPL-2.0

//! What becomes of a change that had to be confirmed: it is kept, or goes back.

use super::{By, Confirmation};
use crate::apply::recorder;
use milspec::change::Assignment;
use milspec::kept::{self, Lock};
use milspec::model::{Control, Step};
use milspec::source::Answer;
use milspec::unconfirmed::{Record, State, Waiter, Way, FILE};
use milspec::{diagnose, signals, system};
use milspec::{Change, Exit, Failure, Result, Root, Snapshot, Source};
use milspec_uapi::{OUTCOME_DONE, OUTCOME_PLANNED};
use zeroize::Zeroizing;

/// Keeps the change that waits, and returns its name; `None` where none does. Before the boot from
/// which on it is in force, its clock is stopped instead.
pub fn keep(root: &Root, lock: &Lock) -> Result<Option<String>> {
    let Some(mut record) = Record::load(root)?.filter(Record::is_open) else {
        return Ok(None);
    };
    if !record.waits_for_reboot(root) {
        FILE.remove(root, lock).map_err(not_kept)?;
        // In this order: undoing it takes what is recorded of before.
        recorder::forget(root, lock, &record.restored).map_err(|failure| Failure {
            what: format!("{} is kept, and so is the record of before", record.change),
            ..failure
        })?;
        return Ok(Some(record.change));
    }
    record.state = State::Held;
    FILE.save(root, lock, &record).map_err(not_kept)?;
    Err(Failure::new(
        "not-in-force-yet",
        format!("{} cannot be confirmed yet", record.change),
        "some of it will be in force after the next boot; until then it stays",
        format!(
            "reboot when it suits you, then run this again within {} s",
            record.within_s
        ),
    ))
}

/// It is still to be confirmed.
pub fn not_kept(failure: Failure) -> Failure {
    Failure {
        what: "nothing was confirmed".into(),
        ..failure
    }
}

/// What somebody else has made of the change that this process waits for.
pub fn settled(root: &Root, within_s: u64) -> Result<Confirmation> {
    let lock = kept::lock_whatever_arrives(root)?;
    let result = match Record::load(root)? {
        None => "confirmed",
        Some(_) => {
            FILE.remove(root, &lock)?;
            "undone"
        }
    };
    let by = Some(By::Command);
    Ok(Confirmation::new(within_s, result, by))
}

/// Puts back what the change that waits has changed, unless somebody was faster. `known` is what is
/// known of it where its record cannot be read any more. No signal stops it.
pub fn undo(
    root: &Root,
    source: &mut dyn Source,
    key: &Zeroizing<u16>,
    known: Record,
    by: By,
) -> Result<Confirmation> {
    refuse_training(source)?;
    // It is done where they cannot be blocked, too.
    let _blocked = signals::Blocked::new();
    let lock = kept::lock_whatever_arrives(root)?;
    let Some(mut record) = Record::load(root).unwrap_or(Some(known)) else {
        return Ok(Confirmation::new(0, "confirmed", Some(By::Command)));
    };
    if !record.is_open() {
        return Ok(Confirmation::new(
            record.within_s,
            "undone",
            Some(By::Command),
        ));
    }
    // The lock may have taken its time.
    refuse_training(source)?;
    let mut ended = Confirmation::new(record.within_s, "undone", Some(by));
    put_all_back(root, source, key, &record, &mut ended);
    // What was looked at then was not the machine, and the record stays as it was.
    refuse_training(source)?;
    record.left = ended.left.clone();
    record.asked = matches!(by, By::Command);
    if !ended.is_undone() {
        // Confirmed as it is now, what has gone back and what others have changed is not as it was before.
        let is_step = |name: &String| record.steps.iter().any(|way| way.control == *name);
        let is_made = |name: &String| ended.left.contains(name) && !ended.moved.contains(name);
        let keeps = |name: &String| !is_step(name) || is_made(name);
        record.restored = record.restored.into_iter().filter(keeps).collect();
    }
    record.state = match ended.left.is_empty() {
        true if ended.needs_reboot && record.reboots => State::RebootDue,
        true => State::Undone,
        false => State::NotUndone,
    };
    record.undone_in = system::boot_id(root).filter(|_| ended.is_undone());
    if ended.is_undone() {
        // What stays in it says what the controls are.
        let _ = recorder::forget(root, &lock, &record.recorded);
    }
    // Who asked for it knows, and who waits in vain is told. Where it cannot be written down, the
    // journal of systemd has it.
    let told = match by {
        By::Timeout => true,
        By::Command => record.waiter == Waiter::Process && record.somebody_waits(),
        By::Terminal | By::Signal => false,
    };
    let told = told || record.state != State::Undone;
    if !told || FILE.save(root, &lock, &record).is_err() && ended.is_undone() {
        let _ = FILE.remove(root, &lock);
    }
    Ok(ended)
}

/// The change was one of the machine, and what is shown in a training is not. Who waits for it tries
/// again when the training has ended.
fn refuse_training(source: &dyn Source) -> Result<()> {
    if let Ok(now) = Snapshot::read(source) {
        now.of_machine("undo a change of the machine")
            .map_err(|failure| failure.exits(Exit::Unsupported))?;
    }
    Ok(())
}

fn put_all_back(
    root: &Root,
    source: &mut dyn Source,
    key: &Zeroizing<u16>,
    record: &Record,
    ended: &mut Confirmation,
) {
    // What has neither value was changed by somebody else since, perhaps without the driver's knowledge, and
    // is left alone.
    let _ = source.refresh();
    let before = Snapshot::read(source).map_or_else(|_| Vec::new(), |now| now.controls);
    let is_moved = |way: &&Way| {
        let now = Control::named(&before, &way.control).and_then(|one| one.value.as_ref());
        now.is_some_and(|now| *now != way.from && *now != way.to)
    };
    let (moved, ours): (Vec<&Way>, Vec<&Way>) = record.steps.iter().partition(is_moved);
    ended.moved = moved.iter().map(|way| way.control.clone()).collect();
    let ours: Vec<Way> = ours.into_iter().cloned().collect();
    let mut attempt = |ways: &[Way]| {
        let Ok((answer, mut steps)) = put_back(root, source, key, ways) else {
            return false;
        };
        ended.firmware_calls += answer.apply.firmware_calls;
        ended.steps.append(&mut steps);
        answer.apply.outcome == OUTCOME_DONE
    };
    // All or none keeps a machine from a state that nobody wanted. This one is in such a state:
    // what can go back goes back, the last step first.
    if !attempt(&ours) {
        for way in ours.iter().rev() {
            attempt(std::slice::from_ref(way));
        }
    }
    let now = Snapshot::read(source).map(|snapshot| snapshot.controls);
    let mut mistaken = Vec::new();
    let mut pending = false;
    for way in &record.steps {
        let mut controls = now.iter().flatten();
        match controls.find(|control| control.name == way.control) {
            None if now.is_ok() => ended.absent.push(way.control.clone()),
            Some(one) if one.value.as_ref() == Some(&way.from) => {
                pending |= one.pending_reboot;
                // A driver that was loaded since takes the change for what was before.
                if one.baseline.as_ref() == Some(&way.to) {
                    mistaken.push(way.control.clone());
                }
            }
            _ => ended.left.push(way.control.clone()),
        }
    }
    if !ended.left.is_empty() {
        ended.result = "not-undone";
    }
    // Who was killed after the steps had been made makes none.
    let waits = |step: &Step| step.waits_for_reboot() && step.state == "done";
    pending |= ended.steps.iter().any(waits);
    ended.needs_reboot = pending && !record.is_of_this_boot(root);
    accept(root, source, mistaken);
}

/// Has the driver take these controls as they are. It is about what it remembers, and no more.
fn accept(root: &Root, source: &mut dyn Source, names: Vec<String>) {
    let (Ok(snapshot), false) = (Snapshot::read(source), names.is_empty()) else {
        return;
    };
    if let Ok(plan) = Change::accept(names).plan(root, source, &snapshot) {
        let _ = source.apply(&plan.request);
    }
}

/// Puts back what these steps changed, as far as the driver does not refuse it.
fn put_back(
    root: &Root,
    source: &mut dyn Source,
    key: &Zeroizing<u16>,
    ways: &[Way],
) -> Result<(Answer, Vec<Step>)> {
    let snapshot = Snapshot::read(source)?;
    let back = |way: &Way| Assignment::new(&way.control, &way.from);
    let change = Change {
        assignments: ways.iter().map(back).collect(),
        restores: true,
        ..Change::default()
    };
    let mut plan = change.plan(root, source, &snapshot)?;
    let mut answer = plan.answer;
    if answer.apply.outcome == OUTCOME_PLANNED {
        plan.request.security_key = key.clone();
        answer = source
            .apply(&plan.request)
            .map_err(|errno| diagnose::apply("cannot put back what was before".into(), errno))?;
    }
    let steps = Step::all(&answer.steps, &snapshot.controls);
    Ok((answer, steps))
}
