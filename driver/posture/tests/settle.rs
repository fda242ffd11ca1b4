// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of a machine after an apply.

mod common;

use common::believed::{commit, facts, ids, machine, mark, step, Controls, LIST};
use common::{platform, value, OPEN};
use milspec_posture::control::Class;
use milspec_posture::fact::{Fact, Mark, Policy, Reason, Want};
use milspec_posture::machine::Machine;
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Progress, Request, Step, ACCEPT};

/// Promise: another list of the same machine is in the same mode, applied and latched as before, and
/// its generations go on behind both.
#[test]
fn a_machine_like_another_goes_on() {
    for (past, next) in [(0, 3), (40, 41)] {
        let mut machine = machine();
        let plus = Request {
            mode: Some(Mode::ParanoidPlus),
            list: &[],
        };
        assert!(!machine.is_latched());
        machine.settle(&plus, &[], &[], false);
        assert!(!machine.is_latched(), "it was not done");
        machine.settle(&plus, &[], &[], true);
        assert!(machine.is_latched());
        assert_eq!(commit(&mut machine), (2, 0));
        machine.settle(&plus, &[], &[], true);
        assert_eq!(commit(&mut machine), (2, 0), "it was so already");
        let mut other: Controls = machine.like(facts(), past);
        assert_eq!(other.standing(), machine.standing());
        assert_eq!(commit(&mut other), (next, 0));
        // The latch is the machine's, whatever the caller's policy says.
        let list = [(ids()[1], 0)];
        let request = Request {
            list: &list,
            ..LIST
        };
        let refusal = other.refusal_of(&request, &OPEN).unwrap();
        assert_eq!(refusal.reason, Reason::Latched);
        let (mut wants, mut steps) = ([Want::Nothing; 2], [Step::default(); 2]);
        let planned = other.plan(&request, &OPEN, &mut wants, &mut steps);
        assert_eq!(planned, Err(refusal));
        assert_eq!(Machine::new(facts()).refusal_of(&request, &OPEN), None);
    }
}

/// Promise: what becomes of a step is remembered: what was before the driver, what it wrote, and
/// that it could not put back.
#[test]
fn steps_leave_their_marks() {
    let camera = ids()[0];
    let mut machine = machine();
    let seen_before = mark(&machine).seen;
    machine.settle(&LIST, &[], &[step(camera, Progress::Done)], false);
    assert_eq!(
        (mark(&machine).baseline, mark(&machine).written),
        (Some(1), Some(0))
    );
    let second = Step {
        from: 0,
        to: 1,
        ..step(camera, Progress::Degraded(5))
    };
    assert!(seen_before.is_some());
    machine.settle(&LIST, &[], &[second], false);
    let degraded = Mark {
        baseline: Some(1),
        degraded: true,
        first: seen_before,
        ..Mark::default()
    };
    assert_eq!((mark(&machine), machine.degraded()), (degraded, 1));
    commit(&mut machine);
    // What holds without a step settles it, and is then the driver's.
    for (want, written) in [(1, 2), (1, 2), (0, 3)] {
        machine.settle(&LIST, &[Want::Value(want)], &[], true);
        assert_eq!(
            (mark(&machine).written, machine.degraded()),
            (Some(want), 0)
        );
        assert_eq!(commit(&mut machine).0, written + 1);
    }
    machine.settle(&LIST, &[], &[step(camera, Progress::Moved)], false);
    assert_eq!(mark(&machine).baseline, None);
}

/// Promise: what has no mark of the driver's gets none because it holds.
#[test]
fn what_holds_and_was_never_written_stays_its_owners() {
    let mut machine = machine();
    machine.settle(&LIST, &[Want::Value(1); 2], &[], true);
    assert_eq!(mark(&machine).written, None);
    assert_eq!(commit(&mut machine), (1, 0));
}

