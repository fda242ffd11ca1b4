// SPDX-License-Identifier: GPL-2.0

//! The record of what controls were before the first change: `milspecctl baseline`, and what every
//! change does to it.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{degraded, shown, succeeds, undone};
use crate::machines::*;
use crate::run::{command, finish, json, on, validate};
use crate::tree::Tree;
use milspec_uapi as uapi;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use serde_json::{json, Value};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Where the record is.
pub const FILE: &str = "var/lib/milspecctl/baseline.json";
const SET: [&str; 3] = ["mode", "set", "paranoid"];
/// To show it.
pub const SHOW: [&str; 2] = ["baseline", "show"];
/// To bring it back.
pub const RESTORE: [&str; 3] = ["mode", "set", "baseline"];
/// To see what that would do.
pub const DRY: [&str; 4] = ["mode", "set", "baseline", "--dry-run"];

/// A record of the simulated machine.
fn record(controls: &[(&str, &str)]) -> Value {
    let recorded: Vec<Value> = controls
        .iter()
        .map(|(name, value)| {
            json!({ "name": name, "value": value, "recorded_at": "2026-11-23T23:12:58Z" })
        })
        .collect();
    json!({
        "schema": "milspec.baseline-file/1",
        "machine": { "product": "Latitude Rugged Simulated", "service_tag_hash": null },
        "controls": recorded,
    })
}

/// The tree with a record.
pub fn with(tree: Tree, controls: &[(&str, &str)]) -> Tree {
    tree.file(FILE, &record(controls).to_string())
}

/// The record on disk, which keeps to its schema, as names and values.
pub fn on_disk(tree: &Tree) -> Vec<(String, String)> {
    let record: Value = serde_json::from_slice(&tree.bytes(FILE)).unwrap();
    validate(&record);
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let controls = record["controls"].as_array().unwrap().iter();
    controls
        .map(|control| (text(&control["name"]), text(&control["value"])))
        .collect()
}

