// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor run`: what is told of what the driver has, and what is found in it.

use crate::journal::{by, bytes, gap, of, Journal, CAMERA, DEVICE};
use crate::machines::{by_name, info, rugged_controls, rugged_with, status};
use crate::run::{json, on, validate};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Control, Event};
use serde_json::Value;
use std::fs;

/// Where the state is kept, apart from the machine.
fn kept(tree: &Tree) -> String {
    let dir = tree.path("kept");
    fs::create_dir_all(&dir).unwrap();
    dir.to_str().unwrap().into()
}

/// What a monitor tells in one go, which begins with that it watches and ends with a checkpoint.
fn told(tree: &Tree, more: &[&str]) -> Vec<Value> {
    let state = kept(tree);
    let mut words = vec![
        "monitor", "run", "--once", "--ndjson", "-", "--state", &state,
    ];
    words.extend(more);
    let output = on(tree, &words);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let lines = output.stdout.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        validate(line);
    }
    assert_eq!(lines[0]["note"], "started");
    assert_eq!(lines.last().unwrap()["type"], "checkpoint");
    lines
}

/// The names of the rules that found something, and of which control.
fn found(lines: &[Value]) -> Vec<String> {
    let findings = lines.iter().filter(|line| line["type"] == "finding");
    let named = findings.map(|line| match line["control"].as_str() {
        Some(control) => format!("{} {control}", line["rule"].as_str().unwrap()),
        None => line["rule"].as_str().unwrap().to_string(),
    });
    named.collect()
}

/// Sequences of the records that are told.
fn records(lines: &[Value]) -> Vec<u64> {
    let records = lines.iter().filter(|line| line["type"] == "record");
    records
        .map(|line| line["sequence"].as_u64().unwrap())
        .collect()
}

/// The control has this value now.
fn now(controls: &mut [Control], name: &str, value: u8) {
    by_name(controls, name).current = value;
}

/// The same machine, whose controls stand so now.
fn stands(tree: Tree, controls: &[Control], bios: &str) -> Tree {
    tree.answers(
        &info("Dell Inc.", "Latitude 5430 Rugged", bios),
        &status(controls),
        controls,
    )
}

fn machine(name: &str) -> Tree {
    stands(
        rugged_with(name, &rugged_controls()),
        &rugged_controls(),
        "1.29.0",
    )
    .file(
        "proc/sys/kernel/random/boot_id",
        "0e1c9ff2-5b0c-4e5f-8d5c-000000000001\n",
    )
}

fn next_boot(tree: Tree) -> Tree {
    tree.file(
        "proc/sys/kernel/random/boot_id",
        "0e1c9ff2-5b0c-4e5f-8d5c-000000000002\n",
    )
}

/// Promise: every record is told once, with all that the driver says of it, and bytes that are the
/// record's; a second run tells what is new, and nothing twice.
#[test]
fn every_record_once() {
    let mut journal = Journal::new(7, [0; 32]);
    journal.change();
    let tree = journal.to(machine("monitor-once"));
    let lines = told(&tree, &[]);
    assert_eq!(records(&lines), [1, 2, 3, 4, 5, 6]);
    let step = lines.iter().find(|line| line["kind"] == "step").unwrap();
    assert_eq!(step["control"], "camera");
    assert_eq!(step["login_uid"], 1000);
    assert_eq!(step["load"], hex::encode([7; 16]));
    let saved = base64::prelude::Engine::decode(
        &base64::prelude::BASE64_STANDARD,
        step["record"].as_str().unwrap(),
    );
    assert_eq!(saved.unwrap(), bytes(&journal.events[2..3]));
    journal.change();
    let tree = journal.to(tree);
    assert_eq!(records(&told(&tree, &[])), [7, 8, 9, 10, 11]);
    assert!(records(&told(&tree, &[])).is_empty());
}

