// SPDX-License-Identifier: GPL-2.0

//! `machine run`.

use super::which::Which;
use anyhow::{bail, Result};
use clap::Args;
use milspec_machine::progress::Progress;
use milspec_machine::{Machine, Module, Options};
use std::io::Write;

/// Runs lines of shell in a simulated Dell, restored in a second, and ends
#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    which: Which,
    /// Boots it instead of restoring it
    #[arg(long)]
    boot: bool,
    /// With systemd, and our package installed on its disk
    #[arg(long)]
    systemd: bool,
    /// Without our module
    #[arg(long)]
    no_module: bool,
    /// What to run; each line on its own
    #[arg(required = true)]
    lines: Vec<String>,
}

impl Run {
    /// Runs it; fails when a line does, and when the kernel log is bad.
    pub fn run(&self) -> Result<()> {
        let module = match self.no_module {
            true => Module::Absent,
            false => Module::Autoload,
        };
        let options = Options {
            progress: Progress::new(),
            systemd: self.systemd,
            ..Options::module(module)
        };
        let name = self.which.name()?;
        let machine = match self.boot {
            true => Machine::boot(&name, &options)?,
            false => Machine::from_snapshot(&name, &options)?,
        };
        let mut failed = 0;
        for line in &self.lines {
            let output = machine.sh(line)?;
            std::io::stdout().write_all(&output.stdout)?;
            std::io::stderr().write_all(&output.stderr)?;
            failed += u32::from(!output.success());
        }
        machine.check_kernel_log()?;
        if failed > 0 {
            bail!("{failed} of {} lines failed", self.lines.len());
        }
        Ok(())
    }
}
