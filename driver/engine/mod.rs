// SPDX-License-Identifier: GPL-2.0

//! What the driver knows of the machine, and the one door through which it is changed.
//!
//! Lock order: `work` before `latest`. `work` is held across firmware calls, and never by what
//! only wants to know what was read last; who waits for it can be killed. `latest` is held for the
//! time of a copy.

use crate::{
    journal::{
        Journal,
        Origin, //
    },
    kapi::{
        global::global,
        lock::{
            new_killable_mutex,
            KillableMutex, //
        },
        privilege::{
            self,
            Right, //
        },
        signal::is_interrupted,
        uevent::Announcer, //
    },
    posture::fact::Policy,
    provider::{
        errno,
        Dsmil,
        Provider,
        Tokens, //
    }, //
};
use draft::{
    Calls,
    Draft,
    PartDraft, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::Atomic,
        Arc,
        Mutex, //
    }, //
};
use ledger::Ledger;

mod apply;
mod draft;
mod ledger;
mod record;
mod report;
mod snapshot;

pub(crate) use apply::{
    Applied,
    Ending,
    Request, //
};
pub(crate) use record::{
    line_on_wire,
    reason_on_wire,
    step_on_wire, //
};
pub(crate) use report::CUSTOM;
pub(crate) use snapshot::{
    Interface,
    Part,
    Snapshot, //
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
    /// Changes are refused that the TPM cannot witness.
    pub(crate) require_tpm: bool,
    /// This is not a Dell, and the module was told to load all the same.
    pub(crate) forced: bool,
}

/// A family of controls: not there, there, or there but of no use.
enum Family<P> {
    Absent,
    Found(P),
    Failed(Error),
}

impl<P: Provider> Family<P> {
    /// Reads the family. `go_on` is asked before each firmware call.
    fn read(&self, go_on: &dyn Fn() -> Result) -> Result<PartDraft> {
        match self {
            Self::Absent => Ok(PartDraft::default()),
            Self::Failed(error) => Ok(PartDraft::failed(*error)),
            Self::Found(provider) => PartDraft::read(provider.read(go_on)?),
        }
    }

    fn found(&self) -> Result<&P> {
        match self {
            Self::Found(provider) => Ok(provider),
            Self::Absent | Self::Failed(_) => Err(ENODEV),
        }
    }

    fn firmware_calls(&self) -> u64 {
        self.found().map_or(0, Provider::firmware_calls)
    }
}

/// What can be read and changed.
struct Families {
    platform: Family<Tokens>,
    dsmil: Family<Dsmil>,
}

