// SPDX-License-Identifier: GPL-2.0

//! `/dev/milspec`.

use super::{
    request,
    wire, //
};
use crate::{
    engine::{
        state,
        Engine, //
    },
    journal::{
        Origin,
        Reader, //
    },
    kapi::chardev::{
        self,
        is_nonblocking,
        Seekable,
        Whence, //
    },
    posture::journal,
    uapi, //
};
use kernel::{
    fs::{
        File,
        Kiocb, //
    },
    iov::IovIterDest,
    miscdevice::{
        MiscDevice,
        MiscDeviceRegistration, //
    },
    prelude::*,
    sync::{
        poll::PollTable,
        Arc,
        ArcBorrow, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};
use zerocopy::{
    FromBytes,
    Immutable,
    IntoBytes, //
};

/// One open descriptor. It holds references to the engine and its journal, which thus outlive it.
#[pin_data]
pub(crate) struct Chardev {
    engine: Arc<Engine>,
    #[pin]
    reader: Reader,
}

/// The device, registered.
pub(crate) type Registration = chardev::Registration<Chardev>;

impl Seekable for Chardev {
    const NAME: &'static CStr = c"milspec";

    fn is_readable(this: ArcBorrow<'_, Self>, file: &File, table: &PollTable<'_>) -> bool {
        this.reader.is_readable(file, table)
    }

    fn seek(this: ArcBorrow<'_, Self>, offset: i64, whence: Whence) -> Result<i64> {
        let whence = match whence {
            Whence::Start => journal::Whence::Start,
            Whence::Current => journal::Whence::Current,
            Whence::End => journal::Whence::End,
        };
        this.reader.seek(whence, offset)
    }
}

#[vtable]
impl MiscDevice for Chardev {
    type Ptr = Arc<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let engine = state::get().ok_or(ENODEV)?;
        let reader = Reader::new(engine.journal().clone())?;
        Arc::pin_init(
            pin_init!(Self {
                engine,
                reader <- reader,
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, out: &mut IovIterDest<'_>) -> Result<usize> {
        kiocb.file().reader.read(is_nonblocking(&kiocb), out)
    }

    fn ioctl(this: ArcBorrow<'_, Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        let engine = &this.engine;
        let arg = UserPtr::from_addr(arg);
        match cmd {
            uapi::IOC_INFO => {
                let (request, frame) = Frame::read::<uapi::Info>(arg, uapi::Info::SIZE_MIN)?;
                frame.write(uapi::Info {
                    head: request.head,
                    ..wire::info(engine)
                })
            }
            uapi::IOC_STATUS => {
                let (request, frame) = Frame::read::<uapi::Status>(arg, uapi::Status::SIZE_MIN)?;
                frame.write(uapi::Status {
                    head: request.head,
                    ..wire::status(engine)
                })
            }
            uapi::IOC_CONTROLS => controls(engine, arg),
            uapi::IOC_REFRESH => refresh(engine, file, arg),
            uapi::IOC_PLAN => request::plan(engine, arg),
            uapi::IOC_APPLY => request::apply(engine, file, arg),
            _ => Err(ENOTTY),
        }?;
        Ok(0)
    }
}

/// Where a request came from, and how much of it the caller knows.
pub(super) struct Frame {
    arg: UserPtr,
    size: usize,
}

impl Frame {
    /// Reads a request by the rules of `uapi`'s first page. `size_min` is the size of the first
    /// released version of `T`, whose first field is a `uapi::Head`.
    pub(super) fn read<T: FromBytes + IntoBytes>(arg: UserPtr, size_min: u32) -> Result<(T, Self)> {
        let size: u32 = UserSlice::new(arg, size_of::<u32>()).reader().read()?;
        if size < size_min {
            return Err(EINVAL);
        }
        if size > uapi::SIZE_MAX {
            return Err(E2BIG);
        }
        let frame = Self {
            arg,
            size: size as usize,
        };

        let mut reader = UserSlice::new(arg, frame.size).reader();
        let mut request = T::new_zeroed();
        let known = request
            .as_mut_bytes()
            .get_mut(..frame.known::<T>())
            .ok_or(EINVAL)?;
        reader.read_slice(known)?;
        // The size may have been changed meanwhile; what was checked counts.
        let (head, _) = uapi::Head::mut_from_prefix(request.as_mut_bytes()).map_err(|_| EINVAL)?;
        head.size = size;
        if head.flags != 0 {
            return Err(EINVAL);
        }
        while !reader.is_empty() {
            let mut tail = [0; 64];
            let length = reader.len().min(tail.len());
            let tail = tail.get_mut(..length).ok_or(EINVAL)?;
            reader.read_slice(tail)?;
            if tail.iter().any(|byte| *byte != 0) {
                return Err(E2BIG);
            }
        }
        Ok((request, frame))
    }

    /// How many bytes of `T` both sides know.
    fn known<T>(&self) -> usize {
        self.size.min(size_of::<T>())
    }

    /// Writes the answer, as much of it as the caller knows.
    pub(super) fn write<T: IntoBytes + Immutable>(&self, answer: T) -> Result {
        let known = answer.as_bytes().get(..self.known::<T>()).ok_or(EINVAL)?;
        UserSlice::new(self.arg, known.len())
            .writer()
            .write_slice(known)
    }
}

fn controls(engine: &Engine, arg: UserPtr) -> Result {
    let (request, frame) = Frame::read::<uapi::Controls>(arg, uapi::Controls::SIZE_MIN)?;
    if request.reserved != 0 {
        return Err(EINVAL);
    }
    let snapshot = engine.snapshot();
    let count = snapshot.controls().count();
    let answer = uapi::Controls {
        count: u32::try_from(count)?,
        generation: snapshot.generation,
        ..request
    };
    if request.capacity == 0 {
        return frame.write(answer);
    }

    if request.stride % 8 != 0
        || request.stride < uapi::Control::SIZE_MIN
        || request.stride > uapi::SIZE_MAX
    {
        return Err(EINVAL);
    }
    if request.capacity < answer.count {
        frame.write(answer)?;
        return Err(ENOSPC);
    }
    let stride = request.stride as usize;
    let size = count.checked_mul(stride).ok_or(EINVAL)?;
    let buffer = UserPtr::from_addr(usize::try_from(request.buffer)?);
    let mut writer = UserSlice::new(buffer, size).writer();
    for control in snapshot.controls() {
        let control = wire::control(control);
        let bytes = control.as_bytes();
        writer.write_slice(bytes.get(..stride).unwrap_or(bytes))?;
        let mut rest = stride.saturating_sub(bytes.len());
        while rest > 0 {
            let zeros = [0; 64];
            let zeros = zeros.get(..rest).unwrap_or(&zeros);
            writer.write_slice(zeros)?;
            rest = rest.saturating_sub(zeros.len());
        }
    }
    frame.write(answer)
}

fn refresh(engine: &Engine, file: &File, arg: UserPtr) -> Result {
    let right = request::admit(engine, Origin::Ioctl, Some(file))?;
    let (request, frame) = Frame::read::<uapi::Refresh>(arg, uapi::Refresh::SIZE_MIN)?;
    let refreshed = engine.refresh(&right, Origin::Ioctl)?;
    frame.write(uapi::Refresh {
        head: request.head,
        generation: refreshed.generation,
        changed: refreshed.changed,
        firmware_calls: u32::try_from(refreshed.firmware_calls).unwrap_or(u32::MAX),
    })
}
