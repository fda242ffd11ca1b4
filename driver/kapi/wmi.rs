// SPDX-License-Identifier: GPL-2.0

//! Where the blocks of WMI are.
//!
//! C source: `drivers/platform/wmi/core.c`. The symbol is looked up at run time, because this module
//! is of use without WMI as well.

use core::{
    mem::transmute,
    ptr::{
        null,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    prelude::*, //
};

const SYMBOL: &CStr = c"wmi_get_acpi_device_uid";

// char *wmi_get_acpi_device_uid(const char *guid_string);
type Call = unsafe extern "C" fn(*const c_char) -> *mut c_char;

/// Returns the pointer that stands for the `_UID` of the ACPI device which has the block `guid`, and
/// is that device's alone. Null where there is no such device, or it has no `_UID`.
///
/// Nothing keeps the device: the pointer is to be compared, not to be followed.
pub(super) fn uid(guid: &CStr) -> *const c_char {
    // SAFETY: `SYMBOL` is a C string. The reference is given back below.
    let symbol = unsafe { bindings::__symbol_get(SYMBOL.as_char_ptr()) };
    let Some(symbol) = NonNull::new(symbol) else {
        return null();
    };
    // SAFETY: The symbol of this name is a function with the prototype above, whose module stays in
    // memory until the reference is given back. It only reads `guid`, a C string.
    let uid = unsafe { transmute::<*mut c_void, Call>(symbol.as_ptr())(guid.as_char_ptr()) };
    // SAFETY: Gives back the reference that was taken above.
    unsafe { bindings::__symbol_put(SYMBOL.as_char_ptr()) };
    uid
}
