// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode plan`

use super::apply::ApplyDoc;
use crate::change;
use crate::cli::ModePlan;
use crate::failure::Result;
use crate::root::Root;
use crate::wish::Wish;

/// Fetches the plan.
pub fn run(root: &Root, plan: &ModePlan) -> Result<ApplyDoc> {
    change::plan(root, &Wish::of_mode(&plan.target)?)
}
