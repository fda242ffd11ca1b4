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
    fact::{
        Reason,
        DEPENDS, //
    },
    setting::VALUES, //
};
use kernel::prelude::*;

mod dsmil;
mod tokens;

pub(crate) use dsmil::Dsmil;
pub(crate) use tokens::Tokens;

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

/// What the driver has made of a control. Survives that the control goes away and comes back.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Value that it had before the driver first changed it.
    pub(crate) baseline: Option<u8>,
    /// Value that the driver last wrote, or last found where it should be.
    pub(crate) written: Option<u8>,
    /// An apply failed, and could not put the old value back.
    pub(crate) degraded: bool,
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
    /// This model of machine is known not to survive a change of it.
    pub(crate) denied: bool,
    /// What the driver has made of it.
    pub(crate) mark: Mark,
    /// Value that the mode of the snapshot asks for.
    pub(crate) wanted: Option<u8>,
    /// Why it cannot have that value, where it cannot and has not got it.
    pub(crate) unreached: Option<Reason>,
}

impl Control {
    /// Its values, in the order of their numbers.
    pub(crate) fn values(&self) -> &[Value] {
        self.values.get(..self.value_count).unwrap_or_default()
    }

    /// Which of its values can be written on this machine: bit n stands for value n.
    pub(crate) fn settable(&self) -> u8 {
        let mut bits = 0u8;
        for (bit, value) in (0u32..8).zip(self.values()) {
            let settable = match self.family {
                Family::Platform => value.token != 0 && value.answer != Answer::Absent,
                // `failed` is a state that a device has, not one that it can be given.
                Family::Dsmil => bit < 2,
            };
            if settable {
                bits |= 1 << bit;
            }
        }
        bits
    }

    /// Takes in what the firmware answered for the value with this index.
    fn take_answer(&mut self, index: usize, answer: Answer) {
        if let Some(value) = self.values.get_mut(index) {
            value.answer = answer;
        }
    }

    /// Ids of the controls that must be active before it can be.
    pub(crate) fn depends(&self) -> &[u32] {
        self.depends.get(..self.depend_count).unwrap_or_default()
    }

    /// The value in force, if it is known.
    pub(crate) fn current(&self) -> Option<u8> {
        match self.reading {
            Reading::Known(value) => Some(value),
            Reading::Unknown | Reading::Ambiguous | Reading::Failed(_) => None,
        }
    }

    /// Tells whether something else has changed what the driver wrote.
    pub(crate) fn has_drifted(&self) -> bool {
        matches!((self.mark.written, self.current()), (Some(written), Some(now)) if written != now)
    }

    /// Tells whether it is not as the mode of the snapshot asks.
    pub(crate) fn deviates(&self) -> bool {
        self.wanted.is_some() && self.unreached.is_none() && self.wanted != self.current()
    }

    /// Tells whether a change of it waits for the next boot, as far as the driver can know. What a
    /// setting's token says is what the firmware will do then; a DSMIL device says what is.
    pub(crate) fn is_pending(&self) -> bool {
        self.family == Family::Platform
            && self.mark.baseline.is_some()
            && self.mark.baseline != self.current()
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

    /// Writes value `to` of the control `id`; `from` is the value believed to be in force. Makes
    /// one firmware call. `key` is the security key of the firmware's administrator password.
    ///
    /// Whether it may be done is not asked here but in `posture::fact::Fact::gate`; only tokens
    /// that are not settings are refused once more.
    ///
    /// # Errors
    ///
    /// `ENOENT` when there is no such control or value, `EPERM` for such a token, or the errno of
    /// what the firmware answered.
    fn write(&self, id: u32, from: u8, to: u8, key: u16) -> Result;

    /// Reads of `control` what a change between the values `from` and `to` concerns, and nothing
    /// else. That the firmware fails is a reading.
    fn read_back(&self, control: &mut Control, from: u8, to: u8);

    /// Tells whether the firmware's administrator password stands in the way of changes. Makes a
    /// firmware call where there can be one.
    fn asks_for_key(&self) -> bool {
        false
    }

    /// Returns the number of firmware calls made so far, failed ones included.
    fn firmware_calls(&self) -> u64;
}

/// Returns the positive errno of an error.
pub(crate) fn errno(error: Error) -> u32 {
    error.to_errno().unsigned_abs()
}
