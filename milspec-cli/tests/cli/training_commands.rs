// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training`: what is asked of the driver, and what is kept.

use crate::changes::ready as machine;
use crate::docs::source;
use crate::journal::{bytes, CAMERA, DEVICE};
use crate::machines::status;
use crate::run::{command, finish, json, on};
use crate::training::in_training;
use crate::training_plays::{scenarios, Played, PLAYS};
use crate::tree::Tree;
use milspec::training::run::{self, Run};
use milspec::unconfirmed::{Record, State, Waiter};
use milspec_uapi as uapi;
use milspec_uapi::{Target, Training};
use nix::errno::Errno;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::Duration;
use zerocopy::{FromBytes, IntoBytes};

/// The answer to an operation.
pub fn answered(on: bool) -> Training {
    Training {
        head: uapi::Head {
            size: size_of::<Training>() as u32,
            flags: 0,
        },
        properties: if on { uapi::TRAINING_ON } else { 0 },
        session: 1,
        generation: 7,
        load: [9; 16],
        ..Training::default()
    }
}

/// The machine, on which a training can be begun, in which first-steps is solved.
pub fn ready(tree: Tree) -> Tree {
    solved(tree, "first-steps")
}

/// The same with another scenario.
fn solved(tree: Tree, name: &str) -> Tree {
    let (scenario, text) = &scenarios()[name];
    let mut played = Played::new(scenario);
    let (_, model, ..) = PLAYS.iter().find(|(one, ..)| *one == name).unwrap();
    model(&mut played);
    let (controls, records) = played.driver();
    for operation in ["state", "start", "inject"] {
        let name = format!("recording/training-{operation}.bin");
        tree.put(&name, answered(true).as_bytes());
    }
    tree.put("recording/training-stop.bin", answered(false).as_bytes());
    let before = match tree.has("recording/journal.bin") {
        true => tree.bytes("recording/journal.bin"),
        false => Vec::new(),
    };
    tree.put("recording/journal.bin", &[before, bytes(&records)].concat());
    let mut status = status(&controls);
    status.properties = uapi::STATUS_TRAINING;
    tree.put("recording/training/status.bin", status.as_bytes());
    let listing = crate::tree::listing(&status, &controls);
    tree.put("recording/training/controls.bin", &listing);
    tree.put("run.json", &serde_json::to_vec(&played.run()).unwrap());
    tree.file(&format!("usr/share/milspecctl/scenarios/{name}.toml"), text)
}

/// The request of an operation, as a recording has it.
fn request(tree: &Tree, operation: &str, training: Training, rest: &[&[u8]]) {
    let training = Training {
        head: answered(true).head,
        ..training
    };
    let all = [training.as_bytes(), &rest.concat()].concat();
    tree.put(&format!("recording/training-{operation}.request.bin"), &all);
}

fn target(control: u32, value: u8) -> Vec<u8> {
    let target = Target {
        control,
        value,
        ..Target::default()
    };
    target.as_bytes().to_vec()
}

/// Promise: a training begins with what was asked for: the machine as it is or with other values, or
/// with 84 devices.
#[test]
fn started() {
    let tree = ready(machine("training-started"));
    let training = Training {
        operation: uapi::TRAINING_START,
        ..Training::default()
    };
    request(&tree, "start", training, &[]);
    let (status, document) = json(&tree, &["training", "start"]);
    assert_eq!(status, 0, "{document:#}");
    assert_eq!(
        (&document["training"], &document["done"]),
        (&true.into(), &"started".into())
    );
    assert_eq!(document["session"], 1);
    let text = on(&tree, &["training", "start"]).stdout;
    assert!(text.starts_with("! TRAINING: "), "{text}");
    let with = Training {
        target_count: 2,
        ..training
    };
    let targets = [target(CAMERA, 1), target(DEVICE + 1, 1)];
    request(&tree, "start", with, &[&targets[0], &targets[1]]);
    let set = [
        "training",
        "start",
        "--set",
        "camera=disabled",
        "--set",
        "DSMIL0D1=active",
    ];
    assert_eq!(json(&tree, &set).0, 0);
    let devices = milspec::training::devices::descriptions();
    let with = Training {
        device_count: 84,
        target_count: 1,
        ..training
    };
    let device = target(2 << 16 | 0x406, 1);
    request(&tree, "start", with, &[devices.as_flattened(), &device]);
    let words = [
        "training",
        "start",
        "--profile",
        "dsmil",
        "--set",
        "DSMIL4D6=active",
    ];
    assert_eq!(json(&tree, &words).0, 0);
    // Another request gets no answer.
    assert_eq!(json(&tree, &["training", "start"]).0, 1);
    for (words, code, status) in [
        (&["--set", "camrea=disabled"][..], "no-such-control", 1),
        (&["--set", "camera=off"], "no-such-value", 1),
        (&["--profile", "fulll"], "usage", 2),
        (&["--profile", "./nothing.json"], "file-unreadable", 1),
    ] {
        let (exit, document) = json(&tree, &[&["training", "start"], words].concat());
        assert_eq!(
            (exit, &document["error"]["code"]),
            (status, &code.into()),
            "{words:?}"
        );
    }
}

