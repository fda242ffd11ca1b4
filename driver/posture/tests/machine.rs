// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of a machine, and when that is another state of things.

mod common;

use common::{device, dsmil, platform, setting, value, OPEN};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::fact::{Fact, Mark, Policy, Reason, Want, ACTIVE};
use milspec_posture::machine::{Machine, News, Outside, Seen};
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Progress, Request, Step, ACCEPT};

type Controls = Machine<Vec<Fact>>;

/// Nothing but a list.
const LIST: Request<'_> = Request {
    mode: None,
    list: &[],
};

fn seen(reading: Reading) -> Seen {
    Seen {
        reading,
        tamper: Some(false),
        altered: false,
    }
}

fn facts() -> Vec<Fact> {
    vec![platform("camera", "enabled"), dsmil(0, 0, ACTIVE, &[])]
}

fn ids() -> [u32; 2] {
    [setting("camera"), device(0, 0)]
}

/// A machine of one setting and one device, read and committed: its generation is 1.
fn machine() -> Controls {
    let mut machine = Machine::new(facts());
    for fact in facts() {
        machine.observe(fact.id, seen(fact.reading));
    }
    assert_eq!(commit(&mut machine), (1, 2));
    machine
}

/// The generation that is committed, and of how many controls something else was read.
fn commit(machine: &mut Controls) -> (u64, u32) {
    let committed = machine.commit(&OPEN, &mut vec![Want::Nothing; machine.facts().len()]);
    assert_eq!(committed.generation, machine.generation());
    (committed.generation, committed.changed)
}

fn step(id: u32, progress: Progress) -> Step {
    Step {
        id,
        from: 1,
        to: 0,
        progress,
        now: None,
    }
}

fn mark(machine: &Controls) -> Mark {
    machine.mark(ids()[0])
}

/// Promise: a generation stands for one state of things: it moves on by one when anything else is
/// believed, and else not; a control counts as changed once.
#[test]
fn a_generation_moves_with_what_is_believed() {
    let known = |value| seen(Reading::Known(value));
    let [camera, dsmil] = ids();
    let now = facts()[0].reading;
    let tampered = Seen {
        tamper: Some(true),
        ..known(1)
    };
    let bytes = Seen {
        altered: true,
        ..known(1)
    };
    let both = |m: &mut Controls, readings: [Reading; 2]| {
        for (id, reading) in ids().into_iter().zip(readings) {
            m.observe(id, seen(reading));
        }
    };
    let one = |m: &mut Controls, seen: Seen| _ = m.observe(dsmil, seen);
    let settled = |m: &mut Controls, progress| {
        m.settle(&LIST, &[], &[step(camera, progress)], false);
    };
    type Change<'a> = &'a dyn Fn(&mut Controls);
    let changes: [(&str, Change<'_>, (u64, u32)); 15] = [
        ("nothing", &|_| (), (1, 0)),
        ("the same", &|m| both(m, [now, Reading::Known(1)]), (1, 0)),
        ("no such control", &|m| _ = m.observe(7, known(0)), (1, 0)),
        ("another value", &|m| one(m, known(0)), (2, 1)),
        (
            "there and back",
            &|m| [0, 1].into_iter().for_each(|value| one(m, known(value))),
            (2, 1),
        ),
        ("two", &|m| both(m, [Reading::Failed(5); 2]), (2, 2)),
        ("tampering", &|m| one(m, tampered), (2, 1)),
        ("other bytes", &|m| one(m, bytes), (2, 1)),
        ("other bytes of none", &|m| m.alter(), (2, 0)),
        ("another list", &|m| _ = m.replace(facts()), (2, 0)),
        ("a family gone", &|m| m.withdraw(Family::Dsmil), (2, 0)),
        ("past an earlier one", &|m| m.move_past(0), (2, 0)),
        ("past a later one", &|m| m.move_past(50), (51, 0)),
        ("a step", &|m| settled(m, Progress::Done), (2, 0)),
        ("one undone", &|m| settled(m, Progress::Undone), (1, 0)),
    ];
    for (name, change, expected) in changes {
        let mut machine = machine();
        change(&mut machine);
        assert_eq!(commit(&mut machine), expected, "{name}");
        // What is committed is not committed again.
        assert_eq!(commit(&mut machine), (expected.0, 0), "{name}, and again");
    }
    // Of a family that the machine does not have, nothing goes.
    let mut other = Machine::new(vec![facts()[0]]);
    assert_eq!(commit(&mut other), (1, 0));
    other.withdraw(Family::Dsmil);
    assert_eq!(commit(&mut other), (1, 0));
}

/// Promise: whoever has decided on another state of things is told; who names none is not.
#[test]
fn only_another_generation_is_stale() {
    let mut machine = machine();
    machine.alter();
    commit(&mut machine);
    let stale = [0, 1, 2, 3].map(|generation| machine.is_stale(generation));
    assert_eq!(stale, [false, true, false, true]);
}

/// Promise: what is gone cannot be read or set, keeps what is remembered of it, and touches no other
/// family.
#[test]
fn withdrawn_controls_keep_what_is_remembered() {
    let mut machine = machine();
    machine.settle(&LIST, &[], &ids().map(|id| step(id, Progress::Done)), false);
    let before = machine.facts().to_vec();
    machine.withdraw(Family::Dsmil);
    assert_eq!(machine.facts()[0], before[0]);
    let gone = machine.facts()[1];
    assert_eq!(
        (gone.class, gone.reading),
        (Class::ReadOnly, Reading::Unknown)
    );
    assert!(gone.gone && !gone.writable && !gone.has(0) && !gone.has(1) && !gone.may_be_active());
    assert_eq!(gone.mark, before[1].mark);
    assert_eq!(gone.mark.written, Some(0));
    assert_eq!(machine.mark(7), Mark::default());
}

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

/// Promise: a change that nobody has asked for is said once, with what it was from, and as drift
/// where it was the driver's value; tampering is said when it begins.
#[test]
fn news_is_said_once() {
    let [_, dsmil] = ids();
    let mut machine = machine();
    let outside = |from, to, drift| News {
        outside: Some(Outside {
            id: dsmil,
            from,
            to,
            drift,
        }),
        tampered: false,
    };
    let none = News::default();
    let observe = |machine: &mut Controls, reading| machine.observe(dsmil, seen(reading));
    assert_eq!(observe(&mut machine, Reading::Known(1)), none);
    assert_eq!(
        observe(&mut machine, Reading::Known(0)),
        outside(1, Some(0), false)
    );
    assert_eq!(observe(&mut machine, Reading::Known(0)), none);
    assert_eq!(observe(&mut machine, Reading::Failed(5)), none);
    assert_eq!(
        observe(&mut machine, Reading::Unknown),
        outside(0, None, false)
    );
    assert_eq!(observe(&mut machine, Reading::Ambiguous), none);
    assert_eq!(observe(&mut machine, Reading::Known(0)), none);
    machine.settle(&LIST, &[], &[step(dsmil, Progress::Done)], false);
    assert_eq!(
        observe(&mut machine, Reading::Unknown),
        outside(0, None, true)
    );
    assert_eq!(
        observe(&mut machine, Reading::Known(1)),
        outside(0, Some(1), true)
    );
    let mut tamper = |tamper| {
        let seen = Seen {
            tamper,
            ..seen(Reading::Known(1))
        };
        machine.observe(dsmil, seen).tampered
    };
    let said = [
        None,
        Some(true),
        Some(true),
        None,
        Some(true),
        Some(false),
        Some(true),
    ];
    let said = said.map(&mut tamper);
    assert_eq!(said, [false, true, false, false, false, false, true]);
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
