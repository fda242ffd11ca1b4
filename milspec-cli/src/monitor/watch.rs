// SPDX-License-Identifier: GPL-2.0

//! What the monitor does with what it sees: puts it into words, compares, and holds it against the
//! rules. It asks for nothing itself, and has no clock of its own.

use super::compare::{self, Values};
use super::counts::NOTABLE_BITS;
use super::observation::{Observation, Place};
use super::site::Site;
use super::state::{Base64, Since, State, SCHEMA};
use super::told::{self, Teller, Told, Units};
use super::{Checkpoint, Line, Note, Record, Surprise};
use crate::journal::{chain, of_machine};
use crate::model::Naming;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::words::{age, count};
use jiff::tz::TimeZone;
use jiff::Timestamp;
use milspec_uapi as uapi;
use std::collections::{BTreeSet, VecDeque};

/// The clock was set when it moved by more against the time since boot.
const CLOCK_NS: i64 = 5 * 60 * 1_000_000_000;
/// For so long a record can explain a change: longer than any apply takes.
const RECENT_NS: u64 = 10 * 60 * 1_000_000_000;
/// More records than these explain nothing.
const RECENT: usize = 1024;
/// How far the chain has come is told so often.
const CHECKPOINT_NS: u64 = 6 * 3600 * 1_000_000_000;

/// What there is to see at one moment. `records` were read after `snapshot` was taken.
pub struct Seen<'a> {
    /// The machine.
    pub root: &'a Root,
    /// Now, in nanoseconds since 1970.
    pub wall_ns: u64,
    /// Now, in nanoseconds from boot, sleep included.
    pub boottime_ns: u64,
    /// What the driver says.
    pub snapshot: &'a Snapshot,
    /// Records that were not seen before; at first, all that the driver has.
    pub records: Vec<uapi::Event>,
}

/// The monitor, without what it reads from and writes to.
pub struct Watch {
    site: Site,
    zone: TimeZone,
    teller: Teller,
    /// What outlives this program.
    pub state: State,
    units: Units,
    /// Records of the last minutes: a change is listed when the whole apply has ended.
    recent: VecDeque<Record>,
    /// Changes without a record so far: the record may be on its way.
    doubtful: Values,
    old_look: bool,
    failed_look: bool,
}

/// What lies between the last record that was seen and the first new one.
struct Joined {
    /// The new records.
    new: Vec<uapi::Event>,
    /// What is wrong with them, or lost.
    noticed: Vec<Observation>,
    /// Whether they are of another load of the module.
    new_load: bool,
    /// Whether some are lost.
    gap: bool,
}

impl Watch {
    /// Goes on from this state, or anew without one.
    pub fn new(site: Site, teller: Teller, state: Option<State>) -> Self {
        let fresh = State {
            schema: SCHEMA.into(),
            ..State::default()
        };
        Self {
            site,
            zone: TimeZone::system(),
            teller,
            state: state.unwrap_or(fresh),
            units: Units::new(),
            recent: VecDeque::new(),
            doubtful: Values::new(),
            old_look: false,
            failed_look: false,
        }
    }

    /// A line about the monitor itself.
    pub fn note(&self, wall_ns: u64, severity: &'static str, message: String, note: Note) -> Line {
        self.teller.note(wall_ns, severity, message, note)
    }

    /// What there is to tell now.
    pub fn step(&mut self, seen: Seen<'_>) -> Vec<Line> {
        let mut lines = Vec::new();
        self.recognise(&seen, &mut lines);
        let records = of_machine(seen.records.clone());
        let joined = self.join(&records, &seen);
        for noticed in &joined.noticed {
            self.judge(noticed.clone(), &mut lines);
        }
        if !seen.snapshot.is_training() {
            self.state
                .traits
                .extend(compare::traits(&seen.snapshot.controls));
        }
        let naming = Naming::of(seen.root, seen.snapshot);
        let told = told::all(
            &joined.new,
            &naming,
            &self.state.traits,
            &mut self.units,
            seen.root,
        );
        let records: Vec<Record> = told.iter().map(|told| told.record.clone()).collect();
        for told in told {
            self.take(told, &mut lines);
        }
        if let Some(last) = joined.new.last() {
            self.state.last = Some(Base64::new(last));
        }
        if !seen.snapshot.is_training() {
            let before = lines.len();
            self.compare(&seen, &records, joined.gap, &mut lines);
            if lines.len() > before {
                self.state.counts.found();
            }
            self.look(&seen, &mut lines);
        }
        // A recording has a clock of its own.
        if seen.root.note().is_none() {
            self.clock(seen.wall_ns, seen.boottime_ns, &mut lines);
        }
        let surprise = self.state.counts.close(seen.wall_ns);
        self.surprise(surprise, &mut lines);
        let woke = records.iter().any(|record| record.kind == "resume");
        let since = seen.wall_ns.checked_sub(self.state.checkpoint_ns);
        if woke || joined.new_load || since.is_none_or(|since| since >= CHECKPOINT_NS) {
            lines.extend(self.checkpoint(seen.wall_ns, seen.snapshot));
        }
        self.state.counters.count(&lines);
        lines
    }

