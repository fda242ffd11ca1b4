// SPDX-License-Identifier: GPL-2.0

//! The one door to the machine: reads it, and changes it.
//!
//! What is believed of the machine and how that changes is `posture::machine`; which firmware calls
//! a change makes, in which order, is `posture::transaction`. Here are the lock, the calls and the
//! journal. State changes in three functions: `Engine::take` takes in what was read, `Engine::apply`
//! carries a request out, `Engine::commit` puts the next snapshot in place.
//!
//! A copy of the machine, to practise on, is another engine over providers in memory: see `training`.
//!
//! Lock order: `turn` before `work` before `copy` and `latest`. `work` is held across firmware calls,
//! and never taken by what only wants to know what was read last; who waits for it can be killed.
//! `copy` and `latest` are held for the time of a copy of a pointer.

use crate::{
    journal::{
        Journal,
        Log,
        Origin, //
    },
    kapi::{
        global::global,
        lock::{
            new_killable_mutex,
            KillableMutex, //
        },
        module::Hold,
        privilege::{
            self,
            Right, //
        },
        signal::{
            is_dying,
            is_interrupted, //
        },
        uevent::Announcer,
        worker::Worker, //
    },
    posture::{
        control,
        fact::{
            Fact,
            Policy,
            Want, //
        },
        machine::{
            withdrawn,
            Machine,
            News,
            Seen, //
        }, //
    },
    provider::{
        errno,
        Details,
        Dsmil,
        FamilyReading,
        Provider,
        Source,
        Tokens, //
    }, //
};
use families::{
    Families,
    Family, //
};
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
        Mutex,
        UniqueArc, //
    },
    time::{
        BootTime,
        ClockSource, //
    }, //
};

mod apply;
mod families;
mod record;
mod report;
mod requests;
mod snapshot;
mod training;

pub(crate) use apply::{
    Applied,
    Ending,
    Request, //
};
pub(crate) use report::CUSTOM;
pub(crate) use requests::{
    Ended,
    Requests, //
};
pub(crate) use snapshot::{
    FamilyState,
    Snapshot, //
};
pub(crate) use training::Profile;
use training::{
    Practice,
    Turn, //
};

global! {
    /// The engine, for callbacks that get no pointer of ours.
    pub(crate) static state: Engine;
}

/// What was said when the module was loaded.
#[derive(Clone, Copy)]
pub(crate) struct Parameters {
    /// Controls of class restricted may be changed, unless the kernel is locked down.
    pub(crate) allow_restricted: bool,
    /// Controls whose tokens mainline keeps from user space as part of a range are restricted.
    pub(crate) filter: bool,
    /// Changes are refused that the TPM cannot witness.
    pub(crate) require_tpm: bool,
    /// This is not a Dell, and the module was told to load all the same.
    pub(crate) forced: bool,
}

/// What whoever works on the machine needs. The lists are as long as the machine's, and in its
/// order.
struct Work {
    families: Families,
    machine: Machine<KVVec<Fact>>,
    details: KVVec<Details>,
    /// Room for what is wanted of each control.
    wants: KVVec<Want>,
    /// Room for what a look finds of each control.
    news: KVVec<News>,
    states: [FamilyState; 2],
    announcer: Option<Announcer>,
    /// Kicked when a snapshot was put in place.
    listener: Option<&'static Worker>,
    /// Keeps the module loaded while it is latched.
    latch: Option<Hold>,
    /// A snapshot of the same length, for [`Engine::detach`], which must not fail.
    spare: Option<UniqueArc<Snapshot>>,
    /// No change is made here: of the machine while there is a training, of a copy after that.
    closed: bool,
}

/// What a refresh found.
pub(crate) struct Refreshed {
    pub(crate) generation: u64,
    /// Controls whose reading differs from the one before.
    pub(crate) changed: u32,
    /// Firmware calls that it took.
    pub(crate) firmware_calls: u64,
}

/// Snapshots that were put in place, of the machine or of a copy.
static COMMITS: Atomic<u64> = Atomic::new(0);

