// SPDX-License-Identifier: GPL-2.0

//! What the driver knows of the machine.
//!
//! Lock order: `work` before `latest`. `work` is held across firmware calls, and never by what
//! only wants to know what was read last. `latest` is held for the time of a copy.

use crate::provider::{
    Dsmil,
    Provider,
    Tokens, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        BootTime,
        ClockSource, //
    }, //
};

mod snapshot;

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
    /// Reads the family. Returns it and the number of controls that read otherwise than in `old`.
    fn read(&self, old: &Part, generation: u64) -> Result<(Part, u32)> {
        match self {
            Self::Absent => Ok((Part::default(), 0)),
            Self::Failed(error) => Ok((Part::failed(*error), 0)),
            Self::Found(provider) => {
                let reading = provider.read()?;
                Part::new(reading, provider.firmware_calls(), old, generation)
            }
        }
    }
}

/// What can be read.
struct Families {
    platform: Family<Tokens>,
    dsmil: Family<Dsmil>,
}

impl Families {
    fn interface(&self) -> Option<Interface> {
        match &self.dsmil {
            Family::Found(dsmil) => Some(Interface {
                major: dsmil.identity().major,
                minor: dsmil.identity().minor,
                implementation: dsmil.identity().implementation,
            }),
            Family::Absent | Family::Failed(_) => None,
        }
    }
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
    work: Mutex<Families>,
    #[pin]
    latest: Mutex<Snapshot>,
}

impl Engine {
    /// Looks for the platform's controls and reads them. Sleeps and makes firmware calls.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINTR`. That the firmware fails is part of the state.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let platform = match Tokens::discover() {
            Ok(Some(tokens)) => Family::Found(tokens),
            Ok(None) => Family::Absent,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                pr_err!("no dell-smbios ({error:?}): platform controls cannot be read\n");
                Family::Failed(error)
            }
        };
        let families = Families {
            platform,
            dsmil: Family::Absent,
        };
        let engine = Arc::pin_init(
            pin_init!(Self {
                work <- new_mutex!(families, "Engine::work"),
                latest <- new_mutex!(Snapshot::default(), "Engine::latest"),
            }),
            GFP_KERNEL,
        )?;
        engine.refresh()?;
        Ok(engine)
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
    pub(crate) fn refresh(&self) -> Result<Refreshed> {
        let families = self.work.lock();
        let old = self.snapshot();
        let next = old.generation.saturating_add(1);
        let (platform, platform_changed) = families.platform.read(&old.platform, next)?;
        let (dsmil, dsmil_changed) = families.dsmil.read(&old.dsmil, next)?;
        let new = self.commit(&old, platform, dsmil, families.interface());
        Ok(Refreshed {
            generation: new.generation,
            changed: platform_changed.saturating_add(dsmil_changed),
            firmware_calls: new.firmware_calls().saturating_sub(old.firmware_calls()),
        })
    }

    /// Takes in the DSMIL devices of this machine, or why they are of no use, and reads them.
    ///
    /// # Errors
    ///
    /// `EBUSY` when there are some already; `ENOMEM`. Nothing is taken in then.
    pub(crate) fn attach(&self, dsmil: Result<Dsmil>) -> Result {
        let mut families = self.work.lock();
        if let Family::Found(_) = families.dsmil {
            return Err(EBUSY);
        }
        let family = match dsmil {
            Ok(dsmil) => Family::Found(dsmil),
            Err(error) => Family::Failed(error),
        };
        let old = self.snapshot();
        let (part, _) = family.read(&old.dsmil, old.generation.saturating_add(1))?;
        families.dsmil = family;
        self.commit(&old, old.platform.clone(), part, families.interface());
        Ok(())
    }

    /// Lets go of the DSMIL devices. When this returns, none of them is in use or shown.
    pub(crate) fn detach(&self) {
        let mut families = self.work.lock();
        families.dsmil = Family::Absent;
        let old = self.snapshot();
        self.commit(&old, old.platform.clone(), Part::default(), None);
    }

    /// Waits until nothing that was begun before is under way.
    pub(crate) fn quiesce(&self) {
        drop(self.work.lock());
    }

    /// Makes what was just read the latest.
    fn commit(
        &self,
        old: &Snapshot,
        platform: Part,
        dsmil: Part,
        interface: Option<Interface>,
    ) -> Snapshot {
        let next = old.generation.saturating_add(1);
        let same = platform.stands_like(&old.platform)
            && dsmil.stands_like(&old.dsmil)
            && Iterator::chain(platform.controls().iter(), dsmil.controls())
                .all(|c| c.changed != next);
        platform.log(&old.platform, "platform");
        dsmil.log(&old.dsmil, "dsmil");
        let new = Snapshot {
            generation: if same { old.generation } else { next },
            refreshed_ns: BootTime::ktime_get().max(0).unsigned_abs(),
            platform,
            dsmil,
            interface,
        };
        // `old` shares the parts of the snapshot that is replaced here, so none is freed under
        // the lock.
        *self.latest.lock() = new.clone();
        new
    }
}
