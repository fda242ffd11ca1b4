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
        fact::{
            Fact,
            Refusal, //
        },
        machine::{
            Machine,
            Outside, //
        },
        mode::Mode,
        plan::{
            Progress,
            Step,
            ACCEPT, //
        },
        training::{
            Effect,
            Injection, //
        }, //
    },
    provider::errno,
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
            count: new.dsmil.controls,
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
    /// nothing: it will ask again. Returns the sequence of the record, 0 without one.
    pub(super) fn record_early(&self, request: &Request<'_>, ending: &Ending) -> u64 {
        if let Ending::Refused(Refusal { id, reason }) = ending {
            return self.journal.record(Event {
                mode: mode_on_wire(request),
                control: *id,
                needs: reason.needs(),
                reason: reason.number(),
                generation: self.snapshot().generation,
                ..event(uapi::KIND_REFUSED, uapi::SEVERITY_WARNING, request.origin)
            });
        }
        0
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
        let severity = match step.progress {
            Progress::Degraded(_) => uapi::SEVERITY_ERROR,
            Progress::Failed(_) | Progress::Moved => uapi::SEVERITY_WARNING,
            Progress::Planned | Progress::Done | Progress::Undone => uapi::SEVERITY_NOTICE,
        };
        let event = Event {
            control: step.id,
            from: step.from,
            to: step.to,
            step: step.progress.number(),
            error: step.progress.error(),
            ..about.event(uapi::KIND_STEP, severity)
        };
        match step.progress {
            // Whether the driver has changed anything is not known of one that failed.
            Progress::Planned | Progress::Moved => self.journal.record(event),
            Progress::Done | Progress::Failed(_) | Progress::Undone | Progress::Degraded(_) => {
                self.journal.commit(event)
            }
        };
    }

    /// Controls are accepted as they are.
    pub(super) fn record_accepted(
        &self,
        about: &About,
        request: &Request<'_>,
        machine: &Machine<KVVec<Fact>>,
    ) {
        let accepted = request.list.iter().filter(|(_, value)| *value == ACCEPT);
        for fact in accepted.filter_map(|(id, _)| machine.fact(*id)) {
            self.journal.commit(Event {
                control: fact.id,
                from: fact.mark.written.unwrap_or(uapi::INDEX_NONE),
                to: fact.current().unwrap_or(uapi::INDEX_NONE),
                ..about.event(uapi::KIND_ACCEPTED, uapi::SEVERITY_NOTICE)
            });
        }
    }

    /// Returns the sequence of the record.
    pub(super) fn record_ended(
        &self,
        about: &About,
        ending: &Ending,
        steps: &[Step],
        new: &Snapshot,
    ) -> u64 {
        let (severity, outcome, control, error) = match *ending {
            Ending::Undone { control, error } => {
                let outcome = uapi::OUTCOME_UNDONE;
                (uapi::SEVERITY_WARNING, outcome, control, error)
            }
            Ending::Conflict { control, error } => {
                let outcome = uapi::OUTCOME_CONFLICT;
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
        })
    }

    /// Somebody else has changed a control.
    pub(super) fn record_outside(&self, change: &Outside, generation: u64, origin: Origin) {
        self.journal.record(Event {
            generation,
            ..outside(change, origin)
        });
    }

    /// An apply under way has come to a control that somebody else has changed.
    pub(super) fn record_met(&self, about: &About, change: &Outside) {
        self.journal.record(Event {
            about: about.sequence,
            generation: about.generation,
            ..outside(change, about.origin)
        });
    }

    /// Tampering with a control is reported that was not before.
    pub(super) fn record_tamper(&self, fact: &Fact, generation: u64, origin: Origin) {
        self.journal.record(Event {
            control: fact.id,
            generation,
            ..event(uapi::KIND_TAMPER, uapi::SEVERITY_ERROR, origin)
        });
    }

    pub(super) fn record_latch(&self, generation: u64, origin: Origin) {
        self.journal.commit(Event {
            mode: Mode::ParanoidPlus.number(),
            generation,
            ..event(uapi::KIND_LATCH, uapi::SEVERITY_NOTICE, origin)
        });
    }

    /// Somebody has the copy do something, which is `number` on the wire.
    pub(super) fn record_injected(&self, number: u32, injection: &Injection) {
        let (to, error) = match injection.effect {
            Effect::Value(value) => (value, 0),
            Effect::Tamper(reported) => (reported.into(), 0),
            Effect::WriteFails(number) | Effect::ReadFails(number) | Effect::Slow(number) => {
                (uapi::INDEX_NONE, number)
            }
            Effect::WriteIgnored => (uapi::INDEX_NONE, 0),
        };
        let mut extra = [0; 32];
        let numbers = [injection.after, injection.count].map(u32::to_ne_bytes);
        for (to, from) in extra.iter_mut().zip(numbers.as_flattened()) {
            *to = *from;
        }
        self.journal.record(Event {
            extra,
            control: injection.control,
            to,
            error,
            count: number,
            generation: self.snapshot().generation,
            ..event(uapi::KIND_INJECTED, uapi::SEVERITY_NOTICE, Origin::Ioctl)
        });
    }

    /// Somebody has taken back what the copy was to do.
    pub(super) fn record_cleared(&self) {
        self.journal.record(Event {
            count: uapi::INJECT_CLEAR,
            generation: self.snapshot().generation,
            ..event(uapi::KIND_INJECTED, uapi::SEVERITY_NOTICE, Origin::Ioctl)
        });
    }
}

fn outside(change: &Outside, origin: Origin) -> Event {
    Event {
        control: change.id,
        from: change.from,
        to: change.to.unwrap_or(uapi::INDEX_NONE),
        properties: match change.drift {
            true => uapi::EVENT_DRIFT,
            false => 0,
        },
        ..event(uapi::KIND_OUTSIDE_CHANGE, uapi::SEVERITY_WARNING, origin)
    }
}
