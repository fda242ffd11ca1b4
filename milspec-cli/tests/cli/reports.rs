// SPDX-License-Identifier: GPL-2.0

//! `milspecctl report`: what is in it, what is not, and that it opens as a recording.

use crate::assert_shows;
use crate::machines::*;
use crate::owner::*;
use crate::prompts::Terminal;
use crate::run::{command, document, finish, json, on, validate, Output};
use crate::tree::Tree;
use milspec_posture::settings::SETTINGS;
use nix::errno::Errno;
use serde_json::Value;

/// A document of `report`, held to its schema.
fn reported(output: &Output) -> Value {
    assert_eq!(output.status, 0, "{}", output.stderr);
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    validate(&value);
    value
}

/// Promise: a report has the table, what each location reads and who says so, the attributes, the
/// driver's answers, and what was not read, in a file that people can read.
#[test]
fn report() {
    let tree = with_driver("report");
    let output = on(&tree, &["report"]);
    let value = reported(&output);
    assert_shows!(output.stdout.clone(), "report.json");
    assert_shows!(output.stderr.clone(), "report.txt");
    assert!(output.stdout.lines().count() < 150);
    // Piped or with --json, it is the same.
    let (status, same) = json(&tree, &["report"]);
    assert_eq!((status, &same), (0, &value));
    assert_eq!(
        on(&tree, &["report", "--output", "-"]).stdout,
        output.stdout
    );
}

/// Promise: nothing of the owner is in it, in text or as the bytes of a token, whoever makes it.
#[test]
fn report_names_nobody() {
    let root = "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0\n";
    let trees = [
        with_driver("report-nobody-1"),
        with_driver("report-nobody-2").file("proc/self/status", root),
        machine(Tree::bare("report-nobody-3")).smbios(&CELLS.map(call)),
        // doctor would name the user here.
        with_driver("report-nobody-4").open_error(Errno::EACCES),
        machine(Tree::bare("report-nobody-5"))
            .file("proc/sys/kernel/osrelease", "7.3.4-heartOfGold-1\n"),
        machine(Tree::bare("report-nobody-6"))
            .file("proc/sys/kernel/osrelease", "7.3.4-by-Beeblebrox\n"),
    ];
    for tree in &trees {
        for arguments in [&["report"][..], &["--json", "report"]] {
            let output = on(tree, arguments);
            assert_eq!(output.status, 0);
            let text = format!("{}{}", output.stdout, output.stderr);
            nobody(&text);
            for name in ["\"Asset\"", "PropOwnTag", "Message"] {
                assert!(!text.contains(name), "{name} is a text, and in {text}");
            }
        }
    }
    let cut = reported(&on(&trees[4], &["report"]));
    assert_eq!(cut["kernel"]["release"], "7.3.4");
}

/// None of the owner's words is in a text: neither as it is, nor as numbers.
fn nobody(text: &str) {
    let low = text.to_lowercase();
    for word in [
        SERIAL, ASSET, UUID, OWNER, HOST, USER, TYPED, "Zaphod", "Trillian", "4242",
    ] {
        let word = word.to_lowercase();
        assert!(!low.contains(&word), "{word} in {text}");
        assert!(!low.contains(&word.replace('-', "")), "{word} in {text}");
        let bytes = word.to_uppercase();
        let hex: String = bytes.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!low.contains(&hex), "{word} as {hex} in {text}");
        let pairs = bytes.as_bytes().chunks_exact(2);
        for word in pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])) {
            assert!(!low.contains(&format!("={word}")), "={word} in {text}");
            assert!(
                !low.contains(&format!("{word:04x}=")),
                "{word:04x}= in {text}"
            );
        }
    }
}

/// Promise: without root it says what it could not read, and still says the rest.
#[test]
fn report_without_rights() {
    let mut tree = machine(Tree::loaded("report-rights")).open_error(Errno::EACCES);
    // Where root runs the tests, no mode closes a file. tests/guest/report.rs has one that is closed.
    for closed in [
        "sys/firmware/dmi/tables/DMI",
        "sys/class/firmware-attributes/dell-wmi-sysman/attributes/Camera/current_value",
    ] {
        tree = tree.without(closed);
    }
    let output = on(&tree, &["report"]);
    let value = reported(&output);
    assert_shows!(output.stderr.clone(), "report-rights.txt");
    assert!(value["token_table"].is_null() && value["driver"].is_null());
    assert_eq!(value["driver_error"], Errno::EACCES as i32);
    assert_eq!(value["machine"]["product"], "Latitude 5450");
    let camera = &value["attributes"][0]["enumerations"][0];
    assert!(
        camera["value"].is_null() && camera["possible"][1] == "Enabled",
        "{camera}"
    );
    for what in ["driver", "token-table", "readings", "attribute-values"] {
        let mut unread = value["unread"].as_array().unwrap().iter();
        assert!(unread.any(|one| one["what"] == what), "{what}");
    }
}

