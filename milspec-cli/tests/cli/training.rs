// SPDX-License-Identifier: GPL-2.0

//! A training: everything says that it is one, and nothing of it passes for the machine's.

use crate::answers::*;
use crate::baselines::with;
use crate::changes::{ready, succeeds, MODE, SET};
use crate::docs::source;
use crate::journal::*;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Apply, Event, Status, EVENT_SIZE};
use nix::errno::Errno;
use serde_json::Value;
use std::fs;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// What stands first in every text.
const SAID: &str = "TRAINING: this is a copy to practise on, and not the machine";

/// The machine, with a training under way.
pub fn in_training(tree: Tree) -> Tree {
    let bytes = tree.bytes("recording/status.bin");
    let mut status = Status::read_from_bytes(&bytes).unwrap();
    status.properties |= uapi::STATUS_TRAINING;
    status.anchor = uapi::ANCHOR_TRAINING;
    tree.put("recording/status.bin", status.as_bytes());
    tree
}

/// Records of a training.
pub fn training(load: u8) -> Journal {
    let mut records = Journal::of_training(load, 1);
    records.add(by(
        1000,
        Event {
            count: uapi::INJECT_WRITE_FAILS,
            control: CAMERA,
            error: Errno::EIO as u32,
            ..of(uapi::KIND_INJECTED)
        },
    ));
    records.add(by(
        1000,
        Event {
            count: uapi::INJECT_SLOW,
            error: 200,
            ..of(uapi::KIND_INJECTED)
        },
    ));
    records.change();
    records
}

/// A machine whose driver gives its own records with those of a training in between.
fn mixed(name: &str) -> (Tree, Journal) {
    let journal = varied();
    let tree = journal.on(name);
    let (before, after) = journal.events.split_at(9);
    let all = [before, &training(9).events, after].concat();
    tree.put("recording/journal.bin", &bytes(&all));
    (tree, journal)
}

/// Promise: in a training every command that shows or changes something says so, in text before all
/// else, and in its document.
#[test]
fn said() {
    let tree = in_training(succeeds("training-said"))
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &steps()),
            &steps(),
        )
        .answer(
            "apply-list",
            &answered(0, uapi::OUTCOME_DONE, &steps()),
            &steps(),
        )
        .file(
            "config.toml",
            "schema = \"milspec.config/1\"\n[controls]\ncamera = \"disabled\"\n",
        );
    for mode in ["baseline", "standard", "enhanced", "paranoid-plus"] {
        let plan = answered(uapi::MODE_STANDARD, uapi::OUTCOME_PLANNED, &[]);
        tree.put(&format!("recording/plan-{mode}.bin"), plan.as_bytes());
    }
    tree.put("recording/journal.bin", &training(9).bytes());
    let config = tree.path("config.toml");
    let config = config.to_str().unwrap();
    for words in [
        &["status"][..],
        &["mode", "get"],
        &["mode", "list"],
        &["mode", "plan", "paranoid"],
        &["mode", "set", "paranoid"],
        &["control", "list"],
        &["control", "show", "camera"],
        &["control", "set", "camera=disabled"],
        &["control", "accept", "camera"],
        &["config", "show", config],
        &["config", "diff", config],
        &["config", "apply", config],
        &["baseline", "show"],
        &["events"],
        &["doctor"],
    ] {
        let text = on(&tree, words);
        assert_eq!(text.status, 0, "{words:?}: {}", text.stderr);
        let first = text.stdout.lines().next().unwrap();
        assert_eq!(first, format!("! {SAID}"), "{words:?}");
        assert_eq!(json(&tree, words).1["training"], true, "{words:?}");
    }
    let text = on(&tree, &["control", "get", "camera"]);
    assert_eq!(text.stdout, "enabled\n");
    assert_eq!(text.stderr, format!("{SAID}\n"));
    let (_, document) = json(&tree, &["config", "export"]);
    let about = document["about"].as_str().unwrap();
    assert!(
        about.contains("the copy of a training, not the machine"),
        "{about}"
    );
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["anchor"]["state"], "training");
    let outside = ready("training-not-said");
    let (_, document) = json(&outside, &["status"]);
    assert_eq!(document["training"], false);
    assert!(!on(&outside, &["status"]).stdout.contains("TRAINING"));
}

