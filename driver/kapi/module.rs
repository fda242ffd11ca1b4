// SPDX-License-Identifier: GPL-2.0

//! References to this module.
//!
//! C header: `include/linux/module.h`.

use kernel::{
    bindings,
    prelude::*,
    types::Opaque, //
};

mod c {
    use super::{
        bindings,
        Opaque, //
    };

    extern "C" {
        // include/linux/module.h: extern struct module __this_module;
        #[expect(improper_ctypes, reason = "its fields are not looked at")]
        pub(super) static __this_module: Opaque<bindings::module>;

        // helpers.c: bool milspec_module_get(void);
        pub(super) fn milspec_module_get() -> bool;

        // helpers.c: void milspec_module_put(void);
        pub(super) fn milspec_module_put();
    }
}

/// Returns `THIS_MODULE`.
pub(super) const fn this() -> *mut bindings::module {
    // SAFETY: modpost defines the structure for every module, so that it is there for as long as this
    // code is. Only its address is taken.
    unsafe { c::__this_module.get() }
}

/// A reference to this module: while it exists, `rmmod` answers `EBUSY`.
pub(crate) struct Hold(());

impl Hold {
    /// Takes a reference. May be called in any context.
    ///
    /// # Errors
    ///
    /// `EBUSY` when the module is being unloaded already.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: This code runs, so the module that it belongs to is in memory. Should it be on
        // its way out, the function sees that and takes no reference.
        match unsafe { c::milspec_module_get() } {
            true => Ok(Self(())),
            false => Err(EBUSY),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // SAFETY: Gives back the reference that `new` took, once. Should it be the last one, an
        // unload that begins now still waits for whatever called this code: it is reached only
        // through registrations that the module's exit takes back first.
        unsafe { c::milspec_module_put() };
    }
}
