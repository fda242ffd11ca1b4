// SPDX-License-Identifier: GPL-2.0

//! What the caller of a system call, and the administrator, may do.
//!
//! C headers: `include/linux/capability.h`, `include/linux/fs.h`, `include/linux/sched.h`,
//! `include/linux/security.h`.

use core::ptr::read_volatile;
use kernel::{
    bindings,
    ffi::c_int,
    fs::File,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    task::Task,
    types::NotThreadSafe, //
};

/// The right to have the machine changed, or its firmware read anew; or to have that done to a copy of it.
///
/// Only the functions below make one, each after it has asked for what the right takes. What wants
/// a `&Right` can therefore not be called by an interface that has forgotten to ask.
///
/// It is the right of the task that was asked about, for the call that it is in:
///
/// - it is neither `Copy` nor `Clone`, so that there is one for each time somebody asked;
/// - it is not `Send`, so that it cannot be handed to another task, to work that is done later, or
///   to what an open file keeps (`MiscDevice::Ptr` has to be `Send`);
/// - nor is it `Sync`, so that no `static`, no `Arc` and no lock can show it to another task.
///
/// What is left is the stack of the task that was asked about, which is empty when the call ends.
///
/// A right over copies of the machine ([`Right::over_copies`]) gives none over the machine: whoever
/// takes a `&Right` and can reach the machine asks [`Right::is_over_machine`] first.
pub(crate) struct Right(Over, NotThreadSafe);

/// What a right is over.
#[derive(PartialEq, Eq)]
enum Over {
    Machine,
    Copies,
}

// Does not compile when `Right` is one of these: more than one `Other` is then meant.
const _: fn() = || {
    trait Kept<Other> {
        fn kept() {}
    }
    enum Copied {}
    enum Sent {}
    enum Shared {}
    impl<T> Kept<()> for T {}
    impl<T: Clone> Kept<Copied> for T {}
    impl<T: Send> Kept<Sent> for T {}
    impl<T: Sync> Kept<Shared> for T {}
    <Right as Kept<_>>::kept();
};

impl Right {
    /// The right of who makes a system call on `file`: it was opened for writing, and the calling
    /// task has `CAP_SYS_ADMIN` in the initial user namespace. That the descriptor alone does not
    /// suffice keeps a privileged program that is handed it as its output from making a change;
    /// that the capability alone does not, lets an administrator hand out one to read.
    ///
    /// # Errors
    ///
    /// `EBADF` for a file that was not opened for writing, else as [`Right::of_caller`].
    pub(crate) fn of_descriptor(file: &File) -> Result<Self> {
        if !is_writable(file) {
            return Err(EBADF);
        }
        Self::of_caller()
    }

    /// The right of the calling task, which has `CAP_SYS_ADMIN` in the initial user namespace.
    ///
    /// # Errors
    ///
    /// `EPERM` when it does not.
    pub(crate) fn of_caller() -> Result<Self> {
        // SAFETY: `capable()` reads the credentials of the calling task, nothing else.
        match unsafe { bindings::capable(bindings::CAP_SYS_ADMIN as c_int) } {
            true => Ok(Self(Over::Machine, NotThreadSafe)),
            false => Err(EPERM),
        }
    }

    /// The right of who has opened the device, in whatever way, over copies of the machine and nothing
    /// else: to practise takes no more than that the administrator lets somebody open it.
    pub(crate) fn over_copies(_file: &File) -> Self {
        Self(Over::Copies, NotThreadSafe)
    }

    /// Tells whether it is a right over the machine.
    pub(crate) fn is_over_machine(&self) -> bool {
        self.0 == Over::Machine
    }

    /// The right of the kernel itself: of work that a thread of the kernel does, and that no
    /// system call does.
    ///
    /// # Errors
    ///
    /// `EPERM` where the calling task is not a thread of the kernel.
    pub(crate) fn of_kernel_thread() -> Result<Self> {
        // SAFETY: The calling task is valid for as long as it runs. Only a task itself sets these
        // flags; they are one word, read in one piece.
        let flags = unsafe { read_volatile(&raw const (*Task::current_raw()).flags) };
        match flags & bindings::PF_KTHREAD != 0 {
            true => Ok(Self(Over::Machine, NotThreadSafe)),
            false => Err(EPERM),
        }
    }
}

/// Tells whether `file` was opened for writing.
fn is_writable(file: &File) -> bool {
    /// helpers.c asserts that it is the kernel's.
    const FMODE_WRITE: u32 = 2;

    // SAFETY: `file` is open. This bit of its mode was set when it was opened and stays as it is;
    // the whole is read in one piece, because others of its bits may change meanwhile.
    let mode = unsafe { read_volatile(&raw const (*file.as_ptr()).f_mode) };
    mode & FMODE_WRITE != 0
}

/// Tells whether the kernel is locked down so far that module parameters must not open what is
/// unsafe.
///
/// There is no way back from that before the next boot, so that the kernel is not asked again once
/// it has said yes: each time it does, it leaves a line in its log that names the calling task.
pub(crate) fn is_locked_down() -> bool {
    static LOCKED: Atomic<bool> = Atomic::new(false);

    if LOCKED.load(Relaxed) {
        return true;
    }
    let reason = bindings::lockdown_reason_LOCKDOWN_MODULE_PARAMETERS;
    // SAFETY: The reason is one of `enum lockdown_reason`, an index of the table of their names.
    let locked = unsafe { bindings::security_locked_down(reason) != 0 };
    if locked {
        LOCKED.store(true, Relaxed);
    }
    locked
}
