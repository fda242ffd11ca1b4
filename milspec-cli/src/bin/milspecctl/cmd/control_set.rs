// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control set`

use crate::change;
use crate::change::ApplyDoc;
use crate::ui::Ui;
use milspec::cli::ControlSet;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::wish::Wish;

/// Sets the controls, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, set: &ControlSet) -> Result<ApplyDoc> {
    let wish = Wish {
        assignments: set.assignments.clone(),
        password_fd: set.how.bios_password_fd,
        confirm_within: set.trial.confirm_within,
        ..Wish::default()
    };
    if set.how.dry_run {
        change::plan(root, &wish)
    } else {
        change::apply(root, ui, &wish, None)
    }
}
