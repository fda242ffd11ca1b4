// SPDX-License-Identifier: GPL-2.0

//! `machine profiles`.

use anyhow::Result;
use clap::Args;
use milspec_machine::tokens::Plan;
use milspec_machine::Profile;

/// Lists the machines that can be simulated
#[derive(Args)]
pub struct Profiles {
    /// Also those with bad input, which tests use
    #[arg(long)]
    all: bool,
}

impl Profiles {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        println!(
            "All of them are simulated. The token tables of those named after a model are real \
             ones;\nwhat stands behind them is not.\n"
        );
        for name in Profile::names()? {
            if !self.all && name.starts_with("bad/") {
                continue;
            }
            let profile = Profile::load(&name)?;
            let tokens = Plan::of(&profile)?.tokens.len();
            println!("{name:<24} {tokens:>5} tokens  {}", profile.summary);
        }
        Ok(())
    }
}
