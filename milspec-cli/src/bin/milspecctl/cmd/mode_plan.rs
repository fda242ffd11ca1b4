// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode plan`

use crate::apply;
use crate::apply::ApplyDoc;
use milspec::change::Change;
use milspec::cli::ModePlan;
use milspec::failure::Result;
use milspec::root::Root;

/// Fetches the plan.
pub fn run(root: &Root, plan: &ModePlan) -> Result<ApplyDoc> {
    apply::plan(
        root,
        &Change::of_mode(plan.target.mode.number(), &plan.target.except)?,
    )
}
