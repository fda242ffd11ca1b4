// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of a machine as it reads it, and when that is another state of things.

mod common;

use common::believed::{commit, facts, ids, machine, seen, step, Controls, LIST};
use common::dsmil;
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::fact::{Fact, Mark, Reason, ACTIVE};
use milspec_posture::machine::{withdrawn, Machine, News, Outside, Seen};
use milspec_posture::plan::Progress;

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

/// Promise: nothing is said of what is gone but that it is, and what is remembered of it.
#[test]
fn of_what_is_gone_nothing_is_said() {
    let fact = Fact {
        tamper: Some(true),
        wanted: Some(0),
        unreached: Some(Reason::ReadOnly),
        ..dsmil(0, 0, ACTIVE, &[])
    };
    let gone = Fact {
        class: Class::ReadOnly,
        writable: false,
        values: 0,
        gone: true,
        reading: Reading::Unknown,
        tamper: None,
        wanted: None,
        unreached: None,
        ..fact
    };
    assert_eq!(withdrawn(&fact), gone);
}
