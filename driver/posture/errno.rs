// SPDX-License-Identifier: GPL-2.0

//! Numbers of `include/uapi/asm-generic/errno*.h` that the logic here speaks of itself.

/// The caller has not the right.
pub const EPERM: u32 = 1;
/// This machine has no such control.
pub const ENOENT: u32 = 2;
/// A signal stopped it.
pub const EINTR: u32 = 4;
/// The firmware failed.
pub const EIO: u32 = 5;
/// The firmware compared, and found another value than the expected one: it wrote nothing.
pub const EAGAIN: u32 = 11;
/// It is not allowed.
pub const EACCES: u32 = 13;
/// Somebody else has changed a control meanwhile, or a control that it depends on.
pub const EBUSY: u32 = 16;
/// The control is not there any more.
pub const ENODEV: u32 = 19;
/// There is no such value.
pub const EINVAL: u32 = 22;
/// There is no answer.
pub const ENODATA: u32 = 61;
/// The firmware said that it was done, and reads back something else.
pub const EREMOTEIO: u32 = 121;
