// SPDX-License-Identifier: GPL-2.0

//! `report`

use clap::Args;
use std::path::PathBuf;

/// `report`
#[derive(Args, Clone, Debug)]
pub struct Report {
    /// Write it to this file, or with - to standard output
    ///
    /// It is shown before, and you are asked. Without this option it is shown, and written nowhere.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write the file without a question
    #[arg(long, requires = "output")]
    pub yes: bool,
    /// Make no firmware call: report what is known without
    ///
    /// What the driver has not read is not read then.
    #[arg(long)]
    pub no_firmware_calls: bool,
}
