// SPDX-License-Identifier: GPL-2.0

//! What the monitor does with what it sees: puts it into words, compares, and holds it against the
//! rules. It asks for nothing itself, and has no clock of its own.

use super::compare::Difference;
use super::counts::{Counts, NOTABLE_BITS};
use super::judge::Judge;
use super::observation::{Observation, Place};
use super::site::Site;
use super::standing::{Changed, Now, Otherwise};
use super::state::{Base64, State, SCHEMA};
use super::told::{self, Teller, Told, Units};
use super::{Checkpoint, Direction, Line, Note, Record, Surprise};
use crate::journal::{chain, of_machine};
use crate::model::{Control, Naming};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::words::{age, count};
use jiff::tz::TimeZone;
use jiff::Timestamp;
use milspec_uapi as uapi;

/// The clock was set when it moved by more against the time since boot.
const CLOCK_NS: i64 = 5 * 60 * 1_000_000_000;
/// A look is old when it was at two looks of the monitor with so much between them: when the machine
/// wakes, the driver looks only after the first.
const STILL_NS: u64 = 50 * 1_000_000_000;
/// How far the chain has come is told so often.
const CHECKPOINT_NS: u64 = 6 * 3600 * 1_000_000_000;

/// What there is to see at one moment. `records` were read after `snapshot` was taken.
pub struct Seen<'a> {
    /// The machine.
    pub root: &'a Root,
    /// Now.
    pub now: Now,
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
    /// The machine's controls: in a training the driver has others.
    controls: Vec<Control>,
    /// Since when the last look is old, in nanoseconds from boot, and whether that was told.
    old_look: Option<(u64, bool)>,
    failed_look: bool,
    suppressed: bool,
}

