// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor report`: what monitors have told, by machine and over time.
//!
//! [`Report::of`] reads files of lines as `milspecctl monitor run` writes them, of one machine or of many,
//! and makes a document of them; [`html::text`] makes a page of the document. A line that is there twice
//! counts once. What could not be read is counted, and said.

pub mod html;
mod machine;
mod plot;
mod reader;
mod spans;
mod tally;

pub use reader::Read;
pub use spans::{Span, SILENT_NS};

use crate::clock;
use crate::failure::Result;
use crate::model::Word;
use reader::Reader;
use serde::Serialize;
use std::path::PathBuf;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.monitor-report/1";

/// What monitors have told.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was made, in UTC.
    pub made_at: String,
    /// By which version of milspecctl.
    pub made_with: &'static str,
    /// What was read.
    pub files: Vec<Read>,
    /// Lines that were left out because there were too many machines or lines: they are in no number below.
    pub left_out: u64,
    /// All machines together.
    pub fleet: Tally,
    /// Each machine, by name; those that name none come first.
    pub machines: Vec<Machine>,
}

/// How much there was of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Lines that count.
    pub lines: u64,
    /// Records of the journal among them.
    pub records: u64,
    /// Changes that went through and made something weaker, and those found that nobody had asked the driver
    /// for.
    pub weakenings: u64,
    /// Requests that were refused.
    pub refusals: u64,
    /// Findings of severity error or warning.
    pub findings: u64,
    /// Findings of any other severity.
    pub notices: u64,
    /// Checkpoints of the chain.
    pub checkpoints: u64,
    /// Records that the driver or a monitor says are lost.
    pub lost: u64,
    /// Records that are in none of the files, though earlier and later ones of the same load are.
    pub missing: u64,
    /// Times in which no monitor ran.
    pub not_running: u64,
    /// Times of more than [`SILENT_NS`] in which nothing was told while a monitor should have run.
    pub silences: u64,
}

/// One machine.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Its name; null where lines name none.
    pub host: Option<String>,
    /// Whether any of it is simulated.
    pub simulated: bool,
    /// Time of its first line.
    pub from: String,
    /// Time of its last line.
    pub to: String,
    /// How many boots its lines name.
    pub boots: usize,
    /// The mode that was last set through the driver; null where no line says.
    pub mode: Option<Word>,
    /// How much there was of what.
    pub tally: Tally,
    /// What was found, by rule, the most severe first.
    pub rules: Vec<Rule>,
    /// Times between two lines that need a word.
    pub spans: Vec<Span>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
    /// How many more there were of these: only so many of each kind are kept, the newest.
    pub entries_left_out: u64,
    #[serde(skip)]
    pub(crate) range: (u64, u64),
}

/// What a rule has found on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name.
    pub rule: String,
    /// How much it mattered at most.
    pub severity: Word,
    /// What it means.
    pub title: String,
    /// How often it has found something.
    pub count: u64,
    /// When it last did.
    pub last: String,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When, in UTC.
    pub time: String,
    /// What it is, for the plot.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Word,
    /// The sentence of the line.
    pub message: String,
    /// The mode that was set, where it is that.
    pub mode: Option<Word>,
    #[serde(skip)]
    pub(crate) wall_ns: u64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A mode was set.
    Mode,
    /// Something became weaker.
    Weakening,
    /// A request was refused.
    Refusal,
    /// A rule has found something.
    Finding,
    /// Records or lines are lost.
    Lost,
    /// The driver looked at the firmware, and has a record of it.
    Look,
    /// A checkpoint of the chain.
    Checkpoint,
    /// A note of the monitor about itself.
    Note,
}

impl Kind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Weakening => "weakening",
            Self::Refusal => "refusal",
            Self::Finding => "finding",
            Self::Lost => "lost",
            Self::Look => "look",
            Self::Checkpoint => "checkpoint",
            Self::Note => "note",
        }
    }
}

impl Report {
    /// Reads files; `-` is standard input. Fails where one cannot be read, and not for what is in it.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut reader = Reader::default();
        for path in paths {
            reader.open(path)?;
        }
        Ok(reader.report())
    }

    /// Of texts that were read already, each with a name for people.
    pub fn of_texts(texts: &[(&str, &[u8])]) -> Self {
        let mut reader = Reader::default();
        for (name, text) in texts {
            // Reading memory does not fail.
            let _ = reader.read(name, *text);
        }
        reader.report()
    }
}

impl Machine {
    /// Its name for people.
    pub fn name(&self) -> &str {
        self.host.as_deref().unwrap_or("a machine without a name")
    }
}

/// In UTC, to the second.
fn utc(ns: u64) -> String {
    clock::utc(ns / 1_000_000_000 * 1_000_000_000).replace(".000000000Z", "Z")
}

#[cfg(test)]
mod tests;
