// SPDX-License-Identifier: GPL-2.0

//! `baseline ...`

use clap::Subcommand;

/// `baseline ...`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Show what each control was before the first change
    Show,
}
