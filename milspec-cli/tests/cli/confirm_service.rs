// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within` where milspec-confirm.service waits: how to undo a change is on disk, and
//! outlives who made it, and the boot.

use crate::answers::*;
use crate::assert_shows;
use crate::baselines::on_disk;
use crate::changes::{request, shown, succeeds, undone};
use crate::confirm::{after, back, record, targets, words, Waiting, RECORD};
use crate::machines::*;
use crate::passwords::firmware;
use crate::run::{command, document, finish, json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::Control;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::Signal;
use serde_json::{json, Value};
use std::time::Duration;

const BASELINE: &str = "var/lib/milspecctl/baseline.json";
/// What was asked of systemd.
const ASKED: &str = "recording/asked";
const SHOW: &str = "systemctl show --property=LoadState,WantedBy milspec-confirm.service";
const START: &str = "systemctl start --no-block milspec-confirm.service";
/// Where the kernel says which boot this is.
pub const BOOT_ID: &str = "proc/sys/kernel/random/boot_id";

/// The tree, with a systemd that has the unit. What it is asked is written down.
pub fn with_systemd(tree: Tree) -> Tree {
    let answers = json!({
        SHOW: "WantedBy=dev-milspec.device\nLoadState=loaded\n",
        START: "",
        "systemctl --no-block reboot": "",
    });
    tree.file("run/systemd/system/.exists", "")
        .file(BOOT_ID, "first\n")
        .file(ASKED, "")
        .file("recording/programs.json", &answers.to_string())
}

/// What systemd was asked for, but for its state.
fn asked(tree: &Tree) -> Vec<String> {
    let text = String::from_utf8(tree.bytes(ASKED)).unwrap();
    let lines = text.lines().filter(|line| *line != SHOW);
    lines.map(str::to_string).collect()
}

/// The controls after the change: what is a setting waits for the next boot.
fn changed() -> Vec<Control> {
    let mut controls = after(&steps());
    for control in &mut controls {
        let step = steps().into_iter().find(|step| step.control == control.id);
        if let Some(step) = step.filter(|_| control.family == uapi::FAMILY_PLATFORM) {
            control.properties |= uapi::CONTROL_PENDING_REBOOT;
            (control.baseline, control.written) = (step.from, step.to);
        }
    }
    controls
}

/// A machine on which paranoid can be set.
fn machine(name: &str) -> Tree {
    let changed = changed();
    with_systemd(succeeds(name).applied(&status(&changed), &changed))
}

/// The machine once the change was made and, in another boot, can be put back.
fn made(name: &str, boot: &str) -> Tree {
    let tree = machine(name);
    assert_eq!(on(&tree, &words("1s")).status, 0);
    rebooted(tree, boot)
}

/// A machine with these controls, on which these steps can be made; and the controls after them.
fn goes_back(tree: Tree, now: &[Control], back: &[uapi::Step], after: &[Control]) -> Tree {
    let done = all_in(uapi::STEP_DONE, back);
    let [vendor, product, bios] = RUGGED;
    let asked = request(0, 0, 0, back.len() as u32);
    tree.answers(&info(vendor, product, bios), &status(now), now)
        .request("plan-list", &asked, &targets(back))
        .answer("plan-list", &answered(0, uapi::OUTCOME_PLANNED, back), back)
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &done), &done)
        .applied(&status(after), after)
}

/// The same machine in this boot.
fn rebooted(tree: Tree, boot: &str) -> Tree {
    let (now, before) = (after(&steps()), rugged_controls());
    let back = back(&steps());
    goes_back(
        tree.file(BOOT_ID, &format!("{boot}\n")),
        &now,
        &back,
        &before,
    )
}

/// Promise: the change is on disk, and the service asked to wait, before anything is changed. Nobody
/// waits here, and the answer says what is to be done.
#[test]
fn armed() {
    let tree = machine("service-armed");
    let (status, document) = json(&tree, &words("300s"));
    assert_eq!(status, 0);
    assert_eq!(document["outcome"], "done");
    let confirmation = &document["confirmation"];
    assert_eq!(confirmation["result"], "waiting");
    assert!(confirmation["by"].is_null());
    assert_eq!(asked(&tree), [START]);
    let record = record(&tree);
    assert_eq!(record["state"], "armed");
    assert_eq!(record["waiter"], "service");
    assert_eq!(record["boot"], "first");
    assert_eq!(
        record["recorded"],
        json!(["DSMIL0D1", "camera", "thunderbolt-security"])
    );
    // A device changes at once, a setting with the next boot.
    let waits = [false, true, true].map(Value::from);
    let steps = record["steps"].as_array().unwrap().iter();
    assert!(steps.map(|step| &step["waits_for_reboot"]).eq(&waits));
    let codes = document["warnings"].as_array().unwrap().iter();
    let codes: Vec<_> = codes.map(|warning| warning["code"].clone()).collect();
    for code in ["undo-takes-reboot", "unconfirmed"] {
        assert!(codes.contains(&code.into()), "{codes:?}");
    }
}

