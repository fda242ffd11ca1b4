// SPDX-License-Identifier: GPL-2.0

//! Scenarios of trainings: `milspec.scenario/1`.

use crate::input::assert_shown;
use crate::memory::limited;
use milspec::training::scenario::{is_name, Scenario, MINUTES_MAX};
use std::collections::BTreeSet;

/// The input is the file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = limited(data.len(), 2000, || Scenario::parse("fuzzed.toml", &text));
    match read {
        // Promise: what is wrong is told in text that can be shown.
        Err(failure) => {
            for text in [&failure.what, &failure.why, &failure.next] {
                assert_shown(text);
            }
        }
        Ok(scenario) => {
            good(&scenario);
            // Promise: what was parsed, and is written again, parses to the same.
            let text = toml::to_string(&scenario).expect("TOML");
            let again = Scenario::parse("again.toml", &text);
            assert_eq!(again.expect("what was written"), scenario);
        }
    }
}

/// Promise: a scenario ends, can be scored, and asks for each thing once.
fn good(scenario: &Scenario) {
    assert!(is_name(&scenario.name));
    assert!((1..=MINUTES_MAX).contains(&scenario.minutes));
    assert_eq!(scenario.seconds(), scenario.minutes * 60);
    let objectives = &scenario.objective;
    assert!((1..=100).contains(&objectives.len()) && scenario.event.len() <= 100);
    assert!(scenario.event.iter().all(|e| e.at <= MINUTES_MAX * 60));
    let points: u64 = objectives.iter().map(|o| u64::from(o.points)).sum();
    assert_eq!(u64::from(scenario.points()), points);
    assert!(objectives.iter().all(|o| (1..=1000).contains(&o.points)));
    let names: BTreeSet<&str> = objectives.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names.len(), objectives.len(), "two objectives of one name");
    assert!(names.iter().all(|name| is_name(name)));
    let asked = scenario.asked();
    let each: BTreeSet<&str> = asked.iter().copied().collect();
    assert_eq!(each.len(), asked.len(), "two ask for the same");
    for event in &scenario.event {
        assert!(event.inject.is_some() != event.change.is_some());
        assert!(event
            .change
            .as_ref()
            .is_none_or(|somebody| somebody.uid != 0));
    }
    assert_eq!(scenario.set().len(), scenario.start.set.len());
}
