// SPDX-License-Identifier: GPL-2.0

//! `milspecctl`: shows how a Dell machine is hardened, and changes it, through the `dell_milspec`
//! driver.
//!
//! Here are arguments ([`milspec::cli`]), what is asked and said around a change ([`apply`]), and words for
//! people ([`render`]); what it knows of driver and machine is the library's. A subcommand is a file
//! in [`cmd`], one that goes on until Ctrl-C in [`follow`].

#![forbid(unsafe_code)]

mod apply;
mod cmd;
mod follow;
mod output;
mod page;
mod render;
mod report;
mod screen;
mod ui;
mod usage;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use cmd::{
    attest_enroll, attest_quote, attest_verify, baseline_show, change, completion, compliance,
    config_export, config_show, control_get, control_list, control_show, journal_save,
    journal_verify, mode_get, mode_list, monitor, status, training,
};
use milspec::cli::{
    self, complete, AttestCommand, BaselineCommand, Cli, Command, ConfigCommand, ControlCommand,
    Global, JournalCommand, ModeCommand, MonitorCommand, TrainingCommand, When,
};
use milspec::doctor::{self, Verdict};
use milspec::failure::FailureDoc;
use milspec::input::is_standard;
use milspec::model::Provenance;
use milspec::monitor::report::{html, Report};
use milspec::words::shown;
use milspec::{machine, Exit, Failure, Result, Root};
use render::Document;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use ui::Ui;
use usage::Help;

