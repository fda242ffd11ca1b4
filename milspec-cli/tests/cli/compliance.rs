// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance` on machines that tests make up: what each answer is, in every form. That each
//! check passes and fails with what a driver says is the subject of `tests/guest/compliance.rs`.

use crate::driver::Driver;
use crate::fleet::controls;
use crate::machines::*;
use crate::run::{command, document, finish, json, on, Output};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::Control;
use nix::errno::Errno;
use serde_json::Value;
use std::collections::BTreeMap;
use zerocopy::{FromBytes, IntoBytes};

/// A machine with these controls.
pub fn with(name: &str, controls: &[Control]) -> Tree {
    let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
    Tree::loaded(name).answers(&info, &status(controls), controls)
}

/// The checks of the only assessment, by their ids.
pub fn checks(document: &Value) -> BTreeMap<String, Value> {
    let all = document["assessments"][0]["checks"].as_array().unwrap();
    let all = all
        .iter()
        .map(|check| (check["id"].as_str().unwrap().into(), check.clone()));
    all.collect()
}

/// Result and reason of a check.
fn came(tree: &Tree, check: &str) -> (String, String) {
    let (status, document) = json(tree, &["compliance", "--check", check]);
    assert_eq!(status, 0);
    let check = &checks(&document)[check];
    let word = |key: &str| check[key].as_str().unwrap_or_default().to_string();
    (word("result"), word("reason"))
}

/// Promise: what is as wanted is satisfied; what is not says so, and what could not be read, is in force
/// after the next boot only or cannot be had here is not satisfied for that reason. What a machine
/// does not have is not applicable, and no answer is taken for another.
#[test]
fn results() {
    let mut failed = setting("nfc", "disabled");
    fail(&mut failed, Errno::EIO);
    let mut unclear = setting("gps", "disabled");
    ambiguous(&mut unclear);
    let mut waits = setting("esata", "disabled");
    waits.properties |= uapi::CONTROL_PENDING_REBOOT;
    let mut lacks = setting("intrusion-reporting", "disabled");
    for at in [0, 2] {
        lacks.values[at].properties = 0;
    }
    let tree = with(
        "compliance-results",
        &[
            setting("camera", "disabled"),
            setting("microphone", "enabled"),
            failed,
            unclear,
            waits,
            setting("boot-mode", "bios"),
            lacks,
            setting("tpm-owned", "yes"),
        ],
    );
    for (check, result, reason) in [
        ("camera-off", "satisfied", ""),
        ("microphone-off", "not-satisfied", "value"),
        ("nfc-off", "not-satisfied", "unread"),
        ("gps-off", "not-satisfied", "unread"),
        ("esata-off", "not-satisfied", "pending-reboot"),
        ("boot-mode-uefi", "not-satisfied", "out-of-reach"),
        ("intrusion-reporting-on", "not-satisfied", "out-of-reach"),
        ("tpm-owned", "satisfied", ""),
        ("firewire-off", "not-applicable", ""),
        ("kernel-audit-on", "not-satisfied", "unread"),
    ] {
        let came = came(&tree, check);
        assert_eq!(came, (result.into(), reason.into()), "{check}");
    }
}

