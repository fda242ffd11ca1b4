// SPDX-License-Identifier: GPL-2.0

//! What all ways in for a change have in common: who may, that somebody is told who may not, and
//! how the last one ended.

use super::wire;
use crate::{
    engine::{
        Applied,
        Ended,
        Ending,
        Engine,
        Request, //
    },
    journal::Origin,
    kapi::{
        actor::Actor,
        audit,
        privilege::Right, //
    },
    posture::mode::Mode,
    uapi, //
};
use kernel::{
    fs::File,
    prelude::*, //
};

/// `ECANCELED` of `include/uapi/asm-generic/errno.h`.
const ECANCELED: i32 = 125;

/// What the caller of an interface gets for how a request ended.
pub(super) fn result(ending: &Ending) -> Result {
    match ending {
        Ending::Planned | Ending::Done => Ok(()),
        Ending::Refused(_) => Err(EACCES),
        Ending::NoRoom => Err(ENOSPC),
        Ending::Undone { .. } => Err(Error::from_errno(-ECANCELED)),
        Ending::Conflict { .. } => Err(EBUSY),
        Ending::Degraded { .. } => Err(EIO),
    }
}

/// Returns the right to make a change through `origin` of what is shown, or refuses it and records
/// that. `file` is the descriptor, where there is one: while a copy is shown it suffices.
pub(super) fn admit(machine: &Engine, origin: Origin, file: Option<&File>) -> Result<Right> {
    match file.filter(|_| machine.has_copy()) {
        Some(file) => Ok(Right::over_copies(file)),
        None => admit_to_machine(machine, origin, file),
    }
}

/// Returns the right to make a change of the machine through `origin`, or refuses it and records
/// that.
pub(super) fn admit_to_machine(
    machine: &Engine,
    origin: Origin,
    file: Option<&File>,
) -> Result<Right> {
    let right = file.map_or_else(Right::of_caller, Right::of_descriptor);
    right.inspect_err(|error| {
        if machine.record_refused(origin, *error) {
            audit::refused(origin.name(), *error);
        }
    })
}

/// Makes a change, tells whoever audits when it is refused, and leaves how it ended for
/// `IOC_STATUS`. `prepare` is called with the number of the request before anything is done, and can
/// still prevent it.
pub(super) fn change(
    engine: &Engine,
    right: &Right,
    request: &Request<'_>,
    prepare: impl FnOnce(u64) -> Result,
) -> Result<Applied> {
    let number = engine.requests().begin();
    let applied = prepare(number).and_then(|()| engine.apply(right, request));
    let outcome = match &applied {
        Ok(applied) => wire::outcome(&applied.ending),
        Err(error) => wire::Outcome {
            error: error.to_errno().unsigned_abs(),
            ..wire::Outcome::default()
        },
    };
    engine.requests().end(Ended {
        number,
        sequence: applied.as_ref().map_or(0, |applied| applied.sequence),
        outcome: outcome.outcome,
        reason: outcome.reason,
        mode: request.mode.map_or(uapi::MODE_NONE, Mode::number),
        control: outcome.control,
        needs: outcome.needs,
        error: outcome.error,
        pid: Actor::current().pid,
    });
    let refused = matches!(&applied, Ok(applied) if matches!(applied.ending, Ending::Refused(_)));
    // Nobody audits what was never to be done to the machine.
    if refused && !engine.is_copy() {
        audit::refused(request.origin.name(), EACCES);
    }
    applied
}
