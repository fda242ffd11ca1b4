// SPDX-License-Identifier: GPL-2.0

//! The kernel's copy of the SMBIOS (DMI) tables.
//!
//! C header: `include/linux/dmi.h`.

use kernel::prelude::*;

/// Entries of `enum dmi_field` (`include/linux/mod_devicetable.h`) that this driver reads.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(crate) enum Field {
    /// `DMI_BIOS_VERSION`.
    BiosVersion = 2,
    /// `DMI_SYS_VENDOR`.
    Vendor = 6,
    /// `DMI_PRODUCT_NAME`.
    Product = 7,
    /// `DMI_CHASSIS_TYPE`, in decimal digits.
    ChassisType = 19,
}

/// `struct dmi_header`. It has the name that C has for it: a kernel with CONFIG_CFI compares the
/// type of a function that is called by its address with the type that the caller has in mind, and
/// a structure's name is part of that.
#[allow(non_camel_case_types)]
#[repr(C, packed)]
struct dmi_header {
    kind: u8,
    length: u8,
    handle: u16,
}

// The size that it has in C, and with it the layout that `decode` relies on.
const _: () = assert!(size_of::<dmi_header>() == 4);

mod c {
    use super::*;

    extern "C" {
        // const char *dmi_get_system_info(int field);
        pub(super) fn dmi_get_system_info(field: c_int) -> *const c_char;

        // int dmi_walk(void (*decode)(const struct dmi_header *, void *), void *private_data);
        pub(super) fn dmi_walk(
            decode: Option<unsafe extern "C" fn(*const dmi_header, *mut c_void)>,
            private_data: *mut c_void,
        ) -> c_int;
    }
}

/// Returns a text of the machine's SMBIOS tables, or `None` where there is none.
pub(crate) fn text(field: Field) -> Option<&'static CStr> {
    // SAFETY: The function only reads a table that it indexes with a number of `enum dmi_field`.
    let text = unsafe { c::dmi_get_system_info(field as c_int) };
    if text.is_null() {
        return None;
    }
    // SAFETY: A non-null entry is a NUL-terminated string that `dmi_setup()` made at boot and that
    // is neither changed nor freed while the kernel runs, hence also `'static`.
    Some(unsafe { CStr::from_char_ptr(text) })
}

/// Hands the formatted area of every SMBIOS structure of type `kind` to `take`, header included.
///
/// # Errors
///
/// `ENXIO` or `ENOMEM` where the kernel has no SMBIOS tables or cannot map them.
pub(crate) fn walk<F: FnMut(&[u8])>(kind: u8, take: F) -> Result {
    struct Visitor<F> {
        kind: u8,
        take: F,
    }

    /// # Safety
    ///
    /// `header` must be as `dmi_walk()` passes it, `visitor` must point to a `Visitor<F>` that
    /// nothing else accesses.
    unsafe extern "C" fn decode<F: FnMut(&[u8])>(header: *const dmi_header, visitor: *mut c_void) {
        // SAFETY: By this function's contract.
        let visitor = unsafe { &mut *visitor.cast::<Visitor<F>>() };
        // SAFETY: `dmi_decode_table()` calls with a pointer to the four bytes of a header inside
        // the mapped table. They need no alignment: the structure is packed, its fields are bytes.
        let (kind, length) = unsafe { ((*header).kind, (*header).length) };
        if kind != visitor.kind {
            return;
        }
        // SAFETY: `dmi_decode_table()` has checked that the structure's `length` bytes and the
        // strings behind them lie inside the mapped table before it calls; the mapping outlives
        // the call, and nobody writes to it.
        let area = unsafe { core::slice::from_raw_parts(header.cast::<u8>(), length.into()) };
        (visitor.take)(area);
    }

    let mut visitor = Visitor { kind, take };
    // SAFETY: `decode` gets the pointer to `visitor`, which outlives the call and which only
    // `decode`, one call after the other, accesses meanwhile. The function does not keep it.
    let error = unsafe { c::dmi_walk(Some(decode::<F>), (&raw mut visitor).cast()) };
    kernel::error::to_result(error)
}
