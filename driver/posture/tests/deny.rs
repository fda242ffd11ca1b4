// SPDX-License-Identifier: GPL-2.0

//! What is never written, against mainline's own list, which was collected independently.

mod common;

use common::figures::figures;
use common::{listed_whole, PORTABLE};
use milspec_posture::control::{Class, Family};
use milspec_posture::deny::{self, Gate};
use milspec_posture::listed::Model;
use milspec_posture::settings::SETTINGS;

const FILTER_CSV: &str = include_str!("../../../tests/data/mainline-token-filter.csv");

/// The range that mainline refuses as a whole, and that holds ordinary settings as well.
const SHADOW: &str = "sata shadow";

/// First, last and reason of every range of mainline's filter.
fn filter() -> Vec<(u16, u16, &'static str)> {
    let number = |text: &str| u16::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap();
    let rows = FILTER_CSV.lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        (number(fields[0]), number(fields[1]), fields[2])
    });
    rows.collect()
}

/// Each of the 65536 ids: forbidden when mainline refuses it for its own reason or it erases, filtered
/// when only as part of the shadow range, open otherwise.
#[test]
fn every_token_is_gated_as_mainline_has_it() {
    let filter = filter();
    assert_eq!(filter.len(), 29);
    let erases = [0x03D4, 0x03D5, 0x0436, 0x0437];
    let mut count = [0; 3];
    for id in 0..=u16::MAX {
        let of = |shadow| {
            let mut ranges = filter.iter().filter(|(.., why)| (*why == SHADOW) == shadow);
            ranges.any(|(first, last, _)| *first <= id && id <= *last)
        };
        let expected = match (of(false), of(true)) {
            // The end of the table is no token.
            _ if id == 0xFFFF || erases.contains(&id) => Gate::Forbidden,
            (true, _) => Gate::Forbidden,
            (false, true) => Gate::Filtered,
            (false, false) => Gate::Open,
        };
        assert_eq!(deny::token(id), expected, "{id:#06x}");
        count[expected as usize] += 1;
    }
    // 0x013A-0x01FF is 198 ids, ten of them forbidden for a reason of their own.
    assert_eq!(count[Gate::Filtered as usize], 198 - 10);
}

/// Ids that everything would end with, written down by hand.
#[test]
fn the_worst_tokens_are_forbidden() {
    for id in [
        0x0175, 0x0176, 0x03D4, 0x0436, 0x0437, 0x049E, 0x04A3, 0x4000, 0x7FFF, 0xA000, 0xBFFF,
        0xFFFF,
    ] {
        // Claim: write-once
        assert_eq!(deny::token(id), Gate::Forbidden, "{id:#06x}");
    }
}

/// A setting with a forbidden token is never written, whatever else it has.
#[test]
fn classes_of_settings_are_as_strict_as_their_tokens() {
    let mut forbidden = Vec::new();
    for setting in SETTINGS {
        for value in setting.values {
            if deny::token(value.token) == Gate::Forbidden {
                assert!(setting.class >= Class::ReadOnly, "{}", setting.name);
                forbidden.push(value.token);
            }
        }
    }
    // The token that switches Secure Boot off, dell-laptop's, and what erases.
    let expected = [0x0350, 0x0364, 0x0365, 0x0436, 0x0437, 0x03D4, 0x03D5];
    assert_eq!(forbidden, expected);
}

/// Nothing says where a forbidden token is written to, whatever was planned.
#[test]
fn forbidden_tokens_are_written_nowhere() {
    let mut refused = 0;
    for setting in SETTINGS {
        let listed = listed_whole(setting, &PORTABLE);
        for (index, value) in (0..).zip(setting.values) {
            let there = listed
                .token(index)
                .map(|(_, location, value)| (location, value));
            assert!(there.is_some(), "{}", setting.name);
            let forbidden = deny::token(value.token) == Gate::Forbidden;
            let expected = there.filter(|_| !forbidden);
            assert_eq!(listed.write(index), expected, "{:#06x}", value.token);
            refused += usize::from(forbidden);
        }
        assert_eq!(listed.write(u8::MAX), None);
    }
    assert_eq!(refused, 7);
}

