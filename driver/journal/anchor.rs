// SPDX-License-Identifier: GPL-2.0

//! What ties the journal to the TPM: each committed change is extended into a PCR, in order, by a
//! worker. Nobody waits for the TPM who has not asked to.

use super::{
    ring::{
        failure,
        Due, //
    },
    Journal,
    WORKER, //
};
use crate::{
    kapi::{
        tpm::Chip,
        worker::Running, //
    },
    posture::journal::Digest,
    uapi::{
        self,
        Event, //
    }, //
};
use kernel::{
    prelude::*,
    sync::Arc,
    time::{
        delay::fsleep,
        Delta, //
    }, //
};
use zerocopy::IntoBytes;

crate::kapi::global::global! {
    /// The journal, for the worker.
    static place: Journal;
}

/// How often it is tried to get the memory that a command to the TPM takes, and the time in between.
const TRIES: u32 = 20;
const PAUSE: Delta = Delta::from_millis(100);

/// The TPM, and the PCR that is extended.
pub(super) struct Anchor {
    chip: Option<Chip>,
    pcr: u8,
}

impl Anchor {
    /// Looks for a TPM, of which `pcr` is to be extended.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a PCR that others rely on, or that can be reset.
    pub(super) fn new(pcr: u32) -> Result<Self> {
        // docs/security.md says whose the others are.
        if !matches!(pcr, 8 | 9 | 11..=15) {
            pr_err!("pcr={pcr} is not for this: 8, 9 and 11 to 15 are\n");
            return Err(EINVAL);
        }
        Ok(Self {
            chip: Chip::find(),
            pcr: u8::try_from(pcr)?,
        })
    }

    pub(super) fn is_there(&self) -> bool {
        self.chip.is_some()
    }

    /// Number of the PCR, where there is a TPM.
    pub(super) fn pcr(&self) -> Option<u8> {
        self.chip.as_ref().map(|_| self.pcr)
    }

    /// Reads the PCR. Sleeps.
    ///
    /// # Errors
    ///
    /// `ENODEV` where there is no TPM, or what the TPM answers.
    pub(super) fn read(&self) -> Result<Digest> {
        self.chip.as_ref().ok_or(ENODEV)?.read(self.pcr.into())
    }

    /// Number of the PCR that records of a training would be extended into.
    pub(super) fn simulated(&self) -> u8 {
        self.pcr
    }

    /// Extends the PCR. Sleeps.
    fn extend(&self, event: &Event) -> Result {
        let chip = self.chip.as_ref().ok_or(ENODEV)?;
        for _ in 0..TRIES {
            match chip.extend(self.pcr.into(), event.as_bytes()) {
                // That there is no memory says nothing of the TPM, and nothing was sent to it.
                Err(ENOMEM) => fsleep(PAUSE),
                result => return result,
            }
        }
        Err(ENOMEM)
    }

    /// Says in a record that it is to be extended, where there is a TPM.
    pub(super) fn mark(&self, event: Event) -> Event {
        match self.pcr() {
            None => event,
            Some(pcr) => Event {
                properties: event.properties | uapi::EVENT_ANCHORED,
                pcr,
                ..event
            },
        }
    }
}

impl Journal {
    /// Extends what is due. Sleeps. Not to be called twice at once.
    fn extend_due(&self) {
        loop {
            // The lock is not held while the TPM works.
            let due = self.rings.lock().machine.due();
            let failed = match due {
                None => return,
                Some(Due::Lost { first, count }) => failure(first, count, EOVERFLOW),
                Some(Due::Record(event)) => match self.anchor.extend(&event) {
                    Ok(()) => {
                        self.rings.lock().machine.anchored();
                        continue;
                    }
                    Err(error) => {
                        let count = self.rings.lock().machine.give_up(error);
                        pr_warn!(
                            "PCR {} cannot be extended ({error:?}): {count} records from {} on\n",
                            self.anchor.pcr,
                            event.sequence
                        );
                        failure(event.sequence, count, error)
                    }
                },
            };
            self.record(failed);
        }
    }
}

/// The job of the worker.
pub(super) fn work() {
    if let Some(journal) = place::get() {
        journal.extend_due();
    }
}

/// Extends the records of a journal for as long as it exists. When it is gone, all are extended.
pub(crate) struct Anchoring {
    worker: Option<Running>,
    _place: place::Guard,
}

impl Anchoring {
    /// Begins, with what is due by now.
    pub(crate) fn new(journal: Arc<Journal>) -> Result<Self> {
        let guard = place::install(journal)?;
        Ok(Self {
            worker: Some(WORKER.start()?),
            _place: guard,
        })
    }
}

impl Drop for Anchoring {
    fn drop(&mut self) {
        // First the worker ends, then what it has left is done here.
        drop(self.worker.take());
        work();
    }
}
