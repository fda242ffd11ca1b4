// SPDX-License-Identifier: GPL-2.0

//! `milspecctl config`: what people write, and what becomes of it.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{request, shown};
use crate::machines::*;
use crate::run::{command, document, finish, on, on_with_input};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Step, Target};
use std::fmt::Write;

/// A document with this in it.
fn config(rest: &str) -> String {
    format!("schema = \"milspec.config/1\"\n{rest}")
}

/// Mode enhanced, with an exception of each kind.
const ENHANCED: &str = r#"# Reviewed once a year.
schema = "milspec.config/1"
about = "laptops of the sales team"
mode = "enhanced"

[controls]
camera = "disabled"
wlan = "enabled"
bluetooth = "leave"
"#;

fn target(name: &str, value: u8) -> Target {
    let mut controls = rugged_controls();
    Target {
        control: by_name(&mut controls, name).id,
        value,
        ..Target::default()
    }
}

/// What [`ENHANCED`] asks the driver for.
fn targets() -> [Target; 3] {
    [
        target("camera", 1),
        target("wlan", 0),
        target("bluetooth", uapi::TARGET_LEAVE),
    ]
}

/// A machine that answers what [`ENHANCED`] asks for, and nothing else, with these steps.
fn answers(name: &str, steps: &[Step]) -> Tree {
    let mode = uapi::MODE_ENHANCED;
    let done = all_in(uapi::STEP_DONE, steps);
    rugged(name)
        .request("plan-enhanced", &request(0, 0, mode, 3), &targets())
        .answer(
            "plan-enhanced",
            &answered(mode, uapi::OUTCOME_PLANNED, steps),
            steps,
        )
        .request("apply-enhanced", &request(1, 0, mode, 3), &targets())
        .answer(
            "apply-enhanced",
            &answered(mode, uapi::OUTCOME_DONE, &done),
            &done,
        )
}

/// Promise: a file is a mode with exceptions, asked of the driver in one request; diff and
/// --dry-run say what would change, with exit status 0 either way.
#[test]
fn apply() {
    let tree = answers("config-apply", &steps());
    let mut text = String::new();
    for words in [
        &["config", "show", "-"][..],
        &["config", "show", "-", "-v"],
        &["config", "diff", "-"],
        &["config", "apply", "-"],
    ] {
        let output = on_with_input(&tree, words, ENHANCED);
        assert_eq!(output.status, 0, "{}", output.stderr);
        text.push_str(&shown(&words.join(" "), &output));
    }
    assert_shows!(text, "config-apply.txt");
    for (words, schema, changes) in [
        (&["config", "diff", "-"][..], "milspec.plan/1", 3),
        (&["config", "apply", "--dry-run", "-"], "milspec.plan/1", 3),
        (&["config", "apply", "-"], "milspec.apply/1", 3),
        (&["config", "show", "-"], "milspec.config-show/1", 3),
    ] {
        let mut all = vec!["--json"];
        all.extend(words);
        let output = on_with_input(&tree, &all, ENHANCED);
        let document = document(&output);
        assert_eq!(output.status, 0);
        assert_eq!(document["schema"], schema);
        assert_eq!(document["changes"], changes, "{words:?}");
        assert_eq!(document["target"]["mode"], "enhanced");
        assert_eq!(document["target"]["controls"][2]["value"], "leave");
    }
}

/// Promise: what holds already is no change, and exit status 0.
#[test]
fn nothing_to_do() {
    let tree = answers("config-nothing", &[]);
    for words in [
        &["--json", "config", "diff", "-"][..],
        &["--json", "config", "apply", "-"],
    ] {
        let output = on_with_input(&tree, words, ENHANCED);
        assert_eq!(
            (output.status, &document(&output)["changes"]),
            (0, &0.into())
        );
    }
    // Nothing was changed: there is nothing to bring back.
    assert!(!tree.has("var/lib/milspecctl/baseline.json"));
}

