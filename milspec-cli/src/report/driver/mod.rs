// SPDX-License-Identifier: GPL-2.0

//! The answers of the driver, as they stand in a report, and back again: a report opens as a
//! recording of the driver.
//!
//! Field by field, so that nothing is in a report that is not named here. A text that firmware made
//! up is not: of DSML0001 the version is, the name of who made it is not.

/// Copies fields that have the same names.
macro_rules! copy {
    ($from:ident, $to:ident, $($field:ident)+) => {
        $($to.$field = $from.$field;)+
    };
}

/// Copies what stands in a [`Status`] as the driver gives it, either way.
macro_rules! copy_status {
    ($from:ident, $to:ident) => {
        copy!($from, $to,
            generation properties standing deviations drifted degraded tampered
            mode_lines mode_present mode_reached mode_unreached dsmil_major dsmil_minor
            journal_next journal_overwritten
            anchor anchor_pcr anchored anchor_pending anchor_failures anchor_error
            last_request last_sequence last_outcome last_reason last_mode last_control
            last_needs last_error last_pid)
    };
}

/// The same of a [`Family`].
macro_rules! copy_family {
    ($from:ident, $to:ident) => {
        copy!($from, $to, state error controls unreadable firmware_calls)
    };
}

mod answers;

use crate::model::{
    access_word, class_word, clean, family_word, mode_word, presence_word, reason_word,
};
use crate::source::Source;
use milspec_posture::token_table::Token;
use milspec_uapi as uapi;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the driver said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// Its version.
    pub version: String,
    /// Major version of its ABI.
    pub abi_major: u16,
    /// Minor version.
    pub abi_minor: u16,
    /// How it stands.
    pub status: Status,
    /// Its controls.
    pub controls: Vec<Control>,
}

/// The answer to STATUS; numbers are those of `dell_milspec.h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Status {
    pub generation: u64,
    pub read_ms_ago: Option<u64>,
    pub properties: u32,
    pub mode: Option<String>,
    pub standing: u8,
    pub deviations: u32,
    pub drifted: u32,
    pub degraded: u32,
    pub tampered: u32,
    pub mode_lines: u32,
    pub mode_present: u32,
    pub mode_reached: u32,
    pub mode_unreached: u32,
    pub platform: Family,
    pub dsmil: Family,
    pub dsmil_major: u16,
    pub dsmil_minor: u16,
    pub journal_next: u64,
    pub journal_overwritten: u64,
    pub anchor: u8,
    pub anchor_pcr: u8,
    pub anchored: u64,
    pub anchor_pending: u32,
    pub anchor_failures: u32,
    pub anchor_error: u32,
    pub last_request: u64,
    pub last_sequence: u64,
    pub last_outcome: u8,
    pub last_reason: u8,
    pub last_mode: u8,
    pub last_control: u32,
    pub last_needs: u32,
    pub last_error: u32,
    pub last_pid: u32,
}

/// One family of controls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Family {
    pub state: u32,
    pub error: u32,
    pub controls: u32,
    pub unreadable: u32,
    pub firmware_calls: u64,
}

/// One control. What is not there is zero, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Control {
    pub id: u32,
    pub name: String,
    pub family: String,
    pub class: String,
    pub access: String,
    pub presence: String,
    pub reading: String,
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub error: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub properties: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub group: u32,
    pub changed: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub baseline: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub written: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub wanted: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub unreached: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub needs: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub depends: Vec<u32>,
    pub values: Vec<Value>,
}

/// One value of a control. It is present where nothing says that it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Value {
    pub name: String,
    pub class: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub token: u16,
    #[serde(default, skip_serializing_if = "is_default")]
    pub location: u16,
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub present: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub active: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub expected: Option<u16>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub read: Option<u32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub gate: Option<String>,
    /// Those that have no field here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub properties: u16,
}

/// Properties of a value that have fields of their own.
const NAMED: u16 = uapi::VALUE_PRESENT | uapi::VALUE_ACTIVE | uapi::VALUE_READ;

