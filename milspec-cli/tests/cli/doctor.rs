// SPDX-License-Identifier: GPL-2.0

//! `milspecctl doctor`

use crate::assert_shows;
use crate::machines::*;
use crate::run::{json, on};
use crate::tree::{Tree, RELEASE};
use milspec_uapi::{self as uapi, ABI_MAJOR};
use nix::errno::Errno;
use serde_json::{json, Value};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

fn check<'a>(document: &'a Value, id: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks
        .iter()
        .find(|check| check["id"] == id)
        .unwrap_or_else(|| panic!("no check {id}"))
}

/// The result of one check, and the exit status of all.
fn result(tree: &Tree, id: &str) -> (String, i32) {
    let (status, document) = json(tree, &["doctor"]);
    assert_eq!(document["exit"], status);
    let check = check(&document, id);
    let result = check["result"].as_str().unwrap().to_string();
    // What is not right comes with a remedy.
    let wanted = result == "warning" || result == "problem";
    assert_eq!(check["remedy"].is_string(), wanted, "{check}");
    (result, status)
}

/// Asserts the result of one check and the exit status.
#[track_caller]
fn expect(tree: &Tree, id: &str, wanted: &str, exit: i32) {
    assert_eq!(result(tree, id), (wanted.to_string(), exit));
}

