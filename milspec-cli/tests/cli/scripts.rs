// SPDX-License-Identifier: GPL-2.0

//! What scripts and shells ask of milspecctl: exit statuses, single values, patterns, completions.

use crate::answers::*;
use crate::changes::request;
use crate::machines::*;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi as uapi;
use std::process::Command;

/// Runs `words` without and with `--exit-code`: the document is the same, and the first status 0.
fn exit_code(tree: &Tree, words: &[&str]) -> i32 {
    let (status, document) = json(tree, words);
    assert_eq!(status, 0, "{words:?}");
    let (status, mut asked) = json(tree, &[words, &["--exit-code"]].concat());
    if words == ["doctor"] {
        assert_eq!(asked["exit"], status);
        asked["exit"] = 0.into();
    }
    assert_eq!(asked, document);
    assert_eq!(
        on(tree, &[words, &["--exit-code", "-q"]].concat()).status,
        status
    );
    status
}

/// Promise: with --exit-code, status and doctor end with 7 when there is a warning, else with 0.
#[test]
fn warnings() {
    assert_eq!(exit_code(&business("exit-well"), &["status"]), 0);
    assert_eq!(exit_code(&marked("exit-marked"), &["status"]), 7);
    assert_eq!(exit_code(&rugged("exit-doctor"), &["doctor"]), 0);
    let mut status = status(&rugged_controls());
    (status.anchor, status.anchor_error) = (uapi::ANCHOR_FAILED, nix::errno::Errno::EIO as u32);
    assert_eq!(
        exit_code(&rugged_in("exit-anchor", &status), &["doctor"]),
        7
    );
    // A problem has a status of its own, whatever was asked.
    let (status, _) = json(&Tree::bare("exit-bare"), &["doctor", "--exit-code"]);
    assert_eq!(status, 3);
}

/// Promise: with --exit-code, mode get ends with 0 where the machine is in a mode with nothing
/// deviating and nothing out of reach, else with 7.
#[test]
fn whole_mode() {
    let mut controls = rugged_controls();
    let mut status = status(&controls);
    let get = ["mode", "get"];
    assert_eq!(exit_code(&rugged_in("exit-custom", &status), &get), 7);
    (status.mode, status.standing) = (uapi::MODE_STANDARD, uapi::STANDING_EXACT);
    assert_eq!(exit_code(&rugged_in("exit-exact", &status), &get), 0);
    status.standing = uapi::STANDING_DEVIATES;
    assert_eq!(exit_code(&rugged_in("exit-deviates", &status), &get), 7);
    status.standing = uapi::STANDING_EXACT;
    by_name(&mut controls, "microphone").properties |= uapi::CONTROL_UNREACHED;
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    let tree = Tree::loaded("exit-unreached").answers(&info, &status, &controls);
    assert_eq!(exit_code(&tree, &get), 7);
}

/// Promise: with --exit-code, config diff ends with 7 when there is something to change, else with
/// 0.
#[test]
fn differences() {
    for (steps, status) in [(vec![], 0), (steps(), 7)] {
        let plan = answered(0, uapi::OUTCOME_PLANNED, &steps);
        let tree = business(&format!("exit-diff-{status}"))
            .file(
                "c.toml",
                "schema = \"milspec.config/1\"\n[controls]\ncamera = \"enabled\"\n",
            )
            .request("plan-list", &request(0, 0, 0, 1), &[target("camera", 0)])
            .answer("plan-list", &plan, &steps);
        let file = tree.path("c.toml");
        let words = ["config", "diff", file.to_str().unwrap()];
        assert_eq!(exit_code(&tree, &words), status);
    }
}

fn target(name: &str, value: u8) -> uapi::Target {
    uapi::Target {
        control: by_name(&mut business_controls(), name).id,
        value,
        ..uapi::Target::default()
    }
}

/// Promise: control get prints the value and nothing else, also of a machine that is none; what is
/// not known is an error with status 1, what this machine lacks one with 3.
#[test]
fn get() {
    let tree = rugged_with("get", &odd_controls());
    let output = on(&tree, &["control", "get", "tpm"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "visible\n"));
    assert_eq!(output.stderr, "");
    let (_, document) = json(&tree, &["control", "get", "tpm"]);
    assert_eq!(
        (&document["name"], &document["value"]),
        (&"tpm".into(), &"visible".into())
    );
    for (name, status, code, why) in [
        ("camera", 1, "value-not-known", "unknown (raw 0x0007)"),
        (
            "microphone",
            1,
            "value-not-known",
            "ambiguous (enabled or disabled)",
        ),
        ("wlan", 1, "value-not-known", "failed (EIO)"),
        ("nfc", 3, "no-such-control", "other machines have it"),
        ("DSMIL9D9", 3, "no-such-control", "other machines have it"),
        ("usb-*", 1, "no-such-control", "has this name"),
    ] {
        let output = on(&tree, &["control", "get", name]);
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (status, ""),
            "{name}"
        );
        let (_, document) = json(&tree, &["control", "get", name]);
        assert_eq!(document["error"]["code"], code, "{name}");
        let said = document["error"]["why"].as_str().unwrap();
        assert!(said.contains(why), "{name}: {said}");
    }
}

