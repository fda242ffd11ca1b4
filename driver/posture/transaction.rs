// SPDX-License-Identifier: GPL-2.0

//! To carry a plan out: all of it, or none, or say exactly what is left.
//!
//! Each step reads its control, writes it and reads it back. A control that is not as planned when
//! its turn comes, or is found to be neither as it was nor as it was written, is somebody else's: it
//! is left alone, nothing more is written, and what was done is undone where nobody has changed it
//! since.

use super::control::Reading;
use super::errno::{EAGAIN, EBUSY, EINTR, ENOENT, EREMOTEIO};
use super::fact::Fact;
use super::machine::{Machine, Outside, Seen};
use super::plan::{Progress, Step};
use core::ops::DerefMut;

/// How often putting a value back is tried: a firmware that misses one call is not yet lost.
const TRIES: usize = 2;

/// What steps are done with.
pub trait Firmware {
    /// Writes value `to`; `from` is the value believed to be in force. `Err` is a positive errno;
    /// [`EAGAIN`] says that the firmware has compared, found another value and written nothing.
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32>;

    /// Reads what a change of the control concerns, and says how it stands. The values between
    /// which it is changed are `from` and `to`.
    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading;

    /// Tells whether the caller has been asked to stop.
    fn is_interrupted(&self) -> bool;

    /// Step `number`, from 1, begins.
    fn begins(&mut self, _number: usize) {}

    /// The step has come as far as it says.
    fn settled(&mut self, _step: &Step) {}

    /// Somebody else was found to have changed a control.
    fn changed_outside(&mut self, _change: &Outside) {}
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
    /// Somebody else has changed the control of step `step`. But for the steps in state
    /// [`Progress::Moved`] everything is as it was before.
    Conflict {
        /// Position of the first such step.
        step: usize,
        /// What ended the apply, a positive errno: [`EBUSY`] where that was it.
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

/// Carries the steps of a plan out in their order. When one cannot be done, undoes it and those
/// before it, in reverse.
pub fn run<L: DerefMut<Target = [Fact]>>(
    machine: &mut Machine<L>,
    steps: &mut [Step],
    firmware: &mut impl Firmware,
) -> Outcome {
    let mut failed = None;
    let mut left = Left::Nothing;
    for (at, step) in steps.iter_mut().enumerate() {
        if firmware.is_interrupted() {
            failed = Some((at, EINTR));
            break;
        }
        firmware.begins(at.saturating_add(1));
        let mut one = One::new(machine, firmware, step);
        match one.carry_out() {
            Ok(()) => step.progress = Progress::Done,
            Err(failure) => {
                left = failure.left;
                step.progress = failure.progress;
                step.now = failure.now;
                failed = Some((at, failure.error));
            }
        }
        // What is left of one that failed is told when it has been put back.
        if left == Left::Nothing {
            firmware.settled(step);
        }
        if failed.is_some() {
            break;
        }
    }
    let Some((failed_at, error)) = failed else {
        return Outcome::Done;
    };

    let mut degraded = false;
    let mut moved = None;
    for (at, step) in steps.iter_mut().enumerate().rev() {
        let left = match step.progress {
            Progress::Done => Left::New,
            Progress::Failed(_) if left != Left::Nothing => left,
            Progress::Moved => {
                moved = Some(at);
                continue;
            }
            _ => continue,
        };
        let before = step.progress;
        let (progress, now) = One::new(machine, firmware, step).put_back(left);
        step.now = now;
        step.progress = match (progress, before) {
            // The old value is in force.
            (Progress::Undone, Progress::Failed(error)) => Progress::Failed(error),
            (progress, _) => progress,
        };
        match progress {
            Progress::Degraded(_) => degraded = true,
            Progress::Moved => moved = Some(at),
            _ => {}
        }
        firmware.settled(step);
    }
    match moved {
        _ if degraded => Outcome::Degraded {
            step: failed_at,
            error,
        },
        Some(step) => Outcome::Conflict { step, error },
        None => Outcome::Undone {
            step: failed_at,
            error,
        },
    }
}

/// What a step that failed has left behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing was written.
    Nothing,
    /// The new value, or what cannot be made out.
    New,
    /// The firmware took the new value and shows the old one, perhaps only until the next boot.
    Hidden,
}

/// A step that was not done.
struct Failure {
    progress: Progress,
    error: u32,
    now: Option<u8>,
    left: Left,
}

/// How a control stands towards a step.
enum Sight {
    /// As before the step.
    Old,
    /// As after it.
    New,
    /// Otherwise: with a value that somebody could have given it.
    Other(u8),
    /// That cannot be made out, for this errno.
    Blind(u32),
}

/// One step, and what it is done with.
struct One<'a, L, F> {
    machine: &'a mut Machine<L>,
    firmware: &'a mut F,
    step: Step,
}

impl<'a, L: DerefMut<Target = [Fact]>, F: Firmware> One<'a, L, F> {
    fn new(machine: &'a mut Machine<L>, firmware: &'a mut F, step: &Step) -> Self {
        Self {
            machine,
            firmware,
            step: *step,
        }
    }