/// Promise: a report is a profile: its token table, and what its controls were. What would end a
/// structure is no token, and takes none away that stands behind it.
#[test]
fn of_a_report() {
    let tree = crate::machines::rugged("training-report-profile");
    let report = on(&tree, &["report", "-q", "--output", "-"]).stdout;
    let mut report: Value = serde_json::from_str(&report).unwrap();
    report["token_table"] = serde_json::json!({ "from": "smbios", "structures": [{
        "port": 178, "code": 1, "classes": 1, "end": "terminated",
        "tokens": "0285@1000=1 FFFF=0 0286@1000=2",
    }] });
    report["driver"]["controls"] = serde_json::json!([]);
    tree.put("report.json", report.to_string().as_bytes());
    let file = tree.path("report.json");
    let snapshot = milspec::machine::open(Some(std::path::Path::new(tree.dir()))).unwrap();
    let snapshot = milspec::Snapshot::take(&snapshot, false).unwrap();
    let profile = milspec::training::profile::Profile::Report(file);
    let described = profile.describe(&snapshot, &[]).unwrap();
    assert!(described.devices.is_empty() && described.targets.is_empty());
    let mut tokens = Vec::new();
    milspec_posture::token_table::parse(&described.tokens, |token| tokens.push(token)).unwrap();
    let ids: Vec<u16> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(ids, [0x0285, 0x0286]);
}

/// Promise: nothing is begun while a change of the machine waits to be confirmed.
#[test]
fn not_while_a_change_waits() {
    let tree = ready(machine("training-waits"));
    waits(&tree);
    for words in [
        &["training", "start"][..],
        &["training", "run", "first-steps"],
    ] {
        let (status, document) = json(&tree, words);
        assert_eq!(
            (status, &document["error"]["code"]),
            (1, &"already-waiting".into())
        );
    }
}

/// A change of the machine waits to be confirmed.
fn waits(tree: &Tree) {
    let root = milspec::machine::open(Some(std::path::Path::new(tree.dir()))).unwrap();
    let record = Record {
        schema: milspec::unconfirmed::FILE.schema.into(),
        machine: milspec::baseline::Identity::of(&root),
        change: "mode paranoid".into(),
        boot: None,
        steps: Vec::new(),
        recorded: Vec::new(),
        within_s: 60,
        reboots: false,
        waiter: Waiter::Service,
        state: State::Armed,
        deadline: None,
        left: Vec::new(),
        restored: Vec::new(),
        undone_in: None,
        asked: false,
    };
    let record = serde_json::to_string(&record).unwrap();
    tree.put("var/lib/milspecctl/unconfirmed.json", record.as_bytes());
}

