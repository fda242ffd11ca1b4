// SPDX-License-Identifier: GPL-2.0

//! `kernel.toml`: the kernel series, the Debian release and the packages, as data.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The file itself: part of the key of everything that is made from it.
pub const TEXT: &str = include_str!("../../kernel.toml");

/// The variable that names the series to prepare, build for and boot.
pub const SERIES_VARIABLE: &str = "MILSPEC_SERIES";
/// The variable that names the kernel of that series: `stock`, which is Debian's, or `debug`.
pub const KERNEL_VARIABLE: &str = "MILSPEC_KERNEL";

/// What `kernel.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The kernel series that the driver supports, newest first: `7.3`.
    pub series: Vec<String>,
    /// What the names of its packages end in.
    pub flavour: String,
    /// The archive.
    pub debian: Debian,
    /// What this machine must have.
    pub host: Host,
    /// The root that compiles.
    pub build: Build,
    /// The userland of the simulated Dell.
    pub guest: Guest,
    /// What the one that runs systemd has besides.
    pub system: System,
}

/// The suites to take packages from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debian {
    /// Names of suites.
    pub suites: Vec<String>,
}

/// Programs on this machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// A program, and the package that brings it.
    pub programs: BTreeMap<String, String>,
}

/// The root that compiles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Packages, without those of the kernel.
    pub packages: Vec<String>,
}

/// The userland of the simulated Dell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// Packages, without those of the kernel.
    pub packages: Vec<String>,
    /// Kernel modules, without their dependencies.
    pub modules: Vec<String>,
    /// Groups beyond Debian's base list.
    pub groups: Vec<String>,
}

/// The simulated Dell that runs systemd.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// Packages, beyond those of every guest.
    pub packages: Vec<String>,
    /// Kernel modules that mount its disk.
    pub modules: Vec<String>,
    /// Units that must not start.
    pub masked: Vec<String>,
}

impl Config {
    /// Reads the file that was compiled in.
    pub fn load() -> Result<Self> {
        toml::from_str(TEXT).context("read tests/machine/kernel.toml")
    }

    /// The series that was asked for, or the newest.
    pub fn wanted_series(&self) -> Result<&str> {
        let newest = self.series.first().context("kernel.toml names no series")?;
        let Ok(wanted) = std::env::var(SERIES_VARIABLE) else {
            return Ok(newest);
        };
        let found = self.series.iter().find(|series| **series == wanted);
        found.map(String::as_str).with_context(|| {
            let supported = self.series.join(", ");
            format!("{SERIES_VARIABLE}={wanted}: the driver supports {supported}")
        })
    }
}

/// Whether the debug kernel was asked for.
pub fn wants_debug() -> Result<bool> {
    match std::env::var(KERNEL_VARIABLE).as_deref() {
        Err(_) | Ok("" | "stock") => Ok(false),
        Ok("debug") => Ok(true),
        Ok(other) => anyhow::bail!("{KERNEL_VARIABLE}={other}: it is stock or debug"),
    }
}
