// SPDX-License-Identifier: GPL-2.0

//! Which mode a machine is in, from how it stands.

mod common;

use common::{
    dsmil, execute, machine, machines, plan, plan_readable, platform, value, OPEN, USUAL,
};
use milspec_posture::control::{Class, Reading};
use milspec_posture::fact::{Fact, Policy, Want, ACTIVE};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::standing::{derive, deviates, Standing};

fn standing(facts: &[Fact], policy: &Policy, applied: Option<Mode>) -> Standing {
    let mut wants = vec![Want::Value(77); facts.len()];
    let standing = derive(facts, policy, applied, &mut wants);
    let deviating = facts
        .iter()
        .zip(&wants)
        .filter(|(fact, want)| deviates(fact, **want));
    assert_eq!(u32::try_from(deviating.count()), Ok(standing.deviations));
    let mut expected = vec![Want::Nothing; facts.len()];
    if let Some(mode) = standing.mode {
        milspec_posture::plan::mode_wants(mode, facts, policy, &mut expected);
    }
    assert_eq!(
        wants, expected,
        "the wants are those of the mode that is told"
    );
    standing
}

/// After a mode was applied the machine is in that mode exactly, on every machine that it reaches
/// anything on, from every other mode.
#[test]
fn what_was_applied_is_what_is_told() {
    for machine in machines() {
        for policy in [OPEN, USUAL] {
            for first in MODES {
                let mut facts = machine.facts.clone();
                for mode in [first].into_iter().chain(MODES) {
                    let (steps, unread) = plan_readable(mode, &facts, &policy);
                    execute(&mut facts, &steps);
                    let told = standing(&facts, &policy, Some(mode));
                    let unread = u32::try_from(unread.len()).unwrap();
                    let what = format!("{} {}", machine.name, mode.name());
                    assert_eq!((told.mode, told.deviations), (Some(mode), unread), "{what}");
                }
            }
        }
    }
}

/// A machine that nobody has applied anything to is in the highest mode that holds, by what that
/// mode reaches, or in none.
#[test]
fn a_fresh_machine_is_what_its_values_say() {
    let mut facts = machine("latitude-7490.toml").facts;
    assert_eq!(standing(&facts, &USUAL, None).mode, None, "custom");
    for mode in [Mode::Standard, Mode::Enhanced, Mode::Paranoid] {
        let steps = plan(Some(mode), &[], &facts, &OPEN).unwrap();
        execute(&mut facts, &steps);
        let mut fresh = facts.clone();
        fresh.iter_mut().for_each(|fact| fact.mark.baseline = None);
        let told = standing(&fresh, &OPEN, None);
        assert_eq!((told.mode, told.deviations), (Some(mode), 0));
    }
    // Never a baseline: what has not been changed has none.
    assert_eq!(standing(&[], &USUAL, None), Standing::default());
    let told = standing(&[], &USUAL, Some(Mode::Baseline));
    assert_eq!((told.mode, told.deviations), (Some(Mode::Baseline), 0));
}

/// A desktop's part of `standard`, all of which holds.
fn held() -> Vec<Fact> {
    vec![
        platform("intrusion-reporting", "enabled"),
        platform("bios-downgrade", "denied"),
        platform("wake-on-lan", "disabled"),
        platform("strong-password", "enabled"),
    ]
}

fn unset(fact: &mut Fact) {
    let Reading::Known(value) = fact.reading else {
        panic!("{fact:?}");
    };
    fact.reading = Reading::Known((value + 1) % 2);
}

/// One control in four may deviate; with more of them the machine is in no mode.
#[test]
fn one_in_four_may_deviate() {
    let mut facts = held();
    let told = |facts: &[Fact]| {
        let told = standing(facts, &USUAL, None);
        (told.mode, told.deviations)
    };
    assert_eq!(told(&facts), (Some(Mode::Standard), 0));
    unset(&mut facts[0]);
    assert_eq!(told(&facts), (Some(Mode::Standard), 1));
    unset(&mut facts[1]);
    assert_eq!(told(&facts), (None, 0), "custom");
    unset(&mut facts[0]);
    unset(&mut facts[1]);
    facts.push(platform("sd-card-read-only", "enabled"));
    facts.push(platform("esata", "disabled"));
    facts.push(platform("firewire", "disabled"));
    assert_eq!(told(&facts), (Some(Mode::Enhanced), 0));
    unset(&mut facts[6]);
    // `standard` holds without a deviation, and that says more than a higher mode that does not.
    assert_eq!(told(&facts), (Some(Mode::Standard), 0));
    unset(&mut facts[0]);
    assert_eq!(told(&facts), (Some(Mode::Standard), 1));
    // The higher one, where that is what was applied and no further off than one in four, but not
    // before one that holds.
    let standard = standing(&facts, &USUAL, Some(Mode::Enhanced));
    assert_eq!(standard.mode, Some(Mode::Standard));
    facts.push(platform("express-card", "disabled"));
    assert_eq!(
        told(&facts),
        (Some(Mode::Standard), 1),
        "fewer than in `enhanced`"
    );
    let enhanced = standing(&facts, &USUAL, Some(Mode::Enhanced));
    assert_eq!(
        (enhanced.mode, enhanced.deviations),
        (Some(Mode::Enhanced), 2)
    );
    unset(&mut facts[0]);
    assert_eq!(
        standing(&facts, &USUAL, Some(Mode::Enhanced)).mode,
        Some(Mode::Standard)
    );
}