/// What plans are made of says of each value whether it is never written, and of a setting whether it is
/// not on this model.
#[test]
fn plans_know_what_is_forbidden() {
    let (mut forbidden, mut denied) = (0, 0);
    let known = Model {
        product: b"Inspiron 1012",
        ..PORTABLE
    };
    for setting in SETTINGS {
        let fact = listed_whole(setting, &known).fact();
        let is = deny::model(known.product, setting.name);
        assert_eq!(fact.denied, is, "{}", setting.name);
        denied += usize::from(is);
        assert!(!listed_whole(setting, &PORTABLE).fact().denied);
        assert_eq!(fact.family, Family::Platform, "{}", setting.name);
        for (bit, value) in setting.values.iter().enumerate() {
            let is = deny::token(value.token) == Gate::Forbidden;
            assert_eq!(fact.forbidden >> bit & 1 == 1, is, "{}", setting.name);
            forbidden += usize::from(is);
        }
    }
    assert_eq!(forbidden, 7);
    assert!(denied > 0);
}

/// What erases is quarantined: it is shown, so that somebody sees it armed, and never written.
#[test]
fn what_erases_is_quarantined() {
    for name in ["data-wipe", "service-os-clear"] {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        assert_eq!(setting.unwrap().class, Class::Quarantined, "{name}");
    }
}

/// A value whose token mainline keeps from user space as part of the shadow range is open where real
/// machines list it beside another one with another expected reading, and marked as never seen
/// written; with `filter=1`, or on evidence that is less, it is restricted.
#[test]
fn filtered_values_are_open_on_evidence_alone() {
    let figures = figures();
    let mut open = Vec::new();
    for setting in SETTINGS {
        let fact = |filtered| {
            let model = Model {
                filtered,
                ..PORTABLE
            };
            listed_whole(setting, &model).fact()
        };
        for (index, value) in (0..).zip(setting.values) {
            let filtered = deny::token(value.token) == Gate::Filtered;
            assert_eq!(fact(false).is_untried(index), filtered, "{}", setting.name);
            assert!(!fact(true).is_untried(index), "{}", setting.name);
            if !filtered {
                continue;
            }
            assert!(fact(false).class_of(index) >= Class::Monitored);
            assert!(fact(true).class_of(index) >= Class::Restricted);
            if fact(false).class_of(index) == Class::Monitored {
                let mine = figures[&value.token];
                assert!(mine.machines > 0, "{}: no machine lists it", setting.name);
                let mut others = setting.values.iter().filter(|v| v.token != value.token);
                let differs = others.any(|v| figures[&v.token].usual() != mine.usual());
                assert!(differs, "{}: {}", setting.name, value.name);
                open.push(format!("{}={}", setting.name, value.name));
            }
        }
    }
    let expected = [
        "microphone=enabled",
        "microphone=disabled",
        "wlan=enabled",
        "wlan=disabled",
        "bluetooth=enabled",
        "bluetooth=disabled",
        "wwan=enabled",
        "wwan=disabled",
        "usb-external=enabled",
        "usb-external=disabled",
        "wake-on-lan=lan-or-wlan",
        "sound-device=auto",
        "cpu-xd=enabled",
        "cpu-xd=disabled",
        "mebx-hotkey=enabled",
        "mebx-hotkey=disabled",
        "wake-on-usb=enabled",
        "wake-on-usb=disabled",
        "usb-front=enabled",
        "usb-front=disabled",
        "virtualization=enabled",
        "virtualization=disabled",
    ];
    assert_eq!(open, expected);
}

/// Models that do not survive a write are told by their whole name, and for every setting.
#[test]
fn models_that_hang_are_denied() {
    for setting in SETTINGS {
        for model in ["Inspiron 1012", "Inspiron 1018"] {
            assert!(deny::model(model.as_bytes(), setting.name), "{model}");
        }
        for other in [
            "",
            "Inspiron",
            "Inspiron 101",
            "Inspiron 10122",
            "inspiron 1012",
            "Latitude 7330 Rugged",
        ] {
            assert!(!deny::model(other.as_bytes(), setting.name), "{other}");
        }
    }
}
