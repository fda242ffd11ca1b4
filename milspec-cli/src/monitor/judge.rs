// SPDX-License-Identifier: GPL-2.0

//! Holds what happens against the rules.

use super::observation::{Observation, Place};
use super::rule::Rule;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// More of them nothing is remembered for: who makes up controls or logins cannot fill the memory.
const WINDOWS: usize = 512;

/// What has been counted so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    /// By rule and what is counted together.
    windows: BTreeMap<String, VecDeque<Hit>>,
}

/// One thing that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Hit {
    wall_ns: u64,
    sequence: Option<u64>,
}

/// What a rule has found.
pub struct Found<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The records that led to it.
    pub sequences: Vec<u64>,
}

impl Judge {
    /// What these rules find in it, and in what came before.
    pub fn take<'a>(&mut self, rules: &'a [Rule], observation: &Observation) -> Vec<Found<'a>> {
        let fitting = rules.iter().filter(|rule| rule.fits(observation));
        let found = fitting.filter_map(|rule| {
            let sequences = self.count(rule, observation)?;
            Some(Found { rule, sequences })
        });
        found.collect()
    }

    /// Counts it; `Some` where that is enough. What was counted then counts no more.
    fn count(&mut self, rule: &Rule, observation: &Observation) -> Option<Vec<u64>> {
        let hit = Hit {
            wall_ns: observation.wall_ns,
            sequence: match observation.place {
                Place::Record(sequence) => Some(sequence),
                Place::Named(_) => None,
            },
        };
        if rule.count == 1 {
            return Some(hit.sequence.into_iter().collect());
        }
        let key = format!("{} {}", rule.id, rule.key(observation));
        if !self.windows.contains_key(&key) {
            self.make_room();
        }
        let window = self.windows.entry(key.clone()).or_default();
        // A clock that was set back makes nothing older.
        window.retain(|then| hit.wall_ns.saturating_sub(then.wall_ns) <= rule.within_ns);
        window.push_back(hit);
        if window.len() < rule.count as usize {
            return None;
        }
        let window = self.windows.remove(&key)?;
        Some(window.iter().filter_map(|hit| hit.sequence).collect())
    }

    /// Forgets the window that was counted in longest ago, where there are too many.
    fn make_room(&mut self) {
        if self.windows.len() < WINDOWS {
            return;
        }
        let last = |window: &VecDeque<Hit>| window.back().map_or(0, |hit| hit.wall_ns);
        let oldest = self.windows.iter().min_by_key(|(_, window)| last(window));
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.windows.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::rule;

    const MINUTE: u64 = 60_000_000_000;

    fn step(minute: u64, sequence: u64, control: &str) -> Observation {
        Observation {
            kind: "outside-change".into(),
            place: Place::Record(sequence),
            wall_ns: 1_000_000 * MINUTE + minute * MINUTE,
            control: Some(control.into()),
            ..Observation::default()
        }
    }

    fn finds(judge: &mut Judge, observation: &Observation, rule: &str) -> Option<Vec<u64>> {
        let rules = rule::ours();
        let found = judge.take(&rules, observation);
        let found = found.into_iter().find(|found| found.rule.id == rule);
        found.map(|found| found.sequences)
    }

    /// Promise: a rule that counts finds once for so many, within its time, and names them all; what
    /// belongs to another control, or is too long ago, is not counted.
    #[test]
    fn counting() {
        let mut judge = Judge::default();
        for (minute, sequence) in [(0, 1), (10, 2), (20, 3)] {
            let camera = step(minute, sequence, "camera");
            assert_eq!(finds(&mut judge, &camera, "flapping"), None);
        }
        assert_eq!(finds(&mut judge, &step(30, 4, "wifi"), "flapping"), None);
        // The first is an hour and more ago by then.
        assert_eq!(finds(&mut judge, &step(61, 5, "camera"), "flapping"), None);
        let found = finds(&mut judge, &step(62, 6, "camera"), "flapping");
        assert_eq!(found, Some(vec![2, 3, 5, 6]));
        assert_eq!(finds(&mut judge, &step(63, 7, "camera"), "flapping"), None);
    }

    /// Promise: setting the clock back lets nobody get away with it.
    #[test]
    fn clock_set_back() {
        let mut judge = Judge::default();
        for sequence in 1..=3 {
            let later = step(500, sequence, "camera");
            assert_eq!(finds(&mut judge, &later, "flapping"), None);
        }
        let before = step(1, 4, "camera");
        assert!(finds(&mut judge, &before, "flapping").is_some());
    }

    /// Promise: who makes up names fills no memory.
    #[test]
    fn bounded() {
        let mut judge = Judge::default();
        for number in 0..2000 {
            let one = step(number, number, &format!("control-{number}"));
            finds(&mut judge, &one, "flapping");
        }
        assert!(judge.windows.len() <= WINDOWS);
    }
}