/// The state of the driver, or of a copy of the machine to practise on.
#[pin_data]
pub(crate) struct Engine {
    #[pin]
    work: KillableMutex<Work>,
    #[pin]
    latest: Mutex<Arc<Snapshot>>,
    journal: Log,
    parameters: Parameters,
    /// The module goes.
    leaving: Atomic<bool>,
    #[pin]
    requests: Requests,
    /// Of a copy: what it is a copy for.
    practice: Option<Practice>,
    /// Of the machine: whose turn it is to begin or to end a training, or to have a copy do something.
    #[pin]
    turn: KillableMutex<Turn>,
    /// Of the machine: the copy that is shown in its place.
    #[pin]
    copy: Mutex<Option<Arc<Engine>>>,
    /// Step that an apply under way is at, from 1, and number of its steps; 0 without one.
    step: Atomic<u32>,
    steps: Atomic<u32>,
}

/// Tells a reading to stop when the caller is being killed: of what loads the module or binds a
/// device, a timer's signal must not make a failure.
fn unless_dying() -> Result {
    match is_dying() {
        true => Err(EINTR),
        false => Ok(()),
    }
}

/// Tells a reading to stop when the caller has been sent a signal.
fn unless_interrupted() -> Result {
    match is_interrupted() {
        true => Err(EINTR),
        false => Ok(()),
    }
}

impl Work {
    /// Nothing is known of the machine yet.
    fn new() -> Self {
        Self {
            families: Families {
                platform: Family::Absent,
                dsmil: Family::Absent,
            },
            machine: Machine::new(KVVec::new()),
            details: KVVec::new(),
            wants: KVVec::new(),
            news: KVVec::new(),
            states: [FamilyState::default(); 2],
            announcer: None,
            listener: None,
            latch: None,
            spare: None,
            closed: false,
        }
    }

    /// Takes the controls of a family, of which nothing is read yet, to those that there are. What is
    /// remembered of a control that was there before goes with it; one that has not come back is
    /// kept for that.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: nothing is different then.
    fn take_in(&mut self, family: control::Family, provider: &dyn Provider) -> Result {
        let mut found: KVVec<(Fact, Details)> = KVVec::new();
        provider.describe(&mut |fact, details| {
            let known = self.machine.fact(fact.id);
            let mark = known.map_or(fact.mark, |known| known.mark);
            Ok(found.push((Fact { mark, ..fact }, details), GFP_KERNEL)?)
        })?;
        for (fact, details) in self.machine.facts().iter().zip(&self.details) {
            let mut ids = found.iter().map(|(fact, _)| fact.id);
            if fact.family != family {
                found.push((*fact, details.clone()), GFP_KERNEL)?;
            } else if !ids.any(|id| id == fact.id) {
                found.push((withdrawn(fact), details.clone()), GFP_KERNEL)?;
            }
        }
        found.sort_unstable_by_key(|(fact, _)| fact.id);

        let count = found.len();
        let mut facts = KVVec::with_capacity(count, GFP_KERNEL)?;
        let mut all = KVVec::with_capacity(count, GFP_KERNEL)?;
        for (fact, details) in &found {
            let mut fact = *fact;
            for (place, id) in fact.depends.iter_mut().zip(details.depends()) {
                let at = found.binary_search_by_key(id, |(fact, _)| fact.id);
                // A position that nothing has stands for a device that is not there.
                *place = Some(at.map_or(u16::MAX, |at| u16::try_from(at).unwrap_or(u16::MAX)));
            }
            facts.push(fact, GFP_KERNEL)?;
            all.push(details.clone(), GFP_KERNEL)?;
        }
        let wants = KVVec::from_elem(Want::Nothing, count, GFP_KERNEL)?;
        let news = KVVec::from_elem(News::default(), count, GFP_KERNEL)?;
        let spare = Snapshot::with_room(count)?;
        // Nothing fails from here on.
        self.machine.replace(facts);
        self.details = all;
        self.wants = wants;
        self.news = news;
        self.spare = Some(spare);
        Ok(())
    }

    /// Takes in the platform's settings, or why they are of no use.
    fn take_platform(&mut self, platform: Family<Source<Tokens>>) -> Result {
        if let Ok(tokens) = platform.found() {
            self.take_in(control::Family::Platform, tokens)?;
        }
        let [of_platform, _] = &mut self.states;
        *of_platform = platform.state();
        self.families.platform = platform;
        Ok(())
    }

