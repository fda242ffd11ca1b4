// SPDX-License-Identifier: GPL-2.0

//! `milspecctl baseline show` and `mode set baseline`.

use crate::answers::*;
use crate::assert_shows;
use crate::baselines::{on_disk, pairs, with, DRY, FILE, RESTORE, SHOW};
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
    asks(rugged_with(name, &controls), "", &targets, steps)
}

/// The machine, with the answer to this list beside mode baseline; `again` is the number of the plan.
fn asks(tree: Tree, again: &str, targets: &[Target], steps: &[Step]) -> Tree {
    let count = targets.len() as u32;
    let done = all_in(uapi::STEP_DONE, steps);
    let plan = format!("plan-baseline{again}");
    tree.request(&plan, &request(0, 0, MODE, count), targets)
        .answer(&plan, &answered(MODE, uapi::OUTCOME_PLANNED, steps), steps)
        .request("apply-baseline", &request(1, 0, MODE, count), targets)
        .answer(
            "apply-baseline",
            &answered(MODE, uapi::OUTCOME_DONE, &done),
            &done,
        )
}

const MODE: u8 = uapi::MODE_BASELINE;

/// The id of a control, and one of its values.
fn target(name: &str, value: u8) -> Target {
    Target {
        control: by_name(&mut rugged_controls(), name).id,
        value,
        ..Target::default()
    }
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

/// Promise: mode baseline asks for what differs from the record, and nothing else; when everything is as it was, the
/// record goes.
#[test]
fn restore() {
    let tree = with(restores("baseline-restore", &back()), &RECORDED);
    let mut text = shown("show", &on(&tree, &SHOW));
    text.push_str(&shown("show -v", &on(&tree, &["baseline", "show", "-v"])));
    text.push_str(&shown("dry run", &on(&tree, &DRY)));
    assert_eq!(
        on(&tree, &["mode", "plan", "baseline"]).stdout,
        on(&tree, &DRY).stdout
    );
    let (_, list) = json(&tree, &["mode", "list", "baseline"]);
    assert_eq!(list["modes"][0]["steps"].as_array().unwrap().len(), 2);
    let (status, document) = json(&tree, &DRY);
    assert_eq!((status, &document["changes"]), (0, &2.into()));
    assert_eq!(document["schema"], "milspec.plan/1");
    assert!(tree.has(FILE));
    text.push_str(&shown("set", &on(&tree, &RESTORE)));
    assert!(!tree.has(FILE));
    assert_shows!(text, "baseline-restore.txt");

    let tree = with(tree, &RECORDED);
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!((status, &document["changes"]), (0, &2.into()));
    assert_eq!(document["baseline"]["state"], "removed");
    assert_eq!(document["target"]["mode"], "baseline");
    assert_eq!(document["target"]["controls"][1]["name"], "wlan");
}

/// Promise: without a record, or with everything as it was, there is nothing to do, which is
/// success.
#[test]
fn nothing_to_restore() {
    let tree = restores("baseline-nothing", &[]);
    let mut text = shown("show", &on(&tree, &SHOW));
    text.push_str(&shown("set", &on(&tree, &RESTORE)));
    assert_eq!(json(&tree, &RESTORE).0, 0);
    let tree = with(tree, &[("wlan", "enabled")]);
    text.push_str(&shown("show, as it was", &on(&tree, &SHOW)));
    text.push_str(&shown("set, as it was", &on(&tree, &RESTORE)));
    assert!(!tree.has(FILE));
    // There is nothing to confirm, so nothing waits for that.
    let tree = with(tree, &[("wlan", "enabled")]);
    let words = [&RESTORE[..], &["--confirm-within", "1h"]].concat();
    assert_eq!(json(&tree, &words).1["baseline"]["state"], "removed");
    assert_shows!(text, "baseline-nothing.txt");
}

/// Promise: what cannot be brought back is named, with the reason and a remedy, and stays recorded;
/// the rest is brought back; the exit status is 1.
#[test]
fn left_out() {
    let mut refused = answered(MODE, uapi::OUTCOME_REFUSED, &[]);
    refused.reason = uapi::REASON_RESTRICTED;
    refused.control = target("camera", 0).control;
    let planned = [step("DSMIL0D1", "active", "inactive")];
    let tree = restores("baseline-left-out", &planned).answer("plan-baseline", &refused, &[]);
    let tree = tree.without("recording/plan-baseline.request.bin");
    let left = [target("DSMIL0D1", 0), target("camera", uapi::TARGET_LEAVE)];
    let tree = asks(tree, "-2", &left, &planned);
    let tree = with(tree, &RECORDED);
    let mut text = shown("show", &on(&tree, &SHOW));
    let dry = on(&tree, &DRY);
    assert_eq!(dry.status, 1);
    text.push_str(&shown("dry run", &dry));
    let output = on(&tree, &RESTORE);
    assert_eq!(output.status, 1);
    text.push_str(&shown("set", &output));
    assert_shows!(text, "baseline-left-out.txt");
    assert_eq!(on_disk(&tree), pairs(&RECORDED[..1]));
    let tree = with(tree, &RECORDED);
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!(status, 1);
    assert_eq!(document["outcome"], "done");
    assert_eq!(document["error"]["code"], "baseline-incomplete");
    assert_eq!(document["baseline"]["state"], "kept");
    assert_eq!(document["left_out"][0]["name"], "camera");
    assert_eq!(document["left_out"][0]["value"], "enabled");
    assert_eq!(document["left_out"][0]["reason"], "restricted");
}

/// Promise: a control that is not there any more, as after a BIOS update, is named, stays recorded
/// and is no failure.
#[test]
fn vanished() {
    let mut recorded = RECORDED.to_vec();
    recorded.push(("gps", "enabled"));
    let tree = with(restores("baseline-vanished", &back()), &recorded);
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!((status, &document["outcome"]), (0, &"done".into()));
    assert_eq!(document["left_out"][0]["name"], "gps");
    assert_eq!(document["left_out"][0]["reason"], "no-control");
    assert_eq!(document["baseline"]["state"], "kept");
    assert_eq!(on_disk(&tree), pairs(&[("gps", "enabled")]));
    // With the update taken back, it is there again.
    let shown = json(&tree, &SHOW).1;
    assert_eq!(shown["controls"][0]["name"], "gps");
}

/// Promise: what is excepted stays as it is, and recorded.
#[test]
fn excepted() {
    let planned = [step("camera", "disabled", "enabled")];
    let list = [target("DSMIL0D1", uapi::TARGET_LEAVE), target("camera", 0)];
    let tree = asks(restores("baseline-excepted", &planned), "", &list, &planned);
    let tree = with(tree, &RECORDED);
    let set = [&RESTORE[..], &["--except", "DSMIL0D1"]].concat();
    let (status, document) = json(&tree, &set);
    assert_eq!((status, &document["excepted"][0]), (0, &"DSMIL0D1".into()));
    assert_eq!(on_disk(&tree), pairs(&RECORDED[2..]));
}

/// Promise: where the driver takes something else for what was before, as after it was loaded anew,
/// the record is right; and what cannot be read of what only the driver knows is left as it is.
#[test]
fn driver_knows_otherwise() {
    let mut controls = rugged_controls();
    // Put back by hand; the driver has seen nothing but that.
    by_name(&mut controls, "camera").baseline = 1;
    answer(by_name(&mut controls, "wlan"), 1);
    by_name(&mut controls, "wlan").baseline = 0;
    let tree = rugged_with("baseline-otherwise", &controls);
    let mut refused = answered(MODE, uapi::OUTCOME_REFUSED, &[]);
    refused.reason = uapi::REASON_UNREADABLE;
    refused.control = target("wlan", 0).control;
    let accept = target("camera", uapi::TARGET_ACCEPT);
    let tree = tree
        .request("plan-baseline", &request(0, 0, MODE, 1), &[accept])
        .answer("plan-baseline", &refused, &[]);
    let left = [accept, target("wlan", uapi::TARGET_LEAVE)];
    let tree = with(asks(tree, "-2", &left, &[]), &RECORDED[..1]);
    let (status, document) = json(&tree, &RESTORE);
    assert_eq!(status, 1, "{document:#}");
    assert_eq!(document["left_out"][0]["name"], "wlan");
    assert_eq!(document["left_out"][0]["value"], "enabled");
    assert_eq!(on_disk(&tree), pairs(&[("wlan", "enabled")]));
}

/// Promise: as with any change, what has to be confirmed is undone where nobody does: until then all
/// of it stays recorded, and then nothing, so that the next change begins a new record.
#[test]
fn to_be_confirmed() {
    let tree = with(restores("baseline-confirm", &back()), &RECORDED);
    let set = [&RESTORE[..], &["--confirm-within", "1h"]].concat();
    let mut command = crate::run::command(&["--root", tree.dir(), "--json"]);
    let mut waiting = command
        .args(set)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !tree.has(crate::confirm::RECORD) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(on_disk(&tree), pairs(&RECORDED));
    assert_eq!(json(&tree, &["confirm"]).1["change"], "mode baseline");
    assert!(waiting.wait().unwrap().success());
    assert!(!tree.has(FILE));
}

/// Promise: the firmware's password is asked for as with any change, and the record goes only when
/// everything was restored.
#[test]
fn password() {
    let mut rejected = all_in(uapi::STEP_PLANNED, &back());
    rejected[0].state = uapi::STEP_FAILED;
    rejected[0].error = Errno::EKEYREJECTED as u32;
    let mut undone = answered(MODE, uapi::OUTCOME_UNDONE, &rejected);
    undone.control = rejected[0].control;
    undone.error = Errno::EKEYREJECTED as u32;
    let done = all_in(uapi::STEP_DONE, &back());
    let tree = with(restores("baseline-password", &back()), &RECORDED)
        .without("recording/apply-baseline.request.bin")
        .answer("apply-baseline", &undone, &rejected)
        .answer(
            "apply-baseline-2",
            &answered(MODE, uapi::OUTCOME_DONE, &done),
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
