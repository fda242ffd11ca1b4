// SPDX-License-Identifier: GPL-2.0

//! What modes and plans are decided on: each control of this machine, in a few words.

use super::control::{Class, Family, Reading};

/// Index of the value `active` of a device of the family `dsmil`.
pub const ACTIVE: u8 = 1;

/// Most controls that a control depends on.
pub const DEPENDS: usize = 4;

/// What the driver remembers of a control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The value that it had before the driver first changed it, for as long as nobody else changes
    /// it: what others have changed is theirs.
    pub baseline: Option<u8>,
    /// The value that the driver last wrote, or last found where it should be. Stays when somebody
    /// else changes the control: that is its drift, until it is settled.
    pub written: Option<u8>,
    /// An apply failed, and could not put the old value back.
    pub degraded: bool,
    /// The value that it was last known to have; `None` after the driver has lost sight of it.
    pub seen: Option<u8>,
    /// The value that it was last known to have and that somebody could have given it.
    pub held: Option<u8>,
    /// The first value that it was known to have since the module was loaded.
    pub first: Option<u8>,
    /// It was found to have a value that the driver does not know, and that was said.
    pub strange: bool,
    /// Tampering was last known to be reported.
    pub tampered: bool,
}

/// One control of this machine, as the driver believes it to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Whether tampering with it is reported; `None` where that is not known.
    pub tamper: Option<bool>,
    /// Bit n: value n can be written on this machine.
    pub values: u8,
    /// Bit n: value n is written only where the class [`Class::Restricted`] is open.
    pub restricted: u8,
    /// Bit n: that value n may be written rests on tables alone: mainline keeps its token from user
    /// space, and nobody has reported a write of it on hardware.
    pub untried: u8,
    /// Bit n: value n is never written.
    pub forbidden: u8,
    /// It was there, and is not any more. What is remembered of it is kept.
    pub gone: bool,
    /// What must be active before it can be, by position among the facts. A position that no fact
    /// has stands for a device that is not there, and keeps this one from being activated.
    pub depends: [Option<u16>; DEPENDS],
    /// What is remembered of it.
    pub mark: Mark,
    /// The value that the mode of the machine asks for.
    pub wanted: Option<u8>,
    /// Why the mode of the machine cannot have the value that it asks for, where it cannot and has
    /// not got it.
    pub unreached: Option<Reason>,
    /// The generation at which what is read of it last changed.
    pub changed: u64,
}

impl Fact {
    /// A control that is there, of which nothing is read yet.
    pub const NEW: Self = Self {
        id: 0,
        family: Family::Platform,
        class: Class::ReadOnly,
        writable: false,
        denied: false,
        group: 0,
        reading: Reading::Unknown,
        tamper: None,
        values: 0,
        restricted: 0,
        untried: 0,
        forbidden: 0,
        gone: false,
        depends: [None; DEPENDS],
        mark: Mark {
            baseline: None,
            written: None,
            degraded: false,
            seen: None,
            held: None,
            first: None,
            strange: false,
            tampered: false,
        },
        wanted: None,
        unreached: None,
        changed: 0,
    };

    /// The value in force, if it is known and could be written: what a change can be undone to.
    pub fn current(&self) -> Option<u8> {
        match self.reading {
            Reading::Known(value) if self.has(value) => Some(value),
            _ => None,
        }
    }

    /// The value that its owner gave it: the one before the driver first changed it, or what
    /// somebody else has made of it since.
    pub fn own(&self) -> Option<u8> {
        match self.mark.baseline {
            Some(value) => Some(value).filter(|value| self.has(*value)),
            None => self.current(),
        }
    }

    /// Tells whether it has another value than the driver last wrote, or found where it should be.
    pub fn has_drifted(&self) -> bool {
        match (self.mark.written, self.reading) {
            (Some(written), Reading::Known(now)) => written != now,
            (Some(_), Reading::Unknown | Reading::Ambiguous) => true,
            (Some(_), Reading::Failed(_)) | (None, _) => false,
        }
    }

    /// Tells whether it is not as the mode of the machine asks.
    pub fn deviates(&self) -> bool {
        let wanted = self.wanted.filter(|_| self.unreached.is_none());
        wanted.is_some_and(|wanted| self.current() != Some(wanted))
    }

