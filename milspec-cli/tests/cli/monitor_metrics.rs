// SPDX-License-Identifier: GPL-2.0

//! The file of metrics, on recorded machines. `scripts/lint-monitoring` has Prometheus' own checker read
//! the snapshots.

use crate::machines::{business, business_controls, by_name, failed_family};
use crate::machines::{info, rugged_controls, status};
use crate::tree::Tree;
use milspec::monitor::counters::{Found, SinkCounters};
use milspec::monitor::metrics::{metrics, Moment};
use milspec::monitor::sink::prometheus;
use milspec::monitor::Counters;
use milspec::{machine, Snapshot};
use milspec_uapi::{
    ANCHOR_FAILED, ANCHOR_READY, CONTROL_DEVIATES, STANDING_DEVIATES, STATUS_TRAINING,
};
use std::collections::BTreeMap;
use std::path::Path;

const START: u64 = 1_795_773_600_000_000_000;

/// Counts of a monitor that runs.
fn counters() -> Counters {
    let one = |word: &str, count| BTreeMap::from([(word.to_string(), count)]);
    let found = Found {
        count: 2,
        last_ns: one("warning", START),
    };
    let sink = |works, lost| SinkCounters { works, lost };
    Counters {
        started_ns: START,
        events: BTreeMap::from([
            ("load".into(), one("info", 3)),
            ("step".into(), one("notice", 17)),
        ]),
        last_event_ns: Some(START + 1_500_000_000),
        findings: BTreeMap::from([("weaker-outside".into(), found)]),
        sinks: BTreeMap::from([
            ("journald".into(), sink(Some(true), 0)),
            ("ndjson".into(), sink(Some(false), 12)),
        ]),
        state_saved_ns: Some(START + 60_000_000_000),
        surprise_bits: Some(6.25),
        surprise_threshold_bits: Some(24.0),
        ..Counters::default()
    }
}

/// The file, as of this machine, with the clock of the recording.
fn text(tree: &Tree) -> String {
    let root = machine::open(Some(Path::new(tree.dir()))).unwrap();
    let snapshot = Snapshot::take(&root, false).unwrap();
    let now = Moment {
        wall_ns: START + 3_600_000_000_000,
        ..Moment::now(&root)
    };
    prometheus::text(metrics(Some(&snapshot), &counters(), now))
}

/// Value of a metric, where it has one.
fn value(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines();
    lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(' ')?.to_string()))
}

/// Promise: the file is as Prometheus' checker and the rules have seen it.
#[test]
fn file() {
    let mut controls = business_controls();
    by_name(&mut controls, "camera").properties |= CONTROL_DEVIATES;
    let mut status = status(&controls);
    (status.mode, status.standing, status.deviations) = (1, STANDING_DEVIATES, 1);
    status.anchor = ANCHOR_READY;
    status.anchor_pending = 1;
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    let tree = Tree::loaded("metrics").answers(&info, &status, &controls);
    crate::assert_shows!(text(&tree), "monitor.prom");
}

/// Promise: without a driver that answers there is nothing of the machine, and that is said.
#[test]
fn without_driver() {
    let now = Moment {
        wall_ns: START,
        boottime_ns: None,
    };
    let text = prometheus::text(metrics(None, &counters(), now));
    assert_eq!(value(&text, "milspec_up").as_deref(), Some("0"));
    for name in ["milspec_latched", "milspec_training", "milspec_controls"] {
        assert!(!text.contains(name), "{name}");
    }
    assert!(text.contains("milspec_events_total"));
}

/// Promise: of the copy of a training nothing is shown as the machine's.
#[test]
fn training() {
    let controls = rugged_controls();
    let mut status = status(&controls);
    status.properties |= STATUS_TRAINING;
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    let tree = Tree::loaded("metrics-training").answers(&info, &status, &controls);
    crate::assert_shows!(text(&tree), "monitor-training.prom");
}

/// Promise: what was not read has no value, and never 0.
#[test]
fn what_is_not_known_is_absent() {
    let text = text(&failed_family("metrics-failed"));
    for name in ["unreadable", "drifted", "tampered"] {
        assert_eq!(value(&text, &format!("milspec_controls_{name}")), None);
    }
    assert!(
        text.contains("milspec_family_up{family=\"dsmil\"} 0"),
        "{text}"
    );
    // A machine in no mode does not deviate from one.
    assert!(!text.contains("milspec_mode"), "{text}");
}

/// Promise: a TPM that could not be used is told from one that is not there.
#[test]
fn anchor_failed() {
    let controls = business_controls();
    let mut status = status(&controls);
    (status.anchor, status.anchor_failures) = (ANCHOR_FAILED, 4);
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    let tree = Tree::loaded("metrics-anchor").answers(&info, &status, &controls);
    let text = text(&tree);
    assert_eq!(value(&text, "milspec_anchor_ready").as_deref(), Some("0"));
    let failures = value(&text, "milspec_anchor_failures_total");
    assert_eq!(failures.as_deref(), Some("4"));
}

/// Promise: nothing of the file says who did something, or names a load of the module.
#[test]
fn nobody_is_named() {
    let text = text(&business("metrics-labels"));
    for label in [
        "pid", "uid", "user", "login", "comm", "command", "load", "host",
    ] {
        assert!(!text.contains(&format!("{label}=")), "{label}");
    }
}
