// SPDX-License-Identifier: GPL-2.0

//! The command line.

mod baseline;
mod config;

pub use baseline::{BaselineCommand, BaselineRestore};
pub use config::{ConfigApply, ConfigCommand};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Shows how a Dell machine is hardened, and changes it, through the dell_milspec driver.
///
/// Reading needs membership in group milspec, and makes no firmware call. Changes need root.
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
    /// Show modes, and take the machine from one to another
    #[command(subcommand)]
    Mode(ModeCommand),
    /// Show and change single controls
    #[command(subcommand)]
    Control(ControlCommand),
    /// Bring the machine to a state that stands in a file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Show what controls were before the first change, and bring that back
    #[command(subcommand)]
    Baseline(BaselineCommand),
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
    /// Change controls, all of them or none
    Set(ControlSet),
}

/// `mode ...`
#[derive(Debug, Subcommand)]
pub enum ModeCommand {
    /// Show the mode that the machine is in
    Get,
    /// Show what each mode is, and how far it reaches on this machine
    List(ModeList),
    /// Show what setting a mode would change; changes nothing
    Plan(ModePlan),
    /// Bring the machine into a mode, all of it or nothing
    Set(ModeSet),
}

/// `mode list`
#[derive(Args, Clone, Copy, Debug)]
pub struct ModeList {
    /// Only this mode, control by control
    pub mode: Option<Mode>,
}

/// `mode plan`
#[derive(Args, Clone, Copy, Debug)]
pub struct ModePlan {
    /// The mode
    pub mode: Mode,
}

/// `mode set`
#[derive(Args, Clone, Copy, Debug)]
pub struct ModeSet {
    /// The mode
    pub mode: Mode,
    /// How to change.
    #[command(flatten)]
    pub how: How,
    /// Accept that paranoid-plus cannot be left before the next boot
    ///
    /// Without this option, the question is asked on a terminal; without a terminal, paranoid-plus
    /// is refused.
    #[arg(long)]
    pub accept_latch: bool,
}

/// `control set`
#[derive(Args, Clone, Debug)]
pub struct ControlSet {
    /// Controls and their new values, e.g. camera=disabled
    #[arg(required = true, value_name = "NAME=VALUE", value_parser = assignment)]
    pub assignments: Vec<Assignment>,
    /// How to change.
    #[command(flatten)]
    pub how: How,
}

/// Options of all commands that change controls.
#[derive(Args, Clone, Copy, Debug)]
pub struct How {
    /// Show what would be changed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Read the BIOS administrator password from this file descriptor
    ///
    /// Its first line is the password. Without this option it is asked for on a terminal, if the
    /// firmware wants it. It is never taken from an argument or from the environment.
    #[arg(long, value_name = "NUMBER")]
    pub bios_password_fd: Option<u16>,
}

/// A control and its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Name of the control.
    pub name: String,
    /// Name of the value.
    pub value: String,
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(Assignment {
            name: name.into(),
            value: value.into(),
        }),
        _ => Err("name and value with = between them are needed".into()),
    }
}

/// A named target for many controls. The words are those of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// What each control had before the driver first changed it
    Baseline,
    /// What costs no function of the machine
    Standard,
    /// Closes paths into the machine that few people use
    Enhanced,
    /// Sensors, radios and removable media off
    Paranoid,
    /// All of that and stealth; latches until the next boot
    ParanoidPlus,
}

impl Mode {
    /// `MODE_` number.
    pub fn number(self) -> u8 {
        match self {
            Self::Baseline => milspec_uapi::MODE_BASELINE,
            Self::Standard => milspec_uapi::MODE_STANDARD,
            Self::Enhanced => milspec_uapi::MODE_ENHANCED,
            Self::Paranoid => milspec_uapi::MODE_PARANOID,
            Self::ParanoidPlus => milspec_uapi::MODE_PARANOID_PLUS,
        }
    }
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
    /// Only controls that the driver has changed from what they were
    #[arg(long)]
    pub changed: bool,
    /// Only controls that are not as the mode of the machine asks for
    #[arg(long)]
    pub deviating: bool,
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
