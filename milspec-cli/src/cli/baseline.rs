// SPDX-License-Identifier: GPL-2.0

//! `baseline ...`

use super::How;
use clap::{Args, Subcommand};

/// `baseline ...`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Show what each control was before the first change
    Show,
    /// Bring back what each control was before the first change
    ///
    /// What cannot be brought back is left out and named, and the record is kept. When everything
    /// is as it was, the record is removed: the next change begins a new one.
    Restore(BaselineRestore),
}

/// `baseline restore`
#[derive(Args, Clone, Copy, Debug)]
pub struct BaselineRestore {
    /// How to change.
    #[command(flatten)]
    pub how: How,
}
