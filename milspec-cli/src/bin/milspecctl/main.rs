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
mod render;
mod report;
mod screen;
mod ui;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use milspec::cli::{
    AttestCommand, BaselineCommand, Cli, Command, ConfigCommand, ControlCommand, Global,
    JournalCommand, ModeCommand, When,
};
use milspec::doctor;
use milspec::failure::{Exit, Failure, FailureDoc, Result};
use milspec::machine;
use render::Document;
use std::ffi::OsString;
use std::process::ExitCode;
use ui::Ui;

fn main() -> ExitCode {
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
            (not_parsed(&error), json, When::Auto)
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
    let root = machine::open(global.root.as_deref())?;
    match &cli.command {
        Command::Status(status) if status.watch => follow::status::run(&root, global),
        Command::Status(status) => show(global, &cmd::status::run(&root, status.refresh)?),
        Command::Mode(ModeCommand::Get) => show(global, &cmd::mode_get::run(&root)?),
        Command::Mode(ModeCommand::List(list)) => {
            show(global, &cmd::mode_list::run(&root, *list, global.verbose)?)
        }
        Command::Mode(ModeCommand::Plan(plan)) => show(global, &cmd::mode_plan::run(&root, plan)?),
        Command::Mode(ModeCommand::Set(set)) => {
            show(global, &cmd::mode_set::run(&root, &Ui::new(global), set)?)
        }
        Command::Control(ControlCommand::Accept(accept)) => show(
            global,
            &cmd::control_accept::run(&root, &Ui::new(global), accept)?,
        ),
        Command::Control(ControlCommand::Set(set)) => show(
            global,
            &cmd::control_set::run(&root, &Ui::new(global), set)?,
        ),
        Command::Control(ControlCommand::List(list)) => {
            show(global, &cmd::control_list::run(&root, list)?)
        }
        Command::Control(ControlCommand::Show(what)) => {
            show(global, &cmd::control_show::run(&root, what)?)
        }
        Command::Config(ConfigCommand::Show(what)) => {
            show(global, &cmd::config_show::run(&root, &what.file)?)
        }
        Command::Config(ConfigCommand::Export) => show(global, &cmd::config_export::run(&root)?),
        Command::Config(ConfigCommand::Diff(what)) => {
            show(global, &cmd::config_apply::diff(&root, &what.file)?)
        }
        Command::Config(ConfigCommand::Apply(apply)) => show(
            global,
            &cmd::config_apply::run(&root, &Ui::new(global), apply)?,
        ),
        Command::Baseline(BaselineCommand::Show) => show(global, &cmd::baseline_show::run(&root)?),
        Command::Events(events) if events.follow => follow::events::run(&root, global, events),
        Command::Events(events) => show(global, &cmd::events::run(&root, events)?),
        Command::Journal(JournalCommand::Save(save)) if save.follow => {
            follow::journal::run(&root, global, save)
        }
        Command::Journal(JournalCommand::Save(save)) => {
            show(global, &cmd::journal_save::run(&root, save)?)
        }
        Command::Journal(JournalCommand::Verify(verify)) => show(
            global,
            &cmd::journal_verify::run(&root, &Ui::new(global), verify)?,
        ),
        Command::Attest(AttestCommand::Enroll(enroll)) => {
            show(global, &cmd::attest_enroll::run(&root, enroll)?)
        }
        Command::Attest(AttestCommand::Quote(quote)) => show(
            global,
            &cmd::attest_quote::run(&root, &Ui::new(global), quote)?,
        ),
        Command::Attest(AttestCommand::Verify(verify)) => {
            show(global, &cmd::attest_verify::run(verify)?)
        }
        Command::Confirm(confirm) => show(
            global,
            &cmd::confirm::run(&root, &Ui::new(global), *confirm)?,
        ),
        Command::Completion(shell) => show(global, &cmd::completion::run(*shell)),
        Command::Report(asked) => report::run(&root, global, &Ui::new(global), asked),
        Command::Doctor => show(global, &doctor::run(&root)),
    }
}

/// Prints a document, and returns the exit status that it stands for.
fn show(global: &Global, document: &impl Document) -> Result<u8> {
    if global.json {
        output::stdout(&render::json(document))?;
    } else {
        if !global.quiet {
            output::stdout(&document.human(&output::stdout_screen(global)))?;
        }
        if let Some(failure) = document.failure() {
            output::stderr(&render::error(
                &output::stderr_screen(global.color),
                failure,
            ));
        }
    }
    Ok(document.exit())
}

/// Help and version, which clap treats as errors, and wrong command lines.
fn not_parsed(error: &clap::Error) -> Result<u8> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        output::stdout(&format!("{}\n", error.render().to_string().trim_end()))?;
        return Ok(0);
    }
    Err(usage(error))
}

/// A wrong command line, in the three parts that every error has.
fn usage(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    let what = match error.kind() {
        // Here clap shows the help instead of an error.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "a command is missing".to_string(),
        // The names follow, indented, up to an empty line.
        ErrorKind::MissingRequiredArgument => {
            let lines = text.lines().map(str::trim);
            let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
            lines.join(" ")
        }
        _ => text.lines().next().unwrap_or("wrong usage").to_string(),
    };
    let why = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::MissingSubcommand
        | ErrorKind::MissingRequiredArgument => "the command line ends too early",
        ErrorKind::ArgumentConflict => "the two contradict each other",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "only certain values are allowed",
        _ => "milspecctl has no such command, option or argument",
    };
    let tip = text.lines().map(str::trim).find_map(|line| {
        line.strip_prefix("tip: ")
            .or_else(|| line.strip_prefix('[')?.strip_suffix(']'))
    });
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let usage = usage.trim().trim_start_matches("Usage: ").lines().next();
    Failure {
        code: "usage",
        exit: Exit::Usage,
        errno: None,
        what: what.trim_start_matches("error: ").to_string(),
        why: tip.unwrap_or(why).to_string(),
        next: match usage {
            Some(usage) if !usage.is_empty() => format!("use: {usage}"),
            _ => "see \"milspecctl --help\"".to_string(),
        },
    }
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