fn main() -> ExitCode {
    CompleteEnv::with_factory(Cli::command)
        .var(complete::VARIABLE)
        .complete();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let (ended, json, color) = match Cli::read(&arguments) {
        Ok(cli) => {
            let (json, color) = (cli.global.json, cli.global.color);
            (run(&cli), json, color)
        }
        Err(error) => {
            let json = arguments
                .iter()
                .take_while(|argument| *argument != "--")
                .any(|argument| argument == "--json");
            (not_parsed(&error, &arguments, json), json, When::Auto)
        }
    };
    match ended {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            tell(&failure, json, color);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(cli: &Cli) -> Result<u8> {
    let global = &cli.global;
    let root = &machine::open(global.root.as_deref())?;
    let ui = &Ui::new(global);
    match &cli.command {
        Command::Status(status) if status.watch => follow::status::run(root, global),
        Command::Status(status) => {
            let document = status::run(root, status.refresh)?;
            let differs = !document.warnings.is_empty() || is_copy(&document.from);
            judge(global, &document, status.exit_code && differs)
        }
        Command::Mode(command) => run_mode(global, root, ui, command),
        Command::Control(command) => match command {
            ControlCommand::Accept(accept) => {
                show(global, &change::control_accept(root, ui, accept)?)
            }
            ControlCommand::Set(set) => show(global, &change::control_set(root, ui, set)?),
            ControlCommand::List(list) => show(global, &control_list::run(root, list)?),
            ControlCommand::Get(what) => {
                let document = control_get::run(root, what)?;
                if is_copy(&document.head.from) {
                    // Standard output has the value and nothing else, and who is quiet has to know it
                    // too.
                    output::stderr(&format!("{}\n", page::TRAINING));
                }
                show(global, &document)
            }
            ControlCommand::Show(what) => show(global, &control_show::run(root, what)?),
        },
        Command::Config(command) => run_config(global, root, ui, command),
        Command::Baseline(BaselineCommand::Show) => show(global, &baseline_show::run(root)?),
        Command::Events(events) if events.follow => follow::events::run(root, global, events),
        Command::Events(events) => show(global, &cmd::events::run(root, events)?),
        Command::Journal(command) => match command {
            JournalCommand::Save(save) if save.follow => follow::journal::run(root, global, save),
            JournalCommand::Save(save) => {
                show_beside(global, &save.file, &journal_save::run(root, save)?)
            }
            JournalCommand::Verify(verify) => show(global, &journal_verify::run(root, ui, verify)?),
        },
        Command::Monitor(command) => match command {
            MonitorCommand::Run(asked) => follow::monitor::run(root, global, asked),
            MonitorCommand::Report(asked) => {
                let report = Report::of(&asked.files)?;
                if asked.html {
                    output::stdout(&html::text(&report))?;
                    return Ok(0);
                }
                show(global, &report)
            }
            MonitorCommand::Rules(asked) => show(global, &monitor::rules(root, asked)?),
        },
        Command::Attest(command) => match command {
            AttestCommand::Enroll { out } => {
                show_beside(global, out, &attest_enroll::run(root, out)?)
            }
            AttestCommand::Quote { nonce } => show(global, &attest_quote::run(root, ui, nonce)?),
            AttestCommand::Verify(verify) => show(global, &attest_verify::run(verify)?),
        },
        Command::Confirm(confirm) => show(global, &cmd::confirm::run(root, ui, *confirm)?),
        Command::Training(command) => run_training(global, root, command),
        Command::Completion { shell } => show(global, &completion::run(*shell)),
        Command::Compliance(asked) => {
            let document = compliance::run(root, asked)?;
            let of_copy = document.assessments.iter().any(|one| is_copy(&one.from));
            let lacks = asked.exit_code && (document.lacks() || of_copy);
            if let Some(format) = asked.format {
                output::stdout(&compliance::text(&document, format)?)?;
                for not in &document.not_judged {
                    output::stderr(&format!(
                        "not judged: {}: {}\n",
                        shown(&not.file),
                        shown(&not.why)
                    ));
                }
                return Ok(match document.exit() {
                    0 if lacks => Exit::Differs as u8,
                    status => status,
                });
            }
            judge(global, &document, lacks)
        }
        Command::Report(asked) => report::run(root, global, ui, asked),
        Command::Doctor { exit_code } => {
            let mut document = doctor::run(root);
            if *exit_code && document.exit == 0 && document.result != Verdict::Ok {
                document.exit = Exit::Differs as u8;
            }
            show(global, &document)
        }
    }
}

fn run_mode(global: &Global, root: &Root, ui: &Ui, command: &ModeCommand) -> Result<u8> {
    match command {
        ModeCommand::Get { exit_code } => {
            let document = mode_get::run(root)?;
            let differs = !document.now.mode.is_whole() || is_copy(&document.head.from);
            judge(global, &document, *exit_code && differs)
        }
        ModeCommand::List(list) => show(global, &mode_list::run(root, list, global.verbose)?),
        ModeCommand::Plan(target) => show(global, &change::mode_plan(root, target)?),
        ModeCommand::Set(set) => show(global, &change::mode_set(root, ui, set)?),
    }
}

fn run_training(global: &Global, root: &Root, command: &TrainingCommand) -> Result<u8> {
    match command {
        TrainingCommand::Start(asked) => show(global, &training::start(root, asked)?),
        TrainingCommand::Stop => show(global, &training::stop(root)?),
        TrainingCommand::Status { exit_code } => {
            let document = training::status(root)?;
            judge(global, &document, *exit_code && is_copy(&document.from))
        }
        TrainingCommand::List(asked) => show(global, &training::list::run(root, asked)?),
        TrainingCommand::Run(asked) => {
            let document = follow::training::run(root, global, asked)?;
            judge(global, &document, asked.exit_code && !document.is_all_met())
        }
        TrainingCommand::Answer(asked) => show(global, &training::answer(root, asked)?),
        TrainingCommand::Inject(asked) => show(global, &training::inject(root, asked)?),
        TrainingCommand::Report(asked) => {
            let document = training::report::run(root, asked)?;
            judge(global, &document, asked.exit_code && !document.is_all_met())
        }
    }
}

fn run_config(global: &Global, root: &Root, ui: &Ui, command: &ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Show(what) => show(global, &config_show::run(root, &what.file)?),
        ConfigCommand::Export => show(global, &config_export::run(root)?),
        ConfigCommand::Diff { file, exit_code } => {
            let document = change::config_diff(root, &file.file)?;
            let differs = document.changes != 0 || is_copy(&document.from);
            judge(global, &document, *exit_code && differs)
        }
        ConfigCommand::Apply(apply) => show(global, &change::config_apply(root, ui, apply)?),
    }
}

/// Prints a document, and returns the exit status that it stands for.
fn show(global: &Global, document: &impl Document) -> Result<u8> {
    if global.json {
        output::stdout(&render::json(document))?;
    } else {
        if !global.quiet {
            let screen = output::stdout_screen(global);
            output::stdout(&render::text(&screen, document))?;
        }
        if let Some(failure) = document.failure() {
            let screen = output::stderr_screen(global.color);
            output::stderr(&render::error(&screen, failure));
        }
    }
    Ok(document.exit())
}

/// Whether something is said of the copy of a training: that nothing is amiss there says nothing of the
/// machine.
fn is_copy(from: &Provenance) -> bool {
    from.training == Some(true)
}

/// [`show`], with an exit status of its own where all went well and something `differs`.
fn judge(global: &Global, document: &impl Document, differs: bool) -> Result<u8> {
    Ok(match show(global, document)? {
        0 if differs => Exit::Differs as u8,
        status => status,
    })
}

/// Says what was written to this file: on standard error, where that is standard output.
fn show_beside(global: &Global, file: &Path, document: &impl Document) -> Result<u8> {
    if !is_standard(file) {
        return show(global, document);
    }
    let screen = output::stderr_screen(global.color);
    Ui::new(global).say(&render::text(&screen, document));
    Ok(document.exit())
}

/// What is no command: help, version, wrong command lines, and none at all.
fn not_parsed(error: &clap::Error, arguments: &[OsString], json: bool) -> Result<u8> {
    let help = match arguments.len() {
        0 | 1 => Help::new(cli::help::START.into()),
        _ => Help::of(error).ok_or_else(|| usage::failure(error))?,
    };
    output::stdout(&if json { render::json(&help) } else { help.text })?;
    Ok(0)
}

/// Prints an error: as a document on standard output where JSON was asked for, else as three lines
/// on standard error.
fn tell(failure: &Failure, json: bool, color: When) {
    // When standard output itself is what failed, standard error is the only way left.
    let document = || output::stdout(&render::json(&FailureDoc::new(failure))).is_ok();
    if json && failure.code != "output-failed" && document() {
        return;
    }
    output::stderr(&render::error(&output::stderr_screen(color), failure));
}
