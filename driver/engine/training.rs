// SPDX-License-Identifier: GPL-2.0

//! Training: a copy of the machine that is shown in its place, and takes every change.
//!
//! The copy is an engine like the machine's, with the same rules, and with providers that have no way
//! into any firmware. While it is there, the machine's own engine is closed: it goes on looking at the
//! machine, and makes no change. A request that had come to one of the two before the other took its
//! place finds it closed.

use super::{
    families::{
        Families,
        Family, //
    },
    report,
    unless_interrupted,
    Engine,
    Snapshot,
    Work, //
};
use crate::{
    journal::{
        Origin,
        Pages,
        Training, //
    },
    kapi::{
        compat::estale,
        privilege::Right,
        uevent::Announcer, //
    },
    posture::{
        control::{
            self,
            Reading, //
        },
        dsmil::Identity,
        fact::{
            Fact,
            Mark, //
        },
        training::Injection, //
    },
    provider::{
        described_devices,
        described_settings,
        Bench,
        Copy,
        Details,
        Provider,
        Source, //
    }, //
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        BootTime,
        ClockSource, //
    }, //
};

/// Generations of a copy begin so far behind the machine's, which never comes to them meanwhile: what
/// was decided on the one is never taken for a decision on the other.
const AHEAD: u64 = 1 << 32;

/// What a copy is of, where it is not of the machine.
pub(crate) struct Profile {
    /// Answers to DESCRIBE, none for the devices of the machine.
    pub(crate) devices: KVVec<[u8; 64]>,
    /// SMBIOS structures of type 0xDA, none for the settings of the machine.
    pub(crate) tokens: KVVec<u8>,
    /// Values that controls have to begin with.
    pub(crate) targets: KVVec<(u32, u8)>,
}

/// Shortest time between two events of a copy, in nanoseconds: who practises must not keep user space
/// from hearing of the machine.
const EVENT_REST: u64 = 100_000_000;

/// What makes an engine a copy.
pub(super) struct Practice {
    bench: Arc<Bench>,
    /// When the last event was sent, in nanoseconds of `CLOCK_BOOTTIME`.
    told: Atomic<u64>,
}

impl Practice {
    /// An apply begins.
    pub(super) fn begin_apply(&self) {
        self.bench.begin_apply();
    }

    /// Sends an event of what is new in a copy, unless there was one just now. The log has nothing of
    /// it. Only one task at a time comes here.
    pub(super) fn tell(
        &self,
        old: &Snapshot,
        new: &Snapshot,
        outside: u32,
        announcer: Option<&Announcer>,
    ) {
        if outside == 0 && !report::differ(old, new) {
            return;
        }
        let now = BootTime::ktime_get().max(0).unsigned_abs();
        if now.saturating_sub(self.told.load(Relaxed)) >= EVENT_REST {
            self.told.store(now, Relaxed);
            report::shown(new, outside, announcer, true);
        }
    }
}

/// The turn of who begins or ends a training, or has the copy do something.
pub(super) struct Turn;

/// A family of the copy, before there is one.
struct Part<P> {
    controls: KVVec<(Fact, Details)>,
    identity: Option<Identity>,
    /// What there is instead, where the machine has nothing to copy.
    without: Option<Family<P>>,
}

impl<P: Provider> Part<P> {
    /// What is described.
    fn described(controls: KVVec<(Fact, Details)>, identity: Option<Identity>) -> Self {
        Self {
            controls,
            identity,
            without: None,
        }
    }

    /// What the machine has.
    fn of(work: &Work, family: control::Family, state: &Family<P>) -> Result<Self> {
        let mut controls = KVVec::new();
        for (fact, details) in work.machine.facts().iter().zip(&work.details) {
            if fact.family == family && !fact.gone {
                controls.push((*fact, details.clone()), GFP_KERNEL)?;
            }
        }
        Ok(Self {
            controls,
            identity: None,
            // Where the machine's own cannot be read there is nothing to copy, and nothing in the way
            // of what is described.
            without: match state {
                Family::Found(_) => None,
                Family::Absent | Family::Failed(_) => Some(Family::Absent),
            },
        })
    }
}

impl<P: Provider> Part<Source<P>> {
    fn family(self, bench: &Arc<Bench>) -> Family<Source<P>> {
        let copy = || Copy::new(bench.clone(), self.controls, self.identity);
        self.without
            .unwrap_or_else(|| Family::Found(Source::Copy(copy())))
    }
}

/// Has controls begin with other values: nobody has changed them.
fn begin_with(
    targets: &[(u32, u8)],
    bench: &Bench,
    controls: &mut KVVec<(Fact, Details)>,
) -> Result {
    for (fact, _) in controls {
        let mut all = targets.iter().filter(|(id, _)| *id == fact.id);
        let Some((id, value)) = all.next_back() else {
            continue;
        };
        bench.set(*id, *value)?;
        fact.reading = Reading::Known(*value);
        fact.mark = Mark {
            tampered: fact.mark.tampered,
            ..Mark::default()
        };
    }
    Ok(())
}

