// SPDX-License-Identifier: GPL-2.0

//! `training ...`

use super::{assignment, complete};
use crate::change::Assignment;
use crate::training::profile::Profile;
use crate::training::scenario::is_name;
use crate::training::Inject;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use std::path::PathBuf;

/// `training ...`
#[derive(Debug, Subcommand)]
pub enum TrainingCommand {
    /// Begin a training: from here on there is the copy to read and change (root only)
    ///
    /// Every command, every program and every file of the driver speaks of the copy then, and says so.
    /// No firmware is written to. Members of group milspec may change the copy. Not while the machine
    /// is latched, nor while a change waits to be confirmed.
    Start(TrainingStart),
    /// End the training, and throw the copy away (root only)
    ///
    /// The machine is as it was: a training never changes it. The records of the training can be read
    /// with milspecctl events until the next one begins.
    Stop,
    /// Show whether there is a training
    Status {
        /// End with 7 when there is one
        #[arg(long)]
        exit_code: bool,
    },
    /// Show the scenarios, or all about one that a trainee may know
    ///
    /// Scenarios are files in milspecctl/scenarios below /usr/share and /usr/local/share, and in
    /// /etc/milspec/scenarios.
    /// docs/training.md says how to write one.
    List(TrainingList),
    /// Run a scenario, and judge it (root only)
    ///
    /// Begins the training, has happen what the scenario says, and shows what trainees do. They work
    /// elsewhere, with the commands that they always use. When everything is decided, or the time is
    /// over, the training is ended and the report is shown.
    ///
    /// After Ctrl-C the training stays: run the same again to go on, or end it with training stop.
    Run(TrainingRun),
    /// Answer what an objective asks, once: the first answer counts
    Answer(TrainingAnswer),
    /// Have the copy behave as hardware can (root only)
    Inject(TrainingInject),
    /// Show how the last run of a scenario was judged, with the evidence (root only)
    Report(TrainingReport),
}

/// `training start`
#[derive(Args, Clone, Debug)]
pub struct TrainingStart {
    /// What the copy is made of: machine, dsmil, full, or a file that milspecctl report made
    ///
    /// machine: the machine as it is. dsmil: its settings and the 84 DSMIL devices, all inactive.
    /// full: every setting that may be changed and the 84 devices, the same on every machine. A file,
    /// with a dot or a slash in its name: the settings of the machine that the report is of.
    #[arg(long, value_name = "PROFILE", default_value = "machine", value_parser = Profile::named)]
    pub profile: Profile,
    /// What a control is to have to begin with; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment,
        add = ArgValueCompleter::new(complete::assignments))]
    pub set: Vec<Assignment>,
}

/// `training list`
#[derive(Args, Clone, Debug)]
pub struct TrainingList {
    /// Only this scenario: its story and its objectives
    #[arg(add = ArgValueCandidates::new(complete::scenarios))]
    pub scenario: Option<String>,
    /// Show the hints as well
    #[arg(long, requires = "scenario")]
    pub hints: bool,
}

/// `training run`
#[derive(Args, Clone, Debug)]
pub struct TrainingRun {
    /// Name of the scenario, or its file, with a dot or a slash in its name
    #[arg(add = ArgValueCandidates::new(complete::scenarios))]
    pub scenario: String,
    /// Leave the training as it is when the run is over, instead of ending it
    #[arg(long)]
    pub keep: bool,
    /// End with 7 unless every objective is met
    #[arg(long)]
    pub exit_code: bool,
}

/// `training answer`
#[derive(Args, Clone, Debug)]
pub struct TrainingAnswer {
    /// What is answered: the objective names it
    #[arg(value_parser = answer_name)]
    pub name: String,
    /// The answer
    pub value: String,
}

fn answer_name(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.into()),
        false => Err("it is of small letters, digits and -".into()),
    }
}

/// What the copy is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InjectKind {
    /// Writes fail, with --error
    WriteFails,
    /// Writes are answered as done and are not
    WriteIgnored,
    /// Reading fails, with --error
    ReadFails,
    /// A control has another value, and nobody has asked the driver for that
    Value,
    /// A device reports tampering, or does not any more: --value reported, or not-reported
    Tamper,
    /// Each read and write takes --ms
    Slow,
    /// All of these are taken back
    Clear,
    /// The driver looks at once
    Look,
}

/// `training inject`
#[derive(Args, Clone, Debug)]
pub struct TrainingInject {
    /// What
    pub kind: InjectKind,
    /// Name of the control; without it, any
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(complete::names))]
    pub control: Option<String>,
    /// The value that it has from then on
    #[arg(long)]
    pub value: Option<String>,
    /// So many writes of one change, of any control, come first: puts it into the middle of one
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub after: u32,
    /// How many reads or writes it lasts; 0 until it is taken back
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub count: u32,
    /// The error of what fails, e.g. EIO, which is the default
    #[arg(long, value_name = "ERROR")]
    pub error: Option<String>,
    /// How many milliseconds each read and write takes, at most 1000
    #[arg(long, value_name = "NUMBER")]
    pub ms: Option<u32>,
}

impl TrainingInject {
    /// The same, as scenarios have it.
    pub fn inject(&self) -> Inject {
        let kind = self.kind.to_possible_value();
        Inject {
            kind: kind.map_or_else(String::new, |kind| kind.get_name().into()),
            control: self.control.clone(),
            value: self.value.clone(),
            after: self.after,
            count: self.count,
            error: self.error.clone(),
            ms: self.ms,
        }
    }
}

/// `training report`
#[derive(Args, Clone, Debug)]
pub struct TrainingReport {
    /// A copy of /var/lib/milspecctl/training.json, or - for standard input; without it, the last run
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Show everything that happened as well, in its order
    #[arg(long)]
    pub replay: bool,
    /// End with 7 unless every objective is met
    #[arg(long)]
    pub exit_code: bool,
}
