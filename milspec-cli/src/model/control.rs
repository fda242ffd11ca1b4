// SPDX-License-Identifier: GPL-2.0

//! Controls and what changed about them.

use super::{clean, reason_word, ErrnoDoc, Word};
use milspec_uapi as uapi;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is known about the value of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// One value is in force.
    Known,
    /// The firmware answered something that is none of the values.
    Unknown,
    /// More than one value matches.
    Ambiguous,
    /// Reading failed.
    Failed,
}

/// One value of a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// E.g. `enabled`.
    pub name: String,
    /// Whether this machine lists the value.
    pub present: bool,
    /// Whether the value is in force.
    pub active: bool,
    /// SMBIOS token, family `platform` only; `None` there for the value that is in force when no
    /// token of the control is active.
    pub token: Option<u16>,
    /// Location of the token, family `platform` only.
    pub location: Option<u16>,
    /// What the firmware answers when the value is in force; told only with what it did answer.
    pub expected: Option<u16>,
    /// What the firmware answered, if it did.
    pub read: Option<u32>,
    /// What may be done by naming this value: a word as in the class of the control.
    pub class: Word,
    /// Whether that it may be written rests on tables of real machines alone: mainline keeps its
    /// token from user space, and nobody has yet reported a write of it on hardware.
    pub untried: bool,
    /// Whether a machine that is reached over a network may be out of reach with it.
    pub cuts_network: bool,
    /// Why a list that names this value would be refused now, whatever else it names.
    pub gate: Option<Word>,
}

/// Why a control cannot have what the mode asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub reason: Option<Word>,
    /// The other control that it speaks of.
    pub needs: Option<String>,
}

/// One control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Number, the same on every machine.
    pub id: u32,
    /// E.g. `camera`.
    pub name: String,
    /// What it does.
    pub label: String,
    /// `platform` or `dsmil`.
    pub family: Word,
    /// `safe`, `monitored`, `restricted`, `quarantined` or `read-only`.
    pub class: Word,
    /// `read-only` or `read-write`.
    pub access: Word,
    /// `full`, `partial` or `contradictory`.
    pub presence: Word,
    /// What is known about the value.
    pub reading: Reading,
    /// The value in force, if known.
    pub value: Option<String>,
    /// Why reading failed.
    pub error: Option<ErrnoDoc>,
    /// Whether the firmware reports tampering.
    pub tamper: bool,
    /// Whether the value is not the one that the mode asks for.
    pub deviates: bool,
    /// Whether the value is not the one that the driver last wrote.
    pub drifted: bool,
    /// Whether an apply failed and could not put the old value back.
    pub degraded: bool,
    /// Whether a change takes effect at the next boot.
    pub pending_reboot: bool,
    /// Whether it is never changed on this model of machine.
    pub denied: bool,
    /// What it is about, family `platform` only, e.g. `radios`.
    pub topic: Option<Word>,
    /// Group, family `dsmil` only.
    pub group: Option<u32>,
    /// Generation at which the reading last changed.
    pub changed_generation: u64,
    /// The value that it had before the driver first changed it, if it did.
    pub baseline: Option<String>,
    /// The value that the driver last wrote, if it did.
    pub written: Option<String>,
    /// The value that the mode of the machine asks for, if it does.
    pub wanted: Option<String>,
    /// Why it cannot have that value, where it cannot and has not got it.
    pub unreached: Option<Refusal>,
    /// Names of the controls that must be active before this one can be.
    pub depends: Vec<String>,
    /// All values.
    pub values: Vec<Value>,
}

impl Control {
    /// All controls of an answer of the driver.
    pub fn all(wire: &[uapi::Control]) -> Vec<Self> {
        let names: BTreeMap<u32, String> = wire.iter().map(|c| (c.id, clean(&c.name))).collect();
        wire.iter()
            .map(|control| Self::new(control, &names))
            .collect()
    }