/// Promise: what changed while the driver was not there is found, with both values, the way it goes and
/// the versions of the BIOS; what the driver itself has changed since it was loaded is not.
#[test]
fn between_two_boots() {
    let mut controls = rugged_controls();
    now(&mut controls, "camera", 1);
    let tree = stands(machine("monitor-boots"), &controls, "1.29.0");
    let tree = Journal::new(7, [0; 32]).to(tree);
    assert!(found(&told(&tree, &[])).is_empty());
    // Somebody was in the setup, and the driver has switched another thing since.
    now(&mut controls, "camera", 0);
    now(&mut controls, "DSMIL0D1", 1);
    let mut next = Journal::new(8, [0; 32]);
    next.apply(uapi::MODE_NONE, &[(DEVICE + 1, 0, 1)]);
    let tree = next.to(stands(next_boot(tree), &controls, "1.29.0"));
    let lines = told(&tree, &[]);
    let expected = ["weaker-since-boot camera"];
    let since: Vec<String> = found(&lines)
        .into_iter()
        .filter(|one| one.contains("since-boot"))
        .collect();
    assert_eq!(since, expected);
    let finding = lines.iter().find(|line| line["type"] == "finding").unwrap();
    assert_eq!(
        (&finding["from"], &finding["to"], &finding["direction"]),
        (&"disabled".into(), &"enabled".into(), &"weaker".into())
    );
    assert_eq!(finding["bios_before"], "1.29.0");
    assert!(found(&told(&tree, &[])).is_empty(), "found once");
    // An update of the BIOS is told apart.
    now(&mut controls, "camera", 1);
    let tree = Journal::new(9, [0; 32]).to(stands(tree, &controls, "1.29.0"));
    told(&tree, &[]);
    now(&mut controls, "camera", 0);
    let tree = stands(tree, &controls, "1.30.0");
    let tree = Journal::new(10, [0; 32]).to(tree);
    let found = found(&told(&tree, &[]));
    assert!(
        found.contains(&"weaker-since-bios-update camera".into()),
        "{found:?}"
    );
    assert!(found.contains(&"loaded-again".into()), "{found:?}");
}

/// Promise: records that were overwritten are told and found, and so is a journal that is not the one
/// that was read before.
#[test]
fn lost_and_edited() {
    let mut journal = Journal::new(7, [0; 32]);
    let tree = journal.to(machine("monitor-lost"));
    told(&tree, &[]);
    journal.change();
    journal.change();
    let lost = [&[gap(6, &journal.events[5])], &journal.events[6..]].concat();
    tree.put("recording/journal.bin", &bytes(&lost));
    let lines = told(&tree, &[]);
    assert!(found(&lines).contains(&"records-lost".into()));
    let told_gap = lines.iter().find(|line| line["kind"] == "gap").unwrap();
    // The first was seen before.
    assert_eq!(told_gap["count"], 5);
    let mut other = Journal::new(7, [1; 32]);
    (0..4).for_each(|_| other.change());
    let tree = other.to(tree);
    assert!(found(&told(&tree, &[])).contains(&"chain-broken".into()));
    // Where nothing comes after the record that was seen, and where that is gone.
    for seen in [1, 2] {
        let mut journal = Journal::new(7, [0; 32]);
        (1..seen).for_each(|_| journal.change());
        let tree = journal.to(machine("monitor-remade"));
        told(&tree, &[]);
        let tree = Journal::new(7, [1; 32]).to(tree);
        assert_eq!(found(&told(&tree, &[])), ["chain-broken"], "{seen}");
    }
}

fn weakens(login: u32) -> Journal {
    let mut journal = Journal::new(7, [0; 32]);
    let step = Event {
        control: CAMERA,
        from: 1,
        to: 0,
        step: uapi::STEP_DONE,
        ..of(uapi::KIND_STEP)
    };
    journal.add(by(login, step));
    journal
}

/// Promise: a rule finds what it says and nothing else: of each kind of trouble its own.
#[test]
fn each_rule_its_own() {
    let refused = |reason: u8| Event {
        reason,
        control: CAMERA,
        ..of(uapi::KIND_REFUSED)
    };
    let cases: [(&str, usize, Event); 9] = [
        (
            "tamper camera",
            1,
            Event {
                control: CAMERA,
                ..of(uapi::KIND_TAMPER)
            },
        ),
        (
            "weaker-outside camera",
            1,
            Event {
                control: CAMERA,
                from: 1,
                to: 0,
                ..of(uapi::KIND_OUTSIDE_CHANGE)
            },
        ),
        (
            "flapping camera",
            4,
            Event {
                control: CAMERA,
                from: 0,
                to: 1,
                ..of(uapi::KIND_OUTSIDE_CHANGE)
            },
        ),
        (
            "degraded camera",
            1,
            Event {
                control: CAMERA,
                from: 0,
                to: 1,
                step: uapi::STEP_DEGRADED,
                ..of(uapi::KIND_STEP)
            },
        ),
        (
            "keys-rejected",
            3,
            Event {
                error: 129,
                outcome: uapi::OUTCOME_UNDONE,
                ..of(uapi::KIND_APPLY_ENDED)
            },
        ),
        (
            "forbidden-tried camera",
            1,
            by(1000, refused(uapi::REASON_QUARANTINED)),
        ),
        (
            "refusals camera",
            5,
            by(1000, refused(uapi::REASON_READ_ONLY)),
        ),
        (
            "refusals-suppressed",
            1,
            by(
                1000,
                Event {
                    count: 9,
                    error: 1,
                    ..of(uapi::KIND_SUPPRESSED)
                },
            ),
        ),
        (
            "anchor-failed",
            1,
            Event {
                about: 1,
                count: 1,
                error: 5,
                ..of(uapi::KIND_ANCHOR_FAILED)
            },
        ),
    ];
    for (rule, times, event) in cases {
        let mut journal = Journal::new(7, [0; 32]);
        for _ in 0..times {
            journal.add(event);
        }
        let tree = journal.to(machine("monitor-rules"));
        assert_eq!(found(&told(&tree, &[])), [rule]);
        if times > 1 {
            let mut journal = Journal::new(7, [0; 32]);
            for _ in 1..times {
                journal.add(event);
            }
            let tree = journal.to(machine("monitor-rules"));
            assert!(found(&told(&tree, &[])).is_empty(), "{rule} too early");
        }
    }
}

