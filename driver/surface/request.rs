// SPDX-License-Identifier: GPL-2.0

//! `IOC_PLAN` and `IOC_APPLY`: from the wire to the engine and back.

use super::chardev::Frame;
use crate::{
    engine::{
        line_on_wire,
        reason_on_wire,
        step_on_wire,
        Applied,
        Ending,
        Engine,
        Request, //
    },
    journal::Origin,
    kapi::{
        audit,
        privilege::Right, //
    },
    posture::{
        fact::Refusal,
        mode::Mode, //
    },
    uapi, //
};
use kernel::{
    fs::File,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};
use zerocopy::IntoBytes;

/// `ECANCELED` of `include/uapi/asm-generic/errno.h`.
const ECANCELED: i32 = 125;

/// What the caller of an interface gets for how a request ended.
pub(super) fn result(ending: &Ending) -> Result {
    match ending {
        Ending::Planned | Ending::Done => Ok(()),
        Ending::Refused(_) => Err(EACCES),
        Ending::NoRoom => Err(ENOSPC),
        Ending::Undone { .. } => Err(Error::from_errno(-ECANCELED)),
        Ending::Degraded { .. } => Err(EIO),
    }
}

/// Returns the right to make a change through `origin`, or refuses it and records that. `file` is
/// the descriptor, where there is one.
pub(super) fn admit(engine: &Engine, origin: Origin, file: Option<&File>) -> Result<Right> {
    let right = file.map_or_else(Right::of_caller, Right::of_descriptor);
    right.inspect_err(|error| {
        if engine.record_refused(origin, *error) {
            audit::refused(origin.name(), *error);
        }
    })
}

/// Makes a change, and tells whoever audits when it is refused.
pub(super) fn change(engine: &Engine, right: &Right, request: &Request<'_>) -> Result<Applied> {
    let applied = engine.apply(right, request)?;
    if let Ending::Refused(_) = applied.ending {
        audit::refused(request.origin.name(), EACCES);
    }
    Ok(applied)
}

/// `IOC_PLAN`.
pub(super) fn plan(engine: &Engine, arg: UserPtr) -> Result {
    let (wire, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let list = targets(&wire)?;
    let request = Request {
        overview: wire.options & uapi::APPLY_LINES != 0,
        ..request(&wire, &list, uapi::APPLY_CONFIRM_LATCH | uapi::APPLY_LINES)?
    };
    if request.overview && (request.mode.is_none() || !list.is_empty()) {
        return Err(EINVAL);
    }
    let applied = engine.plan(&request)?;
    answer(&wire, &frame, &applied)?;
    match applied.ending {
        Ending::NoRoom => Err(ENOSPC),
        _ => Ok(()),
    }
}

/// `IOC_APPLY`.
pub(super) fn apply(engine: &Engine, file: &File, arg: UserPtr) -> Result {
    let right = admit(engine, Origin::Ioctl, Some(file))?;
    let (wire, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let list = targets(&wire)?;
    let request = request(&wire, &list, uapi::APPLY_CONFIRM_LATCH)?;
    // What cannot be answered must not be done: the memory is written to once before.
    frame.write(wire)?;
    let mut writer = steps_buffer(&wire)?.writer();
    for _ in 0..wire.step_capacity {
        writer.write_slice(uapi::Step::default().as_bytes())?;
    }
    let applied = change(engine, &right, &request)?;
    answer(&wire, &frame, &applied)?;
    result(&applied.ending)
}

fn steps_buffer(wire: &uapi::Apply) -> Result<UserSlice> {
    let capacity = usize::try_from(wire.step_capacity)?;
    let size = capacity
        .checked_mul(size_of::<uapi::Step>())
        .ok_or(EINVAL)?;
    let buffer = UserPtr::from_addr(usize::try_from(wire.steps)?);
    Ok(UserSlice::new(buffer, size))
}

/// Reads the list of targets.
fn targets(wire: &uapi::Apply) -> Result<KVVec<(u32, u8)>> {
    if wire.target_count > uapi::TARGETS_MAX {
        return Err(E2BIG);
    }
    let count = usize::try_from(wire.target_count)?;
    let size = count.checked_mul(size_of::<uapi::Target>()).ok_or(EINVAL)?;
    let buffer = UserPtr::from_addr(usize::try_from(wire.targets)?);
    let mut reader = UserSlice::new(buffer, size).reader();
    let mut list = KVVec::with_capacity(count, GFP_KERNEL)?;
    for _ in 0..count {
        let mut target = uapi::Target::default();
        reader.read_slice(target.as_mut_bytes())?;
        if target.reserved != [0; 3] {
            return Err(EINVAL);
        }
        list.push((target.control, target.value), GFP_KERNEL)?;
    }
    Ok(list)
}

/// Takes a request from the wire, in which only these options may be set.
fn request<'a>(wire: &uapi::Apply, list: &'a [(u32, u8)], options: u32) -> Result<Request<'a>> {
    let mode = match wire.mode {
        uapi::MODE_NONE => None,
        number => Some(Mode::from_number(number).ok_or(EINVAL)?),
    };
    let reserved = [
        u32::from(wire.reserved),
        wire.reserved2.into(),
        wire.reserved3,
    ];
    if reserved != [0; 3]
        || wire.options & !options != 0
        || wire.step_capacity > uapi::STEPS_MAX
        || mode == Some(Mode::ParanoidPlus) && !list.is_empty()
    {
        return Err(EINVAL);
    }
    Ok(Request {
        mode,
        list,
        generation: wire.generation,
        confirmed: wire.options & uapi::APPLY_CONFIRM_LATCH != 0,
        key: wire.security_key,
        room: match wire.step_capacity {
            0 => usize::MAX,
            capacity => usize::try_from(capacity)?,
        },
        overview: false,
        origin: Origin::Ioctl,
    })
}

