// SPDX-License-Identifier: GPL-2.0

//! Settings on tables of the shapes that real machines have, and the calls that reading one takes.

mod common;

use milspec_posture::control::{Answer, Presence, Reading};
use milspec_posture::listed::{entangle, Cells, Listed, Model};
use milspec_posture::setting::VALUES;
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::Token;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

const NONE: u16 = 0xFFFF;

/// A token: id, location, expected reading.
type Row = (u16, u16, u16);

/// Wake-on-LAN with two names for one value.
const WAKE: [Row; 4] = [
    (0x0055, 0x0055, 0),
    (0x0057, 0x0057, 5),
    (0x006D, 0x006D, 5),
    (0x0198, 0x0198, 4),
];

/// A setting with these tokens.
fn listed(name: &str, tokens: &[Row]) -> Option<Listed> {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let setting = setting.unwrap_or_else(|| panic!("no setting {name}"));
    let tokens = tokens.iter().map(|(id, location, value)| Token {
        id: *id,
        location: *location,
        value: *value,
    });
    common::listed(setting, &tokens.collect::<Vec<_>>(), &Model::default())
}

/// How it reads where every location answers what `cells` says.
fn reading(listed: &Listed, cells: &[(u16, u32)]) -> Reading {
    let cells: BTreeMap<u16, u32> = cells.iter().copied().collect();
    listed.reading(&listed.answers(|at| cells.get(&at).copied().ok_or(5)))
}

/// A token at location 0xFFFF is not there; nor is one whose value is 0xFFFF, which stands for a
/// number or an action. 429 consumer machines list 17 settings and more in this way.
#[test]
fn placeholders_are_not_there() {
    assert!(listed("gps", &[(0x039B, NONE, 1), (0x039C, NONE, 0)]).is_none());
    assert!(listed("gps", &[(0x039B, 0x039B, NONE), (0x039C, 0x039C, NONE)]).is_none());
    let half = listed("gps", &[(0x039B, 0x039B, 1), (0x039C, NONE, 0)]).unwrap();
    assert_eq!(half.presence, Presence::Partial);
    assert!(!half.is_writable());
    // Beside a placeholder the real one counts.
    let both = [(0x039B, NONE, 1), (0x039B, 0x039B, 1), (0x039C, 0x039C, 0)];
    assert_eq!(listed("gps", &both).unwrap().presence, Presence::Full);
}

/// Of two values of which the machine lists one, the other is in force when that is not; and a flag
/// has no token for `no`.
#[test]
fn what_is_not_listed_is_implied() {
    // As 562 business machines list Secure Boot.
    let secure = listed("secure-boot", &[(0x034F, 0x034F, 1)]).unwrap();
    assert_eq!(reading(&secure, &[(0x034F, 1)]), Reading::Known(0));
    assert_eq!(reading(&secure, &[(0x034F, 0)]), Reading::Known(1));
    assert_eq!(reading(&secure, &[]), Reading::Failed(5));
    assert!(!secure.is_writable());
    // 0x8001 is in no table.
    let latch = listed("intrusion-latch", &[(0x8000, 0x8000, 1)]).unwrap();
    assert_eq!(reading(&latch, &[(0x8000, 0)]), Reading::Known(1));
    let bios = listed("boot-mode", &[(0x022E, 0x022E, 0)]).unwrap();
    assert_eq!(reading(&bios, &[(0x022E, 1)]), Reading::Known(0));
    let owned = listed("tpm-owned", &[(0x800E, 0x800E, 1)]).unwrap();
    assert_eq!(reading(&owned, &[(0x800E, 0)]), Reading::Known(1));
    // Of four it could be any.
    let security = listed("thunderbolt-security", &[(0x03C1, 0x03C1, 1)]).unwrap();
    assert_eq!(reading(&security, &[(0x03C1, 0)]), Reading::Unknown);
}

/// Of two values that are both listed and not in force neither follows; and a setting that is only read
/// is not written, whatever of it is listed.
#[test]
fn what_is_listed_is_not_implied() {
    let gps = listed("gps", &[(0x039B, 0x039B, 1), (0x039C, 0x039C, 0)]).unwrap();
    assert_eq!(reading(&gps, &[(0x039B, 0), (0x039C, 1)]), Reading::Unknown);
    assert!(gps.is_writable());
    let both = [(0x034F, 0x034F, 1), (0x0350, 0x0350, 0)];
    let secure = listed("secure-boot", &both).unwrap();
    assert_eq!(secure.presence, Presence::Full);
    assert!(!secure.is_writable());
}

/// Settings that have a location in common are marked, both of them, and counted; others are not.
#[test]
fn shared_locations_are_counted() {
    let gps = listed("gps", &[(0x039B, 0x039B, 1), (0x039C, 0x039C, 0)]).unwrap();
    let secure = listed("secure-boot", &[(0x034F, 0x039C, 1)]).unwrap();
    let wake = listed("wake-on-lan", &[(0x0055, 0x0055, 0)]).unwrap();
    let mut all = [gps, wake, secure];
    assert_eq!(entangle(&mut all[..2]), 0);
    assert_eq!(entangle(&mut all), 2);
    assert_eq!(all.map(|one| one.entangled), [true, false, true]);
}

