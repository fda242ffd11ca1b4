// SPDX-License-Identifier: GPL-2.0

//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Shows how a Dell machine is hardened, through the dell_milspec driver.
///
/// Reading needs membership in group milspec, and makes no firmware call.
///
/// Exit status: 0 ok, 1 failed, 2 usage, 3 no driver or unsupported, 4 permission, 5 refused for
/// safety, 6 driver and milspecctl do not fit together.
#[derive(Debug, Parser)]
#[command(name = "milspecctl", version, max_term_width = 80)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// Print one JSON document, in success and in failure
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Print errors only; the exit status tells the rest
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Show the recorded machine in this directory instead of the live one
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    pub root: Option<PathBuf>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show machine, driver, and what needs attention
    Status(Refresh),
    /// Show single controls
    #[command(subcommand)]
    Control(ControlCommand),
    /// Find out why something does not work, and what to do about it
    Doctor,
}

/// `control ...`
#[derive(Debug, Subcommand)]
pub enum ControlCommand {
    /// Show all controls with their values
    List(List),
    /// Show all about one control
    Show(Show),
}

/// `--refresh`
#[derive(Args, Clone, Copy, Debug)]
pub struct Refresh {
    /// Read the firmware first, and say what changed (root only)
    ///
    /// Without this option, the last reading of the driver is shown and no firmware call is made.
    #[arg(long)]
    pub refresh: bool,
}

/// `control list`
#[derive(Args, Clone, Copy, Debug)]
pub struct List {
    /// Whether to read the firmware first.
    #[command(flatten)]
    pub refresh: Refresh,
    /// Only controls of this family
    #[arg(long)]
    pub family: Option<Family>,
    /// Only controls of this class
    #[arg(long)]
    pub class: Option<Class>,
    /// Only DSMIL devices of this group
    #[arg(long, value_name = "NUMBER")]
    pub group: Option<u32>,
}

/// `control show`
#[derive(Args, Clone, Debug)]
pub struct Show {
    /// Name of the control, e.g. camera
    pub name: String,
    /// Whether to read the firmware first.
    #[command(flatten)]
    pub refresh: Refresh,
}

/// Where controls come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// Dell's SMBIOS tokens
    Platform,
    /// Devices of the ACPI device DSML0001
    Dsmil,
}

/// What may be done with a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Class {
    /// May be changed
    Safe,
    /// May be changed with attention
    Monitored,
    /// Changed only where a module parameter allows it
    Restricted,
    /// Never changed
    Quarantined,
    /// Cannot be changed
    ReadOnly,
}
