// SPDX-License-Identifier: GPL-2.0

//! What of a mode a machine can have: why not the rest, and how that is counted.

mod common;

use common::{device, dsmil, machine, platform, setting, value, wants, OPEN, USUAL};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::fact::{Fact, Reason, Want, ACTIVE};
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Coverage, ACCEPT, LEAVE};

/// "12 of 17": lines that there are, those that this machine has, those that can be changed.
#[test]
fn coverage_counts_lines_presence_and_reach() {
    let facts = [
        platform("bios-downgrade", "allowed"),
        platform("strong-password", "disabled"),
        platform("admin-setup-lockout", "disabled"),
        platform("camera", "enabled"),
    ];
    let reach = |mode: Mode, policy| wants(Some(mode), &[], &facts, policy).unwrap().1;
    let standard = Coverage {
        lines: 11,
        present: 2,
        reached: 2,
    };
    assert_eq!(reach(Mode::Standard, &USUAL), standard);
    let enhanced = Coverage {
        lines: 33,
        present: 3,
        reached: 2,
    };
    assert_eq!(reach(Mode::Enhanced, &USUAL), enhanced, "one is restricted");
    assert_eq!(
        reach(Mode::Enhanced, &OPEN),
        Coverage {
            reached: 3,
            ..enhanced
        }
    );

    // The baseline is about what has been changed.
    let mut changed = facts;
    changed[3].mark.baseline = Some(0);
    let (_, coverage) = wants(Some(Mode::Baseline), &[], &changed, &USUAL).unwrap();
    assert_eq!(
        coverage,
        Coverage {
            lines: 1,
            present: 1,
            reached: 1
        }
    );

    // Devices count where the machine has them, quarantined ones never.
    let rugged = machine("rugged.toml").facts;
    let (wants, coverage) = wants(Some(Mode::Standard), &[], &rugged, &USUAL).unwrap();
    assert_eq!(coverage.lines, 11 + 9);
    let dsmil = wants
        .iter()
        .zip(&rugged)
        .filter(|(_, f)| f.family == Family::Dsmil);
    let wanted = dsmil.filter(|(want, _)| **want != Want::Nothing);
    let wanted: Vec<u32> = wanted.map(|(_, fact)| fact.id).collect();
    assert_eq!(wanted, (0..9).map(|n| device(0, n)).collect::<Vec<_>>());
}

/// A line that cannot be reached is named with its reason, and so is what depends on it.
#[test]
fn what_is_out_of_reach_says_why() {
    let mut facts = vec![
        dsmil(0, 0, 0, &[]),
        dsmil(0, 1, 0, &[0]),
        dsmil(0, 2, 0, &[1]),
        platform("module-bay", "enabled"),
        platform("camera", "enabled"),
    ];
    facts[0].class = Class::Restricted;
    facts[4].denied = true;
    let (wants, _) = wants(Some(Mode::Paranoid), &[], &facts, &USUAL).unwrap();
    let expected = [
        Want::OutOfReach(ACTIVE, Reason::Restricted),
        Want::OutOfReach(ACTIVE, Reason::Dependency(device(0, 0))),
        Want::OutOfReach(ACTIVE, Reason::Dependency(device(0, 1))),
        Want::OutOfReach(1, Reason::Restricted),
        Want::OutOfReach(1, Reason::Denied),
    ];
    assert_eq!(wants, expected);
}

/// A mode that would put a device back leaves it where another, which it does not reach, needs it.
#[test]
fn a_mode_leaves_what_is_needed_elsewhere() {
    let mut facts = vec![dsmil(7, 0, ACTIVE, &[]), dsmil(8, 0, ACTIVE, &[0])];
    facts[0].mark.baseline = Some(0);
    let left = |facts: &[Fact]| wants(Some(Mode::Standard), &[], facts, &USUAL).unwrap().0;
    let needed = Want::OutOfReach(0, Reason::Needed(device(8, 0)));
    assert_eq!(left(&facts), [needed, Want::Nothing]);
    facts[1].reading = Reading::Known(0);
    assert_eq!(left(&facts), [Want::Value(0), Want::Nothing]);
}

/// An exception takes with it what depends on it, so that it can be made at all. What the list
/// itself asks for is not dropped like that.
#[test]
fn an_exception_takes_its_dependents_along() {
    let facts = [dsmil(0, 0, 0, &[]), dsmil(0, 1, 0, &[0])];
    let mut list = vec![(device(0, 0), LEAVE)];
    let mode = Some(Mode::Standard);
    let missing = Reason::Dependency(device(0, 0));
    let (left, _) = wants(mode, &list, &facts, &USUAL).unwrap();
    assert_eq!(left, [Want::Nothing, Want::OutOfReach(ACTIVE, missing)]);
    list.push((device(0, 1), ACTIVE));
    let refused = common::plan(mode, &list, &facts, &USUAL).unwrap_err();
    assert_eq!((refused.id, refused.reason), (device(0, 1), missing));
}

/// Promise: what the list takes out of a mode does not count as reached, nor what that takes along;
/// what it adds counts for the baseline alone, which is what the list says that it was.
#[test]
fn exceptions_are_counted() {
    let counted = |mode, facts: &[Fact], list: &[(u32, u8)]| {
        let (_, coverage) = wants(Some(mode), list, facts, &USUAL).unwrap();
        (coverage.lines, coverage.present, coverage.reached)
    };
    let mut facts = [
        platform("bios-downgrade", "allowed"),
        platform("strong-password", "disabled"),
        platform("camera", "enabled"),
    ];
    facts.sort_by_key(|fact| fact.id);
    let (bios, camera) = (setting("bios-downgrade"), setting("camera"));
    let (allowed, disabled) = (
        value("bios-downgrade", "allowed"),
        value("camera", "disabled"),
    );
    for (list, expected) in [
        (&[][..], (11, 2, 2)),
        (&[(bios, LEAVE)], (11, 2, 1)),
        (&[(bios, ACCEPT)], (11, 2, 1)),
        (&[(bios, allowed)], (11, 2, 2)),
        (&[(camera, disabled)], (11, 2, 2)),
    ] {
        assert_eq!(counted(Mode::Standard, &facts, list), expected, "{list:?}");
    }
    let changed = facts.iter_mut().find(|fact| fact.id == camera).unwrap();
    changed.mark.baseline = Some(value("camera", "enabled"));
    for (list, expected) in [
        (&[][..], (1, 1, 1)),
        (&[(camera, LEAVE)], (1, 1, 0)),
        (&[(camera, disabled)], (1, 1, 1)),
        (&[(bios, allowed)], (2, 2, 2)),
        (&[(bios, LEAVE)], (1, 1, 1)),
    ] {
        assert_eq!(counted(Mode::Baseline, &facts, list), expected, "{list:?}");
    }
    let chain = [dsmil(0, 0, 0, &[]), dsmil(0, 1, 0, &[0])];
    assert_eq!(counted(Mode::Standard, &chain, &[]), (13, 2, 2));
    let without = [(device(0, 0), LEAVE)];
    assert_eq!(counted(Mode::Standard, &chain, &without), (13, 2, 0));
    // One that would only be put back is none of the mode's.
    let mut kept = [
        dsmil(0, 0, 0, &[]),
        dsmil(7, 0, ACTIVE, &[]),
        dsmil(8, 0, ACTIVE, &[1]),
    ];
    kept[1].mark.baseline = Some(0);
    assert_eq!(counted(Mode::Standard, &kept, &[]), (12, 1, 1));
    assert_eq!(counted(Mode::Baseline, &kept, &[]), (1, 1, 0));
}