/// Promise: where it cannot be written down or nobody will wait, nothing is changed and nothing is
/// left; nor is anything left of a change that failed.
#[test]
fn nothing_is_left() {
    let tree = machine("service-not-started");
    let answers = String::from_utf8(tree.bytes("recording/programs.json")).unwrap();
    let fails = answers.replace(START, "another call");
    tree.put("recording/programs.json", fails.as_bytes());
    let (status, document) = json(&tree, &words("1s"));
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"cannot-wait".into())
    );
    assert!(!tree.has(RECORD) && !tree.has(BASELINE));

    // As on a full disk: what is to take its place cannot be written.
    let full = machine("service-full").file(&format!("{RECORD}.new/full"), "");
    let (status, document) = json(&full, &words("1s"));
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"not-recorded".into())
    );
    assert!(asked(&full).is_empty());

    let tree = with_systemd(undone("service-undone", Errno::EIO));
    assert_eq!(on(&tree, &words("1s")).status, 1);
    assert!(!tree.has(RECORD) && !tree.has(BASELINE));
}

/// Promise: what is in force after the next boot only cannot be confirmed before it. Who confirms
/// all the same stops the clock until then.
#[test]
fn not_before_the_reboot() {
    let tree = machine("service-early");
    assert_eq!(on(&tree, &words("1h")).status, 0);
    let waiting = Waiting::service(&tree);
    let mut text = shown("early", &on(&tree, &["confirm"]));
    let (status, document) = json(&tree, &["confirm"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"not-in-force-yet".into())
    );
    assert_eq!(record(&tree)["state"], "held");
    assert_eq!(waiting.end().status, 0);
    assert_eq!(json(&tree, &["confirm", "--wait"]).1["result"], "nothing");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["unconfirmed"]["state"], "not-in-force");
    assert!(document["unconfirmed"]["left_s"].is_null());

    let tree = rebooted(tree, "second");
    let waiting = Waiting::service(&tree);
    assert_eq!(
        json(&tree, &["status"]).1["unconfirmed"]["state"],
        "unconfirmed"
    );
    text.push_str(&shown("after the reboot", &on(&tree, &["confirm"])));
    assert_eq!(waiting.end().status, 0);
    assert!(!tree.has(RECORD));
    assert_eq!(on_disk(&tree).len(), 3);
    text.push_str(&shown("once more", &on(&tree, &["confirm"])));
    assert_shows!(text, "confirm-service.txt");
}

/// Promise: a change that nobody confirmed is undone by the service, in the boot after it and in its
/// own; the record of the baseline goes with it, and `status` still says so.
#[test]
fn undone_in_time() {
    for (boot, needs_reboot) in [("second", true), ("first", false)] {
        let tree = made(&format!("service-undone-{boot}"), boot);
        let output = Waiting::service(&tree).end();
        assert_eq!(output.status, 0);
        let document = document(&output);
        assert_eq!(document["result"], "undone", "{document:#}");
        assert_eq!(document["confirmation"]["by"], "timeout");
        assert_eq!(document["confirmation"]["needs_reboot"], needs_reboot);
        assert_eq!(document["reboots"], false);
        assert_eq!(record(&tree)["state"], "undone");
        assert!(!tree.has(BASELINE));
        assert_eq!(json(&tree, &["status"]).1["unconfirmed"]["state"], "undone");
        // It is said until something else is changed.
        let plan = answered(uapi::MODE_PARANOID, uapi::OUTCOME_PLANNED, &steps());
        let tree = tree.answer("plan-paranoid", &plan, &steps());
        assert_eq!(on(&tree, &["mode", "set", "paranoid"]).status, 0);
        assert!(!tree.has(RECORD));
    }
}

