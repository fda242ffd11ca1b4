// SPDX-License-Identifier: GPL-2.0

//! Verifies chains: the records of one load of the module after those of another, in one file or in
//! several that follow each other.

use milspec_posture::journal::{Digest, Flaw, Link, Verifier};
use milspec_uapi::{
    Event, EVENT_CHAINED, EVENT_TRAINING, EVENT_UNCHAINED, KIND_GAP, SEVERITY_WARNING,
};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use zerocopy::IntoBytes;

/// SHA-256.
pub fn hash(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// The records of one load of the module.
#[derive(Clone, Debug)]
pub struct Load {
    /// [`Event::load`] of all of them.
    pub id: [u8; 16],
    /// The records and the gaps, each once.
    pub records: Vec<Event>,
    /// Number of records that gaps stand for.
    pub lost: u64,
}

impl Load {
    /// The record with this sequence.
    pub fn find(&self, sequence: u64) -> Option<&Event> {
        self.at(sequence).filter(|event| event.kind != KIND_GAP)
    }

    /// The record with this sequence, or the gap that ends with it.
    fn at(&self, sequence: u64) -> Option<&Event> {
        // A chain that holds goes upwards.
        let at = self
            .records
            .binary_search_by_key(&sequence, |event| event.sequence);
        self.records.get(at.ok()?)
    }

    /// Sequence of the last record, 0 without one.
    pub fn last(&self) -> u64 {
        self.records.last().map_or(0, |event| event.sequence)
    }
}

/// The first record that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// Which of the parts it is in, from 0.
    pub part: usize,
    /// Its place there, from 0.
    pub at: usize,
    /// The sequence that it says that it has.
    pub sequence: u64,
    /// Why it does not fit.
    pub flaw: Flaw,
}

/// What holds, up to the first record that does not fit.
#[derive(Clone, Debug, Default)]
pub struct Chains {
    /// The loads, in the order of the records.
    pub loads: Vec<Load>,
    /// The first record that does not fit.
    pub broken: Option<Break>,
}

/// A gap, as the driver makes it up.
pub fn gap(load: [u8; 16], sequence: u64, lost: u32, chain: Digest) -> Event {
    Event {
        kind: KIND_GAP,
        severity: SEVERITY_WARNING,
        properties: EVENT_UNCHAINED,
        load,
        sequence,
        count: lost,
        chain,
        ..Event::default()
    }
}

/// A gap that stands for all records up to this one.
pub fn stand_in(last: &Event) -> Event {
    gap(last.load, last.sequence, count(last.sequence), last.chain)
}

/// A number of records as a gap has it.
fn count(records: u64) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX)
}

/// The last record that leads on from the one before it, or begins a load of the module. Where there
/// is none, this is no journal.
pub fn last_that_holds(events: &[Event]) -> Option<usize> {
    let holds = |events: &[Event]| verify([events]).broken.is_none();
    let leads_on = |before: &Event, event: &Event| holds(&[stand_in(before), *event]);
    let alone = || events.iter().take(1).rposition(|event| holds(&[*event]));
    let mut pairs = events.windows(2).enumerate().rev();
    let found = pairs.find_map(|(at, pair)| match pair {
        [before, event] if leads_on(before, event) || holds(&[*event]) => Some(at + 1),
        _ => None,
    });
    found.or_else(alone)
}

/// What comes after `last` among the driver's records. A gap counts from there.
pub fn after(last: &Event, events: &[Event]) -> Vec<Event> {
    let known = |event: &Event| event.load == last.load && event.sequence <= last.sequence;
    let start = events.iter().rposition(known).map_or(0, |at| at + 1);
    let mut new = events.get(start..).unwrap_or_default().to_vec();
    if let Some(first) = new.first_mut() {
        if first.kind == KIND_GAP && first.load == last.load {
            first.count = count(first.sequence - last.sequence);
        }
    }
    new
}

/// Verifies parts of a journal that follow each other. A part may begin with records that the one
/// before it has as well, or with a gap that stands for them: so does a file that is saved to after
/// the one before it was moved away.
pub fn verify<'a>(parts: impl IntoIterator<Item = &'a [Event]>) -> Chains {
    read(parts, false)
}

/// The same of the records of trainings.
pub fn verify_training(events: &[Event]) -> Chains {
    read([events], true)
}

fn read<'a>(parts: impl IntoIterator<Item = &'a [Event]>, training: bool) -> Chains {
    let mut reading = Reading {
        training,
        ..Reading::default()
    };
    for (part, events) in parts.into_iter().enumerate() {
        reading.overlaps = true;
        for (at, event) in events.iter().enumerate() {
            if let Err(flaw) = reading.take(event, at == 0) {
                reading.chains.broken = Some(Break {
                    part,
                    at,
                    sequence: event.sequence,
                    flaw,
                });
                return reading.chains;
            }
        }
    }
    reading.chains
}

#[derive(Default)]
struct Reading {
    chains: Chains,
    /// That of the last load.
    verifier: Option<Verifier>,
    /// Whether these are records of a training, or of the machine.
    training: bool,
    /// Whether all records of this part so far were known before.
    overlaps: bool,
    /// The loads so far: no load comes twice.
    known: HashSet<[u8; 16]>,
}

impl Reading {
    /// Takes the next record; `head` is the first of a part.
    fn take(&mut self, event: &Event, head: bool) -> Result<(), Flaw> {
        // Nobody saves such a record: one that is here was put in.
        if (event.properties & EVENT_TRAINING != 0) != self.training {
            return Err(Flaw::Load);
        }
        let loads = &mut self.chains.loads;
        let same = loads.last().is_some_and(|load| load.id == event.load);
        if event.kind == KIND_GAP {
            let mut made_up = gap(event.load, event.sequence, event.count, event.chain);
            made_up.properties |= event.properties & EVENT_TRAINING;
            // A reader begins before the first record, and who goes on in a new file counts so too.
            if *event != made_up || head && u64::from(event.count) != event.sequence {
                return Err(Flaw::Gap);
            }
        }
        let held = loads.last().filter(|_| self.overlaps && same);
        if let Some(held) = held.and_then(|load| load.at(event.sequence)) {
            let stands_in = head && event.kind == KIND_GAP && event.chain == held.chain;
            return if stands_in || held == event {
                Ok(())
            } else {
                Err(Flaw::Chain)
            };
        }
        let first = std::mem::take(&mut self.overlaps);
        if !same {
            if !self.known.insert(event.load) {
                return Err(Flaw::Load);
            }
            self.verifier = None;
        }
        let verifier = self.verifier.get_or_insert_with(|| Verifier::new(hash));
        let mut event = *event;
        if first && same && event.kind == KIND_GAP {
            // It counts from the first record: the part before has some of these.
            let lost = event.sequence.saturating_sub(verifier.held().sequence);
            event.count = u32::try_from(lost).unwrap_or(u32::MAX);
        }
        verifier.take(&link(&event))?;
        let held = verifier.held();
        if !same {
            loads.push(Load {
                id: event.load,
                records: Vec::new(),
                lost: 0,
            });
        }
        if let Some(load) = loads.last_mut() {
            load.records.push(event);
            load.lost = held.lost;
        }
        Ok(())
    }
}

/// A record, as far as verifying it goes.
fn link(event: &Event) -> Link<'_> {
    let covered = event.as_bytes().get(..EVENT_CHAINED);
    Link {
        sequence: event.sequence,
        load: event.load,
        lost: (event.kind == KIND_GAP).then_some(event.count),
        covered: covered.unwrap_or_default(),
        chain: event.chain,
    }
}
