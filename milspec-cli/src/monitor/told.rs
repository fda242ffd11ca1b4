// SPDX-License-Identifier: GPL-2.0

//! Makes lines of what happens.

use super::compare::{self, Traits};
use super::judge::Found;
use super::line::SCHEMA;
use super::observation::{Observation, Place};
use super::state::Base64;
use super::{unit, Checkpoint, Direction, Finding, Line, Note, Record, Surprise, What};
use crate::clock;
use crate::model::{Event, Naming, Word};
use crate::root::Root;
use milspec_uapi as uapi;
use std::collections::BTreeMap;

/// Which machine it is that something is told of.
#[derive(Clone, Debug, Default)]
pub struct Teller {
    /// Its name.
    pub host: Option<String>,
    /// Which boot of it.
    pub boot_id: Option<String>,
    /// Whether it is simulated.
    pub simulated: bool,
}

/// Which unit began an apply, by the sequence of the record that says so.
pub type Units = BTreeMap<u64, Option<String>>;

/// What stands in place of a rule where counting has found something.
const SURPRISE: &str = "surprise";

/// Begun applies whose unit is remembered.
const UNITS: usize = 64;

/// A record with the words for it.
pub struct Told {
    /// The words.
    pub record: Record,
    /// The sentence.
    pub message: String,
    /// How much it matters.
    pub severity: Word,
    /// When, in nanoseconds since 1970.
    pub wall_ns: u64,
}

/// Puts records into words. The unit of whoever made a change is looked for where it begins.
pub fn all(
    wire: &[uapi::Event],
    naming: &Naming<'_>,
    traits: &BTreeMap<String, Traits>,
    units: &mut Units,
    root: &Root,
) -> Vec<Told> {
    let events = Event::all(wire, naming);
    let both = wire.iter().zip(events);
    both.map(|(wire, event)| {
        let unit = unit_of(wire, units, root);
        told(wire, &event, traits, unit)
    })
    .collect()
}

fn unit_of(wire: &uapi::Event, units: &mut Units, root: &Root) -> Option<String> {
    if wire.origin == uapi::ORIGIN_DRIVER || wire.kind == uapi::KIND_GAP {
        return None;
    }
    let begun = match wire.kind {
        uapi::KIND_APPLY_BEGUN => wire.sequence,
        _ => wire.about,
    };
    let look = || unit::of(root, wire.pid, wire.boot_ns);
    if begun == 0 {
        return look();
    }
    if let Some(unit) = units.get(&begun) {
        return unit.clone();
    }
    let unit = look();
    while units.len() >= UNITS {
        units.pop_first();
    }
    units.insert(begun, unit.clone());
    unit
}

fn told(
    wire: &uapi::Event,
    event: &Event,
    traits: &BTreeMap<String, Traits>,
    unit: Option<String>,
) -> Told {
    let control = event.control.as_deref();
    let traits = control.and_then(|control| traits.get(control));
    let (from, to) = (event.from.as_deref(), event.to.as_deref());
    let has_values = from.is_some() || to.is_some();
    let way = |control: &str| match traits {
        Some(traits) => traits.direction(control, from, to),
        // Nothing is known of the device, its group neither.
        None if wire.control >> 16 == u32::from(uapi::FAMILY_DSMIL) => Direction::Unknown,
        None => compare::Traits::default().direction(control, from, to),
    };
    let actor = event.actor.as_ref();
    let by_driver = event.origin.as_deref() == Some("driver");
    let who = actor.filter(|_| !by_driver);
    let mut message = event.in_words("->");
    if let Some(who) = who {
        message.push_str(&format!(", {}", who.in_words()));
    }
    Told {
        record: Record {
            load: event.load.clone(),
            sequence: event.sequence,
            boottime_ns: event.boottime_ns,
            kind: event.kind.clone(),
            control: event.control.clone(),
            class: traits.map(Traits::class),
            from: event.from.clone(),
            to: event.to.clone(),
            direction: control.filter(|_| has_values).map(way),
            mode: event.mode.clone(),
            step: event.step.clone(),
            outcome: event.outcome.clone(),
            reason: event.reason.clone(),
            error: event.error.as_ref().map(|error| error.name.clone()),
            count: event.count,
            about: event.about,
            generation: event.generation,
            drift: event.drift,
            origin: event.origin.clone(),
            pid: actor.map(|actor| actor.pid),
            uid: actor.map(|actor| actor.uid),
            user: actor.and_then(|actor| actor.user.clone()),
            login_uid: actor.and_then(|actor| actor.login_uid),
            login: actor.and_then(|actor| actor.login.clone()),
            command: actor.map(|actor| actor.command.clone()),
            unit,
            chain: event.chain.clone(),
            record: Base64::new(wire).into_text(),
        },
        message,
        severity: event.severity.clone(),
        wall_ns: event.wall_ns,
    }
}

