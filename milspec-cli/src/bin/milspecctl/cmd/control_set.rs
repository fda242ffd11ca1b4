// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control set`

use crate::apply;
use crate::apply::ApplyDoc;
use crate::ui::Ui;
use milspec::change::Change;
use milspec::cli::ControlSet;
use milspec::failure::Result;
use milspec::root::Root;

/// Sets the controls, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, set: &ControlSet) -> Result<ApplyDoc> {
    let change = Change {
        assignments: set.assignments.clone(),
        password_fd: set.how.bios_password_fd,
        confirm_within: set.trial.confirm_within,
        reboot_to_undo: set.trial.reboot_to_undo,
        ..Change::default()
    };
    if set.how.dry_run {
        apply::plan(root, &change)
    } else {
        apply::apply(root, ui, &change)
    }
}