/// Promise: each record of a training is marked in text and document, and what somebody had the copy
/// do is told with who.
#[test]
fn records() {
    let (tree, _) = mixed("training-records");
    let text = on(&tree, &["events"]).stdout;
    let marked = text
        .lines()
        .filter(|line| line.contains("TRAINING: "))
        .count();
    assert_eq!(marked, 8, "{text}");
    for line in [
        "TRAINING: training 1 begun; by root",
        "TRAINING: injected: write-fails at camera (EIO); by root, logged in as alice",
        "TRAINING: injected: any control takes 200 ms",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let (_, document) = json(&tree, &["events"]);
    let events = document["events"].as_array().unwrap();
    let of_training = events.iter().filter(|event| event["training"] == true);
    assert_eq!(of_training.count(), 8);
    let slow = &events[11];
    assert_eq!(slow["injection"]["kind"], "slow");
    assert_eq!(
        (&slow["injection"]["slow_ms"], &slow["error"]),
        (&200.into(), &Value::Null)
    );
    // The controls of the copy may have other names than the machine's.
    assert_eq!(events[14]["control"], "dsmil-0");
}

/// Promise: a saved journal has the machine's records, and nothing of a training.
#[test]
fn not_saved() {
    let (tree, journal) = mixed("training-not-saved");
    let file = tree.path("saved");
    let file = file.to_str().unwrap();
    let (status, document) = json(&tree, &["journal", "save", file]);
    assert_eq!((status, &document["saved"]), (0, &22.into()));
    assert_eq!(tree.bytes("saved"), journal.bytes());
    let (status, document) = json(&tree, &["journal", "verify", file]);
    assert_eq!((status, &document["result"]), (0, &"proven".into()));
    // What the driver has is judged the same way.
    assert_eq!(json(&tree, &["journal", "verify"]).0, 0);
}

/// Promise: a record of a training in a saved journal is found wrong, at its place and by its name,
/// wherever it stands.
#[test]
fn never_proven() {
    let journal = varied();
    let tree = journal.on("training-never-proven");
    let records = training(9).events;
    for at in [1, 9, 22] {
        let (before, after) = journal.events.split_at(at);
        tree.put("mixed", &bytes(&[before, &records, after].concat()));
        let mixed = tree.path("mixed");
        let (status, document) = json(&tree, &["journal", "verify", mixed.to_str().unwrap()]);
        assert_eq!(status, 1, "{document:#}");
        let broken = &document["broken"];
        // Claim: cannot have a record of a training pass for one of the machine
        assert_eq!(broken["code"], "training");
        assert_eq!(broken["record"], at + 1);
        assert_eq!(broken["offset"], at * EVENT_SIZE);
        let why = "it is of a training: nothing of it has happened to the machine";
        assert_eq!(document["error"]["why"], why);
    }
    // Alone they are no journal.
    tree.put("alone", &bytes(&records));
    let alone = tree.path("alone");
    let (status, document) = json(&tree, &["journal", "verify", alone.to_str().unwrap()]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"not-a-journal".into())
    );
}

/// Promise: during a training no journal is proven: the driver speaks of the training's anchor.
#[test]
fn not_proven_meanwhile() {
    let (tree, journal) = mixed("training-meanwhile");
    let tree = in_training(tree);
    tree.put("saved", &journal.bytes());
    for words in [
        vec![],
        vec![tree.path("saved").to_str().unwrap().to_string()],
    ] {
        let mut all = vec!["journal", "verify"];
        all.extend(words.iter().map(String::as_str));
        let (status, document) = json(&tree, &all);
        assert_eq!(status, 7, "{document:#}");
        let why = document["error"]["why"].as_str().unwrap();
        assert!(why.contains("there is a training"), "{why}");
    }
}

/// The request that sets the mode in a training.
fn request(options: u32) -> Apply {
    let mut request = Apply::new_zeroed();
    request.head.size = size_of::<Apply>() as u32;
    (request.generation, request.mode, request.options) = (1, MODE, options);
    request
}

/// Promise: a change in a training is asked for as one of the training, so that it never lands on the
/// machine; outside of one it is not.
#[test]
fn meant_for_the_training() {
    let tree = in_training(succeeds("training-meant-for"));
    let tree = tree.request("apply-paranoid", &request(uapi::APPLY_TRAINING), &[]);
    assert_eq!(json(&tree, &SET).0, 0);
    let tree = succeeds("training-not-meant").request("apply-paranoid", &request(0), &[]);
    assert_eq!(json(&tree, &SET).0, 0);
    let tree = in_training(ready("training-ended"));
    let tree = tree.request_error("apply-paranoid", Errno::ENODEV);
    let (status, document) = json(&tree, &SET);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"training-ended".into())
    );
}