/// Promise: what the driver refuses is refused, with its reason.
#[test]
fn refused() {
    let mut refused = answered(uapi::MODE_ENHANCED, uapi::OUTCOME_REFUSED, &[]);
    refused.reason = uapi::REASON_RESTRICTED;
    refused.control = targets()[1].control;
    let tree = rugged("config-refused").answer("plan-enhanced", &refused, &[]);
    let mut text = String::new();
    for words in [["config", "show", "-"], ["config", "apply", "-"]] {
        let output = on_with_input(&tree, &words, ENHANCED);
        assert_eq!(output.status, 5);
        text.push_str(&shown(&words.join(" "), &output));
    }
    assert_shows!(text, "config-refused.txt");
}

/// Promise: a file asks for paranoid-plus with the same question as `mode set`.
#[test]
fn latch() {
    let tree = crate::changes::latching("config-latch");
    let plus = config("mode = \"paranoid-plus\"");
    let output = on_with_input(&tree, &["--json", "config", "apply", "-"], &plus);
    assert_eq!(output.status, 5);
    assert_eq!(document(&output)["error"]["code"], "refused-unconfirmed");
    let accepting = ["--json", "config", "apply", "-", "--accept-latch"];
    let output = on_with_input(&tree, &accepting, &plus);
    assert_eq!(document(&output)["outcome"], "done");
}

/// Promise: a file can accept the latch itself.
#[test]
fn latch_in_the_file() {
    let tree = crate::changes::latching("config-latch-file");
    for (accepts, status) in [("false", 5), ("true", 0)] {
        let plus = config(&format!(
            "mode = \"paranoid-plus\"\naccept-latch = {accepts}"
        ));
        let output = on_with_input(&tree, &["--json", "config", "apply", "-"], &plus);
        assert_eq!(output.status, status, "{}", output.stdout);
        document(&output);
    }
}

/// Promise: what stands below [if-present] is asked of a machine that has the control and lists the
/// value; else it is skipped, and the answer names it with the reason.
#[test]
fn if_present() {
    let mut controls = rugged_controls();
    // This one lists no value "disabled".
    by_name(&mut controls, "bluetooth").values[1].properties = 0;
    let tree = rugged_with("config-if-present", &controls);
    let asked = [target("camera", 1), target("wlan", 0)];
    let steps = [steps()[0]];
    let tree = tree
        .request("plan-list", &request(0, 0, 0, 2), &asked)
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &steps),
            &steps,
        );
    let file = config(
        "[if-present]\ncamera = \"disabled\"\nnfc = \"disabled\"\nbluetooth = \"disabled\"\n\
         DSMIL9D9 = \"inactive\"\n[controls]\nwlan = \"enabled\"",
    );
    let mut text = String::new();
    for words in [
        &["config", "diff", "-"][..],
        &["config", "show", "-"],
        &["config", "apply", "--dry-run", "-"],
    ] {
        let output = on_with_input(&tree, words, &file);
        assert_eq!(output.status, 0, "{}", output.stderr);
        text.push_str(&shown(&words.join(" "), &output));
        let mut json = vec!["--json"];
        json.extend(words);
        let document = document(&on_with_input(&tree, &json, &file));
        let skipped = document["skipped"].as_array().unwrap();
        let names: Vec<_> = skipped.iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["nfc", "bluetooth", "DSMIL9D9"]);
        assert_eq!(skipped[0]["value"], "disabled");
        assert_ne!(skipped[0]["why"], skipped[1]["why"]);
    }
    assert_shows!(text, "config-if-present.txt");
}