/// Promise: control show takes several names and patterns; each control comes once, in the order in
/// which it was asked for. What fits none is an error.
#[test]
fn patterns() {
    let tree = rugged("show-patterns");
    let names = |words: &[&str]| -> Vec<String> {
        let (status, document) = json(&tree, &[&["control", "show"], words].concat());
        assert_eq!(status, 0, "{document:#}");
        let controls = document["controls"].as_array().unwrap().iter();
        controls
            .map(|c| c["name"].as_str().unwrap().into())
            .collect()
    };
    assert_eq!(names(&["wlan", "camera", "wlan"]), ["wlan", "camera"]);
    assert_eq!(names(&["stealth*"]), ["stealth", "stealth-lcd"]);
    assert_eq!(
        names(&["stealth-?cd", "stealth*"]),
        ["stealth-lcd", "stealth"]
    );
    assert_eq!(names(&["DSMIL0D[A-C]"]), ["DSMIL0DA", "DSMIL0DB"]);
    let text = on(&tree, &["control", "show", "camera", "tpm"]).stdout;
    let one = |name| on(&tree, &["control", "show", name]).stdout;
    let (head, camera) = one("camera")
        .split_once("Name")
        .map(|(h, c)| (h.to_string(), c.to_string()))
        .unwrap();
    let (_, tpm) = one("tpm")
        .split_once("Name")
        .map(|(h, c)| (h.to_string(), c.to_string()))
        .unwrap();
    assert_eq!(text, format!("{head}Name{camera}\nName{tpm}"));
    for wrong in ["nosuch*", "["] {
        let (status, document) = json(&tree, &["control", "show", "camera", wrong]);
        assert_eq!(status, 1);
        assert_eq!(document["error"]["code"], "no-such-control");
    }
}

/// What bash offers after this line.
fn completed(line: &str) -> Vec<String> {
    let (words, script) = (line.replace('=', " = "), crate::docs::completion("bash"));
    // As readline takes a line apart.
    let typed: String = format!(
        "{script}
         COMP_LINE=$1 COMP_POINT=${{#1}} COMP_TYPE=9
         read -ra COMP_WORDS <<<\"$2\"
         [[ $2 != *' ' ]] || COMP_WORDS+=('')
         COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
         _milspecctl milspecctl \"${{COMP_WORDS[COMP_CWORD]}}\" ''
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_milspecctl"));
    let output = Command::new("bash")
        .args(["--norc", "-c", &typed, "bash", line, &words])
        .env_clear()
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", program.parent().unwrap().display()),
        )
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().map(str::to_string).collect()
}

/// Promise: a shell is offered commands, options, modes, and the names and values of the controls of
/// the machine; where its driver cannot be read, those of all that the driver knows.
#[test]
fn completions() {
    let tree = rugged("completions");
    let offered = |line: &str| completed(&format!("milspecctl --root {} {line}", tree.dir()));
    assert_eq!(offered("con"), ["control", "config", "confirm"]);
    let modes = [
        "baseline",
        "standard",
        "enhanced",
        "paranoid",
        "paranoid-plus",
    ];
    assert_eq!(offered("mode set ")[..5], modes);
    assert!(offered("mode set --acc").contains(&"--accept-latch".to_string()));
    for command in [
        "control show",
        "control get",
        "control accept",
        "control show wlan",
    ] {
        assert_eq!(offered(&format!("{command} cam")), ["camera"], "{command}");
    }
    assert_eq!(
        offered("mode plan paranoid --except wlan,blue"),
        ["wlan,bluetooth"]
    );
    // All of one word, but what bash has as one is what comes after the "=".
    assert_eq!(
        offered("control set cam"),
        ["camera=enabled", "camera=disabled"]
    );
    assert_eq!(offered("control set camera="), ["enabled", "disabled"]);
    assert_eq!(offered("control set wlan=enabled camera=d"), ["disabled"]);
    // Never what would be refused.
    assert_eq!(offered("control set secure-b"), [""; 0]);
    assert_eq!(
        completed("milspecctl --root /nonexistent control get nf"),
        ["nfc"]
    );
    assert!(!offered("").iter().any(|word| word.contains("root")));
}
