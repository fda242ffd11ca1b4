// SPDX-License-Identifier: GPL-2.0

//! `milspecctl status`

use crate::answers::*;
use crate::assert_shows;
use crate::machines::*;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi::{self as uapi, INFO_FORCED};

/// Promise: status is one screen, and a simulated machine is never taken for a real one.
#[test]
fn rugged() {
    let tree = rugged_with("status-rugged", &rugged_controls());
    let output = on(&tree, &["status"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert!(output.stdout.contains("simulated machine"));
    assert!(output.stdout.lines().count() <= 24);
    assert_shows!(output.stdout, "status-rugged.txt");
}

/// Promise: the JSON of status has real booleans, and units in its keys.
#[test]
fn rugged_json() {
    let tree = rugged_with("status-rugged-json", &rugged_controls());
    let (status, document) = json(&tree, &["status"]);
    assert_eq!(status, 0);
    assert_eq!(document["simulated"], true);
    assert_eq!(document["read_age_ms"], 12_250);
    assert_shows!(format!("{document:#}\n"), "status-rugged.json");
}

/// Promise: a real machine without DSMIL says so, and is not called simulated.
#[test]
fn business_machine() {
    let tree = business("status-business");
    let output = on(&tree, &["status"]);
    assert_eq!(output.status, 0);
    assert!(!output.stdout.contains("simulated"));
    assert_shows!(output.stdout, "status-business.txt");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["simulated"], false);
    assert_eq!(document["warnings"].as_array().unwrap().len(), 0);
}

/// Promise: what a recording shows is never taken for this machine.
#[test]
fn recording_says_so() {
    let tree = business("status-recording");
    assert!(on(&tree, &["status"])
        .stdout
        .starts_with("! recording, not this machine"));
    assert_eq!(json(&tree, &["status"]).1["recording"], "made by a test");
}

/// Promise: a family that cannot be read is named with its errno, and with a remedy.
#[test]
fn failed() {
    let tree = failed_family("status-failed");
    let output = on(&tree, &["status"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "status-failed.txt");
    let (_, document) = json(&tree, &["status"]);
    let family = &document["families"][1];
    assert_eq!(family["state"], "failed");
    assert_eq!(family["error"]["name"], "EPROTO");
    assert_eq!(document["warnings"][0]["code"], "family-failed");
}

/// Promise: what rests on something that could not be read is unknown, and not said to be none.
#[test]
fn unknown() {
    let tree = failed_family("status-unknown");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["tamper"].as_array().unwrap().len(), 0);
    assert_eq!(document["tamper_known"], false);
    assert_eq!(document["drift_known"], false);
    assert_eq!(json(&tree, &["mode", "get"]).1["drift_known"], false);
    for (command, rows) in [
        (&["status"][..], &["Tamper", "Drift", "Degraded"][..]),
        (&["mode", "get"], &["Drift", "Degraded"]),
    ] {
        let text = on(&tree, command).stdout;
        for row in rows {
            let unknown = format!("{row:<8}  ? unknown");
            assert!(text.contains(&unknown), "{text}");
        }
    }
    // Nothing that could report it is no answer either.
    let mut controls = business_controls();
    controls.retain(|control| uapi::text(&control.name) != Some("intrusion-latch"));
    let tree = Tree::loaded("status-no-reporter").answers(
        &info("Dell Inc.", "Latitude 5450", "1.9.1"),
        &crate::machines::status(&controls),
        &controls,
    );
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["tamper_known"], false);
    assert_eq!(document["drift_known"], true);
    let (_, document) = json(&business("status-all-known"), &["status"]);
    assert_eq!(document["tamper_known"], true);
}

