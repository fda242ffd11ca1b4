// SPDX-License-Identifier: GPL-2.0

//! The records of a period in their order, and where nothing is known between them.

use super::{Gap, Span};
use crate::clock;
use crate::journal::chain::{self, Chains};
use crate::journal::file::Saved;
use crate::journal::judge::Verdict;
use crate::journal::live::Live;
use crate::model::{Event, Naming};
use crate::words::count;
use milspec_uapi as uapi;

/// The wall clock was set when it moved by more against the time since boot. Both run alike else.
const SET_NS: i128 = 2_000_000_000;

/// A record, and what stands before it.
struct Entry {
    event: Event,
    /// How many records before it are lost.
    lost: u32,
    /// When, by the time since boot and the last that is known of the wall clock.
    at_ns: i128,
}

/// The records, the oldest first.
pub(super) struct Timeline {
    entries: Vec<Entry>,
    /// Place of the first record of the period.
    start: usize,
    /// The load of the module that runs, where the driver has a record of it.
    running: Option<String>,
    /// What to add to the time since boot of the running load to have the time.
    ahead: Option<i128>,
    chains: Chains,
    now: Option<super::Clocks>,
    read_ns: u64,
}

/// How far the wall clock was ahead of the time since boot.
fn ahead(event: &Event) -> i128 {
    i128::from(event.wall_ns) - i128::from(event.boottime_ns)
}

impl Timeline {
    pub(super) fn new(span: &Span<'_>, files: &[Saved], live: &Live, naming: &Naming<'_>) -> Self {
        let mut parts: Vec<&[uapi::Event]> = files.iter().map(|saved| &saved.events[..]).collect();
        if files.is_empty() {
            parts.push(&live.records);
        }
        let chains = chain::verify(parts);
        let running = live.records.last().map(|event| hex::encode(event.load));
        let now = span.now;
        let now_ahead = now.map(|now| i128::from(now.wall_ns) - i128::from(now.boot_ns));
        let mut running_ahead = now_ahead;
        let mut entries = Vec::new();
        for load in &chains.loads {
            let events = Event::all(&load.records, naming);
            let records = || events.iter().filter(|event| event.kind != "gap");
            let is_running = running.as_ref() == Some(&hex::encode(load.id));
            let last = records().next_back().map(ahead);
            let ahead = now_ahead
                .filter(|_| is_running)
                .or(last)
                .unwrap_or_default();
            if is_running {
                running_ahead = running_ahead.or(last);
            }
            let mut lost = 0;
            for event in events {
                match event.kind.as_ref() {
                    "gap" => lost = event.count,
                    _ => entries.push(Entry {
                        at_ns: i128::from(event.boottime_ns) + ahead,
                        lost: std::mem::take(&mut lost),
                        event,
                    }),
                }
            }
        }
        let since = i128::from(span.since);
        let start = entries.iter().position(|entry| entry.at_ns >= since);
        Self {
            start: start.unwrap_or(entries.len()),
            entries,
            running,
            ahead: running_ahead,
            chains,
            now,
            read_ns: span.read_ns,
        }
    }

    /// The records of the period.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        let entries = self.entries.get(self.start..).unwrap_or_default();
        entries.iter().map(|entry| &entry.event)
    }

    /// Those of the running load, the newest first, as far as each leads on from the one before it.
    /// `None` where the driver has none, or where what holds does not reach it.
    pub(super) fn running(&self) -> Option<Vec<&Event>> {
        let load = self.running.as_ref()?;
        let entries = self.entries.get(self.start..).unwrap_or_default();
        let last = self.entries.last()?;
        if last.event.load != *load {
            return None;
        }
        let mut events = Vec::new();
        for entry in entries.iter().rev() {
            if entry.event.load != *load {
                break;
            }
            events.push(&entry.event);
            if entry.lost > 0 {
                break;
            }
        }
        Some(events)
    }

    /// When the driver last read the firmware, in nanoseconds since 1970.
    pub(super) fn until(&self) -> Option<u64> {
        let read = (self.read_ns != 0).then_some(i128::from(self.read_ns))?;
        u64::try_from(read.checked_add(self.ahead?)?).ok()
    }

    /// The end of what is looked at, for people and programs.
    fn end(&self) -> String {
        let now = self.now.map(|now| now.wall_ns);
        now.or(self.until()).map_or_else(clock::now, clock::utc)
    }

    /// What the journal does not tell.
    pub(super) fn gaps(&self, verdict: &Verdict) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (at, entry) in self.entries.iter().enumerate().skip(self.start) {
            let before = at.checked_sub(1).and_then(|at| self.entries.get(at));
            if let Some(why) = between(before, entry) {
                gaps.push(Gap {
                    from: before.map(|before| before.event.time.clone()),
                    to: entry.event.time.clone(),
                    why,
                });
            }
        }
        gaps.extend(self.at_the_end(verdict));
        gaps
    }

    /// What is not known from some record up to now.
    fn at_the_end(&self, verdict: &Verdict) -> Option<Gap> {
        let last = self.entries.last();
        let to_now = |from: Option<&Entry>, why: String| Gap {
            from: from.map(|entry| entry.event.time.clone()),
            to: self.end(),
            why,
        };
        if verdict.result == "wrong" {
            let why = verdict.error.as_ref().map(|failure| failure.what.clone());
            let why = why.unwrap_or_else(|| "the journal is wrong".into());
            return Some(to_now(self.last_that_holds(verdict), why));
        }
        let Some(last) = last.filter(|last| self.running.as_ref() == Some(&last.event.load)) else {
            return Some(to_now(last, "the driver has no record of its load".into()));
        };
        let moved = self.ahead.map_or(0, |now| now - ahead(&last.event));
        (moved.abs() > SET_NS).then(|| to_now(Some(last), clock_was_set(moved)))
    }

    /// The last record before what does not fit; `None` where nothing bears any of them out.
    fn last_that_holds(&self, verdict: &Verdict) -> Option<&Entry> {
        if self.chains.broken.is_some() {
            return self.entries.last();
        }
        let lacks = verdict.tpm.lacks?;
        let running = self.running.as_ref();
        let mut entries = self.entries.iter().rev();
        entries.find(|entry| running == Some(&entry.event.load) && entry.event.sequence < lacks)
    }
}

/// Why nobody knows what happened between two records that follow each other.
fn between(before: Option<&Entry>, entry: &Entry) -> Option<String> {
    let lost = entry.lost;
    let Some(before) = before else {
        return Some(match lost {
            0 => "the journal begins there".into(),
            lost => format!("{} before it are lost", count(lost, "record")),
        });
    };
    if before.event.load != entry.event.load {
        let set = match before.at_ns > entry.at_ns {
            true => ", and the clock was set",
            false => "",
        };
        return Some(format!("the driver was not loaded{set}"));
    }
    if lost > 0 {
        return Some(format!("{} are lost", count(lost, "record")));
    }
    let moved = ahead(&entry.event) - ahead(&before.event);
    (moved.abs() > SET_NS).then(|| clock_was_set(moved))
}

fn clock_was_set(moved: i128) -> String {
    let seconds = (moved.abs() / 1_000_000_000).try_into().unwrap_or(u64::MAX);
    let way = if moved < 0 { "back" } else { "forward" };
    format!("the clock was set {way} by {}", count(seconds, "second"))
}
