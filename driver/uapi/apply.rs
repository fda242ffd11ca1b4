// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! `IOC_PLAN` and `IOC_APPLY`: what would be done, and to do it.

use super::Head;
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`Apply::mode`]: no mode, only the targets of the list.
pub const MODE_NONE: u8 = 0;
/// [`Apply::mode`]: what each control had before the driver first changed it. The driver remembers
/// that until it is unloaded; a list says it of controls that a caller remembers, and from then on
/// the driver does too.
pub const MODE_BASELINE: u8 = 1;
/// [`Apply::mode`]: what costs no function of the machine.
pub const MODE_STANDARD: u8 = 2;
/// [`Apply::mode`]: closes paths into the machine that few people use.
pub const MODE_ENHANCED: u8 = 3;
/// [`Apply::mode`]: sensors, radios and removable media off.
pub const MODE_PARANOID: u8 = 4;
/// [`Apply::mode`]: all of that and stealth; latches until the next boot.
pub const MODE_PARANOID_PLUS: u8 = 5;

/// [`Apply::options`]: the caller accepts that this mode latches: no other mode, no deviation and
/// no unloading of the module before the next boot. Without it [`MODE_PARANOID_PLUS`] is refused,
/// unless it is latched already.
pub const APPLY_CONFIRM_LATCH: u32 = 1;

/// [`Apply::options`], of [`IOC_PLAN`](super::IOC_PLAN) only, with a mode and without a list: the
/// array is not for the steps but for all that the mode asks of this machine, each control that it
/// speaks of once, in no order: [`STEP_PLANNED`], [`STEP_HOLDS`] or [`STEP_OUT_OF_REACH`].
pub const APPLY_LINES: u32 = 2;

/// [`Apply::options`]: the request is meant for a training: outside of one it fails with `ENODEV`, and
/// nothing is done. With neither this nor [`APPLY_MACHINE`] a request is for what there is: in a training
/// for the copy.
pub const APPLY_TRAINING: u32 = 4;

/// [`Apply::options`]: the request is meant for the machine: in a training it fails with `EAGAIN`, and
/// nothing is done.
pub const APPLY_MACHINE: u32 = 8;

/// [`Apply::outcome`]: the driver has not answered.
pub const OUTCOME_NONE: u8 = 0;
/// [`Apply::outcome`]: the steps are what an apply would do now.
pub const OUTCOME_PLANNED: u8 = 1;
/// [`Apply::outcome`]: every step was done and read back; with no steps, everything held already.
pub const OUTCOME_DONE: u8 = 2;
/// [`Apply::outcome`]: refused before anything was written; `reason` says why.
pub const OUTCOME_REFUSED: u8 = 3;
/// [`Apply::outcome`]: a step failed, and everything is as it was before.
pub const OUTCOME_UNDONE: u8 = 4;
/// [`Apply::outcome`]: a step failed, and some controls could not be put back: those whose step is
/// [`STEP_DEGRADED`].
pub const OUTCOME_DEGRADED: u8 = 5;
/// [`Apply::outcome`]: a control was not as planned when its turn came, or somebody else changed it
/// meanwhile: what was done is undone where nobody else has changed it since. `control` is the one
/// that moved.
pub const OUTCOME_CONFLICT: u8 = 6;