/// A table that lists a token in two ways says nothing of its setting, whatever is in force.
#[test]
fn a_contradiction_is_no_value() {
    let tokens = [
        (0x0055, 0x0055, 0),
        (0x0055, 0x0099, 3),
        (0x0198, 0x0198, 4),
    ];
    let wake = listed("wake-on-lan", &tokens).unwrap();
    assert_eq!(wake.presence, Presence::Contradictory);
    let stands = [(0x0055, 1), (0x0099, 1), (0x0198, 4)];
    assert_eq!(reading(&wake, &stands), Reading::Ambiguous);
    let once = listed("wake-on-lan", &[tokens[0], tokens[2]]).unwrap();
    assert!(matches!(reading(&once, &stands), Reading::Known(_)));
}

/// Read one location after the other, as after a change, a setting reads as it does all at once.
#[test]
fn one_location_at_a_time() {
    let tokens: [(&str, &[Row]); 4] = [
        ("gps", &[(0x039B, 0x039B, 1), (0x039C, 0x039C, 0)]),
        ("gps", &[(0x039B, 0x039B, 1), (0x039C, 0x039B, 0)]),
        ("secure-boot", &[(0x034F, 0x034F, 1)]),
        ("wake-on-lan", &WAKE),
    ];
    for (name, tokens) in tokens {
        let listed = listed(name, tokens).unwrap();
        for shown in 0..6 {
            // No two locations show the same.
            let read = |at: u16| Ok((shown + u32::from(at)) % 6);
            let mut answers = [Answer::Absent; VALUES];
            for there in listed.concerned() {
                for (index, answer) in listed.answers_at(there, read(there)) {
                    answers[index] = answer;
                }
            }
            listed.imply(&mut answers);
            assert_eq!(answers, listed.answers(read), "{name}: {shown}");
        }
    }
}

/// 391 machines list 0x0057 and 0x006D at two locations with one expected reading: one cell, and
/// the first of the two names counts.
#[test]
fn synonyms_are_one_value() {
    let wake = listed("wake-on-lan", &WAKE).unwrap();
    let all = |cell| [0x0055, 0x0057, 0x006D, 0x0198].map(|at| (at, cell));
    assert_eq!(reading(&wake, &all(5)), Reading::Known(2), "on-board");
    assert_eq!(reading(&wake, &all(0)), Reading::Known(0));
    assert_eq!(reading(&wake, &all(4)), Reading::Known(6), "lan-or-wlan");
    assert_eq!(reading(&wake, &all(3)), Reading::Unknown);
    assert!(wake.is_writable());
    // Only one of the two is in force: then they are not one cell.
    let apart = [(0x0055, 5), (0x0057, 0), (0x006D, 5), (0x0198, 0)];
    assert_eq!(reading(&wake, &apart), Reading::Known(3), "enabled");
    // A cell for each, all with the value 1: two in force are a contradiction.
    let ring = WAKE.map(|(id, at, _)| (id, at, 1));
    let ring = listed("wake-on-lan", &ring).unwrap();
    let two = [(0x0055, 0), (0x0057, 1), (0x006D, 1), (0x0198, 0)];
    assert_eq!(reading(&ring, &two), Reading::Ambiguous);
}

/// Two values that say different things are not one because a table has the same expected reading for
/// both: as 1,134 machines have it for a wired network port.
#[test]
fn opposites_are_no_synonyms() {
    let tokens = [
        (0x006E, 0x006E, 0),
        (0x002D, 0x002D, 1),
        (0x002E, 0x002E, 0),
    ];
    let nic = listed("embedded-nic", &tokens).unwrap();
    let all = |cell| [0x006E, 0x002D, 0x002E].map(|at| (at, cell));
    assert_eq!(reading(&nic, &all(0)), Reading::Ambiguous);
    assert_eq!(reading(&nic, &all(1)), Reading::Known(1));
}

/// What real tables have beside `disabled`: four addresses, and rarely `auto`.
#[test]
fn serial_port_has_its_addresses() {
    let tokens = [
        (0x000F, 0x000F, 0),
        (0x0011, 0x0011, 2),
        (0x0005, 0x0005, 3),
        (0x0012, 0x0012, 4),
        (0x0006, 0x0006, 5),
    ];
    let port = listed("serial-port-1", &tokens).unwrap();
    let all = |cell| [0x000F, 0x0011, 0x0005, 0x0012, 0x0006].map(|at| (at, cell));
    assert_eq!(reading(&port, &all(0)), Reading::Known(1));
    assert_eq!(reading(&port, &all(2)), Reading::Known(2), "com1");
    assert!(port.is_writable());
}

/// A firmware that counts its calls.
#[derive(Default)]
struct Counting {
    cells: BTreeMap<u16, u32>,
    asked: RefCell<Vec<u16>>,
}

