// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! Wire types of `/dev/milspec`.
//!
//! This one source is compiled into the kernel module and into its clients, and the C header
//! `dell_milspec.h` beside it is generated from it. Nothing here depends on anything of ours.
//!
//! Every request is an `ioctl()` on `/dev/milspec` whose argument points at a structure that
//! starts with its own size in bytes. The size says which version of the structure the caller
//! knows:
//!
//! - smaller than the structure of version 1.0, its `SIZE_MIN`: `EINVAL`;
//! - larger than the driver's version: the bytes that the driver does not know must be zero, else
//!   `E2BIG`; it leaves them as they are;
//! - larger than [`SIZE_MAX`]: `E2BIG`;
//! - in between: the driver fills the part that the caller has room for.
//!
//! Arrays that a request points at have a stride beside their address: the size of one element, as
//! the caller knows it. It is a multiple of 8, at least the element's `SIZE_MIN` and at most
//! [`SIZE_MAX`], else `EINVAL`. Of an element that the driver reads, the bytes that it does not
//! know must be zero, else `E2BIG`; of one that it writes, it sets them to zero.
//!
//! So a new field is appended, 0 means "as before", and old and new callers and drivers mix
//! within one major version. All structures have the same layout for 32-bit and 64-bit callers.
//! `flags` and fields named `reserved` must be zero in what the driver reads, else `EINVAL`, and are
//! zero in what it writes. Text is ASCII, padded with zero bytes, and not terminated when it fills
//! its field.
//!
//! `read()` gives the journal: see [`Event`].

use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

mod apply;
mod control;
mod event;
mod info;
mod status;
mod training;

pub use apply::{
    Apply, Step, Target, APPLY_CONFIRM_LATCH, APPLY_LINES, APPLY_MACHINE, APPLY_TRAINING,
    MODE_BASELINE, MODE_ENHANCED, MODE_NONE, MODE_PARANOID, MODE_PARANOID_PLUS, MODE_STANDARD,
    OUTCOME_CONFLICT, OUTCOME_DEGRADED, OUTCOME_DONE, OUTCOME_NONE, OUTCOME_PLANNED,
    OUTCOME_REFUSED, OUTCOME_UNDONE, REASON_CYCLE, REASON_DENIED, REASON_DEPENDENCY,
    REASON_LATCHED, REASON_NEEDED, REASON_NONE, REASON_NO_CONTROL, REASON_NO_TPM, REASON_NO_VALUE,
    REASON_QUARANTINED, REASON_READ_ONLY, REASON_RESTRICTED, REASON_TWICE, REASON_UNCONFIRMED,
    REASON_UNKNOWN, REASON_UNREADABLE, STEPS_MAX, STEP_DEGRADED, STEP_DONE, STEP_FAILED,
    STEP_HOLDS, STEP_MOVED, STEP_OUT_OF_REACH, STEP_PLANNED, STEP_UNDONE, TARGETS_MAX,
    TARGET_ACCEPT, TARGET_LEAVE,
};
pub use control::{
    Control, ControlValue, Controls, ACCESS_READ_ONLY, ACCESS_READ_WRITE, CLASS_MONITORED,
    CLASS_QUARANTINED, CLASS_READ_ONLY, CLASS_RESTRICTED, CLASS_SAFE, CONTROL_DEGRADED,
    CONTROL_DENIED, CONTROL_DEPENDS, CONTROL_DEVIATES, CONTROL_DRIFTED, CONTROL_PENDING_REBOOT,
    CONTROL_TAMPER, CONTROL_UNREACHED, CONTROL_VALUES, FAMILY_DSMIL, FAMILY_PLATFORM, INDEX_NONE,
    PRESENCE_CONTRADICTORY, PRESENCE_FULL, PRESENCE_PARTIAL, READING_AMBIGUOUS, READING_FAILED,
    READING_KNOWN, READING_UNKNOWN, VALUE_ACTIVE, VALUE_CUTS_NETWORK, VALUE_PRESENT, VALUE_READ,
    VALUE_UNTRIED,
};
pub use event::{
    Event, EVENT_ANCHORED, EVENT_CHAINED, EVENT_DRIFT, EVENT_LIST, EVENT_PCR, EVENT_SIZE,
    EVENT_TRAINING, EVENT_UNCHAINED, KIND_ACCEPTED, KIND_ANCHOR_FAILED, KIND_APPLY_BEGUN,
    KIND_APPLY_ENDED, KIND_BIND, KIND_GAP, KIND_INJECTED, KIND_LATCH, KIND_LOAD,
    KIND_OUTSIDE_CHANGE, KIND_REFUSED, KIND_RESUME, KIND_STEP, KIND_SUPPRESSED, KIND_TAMPER,
    KIND_TRAINING_BEGUN, KIND_TRAINING_ENDED, KIND_UNBIND, LOGIN_UID_NONE, ORIGIN_DRIVER,
    ORIGIN_FIRMWARE_ATTRIBUTES, ORIGIN_IOCTL, ORIGIN_SYSFS, SEVERITY_ERROR, SEVERITY_INFO,
    SEVERITY_NOTICE, SEVERITY_WARNING,
};
pub use info::{Info, INFO_FORCED};
pub use status::{
    FamilyStatus, Refresh, Status, ANCHOR_FAILED, ANCHOR_NONE, ANCHOR_READY, ANCHOR_TRAINING,
    FAMILY_ABSENT, FAMILY_FAILED, FAMILY_READY, STANDING_CUSTOM, STANDING_DEVIATES, STANDING_EXACT,
    STATUS_LATCHED, STATUS_PENDING_REBOOT, STATUS_RESTRICTED_ALLOWED, STATUS_TPM_REQUIRED,
    STATUS_TRAINING,
};
pub use training::{
    Training, ANSWER_TRAINING, INJECTIONS_MAX, INJECT_CLEAR, INJECT_LOOK, INJECT_READ_FAILS,
    INJECT_SLOW, INJECT_SLOW_MAX, INJECT_TAMPER, INJECT_VALUE, INJECT_WRITE_FAILS,
    INJECT_WRITE_IGNORED, TRAINING_DEVICES_MAX, TRAINING_DEVICE_SIZE, TRAINING_FOLLOW,
    TRAINING_INJECT, TRAINING_ON, TRAINING_START, TRAINING_STATE, TRAINING_STOP,
    TRAINING_TOKENS_MAX,
};

