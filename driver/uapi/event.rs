// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! `read()`: the journal, one record for each event.

use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`Event::kind`]: the module was loaded; the first record, sequence 1. With [`EVENT_PCR`],
/// `extra` is what the PCR held before anything was extended into it; else `error` says why that
/// is not known.
pub const KIND_LOAD: u16 = 1;
/// [`Event::kind`]: the driver has bound to the ACPI device `DSML0001`. `error` is what made it of
/// no use, else 0; `count` is how many devices it has.
pub const KIND_BIND: u16 = 2;
/// [`Event::kind`]: the driver has let go of `DSML0001`.
pub const KIND_UNBIND: u16 = 3;
/// [`Event::kind`]: an apply has begun, with `count` steps. `mode` is what was asked for.
pub const KIND_APPLY_BEGUN: u16 = 4;
/// [`Event::kind`]: the apply that began with record `about` has ended, as `outcome` says. `control`
/// is the one whose step failed first, `error` why; `count` is the number of steps done.
pub const KIND_APPLY_ENDED: u16 = 5;
/// [`Event::kind`]: what has become of one step of the apply that began with record `about`, as
/// `step` says: `control`, `from`, `to` and, where it failed, `error`. Steps that were not begun
/// have no record.
pub const KIND_STEP: u16 = 6;
/// [`Event::kind`]: a request was refused, and nothing was written: for `reason`, which speaks of
/// `control` and `needs`, or with `error` where the caller has no right (`EPERM`, `EBADF`) or has
/// decided on another generation (`EAGAIN`).
pub const KIND_REFUSED: u16 = 7;
/// [`Event::kind`]: `count` more requests were refused because their caller had no right, and have
/// no record of their own. `error` and the actor are those of the last one.
pub const KIND_SUPPRESSED: u16 = 8;
/// [`Event::kind`]: `control` was found to have the value `to`, where it had `from` before, and nobody
/// had asked the driver for that. [`INDEX_NONE`](super::INDEX_NONE): the value is not known. With
/// [`EVENT_DRIFT`] the driver had set it.
pub const KIND_OUTSIDE_CHANGE: u16 = 9;
/// [`Event::kind`]: the firmware reports tampering with `control`.
pub const KIND_TAMPER: u16 = 10;
/// [`Event::kind`]: latched in `mode`, until the next boot.
pub const KIND_LATCH: u16 = 11;
/// [`Event::kind`]: the machine has woken up, and everything was read anew; `count` controls read
/// differently, `error` is what made the reading fail.
pub const KIND_RESUME: u16 = 12;
/// [`Event::kind`]: `count` records with [`EVENT_ANCHORED`], the first of which is `about`, could
/// not be extended into the PCR, for `error`.
pub const KIND_ANCHOR_FAILED: u16 = 13;
/// [`Event::kind`]: the apply that began with record `about` has accepted `control` as it is, with the
/// value `to`. `from` is what the driver had last written or found there, if it had.
pub const KIND_ACCEPTED: u16 = 14;
/// [`Event::kind`]: a training has begun ([`IOC_TRAINING`](super::IOC_TRAINING)), the one with the number
/// `count`. Recorded twice: in the journal, where the first half of `extra` is the `load` of the
/// training's records, and as the first of these.
pub const KIND_TRAINING_BEGUN: u16 = 15;
/// [`Event::kind`]: the training with the number `count` has ended. Recorded twice, as its begin.
pub const KIND_TRAINING_ENDED: u16 = 16;
/// [`Event::kind`], of a training: somebody had the copy behave as hardware can. `count` is the
/// `INJECT_` number; `control`, `to` (where it speaks of a value), `error` (the errno or the
/// milliseconds) and, as numbers of 32 bits at the begin of `extra`, `after` and `count` are what was
/// asked for.
pub const KIND_INJECTED: u16 = 17;
/// [`Event::kind`]: not a record. `read()` makes it up where records were overwritten before this
/// descriptor came to them: `count` of them, the last of which was `sequence`; `chain` is the chain
/// value of that one, so that the next record can be verified. Has [`EVENT_UNCHAINED`]; fields not
/// named here, but `kind`, `severity` and `load`, are zero.
pub const KIND_GAP: u16 = 0xFFFF;

/// [`Event::severity`]: as in `syslog(3)`: the machine is not in the state that was asked for.
pub const SEVERITY_ERROR: u8 = 3;
/// [`Event::severity`]: as in `syslog(3)`: somebody should have a look.
pub const SEVERITY_WARNING: u8 = 4;
/// [`Event::severity`]: as in `syslog(3)`: a change.
pub const SEVERITY_NOTICE: u8 = 5;
/// [`Event::severity`]: as in `syslog(3)`: anything else.
pub const SEVERITY_INFO: u8 = 6;

/// [`Event::origin`]: it came through an `ioctl()` on the device node.
pub const ORIGIN_IOCTL: u8 = 1;
/// [`Event::origin`]: it came through a file below `/sys/devices/faux/dell_milspec`.
pub const ORIGIN_SYSFS: u8 = 2;
/// [`Event::origin`]: the driver itself. The actor is the task that it happened to run in.
pub const ORIGIN_DRIVER: u8 = 3;
/// [`Event::origin`]: it came through a file below `/sys/class/firmware-attributes/dell-milspec`. The
/// actor is whoever wrote to the file: of a change by fwupd, its daemon.
pub const ORIGIN_FIRMWARE_ATTRIBUTES: u8 = 4;

