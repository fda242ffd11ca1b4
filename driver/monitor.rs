// SPDX-License-Identifier: GPL-2.0

//! What has the engine look at the machine again without being asked: events of the firmware, the
//! end of the machine's sleep, and the clock if the administrator wants it.
//!
//! An event leads to a look soon after it, and to one for many that come close together. A look
//! takes the time of a firmware call for each location that the engine reads, and some of these
//! stop every core; a held-down hotkey sends many events. So looks that events lead to keep their
//! distance.

use crate::{
    engine::{
        Engine,
        Refreshed, //
    },
    journal::Origin,
    kapi::{
        notify::{
            Listen,
            Listener, //
        },
        power::{
            Notifier,
            Sleeper, //
        },
        privilege::Right,
        worker::{
            Running,
            Worker, //
        },
    },
    module_parameters,
    state, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::{
        ClockSource,
        Monotonic,
        Msecs,
        NSEC_PER_MSEC, //
    }, //
};

/// How long an event waits for others that belong to it.
const GATHER: Msecs = 100;

/// How long after one look an event may lead to another.
const DISTANCE: Msecs = 2000;

/// Most seconds between two looks by the clock.
const LONGEST: u32 = 1_000_000;

static WORKER: Worker = Worker::new(look);

/// Whether the machine was asleep since the last look.
static WOKEN: Atomic<bool> = Atomic::new(false);

/// Until when events wait, in nanoseconds of the monotonic clock. `i64::MAX` during a look, whose
/// end is not known.
static REST: Atomic<i64> = Atomic::new(0);

/// Whether a failure was logged.
static COMPLAINED: Atomic<bool> = Atomic::new(false);

/// Has the engine look at the machine soon. May be called at any time and in any context.
fn kick() {
    let rest = REST.load(Relaxed).saturating_sub(Monotonic::ktime_get());
    let rest = Msecs::try_from(rest.max(0).div_euclid(NSEC_PER_MSEC)).unwrap_or(DISTANCE);
    WORKER.kick(rest.clamp(GATHER, DISTANCE));
}

/// The job of the worker.
fn look() {
    REST.store(i64::MAX, Relaxed);
    if let Some(engine) = state::get() {
        let woken = WOKEN.xchg(false, Relaxed);
        let refreshed =
            Right::of_kernel_thread().and_then(|right| engine.refresh(&right, Origin::Driver));
        match refreshed {
            // It gave way to somebody who had asked for something. Later, then.
            Err(EAGAIN) => {
                if woken {
                    WOKEN.store(true, Relaxed);
                }
                WORKER.kick(DISTANCE);
            }
            refreshed => looked(&engine, woken, &refreshed),
        }
    }
    let rest = i64::from(DISTANCE).saturating_mul(NSEC_PER_MSEC);
    REST.store(Monotonic::ktime_get().saturating_add(rest), Relaxed);
    // What events have asked for during the look.
    WORKER.defer(DISTANCE);
    wind();
}

/// Says what came of a look, where that is worth a word.
fn looked(engine: &Engine, woken: bool, refreshed: &Result<Refreshed>) {
    if woken {
        engine.record_resumed(refreshed);
    }
    if let Err(error) = refreshed {
        if !COMPLAINED.xchg(true, Relaxed) {
            pr_warn!("cannot read the firmware again: {error:?}; said once\n");
        }
    }
}

/// Arranges for the next look by the clock, if there is to be one.
fn wind() {
    let seconds = module_parameters::verify_interval.value();
    if seconds != 0 {
        WORKER.again(seconds.min(LONGEST).saturating_mul(1000));
    }
}

/// Listens to WMI devices.
struct DellEvent;

impl Listen for DellEvent {
    fn notified(value: u32) {
        // Which of Dell's events it is stands in the words that come with it; these are
        // dell-wmi's. On a WMI device that is not Dell's the number can mean another event.
        if value == 0xD0 {
            kick();
        }
    }
}

/// Listens to `DSML0001`.
pub(crate) struct DsmilChange;

impl Listen for DsmilChange {
    fn notified(value: u32) {
        // State changed, tamper. The rest is reserved.
        if matches!(value, 0x80 | 0x81) {
            kick();
        }
    }
}

/// Knows of the machine's sleep.
struct Sleep;

impl Sleeper for Sleep {
    fn prepare() -> Result {
        // No sleep in the middle of a change.
        match state::get() {
            Some(engine) => engine.quiesce(),
            None => Ok(()),
        }
    }

    fn awake() {
        WOKEN.store(true, Relaxed);
        kick();
    }
}

/// Watches the machine for as long as it exists.
#[pin_data]
pub(crate) struct Monitor {
    _events: KVec<Listener<DellEvent>>,
    #[pin]
    _sleep: Notifier<Sleep>,
    // The last to be dropped: until then kicks are served, after that they do nothing.
    _worker: Running,
}

impl Monitor {
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            _worker: start()?,
            _sleep <- Notifier::new(),
            _events: listen(),
        })
    }
}

fn start() -> Result<Running> {
    let running = WORKER.start()?;
    wind();
    Ok(running)
}

/// Listens to the WMI devices. That this fails is no reason to do without all the rest.
fn listen() -> KVec<Listener<DellEvent>> {
    Listener::of_all(c"PNP0C14").unwrap_or_else(|error| {
        pr_warn!("cannot listen to Dell's events: {error:?}\n");
        KVec::new()
    })
}
