// SPDX-License-Identifier: GPL-2.0

//! What a PCR should hold, worked out from the records that were extended into it.

use super::chain::{hash, Load};
use milspec_posture::journal::{extend, Digest};
use milspec_uapi::{Event, EVENT_ANCHORED, EVENT_PCR, KIND_ANCHOR_FAILED, KIND_GAP};
use nix::errno::Errno;
use std::collections::BTreeSet;
use zerocopy::IntoBytes;

/// A TPM that failed may have taken the record all the same: so many times both are tried.
const DOUBTS_MAX: usize = 12;

/// Why there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReplay {
    /// The first record does not say what the PCR held.
    NoStart,
    /// Records are lost, and with them what they were extended by.
    Lost(u64),
    /// The TPM failed so often that what it holds is not known.
    Doubtful,
}

/// What a PCR should hold after each record that was extended into it.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Number of the PCR.
    pub pcr: u8,
    /// What it held before the first.
    pub start: Digest,
    /// The records that were extended, in order.
    steps: Vec<Step>,
    /// The values that the PCR can have after the last of them. Those in between are worked out where
    /// they are asked for: to keep thousands for each record of a made-up journal would take all memory.
    ends: BTreeSet<Digest>,
}

/// A record that was extended, or may have been.
#[derive(Clone, Copy, Debug)]
struct Step {
    record: Event,
    doubtful: bool,
}

impl Step {
    /// From the values that the PCR can have before it to those that it can have after it.
    fn take(&self, values: &mut BTreeSet<Digest>) {
        let after = |value: &Digest| extend(hash, value, self.record.as_bytes());
        let extended: BTreeSet<Digest> = values.iter().map(after).collect();
        match self.doubtful {
            true => values.extend(extended),
            false => *values = extended,
        }
    }
}

/// How a value compares with a [`Replay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It is the one after the last record.
    Matches,
    /// It is the one before the record with this sequence: that and those after it are not in it.
    Lacks(u64),
    /// No part of the replay leads to it.
    Differs,
}

impl Replay {
    /// Replays the records of a load whose chain holds.
    pub fn of(load: &Load) -> Result<Self, NoReplay> {
        let first = load.records.first().ok_or(NoReplay::NoStart)?;
        if load.lost > 0 || first.kind == KIND_GAP {
            return Err(NoReplay::Lost(load.lost));
        }
        if first.properties & EVENT_PCR == 0 {
            return Err(NoReplay::NoStart);
        }
        let anchored: Vec<&Event> = load.records.iter().filter(|e| is_anchored(e)).collect();
        let fates = fates(&load.records, &anchored).ok_or(NoReplay::Doubtful)?;
        let mut ends = BTreeSet::from([first.extra]);
        let mut steps = Vec::new();
        for (record, fate) in anchored.into_iter().zip(fates) {
            if fate == Fate::GivenUp {
                continue;
            }
            let step = Step {
                record: *record,
                doubtful: fate == Fate::Doubtful,
            };
            step.take(&mut ends);
            steps.push(step);
        }
        Ok(Self {
            pcr: first.pcr,
            start: first.extra,
            steps,
            ends,
        })
    }

    /// How many records were extended.
    pub fn extended(&self) -> usize {
        self.steps.len()
    }

    /// Sequence of the last record that was extended.
    pub fn last(&self) -> Option<u64> {
        self.steps.last().map(|step| step.record.sequence)
    }

    /// The value after the last record; where a failed TPM leaves several, that without the records
    /// in doubt or another one of them.
    pub fn end(&self) -> Digest {
        self.ends.first().copied().unwrap_or(self.start)
    }

    /// Whether a PCR can have held this after the last record.
    pub fn ends_with(&self, value: &Digest) -> bool {
        self.ends.contains(value)
    }

    /// Compares what the PCR holds.
    pub fn compare(&self, value: &Digest) -> Compared {
        if self.ends_with(value) {
            return Compared::Matches;
        }
        let mut values = BTreeSet::from([self.start]);
        let mut compared = Compared::Differs;
        for step in &self.steps {
            if values.contains(value) {
                compared = Compared::Lacks(step.record.sequence);
            }
            step.take(&mut values);
        }
        compared
    }
}

/// Whether the last load, or one that it leads on from, began with a PCR that was zero.
pub fn since_boot(loads: &[Load]) -> bool {
    let mut replays = loads.iter().rev().map(|load| Replay::of(load).ok());
    let Some(Some(mut later)) = replays.next() else {
        return false;
    };
    while later.start != Digest::default() {
        match replays.next() {
            Some(Some(before)) if before.ends_with(&later.start) => later = before,
            _ => return false,
        }
    }
    true
}

fn is_anchored(event: &Event) -> bool {
    event.kind != KIND_GAP && event.properties & EVENT_ANCHORED != 0
}

/// What became of a record that was to be extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Extended,
    /// A failure of the TPM kept it from the PCR.
    GivenUp,
    /// The TPM failed, and may have taken it all the same: it can have failed after the work was done.
    Doubtful,
}

/// What became of each of the records that were to be extended; `None` where too many are in doubt.
fn fates(records: &[Event], anchored: &[&Event]) -> Option<Vec<Fate>> {
    let mut fates = vec![Fate::Extended; anchored.len()];
    let mut doubts = 0usize;
    for failed in records.iter().filter(|e| e.kind == KIND_ANCHOR_FAILED) {
        // Sequences go up where a chain holds.
        let from = anchored.partition_point(|event| event.sequence < failed.about);
        let of = fates.iter_mut().skip(from).take(failed.count as usize);
        let tried = failed.error != Errno::EOVERFLOW as u32;
        for (at, fate) in of.enumerate() {
            let doubtful = tried && at == 0;
            doubts = doubts.saturating_add(doubtful.into());
            *fate = match (*fate, doubtful) {
                (Fate::Extended, true) => Fate::Doubtful,
                (Fate::Extended, false) => Fate::GivenUp,
                (known, _) => known,
            };
        }
    }
    (doubts <= DOUBTS_MAX).then_some(fates)
}
