// SPDX-License-Identifier: GPL-2.0

//! What becomes of the steps of a plan, call by call.

use milspec_posture::apply::{run, Firmware, Outcome, Progress};
use milspec_posture::control::Reading;
use milspec_posture::errno::{EINTR, EREMOTEIO};
use milspec_posture::plan::Step;

const EIO: u32 = 5;

/// One call, as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Begins(usize),
    Write(u32, u8, u8),
    Read(u32),
}

/// Firmware that answers by a script: what each write and each read comes to, in their order. When
/// a script has ended, writes take effect and reads tell the truth.
#[derive(Default)]
struct Script {
    cells: [u8; 4],
    writes: Vec<Write>,
    reads: Vec<Reading>,
    interrupted_after: Option<usize>,
    calls: Vec<Call>,
}

#[derive(Clone, Copy)]
enum Write {
    Good,
    /// Refused, nothing changed.
    Fails,
    /// Says that it was done; nothing changed.
    Ignored,
    /// Says that it failed; it was done.
    Lies,
    /// Says that it was done; something else was.
    Becomes(u8),
}

impl Script {
    fn writes(&self) -> Vec<(u32, u8, u8)> {
        let writes = self.calls.iter().filter_map(|call| match call {
            Call::Write(id, from, to) => Some((*id, *from, *to)),
            _ => None,
        });
        writes.collect()
    }
}

impl Firmware for Script {
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32> {
        self.calls.push(Call::Write(id, from, to));
        let cell = &mut self.cells[id as usize];
        let answer = match self.writes.is_empty() {
            true => Write::Good,
            false => self.writes.remove(0),
        };
        match answer {
            Write::Good => *cell = to,
            Write::Becomes(other) => *cell = other,
            Write::Ignored => {}
            Write::Fails => return Err(EIO),
            Write::Lies => {
                *cell = to;
                return Err(EIO);
            }
        }
        Ok(())
    }

    fn read(&mut self, id: u32, _: u8, _: u8) -> Reading {
        self.calls.push(Call::Read(id));
        match self.reads.is_empty() {
            true => Reading::Known(self.cells[id as usize]),
            false => self.reads.remove(0),
        }
    }

    fn is_interrupted(&self) -> bool {
        let begun = self
            .calls
            .iter()
            .filter(|call| matches!(call, Call::Begins(_)));
        self.interrupted_after
            .is_some_and(|steps| begun.count() >= steps)
    }

    fn begins(&mut self, number: usize) {
        self.calls.push(Call::Begins(number));
    }
}

/// Steps that take the first `count` cells from 0 to 1.
fn plan(count: u32) -> Vec<Step> {
    let step = |id| Step {
        id,
        from: 0,
        to: 1,
        progress: Progress::Planned,
    };
    (0..count).map(step).collect()
}

fn progress(steps: &[Step]) -> Vec<Progress> {
    steps.iter().map(|step| step.progress).collect()
}

/// Firmware calls are dear: one write and one read for each step, and nothing else.
#[test]
fn each_step_is_one_write_and_one_read() {
    let (mut steps, mut firmware) = (plan(2), Script::default());
    assert_eq!(run(&mut steps, &mut firmware), Outcome::Done);
    assert_eq!(progress(&steps), [Progress::Done; 2]);
    let calls = [
        Call::Begins(1),
        Call::Write(0, 0, 1),
        Call::Read(0),
        Call::Begins(2),
        Call::Write(1, 0, 1),
        Call::Read(1),
    ];
    assert_eq!(firmware.calls, calls);
    assert_eq!(run(&mut [], &mut firmware), Outcome::Done);
    assert_eq!(firmware.calls, calls, "nothing to do is nothing done");
}

/// A step that the firmware refuses is looked at, and not written again. Those before it are undone
/// in reverse, and those after it are not begun.
#[test]
fn a_refused_step_is_not_written_again() {
    let mut steps = plan(4);
    let mut firmware = Script {
        writes: vec![Write::Good, Write::Good, Write::Fails],
        ..Script::default()
    };
    let outcome = Outcome::Undone {
        step: 2,
        error: EIO,
    };
    assert_eq!(run(&mut steps, &mut firmware), outcome);
    let expected = [
        Progress::Undone,
        Progress::Undone,
        Progress::Failed(EIO),
        Progress::Planned,
    ];
    assert_eq!(progress(&steps), expected);
    assert_eq!(firmware.cells, [0; 4]);
    let writes = [(0, 0, 1), (1, 0, 1), (2, 0, 1), (1, 1, 0), (0, 1, 0)];
    assert_eq!(firmware.writes(), writes);
}

/// A step that reports failure and took effect is put back; so is one that came to something else,
/// and each time the write says what is believed to be in force.
#[test]
fn a_failed_step_that_took_effect_is_put_back() {
    for (write, in_force, error) in [(Write::Lies, 1, EIO), (Write::Becomes(3), 3, EREMOTEIO)] {
        let mut steps = plan(1);
        let mut firmware = Script {
            writes: vec![write],
            ..Script::default()
        };
        assert_eq!(
            run(&mut steps, &mut firmware),
            Outcome::Undone { step: 0, error }
        );
        assert_eq!(progress(&steps), [Progress::Failed(error)]);
        assert_eq!(firmware.cells[0], 0);
        assert_eq!(firmware.writes(), [(0, 0, 1), (0, in_force, 0)]);
    }
}

