// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode plan`

use crate::change;
use crate::change::ApplyDoc;
use milspec::cli::ModePlan;
use milspec::failure::Result;
use milspec::root::Root;
use milspec::wish::Wish;

/// Fetches the plan.
pub fn run(root: &Root, plan: &ModePlan) -> Result<ApplyDoc> {
    change::plan(
        root,
        &Wish::of_mode(plan.target.mode.number(), &plan.target.except)?,
    )
}
