// SPDX-License-Identifier: GPL-2.0

//! Faults as a Rust driver would have them, each of which the debug kernel must report. A ring that
//! did not report them would pass whatever the driver does.

use kernel::{
    new_spinlock,
    prelude::*,
    str::CStr,
    sync::SpinLock, //
};

module! {
    type: Planted,
    name: "planted",
    authors: ["The dell_milspec authors"],
    description: "Faults that a debug kernel must report",
    license: "GPL",
}

extern "C" {
    static planted_fault: *const c_char;
}

struct Planted;

/// Reads what `at` points to, in a way that the compiler may not leave out.
///
/// # Safety
///
/// There is none: it is given pointers that must not be read.
unsafe fn peek(at: *const u8) {
    // SAFETY: None. This is the fault.
    let byte = unsafe { at.read_volatile() };
    pr_info!("read {byte}\n");
}

fn bytes(count: usize) -> Result<KVec<u8>> {
    Ok(KVec::from_elem(7_u8, count, GFP_KERNEL)?)
}

fn use_after_free() -> Result {
    let buffer = bytes(64)?;
    let at = buffer.as_ptr();
    drop(buffer);
    // SAFETY: None: it is freed.
    unsafe { peek(at) };
    Ok(())
}

fn out_of_bounds() -> Result {
    let buffer = bytes(40)?;
    // SAFETY: None: it is one behind the last.
    unsafe { peek(buffer.as_ptr().wrapping_add(40)) };
    Ok(())
}

fn sleep_under_spinlock() -> Result {
    let lock = KBox::pin_init(new_spinlock!(0_u8, "planted::spin"), GFP_KERNEL)?;
    let _guard = lock.lock();
    // An allocation that may sleep.
    bytes(64).map(drop)
}

fn lock_inversion() -> Result {
    let one: Pin<KBox<SpinLock<u8>>> =
        KBox::pin_init(new_spinlock!(0_u8, "planted::one"), GFP_KERNEL)?;
    let other: Pin<KBox<SpinLock<u8>>> =
        KBox::pin_init(new_spinlock!(0_u8, "planted::other"), GFP_KERNEL)?;
    {
        let _first = one.lock();
        let _second = other.lock();
    }
    let _first = other.lock();
    let _second = one.lock();
    Ok(())
}

impl kernel::Module for Planted {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: The kernel has set the parameter, a string that lives as long as the module, before
        // it calls this, and does not change it.
        let fault = unsafe { CStr::from_char_ptr(planted_fault) };
        match fault.to_bytes() {
            b"use-after-free" => use_after_free()?,
            b"out-of-bounds" => out_of_bounds()?,
            b"sleep-under-spinlock" => sleep_under_spinlock()?,
            b"lock-inversion" => lock_inversion()?,
            b"none" => {}
            _ => return Err(EINVAL),
        }
        pr_info!("done\n");
        Ok(Self)
    }
}