/// Promise: the machine boots again by itself where that was asked for when the change was made, and
/// where undoing takes it; nowhere else.
#[test]
fn reboots_where_asked() {
    for (boot, reboots) in [("second", true), ("first", false)] {
        let tree = machine(&format!("service-reboots-{boot}"));
        let set = [&words("1s")[..], &["--reboot-to-undo"]].concat();
        assert_eq!(on(&tree, &set).status, 0);
        let tree = rebooted(tree, boot);
        let document = document(&Waiting::service(&tree).end());
        assert_eq!(document["reboots"], reboots);
        assert_eq!(
            asked(&tree).contains(&"systemctl --no-block reboot".into()),
            reboots
        );
    }
    // Without the service nobody could.
    let (status, document) = json(
        &succeeds("service-reboots-never"),
        &[&words("1s")[..], &["--reboot-to-undo"]].concat(),
    );
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"cannot-wait".into())
    );
}

/// Promise: a reboot that systemd does not take is tried again, and so is one that nobody came to ask for;
/// after it there is nothing to do.
#[test]
fn reboots_in_the_end() {
    let tree = machine("service-reboot-refused");
    let set = [&words("1s")[..], &["--reboot-to-undo"]].concat();
    assert_eq!(on(&tree, &set).status, 0);
    let tree = rebooted(tree, "second");
    let answers = String::from_utf8(tree.bytes("recording/programs.json")).unwrap();
    let refuses = answers.replace("systemctl --no-block reboot", "another call");
    tree.put("recording/programs.json", refuses.as_bytes());
    let output = Waiting::service(&tree).end();
    let refused = document(&output);
    // The unit has it started anew for this one.
    assert_eq!(
        (output.status, &refused["error"]["code"]),
        (3, &"not-rebooted".into())
    );
    assert_eq!(
        (&refused["result"], &refused["reboots"]),
        (&"undone".into(), &false.into())
    );
    assert_eq!(record(&tree)["state"], "reboot-due");
    // Nothing else is changed before that, which would forget it.
    let (exit, other) = json(&tree, &["mode", "set", "paranoid"]);
    assert_eq!(
        (exit, &other["error"]["code"]),
        (1, &"already-waiting".into())
    );
    // Nor by who cannot see which boot this is.
    let boot = tree.bytes(BOOT_ID);
    let tree = tree.without(BOOT_ID);
    let (exit, other) = json(&tree, &["mode", "set", "paranoid"]);
    assert_eq!(
        (exit, &other["error"]["code"]),
        (1, &"already-waiting".into())
    );
    tree.put(BOOT_ID, &boot);
    tree.put("recording/programs.json", answers.as_bytes());
    let (exit, again) = json(&tree, &["confirm", "--wait"]);
    assert_eq!((exit, &again["reboots"]), (0, &true.into()), "{again:#}");
    tree.put(BOOT_ID, b"third\n");
    let (exit, after) = json(&tree, &["confirm", "--wait"]);
    assert_eq!((exit, &after["result"]), (0, &"nothing".into()));
    assert_eq!(after["reboots"], false);
    let (_, told) = json(&tree, &["status"]);
    assert_eq!(told["unconfirmed"]["state"], "undone");

    // Somebody was killed after the steps, and before it was written down.
    let tree = machine("service-reboot-killed");
    assert_eq!(on(&tree, &set).status, 0);
    let mut before = rugged_controls();
    by_name(&mut before, "camera").properties |= uapi::CONTROL_PENDING_REBOOT;
    let [vendor, product, bios] = RUGGED;
    let nothing = answered(0, uapi::OUTCOME_PLANNED, &[]);
    let tree = rebooted(tree, "second")
        .answers(&info(vendor, product, bios), &status(&before), &before)
        .answer("plan-list", &nothing, &[])
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &[]), &[])
        .applied(&status(&before), &before);
    let killed = document(&Waiting::service(&tree).end());
    assert_eq!(killed["reboots"], true, "{killed:#}");
}

