// SPDX-License-Identifier: GPL-2.0

//! What verifying gave, in the words of the documents.

use super::chain::{Break, Chains, Load};
use super::file::Saved;
use super::live::Anchor;
use super::replay::{Compared, NoReplay, Replay};
use crate::clock;
use crate::failure::Failure;
use milspec_posture::journal::{Digest, Flaw};
use milspec_uapi::{EVENT_SIZE, EVENT_TRAINING};
use serde::Serialize;

/// The records of one load of the module.
#[derive(Clone, Debug, Serialize)]
pub struct LoadDoc {
    /// Which load it is.
    pub id: String,
    /// How many of its records are there.
    pub records: usize,
    /// How many are lost: overwritten, or in a file that is not here.
    pub lost: u64,
    /// Sequence of the last record.
    pub last: u64,
    /// When the first of them was recorded.
    pub from: String,
    /// When the last of them was recorded.
    pub to: String,
    /// Number of the PCR that changes were extended into.
    pub pcr: Option<u8>,
    /// How many records were.
    pub extended: Option<usize>,
    /// What the PCR should hold after the last of them.
    pub pcr_value: Option<String>,
    /// Whether the PCR held, at its start, what the load before it left.
    pub continues: bool,
    /// Sequence up to which it is proven that these are the records; `None` where only their chain
    /// says so.
    pub proven_to: Option<u64>,
    /// Sequence of the last record that was extended.
    #[serde(skip)]
    last_extended: Option<u64>,
}

impl LoadDoc {
    /// Puts loads into words.
    pub fn all(loads: &[Load]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let mut before: Option<Replay> = None;
        for load in loads {
            let replay = Replay::of(load).ok();
            // What nothing was extended by says nothing.
            let continues = matches!(
                (&before, &replay),
                (Some(before), Some(now)) if before.extended() > 0 && before.ends_with(&now.start)
            );
            all.push(Self::new(load, replay.as_ref(), continues));
            before = replay;
        }
        all
    }

    fn new(load: &Load, replay: Option<&Replay>, continues: bool) -> Self {
        let records = || load.records.iter().filter(|event| event.wall_ns != 0);
        let when = |ns: Option<u64>| clock::utc(ns.unwrap_or_default());
        Self {
            id: hex::encode(load.id),
            records: records().count(),
            lost: load.lost,
            last: load.last(),
            from: when(records().map(|event| event.wall_ns).next()),
            to: when(records().map(|event| event.wall_ns).next_back()),
            pcr: replay.map(|replay| replay.pcr),
            extended: replay.map(Replay::extended),
            pcr_value: replay.map(|replay| hex::encode(replay.end())),
            continues,
            proven_to: None,
            last_extended: replay.and_then(Replay::last),
        }
    }

    /// Notes that the last of these loads is proven up to this record, and with it the changes of
    /// those before it, as far as each leads on to the next.
    pub fn prove(loads: &mut [Self], to: u64) {
        let mut loads = loads.iter_mut().rev();
        let Some(mut later) = loads.next() else {
            return;
        };
        later.proven_to = Some(to);
        for load in loads {
            if !later.continues {
                return;
            }
            load.proven_to = load.last_extended;
            later = load;
        }
    }
}

/// The first record that does not fit.
#[derive(Clone, Debug, Serialize)]
pub struct Broken {
    /// The file that it is in; null for the driver's records.
    pub file: Option<String>,
    /// Its place there, from 1.
    pub record: usize,
    /// Where it begins there, in bytes.
    pub offset: usize,
    /// The sequence that it says that it has; null for one that is cut off.
    pub sequence: Option<u64>,
    /// `sequence`, `load`, `chain`, `gap`, `training`, `cut-off` or `driver`.
    pub code: &'static str,
    /// The same in words.
    pub why: String,
}

impl Broken {
    /// A record at this place of a file.
    pub fn new(file: Option<&Saved>, at: usize, sequence: Option<u64>, code: &'static str) -> Self {
        Self {
            file: file.map(|file| file.name.clone()),
            record: at.saturating_add(1),
            offset: at.saturating_mul(EVENT_SIZE),
            sequence,
            code,
            why: match code {
                "load" => "it belongs to a load of the module that had ended before".into(),
                "chain" => "it is not what was recorded, or is not where it was recorded".into(),
                "gap" => "it is a gap that does not lead on from the record before it".into(),
                "cut-off" => "it is cut off".into(),
                "training" => {
                    "it is of a training: nothing of it has happened to the machine".into()
                }
                "driver" => "the driver has another record with this number".into(),
                _ => String::new(),
            },
        }
    }

    /// The first record of these files that does not fit to the one before it, or is cut off.
    pub fn first(chains: &Chains, files: &[Saved]) -> Option<Self> {
        let found = chains.broken.as_ref();
        // What is cut off is the last of its file.
        let mut before = files
            .iter()
            .take(found.map_or(files.len(), |found| found.part));
        let torn = before.find(|saved| saved.torn > 0);
        let torn = torn.map(|saved| Self::new(Some(saved), saved.events.len(), None, "cut-off"));
        torn.or_else(|| found.map(|found| Self::of(found, files)))
    }

