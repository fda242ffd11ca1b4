// SPDX-License-Identifier: GPL-2.0

//! What becomes of the steps of a plan, call by call.

use milspec_posture::control::{Class, Reading};
use milspec_posture::errno::{EAGAIN, EBUSY, EINTR, EREMOTEIO};
use milspec_posture::fact::{Fact, Policy, Want, ACTIVE};
use milspec_posture::machine::{Machine, Outside, Plan, Seen};
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Progress, Request, Step};
use milspec_posture::transaction::{self, Firmware, Outcome};

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
    met: Vec<Outside>,
    settled: Vec<(u32, Progress)>,
}

/// Carries steps out on a machine of four controls that was seen with value 0 each.
fn run(steps: &mut [Step], firmware: &mut Script) -> Outcome {
    transaction::run(&mut machine(), steps, firmware)
}

/// A machine of four controls with the values 0 to 3, each seen with value 0.
fn machine() -> Machine<Vec<Fact>> {
    let fact = |id| Fact {
        id,
        writable: true,
        values: 0b1111,
        ..Fact::NEW
    };
    let mut machine = Machine::new((0..4).map(fact).collect::<Vec<_>>());
    for id in 0..4 {
        machine.observe(id, seen(0));
    }
    machine
}

fn seen(value: u8) -> Seen {
    Seen {
        reading: Reading::Known(value),
        tamper: Some(false),
        altered: false,
    }
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
    /// Says that somebody else was faster: the value is this.
    Conflicts(u8),
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
            Write::Conflicts(other) => {
                *cell = other;
                return Err(EAGAIN);
            }
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

    fn settled(&mut self, step: &Step) {
        self.settled.push((step.id, step.progress));
    }

    fn changed_outside(&mut self, change: &Outside) {
        self.met.push(*change);
    }
}

/// Steps that take the first `count` cells from 0 to 1.
fn plan(count: u32) -> Vec<Step> {
    let step = |id| Step {
        id,
        from: 0,
        to: 1,
        ..Step::default()
    };
    (0..count).map(step).collect()
}

fn progress(steps: &[Step]) -> Vec<Progress> {
    steps.iter().map(|step| step.progress).collect()
}

/// Firmware calls are dear: each step is a read, a write and a read, and nothing else.
#[test]
fn each_step_is_read_written_and_read_back() {
    let (mut steps, mut firmware) = (plan(2), Script::default());
    assert_eq!(run(&mut steps, &mut firmware), Outcome::Done);
    assert_eq!(progress(&steps), [Progress::Done; 2]);
    let calls = [
        Call::Begins(1),
        Call::Read(0),
        Call::Write(0, 0, 1),
        Call::Read(0),
        Call::Begins(2),
        Call::Read(1),
        Call::Write(1, 0, 1),
        Call::Read(1),
    ];
    assert_eq!(firmware.calls, calls);
    assert_eq!(run(&mut [], &mut firmware), Outcome::Done);
    assert_eq!(firmware.calls, calls, "nothing to do is nothing done");
}