/// Firmware that says "done" and does nothing has failed. That it has done nothing cannot be known:
/// it is told the old value.
#[test]
fn an_ignored_write_is_no_success() {
    let mut steps = plan(1);
    let mut firmware = Script {
        writes: vec![Write::Ignored],
        ..Script::default()
    };
    let error = EREMOTEIO;
    assert_eq!(
        run(&mut steps, &mut firmware),
        Outcome::Undone { step: 0, error }
    );
    assert_eq!(firmware.writes(), [(0, 0, 1), (0, 1, 0)]);
}

/// Firmware that takes a value and goes on to show the old one, as where a change is in force only
/// after the next boot, is not left with the new value in store.
#[test]
fn what_is_stored_but_not_shown_is_put_back() {
    let mut steps = plan(1);
    let mut firmware = Script {
        reads: vec![Reading::Known(0); 3],
        ..Script::default()
    };
    let error = EREMOTEIO;
    assert_eq!(
        run(&mut steps, &mut firmware),
        Outcome::Undone { step: 0, error }
    );
    assert_eq!(progress(&steps), [Progress::Failed(error)]);
    assert_eq!(firmware.cells[0], 0);
}

/// What cannot be read back does not count, and is put back from what it should be by now.
#[test]
fn a_step_that_cannot_be_read_back_is_put_back() {
    for (reading, error) in [
        (Reading::Failed(61), 61),
        (Reading::Unknown, EREMOTEIO),
        (Reading::Ambiguous, EREMOTEIO),
        (Reading::Known(9), EREMOTEIO),
    ] {
        for again in [reading, Reading::Known(1)] {
            let mut steps = plan(1);
            let mut firmware = Script {
                reads: vec![reading, again],
                ..Script::default()
            };
            assert_eq!(
                run(&mut steps, &mut firmware),
                Outcome::Undone { step: 0, error }
            );
            assert_eq!(firmware.cells[0], 0);
            let believed = match again {
                Reading::Known(value) => value,
                _ => 1,
            };
            assert_eq!(firmware.writes(), [(0, 0, 1), (0, believed, 0)]);
        }
    }
}

/// Putting back is tried twice, the second time from what the first reads back.
#[test]
fn putting_back_is_tried_twice() {
    for (first, believed) in [
        (Write::Fails, 1),
        (Write::Ignored, 1),
        (Write::Becomes(3), 3),
    ] {
        let mut steps = plan(2);
        let mut firmware = Script {
            writes: vec![Write::Good, Write::Fails, first],
            ..Script::default()
        };
        let outcome = Outcome::Undone {
            step: 1,
            error: EIO,
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        assert_eq!(progress(&steps), [Progress::Undone, Progress::Failed(EIO)]);
        assert_eq!(firmware.cells, [0; 4]);
        assert_eq!(firmware.writes()[2..], [(0, 1, 0), (0, believed, 0)]);
    }
    // One that reports failure and took effect needs no second try: reading back decides.
    let mut steps = plan(2);
    let mut firmware = Script {
        writes: vec![Write::Good, Write::Fails, Write::Lies],
        ..Script::default()
    };
    run(&mut steps, &mut firmware);
    assert_eq!(firmware.writes()[2..], [(0, 1, 0)]);
    assert_eq!(progress(&steps), [Progress::Undone, Progress::Failed(EIO)]);
}

/// What cannot be put back in two tries is named, with why; the others are put back all the same.
#[test]
fn what_cannot_be_put_back_is_named() {
    let mut steps = plan(4);
    let mut firmware = Script {
        writes: vec![
            Write::Good,
            Write::Good,
            Write::Good,
            Write::Fails,
            Write::Good,
            Write::Fails,
            Write::Ignored,
        ],
        ..Script::default()
    };
    let outcome = Outcome::Degraded {
        step: 3,
        error: EIO,
    };
    assert_eq!(run(&mut steps, &mut firmware), outcome);
    let expected = [
        Progress::Undone,
        Progress::Degraded(EREMOTEIO),
        Progress::Undone,
        Progress::Failed(EIO),
    ];
    assert_eq!(progress(&steps), expected);
    assert_eq!(firmware.cells, [0, 1, 0, 0]);
}

/// The failed step itself can be what is left.
#[test]
fn a_failed_step_can_be_degraded_itself() {
    let mut steps = plan(2);
    let mut firmware = Script {
        writes: vec![Write::Good, Write::Lies, Write::Fails, Write::Fails],
        ..Script::default()
    };
    let outcome = Outcome::Degraded {
        step: 1,
        error: EIO,
    };
    assert_eq!(run(&mut steps, &mut firmware), outcome);
    assert_eq!(
        progress(&steps),
        [Progress::Undone, Progress::Degraded(EIO)]
    );
    assert_eq!(firmware.cells, [0, 1, 0, 0]);
}

/// A signal is heeded between steps, not within one and not while undoing.
#[test]
fn a_signal_stops_it_between_steps() {
    for done in 0..=3 {
        let mut steps = plan(3);
        let mut firmware = Script {
            interrupted_after: Some(done),
            ..Script::default()
        };
        let outcome = run(&mut steps, &mut firmware);
        if done == 3 {
            assert_eq!(outcome, Outcome::Done, "too late");
            continue;
        }
        assert_eq!(
            outcome,
            Outcome::Undone {
                step: done,
                error: EINTR
            }
        );
        let expected = [Progress::Undone, Progress::Planned];
        let expected: Vec<_> = (0..3).map(|n| expected[usize::from(n >= done)]).collect();
        assert_eq!(progress(&steps), expected);
        assert_eq!(firmware.cells, [0; 4]);
        assert_eq!(
            firmware.calls.len(),
            done * 5,
            "one write and one read each way"
        );
    }
}
