// SPDX-License-Identifier: GPL-2.0

//! The subcommands of `machine` that prepare and build, to be placed in its command line.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::chroot::Bind;
use super::config::Config;
use super::{packaging, prepare, rust_analyzer, Options};
use crate::progress::Progress;

/// Prepares all that the simulated Dell is made of
#[derive(Args, Clone, Debug)]
pub struct Prepare {
    /// Look for a newer kernel of the series, although what is there works
    #[arg(long)]
    update: bool,
    /// Fail where it is not prepared, instead of preparing it
    #[arg(long, conflicts_with = "update")]
    only_look: bool,
}

impl Prepare {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let prepared = prepare(
            &Options {
                update: self.update,
                only_look: self.only_look,
            },
            &Progress::new(),
        )?;
        println!("kernel     {} ({})", prepared.release, prepared.version);
        println!("vmlinuz    {}", prepared.vmlinuz.display());
        println!("initramfs  {}", prepared.initramfs.display());
        println!("root       {}", prepared.root.dir().display());
        println!("KDIR       {} (in the root)", prepared.kdir.display());
        Ok(())
    }
}

/// Prints the kernel series that the driver supports, newest first
#[derive(Args, Clone, Debug)]
pub struct Series {}

impl Series {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        for series in &Config::load()?.series {
            println!("{series}");
        }
        Ok(())
    }
}

/// Builds the module for the simulated Dell's kernel and prints its path
#[derive(Args, Clone, Debug)]
pub struct Build {
    /// Lint it instead, and fail on any warning
    #[arg(long)]
    clippy: bool,
    /// The source tree
    #[arg(default_value = ".")]
    repo: PathBuf,
}

impl Build {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let progress = Progress::new();
        let prepared = prepare(&Options::default(), &progress)?;
        let module = prepared.build_module(&self.repo, self.clippy, &progress)?;
        println!("{}", module.display());
        Ok(())
    }
}

/// Runs a program of the Debian 13 root in the current directory
#[derive(Args, Clone, Debug)]
pub struct InRoot {
    /// In the root that packages are built in, and not in the one that compiles the module
    #[arg(long)]
    packaging: bool,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl InRoot {
    /// Runs it; returns only when it cannot be run.
    pub fn run(&self) -> Result<()> {
        let root = match self.packaging {
            true => packaging::prepare(&Progress::new())?,
            false => prepare(&Options::default(), &Progress::new())?.root,
        };
        let here = std::env::current_dir().context("find the current directory")?;
        let mut command = root.command("sh", &[Bind::same(&here)])?;
        command
            .args(["-ec", r#"cd "$1"; shift; exec "$@""#, "sh"])
            .arg(&here);
        command.args(&self.command);
        Err(command.exec()).context("enter the Debian root")
    }
}

/// Writes rust-project.json, with which rust-analyzer understands the module
#[derive(Args, Clone, Debug)]
pub struct RustAnalyzer {
    /// The source tree
    #[arg(default_value = ".")]
    repo: PathBuf,
}

impl RustAnalyzer {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let prepared = prepare(&Options::default(), &Progress::new())?;
        let repo = self.repo.canonicalize().context("find the source tree")?;
        rust_analyzer::write(&prepared, &repo)
    }
}
