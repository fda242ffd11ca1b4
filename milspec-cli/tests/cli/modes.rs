// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode get`, `list` and `plan`: what would be, without changing anything.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{request, shown};
use crate::machines::*;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use nix::errno::Errno;
use std::fmt::Write;

/// A machine on which every mode can be planned, each with another answer.
pub fn planned(name: &str) -> Tree {
    let mut status = marked_status(&rugged_controls());
    (status.standing, status.deviations) = (uapi::STANDING_EXACT, 0);
    let mut refused = answered(uapi::MODE_PARANOID, uapi::OUTCOME_REFUSED, &[]);
    refused.reason = uapi::REASON_UNREADABLE;
    refused.control = step("camera", "enabled", "disabled").control;
    let plan = |mode: u8, steps: &[uapi::Step]| answered(mode, uapi::OUTCOME_PLANNED, steps);
    let lines = lines();
    rugged_in(name, &status)
        .answer("lines-enhanced", &plan(uapi::MODE_ENHANCED, &lines), &lines)
        .answer(
            "lines-paranoid-plus",
            &plan(uapi::MODE_PARANOID_PLUS, &lines),
            &lines,
        )
        .answer("plan-baseline", &plan(uapi::MODE_BASELINE, &[]), &[])
        .answer("plan-standard", &plan(uapi::MODE_STANDARD, &[]), &[])
        .answer(
            "plan-enhanced",
            &plan(uapi::MODE_ENHANCED, &steps()[..1]),
            &steps()[..1],
        )
        .answer("plan-paranoid", &refused, &[])
        .answer(
            "plan-paranoid-plus",
            &plan(uapi::MODE_PARANOID_PLUS, &steps()),
            &steps(),
        )
}

/// A line of every kind.
fn lines() -> Vec<uapi::Step> {
    let mut lines = [
        step("camera", "enabled", "disabled"),
        step("bluetooth", "disabled", "disabled"),
        step("microphone", "enabled", "disabled"),
        step("wake-on-lan", "disabled", "on-board"),
        step("DSMIL1D3", "inactive", "active"),
        step("thunderbolt-security", "user", "dp-only"),
    ];
    lines[1].state = uapi::STEP_HOLDS;
    for (at, reason) in [
        (2, uapi::REASON_RESTRICTED),
        (3, uapi::REASON_UNREADABLE),
        (4, uapi::REASON_DEPENDENCY),
    ] {
        (lines[at].state, lines[at].reason) = (uapi::STEP_OUT_OF_REACH, reason);
    }
    lines[3].from = uapi::INDEX_NONE;
    lines[4].needs = step("DSMIL1D0", "inactive", "active").control;
    lines[5].state = 99;
    lines.to_vec()
}

/// Promise: `mode get` says the mode, how far it reaches, and what is out of order.
#[test]
fn get() {
    let mut text = String::new();
    let mut add = |title: &str, tree: &Tree, arguments: &[&str]| {
        let output = on(tree, arguments);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""));
        write!(text, "# {title}\n{}\n", output.stdout).unwrap();
    };
    add("deviates", &marked("get-marked"), &["mode", "get", "-v"]);

    let mut status = marked_status(&rugged_controls());
    (status.mode, status.standing) = (uapi::MODE_PARANOID_PLUS, uapi::STANDING_EXACT);
    status.properties = uapi::STATUS_LATCHED;
    add(
        "latched",
        &rugged_in("get-latched", &status),
        &["mode", "get"],
    );

    add("custom", &rugged("get-custom"), &["mode", "get"]);

    (status.mode, status.standing) = (9, 9);
    add(
        "newer driver",
        &rugged_in("get-newer", &status),
        &["mode", "get"],
    );
    assert_shows!(text, "mode-get.txt");

    let (_, document) = json(&marked("get-json"), &["mode", "get"]);
    assert_shows!(format!("{document:#}\n"), "mode-get.json");
    let (_, document) = json(&rugged("get-json-custom"), &["mode", "get"]);
    assert!(document["mode"]["name"].is_null());
    assert_eq!(document["mode"]["standing"], "custom");
}

