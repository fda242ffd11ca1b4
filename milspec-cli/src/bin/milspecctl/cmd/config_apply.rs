// SPDX-License-Identifier: GPL-2.0

//! `milspecctl config apply` and `config diff`

use crate::change;
use crate::change::ApplyDoc;
use crate::ui::Ui;
use milspec::cli::ConfigApply;
use milspec::desired::Desired;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use milspec::wish::Wish;
use std::path::Path;

/// Brings the machine to the state in the file, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, apply: &ConfigApply) -> Result<ApplyDoc> {
    let wish = Wish {
        accept_latch: apply.accept_latch,
        password_fd: apply.how.bios_password_fd,
        confirm_within: apply.trial.confirm_within,
        ..wish(root, &apply.file.file)?
    };
    if apply.how.dry_run {
        change::plan(root, &wish)
    } else {
        change::apply(root, ui, &wish, None)
    }
}

/// What bringing the machine to the state in the file would do.
pub fn diff(root: &Root, file: &Path) -> Result<ApplyDoc> {
    change::plan(root, &wish(root, file)?)
}

/// What the file asks of this machine. It is read first: what is wrong in it can be said without
/// the machine.
fn wish(root: &Root, file: &Path) -> Result<Wish> {
    let desired = Desired::read(file)?;
    let snapshot = Snapshot::take(root, false)?;
    desired.wish(&snapshot.controls)
}
