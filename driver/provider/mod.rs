// SPDX-License-Identifier: GPL-2.0

//! What reads one family of controls.

use crate::posture::{
    control::{
        Answer,
        Presence,
        Reading, //
    },
    fact::{
        Fact,
        DEPENDS, //
    },
    setting::VALUES, //
};
use kernel::prelude::*;

mod dsmil;
mod tokens;
mod training;

pub(crate) use crate::kapi::error::errno;
pub(crate) use dsmil::{
    described as described_devices,
    Dsmil, //
};
pub(crate) use tokens::{
    described as described_settings,
    Tokens, //
};
pub(crate) use training::{
    Bench,
    Copy, //
};

/// One value of a control, and what the firmware answered for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    /// Id of the SMBIOS token, 0 for other families.
    pub(crate) token: u16,
    /// Location of the SMBIOS token, 0 for other families.
    pub(crate) location: u16,
    /// It may cut the machine off from a network.
    pub(crate) cuts_network: bool,
    pub(crate) answer: Answer,
}

impl Value {
    const NONE: Self = Self {
        name: "",
        token: 0,
        location: 0,
        cuts_network: false,
        answer: Answer::Absent,
    };
}

/// What is shown of a control, and what the firmware last answered for it. What is decided on is
/// its `posture::fact::Fact`.
#[derive(Clone)]
pub(crate) struct Details {
    /// The same on every machine: family in the upper half, number in the family in the lower.
    pub(crate) id: u32,
    pub(crate) presence: Presence,
    /// ASCII, padded with zero bytes.
    pub(crate) name: [u8; 32],
    /// ASCII, padded with zero bytes.
    pub(crate) label: [u8; 64],
    values: [Value; VALUES],
    value_count: usize,
    depends: [u32; DEPENDS],
    depend_count: usize,
}

impl Details {
    /// Those of no control.
    pub(crate) const NONE: Self = Self {
        id: 0,
        presence: Presence::Full,
        name: [0; 32],
        label: [0; 64],
        values: [Value::NONE; VALUES],
        value_count: 0,
        depends: [0; DEPENDS],
        depend_count: 0,
    };

    /// Its values, in the order of their numbers.
    pub(crate) fn values(&self) -> &[Value] {
        self.values.get(..self.value_count).unwrap_or_default()
    }

    /// Takes in what the firmware answered for each value. Says whether any answer is another one
    /// than before. What was not asked stays as it was last answered.
    pub(crate) fn take(&mut self, answers: &[Answer; VALUES]) -> bool {
        let mut altered = false;
        for (value, answer) in self.values.iter_mut().zip(answers).take(self.value_count) {
            if *answer != Answer::Unread {
                altered |= value.answer != *answer;
                value.answer = *answer;
            }
        }
        altered
    }

    /// What the firmware last answered for each value.
    pub(crate) fn answers(&self) -> [Answer; VALUES] {
        self.values.map(|value| value.answer)
    }

    /// Ids of the controls that must be active before it can be.
    pub(crate) fn depends(&self) -> &[u32] {
        self.depends.get(..self.depend_count).unwrap_or_default()
    }
}

/// One control, as it was just read.
pub(crate) struct Readout {
    pub(crate) id: u32,
    pub(crate) reading: Reading,
    /// Whether the firmware reports tampering with it; `None` where that is not known.
    pub(crate) tamper: Option<bool>,
    /// What the firmware answered for each value; what was not asked is [`Answer::Unread`].
    pub(crate) answers: [Answer; VALUES],
}

/// One reading of a whole family.
pub(crate) struct FamilyReading {
    pub(crate) controls: KVVec<Readout>,
    /// Why nothing at all could be read.
    pub(crate) error: Option<Error>,
}

/// What reads one family of controls.
pub(crate) trait Provider {
    /// Hands each control to `take`, with what is shown of it. Makes no firmware call.
    ///
    /// # Errors
    ///
    /// Those of `take`.
    fn describe(&self, take: &mut dyn FnMut(Fact, Details) -> Result) -> Result;

    /// Reads all controls, with as few firmware calls as the family allows. Sleeps. `known` tells
    /// the value that the control of an id was last known to have: what is asked first. `go_on` is
    /// asked before each of these calls, and what it fails with ends the reading.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, or what `go_on` fails with: there is no reading. That the firmware fails is a
    /// reading.
    fn read(
        &mut self,
        known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<FamilyReading>;

    /// Writes value `to` of the control `id`; `from` is the value believed to be in force. Makes
    /// one firmware call, or a few where the firmware says that it is busy. `key` is the security
    /// key of the firmware's administrator password.
    ///
    /// Whether it may be done is not asked here but in `posture::fact::Fact::gate`; only tokens
    /// that are not settings are refused once more.
    ///
    /// # Errors
    ///
    /// `ENOENT` when there is no such control or value, `EPERM` for such a token, or the errno of
    /// what the firmware answered. `EAGAIN` says that the firmware has compared, found another value
    /// than `from` and written nothing: there is nothing to undo. A family whose firmware does not
    /// compare never gives it.
    fn write(&self, id: u32, from: u8, to: u8, key: u16) -> Result;

    /// Reads what a change of a control concerns, and nothing else. That the firmware fails is a
    /// reading.
    fn read_back(&self, control: &Details) -> Readout;

    /// Tells whether the firmware's administrator password stands in the way of changes. Makes a
    /// firmware call where there can be one.
    fn asks_for_key(&self) -> bool {
        false
    }

    /// Returns the number of firmware calls made so far, failed ones included.
    fn firmware_calls(&self) -> u64;
}

/// What reads and writes a family: of the machine, or of a copy to practise on.
pub(crate) enum Source<P> {
    /// Firmware.
    Machine(P),
    /// Memory.
    Copy(Copy),
}

impl<P: Provider> Source<P> {
    fn provider(&self) -> &dyn Provider {
        match self {
            Self::Machine(provider) => provider,
            Self::Copy(copy) => copy,
        }
    }
}

impl<P: Provider> Provider for Source<P> {
    fn describe(&self, take: &mut dyn FnMut(Fact, Details) -> Result) -> Result {
        self.provider().describe(take)
    }

    fn read(
        &mut self,
        known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<FamilyReading> {
        match self {
            Self::Machine(provider) => provider.read(known, go_on),
            Self::Copy(copy) => copy.read(known, go_on),
        }
    }

    fn write(&self, id: u32, from: u8, to: u8, key: u16) -> Result {
        self.provider().write(id, from, to, key)
    }

    fn read_back(&self, control: &Details) -> Readout {
        self.provider().read_back(control)
    }

    fn asks_for_key(&self) -> bool {
        self.provider().asks_for_key()
    }

    fn firmware_calls(&self) -> u64 {
        self.provider().firmware_calls()
    }
}