/// Promise: `mode list` says of each mode what it is and how far it reaches here; with -v, or for
/// one mode, control by control.
#[test]
fn list() {
    let tree = planned("mode-list");
    let mut text = String::new();
    for arguments in [
        &["mode", "list"][..],
        &["mode", "list", "-v"],
        &["mode", "list", "enhanced"],
    ] {
        let output = on(&tree, arguments);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""));
        write!(text, "$ {}\n{}\n", arguments.join(" "), output.stdout).unwrap();
    }
    assert_shows!(text, "mode-list.txt");
    let (_, document) = json(&tree, &["mode", "list"]);
    assert_eq!(document["modes"].as_array().unwrap().len(), 5);
    assert_eq!(document["modes"][3]["reason"], "unreadable");
    assert_eq!(document["modes"][3]["control"], "camera");
    assert_eq!(document["modes"][4]["latches"], true);
    assert_eq!(document["modes"][4]["steps"][1]["to"], "disabled");
    let (_, document) = json(&tree, &["mode", "list", "enhanced"]);
    assert_eq!(document["modes"].as_array().unwrap().len(), 1);
    let lines = &document["modes"][0]["lines"];
    assert_eq!(lines[0]["state"], "open");
    assert_eq!(lines[1]["state"], "holds");
    assert_eq!(lines[2]["reason"], "restricted");
    assert!(lines[3]["now"].is_null());
    assert_eq!(lines[4]["needs"], "DSMIL1D0");
    assert_eq!(lines[5]["state"], "state-99");
}

/// Promise: a plan shows each step and what to know before; what would be refused is refused.
#[test]
fn plan() {
    let tree = planned("mode-plan");
    let mut text = String::new();
    for (mode, exit) in [("standard", 0), ("paranoid-plus", 0), ("paranoid", 5)] {
        let output = on(&tree, &["mode", "plan", mode]);
        assert_eq!(output.status, exit);
        write!(
            text,
            "$ mode plan {mode}\n{}{}\n",
            output.stdout, output.stderr
        )
        .unwrap();
    }
    assert_shows!(text, "mode-plan.txt");
    let (status, document) = json(&tree, &["mode", "plan", "paranoid-plus"]);
    assert_eq!(status, 0);
    assert_shows!(format!("{document:#}\n"), "mode-plan.json");
    let (status, document) = json(&tree, &["mode", "plan", "paranoid"]);
    assert_eq!(status, 5);
    assert_eq!(document["schema"], "milspec.plan/1");
    assert_eq!(document["error"]["code"], "refused-unreadable");
}

/// Promise: what is excepted from a mode reaches the driver as such, and is shown in plan and
/// result; one that is not there, or that the mode does not take, is an error.
#[test]
fn except() {
    let leave = ["microphone", "bluetooth", "camera"].map(|name| uapi::Target {
        control: by_name(&mut rugged_controls(), name).id,
        value: uapi::TARGET_LEAVE,
        ..uapi::Target::default()
    });
    let left = &steps()[..1];
    let done = all_in(uapi::STEP_DONE, left);
    let mode = uapi::MODE_PARANOID;
    let tree = rugged("mode-except")
        .request("plan-paranoid", &request(0, 0, mode, 3), &leave)
        .answer(
            "plan-paranoid",
            &answered(mode, uapi::OUTCOME_PLANNED, left),
            left,
        )
        .request("apply-paranoid", &request(1, 0, mode, 3), &leave)
        .answer(
            "apply-paranoid",
            &answered(mode, uapi::OUTCOME_DONE, &done),
            &done,
        );
    let mut text = String::new();
    let except = ["--except", "microphone,bluetooth", "--except", "camera"];
    for verb in ["plan", "set"] {
        let words = [&["mode", verb, "paranoid"][..], &except].concat();
        text.push_str(&shown(&words.join(" "), &on(&tree, &words)));
        let (status, document) = json(&tree, &words);
        assert_eq!(status, 0);
        let names = serde_json::json!(["microphone", "bluetooth", "camera"]);
        assert_eq!(document["excepted"], names);
        assert_eq!(document["target"]["controls"][1]["value"], "leave");
    }
    for (words, exit) in [
        (["mode", "plan", "paranoid", "--except", "camrea"], 1),
        (["mode", "set", "paranoid-plus", "--except", "gps"], 2),
    ] {
        let output = on(&tree, &words);
        assert_eq!(output.status, exit);
        text.push_str(&shown(&words.join(" "), &output));
    }
    assert_shows!(text, "mode-except.txt");
}

/// Promise: a driver that has the ABI and not a request of it is told as such.
#[test]
fn no_such_request() {
    let tree = rugged("mode-enotty").request_error("plan-standard", Errno::ENOTTY);
    let (status, document) = json(&tree, &["mode", "plan", "standard"]);
    assert_eq!(status, 6);
    assert_eq!(document["error"]["code"], "abi-mismatch");
}
