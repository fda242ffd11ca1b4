// SPDX-License-Identifier: GPL-2.0

//! The table of modes, against the catalogue, and what a mode asks of a control.

mod common;

use common::{
    device, devices, dsmil, listed_whole, machine, platform, value, wants, OPEN, PORTABLE, USUAL,
};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::deny::{self, Gate};
use milspec_posture::fact::{Fact, Reason, Want, ACTIVE};
use milspec_posture::listed::Model;
use milspec_posture::mode::{Mode, GROUPS, LINES, MODES};
use milspec_posture::plan::{Coverage, LEAVE};
use milspec_posture::setting::Setting;
use milspec_posture::settings::SETTINGS;
use milspec_uapi as uapi;
use std::collections::BTreeSet;

fn catalogue(name: &str) -> &'static Setting {
    let found = SETTINGS.iter().find(|s| s.name == name);
    found.unwrap_or_else(|| panic!("no setting {name}"))
}

/// The position of a setting's line in the five modes: the highest that is not above the mode.
fn line(mode: Mode, name: &str) -> Option<&'static str> {
    let mine = LINES.iter().filter(|l| l.setting == name && l.mode <= mode);
    mine.max_by_key(|l| l.mode).map(|l| l.value)
}

/// Every line names a setting that can be changed and one of its values, and says why.
#[test]
fn lines_are_possible() {
    let mut seen = BTreeSet::new();
    for line in LINES {
        let setting = catalogue(line.setting);
        let what = format!("{} {}", line.mode.name(), line.setting);
        let value = setting.values.iter().find(|v| v.name == line.value);
        let value = value.unwrap_or_else(|| panic!("{what}: no value {}", line.value));
        assert!(setting.class < Class::ReadOnly, "{what} is read-only");
        assert!(deny::token(value.token) != Gate::Forbidden, "{what}");
        assert!(
            line.mode != Mode::Baseline,
            "{what}: baseline asks for nothing"
        );
        assert!(
            line.reason.len() > 5 && line.reason.len() <= 72,
            "{what}: reason"
        );
        assert!(seen.insert((line.mode, line.setting)), "{what} twice");
    }
}

/// A higher line for a setting asks for something else, else it would be no line of its own.
#[test]
fn higher_lines_ask_for_more() {
    for a in LINES {
        for b in LINES
            .iter()
            .filter(|b| b.setting == a.setting && b.mode > a.mode)
        {
            assert_ne!(a.value, b.value, "{}", a.setting);
        }
    }
}

/// Training is never part of a mode, a group is asked for once, and what a group of the known
/// devices needs is asked for by the same mode or a lower one.
#[test]
fn groups_are_possible() {
    let mut seen = BTreeSet::new();
    for line in GROUPS {
        assert!(line.group != 6, "training");
        assert!(line.mode != Mode::Baseline && line.reason.len() > 5);
        assert!(seen.insert(line.group), "group {} twice", line.group);
    }
    let facts = devices(0, &[]);
    for fact in &facts {
        let modes = MODES.iter().filter(|mode| mode.asks(fact).is_some());
        for need in fact.depends.iter().flatten() {
            let need = &facts[usize::from(*need)];
            for mode in modes.clone() {
                assert_eq!(mode.asks(need), Some(ACTIVE), "{:#x}", fact.id);
            }
        }
    }
}

/// Invariant 1: no mode asks anything of a quarantined device, whatever group it is in.
#[test]
fn quarantined_devices_are_asked_for_nothing() {
    for group in 0..=u8::MAX {
        let mut fact = dsmil(group, 0, 0, &[]);
        for mode in MODES {
            let listed = GROUPS.iter().any(|l| l.group == group && l.mode <= mode);
            fact.class = Class::Monitored;
            assert_eq!(mode.asks(&fact), listed.then_some(ACTIVE), "{group}");
            fact.class = Class::Quarantined;
            assert_eq!(mode.asks(&fact), None, "{group}");
        }
    }
}

