// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control set`

use super::apply::ApplyDoc;
use crate::change;
use crate::cli::ControlSet;
use crate::failure::Result;
use crate::root::Root;
use crate::ui::Ui;
use crate::wish::Wish;

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