    /// Takes in the devices of a copy, or why there are none.
    fn take_dsmil(&mut self, dsmil: Family<Source<Dsmil>>) -> Result {
        if let Ok(devices) = dsmil.found() {
            self.take_in(control::Family::Dsmil, devices)?;
        }
        let [_, of_dsmil] = &mut self.states;
        *of_dsmil = dsmil.state();
        self.families.dsmil = dsmil;
        Ok(())
    }

    /// Looks once more for `dell-smbios` where it was not there: somebody may have loaded it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    fn look_again(&mut self, filter: bool) -> Result {
        if let Family::Failed(_) = self.families.platform {
            match Tokens::rediscover(filter) {
                Ok(tokens) => {
                    pr_info!("dell-smbios is there now\n");
                    let found = |tokens| Family::Found(Source::Machine(tokens));
                    self.take_platform(tokens.map_or(Family::Absent, found))?;
                }
                Err(ENOMEM) => return Err(ENOMEM),
                // As it was.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Room for the next snapshot.
    fn room(&self) -> Result<UniqueArc<Snapshot>> {
        Snapshot::with_room(self.details.len())
    }

    /// Takes in what was read of a family.
    fn observe(&mut self, reading: &FamilyReading) {
        for control in &reading.controls {
            let Some(at) = self.machine.position(control.id) else {
                continue;
            };
            let details = self.details.get_mut(at);
            let seen = Seen {
                reading: control.reading,
                tamper: control.tamper,
                altered: details.is_some_and(|details| details.take(&control.answers)),
            };
            let news = self.machine.observe(control.id, seen);
            if let Some(place) = self.news.get_mut(at) {
                *place = news;
            }
        }
    }
}

/// How a family stands after it was read.
fn state(before: FamilyState, reading: &FamilyReading) -> FamilyState {
    FamilyState {
        error: reading.error.map_or(0, errno),
        read_ns: BootTime::ktime_get().max(0).unsigned_abs(),
        ..before
    }
}

impl Engine {
    /// Looks for the platform's controls and reads them. Sleeps and makes firmware calls.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`. That the firmware fails is part of the state.
    pub(crate) fn new(journal: Arc<Journal>, parameters: Parameters) -> Result<Arc<Self>> {
        let mut platform = match Tokens::discover(parameters.filter) {
            Ok(Some(tokens)) => Family::Found(Source::Machine(tokens)),
            Ok(None) => Family::Absent,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                pr_err!("no dell-smbios ({error:?}): platform controls cannot be read\n");
                Family::Failed(error)
            }
        };
        // Here nothing is locked yet; later nobody waits, because a probe that is waited for may
        // itself wait for the engine.
        let mut read = platform.read(&|_| None, &unless_dying)?;
        if matches!(&read, Some(reading) if reading.error == Some(ENODEV)) {
            Tokens::wait_for_backend();
            read = platform.read(&|_| None, &unless_dying)?;
        }
        let mut work = Work::new();
        work.take_platform(platform)?;
        let requests = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let journal = Log::of_machine(journal);
        Self::begin(work, [read, None], journal, parameters, requests, None)
    }

    /// One that believes what `work` says, after what was read of it is taken in.
    fn begin(
        work: Work,
        read: [Option<FamilyReading>; 2],
        journal: Log,
        parameters: Parameters,
        requests: Arc<Atomic<u64>>,
        practice: Option<Practice>,
    ) -> Result<Arc<Self>> {
        let nothing = Arc::new(Snapshot::default(), GFP_KERNEL)?;
        let engine = Arc::pin_init(
            pin_init!(Self {
                work <- new_killable_mutex!(work, c"Engine::work"),
                latest <- new_mutex!(nothing, "Engine::latest"),
                journal,
                parameters,
                leaving: Atomic::new(false),
                requests <- Requests::new(requests),
                practice,
                turn <- new_killable_mutex!(Turn, c"Engine::turn"),
                copy <- new_mutex!(None, "Engine::copy"),
                step: Atomic::new(0),
                steps: Atomic::new(0),
            }),
            GFP_KERNEL,
        )?;
        let mut work = engine.work.lock()?;
        let room = work.room()?;
        engine.take(&mut work, room, read, Origin::Driver);
        drop(work);
        Ok(engine)
    }

    /// What was said when the module was loaded.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What is allowed at the moment, but for the latch and what a caller accepts. Where the kernel
    /// is locked down and `allow_restricted` was given, this leaves a line in its log.
    fn policy(&self) -> Policy {
        Policy {
            restricted_allowed: self.parameters.allow_restricted && !privilege::is_locked_down(),
            ..Policy::default()
        }
    }

    /// Returns where is recorded what happens here.
    pub(crate) fn journal(&self) -> &Log {
        &self.journal
    }

    /// Returns what numbers requests for changes and remembers how the last one ended.
    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Returns what was last committed. Makes no firmware call, and waits for none.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.latest.lock().clone()
    }

