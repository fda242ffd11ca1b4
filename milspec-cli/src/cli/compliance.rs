// SPDX-License-Identifier: GPL-2.0

//! `compliance`

use super::{nonce, Nonce};
use crate::clock;
use crate::compliance::framework::{Framework, FRAMEWORKS};
use crate::compliance::REGISTRY;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `compliance`
#[derive(Args, Clone, Debug)]
pub struct Compliance {
    /// Only what this framework asks for
    #[arg(long, value_name = "NAME", value_parser = framework())]
    pub framework: Option<String>,
    /// Only this check; may be given several times
    #[arg(long, value_name = "ID", value_parser = PossibleValuesParser::new(checks()),
        hide_possible_values = true)]
    pub check: Vec<String>,
    /// Only checks that SP 800-53 asks for in this baseline of SP 800-53B
    #[arg(long, value_name = "LEVEL")]
    pub baseline: Option<Baseline>,
    /// Judge this recording, report or attestation instead of this machine
    ///
    /// May be given several times, for a fleet. An attestation is verified first, and needs --key and
    /// --nonce; of several of them, see --attestations. A file that cannot be judged is listed as such,
    /// and the exit status is 1.
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,
    /// The public key of the machine that an attestation is of, from attest enroll
    #[arg(long, value_name = "PEM", requires_all = ["file", "nonce"])]
    pub key: Option<PathBuf>,
    /// The nonce that was sent to that machine
    #[arg(long, value_name = "HEX", value_parser = nonce, requires = "key")]
    pub nonce: Option<Nonce>,
    /// Judge the attestations in this list, each with its key and its nonce: see docs/compliance.md
    #[arg(long, value_name = "LIST", conflicts_with_all = ["key", "since"])]
    pub attestations: Option<PathBuf>,
    /// The PCR of the journal, where the module of that machine is loaded with another one
    #[arg(long, value_name = "NUMBER", default_value_t = 13, requires = "key",
        value_parser = clap::value_parser!(u8).range(8..=15))]
    pub pcr: u8,
    /// Show too how posture stood from then on: 30d, monday, 2026-11-24
    ///
    /// From the journal: what changed, who did it and when, where the journal says nothing, and which
    /// checks of controls were satisfied all the time. Not in CSV and OSCAL.
    #[arg(long, value_name = "WHEN", value_parser = clock::moment, allow_hyphen_values = true,
        conflicts_with = "file")]
    pub since: Option<u64>,
    /// A saved journal for --since; several are given the oldest first
    ///
    /// Without this option, the journal that milspec-journal.service keeps, with its older parts.
    #[arg(long, value_name = "FILE", requires = "since")]
    pub journal: Vec<PathBuf>,
    /// Exceptions with owner, reason and last day: see docs/compliance.md
    #[arg(long, value_name = "FILE")]
    pub exceptions: Option<PathBuf>,
    /// Print another form than a table
    #[arg(long, value_name = "FORM", conflicts_with = "json")]
    pub format: Option<Format>,
    /// End with 7 when a check is not satisfied, and not excepted, and during a training
    #[arg(long)]
    pub exit_code: bool,
}

/// A baseline of SP 800-53B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Baseline {
    /// Low impact
    Low,
    /// Moderate impact
    Moderate,
    /// High impact
    High,
}

impl Baseline {
    /// As the registry names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
        }
    }
}

/// The forms of the document beside the table and JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for each check of each machine, for spreadsheets
    Csv,
    /// A page that prints well
    Html,
    /// OSCAL assessment results, in JSON
    Oscal,
}

/// The names of frameworks, and what they stand for.
pub fn framework() -> impl TypedValueParser<Value = String> {
    let all = FRAMEWORKS.iter().map(|framework| {
        PossibleValue::new(framework.name)
            .aliases(framework.also)
            .help(framework.title)
    });
    let canonical = |name: String| {
        let found = Framework::named(&name);
        found.map_or(name, |framework| framework.name.into())
    };
    PossibleValuesParser::new(all).map(canonical)
}

fn checks() -> impl Iterator<Item = &'static str> {
    REGISTRY.checks.iter().map(|check| check.id.as_str())
}
