// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control accept`

use crate::apply;
use crate::apply::ApplyDoc;
use crate::ui::Ui;
use milspec::change::{Assignment, Change, ACCEPT};
use milspec::cli::ControlAccept;
use milspec::failure::Result;
use milspec::root::Root;

/// Accepts the controls as they are, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, accept: &ControlAccept) -> Result<ApplyDoc> {
    let accepted = accept.names.iter().map(|name| Assignment {
        name: name.clone(),
        value: ACCEPT.into(),
    });
    let change = Change {
        assignments: accepted.collect(),
        accepts: true,
        ..Change::default()
    };
    if accept.dry_run {
        apply::plan(root, &change)
    } else {
        apply::apply(root, ui, &change)
    }
}
