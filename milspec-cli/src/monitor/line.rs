// SPDX-License-Identifier: GPL-2.0

//! What the monitor tells: one JSON document a line, `milspec.monitor-line/1`.

use super::Direction;
use crate::model::Word;
use serde::{Deserialize, Serialize};

/// Name and major version of the documents.
pub const SCHEMA: &str = "milspec.monitor-line/1";

/// One thing to tell. What a line does not speak of is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`SCHEMA`].
    pub schema: Word,
    /// When it happened, in UTC; of a finding, when what led to it did.
    pub time: String,
    /// The same, in nanoseconds since 1970.
    pub wall_ns: u64,
    /// Name of the machine.
    pub host: Option<String>,
    /// Which boot of it, as the kernel and journald name it.
    pub boot_id: Option<String>,
    /// Whether the machine is simulated.
    pub simulated: bool,
    /// How much it matters: `error`, `warning`, `notice` or `info`.
    pub severity: Word,
    /// A sentence.
    pub message: String,
    /// The rest.
    #[serde(flatten)]
    pub what: What,
}

/// What a line is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum What {
    /// A record of the journal.
    Record(Box<Record>),
    /// What a rule has found.
    Finding(Box<Finding>),
    /// How far the journal's chain has come: who keeps this elsewhere can tell later that a journal was
    /// cut off or made anew.
    Checkpoint(Checkpoint),
    /// What the monitor has to say of itself.
    Note(Note),
}

/// A record of the journal. `load` and `sequence` name it: a line can come twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which load of the module it belongs to.
    pub load: String,
    /// Its number there.
    pub sequence: u64,
    /// When, in nanoseconds from boot, sleep included.
    pub boottime_ns: u64,
    /// What happened: `step`, `refused` ...
    pub kind: Word,
    /// Name of the control.
    pub control: Option<String>,
    /// Its class.
    pub class: Option<Word>,
    /// Name of the value that it had.
    pub from: Option<String>,
    /// Name of the value that it has, or should have.
    pub to: Option<String>,
    /// Which way that goes; null where there are no two values.
    pub direction: Option<Direction>,
    /// The mode that it speaks of.
    pub mode: Option<Word>,
    /// What became of a step.
    pub step: Option<Word>,
    /// How an apply ended.
    pub outcome: Option<Word>,
    /// Why a request was refused.
    pub reason: Option<Word>,
    /// What made it fail, e.g. `EIO`.
    pub error: Option<String>,
    /// A number that the kind gives a meaning.
    pub count: u32,
    /// Sequence of the record that it speaks of.
    pub about: Option<u64>,
    /// Generation of the controls.
    pub generation: u64,
    /// Whether something else has changed what the driver had set.
    pub drift: bool,
    /// How it came to the driver.
    pub origin: Option<Word>,
    /// Who: process id.
    pub pid: Option<u32>,
    /// Who: real user id.
    pub uid: Option<u32>,
    /// Name of that user.
    pub user: Option<String>,
    /// Who: the user that logged in; null where nobody did.
    pub login_uid: Option<u32>,
    /// Name of that user.
    pub login: Option<String>,
    /// Who: name of the command, which it can choose itself.
    pub command: Option<String>,
    /// The systemd unit that it ran in, where it was still there to be looked at.
    pub unit: Option<String>,
    /// Chain value of the record.
    pub chain: String,
    /// The record itself, in base64: with all of them, `milspecctl journal verify` works.
    pub record: String,
}

/// What a rule has found. `id` names it: a line can come twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, the load and the place there.
    pub id: String,
    /// Name of the rule.
    pub rule: String,
    /// What it means, for people.
    pub title: String,
    /// Which load of the module it was found in.
    pub load: String,
    /// The records that led to it, by their sequences.
    pub sequences: Vec<u64>,
    /// Name of the control.
    pub control: Option<String>,
    /// Name of the value before.
    pub from: Option<String>,
    /// Name of the value after.
    pub to: Option<String>,
    /// Which way that goes.
    pub direction: Option<Direction>,
    /// Name of the user that had logged in.
    pub login: Option<String>,
    /// Version of the BIOS before, where a boot or a new load lies between.
    pub bios_before: Option<String>,
    /// Version of the BIOS after.
    pub bios_after: Option<String>,
    /// What is unusual about it, in bits, and why, where it is not a rule that has found it but a count.
    pub surprise: Option<f64>,
    /// The reasons, the largest first.
    pub because: Vec<String>,
}

/// How far the chain has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Which load of the module.
    pub load: String,
    /// Sequence of its last record.
    pub sequence: u64,
    /// Chain value of that record.
    pub chain: String,
    /// Number of the PCR; null without a TPM.
    pub pcr: Option<u8>,
    /// How many records are extended into it; null without a TPM.
    pub anchored: Option<u64>,
}

/// What the monitor has to say of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// `started`, `stopped`, `sink-failed`, `sink-works`, `lines-lost`, `state-lost`, `state-not-kept`,
    /// `state-kept`.
    pub note: Word,
    /// Name of the sink that it is about.
    pub sink: Option<Word>,
    /// How many lines or records.
    pub count: Option<u64>,
}

impl Line {
    /// The word of its type.
    pub fn kind(&self) -> &'static str {
        match self.what {
            What::Record(_) => "record",
            What::Finding(_) => "finding",
            What::Checkpoint(_) => "checkpoint",
            What::Note(_) => "note",
        }
    }
}