    /// How far the chain has come.
    pub fn checkpoint(&mut self, wall_ns: u64, snapshot: &Snapshot) -> Option<Line> {
        let last = self.state.last.as_ref()?.event()?;
        self.state.checkpoint_ns = wall_ns;
        let status = &snapshot.status;
        let has_tpm = !snapshot.is_training() && status.anchor != uapi::ANCHOR_NONE;
        let checkpoint = Checkpoint {
            load: hex::encode(last.load),
            sequence: last.sequence,
            chain: hex::encode(last.chain),
            pcr: has_tpm.then_some(status.anchor_pcr),
            anchored: has_tpm.then_some(status.anchored),
        };
        Some(self.teller.checkpoint(wall_ns, checkpoint))
    }

    /// What was kept of another machine says nothing of this one.
    fn recognise(&mut self, seen: &Seen<'_>, lines: &mut Vec<Line>) {
        let machine = seen.snapshot.machine();
        let name = format!("{} {}", machine.vendor, machine.product);
        if self.state.machine == name {
            return;
        }
        if !self.state.machine.is_empty() {
            let message = format!(
                "what was kept is of another machine, {}",
                self.state.machine
            );
            let note = Note {
                note: "state-lost".into(),
                ..Note::default()
            };
            lines.push(self.note(seen.wall_ns, "warning", message, note));
            self.state.last = None;
            self.state.values.clear();
            self.state.traits.clear();
            self.state.since = None;
        }
        self.state.machine = name;
    }

