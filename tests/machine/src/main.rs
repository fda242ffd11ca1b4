// SPDX-License-Identifier: GPL-2.0

//! The simulated Dell from the command line: prepares it, boots it, drives it.

use anyhow::Result;
use clap::{Parser, Subcommand};
use milspec_machine::prepare::{cli, Gone};
use std::process::ExitCode;

mod cmd;

/// A simulated Dell: its firmware is simulated, its kernel is Debian's own
///
/// MILSPEC_SERIES names the kernel series, of those that `machine series` prints. A series that the
/// archive no longer has makes the exit status 77. MILSPEC_KERNEL=debug takes the debug kernel instead of
/// Debian's.
#[derive(Parser)]
#[command(name = "machine", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Prepare(cli::Prepare),
    Series(cli::Series),
    Demo(cmd::demo::Demo),
    Bench(cmd::bench::Bench),
    Shell(cmd::shell::Shell),
    Run(cmd::run::Run),
    Profiles(cmd::profiles::Profiles),
    Tables(cmd::tables::Tables),
    Nvram(cmd::nvram::Nvram),
    Build(cli::Build),
    InRoot(cli::InRoot),
    RustAnalyzer(cli::RustAnalyzer),
}

/// The archive has no kernel of the series.
const GONE: u8 = 77;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            match error.is::<Gone>() {
                true => ExitCode::from(GONE),
                false => ExitCode::FAILURE,
            }
        }
    }
}

fn run() -> Result<()> {
    match Arguments::parse().command {
        Command::Prepare(command) => command.run(),
        Command::Series(command) => command.run(),
        Command::Demo(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Shell(command) => command.run(),
        Command::Run(command) => command.run(),
        Command::Profiles(command) => command.run(),
        Command::Tables(command) => command.run(),
        Command::Nvram(command) => command.run(),
        Command::Build(command) => command.run(),
        Command::InRoot(command) => command.run(),
        Command::RustAnalyzer(command) => command.run(),
    }
}
