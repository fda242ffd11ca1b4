// SPDX-License-Identifier: GPL-2.0

//! ACPI devices and their device-specific methods (`_DSM`).
//!
//! C headers: `include/acpi/acpi_bus.h`, `include/acpi/acpixf.h`.

use core::{
    mem::{
        offset_of,
        zeroed, //
    },
    ptr::{
        null,
        null_mut,
        NonNull, //
    }, //
};
use kernel::{
    bindings,
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::aref::ARef, //
};

/// Most arguments that a function can be given.
const ARGUMENTS: usize = 4;

/// `AE_OK`, and `AE_NO_MEMORY` of `include/acpi/acexcep.h`: macros with casts, for which there are
/// no bindings.
const OK: bindings::acpi_status = 0;
const NO_MEMORY: bindings::acpi_status = 4;

/// `ACPI_ALLOCATE_BUFFER`, for the same reason.
const ALLOCATE: bindings::acpi_size = bindings::acpi_size::MAX;

/// A reference to an ACPI device.
///
/// # Invariants
///
/// The device is the `dev` of a `struct acpi_device`.
#[derive(Clone)]
pub(super) struct Companion(ARef<Device>);

impl Companion {
    /// Returns the ACPI device that `device` was made for.
    ///
    /// # Errors
    ///
    /// `ENODEV` when `device` has no ACPI companion.
    pub(super) fn of(device: &Device<Bound>) -> Result<Self> {
        let device: *const Device<Bound> = device;
        // SAFETY: `Device` is a transparent wrapper of `struct device`, and a bound device's
        // `fwnode` does not change.
        let fwnode = unsafe { (*device.cast::<bindings::device>()).fwnode };
        // SAFETY: `is_acpi_device_node()` takes null and any valid node.
        if !unsafe { bindings::is_acpi_device_node(fwnode) } {
            return Err(ENODEV);
        }
        // SAFETY: The node is the `fwnode` of a `struct acpi_device`, as just asked, and that is
        // alive while `device` is bound to it. `get_device` takes a reference of its own.
        let companion = unsafe {
            let companion = fwnode
                .byte_sub(offset_of!(bindings::acpi_device, fwnode))
                .cast::<bindings::acpi_device>();
            Device::get_device(&raw mut (*companion).dev)
        };
        // INVARIANT: It is the `dev` of the structure that the node belongs to.
        Ok(Self(companion))
    }

    /// Returns the next present ACPI device with `id`, the first without a `previous`.
    pub(super) fn next(previous: Option<Self>, id: &CStr) -> Option<Self> {
        let previous = previous.map_or(null_mut(), |previous| {
            let raw = previous.as_raw();
            // The function takes this reference over.
            let _ = ARef::into_raw(previous.0);
            raw
        });
        // SAFETY: `previous` is null or an ACPI device, whose reference the function gives back.
        // It copies `id`, and any `_UID` and `_HRV` will do.
        let found = unsafe {
            bindings::acpi_dev_get_next_match_dev(previous, id.as_char_ptr(), null(), -1)
        };
        // SAFETY: What the function returns has a reference that is now ours to give back. `Device`
        // is a transparent wrapper of the `dev` that is inside.
        let found = unsafe {
            let dev = NonNull::new(found)?
                .byte_add(offset_of!(bindings::acpi_device, dev))
                .cast::<Device>();
            ARef::from_raw(dev)
        };
        // INVARIANT: It is the `dev` of what was found.
        Some(Self(found))
    }

    /// Returns the number in the device's name: of those with one id, the kernel gives each the
    /// lowest that is free when it finds it.
    fn instance(&self) -> c_int {
        // SAFETY: `self` is alive, and the number is set before the device can be found.
        unsafe { (*self.as_raw()).pnp.instance_no }
    }