/// Promise: without the module, and without SMBIOS, the table comes from the kernel's token files,
/// and what locations read through its SMBIOS device; without that, nothing is made up. The end of a
/// structure, which the kernel takes for a token where it stands before the last, is none.
#[test]
fn report_without_the_module() {
    let tree = machine(Tree::bare("report-module")).smbios(&CELLS.map(call));
    let with = reported(&on(&tree, &["report"]));
    assert_eq!(with["driver_error"], Errno::ENOENT as i32);
    assert_eq!(with["readings"]["driver"], "");
    assert_eq!(
        with["readings"]["kernel"],
        "0010=2 0055=6 0057=6 006D=6 0198=6 0285=1 0286=1"
    );
    let mut tree = tree.without("sys/firmware/dmi/tables/DMI");
    for (id, location, value) in TABLE.into_iter().chain([(0xFFFF, 0, 0)]) {
        let of = |what: &str| format!("sys/devices/platform/dell-smbios.0/tokens/{id:04x}_{what}");
        tree = tree
            .file(&of("location"), &format!("{location:08x}\n"))
            .file(&of("value"), &format!("{value:08x}\n"));
    }
    let without = reported(&on(&tree, &["report"]));
    assert_eq!(without["token_table"]["from"], "kernel");
    assert!(!without["token_table"].to_string().contains("FFFF@0000"));
    assert_eq!(without["readings"], with["readings"]);
    assert_eq!(without["inference"], with["inference"]);
    let tree = tree.without("recording/smbios");
    let silent = reported(&on(&tree, &["report"]));
    assert_eq!(silent["readings"]["kernel"], "");
    assert_eq!(silent["inference"]["one_cell"]["unread"], 2);
}

/// Promise: without firmware calls there are none, and what was not read for that reason is said.
#[test]
fn report_without_calls() {
    let tree = with_driver("report-calls");
    // A call would be answered wrongly, and be seen.
    let output = on(&tree, &["report", "--no-firmware-calls"]);
    let value = reported(&output);
    assert_eq!(value["readings"]["driver"], "0285=1 0286=1 1009=0");
    assert_eq!(value["readings"]["kernel"], "");
    assert!(!output.stderr.contains("Reading "), "{}", output.stderr);
    let mut unread = value["readings"]["unread"].as_array().unwrap().iter();
    assert!(unread.any(|one| one["why"] == "no firmware call was to be made"));
}

/// Promise: locations that are taken for one cell and read differently are named, and so are tokens
/// of which two are active where one can be.
#[test]
fn report_of_another_layout() {
    let mut cells = CELLS;
    cells[1].2 = 0;
    let tree = machine(Tree::bare("report-layout")).smbios(&cells.map(call));
    let output = on(&tree, &["report"]);
    let value = reported(&output);
    let inference = &value["inference"];
    assert_eq!(inference["one_cell"]["differs"], 1);
    let differing = &inference["differing"][0];
    assert_eq!(differing["group"], "wake-on-lan");
    assert_eq!(differing["reads"], "0055=0 0057=6 006D=6 0198=6");
    assert!(
        output.stderr.contains("NOT as inferred for 1 group"),
        "{}",
        output.stderr
    );
    // An answer that failed contradicts nothing, and proves nothing.
    cells[1] = (0x0055, -2, 0);
    let tree = machine(Tree::bare("report-layout")).smbios(&cells.map(call));
    let value = reported(&on(&tree, &["report"]));
    assert_eq!(value["inference"]["one_cell"]["unread"], 1);
    let unread = value["readings"]["unread"].to_string();
    assert!(unread.contains("status -2"), "{unread}");
    // One-hot: both on.
    let hot = [(0x0285, 0x0285, 1), (0x0286, 0x0286, 1)];
    tree.put("sys/firmware/dmi/tables/DMI", &smbios(&hot));
    let tree = tree
        .without("recording/smbios")
        .smbios(&[call((0x0285, 0, 1)), call((0x0286, 0, 1))]);
    let value = reported(&on(&tree, &["report"]));
    assert_eq!(value["inference"]["cell_each"]["differs"], 1);
}

