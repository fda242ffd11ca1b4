// SPDX-License-Identifier: GPL-2.0

//! A place in the journal. Whoever holds the descriptor that it belongs to moves it.

use super::Journal;
use crate::{
    kapi::lock::{
        new_killable_mutex,
        KillableMutex, //
    },
    posture::journal::Whence,
    uapi::{
        Event,
        EVENT_SIZE,
        EVENT_TRAINING, //
    }, //
};
use kernel::{
    fs::File,
    iov::IovIterDest,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        poll::PollTable,
        Arc, //
    }, //
};
use zerocopy::IntoBytes;

/// How many records are copied at once.
const BATCH: usize = 32;

/// How many bits of a place the sequence among the records of a training has. The number of the
/// training, of which the lowest bits are kept, has the others.
const SEQUENCE: u32 = 48;

/// What a reader comes to next.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Sequence of the record of the machine.
    pub(super) cursor: u64,
    /// It comes to records of trainings as well.
    pub(super) follows: bool,
    /// Number of a training, and sequence of its record.
    session: u16,
    pub(super) practice: u64,
}

impl Place {
    /// There is the training `session`. A reader of another one goes before its first record.
    pub(super) fn enter(&mut self, session: u32) {
        if self.session != session as u16 {
            self.session = session as u16;
            self.practice = 1;
        }
    }

    /// Goes behind a record that it has come to.
    fn pass(&mut self, event: &Event) {
        let next = event.sequence.saturating_add(1);
        match event.properties & EVENT_TRAINING {
            0 => self.cursor = next,
            _ => self.practice = next,
        }
    }
}

/// A place in the journal.
#[pin_data]
pub(crate) struct Reader {
    journal: Arc<Journal>,
    /// Sequence of the record of the machine that comes next. Changed only by who holds `batch`.
    cursor: Atomic<u64>,
    /// Of a training: see [`SEQUENCE`]. One word, so that who does not hold `batch` sees both parts of
    /// one moment. Changed only by who holds `batch`.
    practice: Atomic<u64>,
    /// It comes to records of trainings.
    follows: Atomic<bool>,
    /// Where records are copied to on their way out, and whose turn it is: two that read from one
    /// descriptor at once get different records. It is held while user memory is written to, which
    /// can take any time.
    #[pin]
    batch: KillableMutex<KVec<Event>>,
}

impl Reader {
    /// Stands before the first record.
    pub(crate) fn new(journal: Arc<Journal>) -> Result<impl PinInit<Self>> {
        let batch = KVec::from_elem(Event::default(), BATCH, GFP_KERNEL)?;
        Ok(pin_init!(Self {
            journal,
            cursor: Atomic::new(1),
            practice: Atomic::new(0),
            follows: Atomic::new(false),
            batch <- new_killable_mutex!(batch, c"Reader::batch"),
        }))
    }

    /// Comes to records of trainings from now on, to those of the last one first.
    pub(crate) fn follow_trainings(&self) {
        self.follows.store(true, Relaxed);
        self.journal.moved();
    }

    fn place(&self) -> Place {
        let practice = self.practice.load(Relaxed);
        Place {
            cursor: self.cursor.load(Relaxed),
            follows: self.follows.load(Relaxed),
            session: (practice >> SEQUENCE) as u16,
            practice: practice & ((1 << SEQUENCE) - 1),
        }
    }

    /// For who holds `batch`.
    fn go(&self, place: &Place) {
        let sequence = place.practice.min((1 << SEQUENCE) - 1);
        let practice = u64::from(place.session) << SEQUENCE | sequence;
        self.practice.store(practice, Relaxed);
        self.cursor.store(place.cursor, Relaxed);
    }

    /// Writes the records that come next to `out`, as many as there are and as fit. Waits for the
    /// first one, unless it must not.
    ///
    /// # Errors
    ///
    /// `EINVAL` where not even one fits, `EAGAIN` where it must not wait, `ERESTARTSYS`, `EFAULT`,
    /// `EINTR` for a task that is being killed.
    pub(crate) fn read(&self, nonblocking: bool, out: &mut IovIterDest<'_>) -> Result<usize> {
        if out.len() < EVENT_SIZE {
            return Err(EINVAL);
        }
        loop {
            let size = self.copy(out)?;
            if size > 0 {
                return Ok(size);
            }
            if nonblocking {
                return Err(EAGAIN);
            }
            self.journal.wait(|| self.place())?;
        }
    }

    fn copy(&self, out: &mut IovIterDest<'_>) -> Result<usize> {
        let mut batch = self.batch.lock()?;
        let mut size = 0usize;
        loop {
            let room = (out.len() / EVENT_SIZE).min(batch.len());
            let mut at = self.place();
            let to = batch.get_mut(..room).unwrap_or_default();
            let count = self.journal.copy(&mut at, to);
            for event in batch.iter().take(count) {
                if out.copy_to_iter(event.as_bytes()) < EVENT_SIZE {
                    return if size > 0 { Ok(size) } else { Err(EFAULT) };
                }
                at.pass(event);
                self.go(&at);
                size = size.saturating_add(EVENT_SIZE);
            }
            if count < BATCH {
                return Ok(size);
            }
        }
    }

    /// Moves, and returns the sequence of the record that comes next.
    pub(crate) fn seek(&self, whence: Whence, offset: i64) -> Result<i64> {
        let _turn = self.batch.lock()?;
        let place = self.journal.seek(self.place(), whence, offset)?;
        self.go(&place);
        self.journal.moved();
        Ok(i64::try_from(place.cursor)?)
    }

    /// Tells whether there is something to read, and has `table` notified when there is.
    pub(crate) fn is_readable(&self, file: &File, table: &PollTable<'_>) -> bool {
        self.journal.listen(file, table);
        self.journal.has(self.place())
    }
}
