// SPDX-License-Identifier: GPL-2.0

//! What is gathered of one machine while lines are read.

use super::spans::{spans, Runs};
use super::{utc, Entry, Kind, Machine, Rule, Tally};
use crate::model::Word;
use crate::monitor::{Finding, Line, Record, What};
use std::collections::{BTreeMap, BTreeSet};

/// So many entries of each kind are kept, the newest.
const ENTRIES: usize = 1_000;
/// So many loads, boots and rules are told apart.
const NAMES: usize = 1_000;
/// The longest sentence, in characters.
const LONGEST: usize = 600;

/// One machine.
#[derive(Default)]
pub(super) struct Gathered {
    simulated: bool,
    boots: BTreeSet<String>,
    loads: BTreeMap<String, Load>,
    rules: BTreeMap<String, Rule>,
    times: Vec<(u64, Runs)>,
    /// Of each kind by time; those of the same time as they came.
    entries: BTreeMap<Kind, BTreeMap<(u64, u64), Entry>>,
    left_out: u64,
    /// When a mode was last set, as which record of its load, and which.
    mode: Option<(u64, u64, Word)>,
    tally: Tally,
}

/// What was seen of the records of a load.
#[derive(Default)]
struct Load {
    first: u64,
    last: u64,
    records: u64,
    /// How many the driver says are lost: they are not missing as well.
    lost: u64,
}

impl Gathered {
    /// Takes a line that was not there before.
    pub(super) fn take(&mut self, line: &Line) {
        self.simulated |= line.simulated;
        if let Some(boot) = line.boot_id.as_ref().filter(|_| self.boots.len() < NAMES) {
            if !self.boots.contains(boot) {
                self.boots.insert(cut(boot));
            }
        }
        let mut runs = Runs::Goes;
        let mut mode = None;
        match &line.what {
            What::Record(record) => {
                self.record(record);
                runs = Runs::Unsaid;
                mode = record
                    .mode
                    .as_deref()
                    .map(|mode| (record.sequence, cut(mode)));
            }
            What::Finding(finding) => self.finding(finding, line),
            What::Note(note) if note.note == "started" => runs = Runs::Began,
            What::Note(note) if note.note == "stopped" => runs = Runs::Ended,
            What::Checkpoint(_) | What::Note(_) => (),
        }
        // A finding can be told long after what led to it: its time says nothing of the monitor.
        if !matches!(line.what, What::Finding(_)) {
            self.times.push((line.wall_ns, runs));
        }
        let Some(kind) = self.tally.take(line) else {
            return;
        };
        let mode = mode.filter(|_| kind == Kind::Mode);
        if let Some((sequence, mode)) = &mode {
            let set = (line.wall_ns, *sequence, mode.clone().into());
            if self.mode.as_ref().is_none_or(|last| *last < set) {
                self.mode = Some(set);
            }
        }
        let entry = Entry {
            time: utc(line.wall_ns),
            kind,
            severity: cut(&line.severity).into(),
            message: cut(&line.message),
            mode: mode.map(|(_, mode)| mode.into()),
            wall_ns: line.wall_ns,
        };
        let entries = self.entries.entry(kind).or_default();
        entries.insert((line.wall_ns, self.tally.lines), entry);
        if entries.len() > ENTRIES {
            entries.pop_first();
            self.left_out += 1;
        }
    }

    fn record(&mut self, record: &Record) {
        if !self.loads.contains_key(&record.load) && self.loads.len() >= NAMES {
            return;
        }
        let load = self.loads.entry(cut(&record.load)).or_default();
        if record.kind == "gap" {
            load.lost = load.lost.saturating_add(record.count.into());
            return;
        }
        if load.records == 0 {
            (load.first, load.last) = (record.sequence, record.sequence);
        }
        load.first = load.first.min(record.sequence);
        load.last = load.last.max(record.sequence);
        load.records += 1;
    }

    fn finding(&mut self, finding: &Finding, line: &Line) {
        if !self.rules.contains_key(&finding.rule) && self.rules.len() >= NAMES {
            return;
        }
        let found = self
            .rules
            .entry(cut(&finding.rule))
            .or_insert_with(|| Rule {
                rule: cut(&finding.rule),
                severity: cut(&line.severity).into(),
                title: cut(&finding.title),
                count: 0,
                last: String::new(),
            });
        found.count += 1;
        if rank(&line.severity) < rank(&found.severity) {
            found.severity = cut(&line.severity).into();
        }
        // Of the same length and form: later is greater.
        found.last = found.last.clone().max(utc(line.wall_ns));
    }

    /// What there is to say of it.
    pub(super) fn done(mut self, host: Option<String>) -> Machine {
        let spans = spans(&mut self.times);
        let is = |kind: &str| spans.iter().filter(|span| span.kind == kind).count() as u64;
        let missing = self.loads.values().map(|load| {
            let all = (load.last - load.first).saturating_add(1);
            match load.records {
                0 => 0,
                records => all.saturating_sub(records).saturating_sub(load.lost),
            }
        });
        let tally = Tally {
            not_running: is("not-running"),
            silences: is("silent"),
            missing: missing.fold(0, u64::saturating_add),
            ..self.tally
        };
        let kinds = self.entries.into_values();
        let mut entries: Vec<Entry> = kinds.flat_map(BTreeMap::into_values).collect();
        entries.sort_by_key(|entry| entry.wall_ns);
        let mut rules: Vec<Rule> = self.rules.into_values().collect();
        rules.sort_by_key(|rule| (rank(&rule.severity), rule.rule.clone()));
        let shown = entries.iter().map(|entry| entry.wall_ns);
        let all = shown.chain(self.times.iter().map(|(time, _)| *time));
        let (first, last) = all.fold((u64::MAX, 0), |(first, last), time| {
            (first.min(time), last.max(time))
        });
        let range = (first.min(last), last);
        Machine {
            host,
            simulated: self.simulated,
            from: utc(range.0),
            to: utc(range.1),
            boots: self.boots.len(),
            mode: self.mode.map(|(_, _, mode)| mode),
            tally,
            rules,
            spans,
            entries,
            entries_left_out: self.left_out,
            range,
        }
    }
}

/// The most severe first; words that are not known last.
fn rank(severity: &str) -> usize {
    let words = ["error", "warning", "notice", "info"];
    let at = words.iter().position(|word| *word == severity);
    at.unwrap_or(words.len())
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
