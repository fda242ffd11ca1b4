// SPDX-License-Identifier: GPL-2.0

//! A faux device with sysfs attributes.
//!
//! `kernel::faux::Registration` takes no attributes. C header: `include/linux/device/faux.h`.
//!
//! The faux bus adds the attributes when it binds its driver to the device: after the event with
//! action `add`, and before the one with action `bind`, both of which it sends while the device is
//! registered. A udev rule that reads an attribute has to wait for `bind`.

use super::uevent::Announcer;
use core::ptr::{
    null,
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    device::Device,
    fmt,
    prelude::*, //
};

/// Most bytes that a file can say.
pub(crate) const TEXT: usize = bindings::PAGE_SIZE - 1;

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
    /// Who reads the file gets `EOVERFLOW` for more than [`TEXT`] bytes: nothing is cut off.
    fn show(out: &mut Page<'_>) -> Result;
}

/// What a file says, while it is written.
pub(crate) struct Page<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Page<'_> {
    /// Adds text.
    ///
    /// # Errors
    ///
    /// `EOVERFLOW` where there is no room for all of it.
    pub(crate) fn push(&mut self, text: &str) -> Result {
        let end = self.used.saturating_add(text.len());
        let place = self.bytes.get_mut(self.used..end).ok_or(EOVERFLOW)?;
        for (to, from) in place.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        self.used = end;
        Ok(())
    }

    /// Adds what is formatted.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) -> Result {
        core::fmt::write(self, text).map_err(|_| EOVERFLOW)
    }
}

impl core::fmt::Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.push(text).map_err(|_| core::fmt::Error)
    }
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
    pub(crate) const fn entry(&'static self) -> Entry {
        Entry((&raw const self.0.attr).cast_mut())
    }
}

/// One place of a list: a pointer to the `attr` of a static `RawAttribute`.
#[repr(transparent)]
pub(crate) struct Entry(*mut bindings::attribute);

/// A list of attributes, as an attribute group has it: pointers, the last of which is null.
#[repr(C)]
pub(crate) struct List<const N: usize> {
    entries: [Entry; N],
    end: *mut bindings::attribute,
}

// SAFETY: The pointers are private and set once, by `new`; what they lead to can be shared, see
// `RawAttribute`, and is never written through them.
unsafe impl<const N: usize> Sync for List<N> {}

impl<const N: usize> List<N> {
    pub(crate) const fn new(entries: [Entry; N]) -> Self {
        Self {
            entries,
            end: null_mut(),
        }
    }
}

/// `struct attribute_group`, without anything but a list of attributes.
#[repr(transparent)]
pub(crate) struct Group(bindings::attribute_group);

// SAFETY: Its only member that is not null is a pointer to a static `List`, which can be shared and
// is never written through it. The field is private and set once, by `new`.
unsafe impl Sync for Group {}

impl Group {
    pub(crate) const fn new<const N: usize>(list: &'static List<N>) -> Self {
        let mut group: bindings::attribute_group = pin_init::zeroed();
        // A `List` begins with its first pointer, and `repr(C)` puts the others and the null behind
        // it without a gap.
        group.__bindgen_anon_2.attrs = (&raw const *list).cast_mut().cast();
        Self(group)
    }
}

/// A list of attribute groups: of one, and null.
#[repr(transparent)]
pub(crate) struct Groups([*const bindings::attribute_group; 2]);

// SAFETY: As for `List`, with `Group` in the place of `RawAttribute`.
unsafe impl Sync for Groups {}

impl Groups {
    pub(crate) const fn new(group: &'static Group) -> Self {
        Self([&raw const group.0, null()])
    }
}

/// Declares the attributes of a device as `static NAME: Groups`.
macro_rules! attributes {
    ($(#[$meta:meta])* $vis:vis static $name:ident = [$($attribute:ty),+ $(,)?];) => {
        $(#[$meta])*
        $vis static $name: $crate::kapi::faux::Groups = {
            use $crate::kapi::faux::{Group, Groups, List, RawAttribute};

            const COUNT: usize = [$(stringify!($attribute)),+].len();
            static LIST: List<COUNT> = List::new([
                $({
                    static ATTRIBUTE: RawAttribute = RawAttribute::new::<$attribute>();
                    ATTRIBUTE.entry()
                },)+
            ]);
            static GROUP: Group = Group::new(&LIST);
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
    // SAFETY: By this function's contract `out` is a page that sysfs has filled with zeros
    // (`sysfs_kf_seq_show()`) and nobody else accesses until this returns. The last byte stays zero.
    let bytes = unsafe { core::slice::from_raw_parts_mut(out.cast::<u8>(), TEXT) };
    let mut page = Page { bytes, used: 0 };
    match A::show(&mut page) {
        // At most a page, which is far below `isize::MAX`.
        Ok(()) => page.used as isize,
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

/// A registered faux device.
pub(crate) struct Registration(NonNull<bindings::faux_device>);

// SAFETY: `faux_device_destroy()` may be called by any thread.
unsafe impl Send for Registration {}
// SAFETY: With a shared reference `announcer` can be called, which takes a reference to the device:
// an atomic count.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a faux device `name` with attributes.
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
