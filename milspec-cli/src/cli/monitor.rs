// SPDX-License-Identifier: GPL-2.0

//! `monitor ...`

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `monitor ...`
#[derive(Debug, Subcommand)]
pub enum MonitorCommand {
    /// Watch the machine, and tell what happens to journald, a file and Prometheus
    ///
    /// Reads the driver's journal as it grows, and how the controls stand, and makes no firmware call:
    /// what is changed past the driver is seen when the driver looks, after an event, a sleep, or by its
    /// parameter verify_interval. What it last saw is kept, so that what changed between two boots is
    /// found. It needs group milspec, and no more; milspec-monitor.service runs it so.
    ///
    /// As long as it watches, the module cannot be unloaded.
    Run(MonitorRun),
    /// Show what monitors have told, of one machine or a fleet: in numbers, or as a page
    ///
    /// The page needs no network and no scripts. Lines that came twice count once; what is no line of a
    /// monitor is counted, and said.
    Report(MonitorReport),
    /// Show the rules by which something is a finding
    Rules(MonitorRules),
}

/// `monitor run`
#[derive(Args, Clone, Debug)]
pub struct MonitorRun {
    /// Directory for what has to outlive the monitor: its place, and how the controls stood
    #[arg(long, value_name = "DIR", default_value = "/var/lib/milspec-monitor")]
    pub state: PathBuf,
    /// Tell journald, with a field for each thing
    #[arg(long)]
    pub journald: bool,
    /// Write one JSON document a line to this file, or with - to standard output
    #[arg(long, value_name = "FILE")]
    pub ndjson: Option<PathBuf>,
    /// Keep this file of metrics, for the textfile folder of node_exporter
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,
    /// Say here once a minute how it is doing; status and doctor read /run/milspec-monitor/alive.json
    #[arg(long, value_name = "FILE")]
    pub alive: Option<PathBuf>,
    /// What this site has to say about the rules, instead of /etc/milspecctl/monitor.toml
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,
    /// Tell what there is to tell, and end
    #[arg(long)]
    pub once: bool,
}

/// `monitor report`
#[derive(Args, Clone, Debug)]
pub struct MonitorReport {
    /// Files that monitors have written with --ndjson, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Print a page
    #[arg(long, conflicts_with = "json")]
    pub html: bool,
}

/// `monitor rules`
#[derive(Args, Clone, Debug)]
pub struct MonitorRules {
    /// What this site has to say about the rules, instead of /etc/milspecctl/monitor.toml
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,
}
