// SPDX-License-Identifier: GPL-2.0

//! The ring itself. Nothing here sleeps or allocates once it is made.

use super::{
    event,
    Origin,
    Standing, //
};
use crate::{
    kapi::{
        actor::Actor,
        crypto,
        error::errno, //
    },
    posture::journal::{
        chain,
        Digest,
        Extent,
        Limiter,
        Next, //
    },
    uapi::{
        self,
        Event, //
    }, //
};
use kernel::{
    prelude::*,
    time::{
        BootTime,
        ClockSource,
        RealTime, //
    }, //
};
use zerocopy::IntoBytes;

/// Number of records that are kept, a power of two: some hundred applies.
const PLACES: usize = 4096;

/// A record that is to be extended into the PCR.
pub(super) enum Due {
    Record(Event),
    /// So many were overwritten before they could be, the first of which was this.
    Lost {
        first: u64,
        count: u32,
    },
}

/// The records.
pub(super) struct Ring {
    records: KVVec<Event>,
    next: u64,
    load: [u8; 16],
    /// Bits that all its records have.
    mark: u8,
    /// Chain value of the last record, and of the last that was overwritten.
    chain: Digest,
    overwritten: Digest,
    limiter: Limiter,
    /// The last refusal without a record of its own.
    refusal: Event,
    /// Sequence from which on records may be due for the PCR.
    due: u64,
    /// Those that were overwritten before.
    lost: Option<(u64, u32)>,
    counts: Standing,
}

fn now<C: ClockSource>() -> u64 {
    C::ktime_get().max(0).unsigned_abs()
}

fn is_anchored(event: &Event) -> bool {
    event.properties & uapi::EVENT_ANCHORED != 0
}

impl Ring {
    /// Records with this `load`, all of which have the properties `mark`.
    pub(super) fn new(load: [u8; 16], mark: u8) -> Result<Self> {
        Ok(Self {
            records: KVVec::from_elem(Event::default(), PLACES, GFP_KERNEL)?,
            next: 1,
            load,
            mark,
            chain: Digest::default(),
            overwritten: Digest::default(),
            limiter: Limiter::new(),
            refusal: Event::default(),
            due: 1,
            lost: None,
            counts: Standing::default(),
        })
    }

    /// The same in all its records, and in no others.
    pub(super) fn load(&self) -> [u8; 16] {
        self.load
    }

    pub(super) fn extent(&self) -> Extent {
        Extent {
            next: self.next,
            places: PLACES as u64,
        }
    }

    /// Appends a record of `actor`, and returns its sequence.
    pub(super) fn push(&mut self, event: Event, actor: &Actor) -> u64 {
        let event = Event {
            pid: actor.pid,
            uid: actor.uid,
            login_uid: actor.login_uid,
            comm: actor.comm,
            ..event
        };
        self.append(event)
    }

    fn append(&mut self, event: Event) -> u64 {
        let extent = self.extent();
        let mut event = Event {
            sequence: self.next,
            boot_ns: now::<BootTime>(),
            wall_ns: now::<RealTime>(),
            load: self.load,
            properties: event.properties | self.mark,
            ..event
        };
        let covered = event.as_bytes().get(..uapi::EVENT_CHAINED);
        let chain = covered.and_then(|covered| chain(crypto::sha256, &self.chain, covered));
        event.chain = chain.unwrap_or_default();
        if is_anchored(&event) {
            self.counts.pending = self.counts.pending.saturating_add(1);
        }
        if let Some(place) = self.records.get_mut(extent.place(self.next)) {
            let old = core::mem::replace(place, event);
            if self.next > extent.places {
                self.overwritten = old.chain;
                if old.sequence >= self.due && is_anchored(&old) {
                    let (first, count) = self.lost.unwrap_or((old.sequence, 0));
                    self.lost = Some((first, count.saturating_add(1)));
                }
            }
        }
        self.chain = event.chain;
        self.next = self.next.saturating_add(1);
        event.sequence
    }

    /// Appends a record of refusals that have none, if there are any and it is time.
    pub(super) fn sum_up(&mut self) {
        let count = self.limiter.before_other(now::<BootTime>(), &self.extent());
        self.summary(count);
    }