/// [`Apply::reason`]: not refused.
pub const REASON_NONE: u8 = 0;
/// [`Apply::reason`]: this machine has no such control.
pub const REASON_NO_CONTROL: u8 = 1;
/// [`Apply::reason`]: the control has no such value on this machine.
pub const REASON_NO_VALUE: u8 = 2;
/// [`Apply::reason`]: the list names the control more than once.
pub const REASON_TWICE: u8 = 3;
/// [`Apply::reason`]: the control is quarantined.
pub const REASON_QUARANTINED: u8 = 4;
/// [`Apply::reason`]: the control cannot be changed on this machine.
pub const REASON_READ_ONLY: u8 = 5;
/// [`Apply::reason`]: the control is restricted, and the module was not loaded with
/// `allow_restricted=1`, or the kernel is locked down.
pub const REASON_RESTRICTED: u8 = 6;
/// [`Apply::reason`]: this model of machine is known not to survive the change.
pub const REASON_DENIED: u8 = 7;
/// [`Apply::reason`]: the control could not be read, so that its present value could not be put
/// back: a mode is refused as well, until it can be read.
pub const REASON_UNREADABLE: u8 = 8;
/// [`Apply::reason`]: it needs another control, `needs`, to be active, which it would not be.
pub const REASON_DEPENDENCY: u8 = 9;
/// [`Apply::reason`]: another control, `needs`, depends on it and would stay active.
pub const REASON_NEEDED: u8 = 10;
/// [`Apply::reason`]: its dependencies lead back to itself.
pub const REASON_CYCLE: u8 = 11;
/// [`Apply::reason`]: the driver is latched in [`MODE_PARANOID_PLUS`].
pub const REASON_LATCHED: u8 = 12;
/// [`Apply::reason`]: the mode latches, and [`APPLY_CONFIRM_LATCH`] was not given.
pub const REASON_UNCONFIRMED: u8 = 13;
/// [`Apply::reason`]: the module was loaded with `require_tpm=1`, and the TPM cannot be read.
pub const REASON_NO_TPM: u8 = 14;
/// [`Apply::reason`]: the control was read, and its present value is none that the driver knows or
/// could put back: a mode leaves the control out, a list that names it is refused.
pub const REASON_UNKNOWN: u8 = 15;

/// [`Step::state`]: not begun.
pub const STEP_PLANNED: u8 = 0;
/// [`Step::state`]: done, and read back.
pub const STEP_DONE: u8 = 1;
/// [`Step::state`]: failed with `error`; the old value is in force, or nothing was written because
/// the control could not be read.
pub const STEP_FAILED: u8 = 2;
/// [`Step::state`]: was done; the old value was put back, and read back.
pub const STEP_UNDONE: u8 = 3;
/// [`Step::state`]: the old value could not be put back, for `error`.
pub const STEP_DEGRADED: u8 = 4;
/// [`Step::state`]: the control was found changed by somebody else and left as it is: `now`.
pub const STEP_MOVED: u8 = 5;
/// [`Step::state`], with [`APPLY_LINES`]: the control has that value already.
pub const STEP_HOLDS: u8 = 6;
/// [`Step::state`], with [`APPLY_LINES`]: the control cannot have that value, for `reason`. With
/// [`REASON_UNREADABLE`] the whole mode is refused; else it leaves the control as it is.
pub const STEP_OUT_OF_REACH: u8 = 7;

/// [`Target::value`]: leave the control as it is, whatever the mode asks for.
pub const TARGET_LEAVE: u8 = 0xFF;
/// [`Target::value`]: take the value that the control has as it is: nothing is written, and its
/// drift is settled.
pub const TARGET_ACCEPT: u8 = 0xFE;

/// A control and the value that it shall have.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Target {
    /// [`Control::id`](super::Control::id).
    pub control: u32,
    /// Index in [`Control::values`](super::Control::values), [`TARGET_LEAVE`] or [`TARGET_ACCEPT`].
    pub value: u8,
    /// Zero.
    pub reserved: [u8; 3],
    /// Zero.
    pub reserved2: u64,
}

impl Target {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 16;
}

/// One step of a plan.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Step {
    /// [`Control::id`](super::Control::id).
    pub control: u32,
    /// Index of the value that it has; with [`APPLY_LINES`] also [`INDEX_NONE`](super::INDEX_NONE),
    /// where it is not known.
    pub from: u8,
    /// Index of the value that it shall have.
    pub to: u8,
    /// Index of the value that was found in force when the step ended in [`STEP_MOVED`] or
    /// [`STEP_DEGRADED`]; else, or where that is not known, [`INDEX_NONE`](super::INDEX_NONE).
    pub now: u8,
    /// `STEP_` number.
    pub state: u8,
    /// `REASON_` number with [`STEP_OUT_OF_REACH`], else 0.
    pub reason: u8,
    /// Zero.
    pub reserved: [u8; 3],
    /// Positive errno of what failed, else 0.
    pub error: u32,
    /// Id of the other control that `reason` speaks of, else 0.
    pub needs: u32,
    /// Zero.
    pub reserved2: u32,
    /// Zero.
    pub reserved3: u64,
}