    /// Reads, writes, reads back.
    fn carry_out(&mut self) -> Result<(), Failure> {
        let Step { id, from, to, .. } = self.step;
        if self.machine.position(id).is_none() {
            return Err(self.fails(ENOENT, Left::Nothing));
        }
        let mut sight = self.look();
        if let Sight::Blind(_) = sight {
            sight = self.look();
        }
        match sight {
            Sight::Old => {}
            Sight::New => return Err(self.moved(to)),
            Sight::Other(now) => return Err(self.moved(now)),
            Sight::Blind(error) => return Err(self.fails(error, Left::Nothing)),
        }
        // What it needs, or what needs it, may have been found changed since the plan was made.
        if self.machine.blocks(id, to).is_some() {
            return Err(self.fails(EBUSY, Left::Nothing));
        }
        let written = self.firmware.write(id, from, to);
        let reading = self.firmware.read(id, from, to);
        match (written, self.sight(reading)) {
            // The firmware has compared: what is there now is not this driver's doing.
            (Err(EAGAIN), sight) => {
                self.observe(reading);
                match sight {
                    Sight::New => Err(self.moved(to)),
                    Sight::Other(now) => Err(self.moved(now)),
                    Sight::Old | Sight::Blind(_) => Err(self.fails(EAGAIN, Left::Nothing)),
                }
            }
            (Ok(()), Sight::New) => {
                self.machine.written(id, reading);
                Ok(())
            }
            (Ok(()), Sight::Old) => Err(self.fails(EREMOTEIO, Left::Hidden)),
            (Err(error), Sight::Old) => Err(self.fails(error, Left::Nothing)),
            (_, Sight::Other(now)) => {
                self.observe(reading);
                Err(self.moved(now))
            }
            // It may have taken effect, or has although the firmware says that it failed.
            (written, sight) => {
                self.machine.written(id, reading);
                let error = match sight {
                    Sight::Blind(error) => error,
                    _ => EREMOTEIO,
                };
                Err(self.fails(written.err().unwrap_or(error), Left::New))
            }
        }
    }

    /// Puts the old value back, where nobody else has changed the control: says what has become of
    /// the step, and the value in force where that is another than the old one.
    fn put_back(&mut self, left: Left) -> (Progress, Option<u8>) {
        let Step { id, from, to, .. } = self.step;
        let was_done = self.step.progress == Progress::Done;
        let mut sight = self.look_back(was_done);
        if let Sight::Blind(_) = sight {
            sight = self.look_back(was_done);
        }
        let mut hidden = left == Left::Hidden;
        let mut error = EREMOTEIO;
        for tries in 0..TRIES {
            match sight {
                Sight::Old if !hidden => return (Progress::Undone, None),
                Sight::Other(now) => return (Progress::Moved, Some(now)),
                // Where it cannot be read, the driver has no sign of anybody else.
                Sight::Old | Sight::New | Sight::Blind(_) => {}
            }
            if self.machine.blocks(id, from).is_some() {
                return self.degraded(EBUSY);
            }
            let present = match sight {
                Sight::Old => from,
                _ => to,
            };
            hidden = false;
            let written = self.firmware.write(id, present, from);
            let reading = self.firmware.read(id, from, to);
            sight = self.sight(reading);
            match sight {
                Sight::Other(_) => self.observe(reading),
                // The firmware has compared: somebody else was faster to put it back, unless that was
                // the try before.
                Sight::Old if written == Err(EAGAIN) && was_done && tries == 0 => {
                    self.observe(reading);
                }
                _ => self.machine.written(id, reading),
            }
            error = match (written, &sight) {
                (Err(error), _) => error,
                (Ok(()), Sight::Blind(error)) => *error,
                (Ok(()), _) => EREMOTEIO,
            };
        }
        match sight {
            Sight::Old => (Progress::Undone, None),
            Sight::Other(now) => (Progress::Moved, Some(now)),
            Sight::New | Sight::Blind(_) => self.degraded(error),
        }
    }

    /// Reads the control, which the driver has not written since it last read it.
    fn look(&mut self) -> Sight {
        let Step { id, from, to, .. } = self.step;
        let reading = self.firmware.read(id, from, to);
        self.observe(reading);
        self.sight(reading)
    }

    /// Reads the control, which the driver has written. That it is not as written is somebody else's
    /// doing only where it was once read back as written.
    fn look_back(&mut self, was_done: bool) -> Sight {
        let Step { id, from, to, .. } = self.step;
        let reading = self.firmware.read(id, from, to);
        let sight = self.sight(reading);
        match sight {
            Sight::Old if was_done => self.observe(reading),
            Sight::Other(_) => self.observe(reading),
            Sight::Old | Sight::New | Sight::Blind(_) => self.machine.written(id, reading),
        }
        sight
    }

    fn observe(&mut self, reading: Reading) {
        let fact = self.machine.fact(self.step.id);
        let seen = Seen {
            reading,
            tamper: fact.and_then(|fact| fact.tamper),
            altered: false,
        };
        if let Some(change) = self.machine.observe(self.step.id, seen).outside {
            self.firmware.changed_outside(&change);
        }
    }

    fn sight(&self, reading: Reading) -> Sight {
        let fact = self.machine.fact(self.step.id);
        match reading {
            Reading::Known(now) if now == self.step.from => Sight::Old,
            Reading::Known(now) if now == self.step.to => Sight::New,
            Reading::Known(now) if fact.is_some_and(|fact| fact.has(now)) => Sight::Other(now),
            Reading::Failed(error) => Sight::Blind(error),
            Reading::Known(_) | Reading::Unknown | Reading::Ambiguous => Sight::Blind(EREMOTEIO),
        }
    }

    fn moved(&self, now: u8) -> Failure {
        Failure {
            progress: Progress::Moved,
            error: EBUSY,
            now: Some(now),
            left: Left::Nothing,
        }
    }

    fn fails(&self, error: u32, left: Left) -> Failure {
        Failure {
            progress: Progress::Failed(error),
            error,
            now: None,
            left,
        }
    }

    fn degraded(&self, error: u32) -> (Progress, Option<u8>) {
        let now = match self.machine.fact(self.step.id).map(|fact| fact.reading) {
            Some(Reading::Known(now)) => Some(now),
            _ => None,
        };
        (Progress::Degraded(error), now)
    }
}
