// SPDX-License-Identifier: GPL-2.0

//! What is never written, against mainline's own list, which was collected independently.

use milspec_posture::control::Class;
use milspec_posture::deny::{self, Gate};
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

/// Each of the 65536 ids: forbidden when mainline refuses it for its own reason, restricted when
/// only as part of the shadow range, open otherwise.
#[test]
fn every_token_is_gated_as_mainline_has_it() {
    let filter = filter();
    assert_eq!(filter.len(), 23);
    let mut count = [0; 3];
    for id in 0..=u16::MAX {
        let of = |shadow| {
            let mut ranges = filter.iter().filter(|(.., why)| (*why == SHADOW) == shadow);
            ranges.any(|(first, last, _)| *first <= id && id <= *last)
        };
        let expected = match (of(false), of(true)) {
            // The end of the table is no token.
            _ if id == 0xFFFF => Gate::Forbidden,
            (true, _) => Gate::Forbidden,
            (false, true) => Gate::Restricted,
            (false, false) => Gate::Open,
        };
        assert_eq!(deny::token(id), expected, "{id:#06x}");
        count[expected as usize] += 1;
    }
    // 0x013A-0x01FF is 198 ids, seven of them forbidden for a reason of their own.
    assert_eq!(count[Gate::Restricted as usize], 198 - 7);
}

/// Ids that everything would end with, written down by hand.
#[test]
fn the_worst_tokens_are_forbidden() {
    for id in [
        0x0175, 0x0176, 0x049E, 0x04A3, 0x4000, 0x7FFF, 0xA000, 0xBFFF, 0xFFFF,
    ] {
        assert_eq!(deny::token(id), Gate::Forbidden, "{id:#06x}");
    }
}

/// A setting is no laxer than the strictest of its tokens.
#[test]
fn classes_of_settings_are_as_strict_as_their_tokens() {
    let (mut forbidden, mut restricted) = (0, 0);
    for setting in SETTINGS {
        for value in setting.values {
            match deny::token(value.token) {
                Gate::Forbidden => {
                    assert!(setting.class >= Class::ReadOnly, "{}", setting.name);
                    forbidden += 1;
                }
                Gate::Restricted => {
                    assert!(setting.class >= Class::Restricted, "{}", setting.name);
                    restricted += 1;
                }
                Gate::Open => {}
            }
        }
    }
    // Microphone, WLAN, Bluetooth and others; and the token that switches Secure Boot off.
    assert_eq!((forbidden, restricted), (1, 17));
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
