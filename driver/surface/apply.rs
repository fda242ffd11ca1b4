// SPDX-License-Identifier: GPL-2.0

//! `IOC_PLAN` and `IOC_APPLY`: from the wire to the engine and back.

use super::{
    entry,
    frame::{
        Array,
        Frame, //
    },
    wire, //
};
use crate::{
    engine::{
        Applied,
        Ending,
        Engine,
        Request, //
    },
    journal::Origin,
    posture::mode::Mode,
    uapi, //
};
use kernel::{
    fs::File,
    prelude::*,
    sync::Arc,
    uaccess::UserPtr, //
};

/// `IOC_PLAN`.
pub(super) fn plan(machine: &Arc<Engine>, arg: UserPtr) -> Result {
    let (asked, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let engine = shown(machine, &asked)?;
    let list = targets(&asked)?;
    let steps = steps(&asked)?;
    let request = Request {
        overview: asked.options & uapi::APPLY_LINES != 0,
        ..request(
            &asked,
            &list,
            uapi::APPLY_CONFIRM_LATCH | uapi::APPLY_LINES | MEANT,
        )?
    };
    if request.overview && (request.mode.is_none() || !list.is_empty()) {
        return Err(EINVAL);
    }
    let applied = engine.plan(&request)?;
    let asked = uapi::Apply {
        request: 0,
        ..asked
    };
    answer(&asked, &engine, &frame, steps, &applied)?;
    match applied.ending {
        Ending::NoRoom => Err(ENOSPC),
        _ => Ok(()),
    }
}

/// `IOC_APPLY`.
pub(super) fn apply(machine: &Arc<Engine>, file: &File, arg: UserPtr) -> Result {
    let right = entry::admit(machine, Origin::Ioctl, Some(file))?;
    let (mut asked, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let engine = shown(machine, &asked)?;
    let list = targets(&asked)?;
    let steps = steps(&asked)?;
    let options = uapi::APPLY_CONFIRM_LATCH | MEANT;
    let request = request(&asked, &list, options)?;
    let applied = entry::change(&engine, &right, &request, |number| {
        // What cannot be answered must not be done: the memory is written to once before.
        asked.request = number;
        frame.write(asked)?;
        steps.clear()
    })?;
    answer(&asked, &engine, &frame, steps, &applied)?;
    entry::result(&applied.ending)
}

/// What a request may say that it is meant for.
const MEANT: u32 = uapi::APPLY_TRAINING | uapi::APPLY_MACHINE;

/// What is shown now takes the request: when it is not shown any more by then, it is closed.
///
/// # Errors
///
/// `ENODEV` for a request that is meant for a training, and there is none; `EAGAIN` for one that is
/// meant for the machine, and there is one; `EINVAL` for one that is meant for both.
fn shown(machine: &Arc<Engine>, asked: &uapi::Apply) -> Result<Arc<Engine>> {
    let engine = Engine::shown(machine);
    match (asked.options & MEANT, engine.is_copy()) {
        (MEANT, _) => Err(EINVAL),
        (uapi::APPLY_TRAINING, false) => Err(ENODEV),
        (uapi::APPLY_MACHINE, true) => Err(EAGAIN),
        _ => Ok(engine),
    }
}

/// Where the steps go.
fn steps(asked: &uapi::Apply) -> Result<Array> {
    if asked.step_capacity > uapi::STEPS_MAX {
        return Err(EINVAL);
    }
    Array::new(
        asked.steps,
        asked.step_capacity,
        asked.step_stride,
        uapi::Step::SIZE_MIN,
    )
}

/// Reads the list of targets.
fn targets(asked: &uapi::Apply) -> Result<KVVec<(u32, u8)>> {
    if asked.target_count > uapi::TARGETS_MAX {
        return Err(E2BIG);
    }
    read_targets(&Array::new(
        asked.targets,
        asked.target_count,
        asked.target_stride,
        uapi::Target::SIZE_MIN,
    )?)
}

/// Reads targets.
pub(super) fn read_targets(array: &Array) -> Result<KVVec<(u32, u8)>> {
    let mut list = KVVec::new();
    array.read(|target: uapi::Target| {
        if target.reserved != [0; 3] || target.reserved2 != 0 {
            return Err(EINVAL);
        }
        list.push((target.control, target.value), GFP_KERNEL)?;
        Ok(())
    })?;
    Ok(list)
}

/// Takes a request from the wire, in which only these options may be set.
fn request<'a>(asked: &uapi::Apply, list: &'a [(u32, u8)], options: u32) -> Result<Request<'a>> {
    let mode = match asked.mode {
        uapi::MODE_NONE => None,
        number => Some(Mode::from_number(number).ok_or(EINVAL)?),
    };
    let reserved = [u16::from(asked.reserved), asked.reserved2];
    if reserved != [0; 2]
        || asked.options & !options != 0
        || mode == Some(Mode::ParanoidPlus) && !list.is_empty()
    {
        return Err(EINVAL);
    }
    Ok(Request {
        mode,
        list,
        generation: asked.generation,
        confirmed: asked.options & uapi::APPLY_CONFIRM_LATCH != 0,
        key: asked.security_key,
        room: match asked.step_capacity {
            0 => usize::MAX,
            capacity => usize::try_from(capacity)?,
        },
        overview: false,
        origin: Origin::Ioctl,
    })
}

/// Writes the answer, and the steps where there is room for them.
fn answer(
    asked: &uapi::Apply,
    engine: &Engine,
    frame: &Frame,
    steps: Array,
    applied: &Applied,
) -> Result {
    let lines = applied.lines.as_deref();
    let count = u32::try_from(lines.map_or(applied.steps.len(), <[_]>::len))?;
    if let Ending::NoRoom = applied.ending {
        return frame.write(uapi::Apply {
            step_count: count,
            ..*asked
        });
    }
    if asked.step_capacity > 0 {
        match lines {
            Some(lines) => steps.write(lines.iter().map(wire::line))?,
            None => steps.write(applied.steps.iter().map(wire::step))?,
        }
    }
    let outcome = wire::outcome(&applied.ending);
    frame.write(uapi::Apply {
        generation: applied.generation,
        step_count: count,
        outcome: outcome.outcome,
        reason: outcome.reason,
        security_key: 0,
        control: outcome.control,
        needs: outcome.needs,
        error: outcome.error,
        firmware_calls: u32::try_from(applied.firmware_calls).unwrap_or(u32::MAX),
        mode_lines: applied.coverage.lines,
        mode_present: applied.coverage.present,
        mode_reached: applied.coverage.reached,
        properties: wire::answer(engine),
        ..*asked
    })
}