/// Promise: everything that is not as it should be is a warning with a remedy; -v names the
/// controls.
#[test]
fn odd() {
    let tree = rugged_with("status-odd", &odd_controls());
    let output = on(&tree, &["status", "-v"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "status-odd.txt");
    let (_, document) = json(&tree, &["status"]);
    let codes: Vec<&str> = document["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["tamper", "unreadable", "device-failed", "contradictory"]
    );
    assert_eq!(document["tamper"][0], "intrusion-latch");
    assert_eq!(document["tamper"][1], "DSMIL0D6");
}

/// Promise: status says the mode with its deviations, and what an administrator must see to.
#[test]
fn marks() {
    let tree = marked("status-marks");
    let output = on(&tree, &["status"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "status-marks.txt");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["mode"]["name"], "standard");
    assert_eq!(document["mode"]["deviations"][1], "stealth-lcd");
    assert_eq!(document["mode"]["reach"]["changeable"], 9);
    assert_eq!(document["drifted"][0], "camera");
    assert_eq!(document["degraded"][0], "stealth-lcd");
    assert_eq!(document["pending_reboot"][0], "bluetooth");
    assert_eq!(document["restricted_allowed"], true);
    assert_eq!(document["latched"], false);
}

/// The rows about what stands beside the controls.
fn beside(tree: &Tree) -> String {
    let output = on(tree, &["status"]);
    assert_eq!(output.status, 0);
    let rows = ["TPM", "Journal", "Boot", "NPU", "Warnings"];
    let mine = |line: &&str| rows.iter().any(|row| line.starts_with(row));
    let lines: Vec<&str> = output.stdout.lines().filter(mine).collect();
    lines.join("\n") + "\n\n"
}

/// Promise: status says how TPM, journal, boot and NPU stand, and what is not known is said to be
/// not known.
#[test]
fn beside_the_controls() {
    const SECURE_BOOT: &str =
        "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let npu = "sys/bus/pci/devices/0000:00:0b.0";
    let tree = business("status-beside")
        .file(SECURE_BOOT, "\x06\0\0\0\x01")
        .file(
            "sys/kernel/security/lockdown",
            "none [integrity] confidentiality\n",
        )
        .file(
            &format!("{npu}/uevent"),
            "DRIVER=intel_vpu\nPCI_CLASS=120000\nPCI_ID=8086:7D1D\n",
        )
        .file(&format!("{npu}/accel/accel0/dev"), "261:0\n");
    let mut text = beside(&tree);
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["secure_boot"], "on");
    assert_eq!(document["lockdown"], "integrity");
    assert_eq!(document["npu"]["driver"], "intel_vpu");
    assert_eq!(document["npu"]["device"], "accel0");
    assert_eq!(document["tpm"]["version"], 2);
    assert_eq!(document["anchor"]["pcr"], 12);
    assert_eq!(document["journal"]["next"], 4);

    let mut failed = status(&business_controls());
    failed.anchor = uapi::ANCHOR_FAILED;
    failed.anchor_error = nix::errno::Errno::EIO as u32;
    (failed.anchor_failures, failed.journal_overwritten) = (2, 17);
    let tree = tree
        .file(SECURE_BOOT, "\x06\0\0\0\0")
        .file(
            &format!("{npu}/uevent"),
            "PCI_CLASS=120000\nPCI_ID=8086:7D1D\n",
        )
        .answers(
            &info("Dell Inc.", "Latitude 5450", "1.9.1"),
            &failed,
            &business_controls(),
        );
    text.push_str(&beside(&tree));
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["warnings"][0]["code"], "anchor-failed");
    assert_eq!(document["anchor"]["error"]["name"], "EIO");
    assert!(document["npu"]["driver"].is_null());

    // UEFI, but its variables are not mounted; and no TPM when the module was loaded.
    let controls = business_controls();
    let mut unanchored = status(&controls);
    unanchored.anchor = uapi::ANCHOR_NONE;
    let tree = tree
        .without(SECURE_BOOT)
        .without("sys/class/tpm")
        .without("sys/kernel/security")
        .without("sys/bus/pci/devices")
        .answers(
            &info("Dell Inc.", "Latitude 5450", "1.9.1"),
            &unanchored,
            &controls,
        );
    text.push_str(&beside(&tree));
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["secure_boot"], "unknown");
    assert_eq!(document["anchor"]["state"], "none");
    let tree = tree.without("sys");
    text.push_str(&beside(&tree));
    assert_eq!(json(&tree, &["status"]).1["tpm"]["state"], "unknown");
    assert_shows!(text, "status-beside.txt");
}

