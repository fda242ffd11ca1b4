// SPDX-License-Identifier: GPL-2.0

//! Mainline's `dell-smbios`: calls into Dell firmware.
//!
//! C source: `drivers/platform/x86/dell/dell-smbios-base.c`. Its header is not among the installed
//! kernel headers, so the two declarations needed are repeated here.
//!
//! The symbol is looked up at run time. As a plain import it would make `modprobe` fail with
//! `dell-smbios`' own `ENODEV` on every machine that is not a Dell, before any code of ours runs.

use core::{
    mem::transmute,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

pub(crate) use calling_interface_buffer as Buffer;

const SYMBOL: &CStr = c"dell_smbios_call";

/// `struct calling_interface_buffer` of `include/uapi/linux/wmi.h`. It has the name that C has for
/// it: a kernel with CONFIG_CFI compares the type of a function that is called by its address, as
/// `dell_smbios_call` is here, with the type of the pointer, and a structure's name is part of that.
#[allow(non_camel_case_types)]
#[repr(C, packed)]
#[derive(Clone, Copy)]
pub(crate) struct calling_interface_buffer {
    /// `cmd_class`.
    pub(crate) class: u16,
    /// `cmd_select`.
    pub(crate) select: u16,
    /// Arguments.
    pub(crate) input: [u32; 4],
    /// What the firmware answers: `output[0]` is a status.
    pub(crate) output: [u32; 4],
}

const _: () = assert!(size_of::<calling_interface_buffer>() == 36);

// int dell_smbios_call(struct calling_interface_buffer *buffer);
type Call = unsafe extern "C" fn(*mut calling_interface_buffer) -> c_int;

/// A reference to `dell-smbios`, which cannot be unloaded while this exists.
pub(crate) struct DellSmbios {
    call: Call,
}

impl DellSmbios {
    /// Takes a reference, loading the module if need be. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOENT` when the kernel has no such module or it refuses to load. `ENOMEM`.
    pub(crate) fn get() -> Result<Self> {
        Self::find().or_else(|_| {
            // SAFETY: The format string has no conversions.
            let asked = unsafe { bindings::__request_module(true, c"dell-smbios".as_char_ptr()) };
            // Whether the module has come is seen by looking for its symbol.
            Self::find().map_err(|error| match to_result(asked) {
                Err(ENOMEM) => ENOMEM,
                _ => error,
            })
        })
    }

    /// Takes a reference to the module that is loaded.
    ///
    /// # Errors
    ///
    /// `ENOENT` when there is none.
    pub(crate) fn find() -> Result<Self> {
        // SAFETY: `SYMBOL` is a C string. The reference taken is given back by `drop`.
        let symbol = unsafe { bindings::__symbol_get(SYMBOL.as_char_ptr()) };
        let symbol = NonNull::new(symbol).ok_or(ENOENT)?;
        // SAFETY: The symbol named `dell_smbios_call` is a function with the prototype above in
        // every kernel that this driver builds for; with the reference just taken, its module
        // stays in memory for as long as `Self` exists.
        let call = unsafe { transmute::<*mut c_void, Call>(symbol.as_ptr()) };
        Ok(Self { call })
    }

    /// Makes one firmware call. Sleeps, and may stop every core for milliseconds.
    ///
    /// Success says only that the call took place: the firmware's answer is in `buffer.output`,
    /// which is unchanged when the firmware ignored the call.
    ///
    /// # Errors
    ///
    /// `ENODEV` when `dell-smbios` has found no way into the firmware (yet), or the error of that
    /// way.
    pub(crate) fn call(&self, buffer: &mut calling_interface_buffer) -> Result {
        // SAFETY: The function reads and writes the 36 bytes of the buffer and does not keep the
        // pointer. It serialises its callers itself.
        to_result(unsafe { (self.call)(buffer) })
    }
}

impl Drop for DellSmbios {
    fn drop(&mut self) {
        // SAFETY: Gives back the reference that `find` took, once.
        unsafe { bindings::__symbol_put(SYMBOL.as_char_ptr()) };
    }
}

/// Waits until the drivers of all devices known by now have been probed.
///
/// `dell-smbios` finds its way into the firmware through a driver on the WMI bus, which is probed
/// after its module has loaded. Must not be called while probing a device.
pub(crate) fn wait_for_backend() {
    extern "C" {
        // void wait_for_device_probe(void);
        fn wait_for_device_probe();
    }

    // SAFETY: No preconditions but that the caller may sleep and is not itself a probe.
    unsafe { wait_for_device_probe() };
}