/// Promise: an exception for a control that this machine lacks is skipped, and named; one for a
/// control that no machine has is an error.
#[test]
fn exception_of_others() {
    let tree = answers("config-except", &steps());
    let except = ["mode", "plan", "standard", "--except", "nfc,bluetooth"];
    let plan = answered(uapi::MODE_STANDARD, uapi::OUTCOME_PLANNED, &[]);
    let left = [target("bluetooth", uapi::TARGET_LEAVE)];
    let tree = tree
        .request(
            "plan-standard",
            &request(0, 0, uapi::MODE_STANDARD, 1),
            &left,
        )
        .answer("plan-standard", &plan, &[]);
    let (status, document) = crate::run::json(&tree, &except);
    assert_eq!(status, 0);
    assert_eq!(document["excepted"], serde_json::json!(["bluetooth"]));
    assert_eq!(document["skipped"][0]["name"], "nfc");
    assert!(on(&tree, &except)
        .stdout
        .contains("not on this machine: nfc"));
    let wrong = ["mode", "plan", "standard", "--except", "nfcc"];
    let (status, document) = crate::run::json(&tree, &wrong);
    assert_eq!(status, 1);
    assert_eq!(document["error"]["code"], "no-such-control");
    assert_eq!(document["error"]["next"], "did you mean nfc?");
}

/// Promise: what is wrong in a file is told with line and column, why, and what to do about it.
#[test]
fn faults() {
    let tree = rugged("config-faults");
    let mut text = String::new();
    let mut add = |title: &str, input: &str| {
        for words in [["config", "diff", "-"], ["config", "show", "-"]] {
            let mut json = vec!["--json"];
            json.extend(words);
            let output = on_with_input(&tree, &json, input);
            assert_eq!(output.status, 1, "{title}");
            assert_eq!(document(&output)["error"]["code"], "config-invalid");
        }
        let output = on_with_input(&tree, &["config", "apply", "-"], input);
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{title}");
        for line in output.stderr.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        write!(text, "# {title}\n{}\n", output.stderr).unwrap();
    };
    add("empty", "");
    add("JSON", "{\"schema\": \"milspec.config/1\"}");
    add("YAML", "mode: enhanced\n");
    add("no quotes", &config("mode = enhanced"));
    add("quote missing", &config("mode = \"enhanced"));
    add("value missing", &config("mode ="));
    add("number", &config("[controls]\ncamera = 0"));
    add("list", &config("controls = [\"camera\"]"));
    add("mode is a table", &config("[mode]"));
    add("accept-latch is a word", &config("accept-latch = \"yes\""));
    add("escape", &config("mode = \"\\x\""));
    add("control character", &config("mode = \"\u{7}\""));
    add("schema missing", "\nmode = \"enhanced\"");
    add("later schema", "\n  schema = \"milspec.config/2\"");
    add("key", &config("[contrls]"));
    add("other key", &config("owner = \"me\""));
    add(
        "key twice",
        &config("mode = \"standard\"\nmode = \"standard\""),
    );
    add(
        "control twice",
        &config("[controls]\ncamera = \"leave\"\ncamera = \"leave\""),
    );
    add(
        "control in both tables",
        &config("[if-present]\ncamera = \"leave\"\n[controls]\n  camera = \"leave\""),
    );
    add("mode", &config("mode = \"enhaced\""));
    add("other mode", &config("mode = \"strict\""));
    add("control", &config("[controls]\n  camrea = \"disabled\""));
    add(
        "control of others",
        &config("[controls]\nnfc = \"disabled\""),
    );
    add(
        "other control",
        &config("[controls]\n\"\\u001b[31mr\u{f6}t\" = \"disabled\""),
    );
    add(
        "control of no machine",
        &config("[if-present]\nnfcc = \"disabled\""),
    );
    add("value", &config("[controls]\n  camera = \"disable\""));
    add(
        "value of no machine",
        &config("[if-present]\nnfc = \"disable\""),
    );
    add(
        "other value",
        &config("[controls]\nthunderbolt-security = \"off\""),
    );
    add(
        "exception of paranoid-plus",
        &config("mode = \"paranoid-plus\"\n[controls]\ncamera = \"leave\""),
    );
    assert_shows!(text, "config-faults.txt");
}

/// Promise: the columns are those that an editor shows, whatever the letters before them.
#[test]
fn columns() {
    let tree = rugged("config-columns");
    let output = on_with_input(
        &tree,
        &["config", "diff", "-"],
        "\u{FEFF}schema = \"milspec.config/1\"\nabout = \"für alle\"\ncontrols.\"für\".alle = 1",
    );
    assert!(
        output.stderr.contains("line 3, column 10"),
        "{}",
        output.stderr
    );
}

