// SPDX-License-Identifier: GPL-2.0

//! What is said of one control by how it stands and what is remembered of it.

mod common;

use common::{dsmil, platform};
use milspec_posture::control::{Class, Reading};
use milspec_posture::fact::{Fact, Mark, Policy, Reason};

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

/// Promise: why a value must not be given is told by one gate, the strictest reason first.
#[test]
fn one_gate_tells_why() {
    let open = Fact {
        class: Class::Safe,
        writable: true,
        values: 0b11,
        ..Fact::NEW
    };
    let usual = Policy::default();
    let all = Policy {
        restricted_allowed: true,
        ..usual
    };
    let told = |fact: Fact| [&usual, &all].map(|policy| fact.gate(1, policy));
    assert_eq!(told(open), [None; 2]);
    // Each with all that is told after it.
    let mut fact = Fact {
        values: 0b01,
        ..open
    };
    assert_eq!(told(fact), [Some(Reason::NoValue); 2]);
    for (class, restricted) in [(Class::Restricted, 0), (Class::Safe, 0b10)] {
        (fact.class, fact.restricted) = (class, restricted);
        let reasons = [Reason::Restricted, Reason::NoValue];
        assert_eq!(told(fact), reasons.map(Some));
    }
    fact.denied = true;
    assert_eq!(told(fact), [Some(Reason::Denied); 2]);
    fact.forbidden = 0b10;
    assert_eq!(told(fact), [Some(Reason::Quarantined); 2]);
    fact.class = Class::ReadOnly;
    assert_eq!(told(fact), [Some(Reason::ReadOnly); 2]);
    (fact.class, fact.writable) = (Class::Safe, false);
    assert_eq!(told(fact), [Some(Reason::ReadOnly); 2]);
    fact.class = Class::Quarantined;
    assert_eq!(told(fact), [Some(Reason::Quarantined); 2]);
    fact.gone = true;
    assert_eq!(told(fact), [Some(Reason::NoControl); 2]);
    // What is said of the other value alone.
    let other = Fact {
        restricted: 0b01,
        forbidden: 0b01,
        ..open
    };
    assert_eq!(told(other), [None; 2]);
}

/// Promise: a change that could not be undone is refused; the value that is in force is no change.
#[test]
fn what_could_not_be_undone_is_refused() {
    let fact = |current, forbidden, restricted| Fact {
        class: Class::Safe,
        writable: true,
        values: 0b11,
        reading: Reading::Known(current),
        forbidden,
        restricted,
        ..Fact::NEW
    };
    let refuses = |fact: Fact| fact.refuses(1, &Policy::default());
    assert_eq!(refuses(fact(0, 0, 0)), None);
    assert_eq!(refuses(fact(0, 0b01, 0)), Some(Reason::Quarantined));
    assert_eq!(refuses(fact(0, 0, 0b01)), Some(Reason::Restricted));
    assert_eq!(refuses(fact(0, 0b01, 0b10)), Some(Reason::Restricted));
    assert_eq!(refuses(fact(1, 0b01, 0b01)), None);
}

/// Promise: the class of a value is the stricter of the control's own and of what its token needs.
#[test]
fn a_value_can_be_stricter_than_its_control() {
    let classes = |class| {
        let fact = Fact {
            class,
            forbidden: 0b1000,
            restricted: 0b1100,
            untried: 0b1110,
            ..Fact::NEW
        };
        let untried = [0, 1, 2, 3, 8].map(|value| fact.is_untried(value));
        assert_eq!(untried, [false, true, true, true, false]);
        [0, 1, 2, 3].map(|value| fact.class_of(value))
    };
    use Class::{Monitored, Quarantined, Restricted, Safe};
    assert_eq!(classes(Safe), [Safe, Monitored, Restricted, Quarantined]);
    let stricter = [Restricted, Restricted, Restricted, Quarantined];
    assert_eq!(classes(Restricted), stricter);
}

/// Promise: a value that could not be put back is strange, one that could not be read is not.
#[test]
fn what_could_not_be_put_back_is_strange() {
    let setting = marked(Mark::default());
    let strange = setting.map(|fact| fact.is_strange());
    assert_eq!(strange, [false, false, true, true, false]);
    let other = Fact {
        reading: Reading::Known(2),
        ..setting[0]
    };
    assert!(other.is_strange() && other.current().is_none());
    assert_eq!(setting[1].current(), Some(1));
}
