// SPDX-License-Identifier: GPL-2.0

//! What modes and plans are decided on: each control of this machine, in a few words.

use super::control::{Class, Family, Reading};

/// Index of the value `active` of a device of the family `dsmil`.
pub const ACTIVE: u8 = 1;

/// Most controls that a control depends on.
pub const DEPENDS: usize = 4;

/// One control of this machine.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Its number in the ABI: family in the upper half, number in the family in the lower.
    pub id: u32,
    /// Where it comes from.
    pub family: Family,
    /// What may be done to it.
    pub class: Class,
    /// The firmware has a way to change it.
    pub writable: bool,
    /// This model of machine is known not to survive a change of it.
    pub denied: bool,
    /// Family `dsmil`: number of its group.
    pub group: u8,
    /// How it stands.
    pub reading: Reading,
    /// Bit n: value n can be written on this machine.
    pub values: u8,
    /// What must be active before it can be, by position among the facts. A position that no fact
    /// has stands for a device that is not there, and keeps this one from being activated.
    pub depends: [Option<u16>; DEPENDS],
    /// What it had before the driver first changed it.
    pub baseline: Option<u8>,
}

impl Fact {
    /// The value in force, if it is known and could be written: what a change can be undone to.
    pub fn current(&self) -> Option<u8> {
        match self.reading {
            Reading::Known(value) if self.has(value) => Some(value),
            _ => None,
        }
    }

    /// The value that its owner gave it: the one before the driver first changed it.
    pub fn own(&self) -> Option<u8> {
        match self.baseline {
            Some(value) => Some(value).filter(|value| self.has(*value)),
            None => self.current(),
        }
    }

    /// Tells whether value `index` can be written on this machine.
    pub fn has(&self, index: u8) -> bool {
        1u8.checked_shl(index.into())
            .is_some_and(|bit| self.values & bit != 0)
    }

    /// Tells whether it is a device of the family `dsmil` that is active.
    pub fn is_active(&self) -> bool {
        self.family == Family::Dsmil && self.reading == Reading::Known(ACTIVE)
    }

    /// Number in its family.
    pub fn number(&self) -> usize {
        usize::try_from(self.id & 0xFFFF).unwrap_or(usize::MAX)
    }

    /// Says why it must not be changed to any value, or `None`. This is the one gate for all
    /// paths: invariant 1 rests on it.
    pub fn gate(&self, policy: &Policy) -> Option<Reason> {
        if self.class == Class::Quarantined {
            Some(Reason::Quarantined)
        } else if self.class == Class::ReadOnly || !self.writable {
            Some(Reason::ReadOnly)
        } else if self.denied {
            Some(Reason::Denied)
        } else if self.class == Class::Restricted && !policy.restricted_allowed {
            Some(Reason::Restricted)
        } else {
            None
        }
    }
}

/// What is allowed at the moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// The administrator has opened the class [`Class::Restricted`].
    pub restricted_allowed: bool,
    /// Latched in `paranoid-plus`.
    pub latched: bool,
    /// The caller accepts that `paranoid-plus` latches.
    pub confirmed: bool,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// This machine has no such control.
    NoControl,
    /// It has no such value on this machine.
    NoValue,
    /// The list names it more than once.
    Twice,
    /// It is quarantined.
    Quarantined,
    /// It cannot be changed on this machine.
    ReadOnly,
    /// It is restricted, and nobody opened that class.
    Restricted,
    /// This model is known not to survive the change.
    Denied,
    /// The present value is not known, or is none that could be put back.
    Unreadable,
    /// It needs the control with this id to be active, which it would not be; 0 for a control that
    /// this machine does not have.
    Dependency(u32),
    /// The control with this id depends on it, and would stay active.
    Needed(u32),
    /// Its dependencies lead back to itself.
    Cycle,
    /// Latched in `paranoid-plus`.
    Latched,
    /// `paranoid-plus` latches, and the caller did not accept that.
    Unconfirmed,
    /// The administrator wants no change that the TPM does not witness, and it cannot be read.
    NoTpm,
}

/// A refusal: nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The control that it is about, 0 where it is about the whole request.
    pub id: u32,
    /// Why.
    pub reason: Reason,
}