    /// What [`chain::verify`](super::chain::verify) found; in the driver's records without files.
    pub fn of(found: &Break, files: &[Saved]) -> Self {
        let file = files.get(found.part);
        let event = file.and_then(|file| file.events.get(found.at));
        let code = match found.flaw {
            _ if event.is_some_and(|event| event.properties & EVENT_TRAINING != 0) => "training",
            Flaw::Sequence(_) | Flaw::Missing(_) => "sequence",
            Flaw::Load => "load",
            Flaw::Chain | Flaw::End => "chain",
            Flaw::Gap => "gap",
        };
        let mut broken = Self::new(file, found.at, Some(found.sequence), code);
        if let Flaw::Sequence(next) | Flaw::Missing(next) = found.flaw {
            broken.why = format!("record {next} should be in its place");
        }
        broken
    }

    /// As an error.
    pub fn failure(&self) -> Failure {
        let file = self.file.as_ref();
        let place = match file {
            Some(file) => format!("record {} of {file}", self.record),
            None => format!("record {} of the driver", self.record),
        };
        let says = match self.sequence {
            Some(sequence) => format!(" (it says that it is record {sequence})"),
            None => String::new(),
        };
        Failure::new(
            "journal-broken",
            format!("{place} does not fit{says}"),
            self.why.clone(),
            "trust what is before it; find out who could write to the file",
        )
    }
}

/// What comparing a replay with a PCR gave.
#[derive(Clone, Debug, Serialize)]
pub struct Pcr {
    /// Number of the PCR; null where there is no TPM.
    pub number: Option<u8>,
    /// What it holds, in the SHA-256 bank; null where that is not known.
    pub value: Option<String>,
    /// `matches`, `lacks`, `differs` or `not-compared`.
    pub result: &'static str,
    /// Sequence of the first record that is not in it.
    pub lacks: Option<u64>,
    /// What that means.
    pub why: String,
}

impl Pcr {
    /// There is nothing to compare.
    pub fn not_compared(number: Option<u8>, why: &str) -> Self {
        Self {
            number,
            value: None,
            result: "not-compared",
            lacks: None,
            why: why.into(),
        }
    }

    /// Compares.
    pub fn compare(load: &Load, anchor: Anchor) -> Self {
        let not = Self::not_compared;
        let (number, value) = match anchor {
            Anchor::None => return not(None, "there is no TPM"),
            Anchor::Training => {
                return not(None, "there is a training: run it when that has ended")
            }
            Anchor::Silent(number) => return not(Some(number), "the TPM does not answer"),
            Anchor::Busy(number) => {
                return not(Some(number), "records wait for the TPM: run it again")
            }
            Anchor::Holds(number, value) => (number, value),
        };
        let why_not = match Replay::of(load) {
            Ok(replay) if replay.pcr == number => return Self::with(&replay, value),
            Ok(_) => "the records are extended into another PCR",
            Err(NoReplay::NoStart) => "the TPM could not be read when the module was loaded",
            Err(NoReplay::Lost(_)) => "records are lost, and with them what led to its value",
            Err(NoReplay::Doubtful) => "the TPM failed too often while records were extended",
        };
        not(Some(number), why_not)
    }

    /// Compares this value.
    fn with(replay: &Replay, value: Digest) -> Self {
        let (result, lacks, why) = match replay.compare(&value) {
            Compared::Matches => (
                "matches",
                None,
                match replay.extended() {
                    1 => "holds what 1 record leads to".into(),
                    extended => format!("holds what {extended} records lead to"),
                },
            ),
            Compared::Lacks(sequence) => (
                "lacks",
                Some(sequence),
                format!("holds what the records before {sequence} lead to, and no more"),
            ),
            Compared::Differs => (
                "differs",
                None,
                "holds a value to which no part of the records leads: somebody else has extended \
                 it, or these are not the records of this machine"
                    .into(),
            ),
        };
        Self {
            number: Some(replay.pcr),
            value: Some(hex::encode(value)),
            result,
            lacks,
            why,
        }
    }

    /// As an error, where it is one.
    pub fn failure(&self) -> Option<Failure> {
        let (code, next) = match self.result {
            "lacks" => (
                "journal-not-in-tpm",
                "do not trust that record and those after it: the TPM has not seen them",
            ),
            "differs" => (
                "journal-tpm-differs",
                "find out what else extends this PCR; a reboot begins anew",
            ),
            _ => return None,
        };
        Some(Failure::new(
            code,
            format!(
                "PCR {} does not bear the journal out",
                self.number.unwrap_or_default()
            ),
            format!("it {}", self.why),
            next,
        ))
    }
}
