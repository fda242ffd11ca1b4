// SPDX-License-Identifier: GPL-2.0

//! What differs between the kernels that this driver builds for, besides what `helpers.c` declares.
//!
//! A `--cfg` of `Kbuild` is named after the kernel that brought a thing. It and what is here for the
//! kernels before go with the last of these.

use kernel::{
    bindings,
    error::Error, //
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
}
