// SPDX-License-Identifier: GPL-2.0

//! Work that is done later, in process context.
//!
//! `kernel::workqueue` cannot cancel, and work that is pending does not pin a module: when the
//! module goes, the kernel would jump into freed text. Here the work stands in the module's static
//! memory and can be kicked at any time; it is done only between `start()` and the drop of what
//! that returns.
//!
//! The queue is one that is frozen with user space: no work begins while the machine goes to sleep,
//! and going to sleep waits for what has begun.
//!
//! C header: `include/linux/workqueue.h`.

use kernel::{
    bindings,
    container_of,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Full,
            Relaxed, //
        },
        LockClassKey, //
    },
    time::{
        msecs_to_jiffies,
        Msecs, //
    },
    types::Opaque, //
};

/// A function and when to call it. It is never called twice at once.
pub(crate) struct Worker {
    /// Initialised when `started` is true.
    raw: Opaque<bindings::delayed_work>,
    job: fn(),
    name: &'static CStr,
    /// Of the work and of its timer, for lockdep.
    classes: [Pin<&'static LockClassKey>; 2],
    claimed: Atomic<bool>,
    started: Atomic<bool>,
    /// Whether a kick waits for the job to begin.
    kicked: Atomic<bool>,
}

// SAFETY: Functions of the kernel access `raw`, and may be called by any thread at any time; it is
// initialised by one. A function pointer and atomics can be shared.
unsafe impl Sync for Worker {}

/// Describes work for a `static`: its function, and what lockdep calls it. What one worker waits for
/// says nothing of another one, so each has lock classes of its own.
macro_rules! worker {
    ($job:expr, $name:literal) => {
        $crate::kapi::worker::Worker::new(
            $job,
            $name,
            [kernel::static_lock_class!(), kernel::static_lock_class!()],
        )
    };
}

pub(crate) use worker;

impl Worker {
    /// Describes work for a `static`; see [`worker`].
    pub(crate) const fn new(
        job: fn(),
        name: &'static CStr,
        classes: [Pin<&'static LockClassKey>; 2],
    ) -> Self {
        Self {
            raw: Opaque::uninit(),
            job,
            name,
            classes,
            claimed: Atomic::new(false),
            started: Atomic::new(false),
            kicked: Atomic::new(false),
        }
    }

    /// Lets the job begin, at the earliest with kicks that came before.
    ///
    /// # Errors
    ///
    /// `EBUSY` when this was called before.
    pub(crate) fn start(&'static self) -> Result<Running> {
        if self.claimed.xchg(true, Relaxed) {
            return Err(EBUSY);
        }
        let raw = self.raw.get();
        let name = self.name.as_char_ptr();
        let [class, timer_class] = self.classes;
        // SAFETY: `raw` is in static memory, as are the name and the keys, and `claimed` lets one
        // caller come here, once: nothing else uses `raw` before `started` is true. The function
        // is called with `raw.work`, which is what `run` asks for; `delayed_work_timer_fn` is the
        // timer of a `struct delayed_work`, which has to be safe in interrupts.
        unsafe {
            bindings::init_work_with_key(
                &raw mut (*raw).work,
                Some(run),
                false,
                name,
                class.as_ptr(),
            );
            bindings::timer_init_key(
                &raw mut (*raw).timer,
                Some(bindings::delayed_work_timer_fn),
                bindings::TIMER_IRQSAFE,
                name,
                timer_class.as_ptr(),
            );
        }
        let running = Running(self);
        // Fully ordered, as the exchange in `kick` is: either that sees `started`, or this sees
        // `kicked`.
        self.started.xchg(true, Full);
        if self.kicked.load(Relaxed) {
            self.set(0);
        }
        Ok(running)
    }

    /// Has the job done within `delay`, after which a further kick asks for a further job. May be
    /// called in any context.
    ///
    /// Before `start()` this is remembered, after the end it does nothing.
    pub(crate) fn kick(&'static self, delay: Msecs) {
        // Kicks do not put off what earlier ones have asked for.
        if !self.kicked.xchg(true, Full) {
            self.set(delay);
        }
    }

    /// Puts off until after `delay` what a kick has asked for and is not begun. May be called in any
    /// context.
    pub(crate) fn defer(&'static self, delay: Msecs) {
        if self.kicked.load(Relaxed) {
            self.set(delay);
        }
    }

    /// Has the job done after `delay`, if nothing asks for it before. May be called in any context.
    ///
    /// Outside of what `kick` says about start and end this does nothing.
    pub(crate) fn again(&'static self, delay: Msecs) {
        if self.started.load(Acquire) {
            // SAFETY: As in `set`.
            unsafe {
                bindings::queue_delayed_work_on(
                    bindings::wq_misc_consts_WORK_CPU_UNBOUND as c_int,
                    bindings::system_freezable_wq,
                    self.raw.get(),
                    msecs_to_jiffies(delay),
                )
            };
        }
    }

    /// Has the job done after `delay`, whatever was asked for before.
    fn set(&'static self, delay: Msecs) {
        if self.started.load(Acquire) {
            // SAFETY: `raw` is initialised, as `started` says, and static. The queue exists from
            // boot on. Once the work is disabled, which is for good, the function does not queue
            // it.
            unsafe {
                bindings::mod_delayed_work_on(
                    bindings::wq_misc_consts_WORK_CPU_UNBOUND as c_int,
                    bindings::system_freezable_wq,
                    self.raw.get(),
                    msecs_to_jiffies(delay),
                )
            };
        }
    }
}

/// # Safety
///
/// `work` must be the work of the `raw` of a static `Worker`.
unsafe extern "C" fn run(work: *mut bindings::work_struct) {
    // SAFETY: By this function's contract. `Opaque` is a transparent wrapper.
    let worker: &'static Worker = unsafe {
        let raw = container_of!(work, bindings::delayed_work, work);
        &*container_of!(raw.cast::<Opaque<bindings::delayed_work>>(), Worker, raw)
    };
    // Fully ordered before all that the job reads: a kick from here on leads to another run, and
    // what came with one before is seen by this one.
    worker.kicked.xchg(false, Full);
    (worker.job)();
}

/// Work that may be done. When this is dropped it is not pending, not under way, and will not be.
/// The job itself must not drop it.
pub(crate) struct Running(&'static Worker);

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: `raw` is initialised: only `start` makes a `Running`. The function first sees to
        // it that the work is not queued any more, not by itself either, and then waits for its
        // end.
        unsafe { bindings::disable_delayed_work_sync(self.0.raw.get()) };
    }
}