/// Promise: of several ways one is enough where the registry says so, a stronger check is enough for a
/// weaker one, and an exception from a port that is open does not matter.
#[test]
fn leaning() {
    let came_to = |name: &str, controls: &[Control], check: &str| {
        let tree = with(&format!("compliance-leaning-{name}"), controls);
        came(&tree, check).0
    };
    let off = |name| setting(name, "disabled");
    let on = |name| setting(name, "enabled");
    for (name, controls, check, result) in [
        (
            "any",
            vec![on("wlan"), off("radio-transmission")],
            "wlan-off",
            "satisfied",
        ),
        (
            "none",
            vec![on("wlan"), on("radio-transmission")],
            "wlan-off",
            "not-satisfied",
        ),
        (
            "other",
            vec![setting("wxan-radio", "wwan-on")],
            "wlan-off",
            "satisfied",
        ),
        (
            "each",
            vec![off("sd-card"), on("media-card")],
            "sd-card-off",
            "not-satisfied",
        ),
        (
            "or",
            vec![off("sd-card"), off("sd-card-read-only")],
            "sd-card-read-only",
            "satisfied",
        ),
        (
            "absent",
            vec![off("thunderbolt")],
            "thunderbolt-security",
            "satisfied",
        ),
        (
            "open",
            vec![on("thunderbolt"), on("dell-docks-always-allowed")],
            "dell-docks-not-exempt",
            "not-applicable",
        ),
        (
            "exempt",
            vec![off("thunderbolt"), on("dell-docks-always-allowed")],
            "dell-docks-not-exempt",
            "not-satisfied",
        ),
        (
            "shut",
            vec![off("thunderbolt"), off("dell-docks-always-allowed")],
            "dell-docks-not-exempt",
            "satisfied",
        ),
    ] {
        assert_eq!(came_to(name, &controls, check), result, "{name}");
    }
    let mut unread = off("thunderbolt");
    fail(&mut unread, Errno::EIO);
    let controls = [unread, off("dell-docks-always-allowed")];
    let tree = with("compliance-leaning-unread", &controls);
    let came = came(&tree, "dell-docks-not-exempt");
    assert_eq!(came, ("not-satisfied".into(), "unread".into()));
}

/// Promise: where the settings could not be found or read at all, none is said to be absent.
#[test]
fn no_settings() {
    for (state, name) in [
        (uapi::FAMILY_ABSENT, "absent"),
        (uapi::FAMILY_FAILED, "failed"),
    ] {
        let mut status = status(&[]);
        status.platform.state = state;
        let info = info("Dell Inc.", "Latitude 5450", "1.9.1");
        let tree = Tree::loaded(&format!("compliance-family-{name}")).answers(&info, &status, &[]);
        assert_eq!(came(&tree, "camera-off").1, "unread", "{name}");
        assert_ne!(came(&tree, "no-tamper").0, "satisfied", "{name}");
    }
}

/// Promise: that nothing drifted and nothing was opened is not said where no setting was read, and a chassis
/// door that is closed now does not say that it was not open.
#[test]
fn nothing_read() {
    let devices = crate::machines::devices(&[]);
    let tree = with("compliance-no-settings", &devices);
    for check in ["no-drift", "no-tamper"] {
        let came = came(&tree, check);
        assert_eq!(came, ("not-satisfied".into(), "unread".into()), "{check}");
    }
    for (value, reason) in [("closed", "unread"), ("open", "value")] {
        let door = setting("chassis-door", value);
        let tree = with(&format!("compliance-door-{value}"), &[door]);
        let came = came(&tree, "no-tamper");
        assert_eq!(came, ("not-satisfied".into(), reason.into()), "{value}");
    }
}

/// Promise: a selection that no check is in is an error in every form, and no empty answer.
#[test]
fn nothing_selected() {
    let tree = with("compliance-none", &[setting("camera", "disabled")]);
    let words = ["compliance", "--framework", "hsi", "--check", "camera-off"];
    for form in [
        &[][..],
        &["--format", "csv"],
        &["--format", "html"],
        &["--format", "oscal"],
    ] {
        let output = on(&tree, &[&words[..], form].concat());
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{form:?}");
        assert!(
            output
                .stderr
                .contains("no check is asked for by fwupd Host Security ID and camera-off"),
            "{}",
            output.stderr
        );
    }
    let (status, document) = json(&tree, &words);
    assert_eq!(status, 1);
    assert_eq!(document["error"]["code"], "no-checks-selected");
}