/// Promise: a change in a training leaves nothing on disk, and what is there of the machine is neither
/// read nor changed.
#[test]
fn nothing_on_disk() {
    let tree = in_training(succeeds("training-disk"));
    let (status, document) = json(&tree, &SET);
    assert_eq!((status, &document["baseline"]), (0, &Value::Null));
    assert!(!tree.has("var/lib/milspecctl"));
    assert_eq!(document["attributes"], Value::Null);
    // One that cannot be read, as a trainee cannot.
    let tree = in_training(with(
        succeeds("training-baseline"),
        &[("camera", "disabled")],
    ))
    .answer(
        "plan-baseline",
        &answered(1, uapi::OUTCOME_PLANNED, &steps()),
        &steps(),
    )
    .answer(
        "apply-baseline",
        &answered(1, uapi::OUTCOME_DONE, &steps()),
        &steps(),
    );
    let record = tree.path("var/lib/milspecctl/baseline.json");
    fs::write(&record, "not a record").unwrap();
    assert_eq!(json(&tree, &["mode", "set", "baseline"]).0, 0);
    assert_eq!(fs::read_to_string(&record).unwrap(), "not a record");
}

/// Promise: what is about the machine alone is refused in a training, before anything is asked of the
/// driver or of the firmware.
#[test]
fn refused() {
    let tree = in_training(succeeds("training-refused"));
    for options in [
        &["--confirm-within", "1m"][..],
        &["--bios-password-fd", "9"],
    ] {
        let (status, document) = json(&tree, &[&SET, options].concat());
        assert_eq!(
            (status, &document["error"]["code"]),
            (5, &"training".into())
        );
    }
    let (status, document) = json(&tree, &["report"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (5, &"training".into())
    );
}

/// Promise: the baseline's record is not put beside the copy.
#[test]
fn baseline() {
    let tree = in_training(with(ready("training-beside"), &[("camera", "disabled")]));
    let (status, document) = json(&tree, &["baseline", "show"]);
    assert_eq!(status, 0);
    assert_eq!(document["controls"][0]["now"], Value::Null);
    assert_eq!(document["warnings"][0]["code"], "training");
}

/// Promise: milspec-enforce.service changes nothing of a copy.
#[test]
fn not_enforced() {
    let tree = in_training(ready("training-enforce")).file(
        "config.toml",
        "schema = \"milspec.config/1\"\nmode = \"paranoid\"\n",
    );
    let file = tree.path("config.toml");
    let words = [
        "config",
        "apply",
        "--not-in-training",
        file.to_str().unwrap(),
    ];
    let (status, document) = json(&tree, &words);
    assert_eq!(
        (status, &document["error"]["code"]),
        (5, &"training".into())
    );
    let unit = fs::read_to_string(source("packaging/systemd/milspec-enforce.service")).unwrap();
    let line = "ExecStart=/usr/bin/milspecctl config apply --not-in-training ";
    assert!(unit.contains(line) && unit.contains("ExecCondition="));
}

/// Promise: what is meant for the copy or for the machine alone is refused where the other is shown.
#[test]
fn meant() {
    let code = |tree: &Tree, words: &[&str]| -> (i32, Value) {
        let (status, document) = json(tree, words);
        (status, document["error"]["code"].clone())
    };
    let set = |option| ["control", "set", "camera=disabled", option];
    let plan = |option| ["mode", "set", "standard", "--dry-run", option];
    let machine = ready("training-meant");
    for words in [&set("--in-training")[..], &plan("--in-training")] {
        assert_eq!(code(&machine, words), (1, "no-training".into()));
    }
    let copy = in_training(ready("training-meant-copy"));
    for words in [&set("--not-in-training")[..], &plan("--not-in-training")] {
        assert_eq!(code(&copy, words), (5, "training".into()));
    }
}

/// Promise: during a training no exit status says that all is well with the machine.
#[test]
fn not_well() {
    let copy = in_training(ready("training-well"));
    for words in [
        &["status", "--exit-code"][..],
        &["mode", "get", "--exit-code"],
        &["compliance", "--check", "no-drift", "--exit-code"],
    ] {
        let without = &words[..words.len() - 1];
        assert_eq!(json(&copy, without).0, 0, "{without:?}");
        assert_eq!(json(&copy, words).0, 7, "{words:?}");
    }
}
