// SPDX-License-Identifier: GPL-2.0

//! `journal ...`

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `journal ...`
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Save the journal to a file, or add what is new to it
    ///
    /// The file holds the records as the driver gives them. A file that has some already gets those
    /// that it has not; a record that was cut off by a power cut is replaced. When the file was
    /// moved away, a new one is made that leads on from the old one: logrotate may do so at any
    /// time.
    ///
    /// As long as it follows, the module cannot be unloaded.
    Save(JournalSave),
    /// Check that no record was changed, taken out or put in
    ///
    /// Computes the chain of the records anew, and compares them with what the driver and the TPM
    /// have of the load of the module that is running. All files of the journal are needed, the
    /// oldest first; without a file it checks what the driver has.
    ///
    /// The exit status is 0 where all is proven, up to the last record that is there; 1 where a
    /// record does not fit, or is missing; 7 where it cannot be proven here, because there is no
    /// driver, no TPM, or because the module was loaded before in an earlier boot.
    Verify(JournalVerify),
}

/// `journal save`
#[derive(Args, Clone, Debug)]
pub struct JournalSave {
    /// The file, or - for standard output
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Go on with what happens from now on, until Ctrl-C
    ///
    /// With --json, one document in each line, for each time that something was saved.
    #[arg(short, long)]
    pub follow: bool,
}

/// `journal verify`
#[derive(Args, Clone, Debug)]
pub struct JournalVerify {
    /// Files in the order in which they were saved, or - for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Judge by the exit status: it does so without this option, too
    #[arg(long)]
    pub exit_code: bool,
}
