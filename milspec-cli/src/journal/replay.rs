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
    /// Sequence of each record, and the values that the PCR can have after it.
    steps: Vec<(u64, BTreeSet<Digest>)>,
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
        let given_up = given_up(&load.records);
        let doubts = given_up.iter().filter(|(_, doubt)| *doubt).count();
        if doubts > DOUBTS_MAX {
            return Err(NoReplay::Doubtful);
        }
        let mut values = BTreeSet::from([first.extra]);
        let mut steps = Vec::new();
        for event in load.records.iter().filter(|event| anchored(event)) {
            let after = |value: &Digest| extend(hash, value, event.as_bytes());
            match given_up.iter().find(|(given, _)| *given == event.sequence) {
                None => values = values.iter().map(after).collect(),
                Some((_, true)) => values.extend(values.iter().map(after).collect::<Vec<_>>()),
                Some((_, false)) => continue,
            }
            steps.push((event.sequence, values.clone()));
        }
        Ok(Self {
            pcr: first.pcr,
            start: first.extra,
            steps,
        })
    }

    /// How many records were extended.
    pub fn extended(&self) -> usize {
        self.steps.len()
    }

    /// Sequence of the last record that was extended.
    pub fn last(&self) -> Option<u64> {
        self.steps.last().map(|(sequence, _)| *sequence)
    }

    /// The value after the last record; where a failed TPM leaves several, that without the records
    /// in doubt or another one of them.
    pub fn end(&self) -> Digest {
        let last = self.steps.last().and_then(|(_, values)| values.first());
        last.copied().unwrap_or(self.start)
    }

    /// Whether a PCR can have held this after the last record.
    pub fn ends_with(&self, value: &Digest) -> bool {
        self.compare(value) == Compared::Matches
    }

    /// Compares what the PCR holds.
    pub fn compare(&self, value: &Digest) -> Compared {
        let held = |(_, values): &(u64, BTreeSet<Digest>)| values.contains(value);
        let at = match self.steps.iter().rposition(held) {
            Some(at) => at.saturating_add(1),
            None if *value == self.start => 0,
            None => return Compared::Differs,
        };
        match self.steps.get(at) {
            Some((sequence, _)) => Compared::Lacks(*sequence),
            None => Compared::Matches,
        }
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

fn anchored(event: &Event) -> bool {
    event.kind != KIND_GAP && event.properties & EVENT_ANCHORED != 0
}

/// The records that a failure of the TPM has kept from the PCR, and whether the TPM may have taken
/// one of them all the same: it can have failed after the work was done.
fn given_up(records: &[Event]) -> Vec<(u64, bool)> {
    let mut all = Vec::new();
    for failed in records.iter().filter(|e| e.kind == KIND_ANCHOR_FAILED) {
        let of = records
            .iter()
            .filter(|event| anchored(event) && event.sequence >= failed.about);
        let tried = failed.error != Errno::EOVERFLOW as u32;
        for (at, event) in of.take(failed.count as usize).enumerate() {
            all.push((event.sequence, tried && at == 0));
        }
    }
    all
}
