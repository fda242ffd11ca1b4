// SPDX-License-Identifier: GPL-2.0

//! What files in sysfs say and are told, and lists of them.
//!
//! C header: `include/linux/sysfs.h`.

use core::{
    marker::PhantomData,
    ptr::null_mut, //
};
use kernel::{
    bindings,
    fmt,
    prelude::*, //
};

/// Most bytes that a file can say.
pub(crate) const TEXT: usize = bindings::PAGE_SIZE - 1;

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

/// Writes what a file says by `show`, and returns what a `show` callback returns.
///
/// Who reads the file gets `EOVERFLOW` for more than [`TEXT`] bytes: nothing is cut off.
///
/// # Safety
///
/// `out` must be the page that sysfs passes to a `show` callback.
pub(super) unsafe fn say(out: *mut c_char, show: impl FnOnce(&mut Page<'_>) -> Result) -> isize {
    // SAFETY: By this function's contract `out` is a page that sysfs has filled with zeros
    // (`sysfs_kf_seq_show()`) and nobody else accesses until this returns. The last byte stays zero.
    let bytes = unsafe { core::slice::from_raw_parts_mut(out.cast::<u8>(), TEXT) };
    let mut page = Page { bytes, used: 0 };
    match show(&mut page) {
        // At most a page, which is far below `isize::MAX`.
        Ok(()) => page.used as isize,
        Err(error) => error.to_errno() as isize,
    }
}

/// Hands what a file is told to `store`, without a newline at its end, and returns what a `store`
/// callback returns.
///
/// # Safety
///
/// `text` and `length` must be as sysfs passes them to a `store` callback.
pub(super) unsafe fn hear(
    text: *const c_char,
    length: usize,
    store: impl FnOnce(&[u8]) -> Result,
) -> isize {
    // SAFETY: By this function's contract: kernfs has copied `length` bytes, at most a page, to
    // `text`, and leaves them alone until this returns.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), length) };
    match store(text.strip_suffix(b"\n").unwrap_or(text)) {
        // All of it was used. A page is far below `isize::MAX`.
        Ok(()) => length as isize,
        Err(error) => error.to_errno() as isize,
    }
}

/// One place of a list: a pointer to the `struct attribute` of a file. It is inside of a `T`, as whom the
/// kernel reads it depends on where the list is registered.
#[repr(transparent)]
pub(crate) struct Entry<T>(*mut bindings::attribute, PhantomData<fn(T)>);

impl<T> Entry<T> {
    /// Of an attribute that the kernel and this module only read, inside of a `T`.
    pub(super) const fn new(attribute: &'static bindings::attribute) -> Self {
        Self((&raw const *attribute).cast_mut(), PhantomData)
    }
}

/// A list of attributes, as an attribute group has it: pointers, the last of which is null.
#[repr(C)]
pub(crate) struct List<T, const N: usize> {
    entries: [Entry<T>; N],
    end: *mut bindings::attribute,
}

// SAFETY: The pointers are private and set once, by `new`; what they lead to is static, as
// `Entry::new` asks, and never written through them.
unsafe impl<T, const N: usize> Sync for List<T, N> {}

impl<T, const N: usize> List<T, N> {
    pub(crate) const fn new(entries: [Entry<T>; N]) -> Self {
        Self {
            entries,
            end: null_mut(),
        }
    }
}

/// `struct attribute_group`, without anything but a list of attributes, all of which are inside of a `T`.
#[repr(transparent)]
pub(crate) struct Group<T>(bindings::attribute_group, PhantomData<fn(T)>);

// SAFETY: Its only member that is not null is a pointer to a static `List`, which can be shared and
// is never written through it. The field is private and set once, by `new`.
unsafe impl<T> Sync for Group<T> {}

impl<T> Group<T> {
    pub(crate) const fn new<const N: usize>(list: &'static List<T, N>) -> Self {
        let mut group: bindings::attribute_group = pin_init::zeroed();
        // A `List` begins with its first pointer, and `repr(C)` puts the others and the null behind
        // it without a gap.
        group.__bindgen_anon_2.attrs = (&raw const *list).cast_mut().cast();
        Self(group, PhantomData)
    }

    /// Returns what the kernel takes.
    pub(super) const fn as_raw(&'static self) -> *const bindings::attribute_group {
        &raw const self.0
    }
}
