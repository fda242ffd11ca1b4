// SPDX-License-Identifier: GPL-2.0

//! What the caller of a system call may do.
//!
//! C headers: `include/linux/capability.h`, `include/linux/fs.h`.

use kernel::{
    bindings,
    ffi::c_int,
    fs::File, //
};

/// Tells whether the calling task has `CAP_SYS_ADMIN` in the initial user namespace.
pub(crate) fn is_admin() -> bool {
    // SAFETY: `capable()` reads the credentials of the calling task, nothing else.
    unsafe { bindings::capable(bindings::CAP_SYS_ADMIN as c_int) }
}

/// Tells whether `file` was opened for writing.
pub(crate) fn is_writable(file: &File) -> bool {
    const FMODE_WRITE: u32 = 2;

    // SAFETY: `file` is open, and its mode does not change while it is.
    let mode = unsafe { (*file.as_ptr()).f_mode };
    mode & FMODE_WRITE != 0
}
