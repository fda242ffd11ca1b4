// SPDX-License-Identifier: GPL-2.0

//! Notifications (`Notify`) that firmware sends to ACPI devices.
//!
//! An ACPI device can have several handlers that differ in their function. They are all called,
//! the one installed last first, so these listeners take nothing from mainline's drivers; nor do
//! they fetch what comes with a notification (`_WED` of a WMI device), which can be had only once.
//!
//! C headers: `include/acpi/acpi_bus.h`, `include/acpi/acpixf.h`.

use super::{
    acpi::Companion,
    wmi, //
};
use core::{
    marker::PhantomData,
    ptr::null_mut, //
};
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*, //
};

/// `AE_OK` and `AE_NO_MEMORY` of `include/acpi/acexcep.h`.
const AE_OK: bindings::acpi_status = 0;
const AE_NO_MEMORY: bindings::acpi_status = 4;

/// The id of ACPI devices with blocks of WMI.
const WMI: &CStr = c"PNP0C14";

/// What wants to know of notifications.
pub(crate) trait Listen {
    /// Firmware has sent `value`, 0x80 to 0xFF. Called in process context, perhaps several times at
    /// once. Later notifications of all devices may wait until this returns.
    fn notified(value: u32);
}

/// Has a [`Listen`] called. No call is under way when this is dropped, which therefore must not be
/// done in one.
pub(crate) struct Listener<L> {
    companion: Companion,
    /// What was installed: two pointers to one function need not be equal.
    handler: bindings::acpi_notify_handler,
    _listen: PhantomData<fn(L)>,
}

// SAFETY: Any thread may install and remove a handler.
unsafe impl<L> Send for Listener<L> {}
// SAFETY: No function takes a shared reference, and the fields are private: `companion` is an atomic
// reference count, and `handler` a function pointer that does not change.
unsafe impl<L> Sync for Listener<L> {}

impl<L: Listen> Listener<L> {
    /// Listens to the ACPI device that `device` was made for.
    ///
    /// # Errors
    ///
    /// `ENODEV` when there is none, or it cannot be listened to; `ENOMEM`.
    pub(crate) fn of(device: &Device<Bound>) -> Result<Self> {
        Self::install(Companion::of(device)?)
    }

    /// Listens to the WMI device that has the block `guid`, and to no other: a number can mean
    /// something else on each of them.
    ///
    /// # Errors
    ///
    /// `ENODEV` when there is none that can be told from others, or it cannot be listened to; `ENOMEM`.
    pub(crate) fn of_wmi(guid: &CStr) -> Result<Self> {
        let uid = wmi::uid(guid);
        let mut next = Companion::next(None, WMI);
        while let Some(companion) = next {
            if !uid.is_null() && companion.uid() == uid {
                return Self::install(companion);
            }
            next = Companion::next(Some(companion), WMI);
        }
        Err(ENODEV)
    }

    fn install(companion: Companion) -> Result<Self> {
        let handler: bindings::acpi_notify_handler = Some(notified::<L>);
        // SAFETY: `companion` is alive, and so its handle is one that may be passed. The handler needs no
        // context, and can be called at any time from now on until `drop` removes it. It is what
        // `acpi_dev_install_notify_handler()` does, which says `ENODEV` of everything.
        let status = unsafe {
            bindings::acpi_install_notify_handler(
                companion.handle(),
                bindings::ACPI_DEVICE_NOTIFY,
                handler,
                null_mut(),
            )
        };
        match status {
            AE_OK => Ok(Self {
                companion,
                handler,
                _listen: PhantomData,
            }),
            AE_NO_MEMORY => Err(ENOMEM),
            _ => Err(ENODEV),
        }
    }
}

impl<L> Drop for Listener<L> {
    fn drop(&mut self) {
        // SAFETY: `companion` is alive, and `handler` was installed with the same type. First the
        // function unlinks it, then it waits until all notifications are delivered that were sent
        // when it was still linked. Had the device been taken out of the namespace meanwhile, the
        // handler would have gone with it, and the handle been replaced by one that stands for
        // nothing that can be notified: then the function only waits.
        unsafe {
            bindings::acpi_dev_remove_notify_handler(
                self.companion.as_raw(),
                bindings::ACPI_DEVICE_NOTIFY,
                self.handler,
            )
        };
    }
}

extern "C" fn notified<L: Listen>(
    _handle: bindings::acpi_handle,
    value: u32,
    _context: *mut c_void,
) {
    L::notified(value);
}