/// Promise: to accept takes a control as it is: nothing of it is the driver's any more.
#[test]
fn what_is_accepted_is_its_owners() {
    let camera = ids()[0];
    let accept = [(camera, ACCEPT)];
    let accept = Request {
        list: &accept,
        ..LIST
    };
    let list = [(camera, 1), (camera, 7)];
    let baseline = Request {
        mode: Some(Mode::Baseline),
        list: &list,
    };
    // Of a value that it has not any more, so that no mode asks for it: what is remembered is all
    // that changes.
    let strange = |progress| Step {
        from: 7,
        ..step(camera, progress)
    };
    type Before<'a> = &'a dyn Fn(&mut Controls);
    let befores: [(Before<'_>, u64); 4] = [
        (&|_| (), 0),
        (
            &|m| m.settle(&LIST, &[], &[strange(Progress::Done)], false),
            1,
        ),
        (
            &|m| m.settle(&LIST, &[], &[strange(Progress::Degraded(5))], false),
            1,
        ),
        // Remembered from before this load, and a value that it does not have is not.
        (&|m| m.settle(&baseline, &[], &[], true), 1),
    ];
    for (before, moves) in befores {
        let mut machine = machine();
        before(&mut machine);
        let (generation, _) = commit(&mut machine);
        machine.settle(&accept, &[], &[], false);
        assert_eq!(commit(&mut machine).0, generation, "it was not done");
        machine.settle(&accept, &[], &[], true);
        let Mark {
            baseline,
            written,
            degraded,
            ..
        } = mark(&machine);
        assert_eq!((baseline, written, degraded), (None, None, false));
        assert_eq!(commit(&mut machine).0, generation + moves);
    }
}

/// Promise: beside each control stands what the mode asks of it, and why it cannot be had where it
/// is not so already; that it is another is another state of things.
#[test]
fn controls_say_what_the_mode_asks() {
    let disabled = value("camera", "disabled");
    let paranoid = Request {
        mode: Some(Mode::Paranoid),
        list: &[],
    };
    let asked = |camera: Fact, policy: &Policy| {
        // Of what a mode reaches nothing, the machine is not in it.
        let mut facts = vec![camera, platform("microphone", "disabled")];
        facts.sort_by_key(|fact| fact.id);
        let mut machine = Machine::new(facts);
        machine.settle(&paranoid, &[], &[], true);
        machine.commit(policy, &mut [Want::Nothing; 2]);
        let Fact {
            wanted, unreached, ..
        } = *machine.fact(camera.id).unwrap();
        // Under another policy it may be within reach.
        let moved = machine.commit(&OPEN, &mut [Want::Nothing; 2]).generation - 1;
        (wanted, unreached, moved)
    };
    let restricted = |current| Fact {
        class: Class::Restricted,
        ..platform("camera", current)
    };
    let policy = Policy::default();
    let [on, off] = ["enabled", "disabled"].map(restricted);
    let out = Some(Reason::Restricted);
    assert_eq!(asked(on, &policy), (Some(disabled), out, 1));
    assert_eq!(asked(off, &policy).1, None);
    assert_eq!(asked(off, &OPEN), (Some(disabled), None, 0));
}

/// Promise: a mode that is applied is another state of things, also where the machine was in it; what
/// was before the driver is as well, and to be told so once.
#[test]
fn what_is_asked_for_is_believed() {
    let mut machine = machine();
    let standard = Request {
        mode: Some(Mode::Standard),
        list: &[],
    };
    let before = machine.standing();
    assert_eq!(before.mode, standard.mode);
    for generation in [2, 2] {
        machine.settle(&standard, &[], &[], true);
        assert_eq!(commit(&mut machine), (generation, 0));
        assert_eq!(machine.standing(), before);
    }
    let list = [(ids()[0], 1)];
    let was = Request {
        list: &list,
        ..LIST
    };
    machine.settle(&was, &[], &[], true);
    assert_eq!(mark(&machine).baseline, None);
    let baseline = Request {
        mode: Some(Mode::Baseline),
        ..was
    };
    let other = Request {
        list: &[],
        ..baseline
    };
    machine.settle(&other, &[], &[], true);
    let (generation, _) = commit(&mut machine);
    for _ in 0..2 {
        machine.settle(&baseline, &[], &[], true);
        assert_eq!(commit(&mut machine), (generation + 1, 0));
        assert_eq!(mark(&machine).baseline, Some(1));
    }
    // It is near no mode now, so that nothing else tells.
    assert_eq!(machine.standing().mode, None);
    let list = [(ids()[1], 1)];
    let baseline = Request {
        list: &list,
        ..baseline
    };
    machine.settle(&baseline, &[], &[], true);
    assert_eq!(commit(&mut machine), (generation + 2, 0));
}
