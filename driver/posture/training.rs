// SPDX-License-Identifier: GPL-2.0

//! A copy of a machine's controls, to practise on: what it answers, and what it can be made to do.
//!
//! It stands in for firmware, and makes no call of any.

use super::control::{Family, Reading};
use core::ops::DerefMut;

/// Most injections that wait or last at a time.
pub const INJECTIONS: usize = 64;

/// One control of the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Id of the control.
    pub id: u32,
    /// Its family: firmware of `dsmil` compares before it writes.
    pub family: Family,
    /// Bit n: it can be found to have value n.
    pub values: u8,
    /// What reading it gives.
    pub reading: Reading,
    /// Whether tampering is reported; `None` where that is not known.
    pub tamper: Option<bool>,
}

impl Cell {
    fn has(&self, value: u8) -> bool {
        1u8.checked_shl(value.into())
            .is_some_and(|bit| self.values & bit != 0)
    }
}

/// What an injection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Writes fail with this positive errno.
    WriteFails(u32),
    /// Writes are answered as done and are not.
    WriteIgnored,
    /// Reading fails with this positive errno.
    ReadFails(u32),
    /// The control gets a value that nobody has asked the driver for.
    Value(u8),
    /// Tampering is reported, or not any more.
    Tamper(bool),
    /// Each read and write takes so many milliseconds.
    Slow(u32),
}

impl Effect {
    /// It happens once, and does not last.
    fn is_sudden(self) -> bool {
        matches!(self, Self::Value(_) | Self::Tamper(_))
    }
}

/// What the copy is made to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Id of the control, 0 for any.
    pub control: u32,
    /// What happens.
    pub effect: Effect,
    /// So many writes of one apply, of any control, come first.
    pub after: u32,
    /// How many reads or writes it lasts; 0 until it is taken back.
    pub count: u32,
}

/// An injection that waits, or lasts.
#[derive(Clone, Copy, Debug)]
struct Pending {
    injection: Injection,
    /// So many writes still come first.
    left: u32,
}

impl Pending {
    fn concerns(&self, id: u32) -> bool {
        let control = self.injection.control;
        self.left == 0 && (control == 0 || control == id)
    }
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such control, or it has no such value.
    Absent,
    /// Too many injections wait or last.
    Full,
    /// The control had another value than the caller said: nothing was written.
    Conflict,
    /// What was injected, with a positive errno.
    Injected(u32),
}

/// The copy. `L` is the list of its controls, from the lowest id to the highest: the module and the
/// host have different allocators, and nothing here allocates.
#[derive(Clone, Debug)]
pub struct Bench<L> {
    cells: L,
    injections: [Option<Pending>; INJECTIONS],
}

impl<L: DerefMut<Target = [Cell]>> Bench<L> {
    /// A copy with these controls.
    pub fn new(cells: L) -> Self {
        Self {
            cells,
            injections: [None; INJECTIONS],
        }
    }

    fn cell(&mut self, id: u32) -> Result<&mut Cell, Fault> {
        let at = self.cells.binary_search_by_key(&id, |cell| cell.id);
        let cell = at.ok().and_then(|at| self.cells.get_mut(at));
        cell.ok_or(Fault::Absent)
    }

    /// Gives a control a value, past all injections.
    ///
    /// # Errors
    ///
    /// [`Fault::Absent`].
    pub fn set(&mut self, id: u32, value: u8) -> Result<(), Fault> {
        let cell = self.cell(id)?;
        if !cell.has(value) {
            return Err(Fault::Absent);
        }
        cell.reading = Reading::Known(value);
        Ok(())
    }

    /// Has the copy do something, at once or after some writes.
    ///
    /// # Errors
    ///
    /// [`Fault::Absent`] for what the copy has not got, [`Fault::Full`]: nothing is different then.
    pub fn inject(&mut self, injection: Injection) -> Result<(), Fault> {
        let Injection {
            control, effect, ..
        } = injection;
        let cell = match control {
            0 if !effect.is_sudden() => None,
            id => Some(self.cell(id)?),
        };
        match (effect, cell) {
            (Effect::Value(value), Some(cell)) if !cell.has(value) => return Err(Fault::Absent),
            (Effect::Tamper(_), Some(cell)) if cell.family != Family::Dsmil => {
                return Err(Fault::Absent);
            }
            _ => {}
        }
        if effect.is_sudden() && injection.after == 0 {
            self.befall(control, effect);
            return Ok(());
        }
        let place = self.injections.iter_mut().find(|place| place.is_none());
        *place.ok_or(Fault::Full)? = Some(Pending {
            injection,
            left: injection.after,
        });
        Ok(())
    }