    /// Number of the latest snapshot of the machine or of a copy: it is another one as soon as that is
    /// in place.
    pub(crate) fn commits() -> u64 {
        COMMITS.load(Acquire)
    }

    /// Ends a look that nobody has asked for at its next firmware call: whoever unloads the module
    /// waits for it.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Relaxed);
    }

    /// Reads all controls from the firmware. Sleeps.
    ///
    /// What nobody has asked for, which is of origin `Driver`, gives way to who waits.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`, `EAGAIN` when it gave way: the state is what it was before.
    /// `EAGAIN` too when the training that the caller came for has ended.
    pub(crate) fn refresh(&self, right: &Right, origin: Origin) -> Result<Refreshed> {
        self.admit(right)?;
        let mut work = self.work.lock()?;
        if work.closed && self.is_copy() {
            return Err(EAGAIN);
        }
        let calls = work.families.all_calls();
        let new = self.look(&mut work, origin)?;
        Ok(Refreshed {
            generation: new.generation,
            changed: new.changed,
            firmware_calls: work.families.all_calls().saturating_sub(calls),
        })
    }

    /// Reads everything, takes it in and commits it. All that can fail comes first.
    fn look(&self, work: &mut Work, origin: Origin) -> Result<Arc<Snapshot>> {
        let gives_way = || self.leaving.load(Relaxed) || self.work.waiters() > 0;
        // A copy is looked at only when somebody has asked for it.
        let unasked = origin == Origin::Driver && !self.is_copy();
        let go_on = || match unasked && gives_way() {
            true => Err(EAGAIN),
            false => unless_interrupted(),
        };
        if !self.is_copy() {
            work.look_again(self.parameters.filter)?;
        }
        let room = work.room()?;
        let known = |id| work.machine.fact(id).and_then(Fact::current);
        let platform = work.families.platform.read(&known, &go_on)?;
        let dsmil = work.families.dsmil.read(&known, &go_on)?;
        Ok(self.take(work, room, [platform, dsmil], origin))
    }

    /// Takes in what was read of each family, and commits it.
    fn take(
        &self,
        work: &mut Work,
        room: UniqueArc<Snapshot>,
        readings: [Option<FamilyReading>; 2],
        origin: Origin,
    ) -> Arc<Snapshot> {
        for (before, reading) in work.states.iter_mut().zip(&readings) {
            if let Some(reading) = reading {
                *before = state(*before, reading);
            }
        }
        for reading in readings.iter().flatten() {
            work.observe(reading);
        }
        self.commit(work, room, 0, origin)
    }

    /// Takes in the DSMIL devices of this machine, or why they are of no use, and reads them.
    ///
    /// # Errors
    ///
    /// `EBUSY` when there are some already; `ENOMEM`, `EINTR`. Nothing is taken in then.
    pub(crate) fn attach(&self, dsmil: Result<Dsmil>) -> Result {
        let mut work = self.work.lock()?;
        let work = &mut *work;
        if work.families.dsmil.found().is_ok() {
            return Err(EBUSY);
        }
        let error = dsmil.as_ref().err().copied();
        let mut family = match dsmil {
            Ok(dsmil) => Family::Found(Source::Machine(dsmil)),
            Err(error) => Family::Failed(error),
        };
        let reading = family.read(&|_| None, &unless_dying)?;
        if let Ok(dsmil) = family.found() {
            work.take_in(control::Family::Dsmil, dsmil)?;
        }
        let room = work.room().inspect_err(|_| {
            work.machine.withdraw(control::Family::Dsmil);
        })?;
        let [_, of_dsmil] = &mut work.states;
        *of_dsmil = family.state();
        work.families.dsmil = family;
        let new = self.take(work, room, [None, reading], Origin::Driver);
        self.record_bound(&new, error);
        Ok(())
    }

    /// Lets go of the DSMIL devices. When this returns, none of them is in use or shown.
    pub(crate) fn detach(&self) {
        let mut work = self.work.lock_uninterruptible();
        let work = &mut *work;
        work.families.dsmil = Family::Absent;
        work.machine.withdraw(control::Family::Dsmil);
        let [_, of_dsmil] = &mut work.states;
        *of_dsmil = FamilyState::default();
        if let Some(room) = work.spare.take() {
            self.commit(work, room, 0, Origin::Driver);
        }
        self.record_unbound();
    }

    /// Sends events through `announcer` from now on, or none.
    pub(crate) fn announce_by(&self, announcer: Option<Announcer>) {
        let mut work = self.work.lock_uninterruptible();
        let old = core::mem::replace(&mut work.announcer, announcer);
        drop(work);
        drop(old);
    }

    /// Kicks `listener` from now on whenever a snapshot was put in place, or nobody.
    pub(crate) fn tell(&self, listener: Option<&'static Worker>) {
        self.work.lock_uninterruptible().listener = listener;
    }

    /// Waits until nothing that was begun before is under way.
    ///
    /// # Errors
    ///
    /// `EINTR` when the calling task is being killed.
    pub(crate) fn quiesce(&self) -> Result {
        self.work.lock().map(drop)?;
        self.quiesce_copy()
    }

    /// Commits what is believed of the machine: makes it the latest snapshot, and says what is new
    /// in it. `room` must be of the machine as it is; `met` is how many controls an apply has met that
    /// somebody else had changed, and has told of.
    fn commit(
        &self,
        work: &mut Work,
        mut room: UniqueArc<Snapshot>,
        met: u32,
        origin: Origin,
    ) -> Arc<Snapshot> {
        let policy = self.policy();
        let committed = work.machine.commit(&policy, &mut work.wants);
        room.fill(work.machine.facts(), &work.details);
        room.generation = committed.generation;
        room.changed = committed.changed;
        room.standing = work.machine.standing();
        room.latched = work.machine.is_latched();
        room.restricted_allowed = policy.restricted_allowed;
        room.interface = work.families.dsmil.interface();
        let calls = work.families.calls();
        let families = [control::Family::Platform, control::Family::Dsmil];
        for ((family, before), firmware_calls) in families.into_iter().zip(work.states).zip(calls) {
            let (mut controls, mut unreadable) = (0u32, 0u32);
            for (fact, _) in room.controls().filter(|(fact, _)| fact.family == family) {
                let unknown = !matches!(fact.reading, control::Reading::Known(_));
                controls = controls.saturating_add(1);
                unreadable = unreadable.saturating_add(unknown.into());
            }
            *room.family_mut(family) = FamilyState {
                controls,
                unreadable,
                firmware_calls,
                ..before
            };
        }
        let new: Arc<Snapshot> = room.into();
        // The one that is replaced is freed after the lock is released.
        let old = {
            let mut latest = self.latest.lock();
            // Before it is in place: whoever sees it sees that it is another one.
            COMMITS.fetch_add(1, Release);
            core::mem::replace(&mut *latest, new.clone())
        };
        let mut outside = met;
        for (news, (fact, details)) in work.news.iter_mut().zip(new.facts_and_details()) {
            let news = core::mem::take(news);
            if let Some(change) = &news.outside {
                self.record_outside(change, new.generation, origin);
                if !self.is_copy() {
                    report::outside(change, details);
                }
                outside = outside.saturating_add(1);
            }
            if news.tampered {
                self.record_tamper(fact, new.generation, origin);
                if !self.is_copy() {
                    report::tampered(details);
                }
            }
        }
        if new.latched && !old.latched {
            self.record_latch(new.generation, origin);
        }
        match &self.practice {
            None => report::changes(&old, &new, outside, work.announcer.as_ref()),
            Some(practice) => practice.tell(&old, &new, outside, work.announcer.as_ref()),
        }
        if let Some(listener) = work.listener {
            listener.kick(0);
        }
        new
    }
}