/// Promise: in a training nothing is undone of a change of the machine, which waits on; who waits for
/// it tries again.
#[test]
fn not_undone_in_a_training() {
    let tree = in_training(machine("training-undo"));
    waits(&tree);
    let before = tree.bytes("var/lib/milspecctl/unconfirmed.json");
    let (status, document) = json(&tree, &["confirm", "--undo"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (3, &"training".into())
    );
    assert_eq!(tree.bytes("var/lib/milspecctl/unconfirmed.json"), before);
    // The service begins again after all but these.
    let unit = source("packaging/systemd/milspec-confirm.service");
    let unit = fs::read_to_string(unit).unwrap();
    assert!(unit.contains("RestartPreventExitStatus=1 2 5\n"));
}

/// Promise: each injection is asked for in the numbers of the ABI, of the training that was seen; what makes no sense is refused
/// before the driver is asked.
#[test]
fn injected() {
    let tree = in_training(ready(machine("training-injected")));
    let wanted = |injection, number, control, value| Training {
        operation: uapi::TRAINING_INJECT,
        session: answered(true).session,
        injection,
        number,
        control,
        value,
        ..Training::default()
    };
    let after = Training {
        after: 2,
        count: 1,
        ..wanted(uapi::INJECT_WRITE_FAILS, Errno::EBUSY as u32, 0, 0)
    };
    for (words, request_of) in [
        ("write-fails --after 2 --count 1 --error EBUSY", after),
        (
            "write-ignored --control camera",
            wanted(uapi::INJECT_WRITE_IGNORED, 0, CAMERA, 0),
        ),
        ("read-fails", wanted(uapi::INJECT_READ_FAILS, 0, 0, 0)),
        (
            "value --control camera --value disabled",
            wanted(uapi::INJECT_VALUE, 0, CAMERA, 1),
        ),
        (
            "tamper --control DSMIL0D1 --value reported",
            wanted(uapi::INJECT_TAMPER, 0, DEVICE + 1, 1),
        ),
        ("slow --ms 250", wanted(uapi::INJECT_SLOW, 250, 0, 0)),
        ("clear", wanted(uapi::INJECT_CLEAR, 0, 0, 0)),
        ("look", wanted(uapi::INJECT_LOOK, 0, 0, 0)),
    ] {
        request(&tree, "inject", request_of, &[]);
        let mut all = vec!["training", "inject"];
        all.extend(words.split(' '));
        let (status, document) = json(&tree, &all);
        assert_eq!(
            (status, &document["done"]),
            (0, &"injected".into()),
            "{words}"
        );
    }
    for words in [
        "value --control camera",
        "value --value disabled",
        "slow",
        "slow --ms 1001",
        "clear --control camera",
        "write-ignored --error EIO",
        "write-fails --error EVIL",
        "tamper --control DSMIL0D1 --value yes",
    ] {
        let mut all = vec!["training", "inject"];
        all.extend(words.split(' '));
        let (status, document) = json(&tree, &all);
        assert_eq!(
            (status, &document["error"]["code"]),
            (2, &"usage".into()),
            "{words}"
        );
    }
    let outside = ready(machine("training-not-injected"));
    outside.put("recording/training-state.bin", answered(false).as_bytes());
    let (status, document) = json(&outside, &["training", "inject", "look"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"no-training".into())
    );
}

/// Promise: who may not, and where there is none, is told in words.
#[test]
fn failures() {
    for (errno, code, exit) in [
        (Errno::EPERM, "no-permission", 4),
        (Errno::EBUSY, "training-busy", 1),
        (Errno::ENOTTY, "unsupported", 3),
        (Errno::EINVAL, "training-refused", 1),
    ] {
        let tree = ready(machine(&format!("training-{errno:?}")));
        let tree = tree.request_error("training-start", errno);
        let (status, document) = json(&tree, &["training", "start"]);
        assert_eq!((status, &document["error"]["code"]), (exit, &code.into()));
    }
}

/// Promise: status says whether there is a training, and with --exit-code so does the exit status.
#[test]
fn told() {
    let tree = ready(machine("training-status"));
    let words = ["training", "status", "--exit-code"];
    assert_eq!(json(&tree, &words).0, 7);
    tree.put("recording/training-state.bin", answered(false).as_bytes());
    let (status, document) = json(&tree, &words);
    assert_eq!((status, &document["training"]), (0, &false.into()));
    assert_eq!(
        on(&tree, &words).stdout.lines().last(),
        Some("There is no training.")
    );
}

fn kept(tree: &Tree) -> Run {
    let text = fs::read_to_string(tree.path("var/lib/milspecctl/training.json")).unwrap();
    crate::run::validate(&serde_json::from_str(&text).unwrap());
    Run::parse("kept", &text).unwrap()
}

/// Promise: a run is judged when everything is decided; what it was is kept for the report.
#[test]
fn ran() {
    let tree = ready(machine("training-ran"));
    let (status, document) = json(&tree, &["training", "run", "first-steps", "--exit-code"]);
    assert_eq!(status, 0, "{document:#}");
    assert_eq!(
        (&document["scored"], &document["ended"]),
        (&100.into(), &"decided".into())
    );
    let (status, again) = json(&tree, &["training", "report"]);
    assert_eq!((status, &again["objectives"]), (0, &document["objectives"]));
    assert_eq!(kept(&tree).session, 1);
    // Nobody can answer any more.
    assert!(!tree.has("run/milspecctl"));
    let text = on(&tree, &["training", "run", "first-steps"]).stdout;
    for line in [
        "! TRAINING: ",
        "First steps (basic, 10 minutes left)",
        "TRAINING: training 1 begun",
        "\u{2713} camera: met, 40 of 40 points",
        "100 of 100 points",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

/// Promise: Ctrl-C leaves the training as it is and says how to go on; the same command goes on, and
/// what has happened does not happen again.
#[test]
fn interrupted() {
    let tree = solved(machine("training-interrupted"), "tamper");
    let records = tree.bytes("recording/journal.bin");
    // Only the begin so far.
    tree.put("recording/journal.bin", &records[..uapi::EVENT_SIZE]);
    // Ten minutes after it: all that was to happen is due, and the time is not over.
    let tree = tree.file("proc/uptime", "100.00 0.00\n");
    let mut child = command(&["--root", tree.dir(), "training", "run", "tamper"]);
    let child = child
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tries = 0;
    while !tree.has("var/lib/milspecctl/training.json") || kept(&tree).happened.len() < 2 {
        tries += 1;
        assert!(tries < 200, "nothing happened");
        std::thread::sleep(Duration::from_millis(50));
    }
    let shown = fs::read_to_string(tree.path("run/milspecctl/scenario.json")).unwrap();
    assert!(shown.contains("One of eighty-four") && !shown.contains("inject"));
    // Nobody else runs it meanwhile.
    let (status, document) = json(&tree, &["training", "run", "tamper"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"training-busy".into())
    );
    assert!(document["error"]["why"]
        .as_str()
        .unwrap()
        .contains("another milspecctl"));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("run it again to go on"), "{told}");
    let happened: Vec<usize> = kept(&tree).happened.iter().map(|one| one.event).collect();
    assert_eq!((happened, kept(&tree).ended), (vec![0, 1], None));
    // Another scenario is none that goes on.
    let (_, text) = &scenarios()["first-steps"];
    let tree = tree.file("usr/share/milspecctl/scenarios/first-steps.toml", text);
    let on_again = |tree: Tree| {
        for file in ["status", "controls"] {
            let now = tree.bytes(&format!("recording/training/{file}.bin"));
            tree.put(&format!("recording/{file}.bin"), &now);
        }
        tree
    };
    let tree = on_again(tree);
    let (status, document) = json(&tree, &["training", "run", "first-steps"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"training-busy".into())
    );
    tree.put("recording/journal.bin", &records);
    let tree = tree.request_error("training-inject", Errno::EIO);
    let (status, document) = json(&tree, &["training", "run", "tamper"]);
    assert_eq!(
        (status, &document["scored"]),
        (0, &100.into()),
        "{document:#}"
    );
    assert_eq!(document["undone"], serde_json::json!([]));
}

/// Promise: an event that fails is tried again, then noted in the run, which goes on.
#[test]
fn events_that_fail() {
    let tree = solved(machine("training-undone"), "tamper");
    let tree = tree.file("proc/uptime", "100.00 0.00\n");
    let tree = tree.request_error("training-inject", Errno::EIO);
    let (status, document) = json(&tree, &["training", "run", "tamper"]);
    assert_eq!(
        (status, &document["scored"]),
        (0, &100.into()),
        "{document:#}"
    );
    let undone = document["undone"].as_array().unwrap();
    let events: Vec<&Value> = undone.iter().map(|one| &one["event"]).collect();
    assert_eq!(events, [1, 2]);
    assert!(undone[0]["why"].as_str().unwrap().contains("the copy"));
    let text = on(&tree, &["training", "report"]).stdout;
    assert!(text.contains("event 1 did not happen: "), "{text}");
}

/// Promise: where a run cannot be kept, nothing of it stays.
#[test]
fn not_begun_by_halves() {
    let tree = ready(machine("training-halves"));
    fs::create_dir_all(tree.path("var/lib/milspecctl/training.json.new")).unwrap();
    let (status, document) = json(&tree, &["training", "run", "first-steps"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"not-recorded".into())
    );
    assert!(!tree.has("run/milspecctl"));
}

/// Promise: the report of a run whose training is gone says so; of a copy of it, that it was not over.
#[test]
fn gone() {
    let tree = in_training(ready(machine("training-gone")));
    let text = fs::read_to_string(tree.path("run.json")).unwrap();
    let mut run: Value = serde_json::from_str(&text).unwrap();
    run["ended"] = Value::Null;
    let tree = tree.file("var/lib/milspecctl/training.json", &run.to_string());
    let (_, document) = json(&tree, &["training", "report"]);
    assert_eq!(document["ended"], Value::Null);
    tree.put("recording/training-state.bin", answered(false).as_bytes());
    let (_, document) = json(&tree, &["training", "report"]);
    assert_eq!(document["ended"], "gone");
    let text = on(&tree, &["training", "report"]).stdout;
    assert!(text.contains("the training is gone"), "{text}");
    let file = tree.path("var/lib/milspecctl/training.json");
    let text = on(&tree, &["training", "report", file.to_str().unwrap()]).stdout;
    assert!(
        text.contains("it was not over when this was kept"),
        "{text}"
    );
}

/// Promise: a run whose records were edited is not gone on with, and stays as it is.
#[test]
fn edited() {
    let tree = in_training(ready(machine("training-edited")));
    let text = fs::read_to_string(tree.path("run.json")).unwrap();
    let mut run: Value = serde_json::from_str(&text).unwrap();
    run["ended"] = Value::Null;
    run["load"] = "00".repeat(16).into();
    let tree = tree.file("var/lib/milspecctl/training.json", &run.to_string());
    let before = tree.bytes("var/lib/milspecctl/training.json");
    let (status, document) = json(&tree, &["training", "run", "first-steps"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"record-damaged".into())
    );
    assert_eq!(tree.bytes("var/lib/milspecctl/training.json"), before);
}

/// Promise: a run that was interrupted is over when the training is ended.
#[test]
fn stopped() {
    let tree = in_training(ready(machine("training-stopped")));
    let text = fs::read_to_string(tree.path("run.json")).unwrap();
    let mut run: Value = serde_json::from_str(&text).unwrap();
    run["ended"] = Value::Null;
    run["records"] = "".into();
    let tree = tree.file("var/lib/milspecctl/training.json", &run.to_string());
    let (status, document) = json(&tree, &["training", "stop"]);
    assert_eq!((status, &document["training"]), (0, &false.into()));
    assert_eq!(kept(&tree).ended, Some(run::Ended::Stopped));
    let (_, document) = json(&tree, &["training", "report"]);
    assert_eq!(document["ended"], "stopped");
}

/// Promise: the time of a scenario is over when it is over, and what is open then is missed.
#[test]
fn out_of_time() {
    let tree = ready(machine("training-time"));
    let begin = &tree.bytes("recording/journal.bin")[..uapi::EVENT_SIZE];
    tree.put("recording/journal.bin", begin);
    let event = uapi::Event::read_from_bytes(begin).unwrap();
    let late = event.boot_ns / 1_000_000_000 + 601;
    let tree = tree.file("proc/uptime", &format!("{late}.00 0.00\n"));
    let output = finish(command(&[
        "--root",
        tree.dir(),
        "--json",
        "training",
        "run",
        "first-steps",
        "--exit-code",
    ]));
    let document = crate::run::document(&output);
    assert_eq!((output.status, &document["ended"]), (7, &"time".into()));
    let states: Vec<&Value> = document["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["missed", "missed"]);
}
