// SPDX-License-Identifier: GPL-2.0

//! What the class `firmware-attributes` offers is what its clients can work with.

use common::{dsmil, machines, platform, OPEN, USUAL};
use milspec_posture::attributes::{modes, refused, undone, MODE, UNKNOWN};
use milspec_posture::control::{Class, Reading};
use milspec_posture::dsmil::STATES;
use milspec_posture::fact::{Fact, Reason};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::settings::SETTINGS;

mod common;

/// What fwupd takes a word for, as `fwupd_bios_setting_map_possible_value()` does.
fn meaning(word: &str) -> Option<bool> {
    let word = word.to_lowercase();
    if ["1", "true", "on"].contains(&&*word) || word.contains("enable") {
        Some(true)
    } else if ["0", "false", "off"].contains(&&*word) || word.contains("disable") {
        Some(false)
    } else {
        None
    }
}

/// Which of these values fwupd writes when it is asked for `key`: the first one that is that word
/// or means the same.
fn mapped<'a>(values: &[&'a str], key: &str) -> Option<&'a str> {
    let fits = |value: &&&str| {
        value.to_lowercase() == key.to_lowercase()
            || meaning(key).is_some() && meaning(value) == meaning(key)
    };
    values.iter().find(fits).copied()
}

/// The lists of values that there can be.
fn lists() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lists: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let values = setting.values.iter().map(|value| value.name);
            (setting.name, values.chain(setting.otherwise()).collect())
        })
        .collect();
    lists.push((MODE, modes().map(Mode::name).collect()));
    lists.push(("DSMIL", STATES.to_vec()));
    lists
}

/// Promise: fwupd, asked for a value by its name, writes that value and no other. It splits lists of
/// values at semicolons and at commas, and takes some words for others.
#[test]
fn fwupd_writes_what_it_was_asked_for() {
    for (name, values) in lists() {
        for value in &values {
            assert_eq!(mapped(&values, value), Some(*value), "{name}");
            assert!(!value.is_empty() && !value.contains([',', ';', '\n']));
            assert_ne!(*value, UNKNOWN, "{name}");
        }
    }
    // A mode is no switch.
    for mode in MODES {
        assert_eq!(meaning(mode.name()), None);
    }
}

/// Promise: no control has the name of a file beside the attributes, nor of the one for the mode.
#[test]
fn names_are_free() {
    for setting in SETTINGS {
        assert!(![MODE, "pending_reboot", "reset_bios"].contains(&setting.name));
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(setting.name.chars().all(fine), "{}", setting.name);
    }
}

/// Promise: what latches cannot be asked for, and all other modes can.
#[test]
fn every_mode_but_the_one_that_latches() {
    let offered: Vec<&str> = modes().map(Mode::name).collect();
    assert_eq!(offered, ["baseline", "standard", "enhanced", "paranoid"]);
}

/// Promise: a value is offered exactly where a list that names it would be refused for nothing but
/// that the present value could not be read or is not known; a control without a choice has no
/// attribute.
#[test]
fn what_cannot_be_set_is_not_offered() {
    for machine in machines() {
        for policy in [USUAL, OPEN] {
            for fact in &machine.facts {
                let offered = (0..=u8::MAX).filter(|value| fact.offers(*value, &policy));
                let offered: Vec<u8> = offered.collect();
                assert_eq!(fact.is_settable(&policy), offered.len() > 1);
                for value in 0..=u8::MAX {
                    let is_offered = offered.contains(&value);
                    assert!(!is_offered || fact.has(value));
                    let reason = fact.refusal(value, &policy);
                    let open = matches!(reason, None | Some(Reason::Unreadable | Reason::Unknown));
                    assert_eq!(is_offered, open, "{fact:?} {value} {reason:?}");
                }
            }
        }
    }
    let camera = platform("camera", "enabled");
    let device = dsmil(0, 5, 0, &[]);
    let settable = |fact: Fact| fact.is_settable(&USUAL);
    for base in [camera, device] {
        assert!(settable(base));
        assert!(settable(Fact {
            reading: Reading::Failed(5),
            ..base
        }));
        for class in [Class::Restricted, Class::ReadOnly, Class::Quarantined] {
            assert!(!settable(Fact { class, ..base }), "{class:?}");
        }
        let class = Class::Restricted;
        assert!(Fact { class, ..base }.is_settable(&OPEN));
        let (writable, denied, gone) = (false, true, true);
        assert!(!settable(Fact { writable, ..base }));
        assert!(!settable(Fact { denied, ..base }));
        assert!(!settable(Fact { gone, ..base }));
        assert!(!settable(Fact { values: 1, ..base }));
        assert!(!settable(Fact {
            forbidden: 2,
            ..base
        }));
    }
    assert!(!device.offers(2, &USUAL), "nobody asks a device to fail");

    // What it has now must not be written, so that it cannot be changed; another value could.
    let three = Fact {
        values: 0b111,
        forbidden: 0b100,
        reading: Reading::Known(2),
        ..device
    };
    assert!(!settable(three));
    let reading = Reading::Known(0);
    assert!(settable(Fact { reading, ..three }));
}

/// Promise: whatever the reason, a request that did not succeed has an error number, and none that a
/// client takes for "try at once". What was undone has no number that says that nothing was done, but
/// for `EBUSY`: somebody else was at it.
#[test]
fn every_no_has_a_number() {
    let reasons = [
        Reason::NoControl,
        Reason::NoValue,
        Reason::Twice,
        Reason::Quarantined,
        Reason::ReadOnly,
        Reason::Restricted,
        Reason::Denied,
        Reason::Unreadable,
        Reason::Unknown,
        Reason::Dependency(7),
        Reason::Needed(7),
        Reason::Cycle,
        Reason::Latched,
        Reason::Unconfirmed,
        Reason::NoTpm,
    ];
    let numbers = reasons.map(refused);
    let expected = [19, 22, 22, 13, 13, 13, 13, 61, 61, 16, 16, 16, 13, 13, 13];
    assert_eq!(numbers, expected);
    for error in 0..200 {
        let number = undone(error);
        assert!(![0, 1, 11].contains(&number), "{error}");
        assert!(number == 16 || !numbers.contains(&number), "{error}");
    }
    assert_eq!([undone(1), undone(11), undone(16)], [5, 16, 16]);
    assert_eq!([undone(129), undone(121)], [129, 121]);
}