    /// Joins what the driver has to what was seen of it before.
    fn join(&mut self, records: &[uapi::Event], seen: &Seen<'_>) -> Joined {
        let mut joined = Joined {
            new: records.to_vec(),
            noticed: Vec::new(),
            new_load: false,
            gap: false,
        };
        let last = self.state.last.as_ref().and_then(Base64::event);
        let Some(newest) = records.last() else {
            return joined;
        };
        let load = hex::encode(newest.load);
        let noticed = |kind: &'static str, sequence: u64, more: String| Observation {
            kind: kind.into(),
            load: load.clone(),
            place: Place::Named(format!("{kind}-{sequence}")),
            wall_ns: seen.wall_ns,
            more: Some(more),
            ..Observation::default()
        };
        let mut checked = Vec::new();
        match last {
            Some(last) if last.load == newest.load => {
                let sequence = last.sequence;
                let there = records.iter().find(|event| event.sequence == sequence);
                let there = there.filter(|event| event.kind != uapi::KIND_GAP);
                let other = there.is_some_and(|there| there.chain != last.chain);
                if other || newest.sequence < sequence {
                    let more = format!("record {sequence} is another one now");
                    joined.noticed.push(noticed("chain-broken", sequence, more));
                } else {
                    joined.new = chain::after(&last, records);
                    checked.push(chain::stand_in(&last));
                }
            }
            last => joined.new_load = self.arrive(last.is_some(), &load, seen, &mut joined.noticed),
        }
        checked.extend(&joined.new);
        let lost = joined
            .new
            .iter()
            .filter(|event| event.kind == uapi::KIND_GAP);
        let lost: u64 = lost.map(|gap| u64::from(gap.count)).sum();
        if lost > 0 {
            joined.gap = true;
            let more = count(lost, "record");
            joined
                .noticed
                .push(noticed("records-lost", newest.sequence, more));
        }
        if let Some(broken) = chain::verify([checked.as_slice()]).broken {
            let more = format!("record {} does not fit", broken.sequence);
            joined
                .noticed
                .push(noticed("chain-broken", broken.sequence, more));
        }
        joined
    }

    /// Another load of the module than before, `known` where there was one.
    fn arrive(
        &mut self,
        known: bool,
        load: &str,
        seen: &Seen<'_>,
        noticed: &mut Vec<Observation>,
    ) -> bool {
        let same_boot = self.state.boot_id.is_some() && self.state.boot_id == self.teller.boot_id;
        let cause = if known && same_boot { "load" } else { "boot" };
        let bios = seen.snapshot.machine().bios_version;
        let between = known.then(|| (self.state.bios.clone(), bios.clone()));
        let forced = seen.snapshot.info.properties & uapi::INFO_FORCED != 0;
        let unguarded = forced || seen.snapshot.is_restricted_allowed();
        noticed.push(Observation {
            kind: "load".into(),
            load: load.into(),
            place: Place::Named("load".into()),
            wall_ns: seen.wall_ns,
            cause: known.then_some(cause),
            reason: unguarded.then_some("unguarded".into()),
            bios: between.clone(),
            ..Observation::default()
        });
        self.state.since = between.map(|bios| Since {
            cause: cause.into(),
            bios,
            uncompared: self.state.values.keys().cloned().collect(),
        });
        if cause == "boot" {
            self.state.ahead_ns = None;
        }
        self.units.clear();
        self.recent.clear();
        self.doubtful.clear();
        self.state.boot_id = self.teller.boot_id.clone();
        self.state.bios = bios;
        true
    }

    /// Tells a record, and what rules find in it.
    fn take(&mut self, told: Told, lines: &mut Vec<Line>) {
        let (wall_ns, boottime_ns) = (told.wall_ns, told.record.boottime_ns);
        let is_gap = told.record.kind == "gap";
        let mut seen = Observation::of(&told.record, wall_ns);
        let unit = told.record.unit.as_deref();
        if unit.is_some_and(|unit| self.site.is_unattended(unit)) {
            seen.attended = seen.attended.map(|_| true);
        }
        let record = told.record.clone();
        lines.push(self.teller.record(told));
        let before = lines.len();
        // The module's own record of its load says less than what was noticed.
        if !is_gap && seen.kind != "load" {
            self.judge(seen, lines);
        }
        if !is_gap {
            self.clock(wall_ns, boottime_ns, lines);
            let found = lines.len() > before;
            let hour = self.hour(wall_ns);
            let surprise = self.state.counts.take(&record, wall_ns, hour, found);
            self.surprise(surprise, lines);
        }
    }

    /// Tells an episode that has ended, where it is unusual. That is a notice, whatever it is.
    fn surprise(&mut self, surprise: Option<Surprise>, lines: &mut Vec<Line>) {
        let Some(surprise) = surprise else {
            return;
        };
        self.state.counters.surprise_bits = Some(surprise.bits);
        self.state.counters.surprise_threshold_bits = Some(NOTABLE_BITS);
        if surprise.is_notable() {
            lines.push(self.teller.surprise(&surprise));
        }
    }

    /// The hour of the day where the machine stands.
    fn hour(&self, wall_ns: u64) -> u8 {
        let then = Timestamp::from_nanosecond(wall_ns.into()).unwrap_or_default();
        u8::try_from(then.to_zoned(self.zone.clone()).hour()).unwrap_or_default()
    }

    /// What rules find in it.
    fn judge(&mut self, mut seen: Observation, lines: &mut Vec<Line>) {
        seen.at_work = self.site.is_at_work(seen.wall_ns, &self.zone);
        for found in self.state.judge.take(&self.site.rules, &seen) {
            lines.push(self.teller.finding(&found, &seen));
        }
    }

    /// Whether somebody has set the clock.
    fn clock(&mut self, wall_ns: u64, boottime_ns: u64, lines: &mut Vec<Line>) {
        let ahead = i128::from(wall_ns) - i128::from(boottime_ns);
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX);
        let before = self.state.ahead_ns.replace(ahead);
        let moved = before.map_or(0, |before| ahead.saturating_sub(before));
        if moved.saturating_abs() <= CLOCK_NS {
            return;
        }
        let way = if moved < 0 { "back" } else { "forward" };
        let seconds = moved.unsigned_abs() / 1_000_000_000;
        let load = self.state.last.as_ref().and_then(Base64::event);
        self.judge(
            Observation {
                kind: "clock-moved".into(),
                load: load.map_or_else(String::new, |last| hex::encode(last.load)),
                place: Place::Named(format!("clock-moved-{}", boottime_ns / 1_000_000_000)),
                wall_ns,
                more: Some(format!("{way} by {}", count(seconds, "second"))),
                ..Observation::default()
            },
            lines,
        );
    }

    /// What is otherwise than when the monitor last looked, and no record says why.
    fn compare(&mut self, seen: &Seen<'_>, records: &[Record], gap: bool, lines: &mut Vec<Line>) {
        let now = compare::values(&seen.snapshot.controls);
        self.compare_with_before(seen, records, &now, lines);
        let mut known = self.state.values.clone();
        if let Some(since) = &self.state.since {
            known.retain(|control, _| !since.uncompared.contains(control));
        }
        // What is not listed or cannot be read now is compared when it comes back.
        let is_known = |control: &String| now.get(control).is_some_and(Option::is_some);
        known.retain(|control, value| value.is_some() && is_known(control));
        self.remember(records, seen.boottime_ns);
        let mut doubtful = Values::new();
        for difference in compare::differences(&known, &now) {
            let control = difference.control.as_str();
            let mut recent = self.recent.iter();
            if recent.any(|record| compare::explains(record, &difference)) {
                continue;
            }
            let again = self.doubtful.get(control) == Some(&difference.to);
            if !gap && !again {
                doubtful.insert(difference.control, difference.to);
                continue;
            }
            let cause = if gap { "records-lost" } else { "nothing" };
            self.differs(difference, cause, None, seen, lines);
        }
        for (control, value) in now {
            if !doubtful.contains_key(&control) {
                self.keep(control, value);
            }
        }
        self.doubtful = doubtful;
        self.state.compared_ns = seen.wall_ns;
    }

    /// Keeps the value of a control; where that is not known, the last one that was.
    fn keep(&mut self, control: String, value: Option<String>) {
        let kept = self.state.values.entry(control).or_default();
        if value.is_some() {
            *kept = value;
        }
    }

    fn remember(&mut self, records: &[Record], boottime_ns: u64) {
        self.recent.extend(records.iter().cloned());
        let old = |record: &Record| {
            boottime_ns.saturating_sub(record.boottime_ns) > RECENT_NS || record.kind == "gap"
        };
        self.recent.retain(|record| !old(record));
        let over = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..over);
    }

    /// What is otherwise than before the module was loaded. Each control is compared when it is listed
    /// for the first time since then.
    fn compare_with_before(
        &mut self,
        seen: &Seen<'_>,
        records: &[Record],
        now: &Values,
        lines: &mut Vec<Line>,
    ) {
        let Some(mut since) = self.state.since.take() else {
            return;
        };
        let listed = |control: &String| now.contains_key(control);
        let (compared, left): (BTreeSet<String>, _) =
            since.uncompared.into_iter().partition(listed);
        since.uncompared = left;
        let mut before = self.state.values.clone();
        before.retain(|control, _| compared.contains(control));
        let at_load = compare::before(now.clone(), records);
        for difference in compare::differences(&before, &at_load) {
            let cause = if since.cause == "load" {
                "load"
            } else {
                "boot"
            };
            self.differs(difference, cause, Some(since.bios.clone()), seen, lines);
        }
        for control in compared {
            let value = now.get(&control).cloned().flatten();
            self.keep(control, value);
        }
        self.state.since = Some(since).filter(|since| !since.uncompared.is_empty());
    }

    fn differs(
        &mut self,
        difference: compare::Difference,
        cause: &'static str,
        bios: Option<(String, String)>,
        seen: &Seen<'_>,
        lines: &mut Vec<Line>,
    ) {
        let traits = self.state.traits.get(&difference.control);
        let traits = traits.cloned().unwrap_or_default();
        let (from, to) = (difference.from.as_deref(), difference.to.as_deref());
        let direction = traits.direction(&difference.control, from, to);
        let load = self.state.last.as_ref().and_then(Base64::event);
        let ago = seen.wall_ns.checked_sub(self.state.compared_ns);
        let observation = Observation {
            kind: "difference".into(),
            load: load.map_or_else(String::new, |last| hex::encode(last.load)),
            place: Place::Named(format!(
                "{}-{}",
                difference.control,
                to.unwrap_or("unknown")
            )),
            wall_ns: seen.wall_ns,
            control: Some(difference.control.clone()),
            class: Some(traits.class()),
            from: difference.from.clone(),
            to: difference.to.clone(),
            direction: Some(direction),
            cause: Some(cause),
            bios,
            more: ago.map(|ago| format!("last seen as it was {}", age(ago / 1_000_000))),
            ..Observation::default()
        };
        self.judge(observation, lines);
    }

    /// Whether the driver looks at the firmware, and can.
    fn look(&mut self, seen: &Seen<'_>, lines: &mut Vec<Line>) {
        let status = &seen.snapshot.status;
        let load = self.state.last.as_ref().and_then(Base64::event);
        let load = load.map_or_else(String::new, |last| hex::encode(last.load));
        let noticed = |kind: &'static str, more: Option<String>| Observation {
            kind: kind.into(),
            load: load.clone(),
            place: Place::Named(format!("{kind}-{}", status.refreshed_ns / 1_000_000)),
            wall_ns: seen.wall_ns,
            more,
            ..Observation::default()
        };
        let ago = seen.boottime_ns.saturating_sub(status.refreshed_ns);
        let old = status.refreshed_ns != 0 && ago > self.site.look_age_ns;
        if old && !std::mem::replace(&mut self.old_look, old) {
            let more = Some(format!("the last was {}", age(ago / 1_000_000)));
            self.judge(noticed("look-old", more), lines);
        }
        self.old_look = old;
        let families = [status.platform, status.dsmil];
        let failed = families
            .iter()
            .any(|family| family.state == uapi::FAMILY_FAILED);
        if failed && !std::mem::replace(&mut self.failed_look, failed) {
            self.judge(noticed("look-fails", None), lines);
        }
        self.failed_look = failed;
    }
}
