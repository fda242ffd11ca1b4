// SPDX-License-Identifier: GPL-2.0

//! A device of the class `firmware-attributes`.
//!
//! The event that says that the device is there is sent when all of its files are: mainline's
//! drivers send it before they add any. A directory of files belongs to one attribute; the files of all
//! of them are the same few, which find out by the directory's name which one they are in.
//!
//! C headers: `include/linux/device.h`, `include/linux/kobject.h`. C source of the class:
//! `drivers/platform/x86/firmware_attributes_class.c`. Its header is not among the installed kernel
//! headers. Its symbol is looked up at run time, as that of `dell-smbios` is: a kernel may have been
//! built without it.

use super::{
    compat,
    sysfs::{
        hear,
        say,
        Entry,
        Group,
        Page, //
    }, //
};
use core::{
    pin::Pin,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    container_of,
    error::to_result,
    prelude::*,
    str::CString,
    sync::{
        Arc,
        Completion, //
    },
    types::Opaque, //
};

const SYMBOL: &CStr = c"firmware_attributes_class";

/// A reference to the class, whose module cannot be unloaded while this exists.
pub(crate) struct Class(NonNull<bindings::class>);

// SAFETY: What the pointer leads to is constant, and the reference may be given back by any thread.
unsafe impl Send for Class {}
// SAFETY: As above: with a shared reference there is only reading.
unsafe impl Sync for Class {}

impl Class {
    /// Takes a reference, loading the module if need be. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOENT` when the kernel has no such class. `ENOMEM`.
    pub(crate) fn get() -> Result<Arc<Self>> {
        let found = Self::find().or_else(|_| {
            // SAFETY: The format string has no conversions.
            let asked = unsafe { bindings::__request_module(true, SYMBOL.as_char_ptr()) };
            // Whether the module has come is seen by looking for its symbol.
            Self::find().map_err(|error| match to_result(asked) {
                Err(ENOMEM) => ENOMEM,
                _ => error,
            })
        });
        Ok(Arc::new(found?, GFP_KERNEL)?)
    }

    fn find() -> Result<Self> {
        // SAFETY: `SYMBOL` is a C string. The reference taken is given back by `drop`.
        let symbol = unsafe { bindings::__symbol_get(SYMBOL.as_char_ptr()) };
        // In every kernel that this driver builds for it is a `const struct class`.
        Ok(Self(NonNull::new(symbol.cast()).ok_or(ENOENT)?))
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        // SAFETY: Gives back the reference that `find` took, once.
        unsafe { bindings::__symbol_put(SYMBOL.as_char_ptr()) };
    }
}

/// Takes in what is written to a file, without a newline at its end, after the name of the directory.
pub(crate) type Store = fn(&[u8], &[u8]) -> Result;

/// A file that each directory has.
pub(crate) trait File {
    /// Its name.
    const NAME: &'static CStr;

    /// Whether only its owner, which is root, may read it.
    const PRIVATE: bool = false;

    /// Called in process context, and by the owner of the file whatever its capabilities: the function
    /// must look at these itself.
    const STORE: Option<Store> = None;

    /// Writes what the file says in the directory of this name, newline included. Called in process
    /// context.
    fn show(directory: &[u8], out: &mut Page<'_>) -> Result;
}

/// `struct kobj_attribute`, of which the kernel and this module only read.
#[repr(transparent)]
pub(crate) struct RawFile(bindings::kobj_attribute);

// SAFETY: As for `faux::RawAttribute`: a pointer to a static string, function pointers and numbers,
// set by `new` in a constant expression, in a private field that nothing writes to later.
unsafe impl Sync for RawFile {}

impl RawFile {
    /// Describes a file.
    pub(crate) const fn new<F: File>() -> Self {
        let name = kernel::str::as_char_ptr_in_const_context(F::NAME);
        let read = if F::PRIVATE { 0o400 } else { 0o444 };
        let (write, store): (_, Option<compat::Store>) = match F::STORE {
            Some(_) => (0o200, Some(store::<F>)),
            None => (0, None),
        };
        Self(compat::kobj_attribute(name, read | write, show::<F>, store))
    }

