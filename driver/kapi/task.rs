// SPDX-License-Identifier: GPL-2.0

//! The calling task.
//!
//! C header: `include/linux/sched/signal.h`.

mod c {
    extern "C" {
        // helpers.c: bool milspec_is_dying(void);
        pub(super) fn milspec_is_dying() -> bool;
    }
}

/// Tells whether the calling task is being killed. Never true of a kernel thread.
pub(crate) fn is_dying() -> bool {
    // SAFETY: The function only looks at the calling task, and may be called in any context that
    // has one.
    unsafe { c::milspec_is_dying() }
}
