// SPDX-License-Identifier: GPL-2.0

//! The live device `/dev/milspec`: all its `ioctl()` calls, and `read()`.

use crate::failure::errno_of;
use crate::root::Root;
use crate::source::{Access, Answer, Listing, Request, Source, TrainingRequest, Wait};
use crate::{model, signals};
use milspec_uapi::{
    Apply, Control, Controls, Event, Head, Info, Refresh, Status, Step, Target, Training,
    DEVICE_NAME, EVENT_SIZE, TARGETS_MAX, TRAINING_DEVICE_SIZE,
};
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use zerocopy::{FromBytes, FromZeros, IntoBytes};
use zeroize::Zeroize;

/// The ioctl numbers carry the size of the head only, not of the whole structure: "bad" in nix'
/// words is a number that is taken as it stands.
mod raw {
    use milspec_uapi::{
        Apply, Controls, Info, Refresh, Status, Training, IOC_APPLY, IOC_CONTROLS, IOC_INFO,
        IOC_PLAN, IOC_REFRESH, IOC_STATUS, IOC_TRAINING,
    };
    nix::ioctl_readwrite_bad!(info, IOC_INFO, Info);
    nix::ioctl_readwrite_bad!(status, IOC_STATUS, Status);
    nix::ioctl_readwrite_bad!(controls, IOC_CONTROLS, Controls);
    nix::ioctl_readwrite_bad!(refresh, IOC_REFRESH, Refresh);
    nix::ioctl_readwrite_bad!(plan, IOC_PLAN, Apply);
    nix::ioctl_readwrite_bad!(apply, IOC_APPLY, Apply);
    nix::ioctl_readwrite_bad!(training, IOC_TRAINING, Training);
}

/// More controls than any machine has; a count beyond it is a broken answer, not a size to
/// allocate.
const CONTROLS_MAX: u32 = 1 << 16;

/// Room for the steps of the first try: as many as a request can have targets.
const STEPS: u32 = TARGETS_MAX;

/// How many records are read at once.
const EVENTS: usize = 512;

/// A request of the device.
type Call<T> = unsafe fn(RawFd, *mut T) -> nix::Result<i32>;

/// The open device.
pub struct Device {
    file: File,
}

impl Device {
    /// Opens the device, for writing only where a request needs that.
    pub fn open(root: &Root, access: Access) -> nix::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(access != Access::Read)
            .open(root.path(&format!("/dev/{DEVICE_NAME}")))
            .map_err(|error| errno_of(&error))?;
        Ok(Self { file })
    }

    /// A request that the driver only fills.
    fn get<T: FromBytes + IntoBytes>(&self, call: Call<T>) -> nix::Result<T> {
        let mut answer = T::new_zeroed();
        let head = head::<T>();
        answer.as_mut_bytes()[..size_of::<Head>()].copy_from_slice(head.as_bytes());
        // SAFETY: the request states its own size, which bounds what the driver writes.
        unsafe { call(self.file.as_raw_fd(), &mut answer) }?;
        Ok(answer)
    }

    /// One `CONTROLS` request with room for `room.len()` controls; returns the driver's count and
    /// the generation of the copy.
    fn fill(&self, room: &mut [Control]) -> nix::Result<Controls> {
        let mut request = Controls {
            head: head::<Controls>(),
            buffer: if room.is_empty() {
                0
            } else {
                room.as_mut_ptr() as u64
            },
            capacity: u32::try_from(room.len()).map_err(|_| Errno::EOVERFLOW)?,
            stride: size_of::<Control>() as u32,
            ..Controls::default()
        };
        // SAFETY: the request states its own size, which bounds what the driver writes to it, and
        // `buffer` points at `capacity` elements of `stride` bytes, mutably borrowed for the call.
        match unsafe { raw::controls(self.file.as_raw_fd(), &mut request) } {
            Ok(_) => Ok(request),
            // The count is valid with ENOSPC too: the caller makes more room.
            Err(Errno::ENOSPC) if request.count as usize > room.len() => Ok(request),
            Err(errno) => Err(errno),
        }
    }

    /// One request with room for `room` steps; the answer, and what the call returned.
    fn ask(
        &self,
        call: Call<Apply>,
        request: &Request,
        room: &mut [Step],
    ) -> (Apply, nix::Result<()>) {
        let address = |empty: bool, pointer: u64| if empty { 0 } else { pointer };
        let mut apply = Apply {
            head: head::<Apply>(),
            generation: request.generation,
            targets: address(request.targets.is_empty(), request.targets.as_ptr() as u64),
            steps: address(room.is_empty(), room.as_mut_ptr() as u64),
            // Beyond u32 there are more targets than the driver takes: it refuses that number too.
            target_count: u32::try_from(request.targets.len()).unwrap_or(u32::MAX),
            target_stride: size_of::<Target>() as u32,
            step_capacity: u32::try_from(room.len()).unwrap_or(u32::MAX),
            step_stride: size_of::<Step>() as u32,
            options: request.options,
            mode: request.mode,
            security_key: *request.security_key,
            ..Apply::default()
        };
        // SAFETY: the request states its own size, which bounds what the driver writes to it.
        // `targets` points at `target_count` elements of `target_stride` bytes that are borrowed for
        // the call and only read, `steps` at `step_capacity` elements of `step_stride` bytes, mutably
        // borrowed for the call.
        let result = unsafe { call(self.file.as_raw_fd(), &mut apply) };
        // The answer does not carry it on, whatever the driver left there.
        apply.security_key.zeroize();
        (apply, result.map(|_| ()))
    }

    /// Asks, and once more with more room where the plan has more steps than expected.
    fn answer(&self, call: Call<Apply>, request: &Request) -> nix::Result<Answer> {
        let mut count = STEPS;
        for _ in 0..8 {
            let mut steps = vec![Step::default(); count as usize];
            let (apply, result) = self.ask(call, request, &mut steps);
            match result {
                // Nothing was written to the firmware: asking again is safe.
                Err(Errno::ENOSPC) if apply.step_count > count => {
                    if apply.step_count > CONTROLS_MAX {
                        return Err(Errno::EPROTO);
                    }
                    count = apply.step_count;
                }
                result => {
                    steps.truncate(apply.step_count as usize);
                    return Answer::new(apply, steps, result.err());
                }
            }
        }
        Err(Errno::EAGAIN)
    }
}

