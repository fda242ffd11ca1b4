// SPDX-License-Identifier: GPL-2.0

//! The records of one training, as a run keeps them.

use crate::journal::{chain, file};
use base64::prelude::{Engine, BASE64_STANDARD};
use milspec_uapi::{Event, EVENT_TRAINING, KIND_GAP};
use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};
use zerocopy::IntoBytes;

/// Most records that a run keeps. A gap stands for those that come after them.
pub const MAX: usize = 8192;

/// The records, the oldest first. In JSON they are in base64, as the driver gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(Vec<Event>);

impl Records {
    /// All of them.
    pub fn all(&self) -> &[Event] {
        &self.0
    }

    /// What is wrong with them as the records of this load.
    pub fn fault(&self, load: &str) -> Option<&'static str> {
        let ours = |event: &Event| hex::encode(event.load) == load;
        let holds = chain::verify_training(&self.0).broken.is_none() && self.0.iter().all(ours);
        match (holds, self.0.len() > MAX + 1) {
            (false, _) => Some("its records are not as they were recorded"),
            (true, true) => Some("it has more records than a run keeps"),
            (true, false) => None,
        }
    }

    /// Takes those of this load that are new, and returns them. Where records were lost meanwhile, a
    /// gap that counts from the last known one is among them.
    pub fn take(&mut self, load: &str, records: &[Event]) -> Vec<Event> {
        let ours = |event: &&Event| hex::encode(event.load) == load;
        let ours: Vec<Event> = records.iter().filter(ours).copied().collect();
        let new = match self.0.last() {
            Some(last) => chain::after(last, &ours),
            None => ours,
        };
        let room = MAX.saturating_sub(self.0.len()).min(new.len());
        let (kept, rest) = new.split_at(room);
        self.0.extend(kept);
        if let Some(last) = rest.last() {
            self.leave_out(last);
        }
        new
    }

    /// Has a gap stand for all that comes after those that are kept, up to this one.
    fn leave_out(&mut self, last: &Event) {
        self.0.truncate(MAX);
        let kept = self.0.last().map_or(0, |event| event.sequence);
        let lost = last.sequence.saturating_sub(kept);
        let lost = u32::try_from(lost).unwrap_or(u32::MAX);
        let mut gap = chain::gap(last.load, last.sequence, lost, last.chain);
        gap.properties |= EVENT_TRAINING;
        self.0.push(gap);
    }

    /// When the first of them was recorded, in nanoseconds from boot.
    pub fn begun_ns(&self) -> Option<u64> {
        let mut records = self.0.iter().filter(|event| event.kind != KIND_GAP);
        records.next().map(|event| event.boot_ns)
    }
}

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self.0.as_bytes()))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64_STANDARD.decode(text).map_err(D::Error::custom)?;
        match file::parse(&bytes) {
            (events, 0) => Ok(Self(events)),
            _ => Err(D::Error::custom("the last record is not whole")),
        }
    }
}
