// SPDX-License-Identifier: GPL-2.0

//! Events of a device for user space.
//!
//! C header: `include/linux/kobject.h`.

use core::ptr::null_mut;
use kernel::{
    bindings,
    device::Device,
    error::to_result,
    prelude::*,
    sync::aref::ARef, //
};

/// Most texts that one event can carry.
pub(crate) const TEXTS: usize = 15;

/// Most bytes that these can have, the NUL at the end of each included. The kernel's buffer has
/// 2048 for all that it says of an event, and it warns with a trace when that does not suffice.
pub(crate) const BYTES: usize = 1024;

/// Says in the name of a device that it has changed.
#[derive(Clone)]
pub(crate) struct Announcer(ARef<Device>);

impl Announcer {
    /// Speaks for `device`, which must be registered, or have been.
    pub(super) fn new(device: ARef<Device>) -> Self {
        Self(device)
    }

    /// Sends an event with action `change` and `texts`, each `KEY=value`. Sleeps.
    ///
    /// # Errors
    ///
    /// `E2BIG` for more than `TEXTS` texts or `BYTES` bytes, `ENOMEM`. That nobody listens is no
    /// error.
    pub(crate) fn send(&self, texts: &[&CStr]) -> Result {
        // The list ends with a null pointer.
        let mut list = [null_mut(); TEXTS + 1];
        let bytes = texts
            .iter()
            .fold(0_usize, |sum, text| sum.saturating_add(text.count_bytes()));
        if texts.len() > TEXTS || bytes.saturating_add(texts.len()) > BYTES {
            return Err(E2BIG);
        }
        for (place, text) in list.iter_mut().zip(texts) {
            *place = text.as_char_ptr().cast_mut();
        }
        let device: *const Device = &*self.0;
        // SAFETY: `Device` is a transparent wrapper of `struct device`, which the reference keeps
        // in memory, and with it its `kobj`. That was initialised and given the set of all
        // devices, which always exists, before the device was registered; that stays so after it
        // is taken away. The function copies the null-terminated list of C strings, which it does
        // not change, before it returns.
        to_result(unsafe {
            let device = device.cast_mut().cast::<bindings::device>();
            bindings::kobject_uevent_env(
                &raw mut (*device).kobj,
                bindings::kobject_action_KOBJ_CHANGE,
                list.as_mut_ptr(),
            )
        })
    }
}
