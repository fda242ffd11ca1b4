// SPDX-License-Identifier: GPL-2.0

//! A misc device that can also be polled and sought in.
//!
//! `kernel::miscdevice` has neither. Everything else is its: this takes its `file_operations` and
//! adds to them. C headers: `include/linux/miscdevice.h`, `include/linux/fs.h`, `include/linux/poll.h`.

use core::{
    marker::PhantomData,
    ptr::read_volatile, //
};
use kernel::{
    bindings,
    error::to_result,
    fs::{
        File,
        Kiocb, //
    },
    miscdevice::{
        MiscDevice,
        MiscDeviceOptions, //
    },
    prelude::*,
    sync::poll::PollTable,
    types::{
        ForeignOwnable,
        Opaque, //
    }, //
};

/// `FMODE_PREAD` and `FMODE_PWRITE` of `include/linux/fs.h`. helpers.c asserts this and what follows.
const FMODE_POSITIONAL: u32 = (1 << 3) | (1 << 4);

/// `EPOLLIN | EPOLLRDNORM` of `include/uapi/linux/eventpoll.h`.
const READABLE: bindings::__poll_t = 0x1 | 0x40;

/// What a new position is counted from.
#[derive(Clone, Copy)]
pub(crate) enum Whence {
    /// `SEEK_SET`.
    Start,
    /// `SEEK_CUR`.
    Current,
    /// `SEEK_END`.
    End,
}

/// A misc device that has more than the kernel's.
pub(crate) trait Seekable: MiscDevice {
    /// Name of the device node.
    const NAME: &'static CStr;

    /// Tells whether there is something to read. `table` must be registered before that is looked
    /// at, with what is notified when there is.
    fn is_readable(
        device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        file: &File,
        table: &PollTable<'_>,
    ) -> bool;

    /// Moves, and returns the new position.
    fn seek(
        device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        offset: i64,
        whence: Whence,
    ) -> Result<i64>;
}

/// Tells whether a read must not wait.
pub(crate) fn is_nonblocking<T: ForeignOwnable>(kiocb: &Kiocb<'_, T>) -> bool {
    /// `RWF_NOWAIT` of `include/uapi/linux/fs.h`, which `IOCB_NOWAIT` equals.
    const IOCB_NOWAIT: c_int = 8;

    // SAFETY: A `Kiocb` is valid and its file is open. fcntl() may change the flags of the file
    // meanwhile; they are one word, read in one piece.
    unsafe {
        let kiocb = kiocb.as_raw();
        (*kiocb).ki_flags & IOCB_NOWAIT != 0
            || read_volatile(&raw const (*(*kiocb).ki_filp).f_flags) & bindings::O_NONBLOCK != 0
    }
}

/// A registered device. When this is dropped it cannot be opened any more.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: Seekable> {
    _device: PhantomData<T>,
    // The last to be initialised: once it is registered nothing can fail.
    #[pin]
    raw: Opaque<bindings::miscdevice>,
}

// SAFETY: Any thread may take the registration back.
unsafe impl<T: Seekable> Send for Registration<T> {}
// SAFETY: No function takes a shared reference, and the fields are private: `raw` is accessed by the
// kernel alone, under a lock of its own, until it is taken back.
unsafe impl<T: Seekable> Sync for Registration<T> {}

impl<T: Seekable> Registration<T> {
    /// Registers the device. It can be opened from here on.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _device: PhantomData,
            raw <- Opaque::try_ffi_init(|slot: *mut bindings::miscdevice| {
                // SAFETY: `slot` is valid for writes.
                unsafe {
                    slot.write(Operations::<T>::MISC);
                    (*slot).fops = &Operations::<T>::TABLE;
                }
                // SAFETY: `slot` was just initialised and is pinned. It stays where it is until
                // `drop` has taken it back. What `MISC` has for `open` takes a pointer to it for
                // one to a `MiscDeviceRegistration<T>`: that is a transparent wrapper of a
                // registered `struct miscdevice`, which this is as well.
                to_result(unsafe { bindings::misc_register(slot) })
            }),
        })
    }
}

#[pinned_drop]
impl<T: Seekable> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: `new` has registered it, and it is taken back once.
        unsafe { bindings::misc_deregister(self.raw.get()) };
    }
}

/// What is done with an open file of the device.
struct Operations<T>(PhantomData<T>);

impl<T: Seekable> Operations<T> {
    const MISC: bindings::miscdevice = MiscDeviceOptions { name: T::NAME }.into_raw::<T>();

    const KERNELS: bindings::file_operations = {
        // SAFETY: `into_raw` points to a `'static` table.
        unsafe { *Self::MISC.fops }
    };

    const TABLE: bindings::file_operations = bindings::file_operations {
        // The kernel's own table has it from 7.3 on. Without it an open device does not keep the
        // module loaded.
        owner: super::module::this(),
        open: Some(Self::open),
        llseek: Some(Self::llseek),
        poll: Some(Self::poll),
        ..Self::KERNELS
    };

    /// # Safety
    ///
    /// As `open` of `struct file_operations` is called for a device that `Registration` registered.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // A position is the descriptor's, so there is no reading at another one.
        // SAFETY: The file is being opened, so that nobody else looks at its mode yet.
        unsafe { (*file).f_mode &= !FMODE_POSITIONAL };
        match Self::KERNELS.open {
            // SAFETY: By this function's contract, which is that of the other one.
            Some(open) => unsafe { open(inode, file) },
            None => 0,
        }
    }

    /// # Safety
    ///
    /// `file` must be open, and of a device that `Registration` registered. The result must not
    /// outlive the system call that it is used in.
    unsafe fn device<'a>(
        file: *mut bindings::file,
    ) -> (<T::Ptr as ForeignOwnable>::Borrowed<'a>, &'a File) {
        // SAFETY: `open` has put there what `into_foreign` gave, and `release`, which takes it out,
        // is not called before the system calls on the file have ended. The file has no active
        // `fdget_pos` on this thread: that is done for regular files and directories only.
        unsafe {
            (
                T::Ptr::borrow((*file).private_data),
                File::from_raw_file(file),
            )
        }
    }

    /// # Safety
    ///
    /// As `llseek` of `struct file_operations` is called.
    unsafe extern "C" fn llseek(
        file: *mut bindings::file,
        offset: bindings::loff_t,
        whence: c_int,
    ) -> bindings::loff_t {
        let whence = match whence as u32 {
            bindings::SEEK_SET => Whence::Start,
            bindings::SEEK_CUR => Whence::Current,
            bindings::SEEK_END => Whence::End,
            _ => return EINVAL.to_errno().into(),
        };
        // SAFETY: By this function's contract.
        let (device, _) = unsafe { Self::device(file) };
        T::seek(device, offset, whence).unwrap_or_else(|error| error.to_errno().into())
    }

    /// # Safety
    ///
    /// As `poll` of `struct file_operations` is called.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) -> bindings::__poll_t {
        // SAFETY: By this function's contract: `table` is null or valid until this returns.
        let ((device, file), table) = unsafe { (Self::device(file), PollTable::from_raw(table)) };
        match T::is_readable(device, file, &table) {
            true => READABLE,
            false => 0,
        }
    }
}
