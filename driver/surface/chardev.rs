// SPDX-License-Identifier: GPL-2.0

//! `/dev/milspec`.

use super::{
    answers::{
        self,
        Answers, //
    },
    apply,
    entry,
    frame::{
        Array,
        Frame, //
    },
    training,
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
    uaccess::UserPtr, //
};

/// One open descriptor. It holds references to the engine and its journal, which thus outlive it.
#[pin_data]
pub(crate) struct Chardev {
    engine: Arc<Engine>,
    answers: Arc<Answers>,
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
        let answers = answers::place::get().ok_or(ENODEV)?;
        let reader = Reader::new(engine.journal().journal().clone())?;
        Arc::pin_init(
            pin_init!(Self {
                engine,
                answers,
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
                let frame = Frame::read_head::<uapi::Info>(arg, uapi::Info::SIZE_MIN)?;
                frame.write_behind_head(this.answers.info())
            }
            uapi::IOC_STATUS => {
                let frame = Frame::read_head::<uapi::Status>(arg, uapi::Status::SIZE_MIN)?;
                this.answers.write_status(&frame)
            }
            uapi::IOC_CONTROLS => controls(&this.answers, arg),
            uapi::IOC_REFRESH => refresh(engine, file, arg),
            uapi::IOC_PLAN => apply::plan(engine, arg),
            uapi::IOC_APPLY => apply::apply(engine, file, arg),
            uapi::IOC_TRAINING => training::training(engine, &this.reader, file, arg),
            _ => Err(ENOTTY),
        }?;
        Ok(0)
    }
}

/// `IOC_CONTROLS`.
fn controls(answers: &Answers, arg: UserPtr) -> Result {
    let (request, frame) = Frame::read::<uapi::Controls>(arg, uapi::Controls::SIZE_MIN)?;
    let made = answers.controls()?;
    let answer = uapi::Controls {
        count: u32::try_from(made.controls.len())?,
        generation: made.generation,
        properties: made.properties,
        ..request
    };
    if request.capacity > 0 {
        let size_min = uapi::Control::SIZE_MIN;
        let array = Array::new(request.buffer, answer.count, request.stride, size_min)?;
        if request.capacity < answer.count {
            frame.write(answer)?;
            return Err(ENOSPC);
        }
        array.write_slice(&made.controls)?;
    }
    frame.write(answer)
}

/// `IOC_REFRESH`.
fn refresh(machine: &Arc<Engine>, file: &File, arg: UserPtr) -> Result {
    let right = entry::admit(machine, Origin::Ioctl, Some(file))?;
    let (request, frame) = Frame::read::<uapi::Refresh>(arg, uapi::Refresh::SIZE_MIN)?;
    if request.reserved != 0 {
        return Err(EINVAL);
    }
    let engine = Engine::shown(machine);
    let refreshed = engine.refresh(&right, Origin::Ioctl)?;
    frame.write(uapi::Refresh {
        head: request.head,
        properties: wire::answer(&engine),
        reserved: 0,
        generation: refreshed.generation,
        changed: refreshed.changed,
        firmware_calls: u32::try_from(refreshed.firmware_calls).unwrap_or(u32::MAX),
    })
}
