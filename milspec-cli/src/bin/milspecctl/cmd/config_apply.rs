// SPDX-License-Identifier: GPL-2.0

//! `milspecctl config apply` and `config diff`

use crate::apply;
use crate::apply::ApplyDoc;
use crate::ui::Ui;
use milspec::change::Change;
use milspec::cli::ConfigApply;
use milspec::config::Config;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use std::path::Path;

/// Brings the machine to the state in the file, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, apply: &ConfigApply) -> Result<ApplyDoc> {
    let change = change(root, &apply.file.file)?;
    let change = Change {
        accept_latch: apply.accept_latch || change.accept_latch,
        password_fd: apply.how.bios_password_fd,
        confirm_within: apply.trial.confirm_within,
        reboot_to_undo: apply.trial.reboot_to_undo,
        ..change
    };
    if apply.how.dry_run {
        apply::plan(root, &change)
    } else {
        apply::apply(root, ui, &change)
    }
}

/// What bringing the machine to the state in the file would do.
pub fn diff(root: &Root, file: &Path) -> Result<ApplyDoc> {
    apply::plan(root, &change(root, file)?)
}

/// What the file asks of this machine. It is read first: what is wrong in it can be said without
/// the machine.
fn change(root: &Root, file: &Path) -> Result<Change> {
    let desired = Config::read(file)?;
    let snapshot = Snapshot::take(root, false)?;
    desired.change(&snapshot.controls)
}