/// The copy of a machine as `work` has it, with nothing read. Not inlined: what it has on the stack is gone
/// when memory for the records is had.
#[inline(never)]
fn copy(work: &Work, profile: &Profile, filter: bool) -> Result<(Work, Arc<Bench>)> {
    let Families { platform, dsmil } = &work.families;
    let mut platform = match profile.tokens.is_empty() {
        true => Part::of(work, control::Family::Platform, platform)?,
        false => Part::described(described_settings(&profile.tokens, filter)?, None),
    };
    let mut dsmil = match profile.devices.is_empty() {
        true => Part {
            identity: dsmil.identity(),
            ..Part::of(work, control::Family::Dsmil, dsmil)?
        },
        false => {
            let (controls, identity) = described_devices(&profile.devices)?;
            Part::described(controls, Some(identity))
        }
    };
    let known = |id: u32, controls: &KVVec<(Fact, Details)>| {
        let mut ids = controls.iter().map(|(fact, _)| fact.id);
        ids.any(|known| known == id)
    };
    let mut targets = profile.targets.iter().map(|(id, _)| *id);
    if targets.any(|id| !known(id, &platform.controls) && !known(id, &dsmil.controls)) {
        return Err(EINVAL);
    }
    let bench = Bench::new([&platform.controls, &dsmil.controls])?;
    begin_with(&profile.targets, &bench, &mut platform.controls)?;
    begin_with(&profile.targets, &bench, &mut dsmil.controls)?;
    let mut new = Work::new();
    let past = work.machine.generation().saturating_add(AHEAD);
    // A machine of which nothing is copied is in no mode.
    let another = !profile.tokens.is_empty() && !profile.devices.is_empty();
    match another {
        true => new.machine.move_past(past),
        false => new.machine = work.machine.like(KVVec::new(), past),
    }
    new.take_platform(platform.family(&bench))?;
    new.take_dsmil(dsmil.family(&bench))?;
    Ok((new, bench))
}

impl Engine {
    /// Tells whether this is a copy of the machine, to practise on.
    pub(crate) fn is_copy(&self) -> bool {
        self.practice.is_some()
    }

    /// Tells whether a copy is shown in place of this machine.
    pub(crate) fn has_copy(&self) -> bool {
        self.copy.lock().is_some()
    }

    /// What is shown: the copy while there is one, else the machine.
    pub(crate) fn shown(this: &Arc<Self>) -> Arc<Self> {
        let copy = this.copy.lock().clone();
        copy.unwrap_or_else(|| this.clone())
    }

    /// Turns a right over copies away from the machine: the training that it was for has ended.
    ///
    /// # Errors
    ///
    /// `EAGAIN`.
    pub(super) fn admit(&self, right: &Right) -> Result {
        match right.is_over_machine() || self.is_copy() {
            true => Ok(()),
            false => Err(EAGAIN),
        }
    }

    /// How the training under way, or the last one, is known to the journal.
    pub(crate) fn training(&self) -> Training {
        self.journal.training()
    }

    /// Number of the training that this is a copy for, 0 for the machine.
    pub(crate) fn session(&self) -> u32 {
        self.journal.session()
    }

    /// Begins a training: from here on a copy takes the place of the machine.
    ///
    /// # Errors
    ///
    /// `EBUSY` while there is one, `EPERM` while the machine is latched or for a right over copies,
    /// `EINVAL`, `EPROTO`, `ERANGE`, `EEXIST`, `E2BIG` for a profile that cannot be, `ENOMEM`, `EINTR`.
    pub(crate) fn start_training(&self, right: &Right, profile: &Profile) -> Result {
        if !right.is_over_machine() {
            return Err(EPERM);
        }
        let _turn = self.turn.lock()?;
        if self.has_copy() {
            return Err(EBUSY);
        }
        let (copied, bench, announcer) = {
            let mut work = self.work.lock()?;
            if work.machine.is_latched() {
                return Err(EPERM);
            }
            let (copied, bench) = copy(&work, profile, self.parameters.filter)?;
            // From here on the machine is as it was copied, but for what others do.
            work.closed = true;
            (copied, bench, work.announcer.clone())
        };
        let (engine, pages) = self.practise(copied, bench).inspect_err(|_| {
            self.work.lock_uninterruptible().closed = false;
        })?;
        let snapshot = engine.snapshot();
        let generation = self.snapshot().generation;
        self.journal
            .begin_training(pages, generation, snapshot.generation);
        *self.copy.lock() = Some(engine.clone());
        pr_notice!("training: begun; no change is made to the machine\n");
        report::shown(&snapshot, 0, announcer.as_ref(), true);
        engine.announce_by(announcer);
        Ok(())
    }

    /// The engine of a copy, and what is recorded of it.
    fn practise(&self, mut work: Work, bench: Arc<Bench>) -> Result<(Arc<Self>, Pages)> {
        let (log, pages) = self.journal.prepare_training()?;
        let families = &mut work.families;
        let platform = families.platform.read(&|_| None, &unless_interrupted)?;
        let dsmil = families.dsmil.read(&|_| None, &unless_interrupted)?;
        let practice = Practice {
            bench,
            told: Atomic::new(0),
        };
        let engine = Self::begin(
            work,
            [platform, dsmil],
            log,
            self.parameters,
            self.requests.counter(),
            Some(practice),
        )?;
        Ok((engine, pages))
    }

