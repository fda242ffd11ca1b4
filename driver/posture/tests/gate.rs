// SPDX-License-Identifier: GPL-2.0

//! What is said of one value is what a plan of it says.

use common::{dsmil, platform};
use milspec_posture::control::{Class, Reading};
use milspec_posture::fact::{Fact, Policy, Reason};
use milspec_posture::gate::value_class;
use milspec_posture::plan::{self, Request, Step, Want};
use milspec_posture::settings::SETTINGS;

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
                        confirmed: false,
                    };
                    for value in [0, 1, 2, 8, 0xFE] {
                        let reason = fact.refuses(value, &policy);
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
    assert_eq!(seen.len(), 8, "{seen:?}");
}

/// Promise: a value is no laxer than its token, and a control no laxer than any of its values.
#[test]
fn classes() {
    assert_eq!(value_class(Class::Safe, 0x0100), Class::Safe);
    assert_eq!(value_class(Class::Safe, 0x01DF), Class::Restricted);
    assert_eq!(value_class(Class::Safe, 0xB000), Class::Quarantined);
    assert_eq!(value_class(Class::ReadOnly, 0), Class::ReadOnly);
    for setting in SETTINGS {
        for value in setting.values {
            let class = value_class(setting.class, value.token);
            assert!(class == setting.class || setting.class == Class::ReadOnly);
        }
    }
}
