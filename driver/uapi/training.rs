// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! `IOC_TRAINING`: a copy of the machine to practise on.

use super::Head;
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`Training::operation`]: asks how it stands. Anybody may.
pub const TRAINING_STATE: u32 = 0;
/// [`Training::operation`]: begins a training. From here on all that is read and changed through any
/// interface of the driver is a copy in memory: of the machine's controls as last read, or with
/// `devices` or `tokens` of the controls that these describe. Takes what
/// [`IOC_REFRESH`](super::IOC_REFRESH) takes. `EBUSY` while there is a training, `EPERM` while the
/// machine is latched, `EINVAL`, `EPROTO`, `ERANGE` or `EEXIST` for a description that is refused,
/// `EINVAL` for targets that the copy does not have.
pub const TRAINING_START: u32 = 1;
/// [`Training::operation`]: ends the training: the copy is discarded, and what is read is the machine
/// again. Takes what [`IOC_REFRESH`](super::IOC_REFRESH) takes. `ENODEV` without a training, `ESTALE`
/// where it is not the one that is meant: see `session`.
pub const TRAINING_STOP: u32 = 2;
/// [`Training::operation`]: has the copy behave as hardware can: see `injection`. Takes what
/// [`IOC_REFRESH`](super::IOC_REFRESH) takes. `ENODEV` without a training, `ESTALE` where it is not the
/// one that is meant, `EINVAL` for what the copy does not have.
pub const TRAINING_INJECT: u32 = 3;

/// [`Training::operation`]: from here on `read()` on this descriptor gives the records of trainings as
/// well, those of the last one first. Anybody may.
pub const TRAINING_FOLLOW: u32 = 4;

/// [`Apply`](super::Apply), [`Controls`](super::Controls) and [`Refresh`](super::Refresh) in their answers:
/// it is of a copy, not of the machine.
pub const ANSWER_TRAINING: u32 = 1;

/// [`Training::properties`]: a training is under way.
pub const TRAINING_ON: u32 = 1;

/// [`Training::injection`]: writes of `control` (of any control: 0) fail with the errno `number`,
/// `EIO` for 0. `EAGAIN` is said to be `EPROTO`, because it has a meaning of its own.
pub const INJECT_WRITE_FAILS: u32 = 1;
/// [`Training::injection`]: writes of `control` (of any control: 0) are answered as done and are not.
pub const INJECT_WRITE_IGNORED: u32 = 2;
/// [`Training::injection`]: reading `control` (any control: 0) fails with the errno `number`, `EIO`
/// for 0.
pub const INJECT_READ_FAILS: u32 = 3;
/// [`Training::injection`]: `control` has the value `value` from now on, and nobody has asked the
/// driver for that.
pub const INJECT_VALUE: u32 = 4;
/// [`Training::injection`]: tampering with `control` is reported (`value` 1) or not any more (0).
/// `EINVAL` for a control that has nothing to report it.
pub const INJECT_TAMPER: u32 = 5;
/// [`Training::injection`]: each read and write of `control` (of any control: 0) takes `number`
/// milliseconds, at most [`INJECT_SLOW_MAX`].
pub const INJECT_SLOW: u32 = 6;
/// [`Training::injection`]: takes all injections back that have not come to an end.
pub const INJECT_CLEAR: u32 = 7;
/// [`Training::injection`]: the driver looks at once, as when firmware says that something has changed.
pub const INJECT_LOOK: u32 = 8;

/// Longest, in milliseconds, that [`INJECT_SLOW`] makes one read or write.
pub const INJECT_SLOW_MAX: u32 = 1000;

/// Most injections that wait or last at a time: `ENOSPC`.
pub const INJECTIONS_MAX: usize = 64;

/// Size of one element of [`Training::devices`]: an answer to DESCRIBE of the interface
/// `DSML0001`.
pub const TRAINING_DEVICE_SIZE: u32 = 64;

/// Most elements of [`Training::devices`].
pub const TRAINING_DEVICES_MAX: u32 = 512;

/// Most bytes of [`Training::tokens`].
pub const TRAINING_TOKENS_MAX: u32 = 65_536;

/// Request and answer of [`IOC_TRAINING`](super::IOC_TRAINING). What an operation does not speak of
/// must be zero.
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Training {
    /// Size and flags of this request.
    pub head: Head,
    /// `TRAINING_` number of what to do.
    pub operation: u32,
    /// Answer: `TRAINING_` bits, as they are after it.
    pub properties: u32,
    /// In: of [`TRAINING_STOP`] and [`TRAINING_INJECT`], number of the training that is meant; 0 for the
    /// one under way. Out: number of the training under way, or of the last one, from 1; 0 for none since the
    /// module was loaded.
    pub session: u32,
    /// [`TRAINING_INJECT`]: `INJECT_` number.
    pub injection: u32,
    /// [`TRAINING_INJECT`]: [`Control::id`](super::Control::id), 0 where that stands for any.
    pub control: u32,
    /// [`TRAINING_INJECT`]: index of a value, or 0 and 1.
    pub value: u8,
    /// Zero.
    pub reserved: [u8; 3],
    /// [`TRAINING_INJECT`]: so many writes of one apply, of any control, come before it begins: each apply
    /// is counted anew. An undo writes too.
    pub after: u32,
    /// [`TRAINING_INJECT`]: how many reads or writes it lasts; 0 until it is taken back.
    pub count: u32,
    /// [`TRAINING_INJECT`]: errno or milliseconds.
    pub number: u32,
    /// Zero.
    pub reserved2: u32,
    /// [`TRAINING_START`]: address of descriptions of DSMIL devices, each as an answer to DESCRIBE,
    /// with indices from 0 on in their order. The copy has these instead of the machine's.
    pub devices: u64,
    /// [`TRAINING_START`]: how many they are; with 0 the copy has the devices of the machine.
    pub device_count: u32,
    /// [`TRAINING_START`]: [`TRAINING_DEVICE_SIZE`] with devices, else 0.
    pub device_stride: u32,
    /// [`TRAINING_START`]: address of SMBIOS structures of type 0xDA, without texts, one behind the
    /// other. The copy has the settings that these list instead of the machine's.
    pub tokens: u64,
    /// [`TRAINING_START`]: how many bytes that are; with 0 the copy has the settings of the machine.
    pub token_bytes: u32,
    /// [`TRAINING_START`]: how many targets there are, at most
    /// [`TARGETS_MAX`](super::TARGETS_MAX).
    pub target_count: u32,
    /// [`TRAINING_START`]: address of an array of [`Target`](super::Target)s: what controls of the
    /// copy have to begin with. Others have what the machine has; where they are described, devices
    /// are inactive, and settings have the first value that is listed.
    pub targets: u64,
    /// [`TRAINING_START`]: size of one target, as the caller knows it.
    pub target_stride: u32,
    /// Zero.
    pub reserved3: u32,
    /// Answer: [`Status::generation`](super::Status::generation) after it.
    pub generation: u64,
    /// Answer: [`Event::load`](super::Event::load) of the records of that training.
    pub load: [u8; 16],
}

impl Training {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 120;
}

const _: () = assert!(size_of::<Training>() == Training::SIZE_MIN as usize);