/// Modes that ask the same of a machine are settled by what was applied, else by nothing: the
/// lowest of them is told.
#[test]
fn what_was_applied_settles_equals() {
    let facts = held();
    for applied in [
        Mode::Standard,
        Mode::Enhanced,
        Mode::Paranoid,
        Mode::ParanoidPlus,
    ] {
        assert_eq!(standing(&facts, &USUAL, Some(applied)).mode, Some(applied));
    }
    assert_eq!(standing(&facts, &USUAL, None).mode, Some(Mode::Standard));
}

/// `baseline` is told only where it was applied, and as long as it holds.
#[test]
fn baseline_is_what_was_applied() {
    let mut facts = held();
    facts.push(platform("touchscreen", "enabled"));
    assert_eq!(
        standing(&facts, &USUAL, Some(Mode::Baseline)).mode,
        Some(Mode::Baseline)
    );
    assert_eq!(standing(&facts, &USUAL, None).mode, Some(Mode::Standard));
    // The driver changed the touchscreen, and it was put back.
    facts[4].mark.baseline = Some(value("touchscreen", "enabled"));
    assert_eq!(
        standing(&facts, &USUAL, Some(Mode::Baseline)).mode,
        Some(Mode::Baseline)
    );
    // Something else changed it again: nearer to nothing but itself, with one deviation of one.
    unset(&mut facts[4]);
    let told = standing(&facts, &USUAL, Some(Mode::Baseline));
    assert_eq!((told.mode, told.deviations), (Some(Mode::Standard), 1));
}

/// A control that the driver has changed, and that the mode has no line for, deviates until it is
/// as it was.
#[test]
fn changes_beside_the_mode_deviate() {
    let mut facts = held();
    facts.push(platform("touchscreen", "disabled"));
    assert_eq!(
        standing(&facts, &USUAL, None).deviations,
        0,
        "its owner's own"
    );
    facts[4].mark.baseline = Some(value("touchscreen", "enabled"));
    let told = standing(&facts, &USUAL, Some(Mode::Standard));
    assert_eq!((told.mode, told.deviations), (Some(Mode::Standard), 1));
}

/// What a mode cannot reach does not count against the machine, and not for it.
#[test]
fn out_of_reach_is_no_deviation() {
    let mut facts = held();
    facts.push(platform("module-bay", "enabled"));
    let paranoid = standing(&facts, &USUAL, Some(Mode::Paranoid));
    assert_eq!(
        (paranoid.mode, paranoid.deviations),
        (Some(Mode::Paranoid), 0)
    );
    assert_eq!(paranoid.coverage.present - paranoid.coverage.reached, 1);
    let paranoid = standing(&facts, &OPEN, Some(Mode::Paranoid));
    assert_eq!(
        (paranoid.mode, paranoid.deviations),
        (Some(Mode::Standard), 0)
    );

    // A device that needs one that is not there for the mode.
    let mut facts = vec![
        dsmil(0, 0, 0, &[]),
        dsmil(0, 1, 0, &[0]),
        dsmil(0, 2, ACTIVE, &[]),
    ];
    facts[0].class = Class::Quarantined;
    let told = standing(&facts, &USUAL, None);
    assert_eq!(
        (told.mode, told.deviations, told.coverage.reached),
        (Some(Mode::Standard), 0, 1)
    );

    // Where nothing is reached, nothing is told.
    let told = standing(&facts[..2], &USUAL, Some(Mode::Standard));
    assert_eq!(told, Standing::default());
}

/// What cannot be read is not as the mode asks. What reads as nothing that is known is out of the
/// mode's reach: it stands beside the mode, counted.
#[test]
fn unreadable_is_a_deviation() {
    for (reading, deviations) in [
        (Reading::Unknown, 0),
        (Reading::Ambiguous, 0),
        (Reading::Failed(5), 1),
        (Reading::Known(7), 0),
    ] {
        let mut facts = held();
        let whole = standing(&facts, &USUAL, None).coverage;
        facts[3].reading = reading;
        let told = standing(&facts, &USUAL, None);
        assert_eq!(
            (told.mode, told.deviations),
            (Some(Mode::Standard), deviations),
            "{reading:?}"
        );
        assert_eq!(told.coverage.present, whole.present);
        assert_eq!(told.coverage.reached + 1 - deviations, whole.reached);
    }
}
