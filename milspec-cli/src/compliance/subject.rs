// SPDX-License-Identifier: GPL-2.0

//! What is judged: how controls and facts of one machine stand, wherever that is known from.

use super::facts::{self, Facts};
use crate::attestation::State;
use crate::model::{Control, Family, Reading, Word};
use crate::root::Root;
use crate::snapshot::Snapshot;
use milspec_posture::control::Class;
use milspec_posture::settings::SETTINGS;
use std::collections::BTreeMap;

/// What is known of a control or a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has a value.
    Value {
        /// The value, as checks name it.
        value: String,
        /// The same for people.
        told: String,
    },
    /// It could not be read, and why.
    Unread(String),
    /// This machine has no such thing, and how that is known.
    Absent(String),
}

impl Found {
    /// A value that speaks for itself.
    pub fn value(value: &str) -> Self {
        Self::told(value, value)
    }

    /// A value, and what people are told of it.
    pub fn told(value: &str, told: &str) -> Self {
        Self::Value {
            value: value.into(),
            told: told.into(),
        }
    }

    /// It could not be read.
    pub fn unread(why: &str) -> Self {
        Self::Unread(why.into())
    }

    /// There is no such thing.
    pub fn absent(why: &str) -> Self {
        Self::Absent(why.into())
    }

    /// For people; `None` for what is not there.
    pub fn in_words(&self) -> Option<String> {
        match self {
            Self::Value { told, .. } => Some(told.clone()),
            Self::Unread(why) => Some(format!("not read: {why}")),
            Self::Absent(_) => None,
        }
    }
}

/// What is known of a control.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its value.
    pub found: Found,
    /// Whether that is in force after the next boot only.
    pub pending_reboot: bool,
    /// Why each value cannot be set, `None` where it can; no entry where the machine lacks the value,
    /// and none at all where it is not known what can be set.
    pub values: Option<BTreeMap<String, Option<Word>>>,
    /// Whether it says how something is, and is nothing that somebody sets.
    pub status: bool,
}

impl Known {
    /// Nothing else is known of it.
    pub fn of(found: Found) -> Self {
        Self {
            found,
            pending_reboot: false,
            values: None,
            status: false,
        }
    }
}

/// Whether a setting is of class read-only, on every machine.
fn is_status(name: &str) -> bool {
    let mut settings = SETTINGS.iter();
    settings.any(|setting| setting.name == name && setting.class == Class::ReadOnly)
}

/// One machine at one moment.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The controls of family platform, by their names; else why they are not known.
    pub controls: Result<BTreeMap<String, Known>, String>,
    /// The facts.
    pub facts: Facts,
    /// Whether it is this machine, and not what a file says of one.
    pub is_here: bool,
}

/// Why a control is not there.
const NO_CONTROL: &str = "this machine has no such control";

impl Subject {
    /// The machine below `root`, whose driver said this; or why that is not known.
    pub fn new(root: &Root, asked: Result<&Snapshot, String>) -> Self {
        let mut facts = facts::of_machine(root);
        facts.extend(match &asked {
            Ok(snapshot) => facts::of_driver(root, snapshot),
            Err(why) => facts::without_driver(why),
        });
        Self {
            controls: asked.and_then(controls),
            facts,
            is_here: root.note().is_none(),
        }
    }

