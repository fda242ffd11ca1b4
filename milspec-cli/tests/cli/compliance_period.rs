// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance --since`: what the journal tells of a period, and what it does not.

use crate::compliance::with;
use crate::journal::{gap, of, Journal, CAMERA};
use crate::machines::setting;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::Event;
use serde_json::Value;

/// Before the first record of a journal that a test made.
const BEFORE: &str = "2026-11-24T00:00:00Z";

/// The camera was switched off by alice, on by somebody else, and off again.
fn journal() -> Journal {
    let mut journal = Journal::new(1, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    journal.add(Event {
        control: CAMERA,
        from: 1,
        to: 0,
        properties: uapi::EVENT_DRIFT,
        origin: uapi::ORIGIN_DRIVER,
        ..of(uapi::KIND_OUTSIDE_CHANGE)
    });
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    journal
}

fn machine(name: &str) -> Tree {
    with(
        name,
        &[setting("camera", "disabled"), setting("gps", "disabled")],
    )
}

fn period(tree: &Tree, more: &[&str]) -> Value {
    let words = [&["compliance", "--since", BEFORE], more].concat();
    let (status, document) = json(tree, &words);
    assert_eq!(status, 0, "{document:#}");
    document["period"].clone()
}

fn held<'a>(period: &'a Value, check: &str) -> &'a Value {
    let mut all = period["checks"].as_array().unwrap().iter();
    all.find(|held| held["check"] == check).unwrap()
}

/// Promise: each change is there with who made it and when, one that something else made has nobody, and
/// a check that was not satisfied in between has not held.
#[test]
fn changes() {
    let tree = journal().to(machine("period-changes"));
    let told = period(&tree, &[]);
    let changes = told["changes"].as_array().unwrap();
    let values: Vec<_> = changes
        .iter()
        .map(|change| (&change["from"], &change["to"]))
        .collect();
    assert_eq!(values.len(), 3);
    assert_eq!(values[1], (&"disabled".into(), &"enabled".into()));
    assert_eq!(changes[0]["by"]["login"], "alice");
    assert!(changes[1]["by"].is_null() && changes[1]["origin"].is_null());
    assert!(changes[0]["time"]
        .as_str()
        .unwrap()
        .starts_with("2026-11-24T08:00:0"));
    let camera = held(&told, "camera-off");
    assert_eq!(camera["throughout"], false);
    let turns: Vec<_> = camera["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|turn| &turn["to"])
        .collect();
    assert_eq!(turns, ["satisfied", "not-satisfied", "satisfied"]);
    let shown = on(&tree, &["compliance", "--since", BEFORE]).stdout;
    assert!(
        shown.contains("alice") && shown.contains("by something else"),
        "{shown}"
    );
    assert!(on(
        &tree,
        &["compliance", "--since", BEFORE, "--format", "html"]
    )
    .stdout
    .contains("logged in as alice"));
    for format in ["csv", "oscal"] {
        let refused = on(
            &tree,
            &["compliance", "--since", BEFORE, "--format", format],
        );
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    }
}

/// Promise: that a check held all the time is said only where nothing is missing from the journal since
/// then; where the driver was not loaded, records are lost or the journal begins later, that is a gap.
#[test]
fn gaps() {
    let tree = journal().to(machine("period-gaps"));
    let told = period(&tree, &[]);
    // The journal begins after the period does.
    assert_eq!(told["gaps"].as_array().unwrap().len(), 1);
    assert!(held(&told, "gps-off")["throughout"].is_null());
    let (_, later) = json(&tree, &["compliance", "--since", "2026-11-24T08:00:01Z"]);
    assert_eq!(later["period"]["gaps"], serde_json::json!([]));
    assert_eq!(held(&later["period"], "gps-off")["throughout"], true);
    assert_eq!(held(&later["period"], "camera-off")["throughout"], false);
    // A load before this one, in a saved journal.
    let mut before = Journal::new(2, [0; 32]);
    before.change();
    tree.put("before", &before.bytes());
    let saved = tree.path("before");
    let told = period(&tree, &["--journal", saved.to_str().unwrap()]);
    let whys: Vec<&str> = told["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| gap["why"].as_str().unwrap())
        .collect();
    assert_eq!(
        whys,
        ["the journal begins there", "the driver was not loaded"]
    );
    assert_eq!(told["journals"].as_array().unwrap().len(), 1);
    // Records that were overwritten.
    let all = journal();
    let mut rest = vec![gap(3, &all.events[2])];
    rest.extend(&all.events[3..]);
    let tree = all.to(machine("period-lost"));
    tree.put("recording/journal.bin", &crate::journal::bytes(&rest));
    let told = period(&tree, &[]);
    assert!(
        told["gaps"][0]["why"]
            .as_str()
            .unwrap()
            .contains("3 records"),
        "{told:#}"
    );
    assert!(held(&told, "gps-off")["throughout"].is_null());
}

/// Promise: records that somebody has edited are said to be wrong.
#[test]
fn edited() {
    let mut journal = journal();
    let at = journal.events.len() - 2;
    journal.events[at].uid = 4242;
    let tree = journal.to(machine("period-edited"));
    let told = period(&tree, &[]);
    assert_eq!(told["verdict"], "wrong");
    assert!(on(&tree, &["compliance", "--since", BEFORE])
        .stdout
        .contains("the journal is wrong"));
}
