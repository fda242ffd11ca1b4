// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control ...`

use crate::answers::*;
use crate::assert_shows;
use crate::machines::*;
use crate::run::{json, on};
use serde_json::Value;

fn names(document: &Value) -> Vec<&str> {
    let list = document["controls"].as_array().unwrap();
    list.iter().map(|c| c["name"].as_str().unwrap()).collect()
}

/// Promise: a list shows what a person decides on, by topic, DSMIL devices by group; what a group
/// holds, a topic or everything is a table, one line for each control.
#[test]
fn list() {
    let tree = rugged("list");
    let output = on(&tree, &["control", "list"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert_shows!(output.stdout, "list-rugged.txt");
    let (_, document) = json(&tree, &["control", "list"]);
    assert_eq!(document["groups"][0]["name"], "core");
    assert_eq!(document["groups"][0]["devices"], 12);
    let lines = |options: &[&str]| {
        let output = on(&tree, &[&["control", "list"], options].concat());
        assert_eq!(output.status, 0);
        output.stdout.lines().filter(|l| l.starts_with('●')).count()
    };
    assert_eq!(lines(&["--all"]), 97);
    assert_eq!(lines(&["--group", "core"]), lines(&["--group", "0"]));
    assert_eq!(lines(&["--topic", "radios"]), 2);
}

/// Promise: a value that is not known is never guessed: raw numbers, candidates or the errno stand
/// in its place, each with glyph and word.
#[test]
fn list_odd() {
    let tree = rugged_with("list-odd", &odd_controls());
    let output = on(&tree, &["control", "list"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "list-odd.txt");
    let (_, document) = json(&tree, &["control", "list"]);
    let find = |name: &str| {
        let list = document["controls"].as_array().unwrap();
        list.iter().find(|c| c["name"] == name).unwrap().clone()
    };
    assert!(find("camera")["value"].is_null());
    assert_eq!(find("camera")["reading"], "unknown");
    assert_eq!(find("camera")["values"][0]["read"], 7);
    assert_eq!(find("microphone")["reading"], "ambiguous");
    assert_eq!(find("wlan")["error"]["name"], "EIO");
    // A device that failed was read all the same.
    assert_eq!(find("DSMIL0D3")["reading"], "known");
    assert_eq!(find("DSMIL0D3")["value"], "failed");
}

/// Promise: the JSON of a list holds everything about each control.
#[test]
fn list_json() {
    let tree = business("list-json");
    let (status, document) = json(&tree, &["control", "list"]);
    assert_eq!(status, 0);
    assert_shows!(format!("{document:#}\n"), "list-business.json");
}

/// Promise: -v adds what each control does.
#[test]
fn list_verbose() {
    let tree = business("list-verbose");
    assert_shows!(
        on(&tree, &["control", "list", "-v"]).stdout,
        "list-verbose.txt"
    );
}

/// Promise: filters narrow the list, combine, and leave the total as it is.
#[test]
fn filters() {
    let tree = rugged("list-filters");
    let list = |options: &[&str]| {
        let mut arguments = vec!["control", "list"];
        arguments.extend(options);
        let (status, document) = json(&tree, &arguments);
        assert_eq!(status, 0);
        assert_eq!(document["total"], 97);
        document
    };
    assert_eq!(
        list(&["--family", "dsmil"])["controls"]
            .as_array()
            .unwrap()
            .len(),
        84
    );
    assert_eq!(
        names(&list(&["--class", "read-only"])),
        ["intrusion-latch", "secure-boot"]
    );
    // Group 0 is a group like any other; platform controls have none.
    assert_eq!(names(&list(&["--group", "0"])).len(), 12);
    assert_eq!(
        names(&list(&["--class", "quarantined", "--group", "0"])),
        ["DSMIL0D9", "DSMIL0DA", "DSMIL0DB"]
    );
    // Nothing found is an answer, not a failure.
    let none: [&str; 0] = [];
    assert_eq!(names(&list(&["--group", "99"])), none);
}

/// Promise: show says everything about a platform control, tokens and locations included.
#[test]
fn show_platform() {
    let tree = rugged("show-platform");
    let output = on(&tree, &["control", "show", "thunderbolt-security"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "show-platform.txt");
    let (_, document) = json(&tree, &["control", "show", "thunderbolt-security"]);
    assert_shows!(format!("{document:#}\n"), "show-platform.json");
}

/// Promise: show says what a DSMIL device depends on, and how that stands.
#[test]
fn show_dsmil() {
    let tree = rugged("show-dsmil");
    let output = on(&tree, &["control", "show", "DSMIL1D1"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "show-dsmil.txt");
    let (_, document) = json(&tree, &["control", "show", "DSMIL1D1"]);
    assert_eq!(document["controls"][0]["depends"][0], "DSMIL0D0");
    assert_eq!(document["controls"][0]["group"], 1);
    assert!(document["controls"][0]["values"][0]["token"].is_null());
}

/// Promise: show explains each way in which a value can be not known.
#[test]
fn show_odd() {
    let tree = rugged_with("show-odd", &odd_controls());
    let mut text = String::new();
    for name in [
        "camera",
        "microphone",
        "wlan",
        "bluetooth",
        "thunderbolt-security",
        "tpm-owned",
        "DSMIL0D4",
        "DSMIL0D6",
    ] {
        let output = on(&tree, &["control", "show", name]);
        assert_eq!(output.status, 0);
        text.push_str(&output.stdout);
        text.push('\n');
    }
    assert_shows!(text, "show-odd.txt");
}

/// Promise: what the driver says about a control beside its value is a word in the list, and has
/// its row in show.
#[test]
fn marks() {
    let tree = marked("control-marks");
    let mut text = on(&tree, &["control", "list", "--family", "platform"]).stdout;
    for name in ["camera", "bluetooth", "usb-external", "stealth-lcd"] {
        let output = on(&tree, &["control", "show", name]);
        assert_eq!(output.status, 0);
        text.push_str(&format!("\n{}", output.stdout));
    }
    assert_shows!(text, "control-marks.txt");
    let (_, document) = json(&tree, &["control", "show", "camera"]);
    let control = &document["controls"][0];
    assert_eq!(control["deviates"], true);
    assert_eq!(control["drifted"], true);
    assert_eq!(control["degraded"], false);
    assert_eq!(control["baseline"], "enabled");
    assert_eq!(control["written"], "disabled");
    assert_eq!(control["wanted"], "disabled");
}

/// Promise: --deviating shows what is not as the mode asks for, --changed what is not as it was
/// before the driver; what went back to what it was, is not among them.
#[test]
fn changed_and_deviating() {
    let tree = marked("control-changed");
    let list = |option: &str| json(&tree, &["control", "list", option]).1;
    assert_eq!(names(&list("--deviating")), ["camera", "stealth-lcd"]);
    assert_eq!(names(&list("--changed")), ["bluetooth"]);
    assert_eq!(list("--changed")["total"], 97);
}

/// Promise: list and show refresh as status does.
#[test]
fn refresh() {
    let tree = moved("control-refresh");
    let output = on(
        &tree,
        &["control", "list", "--refresh", "--family", "platform"],
    );
    assert_shows!(output.stdout, "list-refresh.txt");
    let (_, document) = json(&tree, &["control", "show", "camera", "--refresh"]);
    assert_eq!(document["controls"][0]["value"], "disabled");
    assert_eq!(document["controls"][0]["changed_generation"], 2);
    assert_eq!(document["refresh"]["changed"].as_array().unwrap().len(), 2);
}

/// Promise: bytes from firmware that no terminal should act on are spelled out.
#[test]
fn hostile_text() {
    let mut controls = business_controls();
    controls[0].label = milspec_uapi::field(b"\x1b[2Jgone\x07\xff \\");
    let tree = rugged_with("hostile-text", &controls);
    let output = on(&tree, &["control", "show", "camera"]);
    assert!(
        output.stdout.contains(r"\x1b[2Jgone\x07\xff \\"),
        "{}",
        output.stdout
    );
    assert!(!output.stdout.contains('\x1b'));
}

/// Promise: an answer that contradicts itself is shown as unknown, and nothing breaks.
#[test]
fn inconsistent_answers() {
    let mut controls = business_controls();
    controls[0].current = 200;
    controls[1].value_count = 255;
    controls[2].depend_count = 255;
    let tree = rugged_with("inconsistent", &controls);
    let (status, document) = json(&tree, &["control", "list"]);
    assert_eq!(status, 0);
    assert_eq!(document["controls"][0]["reading"], "unknown");
    assert_eq!(
        document["controls"][1]["values"].as_array().unwrap().len(),
        8
    );
    assert_eq!(
        document["controls"][2]["depends"].as_array().unwrap().len(),
        4
    );
}