/// Saves a report of a tree, and returns the file.
fn saved(tree: &Tree) -> String {
    let file = tree.path("report.json");
    let _ = std::fs::remove_file(&file);
    let file = file.to_str().unwrap().to_string();
    let output = on(tree, &["report", "--yes", "--output", &file]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    // What is written is what was shown.
    assert_eq!(std::fs::read_to_string(&file).unwrap(), output.stdout);
    file
}

/// Promise: a report opens as a recording: every control, every word of the driver's status and the
/// outcome of every check are as on the machine, whatever they are.
#[test]
fn report_opens_as_a_recording() {
    let trees = [
        rugged_with("report-opens-1", &odd_controls()),
        crate::answers::marked("report-opens-2"),
        failed_family("report-opens-3"),
        with_driver("report-opens-4"),
        rugged_with(
            "report-opens-5",
            &SETTINGS
                .iter()
                .map(|known| setting(known.name, known.values[0].name))
                .collect::<Vec<_>>(),
        ),
    ];
    for tree in &trees {
        let file = saved(tree);
        let opened = |arguments: &[&str]| {
            let mut all = vec!["--root", &file, "--json"];
            all.extend(arguments);
            document(&finish(command(&all)))
        };
        for arguments in [
            &["status"][..],
            &["control", "list"],
            &["mode", "get"],
            &["doctor"],
        ] {
            let (_, mut was) = json(tree, arguments);
            let mut is = opened(arguments);
            let from = is["recording"].as_str().unwrap();
            assert!(from.starts_with("report of a Dell Inc."), "{from}");
            is["recording"] = was["recording"].clone();
            for either in [&mut was, &mut is] {
                forget(either);
            }
            assert_eq!(is, was, "{arguments:?}");
        }
        // A report of it is the same report.
        let again = finish(command(&["--root", &file, "report"]));
        assert_eq!(again.stdout, std::fs::read_to_string(&file).unwrap());
    }
}

/// What a report leaves out of these documents, or says in other words.
fn forget(document: &mut Value) {
    if let Some(members) = document.as_object_mut() {
        members.remove("attributes");
        members.remove("others");
    }
    if let Some(checks) = document["checks"].as_array_mut() {
        for check in checks {
            check["reason"] = Value::Null;
            check["remedy"] = Value::Null;
        }
    }
    // Time since boot is not in it, only how long ago something was.
    if document.get("read_boottime_ns").is_some() {
        document["read_boottime_ns"] = Value::Null;
    }
    // Texts that firmware made up.
    for control in document["controls"].as_array_mut().into_iter().flatten() {
        if control["family"] == "dsmil" {
            control["label"] = Value::Null;
        }
    }
    for family in document["families"].as_array_mut().into_iter().flatten() {
        if family["interface"].is_object() {
            family["interface"]["implementation"] = Value::Null;
        }
    }
    if document["npu"].is_object() {
        document["npu"] = Value::Null;
    }
}

/// Promise: the report of a machine without a driver opens as that; no report is none.
#[test]
fn report_that_does_not_open() {
    let tree = machine(Tree::bare("report-bare"));
    let file = saved(&tree);
    let output = finish(command(&["--root", &file, "status"]));
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("is not loaded") || output.stderr.contains("is not there"));
    assert_eq!(finish(command(&["--root", &file, "doctor"])).status, 3);
    for (text, why) in [
        ("", "EOF"),
        ("{}", "missing field"),
        ("{\"schema\": \"milspec.report/2\"}", "missing field"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = finish(command(&["--root", &file, "status"]));
        assert_eq!(output.status, 1);
        assert!(
            output.stderr.contains("is not a report"),
            "{}",
            output.stderr
        );
        assert!(output.stderr.contains(why), "{}", output.stderr);
    }
}

/// Promise: a file is written only after the report was shown and somebody said yes to that.
#[test]
fn report_is_shown_first() {
    let tree = with_driver("report-shown");
    let file = tree.path("out.json").to_str().unwrap().to_string();
    let refused = on(&tree, &["report", "--output", &file]);
    assert_eq!((refused.status, refused.stdout.as_str()), (5, ""));
    assert!(refused.stderr.contains("add --yes"), "{}", refused.stderr);
    for (answer, status) in [("no", 5), ("yes", 0)] {
        let mut terminal = Terminal::start(&tree, &["report", "--output", &file]);
        terminal.expect("\"schema\": \"milspec.report/1\"");
        terminal.expect("Type yes:");
        assert!(!tree.has("out.json"), "written before it was asked for");
        terminal.enter(answer);
        let (code, seen) = terminal.end();
        assert_eq!(code, status, "{seen}");
        assert_eq!(tree.has("out.json"), status == 0);
    }
    // A file that is there is somebody's.
    let before = tree.bytes("out.json");
    let again = on(&tree, &["report", "--yes", "--output", &file]);
    assert_eq!(again.status, 1);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    assert_eq!(tree.bytes("out.json"), before);
}
