// SPDX-License-Identifier: GPL-2.0

//! Signals of the calling task.
//!
//! C header: `include/linux/sched/signal.h`.

mod c {
    extern "C" {
        // helpers.c: bool milspec_task_sigpending(void);
        pub(super) fn milspec_task_sigpending() -> bool;

        // helpers.c: bool milspec_is_dying(void);
        pub(super) fn milspec_is_dying() -> bool;
    }
}

/// Tells whether the calling task was sent a signal, for which what takes long is to be given up.
///
/// `kernel::task::Task::signal_pending` is also true when work waits for the task to come back from
/// its system call (`TIF_NOTIFY_SIGNAL`): io_uring gives it some whenever a request of its is done.
/// Nobody asks to stop then, and the work can wait.
pub(crate) fn is_interrupted() -> bool {
    // SAFETY: The function reads a flag of the calling task.
    unsafe { c::milspec_task_sigpending() }
}

/// Tells whether the calling task is being killed. Never true of a kernel thread.
pub(crate) fn is_dying() -> bool {
    // SAFETY: The function only looks at the calling task, and may be called in any context that
    // has one.
    unsafe { c::milspec_is_dying() }
}
