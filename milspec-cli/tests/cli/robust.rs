// SPDX-License-Identifier: GPL-2.0

//! What holds for every command, whatever it does: one document, quiet when asked, streams that are
//! closed or go away, other versions of the driver.

use crate::answers::*;
use crate::attest;
use crate::baselines::with;
use crate::changes::succeeds;
use crate::docs::source;
use crate::journal::varied;
use crate::machines::*;
use crate::run::{command, finish, json, on, validate, Output};
use crate::training_commands;
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::Control;
use serde_json::Value;
use std::process::{Command, Stdio};
use zerocopy::IntoBytes;

/// A machine on which each of [`COMMANDS`] succeeds.
fn ready(name: &str) -> Tree {
    let done = all_in(uapi::STEP_DONE, &steps());
    let mut tree = succeeds(name)
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &steps()),
            &steps(),
        )
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &done), &done)
        .file(
            "config.toml",
            "schema = \"milspec.config/1\"\n[controls]\ncamera = \"disabled\"\n",
        );
    for mode in ["baseline", "standard", "enhanced", "paranoid-plus"] {
        let plan = answered(uapi::MODE_STANDARD, uapi::OUTCOME_PLANNED, &[]);
        tree = tree.answer(&format!("plan-{mode}"), &plan, &[]);
    }
    let journal = varied();
    tree.put("saved", &journal.bytes());
    tree.put("told.ndjson", b"");
    attest::stand_in(&tree);
    let tree = training_commands::ready(journal.to(tree));
    with(tree, &[("camera", "disabled")])
}

/// One line for each command, but `confirm`, which talks with another milspecctl and no driver,
/// `monitor run`, which prints lines and no document, and [`NOT_RECORDED`].
const COMMANDS: [&str; 35] = [
    "status",
    "mode get",
    "mode list",
    "mode plan paranoid",
    "mode set paranoid",
    "mode set paranoid --dry-run",
    "control list",
    "control get camera",
    "control show camera",
    "control set camera=disabled",
    "control accept camera",
    "config show config.toml",
    "config export",
    "config diff config.toml",
    "config apply config.toml",
    "baseline show",
    "events",
    "journal save saved",
    "journal verify",
    "journal verify saved",
    "attest verify attestation --key key --nonce 00112233445566778899",
    "training start",
    "training status",
    "training list",
    "training run first-steps",
    "training inject clear",
    "training report run.json",
    "training stop",
    "monitor rules",
    "monitor report told.ndjson",
    "doctor",
    "report",
    "compliance",
    "completion bash",
    "completion fish",
];

/// Commands for which a recording lacks a TPM, or somebody who waits for an answer.
const NOT_RECORDED: [&str; 3] = [
    "training answer who alice",
    "attest enroll --out -",
    "attest quote --nonce 00112233445566778899",
];

fn line(tree: &Tree, line: &str, options: &[&str]) -> Command {
    let mut command = command(&["--root", tree.dir()]);
    command
        .args(line.split(' '))
        .args(options)
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", tree.path("bin").display()),
        )
        .current_dir(tree.dir());
    command
}

fn run(tree: &Tree, words: &str, options: &[&str]) -> Output {
    finish(line(tree, words, options))
}

