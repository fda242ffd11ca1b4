// SPDX-License-Identifier: GPL-2.0

//! The table of modes, against the catalogue, and what a mode asks of a control.

mod common;

use common::{devices, dsmil, listed_whole, platform, value, wants, OPEN, PORTABLE};
use milspec_posture::control::Class;
use milspec_posture::deny::{self, Gate};
use milspec_posture::fact::{Fact, Want, ACTIVE};
use milspec_posture::listed::Model;
use milspec_posture::mode::{Mode, GROUPS, LINES, MODES};
use milspec_posture::plan::LEAVE;
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