    /// Returns the handle by which the device's methods are evaluated.
    pub(super) fn handle(&self) -> bindings::acpi_handle {
        // SAFETY: `self` is alive. When the ACPI core takes the device out of its namespace it
        // replaces the handle by one that every evaluation refuses, perhaps at this moment, so it is
        // read anew for each. Between this and the evaluation there is a moment in which a handle goes
        // bad, as there is in every driver: only root, who unloads a table of his own, can bring it about.
        unsafe { (&raw const (*self.as_raw()).handle).read_volatile() }
    }

    /// Returns the pointer that stands for the device's `_UID`, null where it has none. What it
    /// leads to is valid while `self` exists.
    pub(super) fn uid(&self) -> *const c_char {
        // SAFETY: The structure is valid, and this field of it is set before others see it.
        unsafe { (*self.as_raw()).pnp.unique_id }
    }

    /// Returns the structure, which is valid while `self` exists.
    pub(super) fn as_raw(&self) -> *mut bindings::acpi_device {
        let device: *const Device = &*self.0;
        // SAFETY: By the type's invariant the result is inside the same allocation.
        unsafe { device.byte_sub(offset_of!(bindings::acpi_device, dev)) }
            .cast_mut()
            .cast()
    }
}

/// Tells whether `device` was made for the first ACPI device with `id`: of those that are present,
/// the one that the kernel has found first and therefore given the lowest number. Nothing is
/// evaluated.
///
/// # Errors
///
/// `ENODEV` when `device` has no ACPI companion.
pub(crate) fn is_first(device: &Device<Bound>, id: &CStr) -> Result<bool> {
    let mine = Companion::of(device)?;
    let mut is_there = false;
    let mut next = Companion::next(None, id);
    while let Some(other) = next {
        if other.instance() < mine.instance() {
            return Ok(false);
        }
        is_there |= other.as_raw() == mine.as_raw();
        next = Companion::next(Some(other), id);
    }
    Ok(is_there)
}

/// Asks `_STA` of the ACPI device that `device` was made for whether it is present and enabled;
/// without that method it is. Sleeps.
///
/// What the ACPI core has stored is not used: it is from when the device was found. Nor is it
/// replaced: what a driver may be bound to is for the core to decide.
///
/// # Errors
///
/// `ENODEV` when `device` has no ACPI companion, `EIO` when the method fails, `ENOMEM` when the
/// kernel lacks the memory to evaluate it.
pub(crate) fn is_enabled(device: &Device<Bound>) -> Result<bool> {
    const PRESENT_AND_ENABLED: c_ulonglong = 0b11;
    let companion = Companion::of(device)?;
    let mut sta = 0;
    // SAFETY: The handle is of an ACPI device that is alive, or one that every evaluation refuses.
    // The function stores one number.
    let status = unsafe { bindings::acpi_bus_get_status_handle(companion.handle(), &mut sta) };
    match status {
        OK => Ok(sta & PRESENT_AND_ENABLED == PRESENT_AND_ENABLED),
        NO_MEMORY => Err(ENOMEM),
        _ => Err(EIO),
    }
}

/// The `_DSM` of one ACPI device.
pub(crate) struct Dsm {
    companion: Companion,
    uuid: bindings::guid_t,
    revision: u64,
}

impl Dsm {
    /// Takes the `_DSM` of the ACPI device that `device` was made for.
    ///
    /// `uuid` is in the byte order of `ToUUID()`.
    ///
    /// # Errors
    ///
    /// `ENODEV` when `device` has no ACPI companion.
    pub(crate) fn new(device: &Device<Bound>, uuid: [u8; 16], revision: u16) -> Result<Self> {
        Ok(Self {
            companion: Companion::of(device)?,
            uuid: bindings::guid_t { b: uuid },
            revision: revision.into(),
        })
    }

