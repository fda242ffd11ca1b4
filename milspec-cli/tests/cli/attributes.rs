// SPDX-License-Identifier: GPL-2.0

//! BIOS attributes as a witness: what stands beside a control, why the two differ, and what is
//! said where there is nothing to compare with.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{succeeds, SET};
use crate::machines::*;
use crate::run::{json, on};
use crate::tree::{Tree, RELEASE, SYSMAN};
use milspec_uapi as uapi;
use milspec_uapi::Control;
use nix::errno::Errno;
use serde_json::Value;

pub const ON_OFF: &str = "Disabled;Enabled";

/// A machine with attributes that say what the controls say.
pub fn agreeing(name: &str) -> Tree {
    with(name, &business_controls())
}

fn with(name: &str, controls: &[Control]) -> Tree {
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    Tree::loaded(name)
        .answers(&info, &status(controls), controls)
        .sysman()
        .attribute("Camera", "Enabled", ON_OFF)
        .attribute("Microphone", "Enabled", ON_OFF)
        .attribute("BluetoothDevice", "Disabled", ON_OFF)
        .attribute("TpmSecurity", "Enabled", ON_OFF)
        .attribute("WakeOnLan", "Disabled", "Disabled;LanOnly;LanWithPxeBoot")
}

/// What is said of one control.
fn witness(tree: &Tree, control: &str) -> Value {
    let (status, document) = json(tree, &["control", "show", control]);
    assert_eq!(status, 0);
    let list = document["attributes"]["witnesses"].as_array().unwrap();
    assert_eq!(list.len(), 1, "{document:#}");
    list[0].clone()
}

/// Verdict and cause of one control.
fn verdict(tree: &Tree, control: &str) -> (String, String) {
    let found = witness(tree, control);
    let word = |name: &str| found[name].as_str().unwrap_or("null").to_string();
    // Only where they agree there is nothing to explain.
    assert_eq!(found["reason"].is_null(), found["verdict"] == "agrees");
    (word("verdict"), word("cause"))
}

#[track_caller]
fn expect(tree: &Tree, control: &str, wanted: &str, cause: &str) {
    let wanted = (wanted.to_string(), cause.to_string());
    assert_eq!(verdict(tree, control), wanted);
}

pub fn check(tree: &Tree) -> (Value, Value) {
    let (_, document) = json(tree, &["doctor"]);
    let checks = document["checks"].as_array().unwrap();
    let mine = checks.iter().find(|check| check["id"] == "bios-attributes");
    (mine.unwrap().clone(), document.clone())
}

fn result(tree: &Tree) -> String {
    let (check, _) = check(tree);
    let result = check["result"].as_str().unwrap().to_string();
    let wanted = result == "warning" || result == "problem";
    assert_eq!(check["remedy"].is_string(), wanted, "{check}");
    result
}

fn show_all(tree: &Tree, controls: &[&str]) -> String {
    let mut text = String::new();
    for arguments in [&["control", "list", "--attributes"][..], &["doctor"]] {
        let output = on(tree, arguments);
        assert_eq!(output.stderr, "");
        text.push_str(&format!("# {}\n{}\n", arguments.join(" "), output.stdout));
    }
    for name in controls {
        let output = on(tree, &["control", "show", name]);
        text.push_str(&format!("# control show {name}\n{}\n", output.stdout));
    }
    text
}

/// Promise: where attributes say the same, list, show and doctor put them beside the controls.
#[test]
fn agreement() {
    let tree = agreeing("attributes-agree");
    assert_shows!(
        show_all(&tree, &["camera", "tpm", "wlan"]),
        "attributes-agree.txt"
    );
    for control in ["camera", "bluetooth", "tpm", "wake-on-lan"] {
        expect(&tree, control, "agrees", "null");
    }
    assert_eq!(result(&tree), "ok");
    let (_, document) = json(
        &tree,
        &["control", "list", "--attributes", "--class", "safe"],
    );
    let list = document["attributes"]["witnesses"].as_array().unwrap();
    assert_eq!(
        list.len(),
        1,
        "of those that were asked for only: {document:#}"
    );
    // Nobody is asked for attributes who has not asked for them.
    let (_, document) = json(&tree, &["control", "list"]);
    assert!(document["attributes"].is_null());
}