/// Promise: where everything works, doctor says so and ends with 0.
#[test]
fn all_well() {
    let tree = rugged("doctor-well");
    let output = on(&tree, &["doctor"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert_shows!(output.stdout, "doctor-well.txt");
    let (_, document) = json(&tree, &["doctor"]);
    assert_eq!(document["result"], "ok");
    assert_eq!(document["simulated"], true);
}

/// Promise: doctor works where nothing works yet, and says what to do first.
#[test]
fn nothing_works() {
    let tree = Tree::bare("doctor-nothing")
        .file("proc/sys/kernel/osrelease", "6.12.0-old\n")
        .file("boot/config-6.12.0-old", "# CONFIG_RUST is not set\n")
        .without("sys/class/tpm")
        .without("sys/module");
    let output = on(&tree, &["doctor"]);
    assert_eq!(output.status, 3);
    assert_shows!(output.stdout, "doctor-nothing.txt");
    let (_, document) = json(&tree, &["doctor"]);
    assert_shows!(format!("{document:#}\n"), "doctor-nothing.json");
}

/// Promise: an empty tree (a container without /proc and /sys) makes no check fail to be made.
#[test]
fn empty() {
    let tree = Tree::bare("doctor-empty")
        .without("proc")
        .without("sys")
        .without("etc")
        .without("lib")
        .without("boot");
    let (status, document) = json(&tree, &["doctor"]);
    assert_eq!(status, 3);
    assert_eq!(document["checks"].as_array().unwrap().len(), 29);
}

/// Promise: not a Dell is said to be no Dell, not a missing module.
#[test]
fn not_a_dell() {
    let tree = Tree::bare("doctor-not-dell").dmi("Example", "Box", "1");
    let output = on(&tree, &["doctor"]);
    assert_eq!(output.status, 3);
    assert_shows!(output.stdout, "doctor-not-dell.txt");
}

/// Promise: doctor takes those kernels for good that the driver is tested with.
#[test]
fn kernels_are_those_that_are_tested() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/machine/kernel.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let file: toml::Table = toml::from_str(&text).unwrap();
    let series: Vec<&str> = file["series"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|s| s.as_str())
        .collect();
    let number = |series: &str, add: i32| {
        let (major, minor) = series.split_once('.').unwrap();
        format!("{major}.{}.0-test", minor.parse::<i32>().unwrap() + add)
    };
    let mut all: Vec<(String, &str)> = series.iter().map(|s| (number(s, 0), "ok")).collect();
    all.push((number(series.first().unwrap(), 1), "warning"));
    all.push((number(series.last().unwrap(), -1), "problem"));
    for (release, wanted) in all {
        let tree = Tree::bare("doctor-kernel-series").file("proc/sys/kernel/osrelease", &release);
        assert_eq!(result(&tree, "kernel-version").0, wanted, "{release}");
    }
}

/// Promise: the kernel's version and its Rust support are told apart.
#[test]
fn kernel() {
    for (release, wanted) in [
        ("6.12.9-test", "problem"),
        ("7.2.9-test", "ok"),
        ("7.3.0-test", "ok"),
        ("10.0-test", "warning"),
    ] {
        let tree = Tree::bare("doctor-kernel-version").file("proc/sys/kernel/osrelease", release);
        assert_eq!(result(&tree, "kernel-version").0, wanted, "{release}");
    }
    // What runs already was built for it.
    let tree = rugged("doctor-kernel-newer").file("proc/sys/kernel/osrelease", "10.0-test");
    assert_eq!(result(&tree, "kernel-version").0, "ok");
    let config = format!("boot/config-{RELEASE}");
    let tree = Tree::bare("doctor-kernel-rust").file(&config, "# CONFIG_RUST is not set\n");
    expect(&tree, "kernel-rust", "problem", 3);
    let tree = tree.without(&config);
    expect(&tree, "kernel-rust", "warning", 3);
    let installed = Tree::bare("doctor-kernel-built")
        .without(&config)
        .installed();
    expect(&installed, "kernel-rust", "not-applicable", 3);
    // Kernels that tell it themselves, packed.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"CONFIG_RUST=y\n").unwrap();
    tree.put("proc/config.gz", &packed.finish().unwrap());
    expect(&tree, "kernel-rust", "ok", 3);
}

/// Promise: headers without Rust metadata are no reason to give up; none at all are.
#[test]
fn headers() {
    let tree = Tree::bare("doctor-headers");
    expect(&tree, "kernel-headers", "problem", 3);
    let build = format!("lib/modules/{RELEASE}/build");
    let tree = tree.file(&format!("{build}/Makefile"), "").file(
        &format!("boot/config-{RELEASE}"),
        "CONFIG_RUST=y\nCONFIG_RUSTC_VERSION_TEXT=\"rustc 1.85.1\"\n",
    );
    expect(&tree, "kernel-headers", "warning", 3);
    let (_, document) = json(&tree, &["doctor"]);
    let remedy = check(&document, "kernel-headers")["remedy"]
        .as_str()
        .unwrap();
    assert!(remedy.contains("rustc 1.85.1"), "{remedy}");
    let tree = tree
        .file(&format!("{build}/rust/libkernel.rmeta"), "")
        .file(&format!("{build}/rust/libmacros.so"), "");
    expect(&tree, "kernel-headers", "ok", 3);
    let tree = tree.installed();
    expect(&tree, "kernel-headers", "not-applicable", 3);
}

/// Promise: a module of another kernel, one that modprobe does not know, and one that was only
/// loaded by hand are told apart.
#[test]
fn module() {
    let tree = Tree::bare("doctor-module");
    expect(&tree, "module-installed", "problem", 3);
    let tree = tree.file("lib/modules/7.3.1-other/updates/dell_milspec.ko", "");
    let (_, document) = json(&tree, &["doctor"]);
    let reason = check(&document, "module-installed")["reason"]
        .as_str()
        .unwrap();
    assert!(reason.contains("7.3.1-other"), "{reason}");
    // The package has it for others: DKMS can compile it for this one.
    let tree = tree.file("var/lib/dkms/dell-milspec/0.9.0/source", "");
    let (_, document) = json(&tree, &["doctor"]);
    let remedy = &check(&document, "module-installed")["remedy"];
    assert_eq!(remedy, "run \"dkms autoinstall\" as root");
    let tree = tree.file(
        &format!("lib/modules/{RELEASE}/extra/dell-milspec.ko.zst"),
        "",
    );
    expect(&tree, "module-installed", "warning", 3);
    let tree = rugged("doctor-insmod")
        .file(&format!("lib/modules/{RELEASE}/modules.dep"), "")
        .without(&format!("lib/modules/{RELEASE}/updates"));
    expect(&tree, "module-installed", "warning", 0);
    let tree = rugged("doctor-going").file("sys/module/dell_milspec/initstate", "going\n");
    expect(&tree, "module-loaded", "problem", 3);
}

/// Promise: why DKMS made no module is told by doctor and by every command that lacks the driver.
#[test]
fn skipped_by_dkms() {
    let note = format!("var/lib/dell-milspec/build-{RELEASE}.txt");
    let tree = Tree::bare("doctor-skipped").file(&note, "pahole is missing: install pahole\n");
    expect(&tree, "module-installed", "problem", 3);
    for arguments in [&["doctor"][..], &["status"]] {
        let output = on(&tree, arguments);
        let said = output.stdout + &output.stderr;
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("pahole is missing: install pahole"), "{said}");
        assert!(said.contains("dkms autoinstall"), "{said}");
    }
}