    fn summary(&mut self, count: u32) {
        if count > 0 {
            self.append(Event {
                kind: uapi::KIND_SUPPRESSED,
                count,
                ..self.refusal
            });
        }
    }

    /// Appends a record of a refusal, or counts it.
    pub(super) fn refuse(&mut self, event: Event, actor: &Actor) -> bool {
        let verdict = self.limiter.refused(now::<BootTime>(), &self.extent());
        self.summary(verdict.summary);
        match verdict.record {
            true => {
                self.push(event, actor);
            }
            false => {
                self.refusal = Event {
                    pid: actor.pid,
                    uid: actor.uid,
                    login_uid: actor.login_uid,
                    comm: actor.comm,
                    ..event
                };
            }
        }
        verdict.record
    }

    /// Copies what a reader comes to.
    pub(super) fn copy(&self, mut cursor: u64, to: &mut [Event]) -> usize {
        let extent = self.extent();
        let mut count = 0usize;
        for place in to {
            *place = match extent.at(cursor) {
                Next::Nothing => break,
                Next::Record(sequence) => match self.records.get(extent.place(sequence)) {
                    Some(event) => *event,
                    None => break,
                },
                Next::Gap { lost, last } => self.gap(lost, last),
            };
            cursor = place.sequence.saturating_add(1);
            count = count.saturating_add(1);
        }
        count
    }

    /// What stands for records that are not there any more, `last` being the last of these.
    fn gap(&self, lost: u64, last: u64) -> Event {
        Event {
            sequence: last,
            kind: uapi::KIND_GAP,
            severity: uapi::SEVERITY_WARNING,
            properties: uapi::EVENT_UNCHAINED | self.mark,
            count: u32::try_from(lost).unwrap_or(u32::MAX),
            load: self.load,
            chain: self.overwritten,
            ..Event::default()
        }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            next: self.next,
            overwritten: self.extent().overwritten(),
            suppressed: self.limiter.suppressed(),
            ..self.counts
        }
    }

    /// The first record that is due for the PCR.
    pub(super) fn due(&mut self) -> Option<Due> {
        if let Some((first, count)) = self.lost.take() {
            self.counts.pending = self.counts.pending.saturating_sub(count);
            self.counts.failures = self.counts.failures.saturating_add(count);
            return Some(Due::Lost { first, count });
        }
        let extent = self.extent();
        let from = self.due.max(extent.oldest());
        let mut sequences = from..self.next;
        let found = sequences.find_map(|sequence| {
            let event = self.records.get(extent.place(sequence))?;
            is_anchored(event).then_some(*event)
        });
        // From here on it is not this ring's to lose.
        self.due = found.map_or(self.next, |event| event.sequence.saturating_add(1));
        found.map(Due::Record)
    }

    /// Takes in that the record that was due is in the PCR.
    pub(super) fn anchored(&mut self) {
        self.counts.pending = self.counts.pending.saturating_sub(1);
        self.counts.anchored = self.counts.anchored.saturating_add(1);
        self.counts.error = 0;
    }

    /// Takes in that a record of a training would be.
    pub(super) fn anchored_for_show(&mut self) {
        self.counts.anchored = self.counts.anchored.saturating_add(1);
    }

    /// Takes in that the record that was due is not, and gives up those that wait behind it: a TPM
    /// that does not answer takes its time for each. Returns how many that are, with the first.
    pub(super) fn give_up(&mut self, error: Error) -> u32 {
        let count = self.counts.pending;
        self.counts.pending = 0;
        self.counts.failures = self.counts.failures.saturating_add(count);
        self.anchor_error(error);
        self.lost = None;
        self.due = self.next;
        count
    }

    pub(super) fn anchor_error(&mut self, error: Error) {
        self.counts.error = errno(error);
    }
}

/// A record of `count` records, from `first` on, that could not be extended.
pub(super) fn failure(first: u64, count: u32, error: Error) -> Event {
    Event {
        about: first,
        count,
        error: errno(error),
        ..event(
            uapi::KIND_ANCHOR_FAILED,
            uapi::SEVERITY_ERROR,
            Origin::Driver,
        )
    }
}