impl Family<Tokens> {
    /// Looks once more for `dell-smbios` where it was not there: somebody may have loaded it.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    fn look_again(&mut self) -> Result {
        if let Self::Failed(_) = self {
            match Tokens::rediscover() {
                Ok(tokens) => {
                    pr_info!("dell-smbios is there now\n");
                    *self = tokens.map_or(Self::Absent, Self::Found);
                }
                Err(ENOMEM) => return Err(ENOMEM),
                // As it was.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

impl Family<Dsmil> {
    fn interface(&self) -> Option<Interface> {
        let identity = self.found().ok()?.identity();
        Some(Interface {
            major: identity.major,
            minor: identity.minor,
            implementation: identity.implementation,
        })
    }
}

impl Families {
    fn calls(&self) -> Calls {
        Calls {
            platform: self.platform.firmware_calls(),
            dsmil: self.dsmil.firmware_calls(),
        }
    }
}

/// What whoever works on the machine needs.
struct Work {
    families: Families,
    ledger: Ledger,
    announcer: Option<Announcer>,
}

/// What a refresh found.
pub(crate) struct Refreshed {
    pub(crate) generation: u64,
    /// Controls whose reading differs from the one before.
    pub(crate) changed: u32,
    /// Firmware calls that it took.
    pub(crate) firmware_calls: u64,
}

/// The state of the driver.
#[pin_data]
pub(crate) struct Engine {
    #[pin]
    work: KillableMutex<Work>,
    #[pin]
    latest: Mutex<Snapshot>,
    journal: Arc<Journal>,
    parameters: Parameters,
    /// Step that an apply under way is at, from 1, and number of its steps; 0 without one.
    step: Atomic<u32>,
    steps: Atomic<u32>,
}

/// Tells a reading to stop when the caller has been sent a signal.
fn unless_interrupted() -> Result {
    match is_interrupted() {
        true => Err(EINTR),
        false => Ok(()),
    }
}

impl Engine {
    /// Looks for the platform's controls and reads them. Sleeps and makes firmware calls.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`. That the firmware fails is part of the state.
    pub(crate) fn new(journal: Arc<Journal>, parameters: Parameters) -> Result<Arc<Self>> {
        let platform = match Tokens::discover() {
            Ok(Some(tokens)) => Family::Found(tokens),
            Ok(None) => Family::Absent,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                pr_err!("no dell-smbios ({error:?}): platform controls cannot be read\n");
                Family::Failed(error)
            }
        };
        let mut read = platform.read(&unless_interrupted)?;
        // Here nothing is locked yet; later nobody waits, because a probe that is waited for may
        // itself wait for the engine.
        if read.error() == errno(ENODEV) {
            Tokens::wait_for_backend();
            read = platform.read(&unless_interrupted)?;
        }
        let work = Work {
            families: Families {
                platform,
                dsmil: Family::Absent,
            },
            ledger: Ledger::new(),
            announcer: None,
        };
        let engine = Arc::pin_init(
            pin_init!(Self {
                work <- new_killable_mutex!(work, c"Engine::work"),
                latest <- new_mutex!(Snapshot::default(), "Engine::latest"),
                journal,
                parameters,
                step: Atomic::new(0),
                steps: Atomic::new(0),
            }),
            GFP_KERNEL,
        )?;
        let draft = Draft::new(read, PartDraft::default(), None)?;
        let old = engine.snapshot();
        engine.commit(&mut *engine.work.lock()?, &old, draft, Origin::Driver);
        Ok(engine)
    }

    /// What was said when the module was loaded.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Tells whether controls of class restricted may be changed.
    pub(crate) fn is_restricted_allowed(&self) -> bool {
        self.parameters.allow_restricted && !privilege::is_locked_down()
    }

    /// What is allowed at the moment, but for the latch and what a caller accepts.
    fn policy(&self) -> Policy {
        Policy {
            restricted_allowed: self.is_restricted_allowed(),
            ..Policy::default()
        }
    }

    /// Returns the journal.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Returns what was read last. Makes no firmware call.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.latest.lock().clone()
    }

    /// Reads all controls from the firmware. Sleeps.
    ///
    /// What nobody has asked for, which is of origin `Driver`, gives way to who waits.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`, `EAGAIN` when it gave way: the state is what it was before.
    pub(crate) fn refresh(&self, _right: &Right, origin: Origin) -> Result<Refreshed> {
        self.refresh_with(&mut *self.work.lock()?, origin)
    }

    fn refresh_with(&self, work: &mut Work, origin: Origin) -> Result<Refreshed> {
        let old = self.snapshot();
        let go_on = || match origin == Origin::Driver && self.work.waiters() > 0 {
            true => Err(EAGAIN),
            false => unless_interrupted(),
        };
        work.families.platform.look_again()?;
        let draft = Draft::new(
            work.families.platform.read(&go_on)?,
            work.families.dsmil.read(&go_on)?,
            work.families.dsmil.interface(),
        )?;
        let new = self.commit(work, &old, draft, origin);
        Ok(Refreshed {
            generation: new.generation,
            changed: new.changed,
            firmware_calls: new.firmware_calls().saturating_sub(old.firmware_calls()),
        })
    }

    /// Takes in the DSMIL devices of this machine, or why they are of no use, and reads them.
    ///
    /// # Errors
    ///
    /// `EBUSY` when there are some already; `ENOMEM`, `EINTR`. Nothing is taken in then.
    pub(crate) fn attach(&self, dsmil: Result<Dsmil>) -> Result {
        let mut work = self.work.lock()?;
        if work.families.dsmil.found().is_ok() {
            return Err(EBUSY);
        }
        let old = self.snapshot();
        let error = dsmil.as_ref().err().copied();
        let family = match dsmil {
            Ok(dsmil) => Family::Found(dsmil),
            Err(error) => Family::Failed(error),
        };
        let platform = PartDraft::copy(&old.platform)?;
        let draft = Draft::new(
            platform,
            family.read(&unless_interrupted)?,
            family.interface(),
        )?;
        work.families.dsmil = family;
        let new = self.commit(&mut work, &old, draft, Origin::Driver);
        self.record_bound(&new, error);
        Ok(())
    }

    /// Lets go of the DSMIL devices. When this returns, none of them is in use or shown.
    pub(crate) fn detach(&self) {
        let mut work = self.work.lock_uninterruptible();
        work.families.dsmil = Family::Absent;
        let old = self.snapshot();
        let draft = PartDraft::copy(&old.platform)
            .and_then(|platform| Draft::new(platform, PartDraft::default(), None));
        match draft {
            Ok(draft) => {
                self.commit(&mut work, &old, draft, Origin::Driver);
            }
            // Without memory the rest stays as it was: the next refresh says what mode that is.
            Err(_) => {
                *self.latest.lock() = Snapshot {
                    generation: old.generation.saturating_add(1),
                    dsmil: Part::default(),
                    interface: None,
                    ..old.clone()
                };
            }
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

    /// Waits until nothing that was begun before is under way.
    ///
    /// # Errors
    ///
    /// `EINTR` when the calling task is being killed.
    pub(crate) fn quiesce(&self) -> Result {
        self.work.lock().map(drop)
    }

    /// Makes a draft the latest snapshot, and says what is new in it.
    fn commit(&self, work: &mut Work, old: &Snapshot, draft: Draft, origin: Origin) -> Snapshot {
        let calls = work.families.calls();
        let new = draft.finish(old, &work.ledger, &self.policy(), calls);
        // `old` shares the parts of the snapshot that is replaced here, so none is freed under
        // the lock.
        *self.latest.lock() = new.clone();
        self.record_changes(old, &new, origin);
        report::changes(old, &new, work.announcer.as_ref());
        new
    }
}
