// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! `IOC_CONTROLS`: what there is, and how it stands.

use super::Head;
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`Control::family`]: Dell's SMBIOS tokens, through mainline's `dell-smbios`.
pub const FAMILY_PLATFORM: u8 = 1;
/// [`Control::family`]: devices of the ACPI device `DSML0001`.
pub const FAMILY_DSMIL: u8 = 2;

/// [`Control::class`]: may be changed.
pub const CLASS_SAFE: u8 = 0;
/// [`Control::class`]: may be changed; each change is worth an administrator's attention.
pub const CLASS_MONITORED: u8 = 1;
/// [`Control::class`]: changed only where a module parameter allows this class.
pub const CLASS_RESTRICTED: u8 = 2;
/// [`Control::class`]: never changed, by no path.
pub const CLASS_QUARANTINED: u8 = 3;
/// [`Control::class`]: cannot be changed.
pub const CLASS_READ_ONLY: u8 = 4;

/// [`Control::presence`]: the machine lists every value of the control.
pub const PRESENCE_FULL: u8 = 0;
/// [`Control::presence`]: the machine lists some values of the control, see [`VALUE_PRESENT`], or
/// not all that it depends on.
pub const PRESENCE_PARTIAL: u8 = 1;
/// [`Control::presence`]: the machine's tables contradict themselves about this control.
pub const PRESENCE_CONTRADICTORY: u8 = 2;

/// [`Control::reading`]: `current` is the index of the value in force.
pub const READING_KNOWN: u8 = 0;
/// [`Control::reading`]: the firmware answered, but none of the values matches.
pub const READING_UNKNOWN: u8 = 1;
/// [`Control::reading`]: the firmware answered, but more than one value matches.
pub const READING_AMBIGUOUS: u8 = 2;
/// [`Control::reading`]: reading failed; `error` says why.
pub const READING_FAILED: u8 = 3;

/// [`Control::access`]: the control can only be read.
pub const ACCESS_READ_ONLY: u8 = 0;
/// [`Control::access`]: the control can be changed, as its class allows.
pub const ACCESS_READ_WRITE: u8 = 1;

/// [`Control::properties`]: the firmware reports tampering with this device.
pub const CONTROL_TAMPER: u32 = 1;
/// [`Control::properties`]: the value is not the one that the mode of
/// [`Status::mode`](super::Status::mode) asks for.
pub const CONTROL_DEVIATES: u32 = 2;
/// [`Control::properties`]: the value is not the one that the driver last wrote.
pub const CONTROL_DRIFTED: u32 = 4;
/// [`Control::properties`]: an apply failed, and could not put the old value back.
pub const CONTROL_DEGRADED: u32 = 8;
/// [`Control::properties`]: the value is another one than when the module was loaded; in force after
/// the next boot, as far as the driver can know.
pub const CONTROL_PENDING_REBOOT: u32 = 16;
/// [`Control::properties`]: never changed on this model of machine, which is known not to survive
/// it.
pub const CONTROL_DENIED: u32 = 32;
/// [`Control::properties`]: the mode of [`Status::mode`](super::Status::mode) asks for a value,
/// `wanted`, that the control cannot have here and has not got, for `unreached_reason`.
pub const CONTROL_UNREACHED: u32 = 64;

/// [`ControlValue::properties`]: the machine lists this value, or it is the one of a flag that has no
/// token.
pub const VALUE_PRESENT: u16 = 1;
/// [`ControlValue::properties`]: `read` holds what the firmware answered when it was last asked.
pub const VALUE_READ: u16 = 2;
/// [`ControlValue::properties`]: this value is in force. Without [`VALUE_PRESENT`]: of two values it
/// is the one that the machine does not list, and the other is not in force.
pub const VALUE_ACTIVE: u16 = 4;
/// [`ControlValue::properties`]: that it may be written rests on tables of real machines alone.
/// Mainline keeps its token from user space, and nobody has yet reported a write of it on hardware.
pub const VALUE_UNTRIED: u16 = 8;
/// [`ControlValue::properties`]: a machine that is reached over a network may be out of reach when
/// this value is in force: it switches off a port, a radio, or what a network adapter is plugged into.
pub const VALUE_CUTS_NETWORK: u16 = 16;

/// [`Control::current`] when no single value is known to be in force.
pub const INDEX_NONE: u8 = 0xFF;
/// Most values that a control can have.
pub const CONTROL_VALUES: usize = 8;
/// Most controls that a control can depend on.
pub const CONTROL_DEPENDS: usize = 4;

