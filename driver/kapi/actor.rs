// SPDX-License-Identifier: GPL-2.0

//! The calling task, as it is named in records.
//!
//! C headers: `include/linux/sched.h`, `include/linux/uidgid.h`.

use core::ptr::read_volatile;
use kernel::{
    bindings,
    task::Task, //
};

/// What a task is called.
#[derive(Clone, Copy)]
pub(crate) struct Actor {
    /// Process (thread group) id in the initial namespace.
    pub(crate) pid: u32,
    /// Real user id in the initial namespace.
    pub(crate) uid: u32,
    /// The user that has logged in, or `u32::MAX`.
    pub(crate) login_uid: u32,
    /// Name of the command, padded with zero bytes.
    pub(crate) comm: [u8; 16],
}

impl Actor {
    /// The calling task.
    pub(crate) fn current() -> Self {
        let task = Task::current_raw();
        let current = kernel::current!();
        Self {
            pid: tgid(task),
            uid: initial(current.uid().into_raw()),
            login_uid: login_uid(task),
            comm: comm(task),
        }
    }
}

fn tgid(task: *mut bindings::task_struct) -> u32 {
    // SAFETY: `task` is the calling task, hence valid. The field is set before a task first runs, and
    // stays.
    u32::try_from(unsafe { (*task).tgid }).unwrap_or(0)
}

/// Returns a user id as it is in the initial namespace.
fn initial(uid: bindings::kuid_t) -> u32 {
    // SAFETY: The initial user namespace exists for ever, and the function only reads it.
    unsafe { bindings::from_kuid(&raw mut bindings::init_user_ns, uid) }
}

#[cfg(CONFIG_AUDIT)]
fn login_uid(task: *mut bindings::task_struct) -> u32 {
    // SAFETY: `task` is the calling task, hence valid. Only it sets this field of its own.
    initial(unsafe { (*task).loginuid })
}

#[cfg(not(CONFIG_AUDIT))]
fn login_uid(_task: *mut bindings::task_struct) -> u32 {
    u32::MAX
}

fn comm(task: *mut bindings::task_struct) -> [u8; 16] {
    // SAFETY: `task` is the calling task, hence valid, and `comm` has 16 bytes. Other threads of
    // the process may change the name meanwhile; as everywhere in the kernel the bytes are read as
    // they are, once each.
    let mut name = unsafe { read_volatile((&raw const (*task).comm).cast::<[u8; 16]>()) };
    // What follows the end of the name may be left from a longer one.
    let end = name
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(name.len());
    for byte in name.iter_mut().skip(end) {
        *byte = 0;
    }
    name
}
