// SPDX-License-Identifier: GPL-2.0

//! `events`

use crate::clock;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `events`
#[derive(Args, Clone, Debug)]
pub struct Events {
    /// Only events from then on: 10m, "2 hours ago", yesterday, monday, 08:30, a date
    ///
    /// How long ago, a day, a time of today, or a day and a time; in the local time zone unless it
    /// names one.
    #[arg(long, value_name = "WHEN", value_parser = clock::moment, allow_hyphen_values = true)]
    pub since: Option<u64>,
    /// Only events until then, in the same words
    #[arg(long, value_name = "WHEN", value_parser = clock::moment, allow_hyphen_values = true,
        conflicts_with = "follow")]
    pub until: Option<u64>,
    /// Only the last so many events
    #[arg(long, value_name = "NUMBER")]
    pub count: Option<usize>,
    /// Only events that matter at least so much
    #[arg(long, value_name = "LEVEL")]
    pub severity: Option<Severity>,
    /// Go on with what happens from now on, until Ctrl-C
    ///
    /// With --json, one document in each line.
    #[arg(short, long)]
    pub follow: bool,
    /// Show a saved journal, or - for standard input, instead of the driver's
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub file: Option<PathBuf>,
}

/// How much an event matters: `SEVERITY_` numbers, the smaller, the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[repr(u8)]
pub enum Severity {
    /// The machine is not in the state that was asked for
    Error = milspec_uapi::SEVERITY_ERROR,
    /// Somebody should have a look
    Warning = milspec_uapi::SEVERITY_WARNING,
    /// A change
    Notice = milspec_uapi::SEVERITY_NOTICE,
    /// Anything else
    Info = milspec_uapi::SEVERITY_INFO,
}
