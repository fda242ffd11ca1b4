// SPDX-License-Identifier: GPL-2.0

//! What differs between the kernels that this driver builds for, besides what `helpers.c` declares.
//!
//! A `--cfg` of `Kbuild` is named after the kernel that brought a thing. It and what is here for the
//! kernels before go with the last of these.

use kernel::{
    bindings,
    error::Error,
    ffi::c_char, //
};

/// `kernel::acpi_device_table!`, which wants a name for its symbol up to 7.2.
macro_rules! acpi_device_table {
    ($name:ident, $info:ty, $table:tt) => {
        #[cfg(kernel_7_3)]
        ::kernel::acpi_device_table!($name, $info, $table);
        #[cfg(not(kernel_7_3))]
        ::kernel::acpi_device_table!($name, MODULE_ACPI_TABLE, $info, $table);
    };
}

pub(crate) use acpi_device_table;

/// `struct kobj_attribute`, the functions of which are members of a union from 7.3 on. `name` must be
/// the text of a static C string.
pub(super) const fn kobj_attribute(
    name: *const c_char,
    mode: bindings::umode_t,
    show: Show,
    store: Option<Store>,
) -> bindings::kobj_attribute {
    let mut raw: bindings::kobj_attribute = pin_init::zeroed();
    raw.attr.name = name;
    raw.attr.mode = mode;
    #[cfg(kernel_7_3)]
    {
        raw.__bindgen_anon_1.show = Some(show);
        raw.__bindgen_anon_2.store = store;
    }
    #[cfg(not(kernel_7_3))]
    {
        raw.show = Some(show);
        raw.store = store;
    }
    raw
}

/// A `show` callback of it.
pub(super) type Show = unsafe extern "C" fn(
    *mut bindings::kobject,
    *mut bindings::kobj_attribute,
    *mut c_char,
) -> isize;

/// A `store` callback of it.
pub(super) type Store = unsafe extern "C" fn(
    *mut bindings::kobject,
    *mut bindings::kobj_attribute,
    *const c_char,
    usize,
) -> isize;

/// Errors that `kernel::error::code` has from 7.3 on. Functions, because `Error::from_errno` is not
/// constant.
macro_rules! errors {
    ($($function:ident => $name:ident)+) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub(crate) fn $function() -> Error {
                // The numbers are below 4096.
                Error::from_errno(-(bindings::$name as i32))
            }
        )+
    };
}

errors! {
    ekeyrejected => EKEYREJECTED
    enodata => ENODATA
    eopnotsupp => EOPNOTSUPP
    eproto => EPROTO
    eprotonosupport => EPROTONOSUPPORT
    estale => ESTALE
}
