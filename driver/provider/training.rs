// SPDX-License-Identifier: GPL-2.0

//! A copy of a family, to practise on. Makes no firmware call: it has nothing to make one with.
//!
//! `Bench::state` is held for the time of a look into the copy, with no other lock taken under it.

use super::{
    Details,
    FamilyReading,
    Provider,
    Readout, //
};
use crate::{
    kapi::compat::eproto,
    posture::{
        control::{
            Answer,
            Family,
            Reading, //
        },
        dsmil::Identity,
        fact::Fact,
        setting::VALUES,
        training::{
            self,
            Cell,
            Fault,
            Injection, //
        }, //
    }, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex, //
    },
    time::{
        delay::fsleep,
        Delta, //
    }, //
};

/// What both copied families of a machine have in common: their controls, and what they are made to
/// do.
#[pin_data]
pub(crate) struct Bench {
    /// How many wait for the copy to end, or for the machine to fall asleep: as long as somebody does,
    /// nothing takes the time that it was made to take.
    hurried: Atomic<u32>,
    #[pin]
    state: Mutex<training::Bench<KVVec<Cell>>>,
}

/// The errno of what the copy answers.
fn error(fault: Fault) -> Error {
    match fault {
        Fault::Absent => EINVAL,
        Fault::Full => ENOSPC,
        Fault::Conflict => EAGAIN,
        // Of the numbers that an errno can have; others are not let in.
        Fault::Injected(errno) => Error::from_errno((errno as i32).wrapping_neg()),
    }
}

/// The values that a control can be found to have.
fn values<'a>(fact: &'a Fact, details: &'a Details) -> impl Iterator<Item = u8> + 'a {
    let all = (0u8..).zip(details.values());
    let there = all.filter(|(number, value)| {
        fact.family == Family::Dsmil
            || fact.has(*number)
            || value.location != 0
            || value.answer != Answer::Absent
    });
    there.map(|(number, _)| number)
}

/// A control of which nothing but its description is there: with the first value that it lists.
pub(super) fn described(fact: Fact, details: &Details) -> Fact {
    let first = values(&fact, details).next();
    Fact {
        reading: first.map_or(Reading::Unknown, Reading::Known),
        tamper: Some(false),
        ..fact
    }
}

fn cell(fact: &Fact, details: &Details) -> Cell {
    let bits = values(fact, details).filter_map(|number| 1u8.checked_shl(number.into()));
    Cell {
        id: fact.id,
        family: fact.family,
        values: bits.fold(0, |all, bit| all | bit),
        reading: fact.reading,
        tamper: fact.tamper,
    }
}

impl Bench {
    /// A copy of these controls, in any order.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(families: [&KVVec<(Fact, Details)>; 2]) -> Result<Arc<Self>> {
        let mut cells = KVVec::new();
        for (fact, details) in families.into_iter().flatten() {
            cells.push(cell(fact, details), GFP_KERNEL)?;
        }
        cells.sort_unstable_by_key(|cell| cell.id);
        Arc::pin_init(
            pin_init!(Self {
                hurried: Atomic::new(0),
                state <- new_mutex!(training::Bench::new(cells), "training::Bench::state"),
            }),
            GFP_KERNEL,
        )
    }

    /// Gives a control the value that it has to begin with.
    ///
    /// # Errors
    ///
    /// `EINVAL` where there is no such control or value.
    pub(crate) fn set(&self, id: u32, value: u8) -> Result {
        self.state.lock().set(id, value).map_err(error)
    }

    /// Has the copy do something.
    ///
    /// # Errors
    ///
    /// `EINVAL` for what it has not got, `ENOSPC` when too much waits.
    pub(crate) fn inject(&self, injection: Injection) -> Result {
        self.state.lock().inject(injection).map_err(error)
    }

    /// An apply begins: what waits for writes of one waits for its.
    pub(crate) fn begin_apply(&self) {
        self.state.lock().begin_apply();
    }

    /// Takes back all that was injected and has not come to an end.
    pub(crate) fn clear(&self) {
        self.state.lock().clear();
    }

    /// Has nothing take the time that it was made to take for as long as what is returned exists.
    pub(crate) fn hurry(&self) -> Hurry<'_> {
        self.hurried.fetch_add(1, Relaxed);
        Hurry(self)
    }

    /// Takes the time that a read or write of a control was made to take.
    fn wait(&self, id: u32) {
        let ms = self.state.lock().delay(id);
        if ms > 0 && self.hurried.load(Relaxed) == 0 {
            fsleep(Delta::from_millis(ms.into()));
        }
    }

    fn readout(&self, id: u32) -> Readout {
        self.wait(id);
        match self.state.lock().read(id) {
            Ok(cell) => readout(&cell),
            Err(fault) => Readout {
                id,
                reading: Reading::Failed(super::errno(error(fault))),
                tamper: None,
                answers: [Answer::Absent; VALUES],
            },
        }
    }
}

/// Somebody waits.
pub(crate) struct Hurry<'a>(&'a Bench);

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.hurried.fetch_sub(1, Relaxed);
    }
}

/// A control as the copy has it. It has no tokens that could be read: a value is in force or not.
fn readout(cell: &Cell) -> Readout {
    let mut answers = [Answer::Absent; VALUES];
    for (number, answer) in (0u8..).zip(&mut answers) {
        let bit = 1u8.checked_shl(number.into());
        if bit.is_some_and(|bit| cell.values & bit != 0) {
            *answer = match cell.reading {
                Reading::Failed(errno) => Answer::Failed(errno),
                reading => Answer::Copied(reading == Reading::Known(number)),
            };
        }
    }
    Readout {
        id: cell.id,
        reading: cell.reading,
        tamper: cell.tamper,
        answers,
    }
}

/// A family of a copy.
pub(crate) struct Copy {
    bench: Arc<Bench>,
    controls: KVVec<(Fact, Details)>,
    /// What the firmware that it stands for says of itself.
    identity: Option<Identity>,
}

impl Copy {
    /// These controls of a copy.
    pub(crate) fn new(
        bench: Arc<Bench>,
        controls: KVVec<(Fact, Details)>,
        identity: Option<Identity>,
    ) -> Self {
        Self {
            bench,
            controls,
            identity,
        }
    }

    /// What the firmware that it stands for says of itself.
    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }
}

impl Provider for Copy {
    fn describe(&self, take: &mut dyn FnMut(Fact, Details) -> Result) -> Result {
        let mut controls = self.controls.iter();
        controls.try_for_each(|(fact, details)| take(*fact, details.clone()))
    }

    fn read(
        &mut self,
        _known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<FamilyReading> {
        let mut controls = KVVec::with_capacity(self.controls.len(), GFP_KERNEL)?;
        for (fact, _) in &self.controls {
            go_on()?;
            controls.push(self.bench.readout(fact.id), GFP_KERNEL)?;
        }
        Ok(FamilyReading {
            controls,
            error: None,
        })
    }

    fn write(&self, id: u32, from: u8, to: u8, _key: u16) -> Result {
        self.bench.wait(id);
        self.bench
            .state
            .lock()
            .write(id, from, to)
            .map_err(|fault| match fault {
                // As a family whose firmware compares says it, and none else.
                Fault::Injected(errno) if error(Fault::Injected(errno)) == EAGAIN => eproto(),
                fault => error(fault),
            })
    }

    fn read_back(&self, control: &Details) -> Readout {
        self.bench.readout(control.id)
    }

    fn firmware_calls(&self) -> u64 {
        0
    }
}
