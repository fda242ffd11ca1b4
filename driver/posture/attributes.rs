// SPDX-License-Identifier: GPL-2.0

//! What the class `firmware-attributes` offers, and how it says no.
//!
//! Its ABI is `Documentation/ABI/testing/sysfs-class-firmware-attributes` of the kernel. A client of
//! it gets an error number and nothing else, so that this says more than the one number by which
//! other interfaces refuse.

use super::errno::{EACCES, EAGAIN, EBUSY, EINVAL, EIO, ENODATA, ENODEV, EPERM};
use super::fact::{Fact, Policy, Reason};
use super::mode::{Mode, MODES};

/// Name of the attribute for the mode of the machine. No control has it.
pub const MODE: &str = "mode";

/// What the attribute for the mode is, for people.
pub const MODE_LABEL: &str = "Mode of all security controls";

/// What is shown where the value is not known: reading never fails. No value has this name.
pub const UNKNOWN: &str = "unknown";

/// The modes that can be asked for. `paranoid-plus` is not: it latches until the next boot, and
/// here is no place to confirm that.
pub fn modes() -> impl Iterator<Item = Mode> {
    let latches = |mode: &Mode| *mode == Mode::ParanoidPlus;
    MODES.into_iter().filter(move |mode| !latches(mode))
}

impl Fact {
    /// Tells whether the value can be asked for, as long as the machine and what the administrator
    /// allows are as they are, and the control is not given another value.
    pub fn offers(&self, value: u8, policy: &Policy) -> bool {
        self.refuses(value, policy).is_none()
    }

    /// Tells whether there is a choice: whether the control has an attribute.
    pub fn is_settable(&self, policy: &Policy) -> bool {
        // There is a bit for each.
        let mut values = (0..8).filter(|value| self.offers(*value, policy));
        values.next().is_some() && values.next().is_some()
    }
}

/// The error number for a request that was refused.
pub fn refused(reason: Reason) -> u32 {
    match reason {
        Reason::NoControl => ENODEV,
        Reason::NoValue | Reason::Twice => EINVAL,
        Reason::Quarantined
        | Reason::ReadOnly
        | Reason::Restricted
        | Reason::Denied
        | Reason::Latched
        | Reason::Unconfirmed
        | Reason::NoTpm => EACCES,
        Reason::Unreadable | Reason::Unknown => ENODATA,
        Reason::Dependency(_) | Reason::Needed(_) | Reason::Cycle => EBUSY,
    }
}

/// The error number for a request that was undone because of this one. A client takes `EAGAIN` for
/// a reason to try at once. Numbers that say that a request was refused say nothing else.
pub fn undone(error: u32) -> u32 {
    match error {
        0 | EPERM | EACCES | EINVAL | ENODATA | ENODEV => EIO,
        EAGAIN => EBUSY,
        other => other,
    }
}