/// One value of a control.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct ControlValue {
    /// Name, e.g. `enabled`.
    pub name: [u8; 16],
    /// Family `platform`: id of the SMBIOS token, zero for the value that is in force when no token
    /// is active. Else zero.
    pub token: u16,
    /// Family `platform`: location of the token. Else zero.
    pub location: u16,
    /// What the firmware answers when this value is in force, with [`VALUE_READ`].
    pub expected: u16,
    /// `VALUE_` bits.
    pub properties: u16,
    /// What the firmware answered, with [`VALUE_READ`].
    pub read: u32,
    /// `CLASS_` number of this value: that of the control, or a stricter one where the token that
    /// stands for this value is guarded by itself.
    pub value_class: u8,
    /// `REASON_` number for which a list that names this value would be refused now, whatever else
    /// it names; else [`REASON_NONE`](super::REASON_NONE). What depends on other controls, and on the
    /// TPM, [`IOC_PLAN`](super::IOC_PLAN) and [`IOC_APPLY`](super::IOC_APPLY) say.
    pub gate: u8,
    /// Zero.
    pub reserved: [u8; 2],
    /// Zero.
    pub reserved2: [u32; 2],
}

/// One control.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Control {
    /// Number of the control; the same on every machine and in every version.
    pub id: u32,
    /// `FAMILY_` number.
    pub family: u8,
    /// `CLASS_` number of the control as a whole.
    pub control_class: u8,
    /// `ACCESS_` number.
    pub access: u8,
    /// `PRESENCE_` number.
    pub presence: u8,
    /// `READING_` number.
    pub reading: u8,
    /// Index in `values` of the value in force, or [`INDEX_NONE`].
    pub current: u8,
    /// How many of `values` are used.
    pub value_count: u8,
    /// How many of `depends` are used.
    pub depend_count: u8,
    /// Positive errno of the last read, 0 without an error.
    pub error: u32,
    /// `CONTROL_` bits.
    pub properties: u32,
    /// Family `dsmil`: number of the group. Else zero.
    pub group: u32,
    /// [`Status::generation`](super::Status::generation) at which the reading last changed.
    pub changed: u64,
    /// Index of the value that the control had before the driver first changed it, or
    /// [`INDEX_NONE`] when it has not.
    pub baseline: u8,
    /// Index of the value that the driver last wrote, or [`INDEX_NONE`].
    pub written: u8,
    /// Index of the value that the mode of [`Status::mode`](super::Status::mode) asks for, or
    /// [`INDEX_NONE`].
    pub wanted: u8,
    /// `REASON_` number, with [`CONTROL_UNREACHED`], else 0.
    pub unreached_reason: u8,
    /// Id of the other control that `unreached_reason` speaks of, else 0.
    pub unreached_needs: u32,
    /// Zero.
    pub reserved: [u64; 2],
    /// Ids of the controls that must be active before this one can be.
    pub depends: [u32; CONTROL_DEPENDS],
    /// Name, e.g. `camera`, `DSMIL0D5`.
    pub name: [u8; 32],
    /// What it does, for people.
    pub label: [u8; 64],
    /// The values, `value_count` of them.
    pub values: [ControlValue; CONTROL_VALUES],
}

impl Control {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 488;
}

/// Request and answer of [`IOC_CONTROLS`](super::IOC_CONTROLS).
///
/// A call with `capacity` 0 tells the number of controls. With a `capacity` below that number,
/// the call fails with `ENOSPC`, `count` is set, and the array is left as it was.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Controls {
    /// Size and flags of this request.
    pub head: Head,
    /// In: address of an array of [`Control`], in the caller's memory.
    pub buffer: u64,
    /// In: how many elements the array has room for.
    pub capacity: u32,
    /// In: stride of the array.
    pub stride: u32,
    /// Out: number of controls.
    pub count: u32,
    /// Out: [`ANSWER_TRAINING`](super::ANSWER_TRAINING) or 0. What the caller has there is not looked at.
    pub properties: u32,
    /// Out: generation of what was copied.
    pub generation: u64,
}

impl Controls {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 40;
}

const _: () = {
    assert!(size_of::<ControlValue>() == 40);
    assert!(size_of::<Control>() == Control::SIZE_MIN as usize);
    assert!(size_of::<Controls>() == Controls::SIZE_MIN as usize);
};