    fn new(wire: &uapi::Control, names: &BTreeMap<u32, String>) -> Self {
        let values: Vec<Value> = wire
            .values
            .iter()
            .take(usize::from(wire.value_count))
            .map(|value| {
                let read = value.properties & uapi::VALUE_READ != 0;
                Value {
                    name: clean(&value.name),
                    present: value.properties & uapi::VALUE_PRESENT != 0,
                    active: value.properties & uapi::VALUE_ACTIVE != 0,
                    token: (value.token != 0).then_some(value.token),
                    location: (value.token != 0).then_some(value.location),
                    expected: read.then_some(value.expected),
                    read: read.then_some(value.read),
                    class: class(value.value_class),
                    untried: value.properties & uapi::VALUE_UNTRIED != 0,
                    cuts_network: value.properties & uapi::VALUE_CUTS_NETWORK != 0,
                    gate: reason_word(value.gate),
                }
            })
            .collect();
        let value = (wire.reading == uapi::READING_KNOWN)
            .then(|| values.get(usize::from(wire.current)))
            .flatten()
            .map(|value| value.name.clone());
        let reading = match wire.reading {
            uapi::READING_KNOWN if value.is_some() => Reading::Known,
            uapi::READING_AMBIGUOUS => Reading::Ambiguous,
            uapi::READING_FAILED => Reading::Failed,
            // A "known" value that is not in the list is not known, and a kind of reading of a
            // later minor version is none that this version could put a value to.
            _ => Reading::Unknown,
        };
        let property = |bit: u32| wire.properties & bit != 0;
        let name = |index: u8| values.get(usize::from(index)).map(|v| v.name.clone());
        let other = |id: &u32| names.get(id).cloned().unwrap_or_else(|| format!("id-{id}"));
        let unreached = property(uapi::CONTROL_UNREACHED).then(|| Refusal {
            reason: reason_word(wire.unreached_reason),
            needs: (wire.unreached_needs != 0).then(|| other(&wire.unreached_needs)),
        });
        let (baseline, written, wanted) =
            (name(wire.baseline), name(wire.written), name(wire.wanted));
        Self {
            id: wire.id,
            name: clean(&wire.name),
            label: clean(&wire.label),
            family: family(wire.family),
            class: class(wire.control_class),
            access: access(wire.access),
            presence: presence(wire.presence),
            reading,
            value,
            error: ErrnoDoc::new(wire.error),
            tamper: property(uapi::CONTROL_TAMPER),
            deviates: property(uapi::CONTROL_DEVIATES),
            drifted: property(uapi::CONTROL_DRIFTED),
            degraded: property(uapi::CONTROL_DEGRADED),
            pending_reboot: property(uapi::CONTROL_PENDING_REBOOT),
            denied: property(uapi::CONTROL_DENIED),
            topic: super::topic(&clean(&wire.name))
                .filter(|_| wire.family == uapi::FAMILY_PLATFORM),
            group: (wire.family == uapi::FAMILY_DSMIL).then_some(wire.group),
            changed_generation: wire.changed,
            baseline,
            written,
            wanted,
            unreached,
            depends: wire
                .depends
                .iter()
                .take(usize::from(wire.depend_count))
                .map(other)
                .collect(),
            values,
        }
    }

