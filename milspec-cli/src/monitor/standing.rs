// SPDX-License-Identifier: GPL-2.0

//! How the controls stood when the monitor last looked, and what is otherwise now. What is not known is
//! not compared: the last value that was known stays until there is another one.

use super::compare::{self, Difference, Traits, Values};
use super::Record;
use crate::model::Control;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For so long a record can explain a change: longer than any apply takes.
const RECENT_NS: u64 = 10 * 60 * 1_000_000_000;
/// Nor does it cease to before it was held against so many looks: the machine can have slept.
const LOOKS: u32 = 10;
/// More records than these explain nothing.
const RECENT: usize = 1024;
/// So many records that lead to what is compared are kept.
const NEW: usize = 8192;
/// A control that did not come back for so long is missed.
const MISSED_NS: u64 = 10 * 60 * 1_000_000_000;

/// How the controls stood.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The last value of each control that was known, by its name.
    pub values: Values,
    /// What does not change about them.
    pub traits: BTreeMap<String, Traits>,
    /// When they were last compared, in nanoseconds since 1970.
    compared_ns: u64,
    /// What lies between them and the load of the module that is running; null where all are compared.
    since: Option<Since>,
    /// Changes without a record so far: the record may be on its way.
    doubtful: Values,
    #[serde(skip)]
    recent: VecDeque<Recent>,
    /// Records that came since the last comparison.
    #[serde(skip)]
    new: Vec<Record>,
    /// Whether some were lost since then.
    #[serde(skip)]
    gap: bool,
}

/// What lies between the controls as they were and as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Since {
    /// Whether the machine was booted in between.
    boot: bool,
    /// Versions of the BIOS before and after.
    bios: (String, String),
    /// When they were last seen as they were, in nanoseconds since 1970.
    seen_ns: u64,
    /// When the monitor first saw this load, in nanoseconds from boot.
    arrived_ns: u64,
    /// Controls whose values were not known since.
    uncompared: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Recent {
    record: Record,
    /// When the monitor had it, in nanoseconds from boot.
    seen_ns: u64,
    looks: u32,
}

/// What is otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    /// The control and its values; where several are no longer there, none of them.
    pub changed: Changed,
    /// What lies between: `boot`, `load`, `records-lost` or `nothing`.
    pub cause: &'static str,
    /// Versions of the BIOS before and after, where a boot or a load lies between.
    pub bios: Option<(String, String)>,
    /// When it was last seen as it was, in nanoseconds since 1970.
    pub seen_ns: u64,
}

/// What is otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// A control.
    Value(Difference),
    /// Controls that were there and are not, or whose values cannot be had any more.
    Missing(Vec<String>),
}

/// Now, on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// In nanoseconds since 1970.
    pub wall_ns: u64,
    /// In nanoseconds from boot, sleep included.
    pub boottime_ns: u64,
}

impl Standing {
    /// Remembers what these controls are like; in a training, do not call it with the copy's.
    pub fn know(&mut self, controls: &[Control]) {
        self.traits.extend(compare::traits(controls));
    }

    /// Another load of the module than before has come, over a `boot` or not; `bios` are the versions
    /// before and after.
    pub fn arrive(&mut self, boot: bool, bios: (String, String), now: Now) {
        // What was not compared since the load before is compared over both.
        let before = self
            .since
            .take()
            .filter(|since| !since.uncompared.is_empty());
        let boot = boot || before.as_ref().is_some_and(|before| before.boot);
        self.since = Some(Since {
            boot,
            bios: match &before {
                Some(before) => (before.bios.0.clone(), bios.1),
                None => bios,
            },
            seen_ns: before.map_or(self.compared_ns, |before| before.seen_ns),
            arrived_ns: now.boottime_ns,
            uncompared: self.values.keys().cloned().collect(),
        });
        self.recent.clear();
        self.new.clear();
        self.gap = false;
        self.doubtful.clear();
    }

    /// Forgets all: it is of another machine.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// New records, which lead to what is seen later or explain it.
    pub fn remember(&mut self, records: &[Record], now: Now) {
        self.gap |= records.iter().any(|record| record.kind == "gap");
        let kept = records.iter().filter(|record| record.kind != "gap");
        self.recent.extend(kept.clone().map(|record| Recent {
            record: record.clone(),
            seen_ns: now.boottime_ns,
            looks: 0,
        }));
        // A training can last for long; the first record of a control is what counts.
        let room = NEW.saturating_sub(self.new.len());
        self.new.extend(kept.take(room).cloned());
        let over = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..over);
    }

    /// What is otherwise now, with what was [remembered](Self::remember) since the last call.
    pub fn compare(&mut self, controls: &[Control], now: Now) -> Vec<Otherwise> {
        let values = compare::values(controls);
        let records = std::mem::take(&mut self.new);
        let gap = std::mem::take(&mut self.gap);
        let mut otherwise = self.since_load(&values, &records, now);
        let mut known = self.values.clone();
        if let Some(since) = &self.since {
            known.retain(|control, _| !since.uncompared.contains(control));
        }
        let mut doubtful = Values::new();
        for difference in compare::differences(&known, &values) {
            let mut recent = self.recent.iter();
            if recent.any(|recent| compare::explains(&recent.record, &difference)) {
                continue;
            }
            let again = self.doubtful.get(&difference.control) == Some(&difference.to);
            if !gap && !again {
                doubtful.insert(difference.control, difference.to);
                continue;
            }
            otherwise.push(Otherwise {
                changed: Changed::Value(difference),
                cause: if gap { "records-lost" } else { "nothing" },
                bios: None,
                seen_ns: self.compared_ns,
            });
        }
        let settled = values
            .into_iter()
            .filter(|(control, _)| !doubtful.contains_key(control));
        self.values.extend(settled);
        self.doubtful = doubtful;
        self.compared_ns = now.wall_ns;
        for recent in &mut self.recent {
            recent.looks = recent.looks.saturating_add(1);
        }
        self.recent.retain(|recent| {
            recent.looks < LOOKS || now.boottime_ns.saturating_sub(recent.seen_ns) <= RECENT_NS
        });
        otherwise
    }

    /// What is otherwise than before the module was loaded. Each control is compared when its value is
    /// known for the first time since then.
    fn since_load(&mut self, values: &Values, records: &[Record], now: Now) -> Vec<Otherwise> {
        let Some(mut since) = self.since.take() else {
            return Vec::new();
        };
        let cause = if since.boot { "boot" } else { "load" };
        let otherwise = |changed| Otherwise {
            changed,
            cause,
            bios: Some(since.bios.clone()),
            seen_ns: since.seen_ns,
        };
        let known = |control: &String| values.contains_key(control);
        let (compared, left): (BTreeSet<String>, BTreeSet<String>) =
            since.uncompared.iter().cloned().partition(known);
        let mut before = self.values.clone();
        before.retain(|control, _| compared.contains(control));
        let at_load = compare::before(values.clone(), records);
        let differences = compare::differences(&before, &at_load);
        let mut all: Vec<Otherwise> = differences
            .into_iter()
            .map(|difference| otherwise(Changed::Value(difference)))
            .collect();
        for control in &compared {
            if let Some(value) = values.get(control) {
                self.values.insert(control.clone(), value.clone());
            }
        }
        let late = now.boottime_ns.saturating_sub(since.arrived_ns) > MISSED_NS;
        if late && !left.is_empty() {
            self.values.retain(|control, _| !left.contains(control));
            all.push(otherwise(Changed::Missing(left.into_iter().collect())));
            return all;
        }
        since.uncompared = left;
        self.since = Some(since).filter(|since| !since.uncompared.is_empty());
        all
    }
}
