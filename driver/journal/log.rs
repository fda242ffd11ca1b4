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
pub(crate) struct Log {
    journal: Arc<Journal>,
    /// Number of the training that it is of, 0 for the machine.
    session: u32,
}

/// The part of a training that has not begun yet. Nothing can fail after this was made.
pub(crate) struct Pages {
    ring: Ring,
    session: u32,
}

impl Log {
    /// The part of the machine.
    pub(crate) fn of_machine(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            session: 0,
        }
    }

    /// The whole journal.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Number of the training that it is of, 0 for the machine.
    pub(crate) fn session(&self) -> u32 {
        self.session
    }

    /// Makes what the next training is recorded in, and its part of the journal, which takes nothing
    /// before that begins. For one caller at a time.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn prepare_training(&self) -> Result<(Self, Pages)> {
        let ring = Ring::new(crypto::random(), uapi::EVENT_TRAINING)?;
        let session = self.training().session.wrapping_add(1).max(1);
        let log = Self {
            journal: self.journal.clone(),
            session,
        };
        Ok((log, Pages { ring, session }))
    }

    /// A training begins: here with the machine's generation, in its own part with that of the copy.
    /// What was recorded of the one before is gone then.
    pub(crate) fn begin_training(&self, pages: Pages, of_machine: u64, of_copy: u64) {
        let old = {
            let mut rings = self.journal.rings.lock();
            rings.session = pages.session;
            rings.training.replace(pages.ring)
        };
        // Freed after the lock is released.
        drop(old);
        self.record_training(uapi::KIND_TRAINING_BEGUN, of_machine, of_copy);
    }

    /// The training ends.
    pub(crate) fn end_training(&self, of_machine: u64, of_copy: u64) {
        self.record_training(uapi::KIND_TRAINING_ENDED, of_machine, of_copy);
    }

    /// The training under way, or the last one.
    pub(crate) fn training(&self) -> Training {
        let rings = self.journal.rings.lock();
        Training {
            session: rings.session,
            load: rings.training.as_ref().map_or([0; 16], Ring::load),
        }
    }

    /// Appends a record of the calling task, and returns its sequence: 0 for one of a training that was
    /// not the last to begin. Does not sleep.
    pub(crate) fn record(&self, event: Event) -> u64 {
        match self.session {
            0 => self.journal.record(event),
            session => self.practise(session, event, false),
        }
    }

    /// Appends a record of a change that has taken place: one that is to be extended into the PCR, or
    /// would be.
    pub(crate) fn commit(&self, event: Event) -> u64 {
        match self.session {
            0 => self.journal.commit(event),
            session => self.practise(session, event, true),
        }
    }

    fn practise(&self, session: u32, event: Event, anchored: bool) -> u64 {
        let actor = Actor::current();
        let sequence = {
            let mut rings = self.journal.rings.lock();
            let last = rings.session == session;
            rings.training.as_mut().filter(|_| last).map_or(0, |ring| {
                if anchored {
                    ring.anchored_for_show();
                }
                ring.push(event, &actor)
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

    /// How the journal stands; of a training, how many records would be in the PCR.
    pub(crate) fn standing(&self) -> Standing {
        let standing = self.journal.standing();
        if self.session == 0 {
            return standing;
        }
        let rings = self.journal.rings.lock();
        let training = rings.training.as_ref().map(Ring::standing);
        Standing {
            anchored: training.map_or(0, |training| training.anchored),
            pending: 0,
            failures: 0,
            error: 0,
            pcr: Some(self.journal.anchor.simulated()),
            ..standing
        }
    }

    /// Says why the TPM cannot be used, if so. Asks it: sleeps, for as long as the TPM takes. A training
    /// asks none.
    pub(crate) fn check_anchor(&self) -> Result {
        match self.session {
            0 => self.journal.check_anchor(),
            _ => Ok(()),
        }
    }

    /// Records it in the machine's part and in that of the training, for who keeps both from changing.
    fn record_training(&self, kind: u16, of_machine: u64, of_copy: u64) {
        let Training { session, load } = self.training();
        let mut extra = [0; 32];
        for (to, from) in extra.iter_mut().zip(load) {
            *to = from;
        }
        let event = |generation| Event {
            count: session,
            generation,
            ..event(kind, uapi::SEVERITY_NOTICE, Origin::Ioctl)
        };
        self.journal.record(Event {
            extra,
            ..event(of_machine)
        });
        self.practise(session, event(of_copy), false);
    }
}
