// SPDX-License-Identifier: GPL-2.0

//! The command line.

mod attest;
mod baseline;
pub mod complete;
mod completion;
mod compliance;
mod config;
mod confirm;
mod events;
pub mod help;
mod journal;
mod mode;
mod monitor;
mod report;
mod training;

use attest::nonce;
pub use attest::{AttestCommand, AttestVerify, Nonce};
pub use baseline::BaselineCommand;
pub use completion::Shell;
pub use compliance::{framework, Baseline, Compliance, Format};
pub use config::{ConfigApply, ConfigCommand};
pub use confirm::{Confirm, Trial};
pub use events::Events;
pub use journal::{JournalCommand, JournalSave, JournalVerify};
pub use mode::{ModeCommand, ModeList, ModeSet, Target};
pub use monitor::{MonitorCommand, MonitorReport, MonitorRules, MonitorRun};
pub use report::Report;
pub use training::{
    TrainingAnswer, TrainingCommand, TrainingInject, TrainingList, TrainingReport, TrainingRun,
    TrainingStart,
};

use crate::change::Assignment;
use crate::input::is_standard;
use crate::model::{group_number, topics};
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{
    value_parser, Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use std::ffi::OsString;
use std::path::PathBuf;

/// Shows how a Dell machine is hardened, and changes it, through the dell_milspec driver.
///
/// Controls are things like the camera, USB or wake-on-LAN; a mode is a named target for many of
/// them. Reading shows what the driver last read from the firmware: it needs membership in group
/// milspec, and makes no firmware call. Changes need root. They are made all or none: each step is
/// read back, and when one fails, those before it are undone.
///
/// Where something does not work, begin with "milspecctl doctor".
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

impl Cli {
    /// The command line, with all that help texts say of it.
    pub fn dressed() -> clap::Command {
        help::dress(Self::command())
    }

    /// Takes a command line apart.
    pub fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        // For tests, and for a look at a report: no part of what people see, completions included.
        let root = Arg::new("root")
            .long("root")
            .global(true)
            .hide(true)
            .value_parser(value_parser!(PathBuf));
        let mut command = Self::dressed().arg(root);
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.global.root = matches.get_one("root").cloned();
        match cli.shared_stream() {
            Some(stream) => Err(command.error(ErrorKind::ArgumentConflict, stream)),
            None => Ok(cli),
        }
    }

    /// Standard input or output, where two want it.
    fn shared_stream(&self) -> Option<&'static str> {
        let readers = match &self.command {
            Command::Config(ConfigCommand::Apply(apply)) => {
                let password = apply.how.bios_password_fd == Some(0);
                usize::from(password) + usize::from(is_standard(&apply.file.file))
            }
            Command::Journal(JournalCommand::Verify(verify)) => standard(&verify.files),
            Command::Monitor(MonitorCommand::Report(report)) => standard(&report.files),
            Command::Attest(AttestCommand::Verify(verify)) => {
                standard([&verify.file, &verify.key]) + standard(&verify.journal)
            }
            Command::Compliance(asked) => {
                let files = asked.file.iter().chain(&asked.journal);
                let files = files.chain(&asked.key).chain(&asked.exceptions);
                standard(files.chain(&asked.attestations))
            }
            _ => 0,
        };
        let written = match &self.command {
            Command::Journal(JournalCommand::Save(save)) => Some(&save.file),
            Command::Attest(AttestCommand::Enroll { out }) => Some(out),
            Command::Monitor(MonitorCommand::Run(run)) => run.ndjson.as_ref(),
            _ => None,
        };
        if readers > 1 {
            return Some("standard input is named twice, and can be read once");
        }
        let both = self.global.json && written.is_some_and(|file| is_standard(file));
        both.then_some("--json and - would both write to standard output")
    }
}

