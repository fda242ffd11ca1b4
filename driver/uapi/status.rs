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

/// [`Status::properties`]: latched in [`MODE_PARANOID_PLUS`](super::MODE_PARANOID_PLUS) until the
/// next boot.
pub const STATUS_LATCHED: u32 = 1;
/// [`Status::properties`]: a control was changed that takes effect at the next boot, as far as the
/// driver can know.
pub const STATUS_PENDING_REBOOT: u32 = 2;
/// [`Status::properties`]: controls of class [`CLASS_RESTRICTED`](super::CLASS_RESTRICTED) may be
/// changed.
pub const STATUS_RESTRICTED_ALLOWED: u32 = 4;

/// [`Status::standing`]: the machine is in none of the modes.
pub const STANDING_CUSTOM: u8 = 0;
/// [`Status::standing`]: every control within reach is as the mode asks for.
pub const STANDING_EXACT: u8 = 1;
/// [`Status::standing`]: as the mode asks for, but for `deviations` controls.
pub const STANDING_DEVIATES: u8 = 2;

/// [`Status::anchor`]: there is no TPM, or none that the kernel had found when the module was
/// loaded: the journal is not anchored.
pub const ANCHOR_NONE: u8 = 0;
/// [`Status::anchor`]: committed changes are extended into the PCR.
pub const ANCHOR_READY: u8 = 1;
/// [`Status::anchor`]: the TPM could not be used the last time; `anchor_error` says why.
pub const ANCHOR_FAILED: u8 = 2;

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
    /// `STATUS_` bits. This field and those below are there from ABI 1.1 on.
    pub properties: u32,
    /// `MODE_` number of the mode that the machine is in, as `standing` says.
    pub mode: u8,
    /// `STANDING_` number.
    pub standing: u8,
    /// Zero.
    pub reserved2: u16,
    /// Controls that are not as the mode asks for: [`CONTROL_DEVIATES`](super::CONTROL_DEVIATES).
    pub deviations: u32,
    /// Controls that something else has changed: [`CONTROL_DRIFTED`](super::CONTROL_DRIFTED).
    pub drifted: u32,
    /// Controls that could not be put back: [`CONTROL_DEGRADED`](super::CONTROL_DEGRADED).
    pub degraded: u32,
    /// Controls that report tampering: [`CONTROL_TAMPER`](super::CONTROL_TAMPER).
    pub tampered: u32,
    /// Step that an apply under way is at, from 1, or 0. Not part of the snapshot.
    pub apply_step: u32,
    /// Number of steps of an apply under way, or 0. Not part of the snapshot.
    pub apply_steps: u32,
    /// How many controls the mode speaks of.
    pub mode_lines: u32,
    /// How many of them this machine has, with the value that the mode asks for.
    pub mode_present: u32,
    /// How many of those can be changed; see [`Apply::mode_reached`](super::Apply::mode_reached).
    pub mode_reached: u32,
    /// Zero.
    pub reserved3: u32,
    /// Sequence of the next record of the journal. This field and those below are there from ABI
    /// 1.2 on, and are not part of the snapshot.
    pub journal_next: u64,
    /// How many records have been overwritten: the oldest that can be read has the sequence after
    /// this number.
    pub journal_overwritten: u64,
    /// How many records are extended into the PCR.
    pub anchored: u64,
    /// How many records wait to be.
    pub anchor_pending: u32,
    /// How many records could not be.
    pub anchor_failures: u32,
    /// Positive errno of the last time that the TPM could not be used, 0 when it last could.
    pub anchor_error: u32,
    /// How many refused requests have no record yet: see
    /// [`KIND_SUPPRESSED`](super::KIND_SUPPRESSED).
    pub suppressed: u32,
    /// `ANCHOR_` number.
    pub anchor: u8,
    /// Number of the PCR.
    pub anchor_pcr: u8,
    /// Zero.
    pub reserved4: [u8; 6],
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
    assert!(size_of::<Status>() == Status::SIZE_MIN as usize + 96);
    assert!(size_of::<Refresh>() == Refresh::SIZE_MIN as usize);
};