/// Promise: what somebody else has changed since is left alone and named; the rest is undone.
#[test]
fn changed_by_somebody_else() {
    let tree = machine("service-moved");
    let set = [&words("1s")[..], &["--reboot-to-undo"]].concat();
    assert_eq!(on(&tree, &set).status, 0);
    let tree = rebooted(tree, "second");
    let moved = |mut controls: Vec<Control>| {
        let other = step("thunderbolt-security", "user", "secure").to;
        answer(by_name(&mut controls, "thunderbolt-security"), other.into());
        controls
    };
    let (now, before) = (moved(after(&steps())), moved(rugged_controls()));
    let back = back(&steps()[..2]);
    let tree = goes_back(tree, &now, &back, &before);
    let output = Waiting::service(&tree).end();
    let document = document(&output);
    assert_eq!(
        (output.status, &document["result"]),
        (1, &"not-undone".into())
    );
    let names = json!(["thunderbolt-security"]);
    let confirmation = &document["confirmation"];
    assert_eq!(confirmation["left"], names, "{document:#}");
    assert_eq!(confirmation["moved"], names);
    assert_eq!(confirmation["steps"].as_array().unwrap().len(), 2);
    // What has gone back may be what brings the connection back.
    assert_eq!(document["reboots"], true);
    // That it is as it is, is what there is left to say.
    assert_eq!(on(&tree, &["confirm"]).status, 0);
    assert!(!tree.has(RECORD));
}

/// Promise: a service that is killed goes on with the time that is left, and each boot begins anew.
#[test]
fn deadline() {
    let tree = machine("service-killed");
    assert_eq!(on(&tree, &words("1h")).status, 0);
    let end = |tree: &Tree| record(tree)["deadline"]["monotonic_ms"].as_u64().unwrap();
    let mut waiting = Waiting::service(&tree);
    let first = end(&tree);
    waiting.kill();
    let told = |tree: &Tree| json(tree, &["status"]).1["unconfirmed"]["left_s"].clone();
    assert!(told(&tree).is_null(), "nobody waits");
    let mut waiting = Waiting::service(&tree);
    assert_eq!(end(&tree), first);
    assert!(told(&tree).is_u64());
    waiting.kill();
    let tree = rebooted(tree, "second");
    let waiting = Waiting::service(&tree);
    assert!(end(&tree) > first);
    // The machine is shut down: that undoes nothing.
    waiting.signal(Signal::SIGTERM);
    let output = waiting.end();
    assert_eq!(output.status, 0);
    assert_eq!(document(&output)["result"], "waiting");
    assert_eq!(record(&tree)["state"], "armed");
}

/// Promise: where a BIOS password is installed, a deadline across a reboot is refused before anything
/// is changed, and no try of it is spent; a password that shows up later is not asked for.
#[test]
fn password() {
    let tree = machine("service-password")
        .smbios(&firmware("hunter22", 0))
        .file("password", "hunter22\n");
    let mut text = shown("installed", &on(&tree, &words("1s")));
    let (status, document) = json(&tree, &words("1s"));
    assert_eq!(
        (status, &document["error"]["code"]),
        (5, &"refused-password".into())
    );
    let mut command = command(&["--root", tree.dir(), "--json"]);
    command
        .args(words("1s"))
        .args(["--bios-password-fd", "0"])
        .stdin(std::fs::File::open(tree.path("password")).unwrap());
    assert_eq!(finish(command).status, 5);
    assert!(!tree.has(RECORD) && !tree.has(BASELINE));

    let tree = with_systemd(undone("service-password-later", Errno::EKEYREJECTED));
    text.push_str(&shown("later", &on(&tree, &words("1s"))));
    let (status, document) = json(&tree, &words("1s"));
    assert_eq!(
        (status, &document["error"]["code"]),
        (5, &"refused-password".into())
    );
    assert_eq!(document["outcome"], "undone");
    assert_shows!(text, "confirm-password.txt");
}

/// Promise: a control that is gone after the reboot, as after a BIOS update, keeps nothing else from
/// being undone, and is named.
#[test]
fn vanished() {
    let tree = made("service-vanished", "second");
    let gone = |mut controls: Vec<Control>| {
        controls.retain(|control| uapi::text(&control.name) != Some("camera"));
        controls
    };
    let (now, before) = (gone(after(&steps())), gone(rugged_controls()));
    let back: Vec<_> = back(&steps())
        .into_iter()
        .filter(|step| now.iter().any(|control| control.id == step.control))
        .collect();
    let tree = goes_back(tree, &now, &back, &before);
    let document = document(&Waiting::service(&tree).end());
    assert_eq!(document["result"], "undone", "{document:#}");
    assert_eq!(document["confirmation"]["absent"], json!(["camera"]));
}