/// How many of these stand for standard input.
fn standard<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> usize {
    files.into_iter().filter(|file| is_standard(file)).count()
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
    /// The recorded machine to show instead of the live one; see [`Cli::read`].
    #[arg(skip)]
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
    ///
    /// The mode with the controls that deviate from it, what drifted (was changed by something
    /// else), is degraded (could not be put back after a failure), waits for the next boot, or
    /// reports tampering; with a remedy for each.
    Status(StatusArgs),
    /// Show modes, and take the machine from one to another
    ///
    /// From the least to the most: baseline, standard, enhanced, paranoid, paranoid-plus. A mode
    /// contains those below it, and asks only for what hardens: what is tighter already stays. It
    /// reaches the controls that this machine has and that may be changed.
    #[command(subcommand)]
    Mode(ModeCommand),
    /// Show and change single controls
    ///
    /// Names and values are those of "milspecctl control list". Its class says what may be done
    /// with a control: safe and monitored ones may be changed, restricted ones only where the
    /// module was loaded with allow_restricted=1, read-only and quarantined ones never.
    #[command(subcommand)]
    Control(ControlCommand),
    /// Bring the machine to a state that stands in a file
    ///
    /// The file is TOML: schema = "milspec.config/1", and as needed mode = "enhanced", a table
    /// "controls" with lines such as camera = "disabled", and a table "if-present" with the like. The
    /// tables are exceptions from the mode, or without a mode all that is to be changed; the value
    /// "leave" leaves a control as it is. Every machine must have what is in "controls"; what is in
    /// "if-present" is skipped, and named, where a machine does not have the control or the value.
    /// accept-latch = true accepts that paranoid-plus latches. A text "about" is for people.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Show what controls were before the first change
    ///
    /// Before each change milspecctl writes down what the controls that it is about to change are,
    /// unless that is recorded already: the first value stays. "milspecctl mode set baseline" brings
    /// it back.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Show what happened: who changed what, when, and what became of it
    ///
    /// The driver keeps the last 4096 records of its journal until it is unloaded. Every attempt to
    /// change something is in it, done, refused, failed or undone; so is what the driver finds that
    /// nobody asked for, like drift and tampering. A line of its own says where records are lost.
    Events(Events),
    /// Keep the journal on disk, and check that nobody has edited it
    ///
    /// Each record is chained to the one before it, and each change is extended into a PCR of the
    /// TPM: see docs/security.md.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Watch the machine all day, and tell what happens to whoever looks after it
    ///
    /// What is told are the records of the journal, each with which way it goes; what rules find in
    /// them, and in what changed while nobody looked; and how far the journal has come, so that who
    /// keeps this elsewhere can tell later that it was cut off. docs/monitoring.md has the rules, and
    /// what nobody can see.
    #[command(subcommand)]
    Monitor(MonitorCommand),
    /// Prove to another machine how this one stands
    ///
    /// The TPM of this machine signs a quote: what its PCRs hold, and a nonce of whoever asks. To
    /// that are tied the journal and what the driver says of the controls. docs/security.md says
    /// what that proves and what not, docs/attestation.md what is in the file.
    #[command(subcommand)]
    Attest(AttestCommand),
    /// Keep a change that was made with --confirm-within, or undo it (root only)
    ///
    /// What is in force after the next boot only can be confirmed after that boot. Before it,
    /// this command stops the clock until then, and exits with 1: the change stays, and is not
    /// confirmed. Without a confirmation the change is undone when its time is over.
    Confirm(Confirm),
    /// Practise on a copy of the machine, and never touch it
    ///
    /// While there is a training, everything that reads or changes this machine through the driver
    /// reads and changes a copy in memory, and says so. An instructor, who is root, begins it, has
    /// things happen and ends it; a trainee needs no more than group milspec. Nothing of a training
    /// passes for the machine: not in a saved journal, an attestation or a report.
    #[command(subcommand)]
    Training(TrainingCommand),
    /// Find out why something does not work, and what to do about it
    ///
    /// Looks at the machine, the kernel, the module and its device, and says for each thing that is
    /// missing what to do. Needs no driver and no rights.
    ///
    /// On models with BIOS attributes it shows what they say beside the controls, and those that
    /// matter for security and have no control, with the command that sets them. Only root may
    /// read their values, for which the kernel's dell-wmi-sysman asks the firmware.
    Doctor {
        /// End with 7 when there is a warning, and no problem
        #[arg(long)]
        exit_code: bool,
    },
    /// Show how the machine stands against what published controls ask for
    ///
    /// Each check looks at settings of this machine, how it was booted, or its journal, and names the
    /// ids of frameworks that ask for it, with how each is tied to it. What could not be read is not
    /// satisfied; what this machine does not have is not applicable. No check claims a whole control of
    /// a framework. docs/compliance.md has all checks, with their sources.
    ///
    /// What was set and is in force after the next boot only is not satisfied before it. Makes no
    /// firmware call, but for one: as root, on a machine without BIOS attributes, whether there is a
    /// BIOS administrator password.
    Compliance(Compliance),
    /// Report this machine to the project, without anything that names it or you
    ///
    /// Works on every Dell, with the driver or without. As root it reads the machine's token table,
    /// what the tokens' locations read, and the values of BIOS attributes; else it says what it
    /// could not read. Nothing is written to the firmware. docs/hardware.md says what a report
    /// proves, and where to send it.
    ///
    /// There are no serial number, service or asset tag, UUID, name of host or user, and no text
    /// that somebody typed in it. Read it before you send it.
    Report(Report),
    /// Print completions for a shell
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// `control ...`
#[derive(Debug, Subcommand)]
pub enum ControlCommand {
    /// Show the controls with their values, by what they are about
    List(List),
    /// Print the value of one control, and nothing else
    ///
    /// Where its value is not known, the exit status is 1; where this machine has no such control, 3.
    Get(Get),
    /// Show all about one control, or several
    ///
    /// As root also what the BIOS attribute of the same meaning says, on models that have
    /// attributes: the kernel's dell-wmi-sysman asks the firmware for it.
    Show(Show),
    /// Change controls, all of them or none
    ///
    /// As mode set, for the controls that are named.
    Set(ControlSet),
    /// Accept controls as something else has left them
    ///
    /// What something else has changed stays shown as drift until a change settles it. This settles
    /// it without a change: the controls keep the values that they have, and nothing is written to
    /// the firmware.
    Accept(ControlAccept),
}

/// `control accept`
#[derive(Args, Clone, Debug)]
pub struct ControlAccept {
    /// Names of the controls, e.g. camera
    #[arg(required = true, value_name = "NAME", add = ArgValueCandidates::new(complete::names))]
    pub names: Vec<String>,
    /// Show what would be accepted, and accept nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `control set`
#[derive(Args, Clone, Debug)]
pub struct ControlSet {
    /// Controls and their new values, e.g. camera=disabled
    #[arg(required = true, value_name = "NAME=VALUE", value_parser = assignment,
        add = ArgValueCompleter::new(complete::assignments))]
    pub assignments: Vec<Assignment>,
    /// How to change.
    #[command(flatten)]
    pub how: How,
    /// Whether it has to be confirmed.
    #[command(flatten)]
    pub trial: Trial,
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
    /// Refuse where there is no training, instead of changing the machine
    #[arg(long, conflicts_with = "not_in_training")]
    pub in_training: bool,
    /// Refuse during a training, instead of changing the copy
    #[arg(long)]
    pub not_in_training: bool,
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok(Assignment::new(name, value))
        }
        _ => Err("name and value with = between them are needed".into()),
    }
}

