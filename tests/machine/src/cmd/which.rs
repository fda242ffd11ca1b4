// SPDX-License-Identifier: GPL-2.0

//! Which machine a command is about.

use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;

/// The machine that is meant where nobody says which: a Rugged, and DSML0001.
const USUAL: &str = "rugged";

/// Which machine
#[derive(Args)]
pub struct Which {
    /// A machine of the project: see `machine profiles`
    #[arg(long, default_value = USUAL, conflicts_with = "dmi")]
    profile: String,
    /// The machine of a report: what milspecctl report or dmidecode said on any Dell
    #[arg(long, value_name = "FILE")]
    dmi: Option<PathBuf>,
    /// Adds DSML0001 with its 84 devices
    #[arg(long)]
    dsml: bool,
}

impl Which {
    /// Whether it is the machine that is meant where nobody says which.
    pub fn is_usual(&self) -> bool {
        self.dmi.is_none() && self.profile == USUAL
    }

    /// Its name, as profiles are loaded by.
    pub fn name(&self) -> Result<String> {
        let mut name = match &self.dmi {
            Some(file) => {
                let whole = file.canonicalize();
                let whole = whole.with_context(|| format!("cannot read {}", file.display()))?;
                let text = whole.to_str().context("the report's path is not UTF-8")?;
                format!("dmi:{text}")
            }
            None => self.profile.clone(),
        };
        if self.dsml {
            name.push_str("+dsml");
        }
        Ok(name)
    }
}