/// Promise: a driver forced onto another machine is visible.
#[test]
fn forced() {
    let mut info = info("Example", "Box", "1");
    info.properties = INFO_FORCED;
    let tree = Tree::loaded("status-forced")
        .dmi("Example", "Box", "1")
        .answers(&info, &status(&[]), &[]);
    let output = on(&tree, &["status"]);
    assert_shows!(output.stdout, "status-forced.txt");
    assert_eq!(json(&tree, &["status"]).1["driver"]["forced"], true);
}

/// Promise: a refresh says how many and which controls changed.
#[test]
fn refresh() {
    let tree = moved("status-refresh");
    let output = on(&tree, &["status", "--refresh"]);
    assert_eq!(output.status, 0);
    assert_shows!(output.stdout, "status-refresh.txt");
    let (_, document) = json(&tree, &["status", "--refresh"]);
    assert_eq!(document["refresh"]["changed_count"], 2);
    assert_eq!(document["refresh"]["changed"][0]["name"], "camera");
    assert_eq!(document["refresh"]["changed"][0]["before"], "enabled");
    assert_eq!(document["refresh"]["changed"][0]["after"], "disabled");
    assert_eq!(document["refresh"]["changed"][1]["name"], "DSMIL0D5");
    assert_eq!(document["generation"], 2);
}

/// Promise: without --refresh nothing is refreshed: the last reading is shown.
#[test]
fn no_refresh() {
    let tree = moved("status-no-refresh");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["generation"], 1);
    assert!(document["refresh"].is_null());
}

/// Promise: an older driver of the same major version works; what it does not tell is empty.
#[test]
fn shorter_answers() {
    let tree = business("status-shorter");
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    let bytes = zerocopy::IntoBytes::as_bytes(&info);
    // A driver that knew no BIOS version.
    tree.put("recording/info.bin", &bytes[..128]);
    let (status, document) = json(&tree, &["status"]);
    assert_eq!(status, 0);
    assert_eq!(document["machine"]["vendor"], "Dell Inc.");
    assert_eq!(document["machine"]["bios_version"], "");
}

/// Promise: a newer driver of the same major version works; numbers without a word are shown as
/// numbers, and longer elements are cut where this program's knowledge ends.
#[test]
fn newer_driver() {
    let mut info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    info.abi_minor = uapi::ABI_MINOR + 1;
    let mut controls = business_controls();
    controls[0].control_class = 9;
    controls[0].reading = 9;
    controls[1].family = 9;
    let tree = Tree::loaded("status-newer").answers(&info, &status(&controls), &controls);
    let mut bytes = std::fs::read(format!("{}/recording/controls.bin", tree.dir())).unwrap();
    let size = size_of::<uapi::Control>();
    let mut longer = bytes[..size_of::<uapi::Controls>()].to_vec();
    // `stride` follows head, buffer and capacity.
    longer[20..24].copy_from_slice(&(size as u32 + 8).to_le_bytes());
    for element in bytes.split_off(size_of::<uapi::Controls>()).chunks(size) {
        longer.extend(element);
        longer.extend([0xAA; 8]);
    }
    tree.put("recording/controls.bin", &longer);
    let (status, document) = json(&tree, &["control", "list"]);
    assert_eq!(status, 0);
    assert_eq!(document["controls"][0]["class"], "class-9");
    assert_eq!(document["controls"][0]["reading"], "unknown");
    assert_eq!(document["controls"][1]["family"], "family-9");
    assert_eq!(document["controls"][9]["name"], "wake-on-lan");
}
