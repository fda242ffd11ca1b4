// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode set`

use crate::apply;
use crate::apply::ApplyDoc;
use crate::ui::Ui;
use milspec::change::Change;
use milspec::cli::ModeSet;
use milspec::failure::Result;
use milspec::root::Root;

/// Sets the mode, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, set: &ModeSet) -> Result<ApplyDoc> {
    let change = Change {
        accept_latch: set.accept_latch,
        password_fd: set.how.bios_password_fd,
        confirm_within: set.trial.confirm_within,
        reboot_to_undo: set.trial.reboot_to_undo,
        ..Change::of_mode(set.target.mode.number(), &set.target.except)?
    };
    if set.how.dry_run {
        apply::plan(root, &change)
    } else {
        apply::apply(root, ui, &change)
    }
}
