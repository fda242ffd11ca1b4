// SPDX-License-Identifier: GPL-2.0

//! What is said of one value is what a plan of it says.

use common::{dsmil, platform};
use milspec_posture::control::{Class, Reading};
use milspec_posture::fact::{Fact, Policy, Reason, Want};
use milspec_posture::plan::{self, Request, Step};

mod common;

/// Why a list of this one value is refused.
fn planned(fact: &Fact, value: u8, policy: &Policy) -> Option<Reason> {
    let facts = [*fact];
    let (mut wants, mut steps) = ([Want::Nothing], [Step::default()]);
    let request = Request {
        mode: None,
        list: &[(fact.id, value)],
    };
    plan::wants(&request, &facts, policy, &mut wants)
        .and_then(|_| plan::steps(&facts, &wants, &mut steps))
        .err()
        .map(|refusal| refusal.reason)
}

/// Promise: of every class, reading, policy and value, the gate is the refusal of a plan.
#[test]
fn is_what_a_plan_says() {
    const CLASSES: [Class; 5] = [
        Class::Safe,
        Class::Monitored,
        Class::Restricted,
        Class::ReadOnly,
        Class::Quarantined,
    ];
    let readings = [
        Reading::Known(0),
        Reading::Known(1),
        Reading::Known(7),
        Reading::Unknown,
        Reading::Ambiguous,
        Reading::Failed(5),
    ];
    let mut seen = Vec::new();
    for base in [platform("camera", "enabled"), dsmil(0, 5, 0, &[])] {
        for class in CLASSES {
            for reading in readings {
                for bits in 0..16u8 {
                    let bit = |n: u8| bits & (1 << n) != 0;
                    let fact = Fact {
                        class,
                        reading,
                        writable: bit(0),
                        denied: bit(1),
                        ..base
                    };
                    let policy = Policy {
                        restricted_allowed: bit(2),
                        latched: bit(3),
                        blind: false,
                        confirmed: false,
                    };
                    for value in [0, 1, 2, 8, 0xFD] {
                        let reason = fact.refusal(value, &policy);
                        assert_eq!(reason, planned(&fact, value, &policy), "{fact:?} {value}");
                        if !seen.contains(&reason) {
                            seen.push(reason);
                        }
                    }
                }
            }
        }
    }
    // Every reason that a single control can have, and none.
    assert_eq!(seen.len(), 9, "{seen:?}");
}

/// Promise: a value is no laxer than its control, nor than what it needs itself, and a change is
/// refused where the way back would be.
#[test]
fn of_each_value() {
    let policy = Policy::default();
    let fact = Fact {
        restricted: 0b01,
        forbidden: 0b10,
        ..platform("camera", "enabled")
    };
    assert_eq!(fact.class_of(0), Class::Restricted);
    assert_eq!(fact.class_of(1), Class::Quarantined);
    assert_eq!(fact.refuses(0, &policy), Some(Reason::Restricted));
    assert_eq!(fact.refuses(1, &policy), Some(Reason::Quarantined));
    let open = Policy {
        restricted_allowed: true,
        ..policy
    };
    assert_eq!(fact.refuses(0, &open), None);
    let one_way = Fact {
        forbidden: 0b01,
        restricted: 0,
        ..fact
    };
    assert_eq!(one_way.gate(1, &open), None);
    assert_eq!(one_way.refuses(1, &open), Some(Reason::Quarantined));
    let quarantined = Fact {
        class: Class::Quarantined,
        ..dsmil(0, 0, 0, &[])
    };
    assert_eq!(quarantined.class_of(1), Class::Quarantined);
}
