// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

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
/// [`Status::properties`]: the module was loaded with `require_tpm=1`: changes are refused while the
/// TPM cannot be read ([`REASON_NO_TPM`](super::REASON_NO_TPM)).
pub const STATUS_TPM_REQUIRED: u32 = 8;
/// [`Status::properties`]: a training is under way ([`IOC_TRAINING`](super::IOC_TRAINING)): all of this
/// is said of a copy in memory, not of the machine.
pub const STATUS_TRAINING: u32 = 16;

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
/// [`Status::anchor`], with [`STATUS_TRAINING`]: `anchored` counts records of the training that would be
/// extended. No TPM is asked, and no record of a training has
/// [`EVENT_ANCHORED`](super::EVENT_ANCHORED).
pub const ANCHOR_TRAINING: u8 = 3;

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
    /// Firmware calls made for this family since it was found, failed ones included: `platform` is
    /// found when the module is loaded, `dsmil` each time that the driver binds to `DSML0001`.
    pub firmware_calls: u64,
    /// When it was last read, in nanoseconds of `CLOCK_BOOTTIME`; 0 where it is absent.
    pub refreshed_ns: u64,
    /// Zero.
    pub reserved: u64,
}

/// Answer of [`IOC_STATUS`](super::IOC_STATUS).
///
/// The fields up to `dsmil_implementation` belong together: they are of one generation, but for
/// `apply_step` and `apply_steps`. Those below say how the journal stands and how the last request
/// for a change ended, at the time of the call.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Status {
    /// Size and flags of this request.
    pub head: Head,
    /// Grows whenever anything is different from before: a value, a control, an error, what the
    /// driver remembers of a control, the mode.
    pub generation: u64,
    /// When all controls were last read, in nanoseconds of `CLOCK_BOOTTIME`: those of the family of
    /// which that is longest ago.
    pub refreshed_ns: u64,
    /// `STATUS_` bits.
    pub properties: u32,
    /// `MODE_` number of the mode that the machine is in, as `standing` says.
    pub mode: u8,
    /// `STANDING_` number.
    pub standing: u8,
    /// Zero.
    pub reserved: u16,
    /// Controls that are not as the mode asks for: [`CONTROL_DEVIATES`](super::CONTROL_DEVIATES).
    pub deviations: u32,
    /// Controls that something else has changed: [`CONTROL_DRIFTED`](super::CONTROL_DRIFTED).
    pub drifted: u32,
    /// Controls that could not be put back: [`CONTROL_DEGRADED`](super::CONTROL_DEGRADED).
    pub degraded: u32,
    /// Controls that report tampering: [`CONTROL_TAMPER`](super::CONTROL_TAMPER).
    pub tampered: u32,
    /// How many controls the mode speaks of.
    pub mode_lines: u32,
    /// How many of them this machine has, with the value that the mode asks for.
    pub mode_present: u32,
    /// How many of those can be changed; see [`Apply::mode_reached`](super::Apply::mode_reached).
    pub mode_reached: u32,
    /// Controls that cannot have the value that the mode asks for, and have not got it:
    /// [`CONTROL_UNREACHED`](super::CONTROL_UNREACHED).
    pub mode_unreached: u32,
    /// Step that an apply under way is at, from 1, or 0.
    pub apply_step: u32,
    /// Number of steps of an apply under way, or 0.
    pub apply_steps: u32,
    /// The family `platform`.
    pub platform: FamilyStatus,
    /// The family `dsmil`.
    pub dsmil: FamilyStatus,
    /// Version of the DSML0001 interface of the firmware: major, 0 without one.
    pub dsmil_major: u16,
    /// Version of the DSML0001 interface of the firmware: minor.
    pub dsmil_minor: u16,
    /// Zero.
    pub reserved2: u32,
    /// Who made the DSML0001 firmware, in its own words.
    pub dsmil_implementation: [u8; 16],
    /// Sequence of the next record of the journal.
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
    pub reserved3: [u8; 6],
    /// Number of the request for a change that ended last, 0 when none has ended since the module
    /// was loaded: the one that [`Apply::request`](super::Apply::request) told its caller. Requests
    /// through other interfaces count as well; those of callers without a right, and those that are
    /// not well-formed, do not.
    pub last_request: u64,
    /// Sequence of the record in the journal that says how it ended, 0 with
    /// [`OUTCOME_NONE`](super::OUTCOME_NONE).
    pub last_sequence: u64,
    /// Its `OUTCOME_` number; [`OUTCOME_NONE`](super::OUTCOME_NONE) where the call failed with
    /// `last_error` and nothing was written to the firmware.
    pub last_outcome: u8,
    /// Its `REASON_` number.
    pub last_reason: u8,
    /// Its `MODE_` number.
    pub last_mode: u8,
    /// Zero.
    pub reserved4: u8,
    /// Id of the control that its outcome speaks of, as in
    /// [`Apply::control`](super::Apply::control).
    pub last_control: u32,
    /// Id of the other control that `last_reason` speaks of, else 0.
    pub last_needs: u32,
    /// Positive errno of its step that failed first, or of the call, else 0.
    pub last_error: u32,
    /// Who made it: process id (thread group) in the initial namespace.
    pub last_pid: u32,
    /// Zero.
    pub reserved5: u32,
    /// Zero.
    pub reserved6: [u64; 8],
}

impl Status {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 328;
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
    /// [`ANSWER_TRAINING`](super::ANSWER_TRAINING) or 0. What the caller has there is not looked at.
    pub properties: u32,
    /// Zero.
    pub reserved: u32,
}

impl Refresh {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 32;
}

const _: () = {
    assert!(size_of::<FamilyStatus>() == 40);
    assert!(size_of::<Status>() == Status::SIZE_MIN as usize);
    assert!(size_of::<Refresh>() == Refresh::SIZE_MIN as usize);
};