impl Teller {
    fn line(&self, wall_ns: u64, severity: &Word, message: String, what: What) -> Line {
        Line {
            schema: SCHEMA.into(),
            time: clock::utc(wall_ns),
            wall_ns,
            host: self.host.clone(),
            boot_id: self.boot_id.clone(),
            simulated: self.simulated,
            severity: severity.clone(),
            message,
            what,
        }
    }

    /// Of a record.
    pub fn record(&self, told: Told) -> Line {
        let what = What::Record(Box::new(told.record));
        self.line(told.wall_ns, &told.severity, told.message, what)
    }

    /// Of what a rule has found.
    pub fn finding(&self, found: &Found<'_>, seen: &Observation) -> Line {
        let place = match &seen.place {
            Place::Record(sequence) => sequence.to_string(),
            Place::Named(name) => name.clone(),
        };
        let bios = seen.bios.clone();
        let (bios_before, bios_after) = bios.map_or((None, None), |(a, b)| (Some(a), Some(b)));
        let finding = Finding {
            id: format!("{}:{}:{place}", found.rule.id, seen.load),
            rule: found.rule.id.clone(),
            title: found.rule.title.clone(),
            load: seen.load.clone(),
            sequences: found.sequences.clone(),
            control: seen.control.clone(),
            from: seen.from.clone(),
            to: seen.to.clone(),
            direction: seen.direction,
            login: seen.login.clone(),
            bios_before,
            bios_after,
            surprise: None,
            because: Vec::new(),
        };
        let what = What::Finding(Box::new(finding));
        let message = sentence(found, seen);
        self.line(seen.wall_ns, &found.rule.severity, message, what)
    }

    /// Of an episode that is unusual for this machine.
    pub fn surprise(&self, surprise: &Surprise) -> Line {
        let finding = Finding {
            id: format!("{SURPRISE}:{}:{}", surprise.load, surprise.last),
            rule: SURPRISE.into(),
            title: "unusual for this machine".into(),
            load: surprise.load.clone(),
            sequences: vec![surprise.first, surprise.last],
            surprise: Some(surprise.bits),
            because: surprise.because.clone(),
            ..Finding::default()
        };
        let message = format!(
            "unusual for this machine, {:.0} bit: {}",
            surprise.bits,
            surprise.because.join("; ")
        );
        let what = What::Finding(Box::new(finding));
        self.line(surprise.wall_ns, &"notice".into(), message, what)
    }

    /// Of how far the chain has come.
    pub fn checkpoint(&self, wall_ns: u64, checkpoint: Checkpoint) -> Line {
        let message = format!(
            "the journal has come to record {}, chain {}",
            checkpoint.sequence, checkpoint.chain
        );
        self.line(
            wall_ns,
            &"info".into(),
            message,
            What::Checkpoint(checkpoint),
        )
    }

    /// Of the monitor itself.
    pub fn note(&self, wall_ns: u64, severity: &'static str, message: String, note: Note) -> Line {
        self.line(wall_ns, &severity.into(), message, What::Note(note))
    }
}

fn sentence(found: &Found<'_>, seen: &Observation) -> String {
    let mut text = found.rule.title.clone();
    if let Some(control) = &seen.control {
        text.push_str(&format!(": {control}"));
        if seen.from.is_some() || seen.to.is_some() {
            let value = |value: &Option<String>| value.clone().unwrap_or("unknown".into());
            text.push_str(&format!(": {} -> {}", value(&seen.from), value(&seen.to)));
        }
    }
    if found.rule.count > 1 {
        text.push_str(&format!(", {} times", found.rule.count));
    }
    if let Some((before, after)) = seen.bios.as_ref().filter(|(one, other)| one != other) {
        text.push_str(&format!(", BIOS {before} before and {after} now"));
    }
    if let Some(more) = &seen.more {
        text.push_str(&format!(", {more}"));
    }
    text
}
