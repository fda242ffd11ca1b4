// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within` where it cannot wait, must not, or cannot put everything back.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{latching, request, undone, MODE};
use crate::confirm::{after, back, judge, machine, targets, with_key, words, Waiting, RECORD};
use crate::confirm_service::with_systemd;
use crate::machines::*;
use crate::run::{command, document, finish, json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use nix::errno::Errno;

/// Promise: where nothing can be written down, nothing is changed.
#[test]
fn no_record() {
    let tree = machine("confirm-no-record")
        .file("var/lib/milspecctl", "no directory\n")
        .file(
            "paranoid.json",
            "schema = \"milspec.config/1\"\nmode = \"paranoid\"\n",
        );
    let file = tree.path("paranoid.json");
    let controls = [
        "DSMIL0D1=inactive",
        "camera=enabled",
        "thunderbolt-security=user",
    ];
    for change in [
        &["mode", "set", "paranoid"][..],
        &["config", "apply", file.to_str().unwrap()],
        &[&["control", "set"][..], &controls].concat(),
    ] {
        let words = [change, &["--confirm-within", "1s"]].concat();
        let (status, document) = json(&tree, &words);
        assert_eq!(status, 1);
        assert_eq!(
            document["error"]["code"], "record-unreadable",
            "{document:#}"
        );
    }
}

/// Promise: where nothing was changed there is nothing to wait for.
#[test]
fn nothing_to_wait_for() {
    let plan = answered(MODE, uapi::OUTCOME_PLANNED, &[]);
    let done = answered(MODE, uapi::OUTCOME_DONE, &[]);
    let nothing = rugged("confirm-nothing")
        .answer("plan-paranoid", &plan, &[])
        .answer("apply-paranoid", &done, &[]);
    let undone = undone("confirm-undone", Errno::EIO);
    for (tree, exit) in [(nothing, 0), (undone, 1)] {
        let (status, document) = json(&tree, &words("1h"));
        assert_eq!(status, exit);
        assert!(document["confirmation"].is_null());
        assert!(!tree.has(RECORD));
    }
}

/// Promise: what latches is not tried that way, and a wrong duration is a wrong command line.
#[test]
fn refused() {
    let tree = latching("confirm-latch");
    let within = ["--confirm-within", "60s"];
    let plus = [
        &["mode", "set", "paranoid-plus", "--accept-latch"][..],
        &within,
    ]
    .concat();
    let dry = [&["mode", "set", "paranoid", "--dry-run"][..], &within].concat();
    let output = on(&tree, &plus);
    assert_eq!((output.status, output.stdout.as_str()), (5, ""));
    assert_shows!(output.stderr, "confirm-refused.txt");
    for (words, what) in [
        (&dry[..], "contradict each other"),
        (&words("60")[..], "a unit are needed"),
        (&words("2h")[..], "between 1s and 1h"),
    ] {
        let output = on(&tree, words);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""));
        assert!(output.stderr.contains(what), "{}", output.stderr);
    }
}

/// Promise: the key of a password that the change took is there for putting it back.
#[test]
fn with_password() {
    let tree =
        with_key("confirm-password", 0x4B1D).smbios(&crate::passwords::firmware("hunter22", 0));
    let tree = tree.file("password", "hunter22\n");
    let mut command = command(&["--root", tree.dir(), "--json"]);
    command
        .args(words("1s"))
        .args(["--bios-password-fd", "0"])
        .stdin(std::fs::File::open(tree.path("password")).unwrap());
    judge(&tree, &finish(command), "timeout");
}

/// Promise: what can be put back is put back, though something else cannot; that is named, and the
/// record stays for it.
#[test]
fn not_undone() {
    let tree = machine("confirm-not-undone");
    let whole = back(&steps());
    let mut failed = whole.clone();
    failed[1].state = uapi::STEP_FAILED;
    failed[1].error = Errno::EIO as u32;
    let mut outcome = answered(0, uapi::OUTCOME_UNDONE, &failed);
    (outcome.control, outcome.error) = (failed[1].control, Errno::EIO as u32);
    let mut tree = tree.answer("apply-list", &outcome, &failed);
    // One by one then, the last first; the camera fails again.
    for (at, step) in whole.iter().rev().enumerate() {
        let one = [*step];
        let wanted = targets(&one);
        let camera = step.control == failed[1].control;
        let (state, ending) = match camera {
            true => (uapi::STEP_FAILED, uapi::OUTCOME_UNDONE),
            false => (uapi::STEP_DONE, uapi::OUTCOME_DONE),
        };
        let done = all_in(state, &one);
        let (plan, apply) = (
            format!("plan-list-{}", at + 2),
            format!("apply-list-{}", at + 2),
        );
        tree = tree
            .request(&plan, &request(0, 0, 0, 1), &wanted)
            .answer(&plan, &answered(0, uapi::OUTCOME_PLANNED, &one), &one)
            .request(&apply, &request(0, 0, 0, 1), &wanted)
            .answer(&apply, &answered(0, ending, &done), &done);
    }
    let there = after(&steps());
    let end = after(&steps()[1..2]);
    // Until the last, as after the change.
    let tree = tree.applied_twice(&status(&there), &there);
    let tree = tree.applied_as("applied-5", &status(&end), &end);
    let output = Waiting::start(&tree, true, "1s").end();
    assert_eq!(output.status, 1);
    let document = document(&output);
    assert_eq!(
        document["confirmation"]["result"], "not-undone",
        "{document:#}"
    );
    assert_eq!(
        document["confirmation"]["left"],
        serde_json::json!(["camera"])
    );
    assert_eq!(document["error"]["code"], "not-undone");
    assert!(document["error"]["why"]
        .as_str()
        .unwrap()
        .contains("camera"));
    assert_eq!(document["changes"], 1);
    assert!(tree.has("var/lib/milspecctl/baseline.json"));
}

/// Promise: who is connected through SSH is told of it where it helps: where something undoes the
/// change after the reboot from which on it is in force.
#[test]
fn remedy() {
    let steps = [step("wlan", "enabled", "disabled")];
    let plan = answered(MODE, uapi::OUTCOME_PLANNED, &steps);
    let told = |tree: Tree| {
        let tree = tree.answer("plan-paranoid", &plan, &steps);
        let mut command = command(&["--root", tree.dir(), "--json", "mode", "plan", "paranoid"]);
        command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        let document = document(&finish(command));
        document["warnings"][0]["remedy"]
            .as_str()
            .unwrap()
            .to_string()
    };
    let remedy = told(rugged("confirm-remedy"));
    assert!(remedy.contains("somebody can get to"), "{remedy}");
    let remedy = told(with_systemd(rugged("confirm-remedy-service")));
    assert!(remedy.contains("--confirm-within"), "{remedy}");
}