/// [`Event::properties`]: the digest of this record is extended into the PCR `pcr`, in the order of
/// the sequence, unless a record [`KIND_ANCHOR_FAILED`] says otherwise.
pub const EVENT_ANCHORED: u8 = 1;
/// [`Event::properties`]: `extra` is the value of the PCR `pcr`, in the SHA-256 bank.
pub const EVENT_PCR: u8 = 2;
/// [`Event::properties`]: made up by `read()`; not part of the chain.
pub const EVENT_UNCHAINED: u8 = 4;
/// [`Event::properties`]: the apply has a list of controls, exceptions from `mode` where there is
/// one.
pub const EVENT_LIST: u8 = 8;
/// [`Event::properties`], of [`KIND_OUTSIDE_CHANGE`]: the value `from` was the driver's doing, so that
/// the control has drifted: [`CONTROL_DRIFTED`](super::CONTROL_DRIFTED).
pub const EVENT_DRIFT: u8 = 16;

/// [`Event::properties`]: a record of a training: nothing of it has happened to the machine. `read()`
/// gives such records to a descriptor that has asked for them
/// ([`TRAINING_FOLLOW`](super::TRAINING_FOLLOW)), and to no other. Those of one training have a `load`,
/// sequences and a chain of their own. None has [`EVENT_ANCHORED`].
pub const EVENT_TRAINING: u8 = 32;

/// [`Event::login_uid`] of a task that nobody has logged in for.
pub const LOGIN_UID_NONE: u32 = 0xFFFF_FFFF;

/// The size of an [`Event`] in bytes. It has no other.
pub const EVENT_SIZE: usize = 176;
/// How many bytes of an [`Event`] its chain value covers: all before `chain`.
pub const EVENT_CHAINED: usize = 144;

/// One record of the journal.
///
/// `read()` on the device node gives as many whole records as there are and as fit. The records of
/// one load of the module form a chain: `chain` is the SHA-256 of 176 bytes, which are the `chain`
/// of the record before it (32 zero bytes for the first one) followed by the first 144 bytes of the
/// record itself. What is extended into the PCR is, in each bank, the digest of all 176 bytes of
/// the record by the algorithm of the bank; where the kernel has not got that algorithm, the
/// SHA-256 digest, with zero bytes behind it or cut off.
///
/// Size and layout never change within a major version of this interface. Numbers are in the
/// byte order of the machine. A client shows a kind that it does not know as a number. Fields
/// that a kind does not speak of are zero, but `from` and `to`, which are
/// [`INDEX_NONE`](super::INDEX_NONE).
#[repr(C)]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct Event {
    /// Number of the record, from 1 at load or at the begin of a training, without gaps.
    pub sequence: u64,
    /// When, in nanoseconds of `CLOCK_BOOTTIME`.
    pub boot_ns: u64,
    /// When, in nanoseconds of `CLOCK_REALTIME` since 1970, as the clock stood.
    pub wall_ns: u64,
    /// Sequence of another record that this one speaks of, else 0.
    pub about: u64,
    /// [`Status::generation`](super::Status::generation) when it was recorded.
    pub generation: u64,
    /// `KIND_` number.
    pub kind: u16,
    /// `SEVERITY_` number.
    pub severity: u8,
    /// `ORIGIN_` number.
    pub origin: u8,
    /// `MODE_` number.
    pub mode: u8,
    /// Index of the value that the control had.
    pub from: u8,
    /// Index of the value that the control has, or should have.
    pub to: u8,
    /// `STEP_` number, of [`KIND_STEP`].
    pub step: u8,
    /// `OUTCOME_` number, of [`KIND_APPLY_ENDED`].
    pub outcome: u8,
    /// `REASON_` number, of [`KIND_REFUSED`].
    pub reason: u8,
    /// `EVENT_` bits.
    pub properties: u8,
    /// Number of the PCR, with [`EVENT_ANCHORED`] or [`EVENT_PCR`].
    pub pcr: u8,
    /// [`Control::id`](super::Control::id).
    pub control: u32,
    /// Id of the other control that `reason` speaks of.
    pub needs: u32,
    /// Positive errno.
    pub error: u32,
    /// A number that the kind gives a meaning.
    pub count: u32,
    /// Actor: process id (thread group) in the initial namespace.
    pub pid: u32,
    /// Actor: real user id in the initial namespace.
    pub uid: u32,
    /// Actor: the user that logged in, whatever user id it has by now, or [`LOGIN_UID_NONE`].
    pub login_uid: u32,
    /// Actor: name of the command, padded with zero bytes.
    pub comm: [u8; 16],
    /// Random, the same in all records of one load of the module, or of one training, and in no others.
    pub load: [u8; 16],
    /// What the kind says, else zero.
    pub extra: [u8; 32],
    /// SHA-256 over the chain so far and all fields above.
    pub chain: [u8; 32],
}

const _: () = {
    assert!(size_of::<Event>() == EVENT_SIZE);
    assert!(core::mem::offset_of!(Event, chain) == EVENT_CHAINED);
};