    /// The one of these controls that has this name.
    pub fn named<'a>(controls: &'a [Self], name: &str) -> Option<&'a Self> {
        controls.iter().find(|control| control.name == name)
    }

    /// Whether the control has another value than before the driver first changed it. One that was
    /// put back is as it was.
    pub fn is_changed(&self) -> bool {
        self.baseline.is_some() && self.baseline != self.value
    }

    /// Name of the value with this index.
    pub fn value_name(&self, index: u8) -> Option<String> {
        let value = self.values.get(usize::from(index))?;
        Some(value.name.clone())
    }

    /// Index of the value with this name.
    pub fn value_index(&self, name: &str) -> Option<u8> {
        let at = self.values.iter().position(|value| value.name == name)?;
        u8::try_from(at).ok()
    }

    /// The distinct raw answers of the firmware, in the order of the values.
    pub fn raw(&self) -> Vec<u32> {
        let mut raw = Vec::new();
        for read in self.values.iter().filter_map(|value| value.read) {
            if !raw.contains(&read) {
                raw.push(read);
            }
        }
        raw
    }

    /// The raw answers as text, e.g. `raw 0x0003`; `None` where the firmware gave none.
    pub fn raw_text(&self) -> Option<String> {
        let raw: Vec<String> = self.raw().iter().map(|raw| format!("{raw:#06x}")).collect();
        (!raw.is_empty()).then(|| format!("raw {}", raw.join(" ")))
    }

    /// The value in one or a few words: `enabled`, `unknown (raw 0x0003)`, `failed (EIO)`.
    pub fn in_words(&self) -> String {
        match (&self.reading, &self.value) {
            (Reading::Known, Some(value)) => value.clone(),
            (Reading::Known | Reading::Unknown, _) => self
                .raw_text()
                .map_or_else(|| "unknown".to_string(), |raw| format!("unknown ({raw})")),
            (Reading::Ambiguous, _) => match self.candidates().as_slice() {
                // Not by the answers, then, but because the machine's tables contradict themselves.
                [] | [_] => "ambiguous".to_string(),
                several => format!("ambiguous ({})", several.join(" or ")),
            },
            (Reading::Failed, _) => match &self.error {
                Some(error) => format!("failed ({})", error.name),
                None => "failed".to_string(),
            },
        }
    }

    /// Whether this is a DSMIL device that says of itself that it failed: a known value, other than
    /// a reading that failed.
    pub fn device_failed(&self) -> bool {
        self.family == "dsmil" && self.value.as_deref() == Some("failed")
    }

    /// Names of the values that the firmware's answer matches.
    pub fn candidates(&self) -> Vec<&str> {
        self.values
            .iter()
            .filter(|value| value.active)
            .map(|value| value.name.as_str())
            .collect()
    }
}

/// Word of a `FAMILY_` number.
pub(super) fn family(number: u8) -> Word {
    word!("family", number, FAMILY_PLATFORM FAMILY_DSMIL)
}

/// Word of an `ACCESS_` number.
fn access(number: u8) -> Word {
    word!("access", number, ACCESS_READ_ONLY ACCESS_READ_WRITE)
}

/// Word of a `PRESENCE_` number.
fn presence(number: u8) -> Word {
    word!("presence", number, PRESENCE_FULL PRESENCE_PARTIAL PRESENCE_CONTRADICTORY)
}

/// Word of a `CLASS_` number.
fn class(number: u8) -> Word {
    word!("class", number, CLASS_SAFE CLASS_MONITORED CLASS_RESTRICTED CLASS_QUARANTINED
        CLASS_READ_ONLY)
}

/// A control whose reading differs between two listings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// E.g. `camera`.
    pub name: String,
    /// `platform` or `dsmil`.
    pub family: Word,
    /// In words, e.g. `enabled`, `unknown (raw 0x0003)`; `absent` where there was no such control.
    pub before: Word,
    /// The same, afterwards.
    pub after: Word,
}

/// Which controls differ, in the order of `after`, those that are gone at the end.
pub fn diff(before: &[Control], after: &[Control]) -> Vec<Difference> {
    let absent: Word = Cow::Borrowed("absent");
    let old: BTreeMap<u32, &Control> = before.iter().map(|c| (c.id, c)).collect();
    let new: BTreeMap<u32, &Control> = after.iter().map(|c| (c.id, c)).collect();
    let seen = |control: &Control| -> Word {
        let tamper = if control.tamper { ", tamper" } else { "" };
        Cow::Owned(format!("{}{tamper}", control.in_words()))
    };
    let changed = after.iter().filter_map(|now| match old.get(&now.id) {
        Some(was) if same_reading(was, now) => None,
        was => Some(Difference {
            name: now.name.clone(),
            family: now.family.clone(),
            before: was.map_or(absent.clone(), |was| seen(was)),
            after: seen(now),
        }),
    });
    let gone = before
        .iter()
        .filter(|was| !new.contains_key(&was.id))
        .map(|was| Difference {
            name: was.name.clone(),
            family: was.family.clone(),
            before: seen(was),
            after: absent.clone(),
        });
    changed.chain(gone).collect()
}

/// Everything about a control that a read of the firmware can change.
fn same_reading(a: &Control, b: &Control) -> bool {
    a.reading == b.reading
        && a.value == b.value
        && a.error == b.error
        && a.tamper == b.tamper
        && a.values == b.values
}
