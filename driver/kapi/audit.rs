// SPDX-License-Identifier: GPL-2.0

//! The kernel's audit log.
//!
//! C header: `include/linux/audit.h`.

use kernel::prelude::*;

mod c {
    use super::*;

    extern "C" {
        // helpers.c: void milspec_audit_refused(const char *interface, int error);
        pub(super) fn milspec_audit_refused(interface: *const c_char, error: c_int);
    }
}

/// Says that a request of the calling task, which came through `interface`, was refused with
/// `error`, where auditing is enabled. Sleeps, for long where the audit daemon has stopped reading.
pub(crate) fn refused(interface: &CStr, error: Error) {
    // SAFETY: `interface` is a C string, which the function only reads.
    unsafe { c::milspec_audit_refused(interface.as_char_ptr(), error.to_errno()) };
}
