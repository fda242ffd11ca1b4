// SPDX-License-Identifier: GPL-2.0

//! What is said of one control by how it stands and what is remembered of it.

mod common;

use common::{dsmil, platform};
use milspec_posture::control::Reading;
use milspec_posture::fact::{Fact, Mark, Reason};

const READINGS: [Reading; 5] = [
    Reading::Known(0),
    Reading::Known(1),
    Reading::Unknown,
    Reading::Ambiguous,
    Reading::Failed(5),
];

/// A control with the values 0 and 1, as it is read in each of [`READINGS`].
fn read(base: Fact) -> [Fact; 5] {
    let mut all = [base; 5];
    for (fact, reading) in all.iter_mut().zip(READINGS) {
        (fact.reading, fact.values) = (reading, 0b11);
    }
    all
}

fn marked(mark: Mark) -> [Fact; 5] {
    read(Fact {
        mark,
        ..platform("camera", "enabled")
    })
}

/// Promise: drift is another value than the driver's, or none that can be made out; what cannot be
/// read is not called that, nor what the driver has never written.
#[test]
fn drift_is_another_value_than_the_drivers() {
    let written = |written| {
        marked(Mark {
            written,
            ..Mark::default()
        })
    };
    assert_eq!(written(None).map(|fact| fact.has_drifted()), [false; 5]);
    let drifted = written(Some(1)).map(|fact| fact.has_drifted());
    assert_eq!(drifted, [true, false, true, true, false]);
}

/// Promise: what waits for the next boot is a setting that is stored otherwise than it was first
/// read; a device is as it is read, and what is not known does not wait.
#[test]
fn a_setting_waits_for_the_next_boot() {
    let mark = Mark {
        first: Some(1),
        ..Mark::default()
    };
    let pending = marked(mark).map(|fact| fact.is_pending());
    assert_eq!(pending, [true, false, false, false, false]);
    let device = Fact {
        mark,
        ..dsmil(0, 0, 0, &[])
    };
    assert_eq!(read(device).map(|fact| fact.is_pending()), [false; 5]);
    assert_eq!(
        marked(Mark::default()).map(|fact| fact.is_pending()),
        [false; 5]
    );
}

/// Promise: its owner's value is the one before the driver, where that can be had, or what is there.
#[test]
fn the_owners_value_is_the_one_before_the_driver() {
    let own = |baseline| {
        let facts = marked(Mark {
            baseline,
            ..Mark::default()
        });
        facts.map(|fact| fact.own())
    };
    assert_eq!(own(None), [Some(0), Some(1), None, None, None]);
    assert_eq!(own(Some(0)), [Some(0); 5]);
    assert_eq!(own(Some(2)), [None; 5]);
}

/// Promise: a control deviates where the mode can have its value and has not got it.
#[test]
fn a_control_deviates_from_what_the_mode_can_have() {
    let deviates = |wanted, unreached| {
        let facts = read(Fact {
            wanted,
            unreached,
            ..platform("camera", "enabled")
        });
        facts.map(|fact| fact.deviates())
    };
    assert_eq!(deviates(None, None), [false; 5]);
    assert_eq!(deviates(Some(1), None), [true, false, true, true, true]);
    assert_eq!(deviates(Some(1), Some(Reason::ReadOnly)), [false; 5]);
}

/// Promise: only a device is active; one that is there may be, unless it is known not to be.
#[test]
fn a_device_may_be_active_unless_it_is_known_not_to_be() {
    let device = dsmil(0, 0, 0, &[]);
    let active = read(device).map(|fact| fact.is_active());
    assert_eq!(active, [false, true, false, false, false]);
    let may = read(device).map(|fact| fact.may_be_active());
    assert_eq!(may, [false, true, true, true, true]);
    let gone = Fact {
        gone: true,
        ..device
    };
    assert_eq!(read(gone).map(|fact| fact.may_be_active()), [false; 5]);
    let setting = platform("camera", "enabled");
    assert_eq!(read(setting).map(|fact| fact.is_active()), [false; 5]);
    assert_eq!(read(setting).map(|fact| fact.may_be_active()), [false; 5]);
}

/// Promise: the number in the family is the lower half of the id, and a value above the seventh is
/// none.
#[test]
fn numbers_stay_within_their_bounds() {
    let fact = Fact {
        id: 0x2_0109,
        values: 0xFF,
        ..Fact::NEW
    };
    assert_eq!(fact.number(), 0x109);
    let has = [0, 7, 8, 9, 0xFF].map(|value| fact.has(value));
    assert_eq!(has, [true, true, false, false, false]);
}