/// A control that is not as planned when its turn comes is left alone, what was done is undone, and
/// the step says what was found; also where it is as it was to be.
#[test]
fn what_somebody_else_has_changed_is_left_alone() {
    for now in [1, 3] {
        let mut steps = plan(3);
        let mut firmware = Script {
            cells: [0, now, 0, 0],
            ..Script::default()
        };
        let outcome = Outcome::Conflict {
            step: 1,
            error: EBUSY,
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        let expected = [Progress::Undone, Progress::Moved, Progress::Planned];
        assert_eq!(progress(&steps), expected);
        assert_eq!(steps[1].now, Some(now));
        assert_eq!(firmware.cells, [0, now, 0, 0]);
        assert_eq!(firmware.writes(), [(0, 0, 1), (0, 1, 0)]);
        let change = Outside {
            id: 1,
            from: 0,
            to: Some(now),
            drift: false,
        };
        assert_eq!(firmware.met, [change]);
    }
}

/// What the undo finds changed by somebody else it leaves alone; what it finds put back it takes for
/// put back.
#[test]
fn an_undo_leaves_alone_what_is_not_as_written() {
    for (now, left, outcome) in [
        (
            3,
            Progress::Moved,
            Outcome::Conflict {
                step: 0,
                error: EIO,
            },
        ),
        (
            0,
            Progress::Undone,
            Outcome::Undone {
                step: 1,
                error: EIO,
            },
        ),
    ] {
        let mut steps = plan(2);
        let good = Reading::Known(0);
        let mut firmware = Script {
            writes: vec![Write::Good, Write::Fails],
            // Read, read back; read, read back; the undo looks at the second, then at the first.
            reads: vec![good, Reading::Known(1), good, good, Reading::Known(now)],
            ..Script::default()
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        assert_eq!(progress(&steps), [left, Progress::Failed(EIO)]);
        assert_eq!(firmware.writes(), [(0, 0, 1), (1, 0, 1)]);
    }
}

/// Promise: each step is told once it is settled, and once more when it is undone; one that has left
/// something behind when that is put back, and not before.
#[test]
fn steps_are_told_when_they_are_settled() {
    use Progress::{Degraded, Done, Failed, Moved, Undone};
    let hidden = Failed(EREMOTEIO);
    /// What writes come to, and what is told of which control.
    type Told<'a> = (&'a [Write], &'a [(u32, Progress)]);
    let told: [Told<'_>; 6] = [
        (&[], &[(0, Done), (1, Done)]),
        (&[Write::Fails], &[(0, Failed(EIO))]),
        (
            &[Write::Good, Write::Lies],
            &[(0, Done), (1, Failed(EIO)), (0, Undone)],
        ),
        (
            &[Write::Good, Write::Ignored],
            &[(0, Done), (1, hidden), (0, Undone)],
        ),
        (
            &[Write::Good, Write::Lies, Write::Fails, Write::Fails],
            &[(0, Done), (1, Degraded(EIO)), (0, Undone)],
        ),
        (
            &[Write::Good, Write::Becomes(3)],
            &[(0, Done), (1, Moved), (0, Undone)],
        ),
    ];
    for (writes, expected) in told {
        let mut firmware = Script {
            writes: writes.to_vec(),
            ..Script::default()
        };
        run(&mut plan(2), &mut firmware);
        assert_eq!(firmware.settled, expected);
    }
}

/// Promise: that a value is back which the driver was about to put back is told as somebody else's
/// doing where the driver had read its own back and not written since, and nowhere else.
#[test]
fn an_undo_blames_nobody_for_its_own_tries() {
    let outside = Outside {
        id: 0,
        from: 1,
        to: Some(0),
        drift: false,
    };
    let (old, new) = (Reading::Known(0), Reading::Known(1));
    let cases: [(&[Write], &[Reading], &[Outside]); 5] = [
        // Found, or told by firmware that compares.
        (
            &[Write::Good, Write::Fails],
            &[old, new, old, old, old],
            &[outside],
        ),
        (
            &[Write::Good, Write::Fails, Write::Conflicts(0)],
            &[],
            &[outside],
        ),
        // The try before may have done it.
        (
            &[Write::Good, Write::Fails, Write::Fails, Write::Conflicts(0)],
            &[],
            &[],
        ),
        // It was never read back as written.
        (&[Write::Lies], &[old, new, old], &[]),
        (&[Write::Lies, Write::Conflicts(0)], &[], &[]),
    ];
    for (writes, reads, met) in cases {
        let mut steps = plan(2);
        let mut firmware = Script {
            writes: writes.to_vec(),
            reads: reads.to_vec(),
            ..Script::default()
        };
        let outcome = run(&mut steps, &mut firmware);
        assert!(matches!(outcome, Outcome::Undone { error: EIO, .. }));
        assert_eq!(firmware.met, met);
    }
}

/// Promise: a third value that is there when an undo has written is left, and told as somebody else's
/// doing.
#[test]
fn a_third_value_behind_an_undo_is_told() {
    for write in [Write::Becomes(3), Write::Conflicts(3)] {
        let mut steps = plan(2);
        let mut firmware = Script {
            writes: vec![Write::Good, Write::Fails, write],
            ..Script::default()
        };
        let outcome = Outcome::Conflict {
            step: 0,
            error: EIO,
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        assert_eq!(steps[0].now, Some(3));
        assert_eq!(firmware.writes()[2..], [(0, 1, 0)]);
        let change = Outside {
            id: 0,
            from: 1,
            to: Some(3),
            drift: false,
        };
        assert_eq!(firmware.met, [change]);
    }
}

/// Firmware that compares says that somebody else was faster: nothing was written, so that there is
/// nothing to undo, whatever is in force now.
#[test]
fn a_conflict_that_the_firmware_tells_is_nobody_elses_undoing() {
    for (now, progress_of_it, error) in [
        (1, Progress::Moved, EBUSY),
        (3, Progress::Moved, EBUSY),
        (0, Progress::Failed(EAGAIN), EAGAIN),
    ] {
        let mut steps = plan(1);
        let mut firmware = Script {
            writes: vec![Write::Conflicts(now)],
            ..Script::default()
        };
        let outcome = match progress_of_it {
            Progress::Moved => Outcome::Conflict { step: 0, error },
            _ => Outcome::Undone { step: 0, error },
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        assert_eq!(progress(&steps), [progress_of_it]);
        assert_eq!(firmware.cells[0], now);
        assert_eq!(firmware.writes(), [(0, 0, 1)]);
    }
}

/// A device is not put back to active while what it needs could not be: it is degraded as well.
#[test]
fn an_undo_keeps_to_what_devices_need() {
    let device = |id, depends| Fact {
        id,
        family: milspec_posture::control::Family::Dsmil,
        writable: true,
        values: 0b11,
        depends,
        ..Fact::NEW
    };
    let facts = vec![
        device(0, [None; 4]),
        device(1, [Some(0), None, None, None]),
        device(2, [None; 4]),
    ];
    let mut machine = Machine::new(facts);
    for id in 0..3 {
        machine.observe(id, seen(ACTIVE));
    }
    let step = |id| Step {
        id,
        from: 1,
        to: 0,
        ..Step::default()
    };
    let mut steps = vec![step(1), step(0), step(2)];
    let mut firmware = Script {
        cells: [1; 4],
        // The third is refused, and then the second cannot be put back.
        writes: vec![
            Write::Good,
            Write::Good,
            Write::Fails,
            Write::Fails,
            Write::Fails,
        ],
        ..Script::default()
    };
    let outcome = transaction::run(&mut machine, &mut steps, &mut firmware);
    assert_eq!(
        outcome,
        Outcome::Degraded {
            step: 2,
            error: EIO
        }
    );
    let expected = [
        Progress::Degraded(EBUSY),
        Progress::Degraded(EIO),
        Progress::Failed(EIO),
    ];
    assert_eq!(progress(&steps), expected);
    assert_eq!(
        firmware.cells[..3],
        [0, 0, 1],
        "no device is active without what it needs"
    );
}

/// What the driver itself has left behind is not blamed on anybody, and settled by what comes next.
#[test]
fn what_a_failure_leaves_is_no_drift() {
    let mut machine = machine();
    let request = Request {
        mode: None,
        list: &[],
    };
    let mut steps = plan(1);
    transaction::run(&mut machine, &mut steps, &mut Script::default());
    machine.settle(&request, &[Want::Value(1)], &steps, true);
    let back = |steps: &mut [Step]| {
        for step in steps.iter_mut() {
            (step.from, step.to, step.progress) = (1, 2, Progress::Planned);
        }
    };
    back(&mut steps);
    let mut firmware = Script {
        cells: [1, 0, 0, 0],
        writes: vec![Write::Lies, Write::Fails, Write::Fails],
        ..Script::default()
    };
    let outcome = transaction::run(&mut machine, &mut steps, &mut firmware);
    assert_eq!(
        outcome,
        Outcome::Degraded {
            step: 0,
            error: EIO
        }
    );
    machine.settle(&request, &[Want::Value(2)], &steps, false);
    let news = machine.observe(0, seen(2));
    assert_eq!(news.outside, None);
    let fact = machine.fact(0).unwrap();
    assert!(fact.mark.degraded && !fact.has_drifted());
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

/// A step that reports failure and took effect is put back.
#[test]
fn a_failed_step_that_took_effect_is_put_back() {
    let mut steps = plan(1);
    let mut firmware = Script {
        writes: vec![Write::Lies],
        ..Script::default()
    };
    let outcome = Outcome::Undone {
        step: 0,
        error: EIO,
    };
    assert_eq!(run(&mut steps, &mut firmware), outcome);
    assert_eq!(progress(&steps), [Progress::Failed(EIO)]);
    assert_eq!(firmware.cells[0], 0);
    assert_eq!(firmware.writes(), [(0, 0, 1), (0, 1, 0)]);
}

/// What is neither the old value nor the new one is left as it is: nobody can tell the firmware's
/// doing from somebody else's.
#[test]
fn a_third_value_is_left_as_it_is() {
    for write in [Write::Becomes(3), Write::Fails] {
        let mut steps = plan(1);
        let third = Reading::Known(3);
        let mut firmware = Script {
            writes: vec![write],
            reads: vec![Reading::Known(0), third, third],
            ..Script::default()
        };
        let outcome = Outcome::Conflict {
            step: 0,
            error: EBUSY,
        };
        assert_eq!(run(&mut steps, &mut firmware), outcome);
        assert_eq!(
            (steps[0].progress, steps[0].now),
            (Progress::Moved, Some(3))
        );
        assert_eq!(firmware.writes(), [(0, 0, 1)]);
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
    assert_eq!(firmware.writes(), [(0, 0, 1), (0, 0, 0)]);
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

/// What cannot be read back does not count, and is put back; also where it cannot be read again, so
/// that nobody knows what is there.
#[test]
fn a_step_that_cannot_be_read_back_is_put_back() {
    for (reading, error) in [
        (Reading::Failed(61), 61),
        (Reading::Unknown, EREMOTEIO),
        (Reading::Ambiguous, EREMOTEIO),
        (Reading::Known(9), EREMOTEIO),
    ] {
        for blind in 1..=3 {
            let mut steps = plan(1);
            let mut reads = vec![Reading::Known(0)];
            reads.extend(vec![reading; blind]);
            let mut firmware = Script {
                reads,
                ..Script::default()
            };
            let outcome = Outcome::Undone { step: 0, error };
            assert_eq!(
                run(&mut steps, &mut firmware),
                outcome,
                "{reading:?} {blind}"
            );
            assert_eq!(firmware.cells[0], 0);
            assert_eq!(firmware.writes(), [(0, 0, 1), (0, 1, 0)]);
            assert_eq!(firmware.met, []);
        }
    }
}

/// What cannot be read when its turn comes is not written.
#[test]
fn what_cannot_be_read_is_not_written() {
    let mut steps = plan(1);
    let mut firmware = Script {
        reads: vec![Reading::Failed(61); 2],
        ..Script::default()
    };
    let outcome = Outcome::Undone { step: 0, error: 61 };
    assert_eq!(run(&mut steps, &mut firmware), outcome);
    assert_eq!(firmware.writes(), []);
}

/// Putting back is tried twice.
#[test]
fn putting_back_is_tried_twice() {
    for first in [Write::Fails, Write::Ignored] {
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
        assert_eq!(firmware.writes()[2..], [(0, 1, 0), (0, 1, 0)]);
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

/// What cannot be put back in two tries is named, with why and what it has now; the others are put
/// back all the same.
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
    let now: Vec<_> = steps.iter().map(|step| step.now).collect();
    assert_eq!(now, [None, Some(1), None, None], "and what it has now");
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
            done * 7,
            "it begins, and each way is a read, a write and a read"
        );
    }
}

/// A state that nobody can have given a device, and that passes, does not make it somebody else's.
#[test]
fn a_failure_that_passes_leaves_the_baseline() {
    let mut machine = machine();
    let request = Request {
        mode: None,
        list: &[],
    };
    let mut steps = plan(1);
    transaction::run(&mut machine, &mut steps, &mut Script::default());
    machine.settle(&request, &[Want::Value(1)], &steps, true);
    for value in [9, 1] {
        let news = machine.observe(0, seen(value));
        assert!(news.outside.is_some());
        assert_eq!(machine.fact(0).unwrap().mark.baseline, Some(0));
    }
    machine.observe(0, seen(2));
    assert_eq!(machine.fact(0).unwrap().mark.baseline, None);
}

/// Promise: a list with the mode baseline says what was before the driver was loaded anew: it is put
/// back, the driver remembers it as its baseline, and the machine is in that mode.
#[test]
fn a_list_with_the_baseline_is_remembered() {
    let safe = |fact: &Fact| Fact {
        class: Class::Safe,
        ..*fact
    };
    let mut machine = Machine::new(machine().facts().iter().map(safe).collect::<Vec<_>>());
    let mut wants = vec![Want::Nothing; 4];
    let mut steps = vec![Step::default(); 4];
    let mut restore = |machine: &mut Machine<Vec<Fact>>, list: &[(u32, u8)]| {
        let request = Request {
            mode: Some(Mode::Baseline),
            list,
        };
        let policy = Policy::default();
        let plan = machine.plan(&request, &policy, &mut wants, &mut steps);
        let Plan {
            steps: count,
            coverage,
        } = plan.unwrap();
        let steps = &mut steps[..count];
        let outcome = transaction::run(machine, steps, &mut Script::default());
        assert_eq!(outcome, Outcome::Done);
        machine.settle(&request, &wants, steps, true);
        machine.commit(&policy, &mut wants);
        (count, [coverage.lines, coverage.present, coverage.reached])
    };
    // Of a load before this one: the driver knows of no change.
    assert_eq!(restore(&mut machine, &[]), (0, [0; 3]));
    assert_eq!(restore(&mut machine, &[(0, 2), (1, 0)]), (1, [2; 3]));
    for (id, value) in [(0, Some(2)), (1, Some(0)), (2, None)] {
        assert_eq!(machine.fact(id).unwrap().mark.baseline, value, "{id}");
    }
    let standing = machine.standing();
    assert_eq!(
        (standing.mode, standing.deviations),
        (Some(Mode::Baseline), 0)
    );
    // The same again, with what is known now and nothing else.
    assert_eq!(restore(&mut machine, &[]), (0, [2; 3]));
    assert_eq!(machine.fact(0).unwrap().reading, Reading::Known(2));
}
