// SPDX-License-Identifier: GPL-2.0

//! `IOC_TRAINING`: from the wire to the engine and back.

use super::{
    apply,
    attributes,
    entry,
    frame::{
        Array,
        Frame, //
    }, //
};
use crate::{
    engine::{
        Engine,
        Profile, //
    },
    journal::{
        Origin,
        Reader, //
    },
    kapi::{
        error::errno,
        privilege::Right, //
    },
    posture::training::{
        Effect,
        Injection, //
    },
    uapi, //
};
use kernel::{
    fs::File,
    prelude::*,
    sync::Arc,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// Largest number that is an errno: `MAX_ERRNO` of `include/linux/err.h`.
const ERRNO_MAX: u32 = 4095;

/// `IOC_TRAINING`.
pub(super) fn training(
    machine: &Arc<Engine>,
    reader: &Reader,
    file: &File,
    arg: UserPtr,
) -> Result {
    let (asked, frame) = Frame::read::<uapi::Training>(arg, uapi::Training::SIZE_MIN)?;
    match asked.operation {
        uapi::TRAINING_STATE => check(&asked, bare(&asked))?,
        uapi::TRAINING_FOLLOW => {
            check(&asked, bare(&asked))?;
            reader.follow_trainings();
        }
        _ => {
            // What cannot be answered must not be done.
            frame.write(asked)?;
            act(machine, file, &asked)?;
        }
    }
    let shown = Engine::shown(machine);
    let training = machine.training();
    frame.write(uapi::Training {
        properties: match shown.is_copy() {
            true => uapi::TRAINING_ON,
            false => 0,
        },
        session: training.session,
        load: training.load,
        generation: shown.snapshot().generation,
        ..asked
    })
}

/// Carries out what changes something.
fn act(machine: &Engine, file: &File, asked: &uapi::Training) -> Result {
    let right = entry::admit_to_machine(machine, Origin::Ioctl, Some(file))?;
    match asked.operation {
        uapi::TRAINING_START => machine.start_training(&right, &profile(asked)?)?,
        uapi::TRAINING_STOP => {
            check(asked, bare(asked))?;
            machine.stop_training(&right, asked.session)?;
        }
        uapi::TRAINING_INJECT => return inject(machine, &right, asked),
        _ => return Err(EINVAL),
    }
    // Before the caller is told: what it sees from here on is what it has asked for.
    attributes::renew();
    Ok(())
}

/// A request as it came, with zeros where an operation may say something. What the driver alone fills is
/// not looked at.
fn bare(asked: &uapi::Training) -> uapi::Training {
    uapi::Training {
        head: asked.head,
        operation: asked.operation,
        properties: asked.properties,
        session: asked.session,
        generation: asked.generation,
        load: asked.load,
        ..uapi::Training::default()
    }
}

/// Refuses what says more than is spoken of.
fn check(asked: &uapi::Training, spoken_of: uapi::Training) -> Result {
    match *asked == spoken_of {
        true => Ok(()),
        false => Err(EINVAL),
    }
}

/// Reads what the copy is to be of. Not inlined: what it has on the stack is gone when the training begins.
#[inline(never)]
fn profile(asked: &uapi::Training) -> Result<Profile> {
    check(
        asked,
        uapi::Training {
            devices: asked.devices,
            device_count: asked.device_count,
            device_stride: asked.device_stride,
            tokens: asked.tokens,
            token_bytes: asked.token_bytes,
            targets: asked.targets,
            target_count: asked.target_count,
            target_stride: asked.target_stride,
            ..bare(asked)
        },
    )?;
    if asked.device_count > uapi::TRAINING_DEVICES_MAX
        || asked.token_bytes > uapi::TRAINING_TOKENS_MAX
        || asked.target_count > uapi::TARGETS_MAX
    {
        return Err(E2BIG);
    }
    let size = uapi::TRAINING_DEVICE_SIZE;
    let stride = if asked.device_count > 0 { size } else { 0 };
    if asked.device_stride != stride {
        return Err(EINVAL);
    }
    let array = Array::new(asked.devices, asked.device_count, size, size)?;
    let mut devices = KVVec::with_capacity(usize::try_from(asked.device_count)?, GFP_KERNEL)?;
    array.read(|device: [u8; 64]| Ok(devices.push(device, GFP_KERNEL)?))?;
    let mut tokens = KVVec::from_elem(0, usize::try_from(asked.token_bytes)?, GFP_KERNEL)?;
    UserSlice::new(
        UserPtr::from_addr(usize::try_from(asked.tokens)?),
        tokens.len(),
    )
    .reader()
    .read_slice(&mut tokens)?;
    let targets = Array::new(
        asked.targets,
        asked.target_count,
        asked.target_stride,
        uapi::Target::SIZE_MIN,
    )?;
    Ok(Profile {
        devices,
        tokens,
        targets: apply::read_targets(&targets)?,
    })
}

/// Has the copy do something.
fn inject(machine: &Engine, right: &Right, asked: &uapi::Training) -> Result {
    let mut spoken_of = uapi::Training {
        injection: asked.injection,
        ..bare(asked)
    };
    match asked.injection {
        uapi::INJECT_CLEAR => {
            check(asked, spoken_of)?;
            return machine.clear_injections(right, asked.session);
        }
        uapi::INJECT_LOOK => {
            check(asked, spoken_of)?;
            return machine.look_at_copy(right, asked.session);
        }
        _ => {}
    }
    spoken_of.control = asked.control;
    spoken_of.after = asked.after;
    let number = match asked.injection {
        uapi::INJECT_SLOW => uapi::INJECT_SLOW_MAX,
        _ => ERRNO_MAX,
    };
    if asked.number > number {
        return Err(EINVAL);
    }
    let errno = match asked.number {
        0 => errno(EIO),
        number => number,
    };
    let effect = match asked.injection {
        uapi::INJECT_WRITE_FAILS => Effect::WriteFails(errno),
        uapi::INJECT_WRITE_IGNORED => Effect::WriteIgnored,
        uapi::INJECT_READ_FAILS => Effect::ReadFails(errno),
        uapi::INJECT_VALUE => Effect::Value(asked.value),
        uapi::INJECT_TAMPER => Effect::Tamper(match asked.value {
            0 => false,
            1 => true,
            _ => return Err(EINVAL),
        }),
        uapi::INJECT_SLOW => Effect::Slow(asked.number),
        _ => return Err(EINVAL),
    };
    match effect {
        Effect::Value(_) | Effect::Tamper(_) => spoken_of.value = asked.value,
        Effect::WriteIgnored => spoken_of.count = asked.count,
        Effect::WriteFails(_) | Effect::ReadFails(_) | Effect::Slow(_) => {
            spoken_of.count = asked.count;
            spoken_of.number = asked.number;
        }
    }
    check(asked, spoken_of)?;
    let injection = Injection {
        control: asked.control,
        effect,
        after: asked.after,
        count: asked.count,
    };
    machine.inject(right, asked.session, asked.injection, injection)
}