    /// Evaluates a function and returns the bytes of the Buffer that it answers. Sleeps.
    ///
    /// # Errors
    ///
    /// `EIO` when the method fails or answers no Buffer, `ENOMEM` when the kernel lacks the memory
    /// to evaluate it, `EINVAL` for too many arguments.
    ///
    /// `acpi_evaluate_dsm()` does the same and does not tell the first two apart.
    pub(crate) fn evaluate(&self, function: u32, arguments: &[u16]) -> Result<KVec<u8>> {
        // SAFETY: All bytes zero is a valid value of this union of plain C structures.
        let mut elements: [bindings::acpi_object; ARGUMENTS] = unsafe { zeroed() };
        if arguments.len() > elements.len() {
            return Err(EINVAL);
        }
        for (element, argument) in elements.iter_mut().zip(arguments) {
            element.integer = integer(u64::from(*argument));
        }
        let mut uuid = self.uuid.b;
        // SAFETY: As above.
        let mut parameters: [bindings::acpi_object; 4] = unsafe { zeroed() };
        let [first, second, third, fourth] = &mut parameters;
        first.buffer.type_ = bindings::ACPI_TYPE_BUFFER;
        first.buffer.length = uuid.len() as u32;
        first.buffer.pointer = uuid.as_mut_ptr();
        second.integer = integer(self.revision);
        third.integer = integer(u64::from(function));
        fourth.package.type_ = bindings::ACPI_TYPE_PACKAGE;
        fourth.package.count = arguments.len() as u32;
        fourth.package.elements = elements.as_mut_ptr();
        let mut list = bindings::acpi_object_list {
            count: parameters.len() as u32,
            pointer: parameters.as_mut_ptr(),
        };
        let mut answer = bindings::acpi_buffer {
            length: ALLOCATE,
            pointer: null_mut(),
        };

        // SAFETY: The list with the four objects, and what two of those point to, are valid and
        // outlive the call, which only reads them; it only reads the name as well. It leaves in
        // `answer` null or an object that it has allocated.
        let status = unsafe {
            bindings::acpi_evaluate_object(
                self.companion.handle(),
                c"_DSM".as_char_ptr().cast_mut(),
                &mut list,
                &mut answer,
            )
        };
        let answer = NonNull::new(answer.pointer).map(|object| Answer(object.cast()));
        match (status, answer) {
            (OK, Some(answer)) => answer.buffer(),
            (NO_MEMORY, _) => Err(ENOMEM),
            _ => Err(EIO),
        }
    }
}

/// An Integer, as an argument.
fn integer(value: u64) -> bindings::acpi_object__bindgen_ty_1 {
    bindings::acpi_object__bindgen_ty_1 {
        type_: bindings::ACPI_TYPE_INTEGER,
        value,
    }
}

/// An object that ACPICA has allocated for us.
struct Answer(NonNull<bindings::acpi_object>);

impl Answer {
    /// Copies the bytes of a Buffer.
    fn buffer(&self) -> Result<KVec<u8>> {
        // SAFETY: The object is valid until dropped, and every variant of the union begins with
        // its type.
        let object = unsafe { self.0.as_ref() };
        // SAFETY: As above.
        if unsafe { object.type_ } != bindings::ACPI_TYPE_BUFFER {
            return Err(EIO);
        }
        // SAFETY: It is a Buffer, as just asked.
        let (pointer, length) = unsafe { (object.buffer.pointer, object.buffer.length) };
        let mut bytes = KVec::new();
        if !pointer.is_null() {
            // SAFETY: ACPICA has filled `length` bytes at `pointer`, inside the same allocation.
            let answer = unsafe { core::slice::from_raw_parts(pointer, length as usize) };
            bytes.extend_from_slice(answer, GFP_KERNEL)?;
        }
        Ok(bytes)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: ACPICA on Linux allocates with `kmalloc()`, and `ACPI_FREE()` is `kfree()`
        // (`include/acpi/platform/aclinuxex.h`). The object is freed once.
        unsafe { bindings::kfree(self.0.as_ptr().cast()) };
    }
}
