// SPDX-License-Identifier: GPL-2.0

//! What reads one family of controls.

use crate::posture::{
    control::{
        Answer,
        Class,
        Family,
        Presence,
        Reading, //
    },
    setting::VALUES, //
};
use kernel::prelude::*;

mod dsmil;
mod tokens;

pub(crate) use dsmil::Dsmil;
pub(crate) use tokens::Tokens;

/// Most controls that a control depends on.
pub(crate) const DEPENDS: usize = 4;

/// One value of a control, and what the firmware answered for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    /// Id of the SMBIOS token, 0 for other families.
    pub(crate) token: u16,
    /// Location of the SMBIOS token, 0 for other families.
    pub(crate) location: u16,
    pub(crate) answer: Answer,
}

impl Value {
    const NONE: Self = Self {
        name: "",
        token: 0,
        location: 0,
        answer: Answer::Absent,
    };
}

/// One control, as last read.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Control {
    /// The same on every machine: family in the upper half, number in the family in the lower.
    pub(crate) id: u32,
    pub(crate) family: Family,
    pub(crate) class: Class,
    /// The firmware has a way to change it. Whether it may be is `class`' to say.
    pub(crate) writable: bool,
    pub(crate) presence: Presence,
    pub(crate) reading: Reading,
    /// The firmware reports tampering with it.
    pub(crate) tamper: bool,
    /// Group, 0 for families without groups.
    pub(crate) group: u8,
    /// ASCII, padded with zero bytes.
    pub(crate) name: [u8; 32],
    /// ASCII, padded with zero bytes.
    pub(crate) label: [u8; 64],
    values: [Value; VALUES],
    value_count: usize,
    depends: [u32; DEPENDS],
    depend_count: usize,
    /// Generation at which the reading last changed.
    pub(crate) changed: u64,
}

impl Control {
    /// Its values, in the order of their numbers.
    pub(crate) fn values(&self) -> &[Value] {
        self.values.get(..self.value_count).unwrap_or_default()
    }

    /// Ids of the controls that must be active before it can be.
    pub(crate) fn depends(&self) -> &[u32] {
        self.depends.get(..self.depend_count).unwrap_or_default()
    }

    /// Tells whether two readings of one control say the same.
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        self.reading == other.reading
            && self.tamper == other.tamper
            && self.presence == other.presence
            && self.values() == other.values()
    }
}

/// One reading of a whole family.
pub(crate) struct FamilyReading {
    pub(crate) controls: KVVec<Control>,
    /// Why nothing at all could be read.
    pub(crate) error: Option<Error>,
}

/// What reads one family of controls.
pub(crate) trait Provider {
    /// Reads all controls, with as few firmware calls as the family allows. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`: there is no reading. That the firmware fails is a reading.
    fn read(&self) -> Result<FamilyReading>;

    /// Returns the number of firmware calls made so far, failed ones included.
    fn firmware_calls(&self) -> u64;
}

/// Returns the positive errno of an error.
pub(crate) fn errno(error: Error) -> u32 {
    error.to_errno().unsigned_abs()
}
