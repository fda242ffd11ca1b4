// SPDX-License-Identifier: GPL-2.0

//! A faux device with sysfs attributes.
//!
//! `kernel::faux::Registration` takes no attributes. C header: `include/linux/device/faux.h`.
//!
//! The faux bus adds the attributes when it binds its driver to the device: after the event with
//! action `add`, and before the one with action `bind`, both of which it sends while the device is
//! registered. A udev rule that reads an attribute has to wait for `bind`.

use super::{
    sysfs::{
        hear,
        say,
        Entry,
        Group,
        Page, //
    },
    uevent::Announcer, //
};
use core::ptr::{
    null,
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    device::Device,
    prelude::*, //
};

/// One sysfs attribute.
pub(crate) trait Attribute {
    /// Name of the file.
    const NAME: &'static CStr;

    /// What takes in what is written, without a newline at its end. Called in process context, and
    /// by the owner of the file whatever its capabilities: the function must look at these itself.
    ///
    /// With such a function the file has mode 0644, else 0444.
    const STORE: Option<fn(&[u8]) -> Result> = None;

    /// Writes what the file says, newline included. Called in process context.
    ///
    /// Who reads the file gets `EOVERFLOW` where that is more than a page has room for.
    fn show(out: &mut Page<'_>) -> Result;
}

/// `struct device_attribute`, of which the kernel and this module only read.
#[repr(transparent)]
pub(crate) struct RawAttribute(bindings::device_attribute);

// SAFETY: What is inside are a pointer to a static string, function pointers and numbers, set by
// `new` in a constant expression. The field is private and nothing here writes to it later. sysfs
// takes attributes as constants: those of C are in read-only memory, as these are.
unsafe impl Sync for RawAttribute {}

impl RawAttribute {
    /// Describes an attribute.
    pub(crate) const fn new<A: Attribute>() -> Self {
        let mut raw: bindings::device_attribute = pin_init::zeroed();
        raw.attr.name = kernel::str::as_char_ptr_in_const_context(A::NAME);
        raw.attr.mode = 0o444;
        raw.__bindgen_anon_1.show = Some(show::<A>);
        if A::STORE.is_some() {
            raw.attr.mode = 0o644;
            raw.__bindgen_anon_2.store = Some(store::<A>);
        }
        Self(raw)
    }

    /// Returns what a list holds of it.
    pub(crate) const fn entry(&'static self) -> Entry<Self> {
        Entry::new(&self.0.attr)
    }
}

/// A list of attribute groups: of one, and null.
#[repr(transparent)]
pub(crate) struct Groups([*const bindings::attribute_group; 2]);

// SAFETY: The pointer that is not null leads to a static `Group`, which can be shared and is never
// written through it. The field is private and set once, by `new`.
unsafe impl Sync for Groups {}

impl Groups {
    pub(crate) const fn new(group: &'static Group<RawAttribute>) -> Self {
        Self([group.as_raw(), null()])
    }
}

/// Declares the attributes of a device as `static NAME: Groups`.
macro_rules! attributes {
    ($(#[$meta:meta])* $vis:vis static $name:ident = [$($attribute:ty),+ $(,)?];) => {
        $(#[$meta])*
        $vis static $name: $crate::kapi::faux::Groups = {
            use $crate::kapi::{
                faux::{Groups, RawAttribute},
                sysfs::{Group, List},
            };

            const COUNT: usize = [$(stringify!($attribute)),+].len();
            static LIST: List<RawAttribute, COUNT> = List::new([
                $({
                    static ATTRIBUTE: RawAttribute = RawAttribute::new::<$attribute>();
                    ATTRIBUTE.entry()
                },)+
            ]);
            static GROUP: Group<RawAttribute> = Group::new(&LIST);
            Groups::new(&GROUP)
        };
    };
}

pub(crate) use attributes;

/// # Safety
///
/// `out` must be the page that sysfs passes to a `show` callback.
unsafe extern "C" fn show<A: Attribute>(
    _device: *mut bindings::device,
    _attribute: *mut bindings::device_attribute,
    out: *mut c_char,
) -> isize {
    // SAFETY: By this function's contract.
    unsafe { say(out, A::show) }
}

/// # Safety
///
/// `text` and `length` must be as sysfs passes them to a `store` callback.
unsafe extern "C" fn store<A: Attribute>(
    _device: *mut bindings::device,
    _attribute: *mut bindings::device_attribute,
    text: *const c_char,
    length: usize,
) -> isize {
    let store = A::STORE.unwrap_or(|_| Err(EIO));
    // SAFETY: By this function's contract.
    unsafe { hear(text, length, store) }
}

/// A registered faux device.
pub(crate) struct Registration(NonNull<bindings::faux_device>);

// SAFETY: `faux_device_destroy()` may be called by any thread.
unsafe impl Send for Registration {}
// SAFETY: With a shared reference `announcer` can be called, which takes a reference to the device:
// an atomic count.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a faux device `name` with attributes.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: the kernel does not say why it failed, and with a name that nobody else has there is
    /// nothing else.
    pub(crate) fn new(name: &CStr, attributes: &'static Groups) -> Result<Self> {
        // SAFETY: `name` is copied. `Groups` is a null-terminated list of groups whose lists of
        // attributes end with null, as its constructor and those below it see to; all of it is
        // static, and the kernel only reads it. No parent and no operations are allowed.
        let device = unsafe {
            bindings::faux_device_create_with_groups(
                name.as_char_ptr(),
                null_mut(),
                null(),
                attributes.0.as_ptr().cast_mut(),
            )
        };
        Ok(Self(NonNull::new(device).ok_or(ENOMEM)?))
    }

    /// Returns what sends events in the name of the device. It may outlive the registration.
    pub(crate) fn announcer(&self) -> Announcer {
        // SAFETY: The device is registered while `self` exists, so it has a reference. Its release
        // function belongs to the kernel proper and may be called by any thread.
        Announcer::new(unsafe { Device::get_device(&raw mut (*self.0.as_ptr()).dev) })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: The device was registered by `new` and is destroyed once. This waits for `show`
        // and `store` callbacks under way.
        unsafe { bindings::faux_device_destroy(self.0.as_ptr()) };
    }
}
