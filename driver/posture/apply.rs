// SPDX-License-Identifier: GPL-2.0

//! To carry a plan out: all of it, or none, or say exactly what is left.

use super::control::Reading;
use super::errno::{EINTR, EREMOTEIO};
use super::plan::Step;

/// How often putting a value back is tried: a firmware that misses one call is not yet lost.
const TRIES: usize = 2;

/// What steps are done with.
pub trait Firmware {
    /// Writes value `to`; `from` is the value believed to be in force. `Err` is a positive errno.
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32>;

    /// Reads what a change between the values `from` and `to` concerns, and says how the control
    /// stands.
    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading;

    /// Tells whether the caller has been asked to stop.
    fn is_interrupted(&self) -> bool;

    /// Step `number`, from 1, begins.
    fn begins(&mut self, number: usize);

    /// The step has come as far as it says.
    fn settled(&mut self, _step: &Step) {}
}

/// How it ended. The steps say the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every step was done and read back.
    Done,
    /// Step `step` failed with a positive errno, and everything is as it was before.
    Undone {
        /// Position of the step.
        step: usize,
        /// Why it failed.
        error: u32,
    },
    /// Step `step` failed, and the steps in state [`Progress::Degraded`] could not be undone.
    Degraded {
        /// Position of the step.
        step: usize,
        /// Why it failed.
        error: u32,
    },
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Not begun.
    #[default]
    Planned,
    /// Done, and read back.
    Done,
    /// Failed, with a positive errno; the old value is in force.
    Failed(u32),
    /// Was done; the old value was put back, and read back.
    Undone,
    /// The old value could not be put back, for this positive errno.
    Degraded(u32),
}

/// Carries the steps out in their order: writes, reads back, compares. When one fails, undoes it
/// and those before it, in reverse.
pub fn run(steps: &mut [Step], firmware: &mut impl Firmware) -> Outcome {
    let mut failed = None;
    let mut accepted = false;
    for (at, step) in steps.iter_mut().enumerate() {
        if firmware.is_interrupted() {
            failed = Some((at, EINTR));
            break;
        }
        firmware.begins(at.saturating_add(1));
        let written = firmware.write(step.id, step.from, step.to);
        accepted = written.is_ok();
        let read = |()| holds(step, firmware, step.to).map_err(|(_, error)| error);
        match written.and_then(read) {
            Ok(()) => step.progress = Progress::Done,
            Err(error) => {
                step.progress = Progress::Failed(error);
                failed = Some((at, error));
            }
        }
        firmware.settled(step);
        if failed.is_some() {
            break;
        }
    }
    let Some((at, error)) = failed else {
        return Outcome::Done;
    };

    let mut degraded = false;
    for step in steps.iter_mut().rev() {
        let put_back = match step.progress {
            Progress::Done => put_back(step, firmware, step.to),
            // It may have taken effect all the same.
            Progress::Failed(_) => match firmware.read(step.id, step.from, step.to) {
                // The firmware took the new value and shows the old one, perhaps only until the
                // next boot: it is told the old one again.
                Reading::Known(value) if value == step.from && accepted => {
                    put_back(step, firmware, step.to)
                }
                Reading::Known(value) if value == step.from => continue,
                Reading::Known(value) => put_back(step, firmware, value),
                _ => put_back(step, firmware, step.to),
            },
            Progress::Planned | Progress::Undone | Progress::Degraded(_) => continue,
        };
        step.progress = match (put_back, step.progress) {
            (Ok(()), Progress::Done) => Progress::Undone,
            (Ok(()), _) => continue,
            (Err(error), _) => {
                degraded = true;
                Progress::Degraded(error)
            }
        };
        firmware.settled(step);
    }
    match degraded {
        true => Outcome::Degraded { step: at, error },
        false => Outcome::Undone { step: at, error },
    }
}

/// Reads back. Fails with the value that is in force, if that is known, and why.
fn holds(step: &Step, firmware: &mut impl Firmware, value: u8) -> Result<(), (Option<u8>, u32)> {
    match firmware.read(step.id, step.from, step.to) {
        Reading::Known(read) if read == value => Ok(()),
        Reading::Known(read) => Err((Some(read), EREMOTEIO)),
        Reading::Failed(error) => Err((None, error)),
        Reading::Unknown | Reading::Ambiguous => Err((None, EREMOTEIO)),
    }
}

/// Puts the old value back; `present` is the value believed to be in force.
fn put_back(step: &Step, firmware: &mut impl Firmware, mut present: u8) -> Result<(), u32> {
    let mut result = Ok(());
    for _ in 0..TRIES {
        let written = firmware.write(step.id, present, step.from);
        match holds(step, firmware, step.from) {
            Ok(()) => return Ok(()),
            Err((read, error)) => {
                present = read.unwrap_or(present);
                result = Err(written.err().unwrap_or(error));
            }
        }
    }
    result
}