/// `status`
#[derive(Args, Clone, Copy, Debug)]
pub struct StatusArgs {
    /// Whether to read the firmware first.
    #[command(flatten)]
    pub refresh: Refresh,
    /// Show it again every 2 seconds, until Ctrl-C
    ///
    /// With --json, one document in each line. Makes no firmware call.
    #[arg(long, conflicts_with = "refresh")]
    pub watch: bool,
    /// End with 7 when something needs attention, and during a training
    #[arg(long, conflicts_with = "watch")]
    pub exit_code: bool,
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
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Show every control in one table
    ///
    /// Without this option and without a filter, settings are shown by topic, and DSMIL devices as
    /// one line for each group; what is never changed is left out.
    #[arg(long)]
    pub all: bool,
    /// Whether to read the firmware first.
    #[command(flatten)]
    pub refresh: Refresh,
    /// Only controls of this family
    #[arg(long)]
    pub family: Option<Family>,
    /// Only controls of this class
    #[arg(long)]
    pub class: Option<Class>,
    /// Only settings of this topic
    #[arg(long, value_parser = PossibleValuesParser::new(topics()))]
    pub topic: Option<String>,
    /// Only DSMIL devices of this group: its name, e.g. storage, or its number
    #[arg(long, value_name = "GROUP", value_parser = group_number)]
    pub group: Option<u32>,
    /// Only controls that the driver has changed from what they were
    #[arg(long)]
    pub changed: bool,
    /// Only controls that are not as the mode of the machine asks for
    #[arg(long)]
    pub deviating: bool,
    /// Show the BIOS attribute of the same meaning beside each control
    ///
    /// Business models from 2018 on have settings by name as well. They are read through the
    /// kernel's dell-wmi-sysman, which asks the firmware, and never written; only root may read
    /// their values. Where one says otherwise, the likely reason is shown.
    #[arg(long)]
    pub attributes: bool,
}

/// `control get`
#[derive(Args, Clone, Debug)]
pub struct Get {
    /// Name of the control, e.g. camera
    #[arg(add = ArgValueCandidates::new(complete::names))]
    pub name: String,
    /// Whether to read the firmware first.
    #[command(flatten)]
    pub refresh: Refresh,
}

/// `control show`
#[derive(Args, Clone, Debug)]
pub struct Show {
    /// Names of the controls, e.g. camera, or patterns such as 'usb-*'
    #[arg(required = true, value_name = "NAME", add = ArgValueCandidates::new(complete::names))]
    pub names: Vec<String>,
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
