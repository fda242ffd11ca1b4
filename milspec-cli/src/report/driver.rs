// SPDX-License-Identifier: GPL-2.0

//! The answers of the driver, as they stand in a report, and back again: a report opens as a
//! recording of the driver.
//!
//! A text that firmware made up is not in a report: of DSML0001 the version is, and neither who made
//! it nor what its devices are called.

use crate::model::{clean, Control};
use crate::source::Source;
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::Token;
use milspec_uapi as uapi;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zerocopy::FromZeros;

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
            generation properties mode standing deviations drifted degraded tampered
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
    /// Its controls, in the words of every document.
    pub controls: Vec<Control>,
}

/// The answer to STATUS; numbers are those of `dell_milspec.h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Status {
    pub generation: u64,
    pub read_ms_ago: Option<u64>,
    pub properties: u32,
    pub mode: u8,
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

impl Driver {
    /// Asks the driver; makes no firmware call. `now` is the time since boot in nanoseconds.
    pub fn ask(source: &dyn Source, now: Option<u64>) -> nix::Result<Self> {
        let info = source.info()?;
        if info.abi_major != uapi::ABI_MAJOR {
            return Err(Errno::EPROTONOSUPPORT);
        }
        let status = source.status()?;
        let mut controls = source.controls()?.controls;
        for control in &mut controls {
            let known = SETTINGS.iter().find(|known| known.name == control.name);
            control.label = known.map_or(&*control.name, |known| known.label).into();
        }
        Ok(Self {
            version: clean(&info.driver_version),
            abi_major: info.abi_major,
            abi_minor: info.abi_minor,
            status: Status::of(&status, now),
            controls,
        })
    }

    /// The answers to INFO, and to STATUS at this time since boot, again.
    pub fn answers(
        &self,
        [vendor, product, bios]: [&str; 3],
        now: u64,
        simulated: bool,
    ) -> (uapi::Info, uapi::Status) {
        let mut info = uapi::Info::new_zeroed();
        info.head.size = size_of::<uapi::Info>() as u32;
        (info.abi_major, info.abi_minor) = (self.abi_major, self.abi_minor);
        put(&mut info.driver_version, &self.version);
        put(&mut info.vendor, vendor);
        put(&mut info.product, product);
        put(&mut info.bios_version, bios);
        let mut status = self.status.answer(now);
        if simulated && status.dsmil_major != 0 {
            put(&mut status.dsmil_implementation, "SIMULATED");
        }
        (info, status)
    }

    /// Every location that it has read, with the answer.
    pub fn readings(&self) -> BTreeMap<u16, u32> {
        let values = self.controls.iter().flat_map(|control| &control.values);
        values
            .filter_map(|value| Some((value.location?, value.read?)))
            .collect()
    }

    /// The tokens that it knows of.
    pub fn tokens(&self) -> Vec<Token> {
        let values = self.controls.iter().flat_map(|control| &control.values);
        values
            .filter(|value| value.present)
            .filter_map(|value| {
                Some(Token {
                    id: value.token?,
                    location: value.location?,
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
            platform: Family::of(&wire.platform),
            dsmil: Family::of(&wire.dsmil),
            ..Self::default()
        };
        copy_status!(wire, status);
        status
    }

    fn answer(&self, now: u64) -> uapi::Status {
        let ago = self.read_ms_ago.map(|ms| ms.saturating_mul(1_000_000));
        let refreshed = ago.map_or(0, |ago| now.saturating_sub(ago));
        let mut wire = uapi::Status {
            refreshed_ns: refreshed,
            platform: self.platform.answer(refreshed),
            dsmil: self.dsmil.answer(refreshed),
            ..Default::default()
        };
        wire.head.size = size_of::<uapi::Status>() as u32;
        copy_status!(self, wire);
        wire
    }
}

impl Family {
    fn of(wire: &uapi::FamilyStatus) -> Self {
        let mut family = Self::default();
        copy_family!(wire, family);
        family
    }

    fn answer(&self, refreshed_ns: u64) -> uapi::FamilyStatus {
        let mut wire = uapi::FamilyStatus {
            refreshed_ns: if self.controls == 0 { 0 } else { refreshed_ns },
            ..Default::default()
        };
        copy_family!(self, wire);
        wire
    }
}

/// As much of a text as there is room for.
fn put(field: &mut [u8], text: &str) {
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}
