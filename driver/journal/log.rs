// SPDX-License-Identifier: GPL-2.0

//! Where what happens is recorded: in the machine's part of the journal, or in that of a training.

use super::{
    event,
    ring::Ring,
    Journal,
    Origin,
    Standing, //
};
use crate::{
    kapi::{
        actor::Actor,
        crypto, //
    },
    uapi::{
        self,
        Event, //
    }, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// A training, as the journal knows it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Training {
    /// Its number, from 1; 0 for none.
    pub(crate) session: u32,
    /// The same in all its records, and in no others.
    pub(crate) load: [u8; 16],
}

/// A part of the journal.
#[derive(Clone)]
pub(crate) struct Log {
    journal: Arc<Journal>,
    of_training: bool,
}

impl Log {
    /// The part of the machine.
    pub(crate) fn of_machine(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            of_training: false,
        }
    }

    /// The whole journal.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Begins the part of another training, with no record yet. What was recorded of the one before
    /// is gone then.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn begin_training(&self) -> Result<Self> {
        let ring = Ring::new(crypto::random(), uapi::EVENT_TRAINING)?;
        let old = {
            let mut rings = self.journal.rings.lock();
            rings.session = rings.session.wrapping_add(1).max(1);
            rings.training.replace(ring)
        };
        // Freed after the lock is released.
        drop(old);
        Ok(Self {
            journal: self.journal.clone(),
            of_training: true,
        })
    }

    /// The training under way, or the last one.
    pub(crate) fn training(&self) -> Training {
        let rings = self.journal.rings.lock();
        Training {
            session: rings.session,
            load: rings.training.as_ref().map_or([0; 16], Ring::load),
        }
    }

    /// Appends a record of the calling task, and returns its sequence. Does not sleep.
    pub(crate) fn record(&self, event: Event) -> u64 {
        match self.of_training {
            false => self.journal.record(event),
            true => self.practise(event),
        }
    }

    /// Appends a record of a change that has taken place: one that is to be extended into the PCR, or
    /// would be.
    pub(crate) fn commit(&self, event: Event) -> u64 {
        match self.of_training {
            false => self.journal.commit(event),
            true => self.practise(self.journal.anchor.mark_simulated(event)),
        }
    }

    fn practise(&self, event: Event) -> u64 {
        let actor = Actor::current();
        let sequence = {
            let mut rings = self.journal.rings.lock();
            let anchored = event.properties & uapi::EVENT_ANCHORED != 0;
            rings.training.as_mut().map_or(0, |ring| {
                ring.sum_up();
                let sequence = ring.push(event, &actor);
                if anchored {
                    ring.anchored();
                }
                sequence
            })
        };
        self.journal.news.notify_all();
        sequence
    }

    /// Appends a record of a request that was refused because its caller has no right, or counts it
    /// where there are too many of them. Says whether it has a record of its own. Whatever there is, it is
    /// one of the machine: the right is no part of a training.
    pub(crate) fn refuse(&self, event: Event) -> bool {
        self.journal.refuse(event)
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        if !self.of_training {
            return self.journal.standing();
        }
        let standing = {
            let rings = self.journal.rings.lock();
            let ring = rings.training.as_ref();
            ring.map_or(Standing::default(), Ring::standing)
        };
        Standing {
            pcr: Some(self.journal.anchor.simulated()),
            ..standing
        }
    }

    /// Says why the TPM cannot be used, if so. Asks it: sleeps, for as long as the TPM takes. A training
    /// asks none.
    pub(crate) fn check_anchor(&self) -> Result {
        match self.of_training {
            false => self.journal.check_anchor(),
            true => Ok(()),
        }
    }

    /// Records that a training begins or ends, in the machine's part and in its own.
    pub(crate) fn record_training(&self, kind: u16, origin: Origin, generation: u64) {
        let Training { session, load } = self.training();
        let mut extra = [0; 32];
        for (to, from) in extra.iter_mut().zip(load) {
            *to = from;
        }
        let event = Event {
            count: session,
            generation,
            ..event(kind, uapi::SEVERITY_NOTICE, origin)
        };
        self.journal.record(Event { extra, ..event });
        self.practise(event);
    }
}