    /// What a machine says of itself in an attestation that was verified.
    pub fn attested(state: &State, journal: Facts) -> Self {
        const NOT_TOLD: &str = "an attestation does not say";
        let told = state.controls.iter().map(|(name, value)| {
            let known = Known {
                found: match value {
                    Some(value) => Found::value(value),
                    None => Found::unread("its value was not known to the driver"),
                },
                pending_reboot: state.pending_reboot.contains(name),
                values: None,
                status: is_status(name),
            };
            (name.clone(), known)
        });
        let mut settings = SETTINGS.iter();
        let has_settings = settings.any(|known| state.controls.contains_key(known.name));
        let all_read = has_settings && state.controls.values().all(Option::is_some);
        let list = |what: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
        };
        let drifted = [
            list("drifted", &state.drifted),
            list("degraded", &state.degraded),
            list("not as the mode asks", &state.mode.deviations),
        ];
        let drifted: Vec<String> = drifted.into_iter().flatten().collect();
        let mut facts: Facts = facts::FACTS
            .iter()
            .map(|(name, _)| (*name, Found::unread(NOT_TOLD)))
            .collect();
        facts.insert(
            "drift",
            match (drifted.as_slice(), all_read) {
                ([], true) => Found::value("none"),
                ([], false) => Found::unread("not every control was read"),
                _ => Found::told("found", &drifted.join("; ")),
            },
        );
        facts.insert(
            "tamper",
            match state.tamper.as_slice() {
                [] => Found::unread(
                    "an attestation does not say whether all that could report was read",
                ),
                told => Found::told("reported", &format!("reported by {}", told.join(", "))),
            },
        );
        facts.extend(journal);
        let controls = match has_settings {
            true => Ok(told.collect()),
            false => Err("the attestation has no settings of the firmware".into()),
        };
        Self {
            controls,
            facts,
            is_here: false,
        }
    }

    /// The same machine as these steps of a plan would leave it, and after the next boot.
    pub fn after(&self, steps: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut after = self.clone();
        for known in after.controls.iter_mut().flat_map(BTreeMap::values_mut) {
            known.pending_reboot = false;
        }
        for (name, value) in steps {
            after.put(&name, Found::value(&value));
        }
        after
    }

    /// Puts what was found of a control in place of what is known of it, where the machine has it.
    pub fn put(&mut self, control: &str, found: Found) {
        let controls = self.controls.as_mut().ok();
        if let Some(known) = controls.and_then(|controls| controls.get_mut(control)) {
            known.found = found;
        }
    }

    /// What is known of a control.
    pub fn control(&self, name: &str) -> Known {
        match &self.controls {
            Err(why) => Known::of(Found::unread(why)),
            Ok(controls) => match controls.get(name) {
                Some(known) => known.clone(),
                None => Known::of(Found::absent(NO_CONTROL)),
            },
        }
    }

    /// What is known of a fact.
    pub fn fact(&self, name: &str) -> Found {
        let found = self.facts.get(name).cloned();
        found.unwrap_or_else(|| Found::unread("it was not looked at"))
    }
}

/// The settings, by their names. A family that is not there, or failed, says of no setting that the
/// machine has none.
fn controls(snapshot: &Snapshot) -> Result<BTreeMap<String, Known>, String> {
    let families = Family::all(&snapshot.status);
    let platform = families.iter().find(|family| family.name == "platform");
    let settings = snapshot.controls.iter();
    let settings = settings.filter(|control| control.family == "platform");
    let all: BTreeMap<String, Known> = settings
        .map(|control| (control.name.clone(), known(control)))
        .collect();
    match platform.map(|family| family.state.as_ref()) {
        Some("ready") => Ok(all),
        Some("failed") if !all.is_empty() => Ok(all),
        Some("absent") => Err("the driver found no settings of this firmware".into()),
        _ => Err("the settings of this firmware could not be read".into()),
    }
}

fn known(control: &Control) -> Known {
    let found = match (&control.reading, &control.value) {
        (Reading::Known, Some(value)) => Found::value(value),
        _ => Found::Unread(control.in_words()),
    };
    let present = control.values.iter().filter(|value| value.present);
    let values = present.map(|value| {
        let denied = control.denied.then(|| Word::from("denied"));
        let read_only = (control.access == "read-only").then(|| Word::from("read-only"));
        let gate = value.gate.clone().or(denied).or(read_only);
        (value.name.clone(), gate)
    });
    Known {
        found,
        pending_reboot: control.pending_reboot,
        values: Some(values.collect()),
        status: is_status(&control.name),
    }
}