/// Promise: a disagreement is a warning with its likely reason, whatever that is, and no error of
/// the machine's.
#[test]
fn disagreement() {
    let tree = |name: &str| agreeing(name).attribute("Camera", "Disabled", ON_OFF);
    let plain = tree("attributes-differ");
    expect(&plain, "camera", "disagrees", "used-differently");
    assert_eq!(result(&plain), "warning");
    assert_eq!(json(&plain, &["doctor"]).0, 0);
    assert_shows!(show_all(&plain, &["camera"]), "attributes-differ.txt");
    // Somebody has set an attribute through mainline.
    let stored =
        tree("attributes-pending").file(&format!("{SYSMAN}/attributes/pending_reboot"), "1\n");
    expect(&stored, "camera", "disagrees", "pending-reboot");
    // Or the driver has written the control.
    let mut controls = business_controls();
    by_name(&mut controls, "camera").properties |= uapi::CONTROL_PENDING_REBOOT;
    let written = with("attributes-written", &controls).attribute("Camera", "Disabled", ON_OFF);
    expect(&written, "camera", "disagrees", "pending-reboot");
    // The firmware itself says what it depends on.
    let forced = tree("attributes-forced")
        .attribute_file(
            "Camera",
            "dell_value_modifier",
            "disabled[ForceIf:Privacy=On][ForceIfNot:CpuCore=CoresAll];Enabled;\n",
        )
        .attribute("Privacy", "On", "Off;On");
    expect(&forced, "camera", "disagrees", "forced");
    let forced = forced.attribute("Privacy", "Off", "Off;On");
    expect(&forced, "camera", "disagrees", "used-differently");
    let forced = forced.attribute("CpuCore", "CoresAll", "Cores2;CoresAll");
    expect(&forced, "camera", "disagrees", "used-differently");
    let forced = forced.attribute("CpuCore", "Cores2", "Cores2;CoresAll");
    expect(&forced, "camera", "disagrees", "forced");
    let shown = on(&forced, &["control", "show", "camera"]).stdout;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("while CpuCore is not CoresAll"), "{shown}");
    let hidden = tree("attributes-hidden")
        .attribute_file("Camera", "dell_modifier", "[SuppressIfNot:Privacy=Off]\n")
        .attribute("Privacy", "On", "Off;On");
    expect(&hidden, "camera", "disagrees", "forced");
}