/// Promise: who looks at a tree of somebody else's runs nothing that is in it.
#[test]
fn starts_nothing_of_a_recording() {
    let tree = rugged("doctor-starts-nothing").file("run/systemd/system/.exists", "");
    let ran = tree.path("ran");
    let script = format!("#!/bin/sh\ntouch {}\n", ran.display());
    for program in ["systemctl", "fwupdmgr", "timeout", "xz"] {
        let path = format!("usr/bin/{program}");
        tree.put(&path, script.as_bytes());
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(tree.path(&path), executable).unwrap();
    }
    on(&tree, &["doctor"]);
    assert!(!ran.exists());
}

/// Promise: a newer BIOS that fwupd knows is named, with how to install it; where fwupd does not answer
/// that is not taken for the newest BIOS.
#[test]
fn newer_bios() {
    let call = "timeout 20 fwupdmgr get-updates --json --no-metadata-check --no-unreported-check";
    let device = |plugin: &str, name: &str| {
        json!({
            "Name": name, "Plugin": plugin, "Version": "1.25.1",
            "Releases": [{ "Version": "1.31.0" }, { "Version": "1.27.0" }],
        })
    };
    let bios = device("uefi_capsule", "System Firmware");
    let other = device("uefi_capsule", "UEFI dbx");
    for (devices, result, reason) in [
        (vec![other.clone(), bios], "warning", "fwupd knows 1.31.0"),
        (vec![other], "ok", "fwupd knows no newer one"),
        (vec![], "ok", "fwupd knows no newer one"),
    ] {
        let said = json!({ "Devices": devices }).to_string();
        let answers = json!({ call: said }).to_string();
        let tree = rugged("doctor-bios").file("recording/programs.json", &answers);
        expect(&tree, "bios", result, 0);
        let (_, document) = json(&tree, &["doctor"]);
        let found = check(&document, "bios");
        assert!(
            found["reason"].as_str().unwrap().contains(reason),
            "{found}"
        );
        let remedy = found["remedy"].as_str().unwrap_or_default();
        assert_eq!(remedy.contains("fwupdmgr update"), result == "warning");
    }
    let answers = json!({ call: "Failed to connect to daemon\n" }).to_string();
    let tree = rugged("doctor-bios-silent").file("recording/programs.json", &answers);
    expect(&tree, "bios", "not-applicable", 0);
}

/// Promise: a module that was upgraded and not loaded since is told from the one that runs.
#[test]
fn loaded_is_not_installed() {
    let note = "sys/module/dell_milspec/notes/.note.gnu.build-id";
    let module = format!("lib/modules/{RELEASE}/updates/dkms/dell_milspec.ko");
    let is = |id: &str| format!("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0{id}");
    let tree = rugged("doctor-upgraded").file(note, &is("of the one that runs"));
    expect(&tree, "module-loaded", "warning", 0);
    let tree = tree.file(&module, &format!("ELF{}.text", is("of the one that runs")));
    expect(&tree, "module-loaded", "ok", 0);
    // The same of a packed one; of one that cannot be unpacked nothing is said.
    let packed = format!("{module}.xz");
    let index = format!("lib/modules/{RELEASE}/modules.dep");
    let tree = tree.file(&index, "updates/dkms/dell_milspec.ko.xz:\n");
    let tree = tree.file_of(&packed, &xz(b"ELF of an older build"));
    expect(&tree, "module-loaded", "warning", 0);
    let tree = tree.file(&packed, "not packed");
    expect(&tree, "module-loaded", "ok", 0);
}

