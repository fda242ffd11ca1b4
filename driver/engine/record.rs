// SPDX-License-Identifier: GPL-2.0

//! What goes into the journal, and in which words.

use super::{
    apply::{
        Ending,
        Request, //
    },
    Engine,
    Refreshed,
    Snapshot, //
};
use crate::{
    journal::{
        event,
        Origin, //
    },
    posture::{
        apply::Progress,
        fact::{
            Reason,
            Refusal, //
        },
        mode::Mode,
        plan::{
            Line,
            Stands,
            Step, //
        }, //
    },
    provider::{
        errno,
        Control, //
    },
    uapi::{
        self,
        Event, //
    }, //
};
use kernel::prelude::*;

/// An apply under way: the sequence of the record of its beginning, and what that said.
pub(super) struct About {
    sequence: u64,
    origin: Origin,
    generation: u64,
    mode: u8,
}

impl About {
    fn event(&self, kind: u16, severity: u8) -> Event {
        Event {
            about: self.sequence,
            generation: self.generation,
            mode: self.mode,
            ..event(kind, severity, self.origin)
        }
    }
}

fn mode_on_wire(request: &Request<'_>) -> u8 {
    request.mode.map_or(uapi::MODE_NONE, Mode::number)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Engine {
    /// A request came from somebody who has no right to it. Says whether it has a record of its own.
    pub(crate) fn record_refused(&self, origin: Origin, error: Error) -> bool {
        self.journal.refuse(Event {
            error: errno(error),
            generation: self.snapshot().generation,
            ..event(uapi::KIND_REFUSED, uapi::SEVERITY_WARNING, origin)
        })
    }

    /// The machine has woken up, and was looked at.
    pub(crate) fn record_resumed(&self, refreshed: &Result<Refreshed>) {
        let (changed, error) = match refreshed {
            Ok(refreshed) => (refreshed.changed, 0),
            Err(error) => (0, errno(*error)),
        };
        self.journal.record(Event {
            count: changed,
            error,
            generation: self.snapshot().generation,
            ..event(uapi::KIND_RESUME, uapi::SEVERITY_INFO, Origin::Driver)
        });
    }

    pub(super) fn record_bound(&self, new: &Snapshot, error: Option<Error>) {
        let severity = match error {
            None => uapi::SEVERITY_INFO,
            Some(_) => uapi::SEVERITY_WARNING,
        };
        self.journal.record(Event {
            count: count(new.dsmil.controls().len()),
            error: error.map_or(0, errno),
            generation: new.generation,
            ..event(uapi::KIND_BIND, severity, Origin::Driver)
        });
    }

    pub(super) fn record_unbound(&self) {
        self.journal.record(Event {
            generation: self.snapshot().generation,
            ..event(uapi::KIND_UNBIND, uapi::SEVERITY_NOTICE, Origin::Driver)
        });
    }

    /// Refuses a request that was decided on another generation.
    pub(super) fn record_stale(&self, request: &Request<'_>) -> Error {
        self.journal.record(Event {
            error: errno(EAGAIN),
            mode: mode_on_wire(request),
            generation: self.snapshot().generation,
            ..event(uapi::KIND_REFUSED, uapi::SEVERITY_NOTICE, request.origin)
        });
        EAGAIN
    }

    /// A request ended before anything was done. That the caller has no room for the answer is
    /// nothing: it will ask again.
    pub(super) fn record_early(&self, request: &Request<'_>, ending: &Ending) {
        if let Ending::Refused(Refusal { id, reason }) = ending {
            let (reason, needs) = reason_on_wire(*reason);
            self.journal.record(Event {
                mode: mode_on_wire(request),
                control: *id,
                needs,
                reason,
                generation: self.snapshot().generation,
                ..event(uapi::KIND_REFUSED, uapi::SEVERITY_WARNING, request.origin)
            });
        }
    }

    pub(super) fn record_begun(&self, request: &Request<'_>, steps: &[Step]) -> About {
        let mut about = About {
            sequence: 0,
            origin: request.origin,
            generation: self.snapshot().generation,
            mode: mode_on_wire(request),
        };
        about.sequence = self.journal.record(Event {
            count: count(steps.len()),
            properties: match request.list {
                [] => 0,
                _ => uapi::EVENT_LIST,
            },
            ..about.event(uapi::KIND_APPLY_BEGUN, uapi::SEVERITY_INFO)
        });
        about
    }

    pub(super) fn record_step(&self, about: &About, step: &Step) {
        let wire = step_on_wire(step);
        let severity = match step.progress {
            Progress::Degraded(_) => uapi::SEVERITY_ERROR,
            Progress::Failed(_) => uapi::SEVERITY_WARNING,
            Progress::Planned | Progress::Done | Progress::Undone => uapi::SEVERITY_NOTICE,
        };
        let event = Event {
            control: wire.control,
            from: wire.from,
            to: wire.to,
            step: wire.state,
            error: wire.error,
            ..about.event(uapi::KIND_STEP, severity)
        };
        match step.progress {
            // Nothing has changed.
            Progress::Planned | Progress::Failed(_) => self.journal.record(event),
            Progress::Done | Progress::Undone | Progress::Degraded(_) => self.journal.commit(event),
        };
    }

    pub(super) fn record_ended(
        &self,
        about: &About,
        ending: &Ending,
        steps: &[Step],
        new: &Snapshot,
    ) {
        let (severity, outcome, control, error) = match *ending {
            Ending::Undone { control, error } => {
                let outcome = uapi::OUTCOME_UNDONE;
                (uapi::SEVERITY_WARNING, outcome, control, error)
            }
            Ending::Degraded { control, error } => {
                let outcome = uapi::OUTCOME_DEGRADED;
                (uapi::SEVERITY_ERROR, outcome, control, error)
            }
            _ => (uapi::SEVERITY_NOTICE, uapi::OUTCOME_DONE, 0, 0),
        };
        let done = steps.iter().filter(|step| step.progress == Progress::Done);
        self.journal.record(Event {
            outcome,
            control,
            error,
            count: count(done.count()),
            generation: new.generation,
            ..about.event(uapi::KIND_APPLY_ENDED, severity)
        });
    }

    /// Records what of a new snapshot nobody has asked for.
    pub(super) fn record_changes(&self, old: &Snapshot, new: &Snapshot, origin: Origin) {
        let of = |kind, severity, control: &Control| Event {
            control: control.id,
            generation: new.generation,
            ..event(kind, severity, origin)
        };
        for control in new.controls() {
            let known = old.controls().find(|known| known.id == control.id);
            let is_new = |is: fn(&Control) -> bool| is(control) && !known.is_some_and(is);
            if is_new(Control::has_drifted) {
                let index = |value: Option<u8>| value.unwrap_or(uapi::INDEX_NONE);
                self.journal.record(Event {
                    from: index(control.mark.written),
                    to: index(control.current()),
                    ..of(uapi::KIND_DRIFT, uapi::SEVERITY_WARNING, control)
                });
            }
            if is_new(|control| control.tampered) {
                self.journal
                    .record(of(uapi::KIND_TAMPER, uapi::SEVERITY_ERROR, control));
            }
        }
        if new.latched && !old.latched {
            self.journal.commit(Event {
                mode: Mode::ParanoidPlus.number(),
                generation: new.generation,
                ..event(uapi::KIND_LATCH, uapi::SEVERITY_NOTICE, origin)
            });
        }
    }
}

/// The step on the wire.
pub(crate) fn step_on_wire(step: &Step) -> uapi::Step {
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
        error,
        ..uapi::Step::default()
    }
}

/// A line on the wire, where it looks like a step.
pub(crate) fn line_on_wire(line: &Line) -> uapi::Step {
    let (state, (reason, needs)) = match line.stands {
        Stands::Open => (uapi::STEP_PLANNED, (uapi::REASON_NONE, 0)),
        Stands::Holds => (uapi::STEP_HOLDS, (uapi::REASON_NONE, 0)),
        Stands::OutOfReach(reason) => (uapi::STEP_OUT_OF_REACH, reason_on_wire(reason)),
    };
    uapi::Step {
        control: line.id,
        from: line.from.unwrap_or(uapi::INDEX_NONE),
        to: line.to,
        state,
        reason,
        needs,
        ..uapi::Step::default()
    }
}

/// The reason on the wire, and the other control that it speaks of.
pub(crate) fn reason_on_wire(reason: Reason) -> (u8, u32) {
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
        Reason::NoTpm => (uapi::REASON_NO_TPM, 0),
    }
}
