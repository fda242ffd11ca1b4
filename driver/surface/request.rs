// SPDX-License-Identifier: GPL-2.0

//! `IOC_PLAN` and `IOC_APPLY`: from the wire to the engine and back.

use super::chardev::Frame;
use crate::{
    engine::{
        Applied,
        Ending,
        Engine,
        Request, //
    },
    kapi::privilege,
    posture::{
        apply::Progress,
        fact::{
            Reason,
            Refusal, //
        },
        mode::Mode,
        plan::Step, //
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

/// `IOC_PLAN`.
pub(super) fn plan(engine: &Engine, arg: UserPtr) -> Result {
    let (wire, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let list = targets(&wire)?;
    let applied = engine.plan(&request(&wire, &list)?)?;
    answer(&wire, &frame, &applied)?;
    match applied.ending {
        Ending::NoRoom => Err(ENOSPC),
        _ => Ok(()),
    }
}

/// `IOC_APPLY`.
pub(super) fn apply(engine: &Engine, file: &File, arg: UserPtr) -> Result {
    if !privilege::is_writable(file) {
        return Err(EBADF);
    }
    if !privilege::is_admin() {
        return Err(EPERM);
    }
    let (wire, frame) = Frame::read::<uapi::Apply>(arg, uapi::Apply::SIZE_MIN)?;
    let list = targets(&wire)?;
    let request = request(&wire, &list)?;
    // What cannot be answered must not be done: the memory is written to once before.
    frame.write(wire)?;
    let mut writer = steps_buffer(&wire)?.writer();
    for _ in 0..wire.step_capacity {
        writer.write_slice(uapi::Step::default().as_bytes())?;
    }
    let applied = engine.apply(&request)?;
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

/// Takes a request from the wire.
fn request<'a>(wire: &uapi::Apply, list: &'a [(u32, u8)]) -> Result<Request<'a>> {
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
        || wire.options & !uapi::APPLY_CONFIRM_LATCH != 0
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
    })
}

/// Writes the answer, and the steps where there is room for them.
fn answer(wire: &uapi::Apply, frame: &Frame, applied: &Applied) -> Result {
    let count = u32::try_from(applied.steps.len())?;
    if let Ending::NoRoom = applied.ending {
        return frame.write(uapi::Apply {
            step_count: count,
            ..*wire
        });
    }
    if wire.step_capacity > 0 {
        let mut writer = steps_buffer(wire)?.writer();
        for step in &applied.steps {
            writer.write_slice(step_on_wire(step).as_bytes())?;
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

fn step_on_wire(step: &Step) -> uapi::Step {
    let (state, error) = match step.progress {
        Progress::Planned => (uapi::STEP_PLANNED, 0),
        Progress::Done => (uapi::STEP_DONE, 0),
        Progress::Failed(error) => (uapi::STEP_FAILED, error),
        Progress::Undone => (uapi::STEP_UNDONE, 0),
        Progress::Degraded(error) => (uapi::STEP_DEGRADED, error),
    };
    uapi::Step {
        control: step.id,
        from: step.from,
        to: step.to,
        state,
        reserved: 0,
        error,
        reserved2: 0,
    }
}

/// The reason on the wire, and the other control that it speaks of.
fn reason_on_wire(reason: Reason) -> (u8, u32) {
    match reason {
        Reason::NoControl => (uapi::REASON_NO_CONTROL, 0),
        Reason::NoValue => (uapi::REASON_NO_VALUE, 0),
        Reason::Twice => (uapi::REASON_TWICE, 0),
        Reason::Quarantined => (uapi::REASON_QUARANTINED, 0),
        Reason::ReadOnly => (uapi::REASON_READ_ONLY, 0),
        Reason::Restricted => (uapi::REASON_RESTRICTED, 0),
        Reason::Denied => (uapi::REASON_DENIED, 0),
        Reason::Unreadable => (uapi::REASON_UNREADABLE, 0),
        Reason::Dependency(id) => (uapi::REASON_DEPENDENCY, id),
        Reason::Needed(id) => (uapi::REASON_NEEDED, id),
        Reason::Cycle => (uapi::REASON_CYCLE, 0),
        Reason::Latched => (uapi::REASON_LATCHED, 0),
        Reason::Unconfirmed => (uapi::REASON_UNCONFIRMED, 0),
    }
}
