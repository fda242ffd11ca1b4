// SPDX-License-Identifier: GPL-2.0

//! How the last request for a change ended, for a caller that could not be told.
//!
//! `last` is held for the time of a copy, with no other lock taken under it.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc,
        Mutex, //
    }, //
};

/// How a request for a change ended, in the numbers of the wire.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ended {
    /// Number of the request, from 1; 0 when none has ended.
    pub(crate) number: u64,
    /// Sequence of the record that says so, 0 without one.
    pub(crate) sequence: u64,
    pub(crate) outcome: u8,
    pub(crate) reason: u8,
    pub(crate) mode: u8,
    pub(crate) control: u32,
    pub(crate) needs: u32,
    /// Positive errno of the first step that failed, or of the call.
    pub(crate) error: u32,
    /// Process id (thread group) of who made it, in the initial namespace.
    pub(crate) pid: u32,
}

/// Numbers requests for changes, and remembers the one that ended last.
#[pin_data]
pub(crate) struct Requests {
    /// The machine's and its copies' have one numbering.
    count: Arc<Atomic<u64>>,
    /// Requests that have ended.
    ended: Atomic<u64>,
    #[pin]
    last: Mutex<Ended>,
}

impl Requests {
    /// With this counter of requests.
    pub(super) fn new(count: Arc<Atomic<u64>>) -> impl PinInit<Self> {
        pin_init!(Self {
            count,
            ended: Atomic::new(0),
            last <- new_mutex!(Ended::default(), "Requests::last"),
        })
    }

    /// The counter, for a copy of the machine.
    pub(super) fn counter(&self) -> Arc<Atomic<u64>> {
        self.count.clone()
    }

    /// Gives a request its number.
    pub(crate) fn begin(&self) -> u64 {
        self.count.fetch_add(1, Relaxed).wrapping_add(1)
    }

    /// The request with a number has ended.
    pub(crate) fn end(&self, ended: Ended) {
        *self.last.lock() = ended;
        self.ended.fetch_add(1, Release);
    }

    /// How many have ended: another one is the last as soon as this is another number.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Acquire)
    }

    /// The one that ended last.
    pub(crate) fn last(&self) -> Ended {
        *self.last.lock()
    }
}
