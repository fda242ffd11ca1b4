// SPDX-License-Identifier: GPL-2.0

//! What the caller of a system call, and the administrator, may do.
//!
//! C headers: `include/linux/capability.h`, `include/linux/fs.h`, `include/linux/security.h`.

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

/// Tells whether the kernel is locked down so far that module parameters must not open what is
/// unsafe. When it is, this also leaves a line in the kernel log that names the calling task.
pub(crate) fn is_locked_down() -> bool {
    let reason = bindings::lockdown_reason_LOCKDOWN_MODULE_PARAMETERS;
    // SAFETY: The reason is one of `enum lockdown_reason`, an index of the table of their names.
    unsafe { bindings::security_locked_down(reason) != 0 }
}
