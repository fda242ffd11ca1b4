// SPDX-License-Identifier: GPL-2.0

//! What the words of plans and refusals are on the wire. Records of the journal and answers to
//! requests carry the same numbers, so that they stand below both; a test compares them with those
//! of `uapi`. Those of [`Mode`](super::mode::Mode) stand with the modes.

use super::fact::Reason;
use super::plan::Progress;

impl Progress {
    /// Its `STEP_` number.
    pub fn number(self) -> u8 {
        match self {
            Self::Planned => 0,
            Self::Done => 1,
            Self::Failed(_) => 2,
            Self::Undone => 3,
            Self::Degraded(_) => 4,
            Self::Moved => 5,
        }
    }

    /// Positive errno of what failed, else 0.
    pub fn error(self) -> u32 {
        match self {
            Self::Planned | Self::Done | Self::Undone | Self::Moved => 0,
            Self::Failed(error) | Self::Degraded(error) => error,
        }
    }
}

impl Reason {
    /// Its `REASON_` number. That of no reason is 0.
    pub fn number(self) -> u8 {
        match self {
            Self::NoControl => 1,
            Self::NoValue => 2,
            Self::Twice => 3,
            Self::Quarantined => 4,
            Self::ReadOnly => 5,
            Self::Restricted => 6,
            Self::Denied => 7,
            Self::Unreadable => 8,
            Self::Dependency(_) => 9,
            Self::Needed(_) => 10,
            Self::Cycle => 11,
            Self::Latched => 12,
            Self::Unconfirmed => 13,
            Self::NoTpm => 14,
            Self::Unknown => 15,
        }
    }

    /// Id of the other control that it speaks of, else 0.
    pub fn needs(self) -> u32 {
        match self {
            Self::Dependency(id) | Self::Needed(id) => id,
            _ => 0,
        }
    }
}