/// As Debian's modules are packed.
fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut xz = Command::new("xz")
        .args(["--check=crc32", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("xz");
    xz.stdin.take().unwrap().write_all(bytes).unwrap();
    xz.wait_with_output().unwrap().stdout
}

/// Promise: an unsigned module under lockdown is found before modprobe refuses it.
#[test]
fn signature() {
    let lockdown = "sys/kernel/security/lockdown";
    let module = format!("lib/modules/{RELEASE}/updates/dkms/dell_milspec.ko");
    let tree = Tree::bare("doctor-signature").installed();
    expect(&tree, "module-signature", "ok", 3);
    let tree = tree.file(lockdown, "none [integrity] confidentiality\n");
    expect(&tree, "module-signature", "warning", 3);
    let tree = tree.file(&module, "ELF");
    expect(&tree, "module-signature", "problem", 3);
    // Lockdown may be hidden from ordinary users; Secure Boot is not.
    let secure_boot = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    let tree = tree.without(lockdown).file(secure_boot, "\x06\0\0\0\x01");
    expect(&tree, "module-signature", "problem", 3);
    let tree = tree.file(secure_boot, "\x06\0\0\0\0");
    expect(&tree, "module-signature", "ok", 3);
    let tree = tree.file("sys/module/module/parameters/sig_enforce", "Y\n");
    expect(&tree, "module-signature", "problem", 3);
}

/// Promise: a module of another kernel is found though it is in this one's directory.
#[test]
fn built_for_another() {
    let module = format!("lib/modules/{RELEASE}/updates/dkms/dell_milspec.ko");
    let built = |release: &str| format!("ELF\0vermagic={release} SMP mod_unload \0more");
    let tree = rugged("doctor-vermagic").file(&module, &built(RELEASE));
    expect(&tree, "module-installed", "ok", 0);
    let tree = tree.file(&module, &built("7.3.3-test"));
    expect(&tree, "module-installed", "problem", 3);
}

/// Promise: whether the key of DKMS is enrolled is looked up, where that can be.
#[test]
fn enrolled() {
    let tree = Tree::bare("doctor-mok")
        .installed()
        .file("sys/kernel/security/lockdown", "none [integrity]\n")
        .file("var/lib/dkms/mok.pub", "certificate");
    let reason = |tree: &Tree| {
        let (_, document) = json(tree, &["doctor"]);
        let check = check(&document, "module-signature");
        format!("{} {}", check["reason"], check["remedy"])
    };
    assert!(reason(&tree).contains("must be enrolled"));
    let list = "sys/firmware/efi/mok-variables/MokListRT";
    let tree = tree.file(list, "some other key");
    assert!(reason(&tree).contains("mokutil --import /var/lib/dkms/mok.pub"));
    expect(&tree, "module-signature", "warning", 3);
    let tree = tree.file(list, "head, certificate, tail");
    expect(&tree, "module-signature", "ok", 3);
}

/// Promise: a journal that is not anchored, or not all of it, is found.
#[test]
fn anchor() {
    let tree = |name: &str, anchor: u8, failures: u32| {
        let controls = business_controls();
        let mut status = status(&controls);
        (status.anchor, status.anchor_failures) = (anchor, failures);
        status.anchor_error = Errno::EIO as u32;
        let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
        Tree::loaded(name).answers(&info, &status, &controls)
    };
    for (name, anchor, failures, wanted) in [
        ("doctor-anchor", uapi::ANCHOR_READY, 0, "ok"),
        ("doctor-anchor-gap", uapi::ANCHOR_READY, 2, "warning"),
        ("doctor-anchor-failed", uapi::ANCHOR_FAILED, 2, "warning"),
        ("doctor-anchor-late", uapi::ANCHOR_NONE, 0, "warning"),
    ] {
        expect(&tree(name, anchor, failures), "tpm-anchor", wanted, 0);
    }
    let none = tree("doctor-anchor-none", uapi::ANCHOR_NONE, 0).without("sys/class/tpm");
    expect(&none, "tpm-anchor", "not-applicable", 0);
}

/// Promise: what stops a change is never passed over: doctor says it, and not that all works.
#[test]
fn what_stops_a_change() {
    const RECORD: &str = "var/lib/milspecctl/baseline.json";
    let tree = business("doctor-record");
    expect(&tree, "baseline", "not-applicable", 0);
    let controls =
        r#"[{"name": "camera", "value": "enabled", "recorded_at": "2026-11-27T00:00:00Z"}]"#;
    let record = |product: &str| {
        format!(
            r#"{{"schema": "milspec.baseline-file/1", "controls": {controls},
                "machine": {{"product": "{product}", "service_tag_hash": null}}}}"#
        )
    };
    let tree = tree.file(RECORD, &record("Latitude 5450"));
    expect(&tree, "baseline", "ok", 0);
    for text in ["{", &record("Another 1")] {
        let tree = business("doctor-record-bad").file(RECORD, text);
        expect(&tree, "baseline", "problem", 1);
        let text = on(&tree, &["doctor"]).stdout;
        assert!(!text.contains("Everything works"), "{text}");
    }

    let with = |name: &str, properties: u32| {
        let controls = business_controls();
        let mut status = status(&controls);
        status.properties |= properties;
        let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
        Tree::loaded(name).answers(&info, &status, &controls)
    };
    expect(&with("doctor-changes", 0), "changes", "ok", 0);
    let latched = with("doctor-latched", uapi::STATUS_LATCHED);
    expect(&latched, "changes", "warning", 0);
    let waiting = with("doctor-waiting", 0).file("var/lib/milspecctl/unconfirmed.json", "{");
    expect(&waiting, "changes", "warning", 0);
    let required = with("doctor-required", uapi::STATUS_TPM_REQUIRED);
    expect(&required, "changes", "ok", 0);
    let required = required.without("sys/class/tpm");
    expect(&required, "changes", "problem", 1);
}

