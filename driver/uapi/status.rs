// SPDX-License-Identifier: GPL-2.0

//! `IOC_STATUS` and `IOC_REFRESH`.

use super::Head;
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`FamilyStatus::state`]: this machine has no such family.
pub const FAMILY_ABSENT: u32 = 0;

/// [`FamilyStatus::state`]: found and last read without an error of the whole family.
pub const FAMILY_READY: u32 = 1;

/// [`FamilyStatus::state`]: found, but the last read failed as a whole; `error` says why.
pub const FAMILY_FAILED: u32 = 2;

/// State of one family of controls.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct FamilyStatus {
    /// One of `FAMILY_ABSENT`, `FAMILY_READY`, `FAMILY_FAILED`.
    pub state: u32,
    /// Positive errno of the last failure of the whole family, 0 without one.
    pub error: u32,
    /// Number of controls.
    pub controls: u32,
    /// How many of them have no known value: unknown, ambiguous or failed.
    pub unreadable: u32,
    /// Firmware calls made for this family since load, failed ones included.
    pub firmware_calls: u64,
}

/// Answer of [`IOC_STATUS`](super::IOC_STATUS).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Status {
    /// Size and flags of this request.
    pub head: Head,
    /// Grows whenever a read finds anything different: a value, a control, an error.
    pub generation: u64,
    /// When the controls were last read, in nanoseconds of `CLOCK_BOOTTIME`.
    pub refreshed_ns: u64,
    /// The family `platform`.
    pub platform: FamilyStatus,
    /// The family `dsmil`.
    pub dsmil: FamilyStatus,
    /// Version of the DSML0001 interface of the firmware: major, 0 without one.
    pub dsmil_major: u16,
    /// Version of the DSML0001 interface of the firmware: minor.
    pub dsmil_minor: u16,
    /// Zero.
    pub reserved: u32,
    /// Who made the DSML0001 firmware, in its own words.
    pub dsmil_implementation: [u8; 16],
}

impl Status {
    /// The size of the first released version.
    pub const SIZE_MIN: u32 = 96;
}

/// Answer of [`IOC_REFRESH`](super::IOC_REFRESH).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Refresh {
    /// Size and flags of this request.
    pub head: Head,
    /// Generation after reading.
    pub generation: u64,
    /// Controls whose reading differs from the one before.
    pub changed: u32,
    /// Firmware calls that this took.
    pub firmware_calls: u32,
}

impl Refresh {
    /// The size of the first released version.
    pub const SIZE_MIN: u32 = 24;
}

const _: () = {
    assert!(size_of::<Status>() == Status::SIZE_MIN as usize);
    assert!(size_of::<Refresh>() == Refresh::SIZE_MIN as usize);
};
