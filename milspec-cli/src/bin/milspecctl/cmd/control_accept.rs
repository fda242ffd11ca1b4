// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control accept`

use crate::change;
use crate::change::ApplyDoc;
use crate::ui::Ui;
use milspec::cli::ControlAccept;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::wish::{Assignment, Wish, ACCEPT};

/// Accepts the controls as they are, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, accept: &ControlAccept) -> Result<ApplyDoc> {
    let accepted = accept.names.iter().map(|name| Assignment {
        name: name.clone(),
        value: ACCEPT.into(),
    });
    let wish = Wish {
        assignments: accepted.collect(),
        accepts: true,
        ..Wish::default()
    };
    if accept.dry_run {
        change::plan(root, &wish)
    } else {
        change::apply(root, ui, &wish, None)
    }
}