fn yes() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const READINGS: [(u8, &str); 4] = [
    (uapi::READING_KNOWN, "known"),
    (uapi::READING_UNKNOWN, "unknown"),
    (uapi::READING_AMBIGUOUS, "ambiguous"),
    (uapi::READING_FAILED, "failed"),
];

impl Driver {
    /// Asks the driver; makes no firmware call. `now` is the time since boot in nanoseconds.
    pub fn ask(source: &dyn Source, now: Option<u64>) -> nix::Result<Self> {
        let info = source.info()?;
        if info.abi_major != uapi::ABI_MAJOR {
            return Err(Errno::EPROTONOSUPPORT);
        }
        let status = source.status()?;
        let listing = source.controls()?;
        Ok(Self {
            version: clean(&info.driver_version),
            abi_major: info.abi_major,
            abi_minor: info.abi_minor,
            status: Status::of(&status, now),
            controls: listing.controls.iter().map(Control::of).collect(),
        })
    }

    /// Every location that it has read, with the answer.
    pub fn readings(&self) -> BTreeMap<u16, u32> {
        let values = self.controls.iter().flat_map(|control| &control.values);
        values
            .filter(|value| value.token != 0)
            .filter_map(|value| Some((value.location, value.read?)))
            .collect()
    }

    /// The tokens that it knows of.
    pub fn tokens(&self) -> Vec<Token> {
        let values = self.controls.iter().flat_map(|control| &control.values);
        values
            .filter(|value| value.token != 0 && value.present)
            .filter_map(|value| {
                Some(Token {
                    id: value.token,
                    location: value.location,
                    value: value.expected?,
                })
            })
            .collect()
    }
}

impl Status {
    fn of(wire: &uapi::Status, now: Option<u64>) -> Self {
        let ago = |now: u64| now.checked_sub(wire.refreshed_ns).map(|ns| ns / 1_000_000);
        let mut status = Self {
            read_ms_ago: now.filter(|_| wire.refreshed_ns != 0).and_then(ago),
            mode: (wire.mode != uapi::MODE_NONE).then(|| mode_word(wire.mode).into()),
            platform: Family::of(&wire.platform),
            dsmil: Family::of(&wire.dsmil),
            ..Self::default()
        };
        copy_status!(wire, status);
        status
    }
}

impl Family {
    fn of(wire: &uapi::FamilyStatus) -> Self {
        let mut family = Self::default();
        copy_family!(wire, family);
        family
    }
}

impl Control {
    fn of(wire: &uapi::Control) -> Self {
        let count = usize::from(wire.value_count);
        let values: Vec<Value> = wire.values.iter().take(count).map(Value::of).collect();
        let name = |index: u8| {
            let value = values.get(usize::from(index))?;
            Some(value.name.clone())
        };
        let reading = READINGS.iter().find(|(number, _)| *number == wire.reading);
        let depends = usize::from(wire.depend_count);
        Self {
            id: wire.id,
            name: clean(&wire.name),
            family: family_word(wire.family).into(),
            class: class_word(wire.control_class).into(),
            access: access_word(wire.access).into(),
            presence: presence_word(wire.presence).into(),
            reading: reading.map_or("unknown", |(_, word)| *word).into(),
            value: name(wire.current),
            error: wire.error,
            properties: wire.properties,
            group: wire.group,
            changed: wire.changed,
            baseline: name(wire.baseline),
            written: name(wire.written),
            wanted: name(wire.wanted),
            unreached: reason_word(wire.unreached_reason).map(Into::into),
            needs: wire.unreached_needs,
            depends: wire.depends.iter().take(depends).copied().collect(),
            values,
        }
    }
}

impl Value {
    fn of(wire: &uapi::ControlValue) -> Self {
        let has = |bit: u16| wire.properties & bit != 0;
        let read = has(uapi::VALUE_READ);
        Self {
            name: clean(&wire.name),
            class: class_word(wire.value_class).into(),
            token: wire.token,
            location: wire.location,
            present: has(uapi::VALUE_PRESENT),
            active: has(uapi::VALUE_ACTIVE),
            expected: read.then_some(wire.expected),
            read: read.then_some(wire.read),
            gate: reason_word(wire.gate).map(Into::into),
            properties: wire.properties & !NAMED,
        }
    }
}