/// Writes the answer, and the steps where there is room for them.
fn answer(wire: &uapi::Apply, frame: &Frame, applied: &Applied) -> Result {
    let lines = applied.lines.as_deref();
    let count = u32::try_from(lines.map_or(applied.steps.len(), <[_]>::len))?;
    if let Ending::NoRoom = applied.ending {
        return frame.write(uapi::Apply {
            step_count: count,
            ..*wire
        });
    }
    if wire.step_capacity > 0 {
        let mut writer = steps_buffer(wire)?.writer();
        match lines {
            Some(lines) => {
                for line in lines {
                    writer.write_slice(line_on_wire(line).as_bytes())?;
                }
            }
            None => {
                for step in &applied.steps {
                    writer.write_slice(step_on_wire(step).as_bytes())?;
                }
            }
        }
    }
    let (outcome, reason, control, needs, error) = match applied.ending {
        Ending::Planned => (uapi::OUTCOME_PLANNED, uapi::REASON_NONE, 0, 0, 0),
        Ending::Done | Ending::NoRoom => (uapi::OUTCOME_DONE, uapi::REASON_NONE, 0, 0, 0),
        Ending::Refused(Refusal { id, reason }) => {
            let (reason, needs) = reason_on_wire(reason);
            (uapi::OUTCOME_REFUSED, reason, id, needs, 0)
        }
        Ending::Undone { control, error } => {
            (uapi::OUTCOME_UNDONE, uapi::REASON_NONE, control, 0, error)
        }
        Ending::Degraded { control, error } => {
            (uapi::OUTCOME_DEGRADED, uapi::REASON_NONE, control, 0, error)
        }
    };
    frame.write(uapi::Apply {
        generation: applied.generation,
        step_count: count,
        outcome,
        reason,
        security_key: 0,
        control,
        needs,
        error,
        firmware_calls: u32::try_from(applied.firmware_calls).unwrap_or(u32::MAX),
        mode_lines: applied.coverage.lines,
        mode_present: applied.coverage.present,
        mode_reached: applied.coverage.reached,
        ..*wire
    })
}
