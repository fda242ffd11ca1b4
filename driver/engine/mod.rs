// SPDX-License-Identifier: GPL-2.0

//! What the driver knows of the machine, and the one door through which it is changed.
//!
//! Lock order: `work` before `latest`. `work` is held across firmware calls, and never by what
//! only wants to know what was read last. `latest` is held for the time of a copy.

use crate::{
    journal::{
        Journal,
        Origin, //
    },
    kapi::uevent::Announcer,
    posture::fact::Policy,
    provider::{
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
mod requests;
mod snapshot;

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
    Interface,
    Part,
    Snapshot, //
};

/// A family of controls: not there, there, or there but of no use.
enum Family<P> {
    Absent,
    Found(P),
    Failed(Error),
}

impl<P: Provider> Family<P> {
    /// Reads the family.
    fn read(&self) -> Result<PartDraft> {
        match self {
            Self::Absent => Ok(PartDraft::default()),
            Self::Failed(error) => Ok(PartDraft::failed(*error)),
            Self::Found(provider) => PartDraft::read(provider.read()?),
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
    work: Mutex<Work>,
    #[pin]
    latest: Mutex<Snapshot>,
    journal: Arc<Journal>,
    #[pin]
    requests: Requests,
    /// Step that an apply under way is at, from 1, and number of its steps; 0 without one.
    step: Atomic<u32>,
    steps: Atomic<u32>,
}

/// What is allowed at the moment, but for the latch and what a caller accepts.
fn policy() -> Policy {
    Policy {
        restricted_allowed: crate::is_restricted_allowed(),
        ..Policy::default()
    }
}

impl Engine {
    /// Looks for the platform's controls and reads them. Sleeps and makes firmware calls.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`. That the firmware fails is part of the state.
    pub(crate) fn new(journal: Arc<Journal>) -> Result<Arc<Self>> {
        let platform = match Tokens::discover() {
            Ok(Some(tokens)) => Family::Found(tokens),
            Ok(None) => Family::Absent,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                pr_err!("no dell-smbios ({error:?}): platform controls cannot be read\n");
                Family::Failed(error)
            }
        };
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
                work <- new_mutex!(work, "Engine::work"),
                latest <- new_mutex!(Snapshot::default(), "Engine::latest"),
                journal,
                requests <- Requests::new(),
                step: Atomic::new(0),
                steps: Atomic::new(0),
            }),
            GFP_KERNEL,
        )?;
        engine.refresh(Origin::Driver)?;
        Ok(engine)
    }

    /// Returns the journal.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Returns what numbers requests for changes and remembers how the last one ended.
    pub(crate) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Returns what was read last. Makes no firmware call.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.latest.lock().clone()
    }

    /// Reads all controls from the firmware. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`: the state is what it was before.
    pub(crate) fn refresh(&self, origin: Origin) -> Result<Refreshed> {
        self.refresh_with(&mut self.work.lock(), origin)
    }

    fn refresh_with(&self, work: &mut Work, origin: Origin) -> Result<Refreshed> {
        let old = self.snapshot();
        let draft = Draft::new(
            work.families.platform.read()?,
            work.families.dsmil.read()?,
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
    /// `EBUSY` when there are some already; `ENOMEM`. Nothing is taken in then.
    pub(crate) fn attach(&self, dsmil: Result<Dsmil>) -> Result {
        let mut work = self.work.lock();
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
        let draft = Draft::new(platform, family.read()?, family.interface())?;
        work.families.dsmil = family;
        let new = self.commit(&mut work, &old, draft, Origin::Driver);
        self.record_bound(&new, error);
        Ok(())
    }

    /// Lets go of the DSMIL devices. When this returns, none of them is in use or shown.
    pub(crate) fn detach(&self) {
        let mut work = self.work.lock();
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
        let old = core::mem::replace(&mut self.work.lock().announcer, announcer);
        drop(old);
    }

    /// Waits until nothing that was begun before is under way.
    pub(crate) fn quiesce(&self) {
        drop(self.work.lock());
    }

    /// Makes a draft the latest snapshot, and says what is new in it.
    fn commit(&self, work: &mut Work, old: &Snapshot, draft: Draft, origin: Origin) -> Snapshot {
        let calls = work.families.calls();
        let new = draft.finish(old, &work.ledger, &policy(), calls);
        // `old` shares the parts of the snapshot that is replaced here, so none is freed under
        // the lock.
        *self.latest.lock() = new.clone();
        self.record_changes(old, &new, origin);
        report::changes(old, &new, work.announcer.as_ref());
        new
    }
}