/// Promise: a framework, a baseline and a check select what asks, and only their ids.
#[test]
fn selection() {
    let tree = with("compliance-selection", &[setting("camera", "disabled")]);
    let select = |words: &[&str]| checks(&json(&tree, &[&["compliance"], words].concat()).1);
    let all = select(&[]);
    assert!(all.len() >= 48);
    let hsi = select(&["--framework", "hsi"]);
    assert!(hsi.contains_key("iommu-on") && !hsi.contains_key("camera-off"));
    for check in hsi.values() {
        for id in check["ids"].as_array().unwrap() {
            assert_eq!(id["framework"], "hsi");
        }
    }
    assert_eq!(
        select(&["--framework", "sox"]),
        select(&["--framework", "cobit"])
    );
    let [low, moderate, high] =
        ["low", "moderate", "high"].map(|name| select(&["--baseline", name]).len());
    assert!(0 < low && low < moderate && moderate < high && high < all.len());
    let both = select(&["--framework", "hsi", "--baseline", "low"]);
    assert!(
        both.contains_key("tpm-usable") && !both.contains_key("iommu-on"),
        "{both:?}"
    );
    let two = select(&["--check", "camera-off", "--check", "nfc-off"]);
    assert_eq!(two.len(), 2);
    let wrong = on(&tree, &["compliance", "--check", "camera-of"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("camera-off"), "{}", wrong.stderr);
}

/// Promise: the exit status says whether something is not satisfied only where that is asked for.
#[test]
fn exit_code() {
    let tree = with(
        "compliance-exit",
        &[setting("camera", "disabled"), setting("nfc", "enabled")],
    );
    let status = |check: &str, more: &[&str]| {
        on(&tree, &[&["compliance", "--check", check], more].concat()).status
    };
    assert_eq!(status("camera-off", &["--exit-code"]), 0);
    assert_eq!(status("nfc-off", &[]), 0);
    assert_eq!(status("nfc-off", &["--exit-code"]), 7);
    assert_eq!(status("nfc-off", &["--exit-code", "--format", "csv"]), 7);
    assert_eq!(status("gps-off", &["--exit-code"]), 0);
}

/// Promise: an exception counts until its last day, for the machines that it names; after that it is
/// shown, and does not count. A file that is wrong is refused.
#[test]
fn exceptions() {
    let tree = with("compliance-exceptions", &[setting("nfc", "enabled")]);
    let head = "schema = \"milspec.exceptions/1\"\n[[exception]]\ncheck = \"nfc-off\"\n\
                owner = \"Ada\"\nreason = \"badges\"\n";
    let run = |rest: &str| {
        tree.put("exceptions.toml", format!("{head}{rest}").as_bytes());
        let path = tree.path("exceptions.toml");
        let words = ["--json", "compliance", "--check", "nfc-off", "--exit-code"];
        on(
            &tree,
            &[&words[..], &["--exceptions", path.to_str().unwrap()]].concat(),
        )
    };
    let exception = |output: &Output| checks(&document(output))["nfc-off"]["exception"].clone();
    let good = run("until = \"2999-12-31\"\n");
    assert_eq!(good.status, 0);
    assert_eq!(document(&good)["assessments"][0]["tally"]["excepted"], 1);
    assert_eq!(exception(&good)["honoured"], true);
    let expired = run("until = \"2020-12-31\"\n");
    assert_eq!(expired.status, 7);
    assert_eq!(exception(&expired)["honoured"], false);
    assert_eq!(exception(&expired)["owner"], "Ada");
    assert_eq!(
        run("until = \"2999-12-31\"\nmachine = \"Latitude*\"\n").status,
        0
    );
    assert_eq!(
        run("until = \"2999-12-31\"\nmachine = \"OptiPlex*\"\n").status,
        7
    );
    // Only "*" stands for more, and the closest decides, expired or not.
    assert_eq!(
        run("until = \"2999-12-31\"\nmachine = \"Latitude 545?\"\n").status,
        7
    );
    // Two of them stand for no more than one does, and for no less.
    for (machine, status) in [
        ("Lat**50", 0),
        ("**Latitude 5450", 0),
        ("**/Latitude 5450", 7),
    ] {
        let rest = format!("until = \"2999-12-31\"\nmachine = \"{machine}\"\n");
        assert_eq!(run(&rest).status, status, "{machine}");
    }
    let more = "[[exception]]\ncheck = \"nfc-off\"\nowner = \"Bob\"\nreason = \"none\"\n";
    let closer = |machine: &str, until: &str| {
        let rest = format!(
            "until = \"2999-12-31\"\nmachine = \"Latitude*\"\n{more}until = \"{until}\"\n{machine}"
        );
        let output = run(&rest);
        (
            output.status,
            exception(&output)["owner"].as_str().unwrap().to_owned(),
        )
    };
    let is = |status, owner: &str| (status, owner.to_owned());
    assert_eq!(
        closer("machine = \"Latitude 5450\"\n", "2020-12-31"),
        is(7, "Bob")
    );
    assert_eq!(
        closer("machine = \"Latitude 5*\"\n", "2998-12-31"),
        is(0, "Bob")
    );
    assert_eq!(closer("machine = \"L*\"\n", "2999-12-31"), is(0, "Ada"));
    assert_eq!(closer("", "2999-12-31"), is(0, "Ada"));
    for wrong in [
        "",
        "until = \"soon\"\n",
        "until = \"2999-12-31T10:00\"\n",
        "until = \"29991231\"\n",
        "until = \"2999-12-31\"\nchek = 1\n",
    ] {
        let refused = run(wrong);
        assert_eq!(refused.status, 1, "{wrong}");
        assert_eq!(document(&refused)["error"]["code"], "exceptions-invalid");
    }
    let unknown = run("until = \"2999-12-31\"\n[[exception]]\ncheck = \"nfc\"\nowner = \"A\"\nreason = \"b\"\nuntil = \"2999-12-31\"\n");
    assert!(
        unknown.stdout.contains("there is no check"),
        "{}",
        unknown.stdout
    );
}

/// Promise: fifty machines are judged in one run, each by itself.
#[test]
fn fleet() {
    let trees: Vec<Tree> = (0..50)
        .map(|number| {
            let value = if number % 2 == 0 {
                "disabled"
            } else {
                "enabled"
            };
            with(
                &format!("compliance-fleet-{number}"),
                &[setting("camera", value)],
            )
        })
        .collect();
    let mut words = vec!["--json", "compliance", "--check", "camera-off"];
    for tree in &trees {
        words.extend(["--file", tree.dir()]);
    }
    let document = document(&finish(command(&words)));
    let all = document["assessments"].as_array().unwrap();
    assert_eq!(all.len(), 50);
    for (number, of) in all.iter().enumerate() {
        let satisfied = of["tally"]["satisfied"].as_u64().unwrap();
        assert_eq!(satisfied, u64::from(number % 2 == 0), "{number}");
        assert_eq!(of["evidence"]["kind"], "recording");
    }
}

/// Promise: a machine whose driver could not be asked has nothing proven of its settings, and what
/// files of it say is judged all the same.
#[test]
fn without_driver() {
    let tree = Tree::bare("compliance-no-driver").file(
        "sys/kernel/security/lockdown",
        "none [integrity] confidentiality\n",
    );
    let output = finish(command(&["--json", "compliance", "--file", tree.dir()]));
    let all = checks(&document(&output));
    assert_eq!(all["camera-off"]["reason"], "unread");
    assert_eq!(all["changes-recorded"]["reason"], "unread");
    assert_eq!(all["kernel-lockdown"]["result"], "satisfied");
    assert_eq!(on(&tree, &["compliance"]).status, 3);
}

/// Promise: each mode says what it would do for the checks after the next boot, and compliance names the
/// one that satisfies most; what no mode reaches is left.
#[test]
fn modes() {
    let mut driver = Driver::new(controls("latitude-7490"));
    driver.meddle("camera", "enabled");
    let (tree, _) = driver.record(Tree::loaded("compliance-modes"), &["milspecctl", "status"]);
    let (_, now) = json(&tree, &["compliance", "--framework", "800-53"]);
    let all = now["assessments"][0]["modes"].as_array().unwrap();
    let satisfied = |name: &str| {
        let of = all.iter().find(|of| of["mode"] == name).unwrap();
        of["tally"]["satisfied"].as_u64().unwrap()
    };
    let here = now["assessments"][0]["tally"]["satisfied"]
        .as_u64()
        .unwrap();
    assert!(here <= satisfied("standard"));
    assert!(satisfied("standard") < satisfied("enhanced"));
    assert!(satisfied("enhanced") < satisfied("paranoid"));
    let left = &all.iter().find(|of| of["mode"] == "paranoid").unwrap()["left"];
    let left: Vec<&str> = left
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert!(
        !left.contains(&"camera-off") && left.contains(&"bios-password-set"),
        "{left:?}"
    );
    let shown = on(&tree, &["compliance", "--framework", "800-53"]).stdout;
    assert!(
        shown.contains("satisfies most, after the next boot"),
        "{shown}"
    );
    let (_, list) = json(&tree, &["mode", "list", "--framework", "800-53"]);
    for mode in list["modes"].as_array().unwrap() {
        let same = all.iter().find(|of| of["mode"] == mode["name"]);
        assert!(same.is_none() && mode["name"] == "baseline" || same == Some(&mode["compliance"]));
    }
    let (_, list) = json(&tree, &["mode", "list"]);
    assert!(list["modes"][0]["compliance"].is_null());
    let one = on(
        &tree,
        &["mode", "list", "paranoid", "--framework", "800-53"],
    )
    .stdout;
    assert!(
        one.contains("left then: ") && one.contains("bios-password-set"),
        "{one}"
    );
}

/// Promise: the kernel audits where it says so and a daemon keeps what it says; whoever may not ask is
/// not told.
#[test]
fn audit() {
    let tree = with("compliance-audit", &[setting("camera", "disabled")]);
    let came_with = |answer: &str| {
        let answers = serde_json::json!({ "/usr/sbin/auditctl -s": answer });
        tree.put("recording/programs.json", answers.to_string().as_bytes());
        came(&tree, "kernel-audit-on")
    };
    let is = |result: &str, reason: &str| (result.to_string(), reason.to_string());
    let on = "enabled 1\nfailure 1\npid 577\nrate_limit 0\nlost 0\n";
    assert_eq!(came_with(on), is("satisfied", ""));
    assert_eq!(
        came_with(&on.replace("enabled 1", "enabled 2")),
        is("satisfied", "")
    );
    assert_eq!(
        came_with(&on.replace("enabled 1", "enabled 0")),
        is("not-satisfied", "value")
    );
    assert_eq!(
        came_with(&on.replace("pid 577", "pid 0")),
        is("not-satisfied", "value")
    );
    assert_eq!(came_with("nothing known\n"), is("not-satisfied", "unread"));
    tree.put("recording/programs.json", b"{}");
    assert_eq!(
        came(&tree, "kernel-audit-on"),
        is("not-satisfied", "unread")
    );
}

/// Promise: the journal is complete where the running load is, over all parts that are kept and whatever was
/// before it; it is not where a part is missing, and one that was edited is broken.
#[test]
fn kept_journal() {
    use crate::journal::{bytes, gap, Journal};
    let mut before = Journal::new(2, [0; 32]);
    before.change();
    let mut running = Journal::new(1, [0; 32]);
    running.change();
    running.change();
    let (old, new) = running.events.split_at(4);
    let tree = running.to(with("compliance-kept", &[setting("camera", "disabled")]));
    let overwritten = [&[gap(6, &running.events[5])], &running.events[6..]].concat();
    tree.put("recording/journal.bin", &bytes(&overwritten));
    let mut status = uapi::Status::read_from_bytes(&tree.bytes("recording/status.bin")).unwrap();
    status.journal_overwritten = 6;
    tree.put("recording/status.bin", status.as_bytes());
    let is = |result: &str, reason: &str| (result.to_string(), reason.to_string());
    let came = || came(&tree, "journal-complete");
    assert_eq!(came(), is("not-satisfied", "value"));
    let first = [&before.events[..], old].concat();
    let rest = [&[gap(4, &old[3])], new].concat();
    tree.put("var/lib/milspec/journal", &bytes(&rest));
    assert_eq!(came(), is("not-satisfied", "value"));
    tree.put("var/lib/milspec/journal.1", &bytes(&first));
    assert_eq!(came(), is("satisfied", ""));
    let (_, document) = json(&tree, &["compliance", "--since", "2026-11-24T08:00:01Z"]);
    let journals = document["period"]["journals"].as_array().unwrap();
    assert!(journals[0].as_str().unwrap().ends_with("journal.1") && journals.len() == 2);
    let mut edited = first.clone();
    edited[1].uid = 4242;
    tree.put("var/lib/milspec/journal.1", &bytes(&edited));
    let (_, document) = json(&tree, &["compliance", "--check", "journal-complete"]);
    assert_eq!(
        checks(&document)["journal-complete"]["seen"][0]["value"],
        "broken"
    );
}
