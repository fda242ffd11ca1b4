// SPDX-License-Identifier: GPL-2.0

//! Numbers of `include/uapi/asm-generic/errno*.h` that the logic here speaks of itself.

/// A signal stopped it.
pub const EINTR: u32 = 4;
/// The firmware said that it was done, and reads back something else.
pub const EREMOTEIO: u32 = 121;