/// Promise: there is a line here for every command.
#[test]
fn complete() {
    for entry in std::fs::read_dir(source("docs/man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = name.trim_end_matches(".1").replace('-', " ");
        let path = path.trim_start_matches("milspecctl").trim_start();
        let mut here = COMMANDS.iter().chain(&NOT_RECORDED);
        assert!(
            ["confirm", "monitor run"].contains(&path) || here.any(|line| line.starts_with(path)),
            "{path}"
        );
    }
}

/// Promise: what a recording cannot do is an error in the form that all have, with any options.
#[test]
fn not_recorded() {
    let tree = ready("robust-not-recorded");
    for words in NOT_RECORDED {
        let words = words.replace("--out -", "--out key.pem");
        let output = run(&tree, &words, &["--json"]);
        assert_eq!((output.status, output.stderr.as_str()), (3, ""), "{words}");
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        validate(&document);
        assert_eq!(document["error"]["code"], "unsupported", "{words}");
        for options in [&["-q"][..], &["-v", "--color", "never"]] {
            let output = run(&tree, &words, options);
            assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{words}");
            assert_eq!(output.stderr.lines().count(), 3, "{words}");
        }
        assert!(!tree.has("key.pem"));
    }
}

/// Promise: --json is one document of the published form and nothing else, --quiet nothing at all.
#[test]
fn options() {
    let tree = ready("robust-options");
    for line in COMMANDS {
        let output = run(&tree, line, &["--json"]);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{line}");
        validate(&serde_json::from_str::<Value>(&output.stdout).unwrap());
        let output = run(&tree, line, &["-q"]);
        let shown = (
            output.status,
            output.stdout.as_str(),
            output.stderr.as_str(),
        );
        assert_eq!(shown, (0, "", ""), "{line}");
        let output = run(&tree, line, &["-v", "--color", "never"]);
        assert_eq!(output.status, 0, "{line}");
        assert!(!output.stdout.is_empty() && !output.stdout.contains('\x1b'));
    }
}

/// Promise: a wrong command line is one document with --json, for every command.
#[test]
fn wrong_options() {
    let tree = ready("robust-wrong");
    for line in COMMANDS.into_iter().chain(NOT_RECORDED) {
        let output = run(&tree, line, &["--json", "--nonsense"]);
        assert_eq!((output.status, output.stderr.as_str()), (2, ""), "{line}");
        validate(&serde_json::from_str::<Value>(&output.stdout).unwrap());
    }
}

/// Promise: a reader that goes away causes no message and no failure; a change is made all the
/// same.
#[test]
fn broken_pipe() {
    let tree = ready("robust-pipe");
    for words in COMMANDS {
        let mut command = line(&tree, words, &[]);
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        command.stdout(Stdio::from(writer));
        assert_eq!(finish(command).status, 0, "{words}");
    }
    assert!(tree.has("var/lib/milspecctl/lock"));
}

/// Promise: closed standard streams do no harm.
#[test]
fn closed_streams() {
    let tree = ready("robust-closed");
    let program = env!("CARGO_BIN_EXE_milspecctl");
    let statuses = COMMANDS.map(|line| (line, 0)).into_iter();
    for (line, status) in statuses.chain(NOT_RECORDED.map(|line| (line, 3))) {
        let script = format!("PATH=$PWD/bin:$PATH exec \"$0\" --root \"$1\" {line} <&- >&- 2>&-");
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &script, program, tree.dir()])
            .current_dir(tree.dir());
        assert_eq!(finish(shell).status, status, "{line}");
    }
}

/// Promise: with another major version nothing is understood, and every command that needs the
/// driver says so with exit status 6, either way round.
#[test]
fn other_major() {
    for major in [0, uapi::ABI_MAJOR + 1] {
        let mut other = info("Dell Inc.", "Latitude Rugged Simulated", "0.0.1-simulated");
        other.abi_major = major;
        let tree = ready(&format!("robust-major-{major}"));
        tree.put("recording/info.bin", other.as_bytes());
        for line in COMMANDS {
            let output = run(&tree, line, &["--json"]);
            let alone = [
                "doctor",
                "report",
                "completion",
                "baseline show",
                "journal verify saved",
                "attest verify",
                "training list",
                "training report",
                "monitor rules",
                "monitor report",
            ];
            if alone.iter().any(|alone| line.starts_with(alone)) {
                assert!(
                    matches!(output.status, 0 | 3 | 6 | 7),
                    "{line}: {}",
                    output.status
                );
                continue;
            }
            assert_eq!(output.status, 6, "{line}");
            let document: Value = serde_json::from_str(&output.stdout).unwrap();
            assert_eq!(document["error"]["code"], "abi-mismatch", "{line}");
        }
    }
}

/// Promise: a driver of a later minor version works for all, and what it says beyond is left out.
#[test]
fn later_minor() {
    let controls = rugged_controls();
    let mut status = status(&controls);
    // Without a TPM nobody waits for one.
    status.anchor = uapi::ANCHOR_NONE;
    let mut new = info("Dell Inc.", "Latitude Rugged Simulated", "0.0.1-simulated");
    new.abi_minor = uapi::ABI_MINOR + 9;
    let tree = ready("robust-later");
    let longer = |bytes: &[u8]| [bytes, &[0xA5; 64]].concat();
    tree.put("recording/info.bin", &longer(new.as_bytes()));
    tree.put("recording/status.bin", &longer(status.as_bytes()));
    tree.put(
        "recording/controls.bin",
        &listing(&controls, size_of::<Control>() + 64),
    );
    for line in COMMANDS {
        // Without a TPM no journal is proven.
        let status = if line.starts_with("journal verify") {
            7
        } else {
            0
        };
        assert_eq!(run(&tree, line, &[]).status, status, "{line}");
    }
    let (_, document) = json(&tree, &["control", "list"]);
    assert_eq!(document["total"], controls.len());
    assert_eq!(on(&tree, &["status"]).status, 0);
}

/// Controls of another size.
fn listing(controls: &[Control], size: usize) -> Vec<u8> {
    let mut bytes = uapi::Controls {
        stride: size as u32,
        generation: 1,
        ..uapi::Controls::default()
    }
    .as_bytes()
    .to_vec();
    for control in controls {
        let mut element = control.as_bytes().to_vec();
        element.resize(size, 0xA5);
        bytes.extend(element);
    }
    bytes
}
