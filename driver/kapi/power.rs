// SPDX-License-Identifier: GPL-2.0

//! The sleep of the machine: suspend and hibernation.
//!
//! C header: `include/linux/suspend.h`.

use core::{
    marker::PhantomData,
    ptr::null_mut, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*,
    types::Opaque, //
};

mod c {
    use super::*;

    extern "C" {
        // helpers.c: int milspec_notifier_from_errno(int error);
        pub(super) fn milspec_notifier_from_errno(error: c_int) -> c_int;
    }
}

/// What wants to know of the machine's sleep. Both are called in process context.
pub(crate) trait Sleeper {
    /// The machine is about to go to sleep. User space still runs.
    ///
    /// # Errors
    ///
    /// Any: the machine stays awake, and whoever has asked for its sleep gets the error. `awake` is
    /// not called then.
    fn prepare() -> Result;

    /// The machine is awake, or did not go to sleep after all. User space runs again.
    fn awake();
}

/// Has a [`Sleeper`] called. No call is under way when this is dropped.
#[pin_data(PinnedDrop)]
pub(crate) struct Notifier<S: Sleeper> {
    _sleeper: PhantomData<S>,
    // The last to be initialised: once it is registered nothing can fail.
    #[pin]
    raw: Opaque<bindings::notifier_block>,
}

// SAFETY: Any thread may register and unregister a notifier.
unsafe impl<S: Sleeper> Send for Notifier<S> {}
// SAFETY: No function takes a shared reference, and the fields are private: `raw` is accessed by the
// kernel alone, under the lock of the chain, until it is taken off it.
unsafe impl<S: Sleeper> Sync for Notifier<S> {}

impl<S: Sleeper> Notifier<S> {
    /// Registers the notifier.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _sleeper: PhantomData,
            raw <- Opaque::try_ffi_init(|slot: *mut bindings::notifier_block| {
                // SAFETY: `slot` is valid for writes.
                unsafe {
                    slot.write(bindings::notifier_block {
                        notifier_call: Some(notified::<S>),
                        next: null_mut(),
                        priority: 0,
                    });
                }
                // SAFETY: `slot` was just initialised and is pinned. It stays where it is until
                // `drop` has taken it off the chain.
                to_result(unsafe { bindings::register_pm_notifier(slot) })
            }),
        })
    }
}

#[pinned_drop]
impl<S: Sleeper> PinnedDrop for Notifier<S> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` has registered it, and it is unregistered once. The function waits for
        // calls that are under way, because these hold the lock of the chain.
        unsafe { bindings::unregister_pm_notifier(self.raw.get()) };
    }
}

extern "C" fn notified<S: Sleeper>(
    _notifier: *mut bindings::notifier_block,
    event: c_ulong,
    _data: *mut c_void,
) -> c_int {
    let result = match event as u32 {
        bindings::PM_HIBERNATION_PREPARE
        | bindings::PM_SUSPEND_PREPARE
        | bindings::PM_RESTORE_PREPARE => S::prepare(),
        bindings::PM_POST_HIBERNATION | bindings::PM_POST_SUSPEND | bindings::PM_POST_RESTORE => {
            S::awake();
            Ok(())
        }
        _ => Ok(()),
    };
    let error = result.err().map_or(0, Error::to_errno);
    // SAFETY: The function computes a number.
    unsafe { c::milspec_notifier_from_errno(error) }
}
