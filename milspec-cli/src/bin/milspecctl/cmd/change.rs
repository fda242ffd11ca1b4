// SPDX-License-Identifier: GPL-2.0

//! The commands that change something, or show what a change would do: `milspecctl mode plan`,
//! `mode set`, `control set`, `control accept`, `config apply` and `config diff`.

use crate::apply::{self, ApplyDoc};
use crate::ui::Ui;
use milspec::change::Only;
use milspec::cli::{ConfigApply, ControlAccept, ControlSet, How, ModeSet, Target, Trial};
use milspec::config::Config;
use milspec::{Change, Result, Root, Snapshot};
use std::path::Path;

/// Makes the change, or shows with `--dry-run` what it would do.
fn make(root: &Root, ui: &Ui, change: Change, how: How, trial: Trial) -> Result<ApplyDoc> {
    let change = Change {
        password_fd: how.bios_password_fd,
        confirm_within: trial.confirm_within,
        reboot_to_undo: trial.reboot_to_undo,
        only: match (how.in_training, how.not_in_training) {
            (true, _) => Some(Only::Training),
            (_, true) => Some(Only::Machine),
            _ => None,
        },
        ..change
    };
    match how.dry_run {
        true => apply::plan(root, &change),
        false => apply::apply(root, ui, &change),
    }
}

/// Shows what setting a mode would do.
pub fn mode_plan(root: &Root, target: &Target) -> Result<ApplyDoc> {
    let change = Change::of_mode(target.mode as u8, &target.except)?;
    apply::plan(root, &change)
}

/// Sets a mode.
pub fn mode_set(root: &Root, ui: &Ui, set: &ModeSet) -> Result<ApplyDoc> {
    let change = Change {
        accept_latch: set.accept_latch,
        ..Change::of_mode(set.target.mode as u8, &set.target.except)?
    };
    make(root, ui, change, set.how, set.trial)
}

/// Sets controls.
pub fn control_set(root: &Root, ui: &Ui, set: &ControlSet) -> Result<ApplyDoc> {
    let change = Change {
        assignments: set.assignments.clone(),
        ..Change::default()
    };
    make(root, ui, change, set.how, set.trial)
}

/// Accepts controls as they are.
pub fn control_accept(root: &Root, ui: &Ui, accept: &ControlAccept) -> Result<ApplyDoc> {
    let change = Change::accept(accept.names.clone());
    match accept.dry_run {
        true => apply::plan(root, &change),
        false => apply::apply(root, ui, &change),
    }
}

/// Brings the machine to the state in a file.
pub fn config_apply(root: &Root, ui: &Ui, apply: &ConfigApply) -> Result<ApplyDoc> {
    let change = of_file(root, &apply.file.file)?;
    let change = Change {
        accept_latch: apply.accept_latch || change.accept_latch,
        ..change
    };
    make(root, ui, change, apply.how, apply.trial)
}

/// Shows what bringing the machine to the state in a file would do.
pub fn config_diff(root: &Root, file: &Path) -> Result<ApplyDoc> {
    apply::plan(root, &of_file(root, file)?)
}

/// What the file asks of this machine. It is read first: what is wrong in it can be said without
/// the machine.
fn of_file(root: &Root, file: &Path) -> Result<Change> {
    let desired = Config::read(file)?;
    let snapshot = Snapshot::take(root, false)?;
    desired.change(&snapshot.controls)
}