impl Counting {
    fn read(&self, listed: &Listed, cells: &mut Cells, known: Option<u8>) -> [Answer; 8] {
        self.asked.borrow_mut().clear();
        let answers = listed.read(cells, known, |at| {
            self.asked.borrow_mut().push(at);
            Ok::<_, Infallible>(self.cells.get(&at).copied().ok_or(5))
        });
        let Ok(answers) = answers;
        answers
    }

    fn set(&mut self, listed: &Listed, value: u32) {
        let locations = listed.listings.locations();
        self.cells.extend(locations.map(|at| (at, value)));
    }
}

/// Of one cell behind several locations one is read, and all of them when it is another value.
#[test]
fn one_cell_is_one_call() {
    let tokens = [
        (0x0055, 1, 0),
        (0x006D, 2, 5),
        (0x0216, 3, 6),
        (0x0383, 4, 7),
    ];
    let wake = listed("wake-on-lan", &tokens).unwrap();
    let mut firmware = Counting::default();
    let mut cells = Cells::Unseen;
    firmware.set(&wake, 5);
    // The first look verifies that it is one.
    let answers = firmware.read(&wake, &mut cells, None);
    assert_eq!(wake.reading(&answers), Reading::Known(3));
    assert_eq!((firmware.asked.borrow().len(), cells), (4, Cells::One));
    let answers = firmware.read(&wake, &mut cells, Some(3));
    assert_eq!(wake.reading(&answers), Reading::Known(3));
    assert_eq!(*firmware.asked.borrow(), [2]);
    assert_eq!(answers[0], Answer::Unread);
    // Somebody has changed it.
    firmware.set(&wake, 7);
    let answers = firmware.read(&wake, &mut cells, Some(3));
    assert_eq!(wake.reading(&answers), Reading::Known(5));
    // An unknown value is read at all of them, each time.
    firmware.set(&wake, 9);
    for _ in 0..2 {
        let answers = firmware.read(&wake, &mut cells, None);
        assert_eq!(wake.reading(&answers), Reading::Unknown);
        assert_eq!(firmware.asked.borrow().len(), 4);
    }
    // Where locations answer differently all of them are read, as long as they do.
    firmware.cells.insert(1, 0);
    firmware.read(&wake, &mut cells, None);
    assert_eq!(cells, Cells::Several);
    for _ in 0..2 {
        firmware.read(&wake, &mut cells, Some(3));
        assert_eq!((firmware.asked.borrow().len(), cells), (4, Cells::Several));
    }
    // One that fails is no cell of its own for good.
    firmware.set(&wake, 5);
    firmware.cells.remove(&4);
    firmware.read(&wake, &mut cells, None);
    assert_eq!(cells, Cells::Several);
    firmware.set(&wake, 5);
    firmware.read(&wake, &mut cells, Some(3));
    assert_eq!((firmware.asked.borrow().len(), cells), (4, Cells::One));
    firmware.read(&wake, &mut cells, Some(3));
    assert_eq!(*firmware.asked.borrow(), [2]);
}

/// What a table does not suggest is never taken for one cell: values that are all alike, one value
/// twice, one location.
#[test]
fn other_tables_are_read_in_full() {
    for tokens in [
        [(0x0285, 1, 1), (0x0286, 2, 1)],
        [(0x0285, 1, 1), (0x0286, 1, 0)],
    ] {
        let camera = listed("camera", &tokens).unwrap();
        let mut firmware = Counting::default();
        firmware.set(&camera, 1);
        let mut cells = Cells::Unseen;
        firmware.read(&camera, &mut cells, None);
        assert_eq!(cells, Cells::Unseen, "{tokens:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(20_000)
    })]

    /// Whatever lies behind the locations, and however that changes between looks: a value that is
    /// told was read at its own location, and told as in force there; and where all locations answer
    /// alike, the reading is that of all of them.
    #[test]
    fn nothing_is_taken_for_active_that_is_not(
        tokens in proptest::collection::vec((0..7usize, 0..5u16, 0..4u16), 1..8),
        looks in proptest::collection::vec(proptest::collection::vec(0..5u32, 5), 1..5),
    ) {
        let ids = [0x0055, 0x0056, 0x0057, 0x006D, 0x0216, 0x0383, 0x0198];
        let tokens: Vec<_> = tokens.into_iter().map(|(n, at, value)| (ids[n], at, value)).collect();
        let wake = listed("wake-on-lan", &tokens).unwrap();
        let mut cells = Cells::Unseen;
        let mut known = None;
        for look in looks {
            let firmware = Counting {
                cells: (0..).zip(look.iter().copied()).collect(),
                ..Counting::default()
            };
            let answers = firmware.read(&wake, &mut cells, known);
            let full = wake.reading(&wake.answers(|at| firmware.cells.get(&at).copied().ok_or(5)));
            let told = wake.reading(&answers);
            if let Reading::Known(value) = told {
                let (_, location, expected) = wake.token(value).unwrap();
                prop_assert!(firmware.asked.borrow().contains(&location));
                prop_assert_eq!(firmware.cells[&location], u32::from(expected));
            }
            if look.iter().all(|cell| *cell == look[0]) {
                prop_assert_eq!(told, full);
            }
            known = match told {
                Reading::Known(value) => Some(value),
                _ => None,
            };
        }
    }
}
