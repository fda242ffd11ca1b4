// SPDX-License-Identifier: GPL-2.0

//! Puts back what was before a change that nobody confirmed.

use super::Confirmation;
use milspec::change::{Assignment, Change};
use milspec::diagnose;
use milspec::failure::Result;
use milspec::model::Step;
use milspec::root::Root;
use milspec::signals;
use milspec::snapshot::Snapshot;
use milspec::source::{Answer, Source};
use milspec_uapi::{OUTCOME_DONE, OUTCOME_PLANNED};
use zeroize::Zeroizing;

/// Puts back what these steps changed, and adds to the confirmation what became of that. No signal
/// stops it.
pub fn revert(
    root: &Root,
    source: &mut dyn Source,
    key: &Zeroizing<u16>,
    done: &[Step],
    confirmation: &mut Confirmation,
) {
    // It is done where they cannot be blocked, too.
    let _blocked = signals::Blocked::new();
    let mut attempt = |steps: &[Step]| {
        let Ok((answer, mut steps)) = put_back(root, source, key, steps) else {
            return false;
        };
        confirmation.firmware_calls += answer.apply.firmware_calls;
        confirmation.steps.append(&mut steps);
        answer.apply.outcome == OUTCOME_DONE
    };
    // All or none keeps a machine from a state that nobody wanted. This one is in such a state:
    // what can go back goes back, the last step first.
    if !attempt(done) {
        for step in done.iter().rev() {
            attempt(std::slice::from_ref(step));
        }
    }
    let now = Snapshot::read(source).map(|snapshot| snapshot.controls);
    let is_back = |step: &&Step| {
        let mut controls = now.iter().flatten();
        controls.any(|one| one.name == step.control && one.value.as_ref() == Some(&step.from))
    };
    let left = done.iter().filter(|step| !is_back(step));
    confirmation.left = left.map(|step| step.control.clone()).collect();
    confirmation.result = if confirmation.left.is_empty() {
        "reverted"
    } else {
        "not-reverted"
    };
}

/// Puts back what these steps changed, as far as the driver does not refuse it.
fn put_back(
    root: &Root,
    source: &mut dyn Source,
    key: &Zeroizing<u16>,
    steps: &[Step],
) -> Result<(Answer, Vec<Step>)> {
    let snapshot = Snapshot::read(source)?;
    let assignments = steps.iter().map(|step| Assignment {
        name: step.control.clone(),
        value: step.from.clone(),
    });
    let change = Change {
        assignments: assignments.collect(),
        restores: Some("what was before"),
        ..Change::default()
    };
    let mut plan = change.plan(root, source, &snapshot)?;
    let mut answer = plan.answer;
    if answer.apply.outcome == OUTCOME_PLANNED {
        plan.request.security_key = key.clone();
        answer = source
            .apply(&plan.request)
            .map_err(|errno| diagnose::apply(format!("cannot set {}", change.in_words()), errno))?;
    }
    let steps = Step::all(&answer.steps, &snapshot.controls);
    Ok((answer, steps))
}