    /// Returns what a list holds of it.
    pub(crate) const fn entry(&'static self) -> Entry<Self> {
        Entry::new(&self.0.attr)
    }
}

/// Declares files as `static NAME: Group`.
macro_rules! files {
    ($(#[$meta:meta])* $vis:vis static $name:ident = [$($file:ty),+ $(,)?];) => {
        $(#[$meta])*
        $vis static $name: $crate::kapi::sysfs::Group<$crate::kapi::firmware_attributes::RawFile> = {
            use $crate::kapi::{
                firmware_attributes::RawFile,
                sysfs::{Group, List},
            };

            const COUNT: usize = [$(stringify!($file)),+].len();
            static LIST: List<RawFile, COUNT> = List::new([
                $({
                    static FILE: RawFile = RawFile::new::<$file>();
                    FILE.entry()
                },)+
            ]);
            Group::new(&LIST)
        };
    };
}

pub(crate) use files;

/// Returns the name of a directory.
///
/// # Safety
///
/// `directory` must be what sysfs passes to a callback of a file in it, and the result must not be
/// used after the callback.
unsafe fn name<'a>(directory: *mut bindings::kobject) -> &'a [u8] {
    // SAFETY: By this function's contract sysfs holds the directory, which cannot be taken away before
    // the callback returns. Its name was set before it was added, to a C string, and is never changed:
    // nothing here renames it.
    unsafe { CStr::from_char_ptr((*directory).name) }.to_bytes()
}

/// # Safety
///
/// To be called by sysfs, as a `show` callback of a file in `directory`.
unsafe extern "C" fn show<F: File>(
    directory: *mut bindings::kobject,
    _file: *mut bindings::kobj_attribute,
    out: *mut c_char,
) -> isize {
    // SAFETY: By this function's contract, for both; the name is not kept.
    unsafe { say(out, |page| F::show(name(directory), page)) }
}

/// # Safety
///
/// To be called by sysfs, as a `store` callback of a file in `directory`.
unsafe extern "C" fn store<F: File>(
    directory: *mut bindings::kobject,
    _file: *mut bindings::kobj_attribute,
    text: *const c_char,
    length: usize,
) -> isize {
    let store = F::STORE.unwrap_or(|_, _| Err(EIO));
    // SAFETY: By this function's contract, for both; the name is not kept.
    unsafe { hear(text, length, |text| store(name(directory), text)) }
}

/// A directory below the device. Dropping it takes it away, with its files, and waits for callbacks
/// under way.
struct Directory(NonNull<bindings::kobject>);

impl Directory {
    /// Adds a directory `name` to `parent`, with these files.
    ///
    /// # Safety
    ///
    /// `parent` must be in sysfs.
    unsafe fn new(
        name: &CStr,
        parent: *mut bindings::kobject,
        files: &'static Group<RawFile>,
    ) -> Result<Self> {
        // SAFETY: By this function's contract; the name is copied. What is made belongs to the kernel
        // proper: its memory is freed by a function that no module can take away.
        let new = unsafe { bindings::kobject_create_and_add(name.as_char_ptr(), parent) };
        let directory = Self(NonNull::new(new).ok_or(ENOMEM)?);
        // SAFETY: It was just added. `Group` is a group of files with a null-terminated list, as its
        // constructor and those below it see to; all of it is static, and the kernel only reads it.
        to_result(unsafe { bindings::sysfs_create_group(new, files.as_raw()) })?;
        Ok(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: `new` has added it and has the only reference, which is given back once. With it the
        // directory goes, should it still be there.
        unsafe { bindings::kobject_put(self.0.as_ptr()) };
    }
}

/// The memory of a device. Dropping it waits until nobody has a reference to the device.
#[pin_data(PinnedDrop)]
struct Memory {
    #[pin]
    released: Completion,
    #[pin]
    device: Opaque<bindings::device>,
}

impl Memory {
    fn new(class: &Class) -> Result<Pin<KBox<Self>>> {
        let class = class.0.as_ptr();
        KBox::pin_init(
            pin_init!(Self {
                released <- Completion::new(),
                device <- Opaque::ffi_init(|slot: *mut bindings::device| {
                    // SAFETY: `slot` is valid for writes and pinned, and all zeros are what the
                    // function asks for. Nobody else knows of the device before it is added.
                    unsafe {
                        slot.write_bytes(0, 1);
                        bindings::device_initialize(slot);
                        (*slot).class = class;
                        (*slot).release = Some(release);
                    }
                }),
            }),
            GFP_KERNEL,
        )
    }
}

#[pinned_drop]
impl PinnedDrop for Memory {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` has initialised the device, which gives it its first reference. That is given
        // back once.
        unsafe { bindings::put_device(self.device.get()) };
        self.released.wait_for_completion();
    }
}

/// # Safety
///
/// To be called by the driver core, when the last reference to the `device` of a `Memory` is gone.
unsafe extern "C" fn release(device: *mut bindings::device) {
    // SAFETY: By this function's contract. `Opaque` is a transparent wrapper. The memory is there until
    // this completes what its drop waits for; the driver core uses the device no more.
    //
    // The limit: this is text of the module, which may be unloaded from `complete_all` on, and some
    // instructions of it come after that. Where `drop` gives back the last reference, as it does
    // unless somebody else keeps one beyond `device_del`, its own thread is in here, and no unload
    // ends before it. Another thread would have to stand still right here for as long as it takes
    // to free a module. A function of the kernel proper that does this is not exported.
    unsafe {
        let memory = container_of!(device.cast::<Opaque<bindings::device>>(), Memory, device);
        (*memory).released.complete_all();
    }
}

/// A device that was added, and is taken away when this is dropped.
struct Added(NonNull<bindings::device>);

impl Drop for Added {
    fn drop(&mut self) {
        // SAFETY: `Registration::new` makes one for a device that was just added, and drops it before
        // the memory of the device. The files and directories below it go with it, and this waits for
        // callbacks under way; what they hold of them is theirs to give back later.
        unsafe { bindings::device_del(self.0.as_ptr()) };
    }
}

/// A registered device.
pub(crate) struct Registration {
    // Dropped in this order: the device goes with all that is below it, and its event says so while
    // all of it is there. Memory is given back after that.
    added: Added,
    _directories: KVVec<Directory>,
    _attributes: Directory,
    _memory: Pin<KBox<Memory>>,
    _class: Arc<Class>,
}

// SAFETY: Devices and directories may be taken away by any thread; the pointers are private.
unsafe impl Send for Registration {}

impl Registration {
    /// Registers a device `name` that has a directory `attributes` with the files `beside`, and in
    /// it a directory with `files` for each of `names`, no two of which are the same. Takes the
    /// place of `old`, the device of that name, which goes when it must. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, also where a directory cannot be made for another reason; `EEXIST` for a device of
    /// that name that somebody else has registered. No event is sent of it then, and `old` has gone.
    pub(crate) fn new(
        class: Arc<Class>,
        name: &CStr,
        beside: &'static Group<RawFile>,
        files: &'static Group<RawFile>,
        names: &[CString],
        old: Option<Self>,
    ) -> Result<Self> {
        let memory = Memory::new(&class)?;
        let mut directories = KVVec::with_capacity(names.len(), GFP_KERNEL)?;
        drop(old);
        let device = memory.device.get();
        // SAFETY: The device is initialised and not added yet. The format and its one argument are C
        // strings, which are copied. Once it is added, `Added` sees to it that it is taken away before
        // its memory is given back.
        let added = unsafe {
            to_result(bindings::dev_set_name(
                device,
                c"%s".as_char_ptr(),
                name.as_char_ptr(),
            ))?;
            (*device).kobj.set_uevent_suppress(1);
            to_result(bindings::device_add(device))?;
            Added(NonNull::new(device).ok_or(EINVAL)?)
        };
        // SAFETY: The device was just added, and nothing takes it away before this returns.
        let attributes = unsafe {
            let parent = &raw mut (*device).kobj;
            Directory::new(c"attributes", parent, beside)?
        };
        for name in names {
            // SAFETY: So was the directory.
            let directory = unsafe { Directory::new(name, attributes.0.as_ptr(), files)? };
            directories.push(directory, GFP_KERNEL)?;
        }
        let registration = Self {
            added,
            _directories: directories,
            _attributes: attributes,
            _memory: memory,
            _class: class,
        };
        registration.suppress(false);
        registration
            .send(bindings::kobject_action_KOBJ_ADD)
            .inspect_err(|_| registration.suppress(true))?;
        Ok(registration)
    }

    /// Says whether events of the device are kept back from now on.
    fn suppress(&self, suppressed: bool) {
        // SAFETY: The device is registered while `self` exists. The bit belongs to whoever registers a
        // device, as `new` does, which alone calls this, before anybody else has the device.
        unsafe {
            let kobj = &raw mut (*self.added.0.as_ptr()).kobj;
            (*kobj).set_uevent_suppress(u32::from(suppressed));
        }
    }

    /// Sends an event that says that something of the device has changed. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`. That nobody listens is no error.
    pub(crate) fn announce_change(&self) -> Result {
        self.send(bindings::kobject_action_KOBJ_CHANGE)
    }

    fn send(&self, action: bindings::kobject_action) -> Result {
        // SAFETY: The device is registered while `self` exists, and is in the set of all devices.
        to_result(unsafe {
            bindings::kobject_uevent(&raw mut (*self.added.0.as_ptr()).kobj, action)
        })
    }
}
