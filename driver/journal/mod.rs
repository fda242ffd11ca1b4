// SPDX-License-Identifier: GPL-2.0

//! The record of what happened: a ring of chained records, its readers, and its anchor in the TPM.
//!
//! `rings` is a spinlock, held for as long as it takes to copy a few records or to hash one, never
//! across anything that sleeps. So nobody who reads, however slowly, keeps anybody from writing.

use crate::{
    kapi::{
        actor::Actor,
        crypto,
        error::errno,
        worker::{
            worker,
            Worker, //
        }, //
    },
    posture::journal::{
        Next,
        Whence, //
    },
    uapi::{
        self,
        Event, //
    }, //
};
use anchor::Anchor;
use kernel::{
    fs::File,
    new_poll_condvar,
    new_spinlock,
    prelude::*,
    sync::{
        poll::{
            PollCondVar,
            PollTable, //
        },
        Arc,
        SpinLock, //
    }, //
};
use reader::Place;
use ring::Ring;

mod anchor;
mod log;
mod reader;
mod ring;

pub(crate) use anchor::Anchoring;
pub(crate) use log::{
    Log,
    Pages,
    Training, //
};
pub(crate) use reader::Reader;

/// How something came to the driver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A request on the device node.
    Ioctl,
    /// A file of the driver's device in sysfs.
    Sysfs,
    /// A file of the class `firmware-attributes`.
    FirmwareAttributes,
    /// The driver's own doing.
    Driver,
}

impl Origin {
    /// Its name, for logs.
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            Self::Ioctl => c"ioctl",
            Self::Sysfs => c"sysfs",
            Self::FirmwareAttributes => c"firmware-attributes",
            Self::Driver => c"driver",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Ioctl => uapi::ORIGIN_IOCTL,
            Self::Sysfs => uapi::ORIGIN_SYSFS,
            Self::FirmwareAttributes => uapi::ORIGIN_FIRMWARE_ATTRIBUTES,
            Self::Driver => uapi::ORIGIN_DRIVER,
        }
    }
}

/// A record of a kind, to be filled.
pub(crate) fn event(kind: u16, severity: u8, origin: Origin) -> Event {
    Event {
        kind,
        severity,
        origin: origin.number(),
        from: uapi::INDEX_NONE,
        to: uapi::INDEX_NONE,
        ..Event::default()
    }
}

/// How the journal stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Standing {
    /// Sequence of the next record.
    pub(crate) next: u64,
    /// Records that were overwritten.
    pub(crate) overwritten: u64,
    /// Refusals without a record.
    pub(crate) suppressed: u32,
    /// Records that are extended into the PCR, wait for it, and could not be.
    pub(crate) anchored: u64,
    pub(crate) pending: u32,
    pub(crate) failures: u32,
    /// Positive errno of the last time that the TPM could not be used, 0 when it last could.
    pub(crate) error: u32,
    /// Number of the PCR, where there is a TPM.
    pub(crate) pcr: Option<u8>,
}

/// The records.
struct Rings {
    /// What happened to the machine.
    machine: Ring,
    /// What happened in the training under way, or in the last one.
    training: Option<Ring>,
    /// Number of that training, 0 without one.
    session: u32,
}

/// The journal of one load of the module.
#[pin_data]
pub(crate) struct Journal {
    #[pin]
    rings: SpinLock<Rings>,
    /// Notified of each record, and of each move of a reader.
    #[pin]
    news: PollCondVar,
    anchor: Anchor,
}

/// Extends records into the PCR.
static WORKER: Worker = worker!(anchor::work, c"journal::WORKER");