    /// Takes back all that waits or lasts.
    pub fn clear(&mut self) {
        self.injections = [None; INJECTIONS];
    }

    /// An apply begins: what waits for writes of one waits for its.
    pub fn begin_apply(&mut self) {
        for pending in self.injections.iter_mut().flatten() {
            if pending.left > 0 {
                pending.left = pending.injection.after;
            }
        }
    }

    /// What happens once happens.
    fn befall(&mut self, id: u32, effect: Effect) {
        let Ok(cell) = self.cell(id) else { return };
        match effect {
            Effect::Value(value) => cell.reading = Reading::Known(value),
            Effect::Tamper(reported) => cell.tamper = Some(reported),
            _ => {}
        }
    }

    /// Finds what was injected for a control, uses it up once, and returns what `take` makes of it.
    fn injected<T>(&mut self, id: u32, take: impl Fn(Effect) -> Option<T>) -> Option<T> {
        for place in &mut self.injections {
            let Some(pending) = place.as_mut().filter(|pending| pending.concerns(id)) else {
                continue;
            };
            let Some(taken) = take(pending.injection.effect) else {
                continue;
            };
            let count = &mut pending.injection.count;
            match *count {
                0 => {}
                1 => *place = None,
                _ => *count = count.saturating_sub(1),
            }
            return Some(taken);
        }
        None
    }

    /// How many milliseconds the next read or write of a control takes.
    pub fn delay(&mut self, id: u32) -> u32 {
        let slow = self.injected(id, |effect| match effect {
            Effect::Slow(ms) => Some(ms),
            _ => None,
        });
        slow.unwrap_or(0)
    }

    /// Reads a control.
    ///
    /// # Errors
    ///
    /// [`Fault::Absent`]. That reading was made to fail is a reading.
    pub fn read(&mut self, id: u32) -> Result<Cell, Fault> {
        let cell = *self.cell(id)?;
        let failed = self.injected(id, |effect| match effect {
            Effect::ReadFails(errno) => Some(errno),
            _ => None,
        });
        Ok(match failed {
            None => cell,
            Some(errno) => Cell {
                reading: Reading::Failed(errno),
                // Not known either, where there is something to know.
                tamper: cell.tamper.filter(|_| cell.family == Family::Platform),
                ..cell
            },
        })
    }

    /// Writes value `to` of a control, which the caller believes to have `from`.
    ///
    /// # Errors
    ///
    /// Nothing was written then.
    pub fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), Fault> {
        let result = self.attempt(id, from, to);
        self.count_down();
        result
    }

    fn attempt(&mut self, id: u32, from: u8, to: u8) -> Result<(), Fault> {
        let cell = *self.cell(id)?;
        if !cell.has(to) {
            return Err(Fault::Absent);
        }
        let injected = self.injected(id, |effect| match effect {
            Effect::WriteFails(errno) => Some(Err(Fault::Injected(errno))),
            Effect::WriteIgnored => Some(Ok(())),
            _ => None,
        });
        if let Some(result) = injected {
            return result;
        }
        if cell.family == Family::Dsmil && cell.reading != Reading::Known(from) {
            return Err(Fault::Conflict);
        }
        self.set(id, to)
    }

    /// A write has come before what waits.
    fn count_down(&mut self) {
        for at in 0..INJECTIONS {
            let Some(place) = self.injections.get_mut(at) else {
                return;
            };
            let Some(pending) = place.as_mut().filter(|pending| pending.left > 0) else {
                continue;
            };
            pending.left = pending.left.saturating_sub(1);
            let Pending { injection, left } = *pending;
            if left == 0 && injection.effect.is_sudden() {
                *place = None;
                self.befall(injection.control, injection.effect);
            }
        }
    }
}