/// What lies between the last record that was seen and the first new one.
struct Joined {
    /// The new records.
    new: Vec<uapi::Event>,
    /// What is wrong with them, or lost.
    noticed: Vec<Observation>,
    /// Whether they are of another load of the module.
    new_load: bool,
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
            controls: Vec::new(),
            old_look: None,
            failed_look: false,
            suppressed: false,
        }
    }

    /// A line about the monitor itself.
    pub fn note(&self, wall_ns: u64, severity: &'static str, message: String, note: Note) -> Line {
        self.teller.note(wall_ns, severity, message, note)
    }

    /// What there is to tell now.
    pub fn step(&mut self, mut seen: Seen<'_>) -> Vec<Line> {
        let mut lines = Vec::new();
        let now = seen.now;
        self.recognise(&seen, &mut lines);
        let records = of_machine(std::mem::take(&mut seen.records));
        let joined = self.join(&records, &seen);
        for noticed in &joined.noticed {
            self.judge(noticed.clone(), &mut lines);
        }
        if !seen.snapshot.is_training() {
            self.state.standing.know(&seen.snapshot.controls);
            self.controls.clone_from(&seen.snapshot.controls);
        }
        let told = told::all(
            &joined.new,
            &Naming::of_machine(seen.root, &self.controls),
            &self.state.standing.traits,
            &mut self.units,
            seen.root,
        );
        let records: Vec<Record> = told.iter().map(|told| told.record.clone()).collect();
        let noticed = !lines.is_empty();
        for (told, record) in told.into_iter().zip(&records) {
            self.take(told, record, &mut lines);
        }
        if noticed {
            self.state.counts.found();
        }
        if let Some(last) = joined.new.last() {
            self.state.last = Some(Base64::new(last));
        }
        self.state.standing.remember(&records, now);
        if !seen.snapshot.is_training() {
            let before = lines.len();
            let controls = &seen.snapshot.controls;
            for otherwise in self.state.standing.compare(controls, now) {
                self.differs(otherwise, &seen, &mut lines);
            }
            if lines.len() > before {
                self.state.counts.found();
            }
            self.look(&seen, &mut lines);
        }
        // A recording has a clock of its own.
        if seen.root.note().is_none() {
            self.clock(now.wall_ns, now.boottime_ns, &mut lines);
        }
        let surprise = self.state.counts.close(now.wall_ns);
        self.surprise(surprise, &mut lines);
        let woke = records.iter().any(|record| record.kind == "resume");
        let since = now.wall_ns.checked_sub(self.state.checkpoint_ns);
        if woke || joined.new_load || since.is_none_or(|since| since >= CHECKPOINT_NS) {
            lines.extend(self.checkpoint(now.wall_ns, seen.snapshot));
        }
        self.state.counters.count(&lines);
        lines
    }

    /// What there is to tell before the monitor stops: an episode that has not ended, and how far the
    /// chain has come.
    pub fn stop(&mut self, wall_ns: u64, snapshot: &Snapshot) -> Vec<Line> {
        let mut lines = Vec::new();
        let surprise = self.state.counts.end();
        self.surprise(surprise, &mut lines);
        lines.extend(self.checkpoint(wall_ns, snapshot));
        self.state.counters.count(&lines);
        lines
    }

    /// How far the chain has come.
    fn checkpoint(&mut self, wall_ns: u64, snapshot: &Snapshot) -> Option<Line> {
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
            lines.push(self.note(seen.now.wall_ns, "warning", message, note));
            self.state.last = None;
            self.state.standing.forget();
            self.state.judge = Judge::default();
            self.state.counts = Counts::default();
        }
        self.state.machine = name;
    }

    /// Joins what the driver has to what was seen of it before.
    fn join(&mut self, records: &[uapi::Event], seen: &Seen<'_>) -> Joined {
        let mut joined = Joined {
            new: records.to_vec(),
            noticed: Vec::new(),
            new_load: false,
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
            wall_ns: seen.now.wall_ns,
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
            wall_ns: seen.now.wall_ns,
            cause: known.then_some(cause),
            reason: unguarded.then_some("unguarded".into()),
            bios: between.clone(),
            ..Observation::default()
        });
        if let Some(bios) = between {
            self.state.standing.arrive(cause == "boot", bios, seen.now);
        }
        if cause == "boot" {
            self.state.ahead_ns = None;
        }
        self.units.clear();
        self.state.boot_id = self.teller.boot_id.clone();
        self.state.bios = bios;
        true
    }

    /// Tells a record, and what rules find in it.
    fn take(&mut self, told: Told, record: &Record, lines: &mut Vec<Line>) {
        let wall_ns = told.wall_ns;
        let mut seen = Observation::of(record, wall_ns);
        let unit = record.unit.as_deref();
        if unit.is_some_and(|unit| self.site.is_unattended(unit)) {
            seen.attended = seen.attended.map(|_| true);
        }
        lines.push(self.teller.record(told));
        // Of what is lost nothing is known.
        if record.kind == "gap" {
            return;
        }
        let before = lines.len();
        // The module's own record of its load says less than what was noticed.
        if record.kind != "load" {
            self.judge(seen, lines);
        }
        self.clock(wall_ns, record.boottime_ns, lines);
        let found = lines.len() > before;
        let hour = self.hour(wall_ns);
        let surprise = self.state.counts.take(record, wall_ns, hour, found);
        self.surprise(surprise, lines);
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

    /// Tells what is otherwise, and what rules find in it.
    fn differs(&mut self, otherwise: Otherwise, seen: &Seen<'_>, lines: &mut Vec<Line>) {
        let load = self.state.last.as_ref().and_then(Base64::event);
        let ago = seen.now.wall_ns.saturating_sub(otherwise.seen_ns) / 1_000_000;
        let generation = seen.snapshot.status.generation;
        let mut observation = Observation {
            kind: "difference".into(),
            load: load.map_or_else(String::new, |last| hex::encode(last.load)),
            wall_ns: seen.now.wall_ns,
            cause: Some(otherwise.cause),
            bios: otherwise.bios,
            more: Some(format!("last seen as it was {}", age(ago))),
            ..Observation::default()
        };
        match otherwise.changed {
            Changed::Value(Difference { control, from, to }) => {
                let traits = self.state.standing.traits.get(&control);
                let traits = traits.cloned().unwrap_or_default();
                observation.direction = Some(traits.direction(&control, Some(&from), Some(&to)));
                observation.class = Some(traits.class());
                observation.place = Place::Named(format!("{control}-{to}-{generation}"));
                observation.control = Some(control);
                (observation.from, observation.to) = (Some(from), Some(to));
            }
            Changed::Missing(controls) => {
                let names = controls.join(", ");
                observation.direction = Some(Direction::Unknown);
                observation.place = Place::Named(format!("missing-{generation}"));
                observation.more = Some(format!("cannot be read any more: {names}"));
            }
        }
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
            wall_ns: seen.now.wall_ns,
            more,
            ..Observation::default()
        };
        let ago = seen.now.boottime_ns.saturating_sub(status.refreshed_ns);
        let old = status.refreshed_ns != 0 && ago > self.site.look_age_ns;
        self.old_look = match self.old_look.filter(|_| old) {
            None => old.then_some((seen.now.boottime_ns, false)),
            Some((since, false)) if seen.now.boottime_ns.saturating_sub(since) >= STILL_NS => {
                let more = Some(format!("the last was {}", age(ago / 1_000_000)));
                self.judge(noticed("look-old", more), lines);
                Some((since, true))
            }
            still => still,
        };
        // The driver records them with its next record, which may never come.
        let suppressed = status.suppressed > 0;
        if suppressed && !self.suppressed {
            let more = Some(count(status.suppressed, "request"));
            self.judge(noticed("suppressed", more), lines);
        }
        self.suppressed = suppressed;
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