/// Name of the device node below `/dev`.
pub const DEVICE_NAME: &str = "milspec";

/// Major version of this interface. A client refuses a driver with another one.
pub const ABI_MAJOR: u16 = 1;

/// Minor version of this interface: it grows when a field, flag or request is added.
pub const ABI_MINOR: u16 = 0;

/// Largest size, in bytes, that a request may state for its own structure, and largest stride.
pub const SIZE_MAX: u32 = 4096;

/// `ioctl()` type byte of all requests. Not used by any entry of the kernel's
/// `Documentation/userspace-api/ioctl/ioctl-number.rst`.
pub const IOC_TYPE: u32 = 0xDE;

/// What the driver is and what it found: fills [`Info`].
pub const IOC_INFO: u32 = iowr(0);

/// The state of the driver and its families: fills [`Status`]. Makes no firmware call.
pub const IOC_STATUS: u32 = iowr(1);

/// All controls as last read: fills [`Controls`] and its array. Makes no firmware call.
pub const IOC_CONTROLS: u32 = iowr(2);

/// Reads all controls from the firmware: fills [`Refresh`].
///
/// Firmware calls can stop every core for milliseconds, so this takes what a change takes: a
/// descriptor opened for writing (else `EBADF`) and `CAP_SYS_ADMIN` in the initial user namespace
/// (else `EPERM`).
pub const IOC_REFRESH: u32 = iowr(3);

/// What an apply would do now: fills [`Apply`] and its array of steps. Makes no firmware call.
///
/// What [`IOC_APPLY`] would refuse is an answer here: the call succeeds, with
/// [`OUTCOME_REFUSED`].
pub const IOC_PLAN: u32 = iowr(4);

/// Brings the controls to a target, all of them or none: fills [`Apply`] and its array of steps.
///
/// Everything is read first, as by [`IOC_REFRESH`], and the generation is checked after that. Each
/// step is read, written, read back and compared; when one fails, or a signal arrives, those before
/// it are undone in reverse, where nobody else has changed their controls since. Takes what [`IOC_REFRESH`] takes. Fails with `EACCES` when refused
/// ([`OUTCOME_REFUSED`]), `ECANCELED` when undone ([`OUTCOME_UNDONE`]), `EIO` when degraded
/// ([`OUTCOME_DEGRADED`]) and `EBUSY` on a conflict ([`OUTCOME_CONFLICT`]): the answer is filled then
/// as well. With any other error but `EFAULT` nothing was written to the firmware, and the answer is
/// as it was, but for `request`, for the array of steps, which may hold zeros, and for `step_count` with
/// `ENOSPC`.
///
/// All memory for the answer is written to before anything is done, `request` into it, and `EFAULT`
/// then means that nothing was done. Where that memory is gone when the answer is there, the call
/// fails with `EFAULT` as well: how the request ended is in [`Status::last_request`] and the fields
/// beside it until the next one ends, and in the journal.
pub const IOC_APPLY: u32 = iowr(5);

/// Begins and ends a training, and says how that stands: see [`Training`].
///
/// While there is one, all other requests but [`IOC_INFO`] and the files in sysfs speak of the copy,
/// and say so: [`STATUS_TRAINING`], [`ANSWER_TRAINING`], the file `training`. [`IOC_APPLY`] and [`IOC_REFRESH`] then
/// take nothing but an open descriptor; no firmware is written to. What was read before it began or
/// ended is of another generation.
pub const IOC_TRAINING: u32 = iowr(6);

/// The first eight bytes of every request.
///
/// The `ioctl()` numbers carry this structure's size, so that they stay the same when a request
/// grows.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Head {
    /// Size of the whole structure in bytes, as the caller knows it.
    pub size: u32,
    /// None defined: zero.
    pub flags: u32,
}

/// `_IOWR(IOC_TYPE, number, struct milspec_head)` of the kernel's `<asm-generic/ioctl.h>`, which is
/// what the C header says.
const fn iowr(number: u32) -> u32 {
    (3 << 30) | ((size_of::<Head>() as u32) << 16) | (IOC_TYPE << 8) | number
}

/// Returns the text in a zero-padded field, or `None` where it is not UTF-8.
pub fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|byte| *byte == 0);
    let bytes = field.get(..end.unwrap_or(field.len()))?;
    core::str::from_utf8(bytes).ok()
}

/// Makes a zero-padded field of `bytes`, cutting off what does not fit.
pub fn field<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    for (to, from) in field.iter_mut().zip(bytes) {
        *to = *from;
    }
    field
}
