// SPDX-License-Identifier: GPL-2.0

//! A mutex that one can be killed while waiting for.
//!
//! Who waits for a `kernel::sync::Mutex` cannot be killed, which is wrong for one that is held for
//! as long as firmware takes: the process does not die, and after two minutes the kernel's watchdog
//! of hung tasks speaks. It does not look at those that can be killed (`TASK_KILLABLE`).
//!
//! C header: `include/linux/mutex.h`.

use core::{
    cell::UnsafeCell,
    ops::{
        Deref,
        DerefMut, //
    },
    pin::Pin, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        LockClassKey, //
    },
    types::{
        NotThreadSafe,
        Opaque, //
    }, //
};

mod c {
    use super::*;

    extern "C" {
        // helpers.c: int milspec_mutex_lock_killable(struct mutex *lock);
        pub(super) fn milspec_mutex_lock_killable(lock: *mut bindings::mutex) -> c_int;
    }
}

/// A mutex around a value.
#[pin_data]
pub(crate) struct KillableMutex<T> {
    #[pin]
    raw: Opaque<bindings::mutex>,
    /// How many wait for it.
    waiters: Atomic<u32>,
    data: UnsafeCell<T>,
}

// SAFETY: With the mutex goes the value, and nothing else that would be of one thread.
unsafe impl<T: Send> Send for KillableMutex<T> {}
// SAFETY: What a shared reference gives is the value to one thread after the other, which takes
// that it can be sent, and a number that is atomic.
unsafe impl<T: Send> Sync for KillableMutex<T> {}

/// Initialises a [`KillableMutex`] of a lock class of its own, which lockdep calls by its name.
macro_rules! new_killable_mutex {
    ($data:expr, $name:literal) => {
        $crate::kapi::lock::KillableMutex::new($data, $name, kernel::static_lock_class!())
    };
}

pub(crate) use new_killable_mutex;

impl<T> KillableMutex<T> {
    /// Returns an initialiser; see [`new_killable_mutex`].
    pub(crate) fn new(
        data: T,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        pin_init!(Self {
            // SAFETY: `slot` is valid for writes and pinned, `name` and `key` are static.
            raw <- Opaque::ffi_init(|slot| unsafe {
                bindings::__mutex_init(slot, name.as_char_ptr(), key.as_ptr())
            }),
            waiters: Atomic::new(0),
            data: UnsafeCell::new(data),
        })
    }

    /// Takes the mutex. Sleeps while another one has it, and can be killed then.
    ///
    /// # Errors
    ///
    /// `EINTR` when the calling task is being killed. Never for a thread of the kernel.
    pub(crate) fn lock(&self) -> Result<Guard<'_, T>> {
        let _waiter = Waiter::of(&self.waiters);
        // SAFETY: `new` has initialised it, and a `KillableMutex` does not move.
        to_result(unsafe { c::milspec_mutex_lock_killable(self.raw.get()) })?;
        Ok(Guard {
            mutex: self,
            _not_send: NotThreadSafe,
        })
    }

    /// Takes the mutex for what has to be done whatever happens: what takes a device or the module
    /// back cannot fail.
    ///
    /// Who is not being killed waits here as in [`Self::lock`], so that the watchdog of hung tasks
    /// has nothing to say; a task that is being killed goes on waiting, and is then seen by it.
    pub(crate) fn lock_uninterruptible(&self) -> Guard<'_, T> {
        self.lock().unwrap_or_else(|_| {
            let _waiter = Waiter::of(&self.waiters);
            // SAFETY: As in `lock`.
            unsafe { bindings::mutex_lock(self.raw.get()) };
            Guard {
                mutex: self,
                _not_send: NotThreadSafe,
            }
        })
    }

    /// Returns how many wait for it at the moment. Meant for who has it.
    pub(crate) fn waiters(&self) -> u32 {
        self.waiters.load(Relaxed)
    }
}

/// Somebody who waits, and is counted.
struct Waiter<'a>(&'a Atomic<u32>);

impl<'a> Waiter<'a> {
    fn of(count: &'a Atomic<u32>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The mutex, taken. Gives it back when dropped.
#[must_use = "the mutex is given back at once"]
pub(crate) struct Guard<'a, T> {
    mutex: &'a KillableMutex<T>,
    /// A mutex is given back by the task that has taken it.
    _not_send: NotThreadSafe,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: Only `lock` and `lock_uninterruptible` make a guard, after the mutex was taken,
        // and it is given back when the guard is gone: until then nobody else has the value, and
        // this borrows the guard.
        unsafe { &*self.mutex.data.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: As in `deref`; the guard is borrowed exclusively. The value is not pinned.
        unsafe { &mut *self.mutex.data.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: The guard was made when the mutex was taken, by the same task, because a guard
        // cannot be sent.
        unsafe { bindings::mutex_unlock(self.mutex.raw.get()) };
    }
}