/// Promise: Enabled of a Dis... name is off, and such a name that differs is first of all one that
/// acts only in stealth.
#[test]
fn inverted() {
    let mut controls = business_controls();
    controls.push(setting("stealth", "enabled"));
    controls.push(setting("stealth-wwan", "off"));
    controls.push(setting("stealth-lcd", "unchanged"));
    let tree = with("attributes-inverted", &controls)
        .attribute("DisWWANRadio", "Enabled", ON_OFF)
        .attribute("DisOnboardLCDScreen", "Disabled", ON_OFF);
    expect(&tree, "stealth-wwan", "agrees", "null");
    expect(&tree, "stealth-lcd", "agrees", "null");
    assert_eq!(witness(&tree, "stealth-wwan")["evidence"], "seen");
    assert_eq!(witness(&tree, "stealth-lcd")["evidence"], "derived");
    let tree = tree.attribute("DisWWANRadio", "Disabled", ON_OFF);
    expect(&tree, "stealth-wwan", "disagrees", "acts-only-while");
    let tree = tree.attribute("StealthMode", "Enabled", ON_OFF);
    expect(&tree, "stealth-wwan", "disagrees", "inverted");
    // That a radio is to be off in stealth says nothing about the radio.
    let mut controls = business_controls();
    controls.push(setting("wwan", "enabled"));
    let tree = with("attributes-radio", &controls).attribute("DisWWANRadio", "Enabled", ON_OFF);
    let (_, document) = json(&tree, &["control", "show", "wwan"]);
    assert_eq!(
        document["attributes"]["witnesses"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

/// Promise: a derived name is shown where the machine has it, and marked; one attribute for two
/// things says so.
#[test]
fn derived_and_shared() {
    let mut controls = business_controls();
    for (name, value) in [
        ("wwan", "enabled"),
        ("gps", "enabled"),
        ("usb-rear", "enabled"),
    ] {
        controls.push(setting(name, value));
    }
    let tree = with("attributes-derived", &controls)
        .attribute("WirelessWwan", "Disabled", ON_OFF)
        .attribute("UsbPortsRear", "Disabled", ON_OFF);
    expect(&tree, "usb-rear", "disagrees", "derived");
    let shown = on(&tree, &["control", "show", "usb-rear"]).stdout;
    assert!(shown.contains("(derived name)"), "{shown}");
    expect(&tree, "wwan", "disagrees", "used-differently");
    // Only where it says so it speaks of GPS.
    let (_, document) = json(&tree, &["control", "show", "gps"]);
    assert_eq!(
        document["attributes"]["witnesses"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let tree = tree.attribute_file("WirelessWwan", "display_name", "WWAN/GPS\n");
    expect(&tree, "wwan", "disagrees", "shared");
    expect(&tree, "gps", "disagrees", "derived");
}

/// Promise: what is not understood is not compared: a word that the machine does not list, one
/// whose meaning nobody knows, and a control without a known value.
#[test]
fn not_understood() {
    let tree = |name: &str, value: &str, possible: &str| {
        let controls = odd_controls();
        with(name, &controls).attribute("Microphone", value, possible)
    };
    let odd = tree("attributes-odd", "Enabled", ON_OFF);
    expect(&odd, "camera", "not-compared", "control-unknown");
    expect(&odd, "microphone", "not-compared", "control-unknown");
    let other = agreeing("attributes-word").attribute("Camera", "Shutter", "Enabled;Shutter");
    expect(&other, "camera", "not-compared", "other-word");
    let other = agreeing("attributes-list").attribute("Camera", "Enabled", "On;Off");
    expect(&other, "camera", "not-compared", "not-listed");
    let empty = agreeing("attributes-empty").attribute("Camera", "", ON_OFF);
    expect(&empty, "camera", "not-compared", "not-listed");
    // Spelled otherwise it is the same word.
    let spelled =
        agreeing("attributes-spelling").attribute("Camera", "ENABLED", "enabled;disabled");
    expect(&spelled, "camera", "agrees", "null");
    // Of the door nothing follows for the latch.
    let door = agreeing("attributes-door").attribute(
        "ChassisIntrusionStatus",
        "DoorOpen",
        "Tripped;TripReset;DoorOpen;DoorClosed",
    );
    expect(&door, "intrusion-latch", "not-compared", "other-word");
}

/// Promise: a value that only root may read is said not to be readable, and nothing is said to
/// agree.
#[test]
fn unreadable() {
    let mut tree = agreeing("attributes-unreadable").attribute("KernelDma", "Enabled", ON_OFF);
    let names = [
        "Camera",
        "Microphone",
        "BluetoothDevice",
        "TpmSecurity",
        "WakeOnLan",
        "KernelDma",
    ];
    for name in names {
        tree = tree.attribute_error(name, Errno::EACCES);
    }
    assert_shows!(show_all(&tree, &["camera"]), "attributes-unreadable.txt");
    expect(&tree, "camera", "not-compared", "not-readable");
    assert_eq!(result(&tree), "not-applicable");
    let (_, document) = check(&tree);
    assert!(!document.to_string().contains("\"agrees\""));
    assert!(document["others"][0]["command"].is_null());
    let failed = agreeing("attributes-failed").attribute_error("Camera", Errno::EIO);
    expect(&failed, "camera", "not-compared", "failed");
    assert_eq!(witness(&failed, "camera")["error"]["name"], "EIO");
    // One that is missing among those that agree is said.
    let (check, _) = check(&failed);
    assert!(check["reason"].as_str().unwrap().contains("1 not compared"));
}

/// Promise: no attributes at all, those that vanished with a BIOS update, and those that no driver
/// shows are told apart, and only the first is none.
#[test]
fn vanished() {
    let state = |tree: &Tree| {
        let (_, document) = json(tree, &["control", "show", "camera"]);
        let attributes = &document["attributes"];
        assert_eq!(attributes["witnesses"].as_array().unwrap().len(), 0);
        (
            attributes["state"].as_str().unwrap().to_string(),
            attributes["count"].clone(),
        )
    };
    let tree = business("attributes-none");
    assert_eq!(state(&tree), ("absent".into(), 0.into()));
    assert_eq!(result(&tree), "not-applicable");
    let vanished = business("attributes-vanished").sysman();
    assert_eq!(state(&vanished), ("vanished".into(), Value::Null));
    assert_eq!(result(&vanished), "warning");
    assert_shows!(
        show_all(&vanished, &["camera", "secure-boot"]),
        "attributes-vanished.txt"
    );
    // Not one file either.
    let tree = vanished
        .without(&format!("{SYSMAN}/attributes/pending_reboot"))
        .without(&format!("{SYSMAN}/attributes/reset_bios"));
    assert_eq!(state(&tree).0, "vanished");
    let unbound = business("attributes-unbound").sysman_interface();
    assert_eq!(state(&unbound), ("not-bound".into(), Value::Null));
    let remedy = |tree: &Tree| check(tree).0["remedy"].as_str().unwrap().to_string();
    assert!(remedy(&unbound).contains("CONFIG_DELL_WMI_SYSMAN"));
    let unbound = unbound.file(
        &format!("lib/modules/{RELEASE}/modules.dep"),
        "kernel/drivers/platform/x86/dell/dell-wmi-sysman/dell-wmi-sysman.ko.xz:\n",
    );
    assert!(remedy(&unbound).contains("modprobe dell-wmi-sysman"));
    let unbound = unbound.file("sys/module/dell_wmi_sysman/initstate", "live\n");
    assert!(remedy(&unbound).contains("dmesg"));
    let unknown = business("attributes-unknown").without("sys/bus/wmi");
    assert_eq!(state(&unknown), ("unknown".into(), Value::Null));
    assert_eq!(result(&unknown), "not-applicable");
    let shown = on(&unknown, &["control", "show", "camera"]).stdout;
    assert!(shown.contains("nobody knows whether"), "{shown}");
}

/// Promise: bytes from firmware that no terminal should act on are spelled out, and no word that a
/// shell would take apart gets into a command.
#[test]
fn hostile_text() {
    let tree = agreeing("attributes-hostile")
        .attribute("Camera", "\x1b[2J", "\x1b[2J;Enabled")
        .attribute("KernelDma", "a\x07", "a\x07;Enabled; rm -rf /")
        .attribute("TpmPpi; reboot", "Enabled", ON_OFF);
    let text = show_all(&tree, &["camera"]);
    assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text}");
    expect(&tree, "camera", "not-compared", "other-word");
    let (_, document) = check(&tree);
    for other in document["others"].as_array().unwrap() {
        let command = other["command"].as_str().unwrap_or_default();
        assert!(!command.contains([';', '\\', '/']), "{other}");
    }
}

/// A machine on which the camera is switched off with the mode.
fn changing(name: &str) -> Tree {
    let mut controls = rugged_controls();
    for step in steps() {
        let control = controls.iter_mut().find(|it| it.id == step.control);
        answer(control.unwrap(), u32::from(step.to));
    }
    succeeds(name).applied(&status(&controls), &controls)
}

/// Promise: after a change the attribute is heard: where it says the same, where it does not, which
/// is a warning and not a failure, and where attributes vanished.
#[test]
fn after_a_change() {
    let changed = |name: &str, camera: &str| {
        let tree = changing(name).sysman();
        tree.attribute("Camera", camera, ON_OFF)
    };
    let set = SET;
    let mut text = String::new();
    let trees = [
        changed("attributes-set", "Disabled"),
        changed("attributes-set-not", "Enabled"),
        changed("attributes-set-secret", "Enabled").attribute_error("Camera", Errno::EACCES),
        changing("attributes-set-vanished").sysman(),
    ];
    for tree in &trees {
        let output = on(tree, &set);
        assert_eq!(output.status, 0, "{}", output.stderr);
        text.push_str(&format!("# set\n{}\n", output.stdout));
    }
    assert_shows!(text, "attributes-set.txt");
    let tree = changed("attributes-set-json", "Enabled");
    let (status, document) = json(&tree, &set);
    assert_eq!((status, &document["outcome"]), (0, &"done".into()));
    let said = &document["attributes"]["witnesses"][0];
    assert_eq!(
        (&said["verdict"], &said["cause"]),
        (&"disagrees".into(), &"pending-reboot".into())
    );
    let warnings = document["warnings"].as_array().unwrap();
    let mine = warnings
        .iter()
        .find(|warning| warning["code"] == "attribute-disagrees");
    assert_eq!(mine.unwrap()["controls"][0], "camera");
    // A plan asks nobody.
    let dry = [&SET[..], &["--dry-run"]].concat();
    assert!(json(&tree, &dry).1["attributes"].is_null());
}
