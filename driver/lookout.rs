// SPDX-License-Identifier: GPL-2.0

//! What has the engine look at the machine again without being asked: notifications of `DSML0001`,
//! the end of the machine's sleep, and if the administrator wants it Dell's events and the clock.
//!
//! A notification leads to a look soon after it, and to one for many that come close together. A
//! look takes the time of a firmware call for each location that the engine reads, and some of
//! these stop every core. So looks that notifications lead to keep their distance.
//!
//! Of Dell's events only a few can concern a control, and which one it is stands in words that
//! firmware hands out once: they are dell-wmi's. Most are keys that are pressed all day. So they
//! lead to looks only where the administrator says so, and says how often.

use crate::{
    engine::{
        state,
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
            worker,
            Running,
            Worker, //
        },
    }, //
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

/// The block of WMI that Dell's events come from.
const DELL_EVENTS: &CStr = c"9DBB5994-A997-11DA-B012-B622A1EF5492";

/// What was said when the module was loaded. Both are seconds, and 0 means never.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    /// Between two looks by the clock.
    pub(crate) verify_interval: u32,
    /// Least distance of looks that Dell's events lead to.
    pub(crate) event_interval: u32,
}

/// How long a notification waits for others that belong to it.
const GATHER: Msecs = 100;

/// How long after one look a notification may lead to another.
const DISTANCE: Msecs = 2000;

/// Most seconds of a parameter: more count as that.
const LONGEST: u32 = 1_000_000;

/// Looks.
static WORKER: Worker = worker!(look, c"lookout::WORKER");

/// Has `WORKER` look, for one event of Dell's or for many.
static EVENTS: Worker = worker!(heard, c"lookout::EVENTS");

/// Milliseconds between two looks by the clock, 0 for none, and between two that Dell's events lead
/// to. Set before the workers begin.
static VERIFY_INTERVAL: Atomic<u32> = Atomic::new(0);
static EVENT_INTERVAL: Atomic<u32> = Atomic::new(0);

/// Until when Dell's events wait, in nanoseconds of the monotonic clock.
static EVENT_REST: Atomic<i64> = Atomic::new(0);

/// Whether the machine was asleep since the last look.
static WOKEN: Atomic<bool> = Atomic::new(false);

/// Until when notifications wait, in nanoseconds of the monotonic clock. `i64::MAX` during a look, whose
/// end is not known.
static REST: Atomic<i64> = Atomic::new(0);

/// Whether a failure was logged.
static COMPLAINED: Atomic<bool> = Atomic::new(false);

/// How long it is until a moment, `longest` at most.
fn until(moment: i64, longest: Msecs) -> Msecs {
    let rest = moment.saturating_sub(Monotonic::ktime_get()).max(0);
    let rest = Msecs::try_from(rest.div_euclid(NSEC_PER_MSEC)).unwrap_or(longest);
    rest.min(longest)
}

/// The moment that is so far away.
fn after(distance: Msecs) -> i64 {
    let distance = i64::from(distance).saturating_mul(NSEC_PER_MSEC);
    Monotonic::ktime_get().saturating_add(distance)
}

/// Has the engine look at the machine soon. May be called at any time and in any context.
fn kick() {
    WORKER.kick(until(REST.load(Relaxed), DISTANCE).max(GATHER));
}

/// The job of `EVENTS`.
fn heard() {
    EVENT_REST.store(after(EVENT_INTERVAL.load(Relaxed)), Relaxed);
    kick();
}

/// The job of `WORKER`.
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
    REST.store(after(DISTANCE), Relaxed);
    // What was asked for during the look.
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
    match VERIFY_INTERVAL.load(Relaxed) {
        0 => {}
        interval => WORKER.again(interval),
    }
}

/// Listens to the WMI device with Dell's events.
struct DellEvent;

impl Listen for DellEvent {
    fn notified(value: u32) {
        // The number that this device gives its events, on all machines that were looked at.
        if value == 0xD0 {
            EVENTS.kick(until(
                EVENT_REST.load(Relaxed),
                EVENT_INTERVAL.load(Relaxed),
            ));
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

/// Has a look that is under way end, so that its worker is not waited for long.
struct Leaving;

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(engine) = state::get() {
            engine.leave();
        }
    }
}

/// Watches the machine for as long as it exists.
#[pin_data]
pub(crate) struct Lookout {
    _leaving: Leaving,
    _listener: Option<Listener<DellEvent>>,
    #[pin]
    _sleep: Notifier<Sleep>,
    _events: Option<Running>,
    // The last to be dropped: until then kicks are served, after that they do nothing.
    _worker: Running,
}

impl Lookout {
    pub(crate) fn new(parameters: Parameters) -> impl PinInit<Self, Error> {
        let listens = parameters.event_interval != 0;
        try_pin_init!(Self {
            _leaving: Leaving,
            _worker: start(parameters)?,
            _events: listens.then(|| EVENTS.start()).transpose()?,
            _sleep <- Notifier::new(),
            _listener: listens.then(listen).flatten(),
        })
    }
}

fn start(parameters: Parameters) -> Result<Running> {
    let milliseconds = |seconds: u32| seconds.min(LONGEST).saturating_mul(1000);
    VERIFY_INTERVAL.store(milliseconds(parameters.verify_interval), Relaxed);
    EVENT_INTERVAL.store(milliseconds(parameters.event_interval), Relaxed);
    let running = WORKER.start()?;
    wind();
    Ok(running)
}

/// Listens to Dell's events. That this fails is no reason to do without all the rest.
fn listen() -> Option<Listener<DellEvent>> {
    Listener::of_wmi(DELL_EVENTS)
        .inspect_err(|error| pr_warn!("cannot listen to Dell's events: {error:?}\n"))
        .ok()
}
