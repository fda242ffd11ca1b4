// SPDX-License-Identifier: GPL-2.0

//! What the monitor has counted, over all its runs.

use super::{Line, What};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many different words of a kind are counted apart. A newer driver may have more of them.
const WORDS: usize = 64;

/// What all words behind that are counted as.
const OTHER: &str = "other";

/// Counts, and when something was last so. They grow only, and are kept on disk with the place in the
/// journal, so that they go on where the monitor begins anew. Times are in nanoseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// When this run of the monitor began.
    pub started_ns: u64,
    /// Records told, by the word of their kind, then by that of their severity.
    pub events: BTreeMap<String, BTreeMap<String, u64>>,
    /// When the last of these happened.
    pub last_event_ns: Option<u64>,
    /// Records that were overwritten before they were read.
    pub lost: u64,
    /// Refusals that have no record of their own.
    pub suppressed: u64,
    /// Controls found changed, and not through the driver.
    pub changed_outside: u64,
    /// Findings, by the name of their rule.
    pub findings: BTreeMap<String, Found>,
    /// The places that lines go to, by their name.
    pub sinks: BTreeMap<String, SinkCounters>,
    /// When the monitor last kept its place on disk.
    pub state_saved_ns: Option<u64>,
    /// How unusual the last episode was, in bits; null before there was one.
    pub surprise_bits: Option<f64>,
    /// From how many bits on an episode is told; null where nothing is.
    pub surprise_threshold_bits: Option<f64>,
}

/// Findings of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// When what led to the last one happened, by the word of its severity.
    pub last_ns: BTreeMap<String, u64>,
}

/// One place that lines go to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SinkCounters {
    /// Whether it took what it was last given; null before that.
    pub works: Option<bool>,
    /// Lines that were given up, because it did not take them in time.
    pub lost: u64,
}

impl Counters {
    /// Counts lines that are told for the first time.
    pub fn count(&mut self, lines: &[Line]) {
        for line in lines {
            let severity = line.severity.as_ref();
            match &line.what {
                What::Record(record) => {
                    let of_kind = entry(&mut self.events, &record.kind);
                    add(entry(of_kind, severity), 1);
                    self.last_event_ns = self.last_event_ns.max(Some(line.wall_ns));
                    match record.kind.as_ref() {
                        "gap" => add(&mut self.lost, record.count.into()),
                        "suppressed" => add(&mut self.suppressed, record.count.into()),
                        "outside-change" => add(&mut self.changed_outside, 1),
                        _ => {}
                    }
                }
                What::Finding(finding) => {
                    let found = entry(&mut self.findings, &finding.rule);
                    add(&mut found.count, 1);
                    let last = entry(&mut found.last_ns, severity);
                    *last = line.wall_ns.max(*last);
                }
                What::Checkpoint(_) | What::Note(_) => {}
            }
        }
    }
}

/// What is counted for a word; for all words that are too many, the same.
fn entry<'a, T: Default>(words: &'a mut BTreeMap<String, T>, word: &str) -> &'a mut T {
    let is_new = !words.contains_key(word) && words.len() >= WORDS;
    let word = if is_new { OTHER } else { word };
    words.entry(word.to_string()).or_default()
}

fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::super::sink::tests::{line, others, step};
    use super::super::Record;
    use super::*;

    fn record(kind: &str, count: u32) -> Line {
        let record = Record {
            kind: kind.to_string().into(),
            count,
            ..Record::default()
        };
        line("", What::Record(Box::new(record)))
    }

    /// Promise: records, what they stand for, and findings are counted; what the monitor says of itself
    /// is not an event.
    #[test]
    fn lines_are_counted() {
        let mut counters = Counters::default();
        counters.count(&[step(1), step(2), record("gap", 7), record("suppressed", 40)]);
        counters.count(&[record("outside-change", 0)]);
        counters.count(&others());
        assert_eq!(counters.events["step"]["notice"], 2);
        let kinds: Vec<&str> = counters.events.keys().map(String::as_str).collect();
        assert_eq!(kinds, ["gap", "outside-change", "step", "suppressed"]);
        let Counters {
            lost,
            suppressed,
            changed_outside,
            ..
        } = counters;
        assert_eq!((lost, suppressed, changed_outside), (7, 40, 1));
        let wall_ns = step(1).wall_ns;
        assert_eq!(counters.last_event_ns, Some(wall_ns));
        assert_eq!(counters.findings["tamper"].count, 1);
        assert_eq!(counters.findings["tamper"].last_ns["notice"], wall_ns);
    }

    /// Promise: however many words a driver has, the counts stay few, and none is dropped.
    #[test]
    fn words_are_bounded() {
        let mut counters = Counters::default();
        for kind in 0..1000 {
            counters.count(&[record(&format!("kind-{kind}"), 0)]);
        }
        assert_eq!(counters.events.len(), WORDS + 1);
        let count: u64 = counters.events.values().map(|of| of["notice"]).sum();
        assert_eq!(count, 1000);
    }

    /// Promise: counts survive a restart, and a file of a version that had fewer of them is read.
    #[test]
    fn counts_are_kept() {
        let mut counters = Counters::default();
        counters.count(&others());
        let text = serde_json::to_string(&counters).unwrap();
        assert!(serde_json::from_str::<Counters>(&text).unwrap() == counters);
        assert!(serde_json::from_str::<Counters>("{}").unwrap() == Counters::default());
    }
}