    /// Tells whether a change of it waits for the next boot, as far as the driver can know. What a
    /// setting's token says is what the firmware will do then; a DSMIL device says what is.
    pub fn is_pending(&self) -> bool {
        match (self.family, self.mark.first, self.reading) {
            (Family::Platform, Some(first), Reading::Known(now)) => first != now,
            _ => false,
        }
    }

    /// Tells whether the firmware could be read, and the present value is none that could be put
    /// back: the control cannot be changed.
    pub fn is_strange(&self) -> bool {
        self.current().is_none() && !matches!(self.reading, Reading::Failed(_))
    }

    /// Tells whether value `index` can be written on this machine.
    pub fn has(&self, index: u8) -> bool {
        is_in(self.values, index)
    }

    /// Tells whether it is a device of the family `dsmil` that is active.
    pub fn is_active(&self) -> bool {
        self.family == Family::Dsmil && self.reading == Reading::Known(ACTIVE)
    }

    /// Tells whether it is a device of the family `dsmil` that is active, for all that is known.
    pub fn may_be_active(&self) -> bool {
        let is_not = matches!(self.reading, Reading::Known(state) if state != ACTIVE);
        self.family == Family::Dsmil && !self.gone && !is_not
    }

    /// Number in its family.
    pub fn number(&self) -> usize {
        usize::try_from(self.id & 0xFFFF).unwrap_or(usize::MAX)
    }

    /// Says why it must not be given the value `index`, or `None`. With [`refuses`](Self::refuses)
    /// this is the one gate for all paths: invariant 1 rests on it.
    pub fn gate(&self, index: u8, policy: &Policy) -> Option<Reason> {
        if self.gone {
            Some(Reason::NoControl)
        } else if self.class == Class::Quarantined {
            Some(Reason::Quarantined)
        } else if self.class == Class::ReadOnly || !self.writable {
            Some(Reason::ReadOnly)
        } else if is_in(self.forbidden, index) {
            Some(Reason::Quarantined)
        } else if self.denied {
            Some(Reason::Denied)
        } else if self.class_of(index) == Class::Restricted && !policy.restricted_allowed {
            Some(Reason::Restricted)
        } else if !self.has(index) {
            Some(Reason::NoValue)
        } else {
            None
        }
    }

    /// Says why it must not be changed to the value `index`, or `None`. Where the value that it has
    /// must not be given to it, a change could not be undone.
    pub fn refuses(&self, index: u8, policy: &Policy) -> Option<Reason> {
        let back = self.current().filter(|current| *current != index);
        let back = back.and_then(|current| self.gate(current, policy));
        self.gate(index, policy).or(back)
    }

    /// Tells whether a write of value `index` was never yet seen on hardware, as far as the driver knows,
    /// and mainline would refuse it to user space.
    pub fn is_untried(&self, index: u8) -> bool {
        is_in(self.untried, index)
    }

    /// What may be done to it by giving it the value `index`: the stricter of its own class and of
    /// what that value alone needs.
    pub fn class_of(&self, index: u8) -> Class {
        let value = if is_in(self.forbidden, index) {
            Class::Quarantined
        } else if is_in(self.restricted, index) {
            Class::Restricted
        } else if is_in(self.untried, index) {
            Class::Monitored
        } else {
            Class::Safe
        };
        self.class.max(value)
    }
}

/// Tells whether bit `index` is set.
fn is_in(bits: u8, index: u8) -> bool {
    let bit = 1u8.checked_shl(index.into());
    bit.is_some_and(|bit| bits & bit != 0)
}

/// What is wanted of one control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    #[default]
    Nothing,
    /// This value.
    Value(u8),
    /// This value, by a line of the mode that cannot reach the control, for this reason.
    OutOfReach(u8, Reason),
}

/// What is allowed at the moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// The administrator has opened the class [`Class::Restricted`].
    pub restricted_allowed: bool,
    /// Latched in `paranoid-plus`.
    pub latched: bool,
    /// A family of controls that the machine has could not be read, or is of no use: nobody knows
    /// what of a mode is missing.
    pub blind: bool,
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
    /// Reading it failed. A mode is refused as well, until it can be read.
    Unreadable,
    /// The present value is none that the driver knows or could put back. A mode leaves it out.
    Unknown,
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