/// Promise: without the driver nothing is given up: the service ends so that systemd starts it anew.
#[test]
fn no_driver() {
    let tree = made("service-no-driver", "second").open_error(Errno::ENOENT);
    let output = Waiting::service(&tree).end();
    assert_eq!(output.status, 3);
    assert_eq!(record(&tree)["state"], "armed");
    // Then the time is over already.
    let output = on(&tree, &["confirm", "--wait"]);
    assert_eq!(output.status, 3);
}

/// Promise: of two changes at a time that both found nothing waiting, the second is refused.
#[test]
fn second_that_waited() {
    let tree = machine("service-second").file("var/lib/milspecctl/lock", "");
    let file = std::fs::File::open(tree.path("var/lib/milspecctl/lock")).unwrap();
    let held = Flock::lock(file, FlockArg::LockExclusive).unwrap();
    let mut waiting = command(&["--root", tree.dir(), "--json"]);
    waiting.args(["mode", "set", "paranoid"]);
    let second = std::thread::spawn(move || finish(waiting));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!second.is_finished());
    let record = record(&made("service-first", "first")).to_string();
    tree.put(RECORD, record.as_bytes());
    drop(held);
    let document = document(&second.join().unwrap());
    assert_eq!(document["error"]["code"], "already-waiting");
}

/// Promise: what only devices were changed is in force at once, and can be confirmed at once.
#[test]
fn in_force_at_once() {
    let steps = [step("DSMIL0D1", "inactive", "active")];
    let done = all_in(uapi::STEP_DONE, &steps);
    let now = after(&steps);
    let list = targets(&steps);
    let tree = with_systemd(rugged("service-device"))
        .request("plan-list", &request(0, 0, 0, 1), &list)
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &steps),
            &steps,
        )
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &done), &done)
        .applied(&status(&now), &now);
    let set = [
        "control",
        "set",
        "DSMIL0D1=active",
        "--confirm-within",
        "1h",
    ];
    assert_eq!(on(&tree, &set).status, 0);
    assert_eq!(json(&tree, &["confirm"]).1["result"], "kept");
}

/// Promise: the record of another machine undoes nothing here.
#[test]
fn another_machine() {
    let tree = made("service-another", "second").dmi("Dell Inc.", "Latitude 5450", "1.9.1");
    for words in [
        &["confirm", "--wait"][..],
        &["confirm", "--undo"],
        &["confirm"],
    ] {
        let (status, document) = json(&tree, words);
        assert_eq!(status, 5, "{words:?}");
        assert_eq!(document["error"]["code"], "record-of-another-machine");
    }
    assert_eq!(record(&tree)["state"], "armed");
    assert_eq!(
        json(&tree, &["status"]).1["unconfirmed"]["state"],
        "unreadable"
    );
}

/// Promise: `doctor` says whether something undoes what nobody confirms, and what waits for that.
#[test]
fn doctor() {
    let check = |tree: &Tree| {
        let (_, document) = json(tree, &["doctor"]);
        let mut checks = document["checks"].as_array().unwrap().iter();
        checks.find(|check| check["id"] == "confirmation").unwrap()["result"].clone()
    };
    assert_eq!(check(&succeeds("service-doctor-without")), "not-applicable");
    let tree = machine("service-doctor");
    assert_eq!(check(&tree), "ok");
    assert_eq!(on(&tree, &words("1h")).status, 0);
    assert_eq!(check(&tree), "warning");
}

/// Promise: people read what waits, until when, and what to do.
#[test]
fn shown_to_people() {
    let tree = machine("service-shown");
    let mut text = shown("set", &on(&tree, &words("300s")));
    text.push_str(&shown("another", &on(&tree, &["mode", "set", "paranoid"])));
    text.push_str(&shown("status", &on(&tree, &["status"])));
    let tree = rebooted(tree, "second");
    text.push_str(&shown("status after the reboot", &on(&tree, &["status"])));
    text.push_str(&shown("undo", &on(&tree, &["confirm", "--undo"])));
    let tree = made("service-shown-late", "second");
    let waits = on(&tree, &["confirm", "--wait"]);
    text.push_str(&shown("wait", &waits));
    text.push_str(&shown("undone", &on(&tree, &["status"])));
    text.push_str(&shown("forget", &on(&tree, &["confirm", "--forget"])));
    assert_shows!(text, "confirm-service-shown.txt");
}