/// Promise: what somebody wrote into a file survives a terminal that cannot show it.
#[test]
fn ascii() {
    let tree = answers("config-ascii", &steps());
    for (input, exit) in [
        (ENHANCED.replace("sales", "größte"), 0),
        (ENHANCED.replace("wlan", "\"größte\""), 1),
    ] {
        let path = tree.path("wünsche.toml");
        std::fs::write(&path, input).unwrap();
        let mut command = command(&["--root", tree.dir(), "config", "show", "wünsche.toml"]);
        command.current_dir(tree.dir()).env("LANG", "C");
        let output = finish(command);
        assert_eq!(output.status, exit);
        let text = output.stdout + &output.stderr;
        assert!(
            text.is_ascii() && text.contains(r"gr\u{f6}\u{df}te"),
            "{text}"
        );
    }
}

/// Promise: a file that cannot be read is told as such, by its name.
#[test]
fn files() {
    let tree = rugged("config-files");
    tree.put("not-text.toml", b"# notes\nmode = \"\xFF\"");
    tree.put("long.toml", &vec![b' '; (1 << 20) + 1]);
    let mut text = String::new();
    for (file, code) in [
        ("missing.toml", "config-unreadable"),
        (".", "config-unreadable"),
        ("not-text.toml", "config-invalid"),
        ("long.toml", "config-invalid"),
    ] {
        let run = |json: bool| {
            let mut command = command(&["--root", tree.dir(), "config", "diff", file]);
            command.current_dir(tree.dir());
            if json {
                command.arg("--json");
            }
            finish(command)
        };
        let output = run(true);
        assert_eq!(output.status, 1);
        assert_eq!(document(&output)["error"]["code"], code);
        write!(text, "# {file}\n{}\n", run(false).stderr).unwrap();
    }
    assert_shows!(text, "config-files.txt");
}

/// Promise: an export holds what can be changed, the same each time, and applying it changes
/// nothing.
#[test]
fn export() {
    let mut controls = marked_controls();
    fail(by_name(&mut controls, "microphone"), nix::errno::Errno::EIO);
    controls.retain(|c| c.family == uapi::FAMILY_PLATFORM || c.group == 0);
    let mut status = marked_status(&controls);
    status.properties = 0;
    let make = |name: &str, status: &uapi::Status| {
        let info = info("Dell Inc.", "Latitude Rugged Simulated", "0.0.1-simulated");
        Tree::loaded(name).answers(&info, status, &controls)
    };
    let tree = make("config-export", &status);
    let output = on(&tree, &["config", "export"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert_shows!(output.stdout.clone(), "config-export.txt");
    let (_, document) = crate::run::json(&tree, &["config", "export"]);
    let same: serde_json::Value = toml::from_str(&output.stdout).unwrap();
    assert_eq!(same, document);

    // The request is the present state, and the answer is for no other.
    let map = document["controls"].as_object().unwrap();
    let targets: Vec<Target> = map
        .keys()
        .map(|name| {
            let control = *by_name(&mut controls.clone(), name);
            Target {
                control: control.id,
                value: control.current,
                ..Target::default()
            }
        })
        .collect();
    let count = targets.len() as u32;
    let tree = tree
        .request("plan-list", &request(0, 0, 0, count), &targets)
        .answer("plan-list", &answered(0, uapi::OUTCOME_PLANNED, &[]), &[])
        .request("apply-list", &request(1, 0, 0, count), &targets)
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &[]), &[]);
    let applied = on_with_input(&tree, &["config", "apply", "-"], &output.stdout);
    assert_eq!(applied.status, 0, "{}", applied.stderr);
    assert!(
        applied.stdout.contains("Nothing to do"),
        "{}",
        applied.stdout
    );

    // Restricted controls are part of it where they may be changed.
    status.properties = uapi::STATUS_RESTRICTED_ALLOWED;
    let tree = make("config-export-all", &status);
    let (_, more) = crate::run::json(&tree, &["config", "export"]);
    assert!(more["controls"].as_object().unwrap().len() > map.len());
}