/// Promise: a journal that only root can look for is not said to be none.
#[test]
fn kept_out_of_sight() {
    let tree = business("doctor-kept-hidden");
    let mut note: Value = serde_json::from_slice(&tree.bytes("recording/recording.json")).unwrap();
    note["unreadable"] = serde_json::json!({ "/var/lib/milspec": Errno::EACCES as i32 });
    tree.put("recording/recording.json", note.to_string().as_bytes());
    let (_, document) = json(&tree, &["doctor"]);
    let checks = document["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "kept-journal");
    let text = check.unwrap()["reason"].as_str().unwrap();
    assert_eq!(text, "it is root's to read");
}

/// Promise: what is kept on disk and what speaks to the TPM is looked at.
#[test]
fn kept() {
    const JOURNAL: &str = "var/lib/milspec/journal";
    let tree = business("doctor-kept");
    expect(&tree, "kept-journal", "not-applicable", 0);
    expect(&tree, "tpm-tools", "ok", 0);
    let mut bytes = crate::journal::varied().bytes();
    tree.put(JOURNAL, &bytes);
    expect(&tree, "kept-journal", "ok", 0);
    // logrotate has moved it away, and nothing was saved since.
    let (tree, moved) = (tree.without(JOURNAL), format!("{JOURNAL}.1"));
    tree.put(&moved, &bytes);
    expect(&tree, "kept-journal", "ok", 0);
    bytes[20] ^= 1;
    tree.put(&moved, &bytes);
    expect(&tree, "kept-journal", "warning", 0);
    tree.put(JOURNAL, &bytes);
    expect(&tree, "kept-journal", "warning", 0);
    let tree = tree.without("usr/bin/tpm2_quote");
    expect(&tree, "tpm-tools", "warning", 0);
    let tree = tree.without("sys/class/tpm");
    expect(&tree, "tpm-tools", "not-applicable", 0);
}

/// Promise: what is wrong with the device node, or with this user's rights, has its own remedy, and
/// a missing right its own exit status.
#[test]
fn node_and_permission() {
    expect(
        &rugged("doctor-node").node(0o600, 0),
        "device-node",
        "warning",
        0,
    );
    expect(
        &rugged("doctor-open").node(0o666, 990),
        "device-node",
        "warning",
        0,
    );
    let tree = rugged("doctor-no-group").file("etc/group", "root:x:0:\n");
    expect(&tree, "device-node", "warning", 0);
    let tree = rugged("doctor-permission").open_error(Errno::EACCES);
    expect(&tree, "permission", "problem", 4);
    expect(&tree, "abi", "not-applicable", 4);
}

/// Promise: another major version is found, with its own exit status.
#[test]
fn abi() {
    let mut info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    info.abi_major = ABI_MAJOR + 1;
    let tree = Tree::loaded("doctor-abi").answers(&info, &status(&[]), &[]);
    expect(&tree, "abi", "problem", 6);
    // That the driver answers one request and not the other is no "n/a".
    info.abi_major = ABI_MAJOR;
    let tree = Tree::loaded("doctor-abi-status").answers(&info, &status(&[]), &[]);
    let tree = tree.without("recording/status.bin");
    assert_eq!(result(&tree, "abi").0, "problem");
    expect(&tree, "families", "not-applicable", 1);
}

/// Promise: firmware that cannot be read is a problem, single values are a warning.
#[test]
fn firmware() {
    expect(&failed_family("doctor-failed"), "families", "problem", 1);
    let tree = rugged_with("doctor-odd", &odd_controls());
    expect(&tree, "families", "warning", 0);
}

/// Promise: numbers that no machine has, in a recording that somebody made up, are added up all the
/// same: they do not come round to a machine on which every value is known.
#[test]
fn more_than_there_can_be() {
    let mut status = status(&[]);
    for (family, all) in [(&mut status.platform, u32::MAX), (&mut status.dsmil, 1)] {
        family.state = uapi::FAMILY_READY;
        (family.controls, family.unreadable) = (all, all);
    }
    let [vendor, product, bios] = RUGGED;
    let tree = Tree::loaded("doctor-many").answers(&info(vendor, product, bios), &status, &[]);
    expect(&tree, "families", "warning", 0);
    let (_, document) = json(&tree, &["doctor"]);
    assert_eq!(
        check(&document, "families")["reason"],
        "4294967296 of 4294967296 controls have no known value"
    );
}

/// Promise: a machine is compared with the reports of its product, and one that lists less than any
/// of them is told so; where there are none, nothing is said of it. Of a name that Dell has used again
/// the reports are those of the machine whose BIOS is of that time.
#[test]
fn reports() {
    let of = |name: &str, product: &str, settings: u32| {
        let mut status = status(&[]);
        status.platform.state = uapi::FAMILY_READY;
        status.platform.controls = settings;
        let info = info("Dell Inc.", product, "1.9.1");
        let tree = Tree::loaded(name).dmi("Dell Inc.", product, "1.9.1");
        tree.answers(&info, &status, &[])
    };
    let product = "Latitude 7490";
    expect(&of("reports-like", product, 57), "reports", "ok", 0);
    expect(&of("reports-more", product, 90), "reports", "ok", 0);
    expect(&of("reports-less", product, 30), "reports", "warning", 0);
    let other = of("reports-none", "Latitude 0", 57);
    expect(&other, "reports", "not-applicable", 0);
    let date = "sys/class/dmi/id/bios_date";
    for (name, year, result) in [
        ("reports-2014", 2014, "ok"),
        ("reports-2024", 2024, "warning"),
    ] {
        let tree = of(name, "Latitude 3440", 12).file(date, &format!("05/12/{year}\n"));
        expect(&tree, "reports", result, 0);
    }
}

/// Promise: what the machine offers is reported as it is.
#[test]
fn machine() {
    expect(&business("doctor-no-dsmil"), "dsmil", "not-applicable", 0);
    let tree = rugged("doctor-dsmil-off").file("sys/bus/acpi/devices/DSML0001:00/status", "0\n");
    expect(&tree, "dsmil", "not-applicable", 0);
    // As the driver judges it: present, and not enabled, is off.
    let tree =
        rugged("doctor-dsmil-disabled").file("sys/bus/acpi/devices/DSML0001:00/status", "9\n");
    expect(&tree, "dsmil", "not-applicable", 0);
    let tree = rugged("doctor-dsmil-unbound").without("sys/bus/platform/devices");
    expect(&tree, "dsmil", "warning", 0);
    // Of several the first that is present is judged, however the others stand.
    let first = "sys/bus/acpi/devices/DSML0001:00/status";
    let other = "sys/bus/acpi/devices/DSML0001:0a/status";
    let tree = rugged("doctor-dsmil-two").file(other, "15\n");
    expect(&tree, "dsmil", "ok", 0);
    let tree = rugged("doctor-dsmil-two-disabled")
        .file(other, "15\n")
        .file(first, "9\n");
    expect(&tree, "dsmil", "not-applicable", 0);
    let tree = rugged("doctor-dsmil-second")
        .file(other, "15\n")
        .file(first, "0\n");
    expect(&tree, "dsmil", "warning", 0);
    let tree = business("doctor-smbios").without("sys/module/dell_smbios");
    expect(&tree, "dell-smbios", "warning", 0);
    let tree = Tree::bare("doctor-smbios-ready").without("sys/module/dell_smbios");
    expect(&tree, "dell-smbios", "ok", 3);
    let tree = business("doctor-no-tpm").without("sys/class/tpm");
    expect(&tree, "tpm", "warning", 0);
    let tree = business("doctor-tpm-1").file("sys/class/tpm/tpm0/tpm_version_major", "1\n");
    expect(&tree, "tpm", "warning", 0);
}

/// Promise: the firmware is audited where each rule of the package is in force whose file is here, for
/// programs of 64 bit and of 32, in the form that auditctl prints; what is not covered is named.
#[test]
fn audit_rules() {
    let alive = json!({
        "schema": "milspec.monitor-alive/1", "pid": 7, "ended": false, "boottime_ns": 0, "load": null,
        "sequence": 4, "kept": true, "findings": 0, "sinks": [],
    });
    let tree = rugged("doctor-audit").file("run/milspec-monitor/alive.json", &alive.to_string());
    let verdict = |rules: &[String]| {
        let answers = json!({ "auditctl -l": rules.join("\n") + "\n" });
        tree.put("recording/programs.json", answers.to_string().as_bytes());
        let (status, document) = json(&tree, &["doctor"]);
        assert_eq!(status, 0);
        let check = check(&document, "audit-rule");
        let word = |name: &str| check[name].as_str().unwrap_or_default().to_string();
        (word("result"), word("reason"))
    };
    let rule = |arch: &str, path: &str, perm: &str| {
        format!(
            "-a always,exit -F arch={arch} -S all -F path={path} -F perm={perm} -F key=dell_smbios"
        )
    };
    let both = |path: &str, perm: &str| ["b64", "b32"].map(|arch| rule(arch, path, perm));
    let device = "/dev/wmi/dell-smbios";
    let password = |of: &str| {
        format!(
            "/sys/class/firmware-attributes/dell-wmi-sysman/authentication/{of}/current_password"
        )
    };
    assert_eq!(verdict(&both(device, "rw")).0, "not-applicable");
    tree.put("dev/wmi/dell-smbios", b"");
    let well = |rules: &[String]| assert_eq!(verdict(rules).0, "ok", "{rules:?}");
    let lacks = |rules: &[String], path: &str| {
        let (result, reason) = verdict(rules);
        assert_eq!(result, "warning", "{rules:?}");
        assert!(reason.contains(path), "{reason}");
    };
    well(&both(device, "rw"));
    well(&both(device, "rwa"));
    well(&["-w /dev/wmi/dell-smbios -p rwa -k dell_smbios".into()]);
    lacks(&["No rules".into()], device);
    lacks(&both(&password("Admin"), "w"), device);
    lacks(&both(device, "rw")[..1], device);
    lacks(&both(device, "r"), device);
    lacks(
        &both(device, "rw").map(|rule| rule.replace("always", "never")),
        device,
    );
    lacks(
        &both(device, "rw").map(|rule| rule.replace("=dell_smbios", "=other")),
        device,
    );
    tree.put(password("Admin").trim_start_matches('/'), b"");
    tree.put(password("System").trim_start_matches('/'), b"");
    lacks(&both(device, "rw"), &password("Admin"));
    let mut rules = both(device, "rw").to_vec();
    rules.extend(both(&password("Admin"), "w"));
    lacks(&rules, &password("System"));
    rules.extend(both(&password("System"), "w"));
    well(&rules);
    tree.put("recording/programs.json", b"{}");
    assert_eq!(result(&tree, "audit-rule").0, "not-applicable");
}
