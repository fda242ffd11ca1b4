// SPDX-License-Identifier: GPL-2.0

//! How unusual an episode is for this machine, by counting.
//!
//! Of each record six things are asked, each given what was before: what happens, after how long, at what
//! hour, who does it, with which command, through which interface. An answer that was seldom the answer is
//! a surprise, of so many bits as its probability has binary digits. Records with less than
//! [`EPISODE_NS`] between them are an episode; its surprise is the sum of its three largest.
//!
//! Counted is this machine alone. A model of a fleet to begin with is not shipped, because nobody has
//! the records of a real fleet to make it of. So for the first [`SILENT_NS`] nothing is said. What is
//! said ranks and explains; by itself it is a notice and no more. Commands and logins raise a surprise and
//! never lower one below what the other questions make it: a command chooses its own name.

mod features;
mod table;

use super::Record;
use features::{About, Before, Question};
use serde::{Deserialize, Serialize};
use table::Table;

/// An episode ends when nothing was recorded for so long, in nanoseconds.
pub const EPISODE_NS: u64 = 30 * MINUTE_NS;
/// Nothing is said before a machine was watched for so long, in nanoseconds.
pub const SILENT_NS: u64 = 14 * DAY_NS;
/// An episode of so many bits is worth a notice.
///
/// Calibrated on a simulated fleet to one notice a machine and month where nothing is amiss, by
/// `tests/fleet`, which fails where this is another number; `docs/monitoring.md` has what counts
/// find there from it on, and at a budget for alarms: little that rules do not. No real fleet was there to
/// calibrate it on.
pub const NOTABLE_BITS: f64 = 17.5;

/// Between two records so much counts as time that has passed, and no more, in nanoseconds: neither a clock
/// that is set ahead nor a year in a cupboard makes everything forgotten.
const LONGEST_NS: u64 = 30 * DAY_NS;
/// So many records of an episode are learned; the rest is judged and not learned.
const LEARNED: usize = 256;
/// So many reasons are added up.
const REASONS: usize = 3;

const MINUTE_NS: u64 = 60_000_000_000;
const HOUR_NS: u64 = 60 * MINUTE_NS;
const DAY_NS: u64 = 24 * HOUR_NS;

/// What was counted on one machine. It has no names: neither of people nor of commands. As JSON it is less
/// than 100 kB, whatever was counted. An episode that has not ended is not part of that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    table: Table,
    /// How long it was watched.
    age_ns: u64,
    /// When the last record was, since 1970; 0 for none.
    last_ns: u64,
    before: Before,
    #[serde(skip)]
    episode: Option<Episode>,
}

/// How unusual an episode was.
#[derive(Clone, Debug, PartialEq)]
pub struct Surprise {
    /// How much, in bits.
    pub bits: f64,
    /// Why, the largest first: `hour: night, 6.1 bit`.
    pub because: Vec<String>,
    /// The load of its last record.
    pub load: String,
    /// The sequence of its first record there.
    pub first: u64,
    /// The sequence of its last record there.
    pub last: u64,
    /// When its last record was, in nanoseconds since 1970.
    pub wall_ns: u64,
}

impl Surprise {
    /// Whether it is worth a notice.
    pub fn is_notable(&self) -> bool {
        self.bits >= NOTABLE_BITS
    }
}

/// Records that belong together.
#[derive(Clone, Debug)]
struct Episode {
    load: String,
    first: u64,
    last: u64,
    wall_ns: u64,
    /// The largest reasons, the largest first.
    reasons: Vec<(f64, String)>,
    /// What is learned when it ends.
    asked: Vec<Question>,
    records: usize,
    /// Whether a rule has found something in it.
    found: bool,
}

impl Counts {
    /// Takes a record.
    ///
    /// `wall_ns` is when it was, since 1970, and `local_hour` the hour of that where the machine stands, 0 to
    /// 23. `found` says that a rule has found something in it: then its episode is not learned from. Gives
    /// how unusual the episode before it was, where this record begins another and the machine was watched
    /// long enough.
    pub fn take(
        &mut self,
        record: &Record,
        wall_ns: u64,
        local_hour: u8,
        found: bool,
    ) -> Option<Surprise> {
        let ended = self.close(wall_ns);
        let passed = match self.last_ns {
            0 => LONGEST_NS,
            last => wall_ns.saturating_sub(last),
        };
        if self.last_ns != 0 {
            self.age_ns = self.age_ns.saturating_add(passed.min(LONGEST_NS));
        }
        self.last_ns = wall_ns;
        let asked = features::questions(record, &mut self.before, passed, local_hour);
        let hours = self.hours();
        let episode = self.episode.get_or_insert_with(|| Episode::at(record));
        episode.goes_on(record, wall_ns, found);
        for question in asked {
            let bits = self.table.bits(&question, hours);
            episode.reason(bits, &question.about);
            if episode.records <= LEARNED {
                episode.asked.push(question);
            }
        }
        ended
    }

    /// Says that a rule has found something that no record of its own shows: the episode that is open is not
    /// learned from.
    pub fn found(&mut self) {
        if let Some(episode) = &mut self.episode {
            episode.found = true;
        }
    }

    /// Ends the episode when, at this time since 1970, it is over. Gives how unusual it was.
    pub fn close(&mut self, now_ns: u64) -> Option<Surprise> {
        let over = self.last_ns.saturating_add(EPISODE_NS);
        match now_ns >= over {
            true => self.end(),
            false => None,
        }
    }

    /// Ends the episode, however long ago its last record was: before the counts are put away.
    pub fn end(&mut self) -> Option<Surprise> {
        let episode = self.episode.take()?;
        if !episode.found {
            let hours = self.hours();
            for question in &episode.asked {
                self.table.learn(question, hours);
            }
            self.table.trim(hours);
        }
        (self.age_ns >= SILENT_NS).then(|| episode.surprise())
    }

    /// How long this machine was watched, in nanoseconds: what lies between its records, of each time at most
    /// 30 days.
    pub fn age_ns(&self) -> u64 {
        self.age_ns
    }

    fn hours(&self) -> u32 {
        u32::try_from(self.age_ns / HOUR_NS).unwrap_or(u32::MAX)
    }
}

impl Episode {
    fn at(record: &Record) -> Self {
        Self {
            load: record.load.clone(),
            first: record.sequence,
            last: record.sequence,
            wall_ns: 0,
            reasons: Vec::new(),
            asked: Vec::new(),
            records: 0,
            found: false,
        }
    }

    fn goes_on(&mut self, record: &Record, wall_ns: u64, found: bool) {
        if self.load != record.load {
            self.load.clone_from(&record.load);
            self.first = record.sequence;
        }
        self.last = record.sequence;
        self.wall_ns = wall_ns;
        self.found |= found;
        self.records = self.records.saturating_add(1);
    }

    fn reason(&mut self, bits: f64, about: &About) {
        let at = self.reasons.partition_point(|(other, _)| *other >= bits);
        if at < REASONS {
            self.reasons.insert(at, (bits, about.in_words()));
            self.reasons.truncate(REASONS);
        }
    }

    fn surprise(self) -> Surprise {
        let reasons = self.reasons.iter();
        Surprise {
            bits: reasons.clone().map(|(bits, _)| bits).sum(),
            because: reasons
                .map(|(bits, about)| format!("{about}, {bits:.1} bit"))
                .collect(),
            load: self.load,
            first: self.first,
            last: self.last,
            wall_ns: self.wall_ns,
        }
    }
}

#[cfg(test)]
mod tests;