impl Step {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 32;
}

/// Request and answer of [`IOC_PLAN`](super::IOC_PLAN) and [`IOC_APPLY`](super::IOC_APPLY).
///
/// The target is a mode, a list, or a mode with a list of exceptions from it; with neither, nothing
/// is to be done. [`MODE_PARANOID_PLUS`] takes no exceptions (`EINVAL`).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Apply {
    /// Size and flags of this request.
    pub head: Head,
    /// In: [`Status::generation`](super::Status::generation) that the caller has decided on, or 0
    /// for any; with another one in force the request fails with `EAGAIN`, and nothing is written
    /// to the firmware. Out: generation after the request.
    pub generation: u64,
    /// In: address of an array of [`Target`], in the caller's memory.
    pub targets: u64,
    /// In: address of an array of [`Step`], which the driver fills.
    pub steps: u64,
    /// In: number of targets, at most [`TARGETS_MAX`]; 0 without an array.
    pub target_count: u32,
    /// In: stride of the array of targets, where there is one.
    pub target_stride: u32,
    /// In: how many steps the array has room for; 0 to do without them. With too little room the
    /// request fails with `ENOSPC`, `step_count` is set, and nothing is written to the firmware.
    pub step_capacity: u32,
    /// In: stride of the array of steps, where there is one.
    pub step_stride: u32,
    /// Out: number of steps of the plan.
    pub step_count: u32,
    /// In: `APPLY_` bits.
    pub options: u32,
    /// In: `MODE_` number.
    pub mode: u8,
    /// Out: `OUTCOME_` number.
    pub outcome: u8,
    /// Out: `REASON_` number.
    pub reason: u8,
    /// Zero.
    pub reserved: u8,
    /// In: security key that the firmware gives for its administrator password, 0 without one. Not
    /// kept by the driver. Out: 0.
    pub security_key: u16,
    /// Zero.
    pub reserved2: u16,
    /// Out: id of the control that was refused, whose step failed first, or that somebody else has
    /// changed, else 0.
    pub control: u32,
    /// Out: id of the other control that `reason` speaks of, else 0.
    pub needs: u32,
    /// Out: positive errno of the step that failed first, else 0. `EKEYREJECTED` when the firmware
    /// asks for the security key of an administrator password, `EINTR` when a signal stopped the
    /// apply.
    pub error: u32,
    /// Out: firmware calls that this took.
    pub firmware_calls: u32,
    /// Out: how many controls the mode speaks of.
    pub mode_lines: u32,
    /// Out: how many of them this machine has, with the value that the mode asks for.
    pub mode_present: u32,
    /// Out: how many of those can be changed: neither quarantined, restricted, read-only nor
    /// denied, and nor is what they depend on.
    pub mode_reached: u32,
    /// Out: [`ANSWER_TRAINING`](super::ANSWER_TRAINING) or 0. What the caller has there is not looked
    /// at.
    pub properties: u32,
    /// Out, of [`IOC_APPLY`](super::IOC_APPLY): number of this request, counted from 1 since the
    /// module was loaded: see [`Status::last_request`](super::Status::last_request). There before
    /// anything is done. Of [`IOC_PLAN`](super::IOC_PLAN): 0.
    pub request: u64,
}

/// Most targets of one request (`E2BIG`).
pub const TARGETS_MAX: u32 = 1024;
/// Most steps that a request may have room for (`EINVAL`).
pub const STEPS_MAX: u32 = 1024;

impl Apply {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 104;
}

const _: () = {
    assert!(size_of::<Target>() == Target::SIZE_MIN as usize);
    assert!(size_of::<Step>() == Step::SIZE_MIN as usize);
    assert!(size_of::<Apply>() == Apply::SIZE_MIN as usize);
};
