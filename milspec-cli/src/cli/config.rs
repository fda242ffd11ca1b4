// SPDX-License-Identifier: GPL-2.0

//! `config ...`

use super::{How, Trial};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `config ...`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Explain a file, control by control; changes nothing
    ///
    /// What is wrong in it is told with line and column.
    Show(ConfigFile),
    /// Print the present state of what can be changed, as such a file
    ///
    /// Applying it brings the machine back to this state; applied at once, it changes nothing.
    /// Restricted controls are in it where the module lets them be changed.
    Export,
    /// Show what applying a file would change; changes nothing
    ///
    /// The exit status is 0 whether there is something to change or not, unless --exit-code is given.
    /// "changes" in the JSON document says how much; config apply --dry-run is the same.
    Diff {
        /// The file.
        #[command(flatten)]
        file: ConfigFile,
        /// End with 7 when there is something to change, and during a training
        #[arg(long)]
        exit_code: bool,
    },
    /// Bring the machine to the state in a file, all of it or nothing
    ///
    /// As mode set. Applying the same file again changes nothing: "changes" in the JSON document is
    /// 0 then.
    Apply(ConfigApply),
}

/// The file with the desired state.
#[derive(Args, Clone, Debug)]
pub struct ConfigFile {
    /// File with the desired state, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `config apply`
#[derive(Args, Clone, Debug)]
pub struct ConfigApply {
    /// The file.
    #[command(flatten)]
    pub file: ConfigFile,
    /// How to change.
    #[command(flatten)]
    pub how: How,
    /// Whether it has to be confirmed.
    #[command(flatten)]
    pub trial: Trial,
    /// Accept that paranoid-plus cannot be left before the next boot
    ///
    /// Needed for a file that asks for that mode where there is no terminal to ask on, unless the file
    /// says so itself: accept-latch = true.
    #[arg(long)]
    pub accept_latch: bool,
}