/// What must keep its hands off what: starting the machine, seeing its owner's card, cooling it.
#[test]
fn no_mode_touches_what_the_machine_cannot_do_without() {
    for name in [
        "boot-mode",
        "secure-boot",
        "legacy-option-roms",
        "tpm",
        "txt",
        "smartcard",
        "touchscreen",
        "stealth-fans",
    ] {
        catalogue(name);
        assert_eq!(line(Mode::ParanoidPlus, name), None, "{name}");
    }
    // A desktop's keyboard is at the rear. What closes all ports is in the mode that asks for a
    // confirmation alone, and restricted where there is no other keyboard.
    for name in ["usb-rear", "usb3-rear"] {
        catalogue(name);
        assert_eq!(line(Mode::ParanoidPlus, name), None, "{name}");
    }
    assert_eq!(
        line(Mode::ParanoidPlus, "usb-user-ports"),
        Some("rear-only")
    );
    assert_eq!(line(Mode::Paranoid, "usb-external"), None);
    for setting in SETTINGS
        .iter()
        .filter(|s| s.name.starts_with("usb") && s.name != "usb-boot")
    {
        for portable in [false, true] {
            let model = Model {
                portable,
                ..PORTABLE
            };
            let listed = listed_whole(setting, &model);
            let restricted = listed.class == Class::Restricted;
            assert!(portable || restricted, "{}", setting.name);
            assert!(
                !portable || listed.class == setting.class,
                "{}",
                setting.name
            );
        }
    }
    assert!(deny::is_portable(b"10") && deny::is_portable(b"31"));
    for other in [&b""[..], b"3", b"13", b"1", b"100"] {
        assert!(!deny::is_portable(other), "{other:?}");
    }
}

/// What fwupd makes of a word, as `fu_bios_setting_key_is_positive` and `..._is_negative` do in its
/// `libfwupd/fwupd-bios-setting.c`: after folding to lower case, these words mean one or the other.
fn fwupd_takes_for_a_switch(name: &str) -> bool {
    let name = name.to_lowercase();
    let part = ["enable", "disable"].iter().any(|part| name.contains(part));
    part || ["true", "1", "on", "false", "0", "off"].contains(&&name[..])
}

/// fwupd would set a mode that looks like a switch when asked for another word that does.
#[test]
fn names_are_no_switches() {
    assert!(fwupd_takes_for_a_switch("Enabled") && fwupd_takes_for_a_switch("OFF"));
    for mode in MODES {
        let name = mode.name();
        assert!(!fwupd_takes_for_a_switch(name), "{name}");
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(!name.is_empty() && name.chars().all(plain), "{name}");
    }
}

/// Names and numbers say the same in both directions, and as the ABI has it.
#[test]
fn numbers_are_those_of_the_abi() {
    let expected = [
        (Mode::Baseline, uapi::MODE_BASELINE, "baseline"),
        (Mode::Standard, uapi::MODE_STANDARD, "standard"),
        (Mode::Enhanced, uapi::MODE_ENHANCED, "enhanced"),
        (Mode::Paranoid, uapi::MODE_PARANOID, "paranoid"),
        (
            Mode::ParanoidPlus,
            uapi::MODE_PARANOID_PLUS,
            "paranoid-plus",
        ),
    ];
    assert_eq!(expected.map(|(mode, ..)| mode), MODES);
    assert!(MODES.is_sorted());
    for (mode, number, name) in expected {
        assert_eq!((mode.number(), mode.name()), (number, name));
        assert_eq!(Mode::from_number(number), Some(mode));
        assert_eq!(Mode::from_name(name.as_bytes()), Some(mode));
    }
    for number in (0..=u8::MAX).filter(|n| !(1..=5).contains(n)) {
        assert_eq!(Mode::from_number(number), None);
    }
    assert_eq!(uapi::MODE_NONE, 0);
    for name in [
        "",
        "Standard",
        "standard ",
        "standard\n",
        "paranoid-",
        "none",
    ] {
        assert_eq!(Mode::from_name(name.as_bytes()), None, "{name:?}");
    }
    assert_eq!(LEAVE, uapi::TARGET_LEAVE);
    assert_eq!(uapi::CONTROL_DEPENDS, milspec_posture::fact::DEPENDS);
}

