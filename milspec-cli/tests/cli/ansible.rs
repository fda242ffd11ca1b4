// SPDX-License-Identifier: GPL-2.0

//! The Ansible module, run by ansible-core on recorded machines: `scripts/lint-ansible` has one and
//! names its directory in `MILSPEC_ANSIBLE`.

use crate::docs::source;
use crate::driver::Driver;
use crate::fleet::controls;
use crate::passwords::firmware;
use crate::training::in_training;
use crate::tree::Tree;
use serde_json::{json, Value};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// What the module is asked for in these tests, as a file.
const FILE: &str = "schema = \"milspec.config/1\"\nmode = \"standard\"\n\
                    [controls]\ncamera = \"disabled\"\n\
                    [if-present]\nnfc = \"disabled\"\nwake-on-lan = \"leave\"\nstealth-lcd = \"leave\"\n";

/// The same as the module's parameters.
fn parameters() -> Value {
    json!({
        "mode": "standard",
        "controls": {"camera": "disabled"},
        "if_present": {"nfc": "disabled"},
        "except": ["wake-on-lan", "stealth-lcd"],
    })
}

/// What Ansible says, its answer, and the machine after it.
fn run(
    driver: &Driver,
    tree: Tree,
    asked: &Value,
    options: &[&str],
) -> (String, Value, Tree, Driver) {
    let check = options.contains(&"--check");
    let mut words = vec![
        "milspecctl",
        "config",
        if check { "diff" } else { "apply" },
        "asked.toml",
    ];
    if !check {
        words.push("--not-in-training");
    }
    if asked.get("bios_password").is_some() {
        words.extend(["--bios-password-fd", "0"]);
    }
    let tree = tree.file("asked.toml", FILE);
    let (tree, after) = driver.record(tree, &words);
    let (text, answer, tree) = ansible(tree, asked, options);
    let changed = answer["changed"] == true && !check;
    let after = if changed { after } else { driver.clone() };
    (text, answer, tree.unapplied(), after)
}

/// What Ansible says, and its answer, on this machine.
fn ansible(tree: Tree, asked: &Value, options: &[&str]) -> (String, Value, Tree) {
    let program = env!("CARGO_BIN_EXE_milspecctl");
    let wrapper = format!("#!/bin/sh\nexec {program} --root {} \"$@\"\n", tree.dir());
    let tree = tree.file("bin/milspecctl", &wrapper);
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(tree.path("bin/milspecctl"), executable).unwrap();
    let ansible = std::env::var("MILSPEC_ANSIBLE").expect("scripts/lint-ansible sets it");
    let output = Command::new(format!("{ansible}/bin/ansible"))
        .args(["localhost", "-m", "dell_milspec", "-a", &asked.to_string()])
        .args([
            "-e",
            &format!("ansible_python_interpreter={ansible}/bin/python"),
        ])
        .args(options)
        .env_clear()
        .env(
            "ANSIBLE_LIBRARY",
            source("packaging/ansible/plugins/modules"),
        )
        .env("ANSIBLE_LOCALHOST_WARNING", "false")
        .env("ANSIBLE_INVENTORY_UNPARSED_WARNING", "false")
        .env("HOME", tree.path("home"))
        .env("LC_ALL", "C.UTF-8")
        .env("PATH", format!("{}/bin:/usr/bin:/bin", tree.dir()))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, answer) = text
        .split_once("=> ")
        .unwrap_or_else(|| panic!("{text}{:?}", output.stderr));
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(output.status.success(), !text.contains("FAILED!"));
    (text, answer, tree)
}

/// Promise: the Ansible module changes what is not as asked, once; check mode says the same and
/// changes nothing, and diff shows each control as it was and as it is then.
#[test]
#[ignore = "takes ansible-core: scripts/lint-ansible runs it"]
fn idempotent() {
    let driver = Driver::new(controls("latitude-7490"));
    let tree = Tree::loaded("ansible");
    let (text, answer, tree, driver) = run(&driver, tree, &parameters(), &["--check", "--diff"]);
    assert_eq!(answer["changed"], true, "{text}");
    assert_eq!(answer["milspec"]["schema"], "milspec.plan/1");
    assert!(
        text.contains("-camera: enabled\n") && text.contains("+camera: disabled\n"),
        "{text}"
    );
    assert!(!tree.has("var/lib/milspecctl"));
    let planned = answer["milspec"]["changes"].clone();
    let (text, answer, tree, driver) = run(&driver, tree, &parameters(), &["--diff"]);
    assert_eq!(answer["changed"], true, "{text}");
    assert_eq!(answer["reboot_required"], true);
    assert_eq!(answer["milspec"]["outcome"], "done");
    assert_eq!(answer["milspec"]["changes"], planned);
    assert_eq!(answer["milspec"]["skipped"][0]["name"], "nfc");
    assert_eq!(answer["milspec"]["excepted"], json!(["wake-on-lan"]));
    assert!(tree.has("var/lib/milspecctl/baseline.json"));
    let (text, answer, tree, driver) = run(&driver, tree, &parameters(), &[]);
    assert_eq!(answer["changed"], false, "{text}");
    let (text, answer, _, _) = run(&driver, tree, &parameters(), &["--check"]);
    assert_eq!(answer["changed"], false, "{text}");
}

/// Promise: during a training the task fails, in check mode too: what is there is not the machine.
#[test]
#[ignore = "takes ansible-core: scripts/lint-ansible runs it"]
fn training() {
    for options in [&[][..], &["--check"]] {
        let tree = in_training(
            Driver::new(controls("latitude-7490"))
                .record(Tree::loaded("ansible-training"), &["milspecctl", "status"])
                .0,
        );
        let (text, answer, _) = ansible(tree, &parameters(), options);
        assert!(text.contains("FAILED!"), "{text}");
        assert!(
            answer["msg"].as_str().unwrap().contains("training"),
            "{text}"
        );
    }
}

/// Promise: what milspecctl refuses fails the task, with its reason and remedy; a value that YAML took
/// for a truth value does, with what to write. The BIOS password is handed on, and never shown.
#[test]
#[ignore = "takes ansible-core: scripts/lint-ansible runs it"]
fn failures() {
    let mut driver = Driver::new(controls("latitude-7490"));
    driver.password = true;
    let tree = Tree::loaded("ansible-fails").smbios(&firmware("correct horse", 0));
    let fails = |tree: Tree, asked: Value, said: &str| {
        let (text, answer, tree, _) = run(&driver, tree, &asked, &[]);
        assert!(text.contains("FAILED!"), "{text}");
        assert!(answer["msg"].as_str().unwrap().contains(said), "{text}");
        tree
    };
    let tree = fails(
        tree,
        json!({"controls": {"camrea": "disabled"}}),
        "did you mean camera?",
    );
    let tree = fails(tree, json!({"if_present": {"nfc": false}}), "in quotes");
    let tree = fails(tree, parameters(), "BIOS administrator password");
    let mut asked = parameters();
    asked["bios_password"] = "correct horse".into();
    let (text, answer, _, _) = run(&driver, tree, &asked, &["-vvv"]);
    assert_eq!(answer["changed"], true, "{text}");
    assert!(!text.contains("correct horse"), "{text}");
}
