// SPDX-License-Identifier: GPL-2.0

//! The words for what a control is and how it stands.

/// Where controls come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Dell's SMBIOS tokens.
    Platform,
    /// Devices of the ACPI device `DSML0001`.
    Dsmil,
}

/// What may be done to a control, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// May be changed.
    Safe,
    /// May be changed; each change is worth an administrator's attention.
    Monitored,
    /// Changed only where a module parameter allows it.
    Restricted,
    /// Cannot be changed.
    ReadOnly,
    /// Never changed, by no path.
    Quarantined,
}

/// How completely a machine lists a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every value.
    Full,
    /// Some values.
    Partial,
    /// The machine's tables contradict themselves about it.
    Contradictory,
}

/// How a control stood when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The value with this index is in force.
    Known(u8),
    /// The firmware answered, but no value matches.
    Unknown,
    /// The firmware answered, but more than one value matches.
    Ambiguous,
    /// Reading failed, with this positive errno.
    Failed(u32),
}

/// What the firmware answered for one value of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The machine does not list this value.
    Absent,
    /// It was not asked: another location of the same cell has answered.
    Unread,
    /// The firmware could not be read, with this positive errno.
    Failed(u32),
    /// The firmware answered `read`; the value is in force when that equals `expected`.
    Read {
        /// The answer.
        read: u32,
        /// What it is when the value is in force.
        expected: u16,
    },
    /// The value has no answer of its own: it is in force when this says so, because the other
    /// values are not.
    Implied(bool),
    /// A copy to practise on, which has no firmware to read, has the value or has it not.
    Copied(bool),
}

impl Answer {
    /// Tells whether the value is in force.
    pub fn is_active(&self) -> bool {
        match self {
            Self::Absent | Self::Unread | Self::Failed(_) => false,
            Self::Read { read, expected } => *read == u32::from(*expected),
            Self::Implied(active) | Self::Copied(active) => *active,
        }
    }
}

/// Derives how a control stands from the answers for its values.
///
/// A failed answer outweighs a match elsewhere: with one value unread, "exactly one is in force"
/// is a guess. A match past the 256th answer has no index and is never reported as known.
pub fn reading(answers: impl Iterator<Item = Answer>) -> Reading {
    let mut found = Reading::Unknown;
    for (index, answer) in answers.enumerate() {
        match answer {
            Answer::Failed(errno) => return Reading::Failed(errno),
            _ if !answer.is_active() => {}
            _ => {
                found = match (found, u8::try_from(index)) {
                    (Reading::Unknown, Ok(index)) => Reading::Known(index),
                    _ => Reading::Ambiguous,
                }
            }
        }
    }
    found
}