/// On a machine that has everything, a mode asks exactly for its lines, highest first.
#[test]
fn a_mode_asks_for_its_highest_lines() {
    for mode in MODES {
        let mut count = 0;
        for known in SETTINGS {
            // How it stands says nothing: unreadable.
            let fact = platform(known.name, "-");
            let expected = line(mode, known.name).map(|v| value(known.name, v));
            assert_eq!(mode.asks(&fact), expected, "{} {}", mode.name(), known.name);
            count += u32::from(expected.is_some());
        }
        assert_eq!(mode.settings(), count);
    }
    assert_eq!(Mode::Baseline.settings(), 0);
}

fn asked(mode: Mode, fact: &Fact) -> &'static str {
    let setting = &SETTINGS[fact.number()];
    mode.asks(fact)
        .map_or("-", |v| setting.values[usize::from(v)].name)
}

/// Where the machine lacks the value of the highest line, the next lower one counts: a higher mode
/// never asks for less than a lower one.
#[test]
fn a_missing_value_does_not_let_go_of_the_lower_line() {
    let mut fact = platform("thunderbolt-security", "none");
    let of = |fact: &Fact| MODES.map(|mode| asked(mode, fact));
    let all = ["-", "user", "secure", "dp-only", "dp-only"];
    assert_eq!(of(&fact), all);
    fact.values &= !(1 << value("thunderbolt-security", "secure"));
    assert_eq!(asked(Mode::Enhanced, &fact), "user");
    assert_eq!(asked(Mode::Paranoid, &fact), "dp-only");
    fact.values &= !(1 << value("thunderbolt-security", "dp-only"));
    assert_eq!(asked(Mode::Paranoid, &fact), "user");
    fact.values &= !(1 << value("thunderbolt-security", "user"));
    assert_eq!(asked(Mode::Paranoid, &fact), "-");
}

/// What the owner had tighter stays: by the baseline where the driver has changed it, else as it
/// stands.
#[test]
fn no_mode_loosens_what_its_owner_had() {
    let mut fact = platform("thunderbolt-security", "dp-only");
    for mode in [Mode::Standard, Mode::Enhanced, Mode::Paranoid] {
        assert_eq!(asked(mode, &fact), "dp-only", "{}", mode.name());
    }
    // The driver tightened it: stepping down goes to what the lower mode asks, not below.
    fact.mark.baseline = Some(value("thunderbolt-security", "none"));
    assert_eq!(asked(Mode::Enhanced, &fact), "secure");
    assert_eq!(asked(Mode::Standard, &fact), "user");
    // The owner had it at what the mode above asks.
    fact.mark.baseline = Some(value("thunderbolt-security", "secure"));
    assert_eq!(asked(Mode::Standard, &fact), "secure");
    assert_eq!(asked(Mode::Paranoid, &fact), "dp-only");
    // What no mode asks for counts as laxer than every line.
    let fact = platform("intrusion-reporting", "silent");
    assert_eq!(asked(Mode::Standard, &fact), "enabled");
    // A baseline that the machine cannot be set to says nothing.
    let mut fact = platform("thunderbolt-security", "none");
    fact.mark.baseline = Some(7);
    assert_eq!(asked(Mode::Standard, &fact), "user");
}

/// Controls that a mode has no line for, and that the driver has changed, go back; others are left
/// alone.
#[test]
fn stepping_down_restores_what_was() {
    let mut facts = vec![platform("camera", "disabled"), platform("gps", "disabled")];
    facts[0].mark.baseline = Some(value("camera", "enabled"));
    for mode in [Mode::Baseline, Mode::Standard, Mode::Enhanced] {
        let (wants, _) = wants(Some(mode), &[], &facts, &OPEN).unwrap();
        let enabled = value("camera", "enabled");
        assert_eq!(
            wants,
            [Want::Value(enabled), Want::Nothing],
            "{}",
            mode.name()
        );
    }
    // Not to a value that it cannot be set to.
    facts[0].mark.baseline = Some(5);
    let (wants, _) = wants(Some(Mode::Baseline), &[], &facts, &OPEN).unwrap();
    assert_eq!(wants, [Want::Nothing, Want::Nothing]);
}

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
