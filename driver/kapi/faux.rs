// SPDX-License-Identifier: GPL-2.0

//! A faux device with sysfs attributes.
//!
//! `kernel::faux::Registration` takes no attributes, and attributes that are added to a registered
//! device come after the event that announces it. C header: `include/linux/device/faux.h`.

use super::uevent::Announcer;
use core::ptr::{
    null,
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    device::Device,
    prelude::*,
    str::CString, //
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

    /// Returns what the file says, newline included. Called in process context.
    fn show() -> Result<CString>;
}

/// `struct device_attribute`.
#[repr(transparent)]
pub(crate) struct RawAttribute(bindings::device_attribute);

// SAFETY: Nothing changes the structure: the kernel reads the attributes that it is given, and this
// module has no function that writes to one.
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

    /// Returns the pointer that an attribute group holds.
    pub(crate) const fn as_attribute(&'static self) -> *mut bindings::attribute {
        (&raw const self.0.attr).cast_mut()
    }
}

/// # Safety
///
/// `out` must be the page that sysfs passes to a `show` callback.
unsafe extern "C" fn show<A: Attribute>(
    _device: *mut bindings::device,
    _attribute: *mut bindings::device_attribute,
    out: *mut c_char,
) -> isize {
    match A::show() {
        // SAFETY: By this function's contract `out` is what `sysfs_emit()` expects, and the
        // format takes one C string, which outlives the call.
        Ok(text) => unsafe {
            bindings::sysfs_emit(out, c"%s".as_char_ptr(), text.as_char_ptr()) as isize
        },
        Err(error) => error.to_errno() as isize,
    }
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
    // SAFETY: By this function's contract: kernfs has copied `length` bytes, at most a page, to
    // `text`, and leaves them alone until this returns.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), length) };
    let store = A::STORE.unwrap_or(|_| Err(EIO));
    match store(text.strip_suffix(b"\n").unwrap_or(text)) {
        // All of it was used. A page is far below `isize::MAX`.
        Ok(()) => length as isize,
        Err(error) => error.to_errno() as isize,
    }
}

/// A list of pointers or a structure made of them, for the kernel to read.
#[repr(transparent)]
pub(crate) struct Raw<T>(pub(crate) T);

// SAFETY: Nothing changes what the pointers lead to, see `RawAttribute`, nor the pointers.
unsafe impl<T> Sync for Raw<T> {}

/// Null-terminated list of attribute groups.
pub(crate) type Groups = Raw<[*const bindings::attribute_group; 2]>;

/// Declares the attributes of a device as `static NAME: Groups`.
macro_rules! attributes {
    ($(#[$meta:meta])* $vis:vis static $name:ident = [$($attribute:ty),+ $(,)?];) => {
        $(#[$meta])*
        $vis static $name: $crate::kapi::faux::Groups = {
            use kernel::bindings::{attribute, attribute_group};
            use $crate::kapi::faux::{Raw, RawAttribute};

            const COUNT: usize = [$(stringify!($attribute)),+].len();
            static LIST: Raw<[*mut attribute; COUNT + 1]> = Raw([
                $({
                    static ATTRIBUTE: RawAttribute = RawAttribute::new::<$attribute>();
                    ATTRIBUTE.as_attribute()
                },)+
                core::ptr::null_mut(),
            ]);
            static GROUP: Raw<attribute_group> = {
                let mut group: attribute_group = pin_init::zeroed();
                group.__bindgen_anon_2.attrs = (&raw const LIST.0).cast_mut().cast();
                Raw(group)
            };
            Raw([&raw const GROUP.0, core::ptr::null()])
        };
    };
}

pub(crate) use attributes;

/// A registered faux device.
pub(crate) struct Registration(NonNull<bindings::faux_device>);

// SAFETY: `faux_device_destroy()` may be called by any thread.
unsafe impl Send for Registration {}
// SAFETY: A shared reference allows no more than to take a reference to the device.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a faux device `name` with attributes.
    pub(crate) fn new(name: &CStr, attributes: &'static Groups) -> Result<Self> {
        // SAFETY: `name` is copied. The attribute groups are `'static`, null-terminated and of the
        // form that `attributes!` gives them. No parent and no operations are allowed.
        let device = unsafe {
            bindings::faux_device_create_with_groups(
                name.as_char_ptr(),
                null_mut(),
                null(),
                (&raw const attributes.0).cast_mut().cast(),
            )
        };
        Ok(Self(NonNull::new(device).ok_or(ENODEV)?))
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
