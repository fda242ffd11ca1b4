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
    Work, //
};
use crate::{
    journal::{
        Origin,
        Training, //
    },
    kapi::{
        privilege::Right,
        uevent::Announcer, //
    },
    posture::{
        control,
        dsmil::Identity,
        fact::Fact,
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
    },
    uapi, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
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

/// What makes an engine a copy.
pub(super) struct Practice(Arc<Bench>);

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
            without: match state {
                Family::Found(_) => None,
                Family::Absent => Some(Family::Absent),
                Family::Failed(error) => Some(Family::Failed(*error)),
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

/// The copy of a machine as `work` has it, with nothing read.
fn copy(work: &Work, profile: &Profile, filter: bool) -> Result<(Work, Arc<Bench>)> {
    let Families { platform, dsmil } = &work.families;
    let platform = match profile.tokens.is_empty() {
        true => Part::of(work, control::Family::Platform, platform)?,
        false => Part::described(described_settings(&profile.tokens, filter)?, None),
    };
    let dsmil = match profile.devices.is_empty() {
        true => Part {
            identity: dsmil.identity(),
            ..Part::of(work, control::Family::Dsmil, dsmil)?
        },
        false => {
            let (controls, identity) = described_devices(&profile.devices)?;
            Part::described(controls, Some(identity))
        }
    };
    let bench = Bench::new([&platform.controls, &dsmil.controls])?;
    for (id, value) in &profile.targets {
        bench.set(*id, *value)?;
    }
    let mut new = Work::new();
    let past = work.machine.generation().saturating_add(AHEAD);
    new.announcer.clone_from(&work.announcer);
    new.machine = work.machine.like(KVVec::new(), past);
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

    /// Refuses a right over copies to have anything done to the machine.
    ///
    /// # Errors
    ///
    /// `EPERM`.
    pub(super) fn admit(&self, right: &Right) -> Result {
        match right.is_over_machine() || self.is_copy() {
            true => Ok(()),
            false => Err(EPERM),
        }
    }

    /// How the training under way, or the last one, is known to the journal.
    pub(crate) fn training(&self) -> Training {
        self.journal.training()
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
        let (copied, bench) = {
            let mut work = self.work.lock()?;
            if work.machine.is_latched() {
                return Err(EPERM);
            }
            let copied = copy(&work, profile, self.parameters.filter)?;
            // From here on the machine is as it was copied, but for what others do.
            work.closed = true;
            copied
        };
        let announcer = copied.announcer.clone();
        let engine = self.practise(copied, bench).inspect_err(|_| {
            self.work.lock_uninterruptible().closed = false;
        })?;
        *self.copy.lock() = Some(engine.clone());
        self.tell_training(&engine, uapi::KIND_TRAINING_BEGUN, announcer.as_ref());
        pr_notice!("training: begun; no change is made to the machine\n");
        Ok(())
    }

    /// The engine of a copy.
    fn practise(&self, mut work: Work, bench: Arc<Bench>) -> Result<Arc<Self>> {
        let families = &mut work.families;
        let platform = families.platform.read(&|_| None, &unless_interrupted)?;
        let dsmil = families.dsmil.read(&|_| None, &unless_interrupted)?;
        Self::begin(
            work,
            [platform, dsmil],
            self.journal.begin_training()?,
            self.parameters,
            self.requests.clone(),
            Some(Practice(bench)),
        )
    }

    /// Ends a training: what is shown is the machine.
    ///
    /// # Errors
    ///
    /// `ENODEV` without one, `EPERM` for a right over copies, `ENOMEM`, `EINTR`: it goes on then.
    pub(crate) fn stop_training(&self, right: &Right) -> Result {
        if !right.is_over_machine() {
            return Err(EPERM);
        }
        let _turn = self.turn.lock()?;
        let engine = self.copy.lock().clone().ok_or(ENODEV)?;
        // Neither is taken while the other is held. Nothing comes to the copy from here on that
        // makes a change, and nothing to the machine before what is below.
        let past = {
            let mut work = engine.work.lock()?;
            work.closed = true;
            work.machine.generation()
        };
        let mut work = self.work.lock_uninterruptible();
        let room = match work.room() {
            Ok(room) => room,
            Err(error) => {
                drop(work);
                engine.work.lock_uninterruptible().closed = false;
                return Err(error);
            }
        };
        work.machine.move_past(past);
        work.closed = false;
        let old = self.copy.lock().take();
        self.commit(&mut work, room, 0, Origin::Driver);
        let announcer = work.announcer.clone();
        drop(work);
        drop(old);
        pr_notice!("training: ended; this is the machine again\n");
        self.tell_training(self, uapi::KIND_TRAINING_ENDED, announcer.as_ref());
        Ok(())
    }

    /// Records that a training has begun or ended, and sends an event of what is shown now.
    fn tell_training(&self, shown: &Self, kind: u16, announcer: Option<&Announcer>) {
        let snapshot = shown.snapshot();
        self.journal
            .record_training(kind, Origin::Ioctl, snapshot.generation);
        report::shown(&snapshot, announcer, shown.is_copy());
    }

    /// Runs `act` on the copy, whose training does not end meanwhile.
    fn with_copy(&self, right: &Right, act: impl FnOnce(&Self, &Bench) -> Result) -> Result {
        if !right.is_over_machine() {
            return Err(EPERM);
        }
        let _turn = self.turn.lock()?;
        let engine = self.copy.lock().clone().ok_or(ENODEV)?;
        let Some(Practice(bench)) = &engine.practice else {
            return Err(ENODEV);
        };
        act(&engine, bench)
    }

    /// Has the copy do something. `number` is what it is called on the wire.
    ///
    /// # Errors
    ///
    /// `ENODEV` without a training, `EPERM` for a right over copies, `EINVAL` for what the copy has not
    /// got, `ENOSPC` where too much waits, `EINTR`.
    pub(crate) fn inject(&self, right: &Right, number: u32, injection: Injection) -> Result {
        self.with_copy(right, |engine, bench| {
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
    pub(crate) fn clear_injections(&self, right: &Right) -> Result {
        self.with_copy(right, |engine, bench| {
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
    pub(crate) fn look_at_copy(&self, right: &Right) -> Result {
        self.with_copy(right, |engine, _| {
            let mut work = engine.work.lock()?;
            engine.look(&mut work, Origin::Driver).map(drop)
        })
    }
}
