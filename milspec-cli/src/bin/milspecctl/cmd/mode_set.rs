// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode set`

use crate::change;
use crate::change::ApplyDoc;
use crate::ui::Ui;
use milspec::cli::ModeSet;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::wish::Wish;

/// Sets the mode, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, set: &ModeSet) -> Result<ApplyDoc> {
    let wish = Wish {
        accept_latch: set.accept_latch,
        password_fd: set.how.bios_password_fd,
        confirm_within: set.trial.confirm_within,
        ..Wish::of_mode(set.target.mode.number(), &set.target.except)?
    };
    if set.how.dry_run {
        change::plan(root, &wish)
    } else {
        change::apply(root, ui, &wish, None)
    }
}