/// Names and values, as [`on_disk`] gives them.
pub fn pairs(controls: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = controls.iter();
    owned.map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

/// What the three steps to paranoid change.
const BEFORE: [(&str, &str); 3] = [
    ("DSMIL0D1", "inactive"),
    ("camera", "enabled"),
    ("thunderbolt-security", "user"),
];

/// Promise: before the first change, what each control was is on disk, for root alone.
#[test]
fn recorded() {
    let tree = succeeds("baseline-recorded");
    let (status, document) = json(&tree, &SET);
    assert_eq!(status, 0);
    assert_eq!(
        document["baseline"],
        json!({ "file": format!("/{FILE}"), "state": "recorded", "added": 3 })
    );
    assert_eq!(on_disk(&tree), pairs(&BEFORE));
    let mode = |path: &str| {
        let meta = std::fs::metadata(tree.path(path)).unwrap();
        meta.permissions().mode() & 0o777
    };
    assert_eq!(mode(FILE), 0o600);
    assert_eq!(mode("var/lib/milspecctl"), 0o711);
    assert!(!tree.has(&format!("{FILE}.new")));
}

/// Promise: the first value that was recorded of a control stays, whatever it has later.
#[test]
fn first_wins() {
    let tree = with(
        succeeds("baseline-first"),
        &[("camera", "disabled"), ("gone", "enabled")],
    );
    let (_, document) = json(&tree, &SET);
    assert_eq!(document["baseline"]["added"], 2);
    let mut expected = pairs(&[("camera", "disabled"), ("gone", "enabled")]);
    expected.extend(pairs(&[BEFORE[0], BEFORE[2]]));
    assert_eq!(on_disk(&tree), expected);
    let (_, document) = json(&tree, &SET);
    assert_eq!(document["baseline"]["added"], 0);
    assert_eq!(on_disk(&tree), expected);
}

/// Promise: what the driver remembers is recorded too, with the value of before its first change.
#[test]
fn driver_remembers() {
    let controls = marked_controls();
    let done = all_in(uapi::STEP_DONE, &steps()[1..]);
    let (planned, mode) = (&steps()[1..], uapi::MODE_PARANOID);
    let tree = rugged_with("baseline-driver", &controls)
        .answer(
            "plan-paranoid",
            &answered(mode, uapi::OUTCOME_PLANNED, planned),
            planned,
        )
        .answer(
            "apply-paranoid",
            &answered(mode, uapi::OUTCOME_DONE, &done),
            &done,
        );
    let (_, document) = json(&tree, &SHOW);
    let names: Vec<&Value> = document["controls"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 1, "{document:#}");
    assert!(names[0]["recorded_at"].is_null());
    assert_eq!(json(&tree, &SET).0, 0);
    // Bluetooth was changed, and not by this; the camera is about to be.
    let expected = [
        ("bluetooth", "enabled"),
        ("camera", "enabled"),
        ("thunderbolt-security", "user"),
    ];
    assert_eq!(on_disk(&tree), pairs(&expected));
}

/// Promise: when nothing was changed in the end, the record is as it was before; when something may
/// have been, it stays.
#[test]
fn taken_back() {
    let tree = undone("baseline-undone", Errno::EIO);
    assert_eq!(on(&tree, &SET).status, 1);
    assert!(!tree.has(FILE));
    let tree = with(tree, &[("wlan", "enabled")]);
    let (_, document) = json(&tree, &SET);
    assert!(document["baseline"].is_null());
    assert_eq!(on_disk(&tree), pairs(&[("wlan", "enabled")]));

    let tree =
        crate::changes::ready("baseline-no-answer").request_error("apply-paranoid", Errno::EPERM);
    assert_eq!(on(&tree, &SET).status, 4);
    assert!(!tree.has(FILE));

    let tree = degraded("baseline-degraded");
    assert_eq!(on(&tree, &SET).status, 1);
    assert_eq!(on_disk(&tree), pairs(&BEFORE));
}

/// Promise: --dry-run writes no record.
#[test]
fn dry_run() {
    let tree = succeeds("baseline-dry");
    assert_eq!(
        on(&tree, &["mode", "set", "paranoid", "--dry-run"]).status,
        0
    );
    assert!(!tree.has("var"));
}

/// Promise: a write that was cut off harms nothing.
#[test]
fn torn_write() {
    let tree = with(succeeds("baseline-torn"), &[("camera", "disabled")])
        .file(&format!("{FILE}.new"), "{\"schema\": \"milspec.base");
    assert_eq!(on(&tree, &SHOW).status, 0);
    assert_eq!(json(&tree, &SET).1["baseline"]["added"], 2);
    assert_eq!(on_disk(&tree).len(), 3);
    assert!(!tree.has(&format!("{FILE}.new")));
}

/// Promise: without a record there is no change; what is wrong with it is told with a remedy, and
/// what is there of it is not touched.
#[test]
fn errors() {
    let mut text = String::new();
    let mut add = |title: &str, tree: &Tree, words: &[&str], exit: i32, code: &str| {
        let before = tree.has(FILE).then(|| tree.bytes(FILE));
        let output = on(tree, words);
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (exit, ""),
            "{title}"
        );
        text.push_str(&shown(title, &output));
        let (status, document) = json(tree, words);
        assert_eq!(status, exit);
        assert_eq!(document["error"]["code"], code, "{title}");
        assert_eq!(before, tree.has(FILE).then(|| tree.bytes(FILE)));
    };
    let broken = [
        ("empty", ""),
        (
            "cut off",
            "{\"schema\": \"milspec.baseline-file/1\", \"machine\"",
        ),
        (
            "other schema",
            "{\"schema\": \"milspec.baseline-file/2\", \"machine\": {}, \"controls\": []}",
        ),
    ];
    for (title, content) in broken {
        let tree = succeeds(&format!("baseline-{}", title.replace(' ', "-"))).file(FILE, content);
        for words in [&SET[..], &SHOW, &RESTORE, &DRY] {
            let title = format!("{title}, {}", words.join(" "));
            add(&title, &tree, words, 1, "record-damaged");
        }
    }
    let other = with(succeeds("baseline-other"), &[("camera", "enabled")]).dmi(
        "Dell Inc.",
        "Latitude 5450",
        "1.9.1",
    );
    for words in [&SET[..], &RESTORE, &DRY] {
        let title = format!("another machine, {}", words.join(" "));
        add(&title, &other, words, 5, "record-of-another-machine");
    }
    let link = succeeds("baseline-link").file("elsewhere", "{}");
    std::fs::create_dir_all(link.path("var/lib/milspecctl")).unwrap();
    std::os::unix::fs::symlink("../../../elsewhere", link.path(FILE)).unwrap();
    add("a link", &link, &SET, 1, "record-unreadable");
    let full = succeeds("baseline-full").file("var/lib/milspecctl/baseline.json.new/full", "");
    add("no space", &full, &SET, 1, "not-recorded");
    let closed = succeeds("baseline-closed").open_error(Errno::EACCES);
    add("not root", &closed, &RESTORE, 4, "no-permission");
    assert_shows!(text, "baseline-errors.txt");
}

/// Promise: a record of a machine with the same name and another service tag is noticed, and the
/// tag itself is not in it.
#[test]
fn service_tag() {
    let tree = succeeds("baseline-tag").file("sys/class/dmi/id/product_serial", "ABC1234\n");
    assert_eq!(on(&tree, &SET).status, 0);
    let text = String::from_utf8(tree.bytes(FILE)).unwrap();
    assert!(!text.contains("ABC1234"), "{text}");
    assert_eq!(on(&tree, &SET).status, 0);
    let tree = tree.file("sys/class/dmi/id/product_serial", "ABC1235\n");
    assert_eq!(on(&tree, &SET).status, 5);
    assert_eq!(json(&tree, &SHOW).1["this_machine"], false);
}

/// Promise: of two changes at a time the second waits for the first, and says so.
#[test]
fn one_at_a_time() {
    let tree = succeeds("baseline-lock").file("var/lib/milspecctl/lock", "");
    let file = File::open(tree.path("var/lib/milspecctl/lock")).unwrap();
    let held = Flock::lock(file, FlockArg::LockExclusive).unwrap();
    let mut waiting = command(&["--root", tree.dir()]);
    waiting.args(SET);
    let second = std::thread::spawn(move || finish(waiting));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!second.is_finished());
    assert!(!tree.has(FILE));
    drop(held);
    let output = second.join().unwrap();
    assert_eq!(output.status, 0);
    assert!(
        output
            .stderr
            .contains("another milspecctl is changing this machine"),
        "{}",
        output.stderr
    );
    assert!(tree.has(FILE));
}