impl Journal {
    /// Begins a journal with its first record, and extends `pcr` by what is to be. Asks the TPM,
    /// where there is one.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EINVAL` for a PCR that must not be used.
    pub(crate) fn new(pcr: u32) -> Result<Arc<Self>> {
        let anchor = Anchor::new(pcr)?;
        let mut machine = Ring::new(crypto::random(), 0)?;
        let mut first = event(uapi::KIND_LOAD, uapi::SEVERITY_NOTICE, Origin::Driver);
        match anchor.read() {
            Ok(value) => {
                first.properties = uapi::EVENT_PCR;
                first.pcr = anchor.pcr().unwrap_or_default();
                first.extra = value;
            }
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                first.error = errno(error);
                if anchor.is_there() {
                    pr_warn!("the TPM cannot be read: {error:?}\n");
                    machine.anchor_error(error);
                } else {
                    pr_info!("no TPM: the journal is not anchored\n");
                }
            }
        }
        let rings = Rings {
            machine,
            training: None,
            session: 0,
        };
        let journal = Arc::pin_init(
            pin_init!(Self {
                rings <- new_spinlock!(rings, "Journal::rings"),
                news <- new_poll_condvar!("Journal::news"),
                anchor,
            }),
            GFP_KERNEL,
        )?;
        journal.record(first);
        Ok(journal)
    }

    /// Appends a record of the calling task, and returns its sequence. Does not sleep.
    pub(crate) fn record(&self, event: Event) -> u64 {
        let actor = Actor::current();
        let sequence = {
            let ring = &mut self.rings.lock().machine;
            ring.sum_up();
            ring.push(event, &actor)
        };
        self.news.notify_all();
        sequence
    }

    /// Appends a record that is to be extended into the PCR: of a change that has taken place.
    pub(crate) fn commit(&self, event: Event) -> u64 {
        let sequence = self.record(self.anchor.mark(event));
        if self.anchor.is_there() {
            WORKER.kick(0);
        }
        sequence
    }

    /// Appends a record of a request that was refused because its caller has no right, or counts it
    /// where there are too many of them. Says whether it has a record of its own.
    pub(crate) fn refuse(&self, event: Event) -> bool {
        let actor = Actor::current();
        let recorded = self.rings.lock().machine.refuse(event, &actor);
        if recorded {
            self.news.notify_all();
        }
        recorded
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            pcr: self.anchor.pcr(),
            ..self.rings.lock().machine.standing()
        }
    }

    /// Says why the TPM cannot be used, if so, or `ENOMEM`. Asks it: sleeps, for as long as the TPM takes.
    pub(crate) fn check_anchor(&self) -> Result {
        let result = self.anchor.read();
        match &result {
            Err(error) if self.anchor.is_there() && *error != ENOMEM => {
                self.rings.lock().machine.anchor_error(*error);
            }
            _ => {}
        }
        result.map(drop)
    }

    /// Copies what a reader that stands at `place` comes to, as much as there is room for, first of the
    /// machine and then of the training, if it follows these, and returns how many that is. Takes
    /// `place` to the training that there is.
    fn copy(&self, place: &mut Place, to: &mut [Event]) -> usize {
        let rings = self.rings.lock();
        place.enter(rings.session);
        let count = rings.machine.copy(place.cursor, to);
        let rest = to.get_mut(count..).unwrap_or_default();
        let training = rings.training.as_ref().filter(|_| place.follows);
        count.saturating_add(training.map_or(0, |ring| ring.copy(place.practice, rest)))
    }

    /// Tells whether there is something for a reader that stands at `place`.
    fn has(&self, place: Place) -> bool {
        self.rings.lock().has(place)
    }

    /// Waits until there is, at the place where the reader stands then.
    ///
    /// # Errors
    ///
    /// `ERESTARTSYS` when a signal comes first.
    fn wait(&self, place: impl Fn() -> Place) -> Result {
        let mut rings = self.rings.lock();
        while !rings.has(place()) {
            if self.news.wait_interruptible(&mut rings) {
                return Err(ERESTARTSYS);
            }
        }
        Ok(())
    }

    /// Where a reader goes from `place`.
    fn seek(&self, mut place: Place, whence: Whence, offset: i64) -> Result<Place> {
        let rings = self.rings.lock();
        let extent = rings.machine.extent();
        place.cursor = extent.seek(place.cursor, whence, offset).ok_or(EINVAL)?;
        place.enter(rings.session);
        let next = rings.training.as_ref().map_or(1, |ring| ring.extent().next);
        match whence {
            Whence::Start => place.practice = 1,
            Whence::Current => {}
            Whence::End => place.practice = next,
        }
        Ok(place)
    }

    /// Says that a reader has moved: what it waits for may be there.
    fn moved(&self) {
        // Who has looked from the old place waits by the time that this lock can be had.
        drop(self.rings.lock());
        self.news.notify_all();
    }

    /// Has `table` notified of records.
    fn listen(&self, file: &File, table: &PollTable<'_>) {
        table.register_wait(file, &self.news);
    }
}

impl Rings {
    fn has(&self, mut place: Place) -> bool {
        place.enter(self.session);
        let of_training = |ring: &Ring| ring.extent().at(place.practice) != Next::Nothing;
        self.machine.extent().at(place.cursor) != Next::Nothing
            || place.follows && self.training.as_ref().is_some_and(of_training)
    }
}
