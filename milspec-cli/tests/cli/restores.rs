// SPDX-License-Identifier: GPL-2.0

//! `milspecctl baseline show` and `restore`.

use crate::answers::*;
use crate::assert_shows;
use crate::baselines::{on_disk, pairs, with, FILE, RESTORE, SHOW};
use crate::changes::{request, shown};
use crate::machines::*;
use crate::passwords::firmware;
use crate::prompts::Terminal;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Step, Target};
use nix::errno::Errno;

/// A machine that answers when asked for these values of the camera and of DSMIL0D5.
fn restores(name: &str, steps: &[Step]) -> Tree {
    let mut controls = rugged_controls();
    answer(by_name(&mut controls, "camera"), 1);
    answer(by_name(&mut controls, "DSMIL0D1"), 1);
    let targets: Vec<Target> = steps
        .iter()
        .map(|step| Target {
            control: step.control,
            value: step.to,
            ..Target::default()
        })
        .collect();
    let count = targets.len() as u32;
    let done = all_in(uapi::STEP_DONE, steps);
    rugged_with(name, &controls)
        .request("plan-list", &request(0, 0, 0, count), &targets)
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, steps),
            steps,
        )
        .request("apply-list", &request(1, 0, 0, count), &targets)
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &done), &done)
}

fn back() -> [Step; 2] {
    [
        step("camera", "disabled", "enabled"),
        step("DSMIL0D1", "active", "inactive"),
    ]
}

const RECORDED: [(&str, &str); 3] = [
    ("camera", "enabled"),
    ("wlan", "enabled"),
    ("DSMIL0D1", "inactive"),
];

/// Promise: restore asks for what differs, and nothing else; when everything is as it was, the
/// record goes.
#[test]
fn restore() {
    let tree = with(restores("baseline-restore", &back()), &RECORDED);
    let mut text = shown("show", &on(&tree, &SHOW));
    text.push_str(&shown("show -v", &on(&tree, &["baseline", "show", "-v"])));
    let dry = ["baseline", "restore", "--dry-run"];
    text.push_str(&shown("dry run", &on(&tree, &dry)));
    let (status, document) = json(&tree, &dry);
    assert_eq!((status, &document["changes"]), (0, &2.into()));
    assert_eq!(document["schema"], "milspec.plan/1");
    assert!(tree.has(FILE));
    text.push_str(&shown("restore", &on(&tree, &RESTORE)));
    assert!(!tree.has(FILE));
    assert_shows!(text, "baseline-restore.txt");

    let tree = with(tree, &RECORDED);
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!((status, &document["changes"]), (0, &2.into()));
    assert_eq!(document["baseline"]["state"], "removed");
    assert_eq!(document["target"]["controls"][1]["name"], "wlan");
}

/// Promise: without a record, or with everything as it was, there is nothing to do, which is
/// success.
#[test]
fn nothing_to_restore() {
    let tree = restores("baseline-nothing", &[]);
    let mut text = shown("show", &on(&tree, &SHOW));
    text.push_str(&shown("restore", &on(&tree, &RESTORE)));
    assert_eq!(json(&tree, &RESTORE).0, 0);
    let tree = with(tree, &[("wlan", "enabled")]);
    text.push_str(&shown("show, as it was", &on(&tree, &SHOW)));
    text.push_str(&shown("restore, as it was", &on(&tree, &RESTORE)));
    assert!(!tree.has(FILE));
    assert_shows!(text, "baseline-nothing.txt");
}

/// Promise: what cannot be restored is named, with the reason and a remedy; the rest is restored;
/// the exit status is 1, and the record stays.
#[test]
fn left_out() {
    let mut refused = answered(0, uapi::OUTCOME_REFUSED, &[]);
    refused.reason = uapi::REASON_RESTRICTED;
    refused.control = step("camera", "enabled", "disabled").control;
    let planned = [step("DSMIL0D1", "active", "inactive")];
    let tree = restores("baseline-left-out", &planned)
        .without("recording/plan-list.request.bin")
        .answer("plan-list", &refused, &[])
        .answer(
            "plan-list-2",
            &answered(0, uapi::OUTCOME_PLANNED, &planned),
            &planned,
        );
    let mut recorded = RECORDED.to_vec();
    recorded.push(("gps", "enabled"));
    let tree = with(tree, &recorded);
    let mut text = shown("show", &on(&tree, &SHOW));
    let dry = on(&tree, &["baseline", "restore", "--dry-run"]);
    assert_eq!(dry.status, 1);
    text.push_str(&shown("dry run", &dry));
    let output = on(&tree, &RESTORE);
    assert_eq!(output.status, 1);
    text.push_str(&shown("restore", &output));
    assert_shows!(text, "baseline-left-out.txt");
    assert!(tree.has(FILE));
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!(status, 1);
    assert_eq!(document["outcome"], "done");
    assert_eq!(document["error"]["code"], "baseline-incomplete");
    assert_eq!(document["baseline"]["state"], "kept");
    assert_eq!(document["left_out"][0]["name"], "gps");
    assert_eq!(document["left_out"][1]["reason"], "restricted");
    assert_eq!(on_disk(&tree), pairs(&recorded));
}

/// Promise: the firmware's password is asked for as with any change, and the record goes only when
/// everything was restored.
#[test]
fn password() {
    let mut rejected = all_in(uapi::STEP_PLANNED, &back());
    rejected[0].state = uapi::STEP_FAILED;
    rejected[0].error = Errno::EKEYREJECTED as u32;
    let mut undone = answered(0, uapi::OUTCOME_UNDONE, &rejected);
    undone.control = rejected[0].control;
    undone.error = Errno::EKEYREJECTED as u32;
    let done = all_in(uapi::STEP_DONE, &back());
    let tree = with(restores("baseline-password", &back()), &RECORDED)
        .without("recording/apply-list.request.bin")
        .answer("apply-list", &undone, &rejected)
        .answer(
            "apply-list-2",
            &answered(0, uapi::OUTCOME_DONE, &done),
            &done,
        )
        .smbios(&firmware("hunter22", 0));
    // There is nobody to ask.
    assert_eq!(json(&tree, &RESTORE).1["error"]["code"], "password-needed");
    assert_eq!(on_disk(&tree), pairs(&RECORDED));
    let mut terminal = Terminal::start(&tree, &RESTORE);
    terminal.expect("administrator password:");
    terminal.enter("hunter22");
    let (status, text) = terminal.end();
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("The record is removed"), "{text}");
    assert!(!tree.has(FILE));
}

/// Promise: the record can be read without the driver.
#[test]
fn without_driver() {
    let tree = with(Tree::bare("baseline-no-driver"), &RECORDED).dmi(
        "Dell Inc.",
        "Latitude Rugged Simulated",
        "0.0.1-simulated",
    );
    let mut text = shown("no driver", &on(&tree, &SHOW));
    let (status, document) = json(&tree, &SHOW);
    assert_eq!(status, 0);
    assert_eq!(document["simulated"], true);
    assert!(document["controls"][0]["now"].is_null());
    let tree = tree.dmi("Dell Inc.", "Latitude 5450", "1.9.1");
    text.push_str(&shown("another machine", &on(&tree, &SHOW)));
    assert_shows!(text, "baseline-no-driver.txt");
}