impl Source for Device {
    fn info(&self) -> nix::Result<Info> {
        self.get(raw::info)
    }

    fn status(&self) -> nix::Result<Status> {
        self.get(raw::status)
    }

    fn controls(&self) -> nix::Result<Listing> {
        // Controls can appear between asking for the number and asking for all: ask again then.
        let mut count = self.fill(&mut [])?.count;
        for _ in 0..8 {
            if count > CONTROLS_MAX {
                return Err(Errno::EPROTO);
            }
            let mut controls = vec![Control::new_zeroed(); count as usize];
            let answer = self.fill(&mut controls)?;
            if answer.count <= count {
                controls.truncate(answer.count as usize);
                return Ok(Listing {
                    generation: answer.generation,
                    controls: model::Control::all(&controls),
                });
            }
            count = answer.count;
        }
        Err(Errno::EAGAIN)
    }

    fn refresh(&mut self) -> nix::Result<Refresh> {
        self.get(raw::refresh)
    }

    fn plan(&self, request: &Request) -> nix::Result<Answer> {
        self.answer(raw::plan, request)
    }

    fn apply(&mut self, request: &Request) -> nix::Result<Answer> {
        self.answer(raw::apply, request)
    }

    fn training(&mut self, request: &TrainingRequest) -> nix::Result<Training> {
        let address = |empty: bool, pointer: u64| if empty { 0 } else { pointer };
        let devices = request.devices.as_slice();
        let targets = request.targets.as_slice();
        // Beyond u32 there are more than the driver takes: it refuses that number too.
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let stride = |empty: bool, size: usize| if empty { 0 } else { size as u32 };
        let injection = request.injection;
        let mut training = Training {
            head: head::<Training>(),
            operation: request.operation,
            session: request.session,
            injection: injection.injection,
            control: injection.control,
            value: injection.value,
            after: injection.after,
            count: injection.count,
            number: injection.number,
            devices: address(devices.is_empty(), devices.as_ptr() as u64),
            device_count: count(devices.len()),
            device_stride: stride(devices.is_empty(), TRAINING_DEVICE_SIZE as usize),
            tokens: address(request.tokens.is_empty(), request.tokens.as_ptr() as u64),
            token_bytes: count(request.tokens.len()),
            target_count: count(targets.len()),
            targets: address(targets.is_empty(), targets.as_ptr() as u64),
            target_stride: stride(targets.is_empty(), size_of::<Target>()),
            ..Training::default()
        };
        // SAFETY: the request states its own size, which bounds what the driver writes to it. The
        // three arrays are borrowed for the call and only read: `devices` points at `device_count`
        // elements of `device_stride` bytes, `tokens` at `token_bytes` bytes, `targets` at
        // `target_count` elements of `target_stride` bytes.
        unsafe { raw::training(self.file.as_raw_fd(), &mut training) }?;
        Ok(training)
    }

    fn records(&mut self, wait: Wait) -> nix::Result<Vec<Event>> {
        // Nobody else reads from this descriptor: what there is now does not go.
        let there = match wait {
            Wait::No => signals::is_readable(self.file.as_fd())?,
            Wait::Yes => signals::wait_for_reader(self.file.as_fd())?,
            Wait::Lone | Wait::Until(_) => {
                let until = match wait {
                    Wait::Until(then) => Some(then),
                    _ => None,
                };
                match signals::wait_for_any(&[self.file.as_fd()], until) {
                    Err(Errno::EINTR) => false,
                    ready => ready?.contains(&true),
                }
            }
        };
        if !there {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::default(); EVENTS];
        let size = nix::unistd::read(&self.file, events.as_mut_bytes())?;
        if size % EVENT_SIZE != 0 {
            return Err(Errno::EPROTO);
        }
        events.truncate(size / EVENT_SIZE);
        Ok(events)
    }
}

/// The head of a request of type `T`, as this program knows it.
fn head<T>() -> Head {
    Head {
        size: size_of::<T>() as u32,
        flags: 0,
    }
}
