// SPDX-License-Identifier: GPL-2.0

//! `machine shell`.

use super::which::Which;
use anyhow::Result;
use clap::Args;
use milspec_machine::progress::Progress;
use milspec_machine::{prepared, running, Machine, Module, Options};
use std::process::Command;
use std::time::Duration;

/// Opens a shell in a simulated Dell, on this terminal
#[derive(Args)]
pub struct Shell {
    #[command(flatten)]
    which: Which,
    /// The module stays unloaded until you type `modprobe dell_milspec`
    #[arg(long)]
    no_autoload: bool,
    /// With systemd, and our package installed on its disk
    #[arg(long)]
    systemd: bool,
    /// Added to the kernel's command line
    #[arg(long, default_value = "")]
    cmdline: String,
}

impl Shell {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let progress = Progress::new();
        let mut options = Options::module(if self.no_autoload {
            Module::Present
        } else {
            Module::Autoload
        });
        options.progress = progress.clone();
        options.systemd = self.systemd;
        options.cmdline = format!("milspec.shell {}", self.cmdline);
        if let Some((rows, columns)) = terminal_size() {
            options
                .cmdline
                .push_str(&format!(" milspec.size={rows}x{columns}"));
        }
        let prepared = prepared(&progress)?;
        let mut machine = Machine::start(&self.which.name()?, &options, true)?;
        let _announced = running::announce(&prepared.cache, &machine)?;
        eprintln!(
            "Booting a SIMULATED Dell ({}): {}.\n\
             Of a real machine it has the token table; what settings hold, what stands behind\n\
             them and ACPI are the simulation's.\n\
             To leave: `exit`, or Ctrl-A and then X.\n\
             From another terminal `machine nvram --help` plays its firmware tricks.\n",
            machine.profile().dmi.product,
            machine.profile().summary
        );
        if self.systemd {
            machine.open_shell(options.module)?;
        }
        machine.wait_off(Duration::MAX)
    }
}

/// Rows and columns of the terminal, if there is one.
fn terminal_size() -> Option<(u16, u16)> {
    let output = Command::new("stty")
        .arg("size")
        .stdin(std::process::Stdio::inherit())
        .output();
    let text = String::from_utf8(output.ok()?.stdout).ok()?;
    let (rows, columns) = text.trim().split_once(' ')?;
    let size = (rows.parse().ok()?, columns.parse().ok()?);
    (size != (0, 0)).then_some(size)
}
