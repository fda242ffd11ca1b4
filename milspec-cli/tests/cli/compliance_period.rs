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
use zerocopy::{FromBytes, IntoBytes};

/// Before the first record of a journal that a test made.
const BEFORE: &str = "2026-11-24T00:00:00Z";

/// After the first record of such a journal.
const LATER: &str = "2026-11-24T08:00:01Z";

/// The camera was switched off by alice, on by somebody else, and off again.
fn journal() -> Journal {
    let mut journal = Journal::new(1, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    outside(&mut journal);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    journal
}

/// Something else than the driver switches the camera on.
fn outside(journal: &mut Journal) {
    journal.add(Event {
        control: CAMERA,
        from: 1,
        to: 0,
        properties: uapi::EVENT_DRIFT,
        origin: uapi::ORIGIN_DRIVER,
        ..of(uapi::KIND_OUTSIDE_CHANGE)
    });
}

fn machine(name: &str) -> Tree {
    with(
        name,
        &[setting("camera", "disabled"), setting("gps", "disabled")],
    )
}

fn period_since(tree: &Tree, since: &str) -> Value {
    asked(tree, &["compliance", "--since", since])
}

fn period(tree: &Tree, more: &[&str]) -> Value {
    asked(tree, &[&["compliance", "--since", BEFORE], more].concat())
}

fn asked(tree: &Tree, words: &[&str]) -> Value {
    let (status, document) = json(tree, words);
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
    // Both say that they begin at the same time.
    assert_eq!(
        whys,
        [
            "the journal begins there",
            "the driver was not loaded, and the clock was set"
        ]
    );
    assert_eq!(told["verdict"], "not-provable");
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

/// Promise: of records that somebody has edited nothing is taken: from the last that holds on nobody knows
/// what changed, and no check has held all the time.
#[test]
fn edited() {
    let mut journal = journal();
    let at = journal.events.len() - 2;
    journal.events[at].uid = 4242;
    let tree = journal.to(machine("period-edited"));
    let told = period_since(&tree, LATER);
    assert_eq!(told["verdict"], "wrong");
    let gaps = told["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{told:#}");
    assert_eq!(gaps[0]["from"], "2026-11-24T08:00:05.000000000Z");
    let why = gaps[0]["why"].as_str().unwrap();
    assert!(why.contains("does not fit"), "{why}");
    for held in told["checks"].as_array().unwrap() {
        assert!(held["throughout"].is_null(), "{held:#}");
        assert_eq!(held["changes"], serde_json::json!([]));
    }
    assert!(on(&tree, &["compliance", "--since", BEFORE])
        .stdout
        .contains("the journal is wrong"));
}

/// Promise: what the TPM does not bear out is trusted as little as what does not fit.
#[test]
fn another_pcr() {
    let tree = journal().to(machine("period-pcr"));
    let tree = crate::journal::pcr(tree, &[7; 32]);
    let told = period_since(&tree, LATER);
    assert_eq!(told["verdict"], "wrong");
    assert_eq!(told["gaps"].as_array().unwrap().len(), 1);
    assert!(held(&told, "gps-off")["throughout"].is_null());
}

/// Promise: records go by their order and the time since boot: when the clock was set that is a gap, and a
/// record from before it belongs to the period all the same.
#[test]
fn clock_was_set() {
    let whys = |tree: &Tree| -> Vec<String> {
        let told = period_since(tree, LATER);
        assert!(held(&told, "gps-off")["throughout"].is_null());
        assert_eq!(held(&told, "camera-off")["throughout"], false);
        let gaps = told["gaps"].as_array().unwrap().iter();
        gaps.map(|gap| gap["why"].as_str().unwrap().into())
            .collect()
    };
    // Back by a day, while the camera was on.
    const DAY: i64 = 86_400_000_000_000;
    let mut back = Journal::new(1, [0; 32]);
    back.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    back.shift(-DAY);
    outside(&mut back);
    back.shift(DAY);
    back.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    let told = whys(&back.to(machine("period-clock")));
    assert_eq!(
        told,
        [
            "the clock was set back by 86400 seconds",
            "the clock was set forward by 86400 seconds"
        ]
    );
}

/// Promise: a period that has not begun is refused, and so is one in a training.
#[test]
fn refused() {
    let tree = journal().to(machine("period-future"));
    let future = on(&tree, &["compliance", "--since", "2500-01-01"]);
    assert_eq!((future.status, future.stdout.as_str()), (2, ""));
    assert!(future.stderr.contains("still to come"), "{}", future.stderr);
    let mut status = uapi::Status::read_from_bytes(&tree.bytes("recording/status.bin")).unwrap();
    status.properties |= uapi::STATUS_TRAINING;
    tree.put("recording/status.bin", status.as_bytes());
    let (code, document) = json(&tree, &["compliance", "--since", BEFORE]);
    assert_eq!(code, 5);
    assert_eq!(document["error"]["code"], "training", "{document:#}");
    assert_eq!(json(&tree, &["compliance"]).0, 0);
}

/// Promise: only what was satisfied at every moment has held. Where a value in between is not known, or a
/// step failed, that is not known either; what was there and undone counts.
#[test]
fn unknown_in_between() {
    let came = |name: &str, event: Event| {
        let mut journal = Journal::new(1, [0; 32]);
        journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
        journal.add(Event {
            control: CAMERA,
            ..event
        });
        let tree = journal.to(machine(&format!("period-unknown-{name}")));
        let told = period_since(&tree, "2026-11-24T08:00:03.5Z");
        let told_all = period_since(&tree, LATER);
        assert_eq!(held(&told_all, "camera-off")["throughout"], false);
        held(&told, "camera-off")["throughout"].clone()
    };
    let unclear = |from, to| Event {
        from,
        to,
        ..of(uapi::KIND_OUTSIDE_CHANGE)
    };
    let step = |step| Event {
        from: 1,
        to: 0,
        step,
        ..of(uapi::KIND_STEP)
    };
    assert_eq!(came("known", unclear(1, 1)), true);
    assert!(came("to", unclear(1, uapi::INDEX_NONE)).is_null());
    assert!(came("from", unclear(uapi::INDEX_NONE, 1)).is_null());
    for (name, number) in [
        ("failed", uapi::STEP_FAILED),
        ("moved", uapi::STEP_MOVED),
        ("degraded", uapi::STEP_DEGRADED),
    ] {
        assert!(came(name, step(number)).is_null(), "{name}");
    }
    assert_eq!(came("undone", step(uapi::STEP_UNDONE)), false);
}

/// Promise: a check has held up to the last reading and no further; where the driver has not read since the
/// period began, nothing is said.
#[test]
fn until_the_last_reading() {
    let tree = journal().to(machine("period-until"));
    let told = period_since(&tree, LATER);
    // Read 988 s after boot, of which 11 were over at the first record.
    assert_eq!(told["until"], "2026-11-24T08:16:17.000000000Z");
    assert_eq!(held(&told, "gps-off")["throughout"], true);
    for form in [&[][..], &["--format", "html"]] {
        let words = [&["compliance", "--since", LATER], form].concat();
        let shown = on(&tree, &words).stdout;
        assert!(shown.contains("2026-11-24T08:16:17Z"), "{shown}");
    }
    let mut status = uapi::Status::read_from_bytes(&tree.bytes("recording/status.bin")).unwrap();
    status.refreshed_ns = 11_500_000_000;
    tree.put("recording/status.bin", status.as_bytes());
    assert!(held(&period_since(&tree, LATER), "gps-off")["throughout"].is_null());
    status.refreshed_ns = 0;
    tree.put("recording/status.bin", status.as_bytes());
    let told = period_since(&tree, LATER);
    assert!(told["until"].is_null() && held(&told, "gps-off")["throughout"].is_null());
}

/// Promise: without a record of the running load nothing is said to have held.
#[test]
fn no_records() {
    let tree = journal().to(machine("period-none"));
    tree.put("recording/journal.bin", b"");
    let told = period_since(&tree, LATER);
    assert_eq!(
        told["gaps"][0]["why"],
        "the driver has no record of its load"
    );
    assert!(held(&told, "gps-off")["throughout"].is_null());
}