    /// Ends a training: what is shown is the machine. `session` is which one is meant, 0 for any.
    ///
    /// # Errors
    ///
    /// `ENODEV` without one, `ESTALE` for another one, `EPERM` for a right over copies, `ENOMEM`,
    /// `EINTR`: it goes on then.
    pub(crate) fn stop_training(&self, right: &Right, session: u32) -> Result {
        let _turn = self.turn.lock()?;
        let engine = self.practised(right, session)?;
        let announcer = engine.in_a_hurry(|| self.end_training(&engine))?;
        pr_notice!("training: ended; this is the machine again\n");
        report::shown(&self.snapshot(), 0, announcer.as_ref(), false);
        Ok(())
    }

    /// Closes the copy and opens the machine. Neither of the two mutexes is taken while the other is
    /// held: nothing comes to the copy in between that changes it, and nothing to the machine.
    fn end_training(&self, engine: &Self) -> Result<Option<Announcer>> {
        let past = {
            let mut work = engine.work.lock()?;
            work.closed = true;
            work.machine.generation()
        };
        let opened = self.work.lock().and_then(|work| {
            let room = work.room()?;
            Ok((work, room))
        });
        let (mut work, room) = opened.inspect_err(|_| {
            engine.work.lock_uninterruptible().closed = false;
        })?;
        // Before the machine can be changed: no change of it is recorded in between.
        self.journal.end_training(work.machine.generation(), past);
        work.machine.move_past(past);
        work.closed = false;
        let mut shown = self.copy.lock();
        let old = shown.take();
        // Whoever looks waits for this: the snapshot before it has a generation from before the copy's.
        self.commit(&mut work, room, 0, Origin::Driver);
        drop(shown);
        let announcer = work.announcer.clone();
        drop(work);
        drop(old);
        Ok(announcer)
    }

    /// Has the copy take no time that it was made to take while `act` runs, which waits for it.
    fn in_a_hurry<T>(&self, act: impl FnOnce() -> T) -> T {
        let _hurry = self.practice.as_ref().map(|it| it.bench.hurry());
        act()
    }

    /// Waits until nothing that was begun before is under way on a copy.
    ///
    /// # Errors
    ///
    /// `EINTR` when the calling task is being killed.
    pub(super) fn quiesce_copy(&self) -> Result {
        let Some(engine) = self.copy.lock().clone() else {
            return Ok(());
        };
        engine.in_a_hurry(|| engine.work.lock().map(drop))
    }

    /// The copy of the training `session`, of any for 0.
    fn practised(&self, right: &Right, session: u32) -> Result<Arc<Self>> {
        if !right.is_over_machine() {
            return Err(EPERM);
        }
        let engine = self.copy.lock().clone().ok_or(ENODEV)?;
        match session == 0 || session == engine.session() {
            true => Ok(engine),
            false => Err(estale()),
        }
    }

    /// Runs `act` on what the copy is made of, whose training does not end meanwhile.
    fn with_bench(
        &self,
        right: &Right,
        session: u32,
        act: impl FnOnce(&Self, &Bench) -> Result,
    ) -> Result {
        let _turn = self.turn.lock()?;
        let engine = self.practised(right, session)?;
        let practice = engine.practice.as_ref().ok_or(ENODEV)?;
        act(&engine, &practice.bench)
    }

    /// Has the copy do something. `number` is what it is called on the wire, `session` which training is
    /// meant, 0 for any.
    ///
    /// # Errors
    ///
    /// `ENODEV` without a training, `ESTALE` for another one, `EPERM` for a right over copies, `EINVAL`
    /// for what the copy has not got, `ENOSPC` where too much waits, `EINTR`.
    pub(crate) fn inject(
        &self,
        right: &Right,
        session: u32,
        number: u32,
        injection: Injection,
    ) -> Result {
        self.with_bench(right, session, |engine, bench| {
            bench.inject(injection)?;
            engine.record_injected(number, &injection);
            Ok(())
        })
    }

    /// Takes back all that was injected and has not come to an end.
    ///
    /// # Errors
    ///
    /// As [`Engine::inject`].
    pub(crate) fn clear_injections(&self, right: &Right, session: u32) -> Result {
        self.with_bench(right, session, |engine, bench| {
            bench.clear();
            engine.record_cleared();
            Ok(())
        })
    }

    /// Has the copy looked at, as when firmware says that something has changed.
    ///
    /// # Errors
    ///
    /// As [`Engine::inject`], `ENOMEM`.
    pub(crate) fn look_at_copy(&self, right: &Right, session: u32) -> Result {
        let engine = self.practised(right, session)?;
        let mut work = engine.work.lock()?;
        match work.closed {
            true => Err(ENODEV),
            false => engine.look(&mut work, Origin::Driver).map(drop),
        }
    }
}