/// Promise: a change for the worse by nobody who logged in is found, and one by somebody is not; out of
/// the hours that a site names it is found whoever makes it.
#[test]
fn who_and_when() {
    let tree = weakens(uapi::LOGIN_UID_NONE).to(machine("monitor-who"));
    assert_eq!(found(&told(&tree, &[])), ["weakened-unattended camera"]);
    let tree = weakens(1000).to(machine("monitor-who"));
    assert!(found(&told(&tree, &[])).is_empty());
    // 2026-11-24 is a Tuesday.
    for (hours, expected) in [("Mon-Fri 00:00-23:59", 0), ("Sat-Sun 00:00-23:59", 1)] {
        let site = format!("schema = \"milspec.monitor-site/1\"\nhours = \"{hours}\"\n");
        let tree = weakens(1000)
            .to(machine("monitor-who"))
            .file("site.toml", &site);
        let path = tree.path("site.toml");
        let lines = told(&tree, &["--site", path.to_str().unwrap()]);
        assert_eq!(found(&lines).len(), expected, "{hours}");
    }
}

/// Promise: a state that somebody has damaged is put aside and told of, and watching goes on; a second
/// monitor on the same state is refused; a site's file with a mistake is, too.
#[test]
fn what_is_on_disk() {
    let tree = Journal::new(7, [0; 32]).to(machine("monitor-disk"));
    told(&tree, &[]);
    let state = tree.path("kept/state.json");
    fs::write(&state, "{\"schema\":").unwrap();
    let output = on(
        &tree,
        &[
            "monitor",
            "run",
            "--once",
            "--ndjson",
            "-",
            "--state",
            &kept(&tree),
        ],
    );
    assert_eq!(output.status, 0);
    let first: Value = serde_json::from_str(output.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["note"], "state-lost");
    assert!(tree.path("kept/state.json.damaged").exists());
    // One that cannot be read may be whole.
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    let words = ["monitor", "run", "--once", "--ndjson", "-", "--state"];
    let output = on(&tree, &[&words[..], &[&kept(&tree)]].concat());
    assert!(output.stderr.contains("cannot watch"), "{}", output.stderr);
    assert_eq!((output.status, state.is_dir()), (1, true));
    fs::remove_dir(&state).unwrap();
    // So may a site's file that nobody can get at: its rules are not to be missed without a word.
    let tree = tree.file("etc/milspecctl", "no directory");
    let (status, document) = json(&tree, &["monitor", "rules"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"file-unreadable".into())
    );
    let tree = tree.without("etc/milspecctl");
    // A report has no such file.
    let report = on(&tree, &["report", "-q", "--output", "-"]).stdout;
    tree.put("report.json", report.as_bytes());
    let path = tree.path("report.json");
    let rules = ["--root", path.to_str().unwrap(), "monitor", "rules"];
    assert_eq!(crate::run::finish(crate::run::command(&rules)).status, 0);
    let wrong = tree.file(
        "etc/milspecctl/monitor.toml",
        "schema = \"milspec.monitor-site/2\"\n",
    );
    let words = [
        "monitor",
        "run",
        "--once",
        "--ndjson",
        "-",
        "--state",
        &kept(&wrong),
    ];
    let (status, document) = json(&wrong, &["monitor", "rules"]);
    assert_eq!(status, 1);
    assert_eq!(document["error"]["code"], "monitor-site-invalid");
    assert_eq!(on(&wrong, &words).status, 1);
    let nobody = on(&machine("monitor-nobody"), &["monitor", "run", "--once"]);
    assert_eq!(nobody.status, 2);
}
