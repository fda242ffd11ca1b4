// SPDX-License-Identifier: GPL-2.0

//! The scenarios of the package: each is solved by the records of a model solution, and not by those of
//! a plausible mistake.

use crate::run::{json, on, schema};
use crate::training_plays::{scenarios, Play, Played, PLAYS};
use crate::tree::Tree;
use milspec::training::devices::{descriptions, id};
use milspec::training::profile::Profile;
use milspec::training::scenario::Scenario;
use milspec_posture::dsmil::{Descriptor, Identity};
use milspec_uapi as uapi;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// How a run is judged, by the command.
fn judged(tree: &Tree, play: Play, scenario: &Scenario) -> (i32, Value) {
    let mut played = Played::new(scenario);
    play(&mut played);
    let run = played.run();
    tree.put("run.json", &serde_json::to_vec(&run).unwrap());
    crate::run::validate(&serde_json::to_value(&run).unwrap());
    let file = tree.path("run.json");
    json(
        tree,
        &["training", "report", file.to_str().unwrap(), "--exit-code"],
    )
}

/// Promise: each scenario is solved by a model solution, and each objective has its evidence; a
/// plausible mistake misses what it is about.
#[test]
fn solved_and_missed() {
    let tree = Tree::bare("training-scenarios");
    let all = scenarios();
    let names: BTreeSet<&str> = PLAYS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        all.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        names
    );
    for (name, model, mistake, misses) in PLAYS {
        let (scenario, _) = &all[name];
        let (status, document) = judged(&tree, model, scenario);
        assert_eq!(status, 0, "{name}: {document:#}");
        assert_eq!(document["scored"], document["points"], "{name}");
        for objective in document["objectives"].as_array().unwrap() {
            assert_eq!(objective["state"], "met", "{name}: {objective:#}");
            let evidence = objective["evidence"].as_array().unwrap();
            assert!(!evidence.is_empty(), "{name}: {objective:#}");
            assert!(evidence.iter().all(|event| event["training"] == true));
        }
        let (status, document) = judged(&tree, mistake, scenario);
        assert_eq!(status, 7, "{name}: {document:#}");
        let objectives = document["objectives"].as_array().unwrap();
        let missed = objectives.iter().find(|one| one["name"] == misses).unwrap();
        assert_eq!(
            (&missed["state"], &missed["scored"]),
            (&"missed".into(), &0.into())
        );
        // Who does nothing meets nothing.
        let (_, document) = judged(&tree, |_| (), scenario);
        let objectives = document["objectives"].as_array().unwrap();
        let mut all = objectives.iter();
        assert!(
            all.all(|one| one["state"] == "missed"),
            "{name}: {document:#}"
        );
    }
}

/// Promise: each scenario has an objective of a kind that no other has.
#[test]
fn an_objective_of_its_own() {
    let all = scenarios();
    assert!(all.len() >= 8);
    let kinds = |scenario: &Scenario| -> BTreeSet<&str> {
        scenario
            .objective
            .iter()
            .map(|one| one.check.word())
            .collect()
    };
    for (name, (scenario, _)) in &all {
        let others = all.iter().filter(|(other, _)| *other != name);
        let others: BTreeSet<&str> = others.flat_map(|(_, (other, _))| kinds(other)).collect();
        assert!(
            kinds(scenario).difference(&others).next().is_some(),
            "{name}"
        );
    }
    let grades: BTreeSet<&str> = all.values().map(|(one, _)| one.grade.word()).collect();
    assert_eq!(grades.len(), 4);
}

/// Promise: the files keep to the published schema, are named as they are, count 100 points, and
/// speak of controls and values that the full profile has.
#[test]
fn files() {
    let schema = schema("milspec.scenario/1");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (name, (scenario, text)) in scenarios() {
        assert_eq!((&scenario.name, scenario.points()), (&name, 100));
        let value: Value = toml::from_str(&text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let injected = scenario
            .event
            .iter()
            .filter_map(|event| event.inject.as_ref());
        for inject in injected {
            let Some(control) = &inject.control else {
                continue;
            };
            let values = milspec::catalogue::values(control);
            let of_tamper = inject.kind == "tamper";
            let known = inject
                .value
                .as_ref()
                .is_none_or(|v| values.contains(&v.as_str()));
            assert!(
                !values.is_empty() && (known || of_tamper),
                "{name}: {control}"
            );
        }
    }
}

/// Promise: what is wrong with a scenario is told with its place, and nothing is begun.
#[test]
fn faults() {
    let tree = Tree::bare("training-faults");
    let (_, text) = &scenarios()["drift"];
    for (from, to, why) in [
        ("grade = \"advanced\"", "grade = \"hard\"", "line 5"),
        ("minutes = 15", "minutes = 0", "\"minutes\" is 1 to 600"),
        (
            "do = \"look\"",
            "do = \"smoke\"",
            "event 3: there is no injection \"smoke\"",
        ),
        ("points = 20", "points = 0", "counts nothing"),
        (
            "name = \"announced\"",
            "name = \"enhanced\"",
            "has no name of its own",
        ),
        (
            "mode = \"enhanced\" }\n\n[[objective]]",
            "mode = \"hard\" }\n\n[[objective]]",
            "there is no mode",
        ),
        ("check.accept", "check.agree", "unknown variant"),
    ] {
        assert!(text.contains(from), "{from}");
        tree.put("wrong.toml", text.replacen(from, to, 1).as_bytes());
        let file = tree.path("wrong.toml");
        let (status, document) = json(&tree, &["training", "list", file.to_str().unwrap()]);
        assert_eq!(
            (status, &document["error"]["code"]),
            (1, &"scenario-invalid".into())
        );
        let told = document["error"]["why"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
    }
}

/// Promise: the 84 devices are described as firmware would describe them.
#[test]
fn devices_are_described() {
    let all = descriptions();
    assert_eq!(all.len(), 84);
    let mut identity = [0; 36];
    identity[4] = 36;
    (identity[8], identity[12], identity[14]) = (1, 84, 7);
    let identity = Identity::parse(&identity).unwrap();
    for (at, bytes) in all.iter().enumerate() {
        let parsed = Descriptor::parse(bytes, at as u16, &identity)
            .unwrap_or_else(|e| panic!("{at}: {e:?}"));
        let name = uapi::text(&parsed.name).unwrap();
        assert_eq!(id(name), Some(2 << 16 | parsed.number()), "{name}");
    }
}

/// Promise: the full profile lists settings as the driver reads them, each at a location of its own.
#[test]
fn full_profile() {
    let root = crate::machines::rugged("training-full");
    let root = milspec::machine::open(Some(std::path::Path::new(root.dir()))).unwrap();
    let snapshot = milspec::Snapshot::take(&root, false).unwrap();
    for (scenario, _) in scenarios().values() {
        let described = scenario
            .profile()
            .describe(&snapshot, &scenario.set())
            .unwrap();
        assert_eq!(described.devices.len(), 84);
        assert!(described.tokens.len() < uapi::TRAINING_TOKENS_MAX as usize);
        let ids: Vec<u32> = described
            .targets
            .iter()
            .map(|target| target.control)
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
    let described = Profile::Full.describe(&snapshot, &[]).unwrap();
    let (mut rest, mut tokens) = (described.tokens.as_slice(), Vec::new());
    while let [_, length, ..] = *rest {
        let (area, after) = rest.split_at(length.into());
        milspec_posture::token_table::parse(area, |token| tokens.push(token)).unwrap();
        rest = after;
    }
    let ids: BTreeSet<u16> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(ids.len(), tokens.len());
    let read: BTreeSet<(u16, u16)> = tokens.iter().map(|t| (t.location, t.value)).collect();
    assert_eq!(read.len(), tokens.len());
    assert!(tokens.len() > 100);
}

/// Promise: the list shows the package's scenarios from the easiest to the hardest, and of one what a
/// trainee may know: hints when they are asked for, and never what will happen.
#[test]
fn listed() {
    let mut tree = Tree::bare("training-listed");
    for (name, (_, text)) in scenarios() {
        tree = tree.file(
            &format!("usr/share/milspecctl/scenarios/{name}.toml"),
            &text,
        );
    }
    let text = on(&tree, &["training", "list"]).stdout;
    crate::assert_shows!(text, "training-list.txt");
    let tree = tree.file("etc/milspec/scenarios/broken.toml", "schema = 1\n");
    let text = on(&tree, &["training", "list", "drift"]).stdout;
    crate::assert_shows!(text.clone(), "training-list-one.txt");
    assert!(!text.contains("hint:") && !text.contains("inject"));
    let text = on(&tree, &["training", "list", "drift", "--hints"]).stdout;
    assert!(text.contains("hint: milspecctl control accept esata"));
    let (_, document) = json(&tree, &["training", "list"]);
    let all = document["scenarios"].as_array().unwrap();
    assert_eq!(all.len(), 10);
    assert_eq!(document["warnings"][0]["code"], "scenario-invalid");
    let (status, document) = json(&tree, &["training", "list", "drfit"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"no-such-scenario".into())
    );
    assert_eq!(document["error"]["next"], "did you mean drift?");
}

/// Promise: a report shows each objective with the records that say so; with --replay, everything
/// that happened; and a run whose records were edited is none.
#[test]
fn reported() {
    let tree = Tree::bare("training-reported");
    let all = scenarios();
    let (name, model, ..) = PLAYS[4];
    let (status, document) = judged(&tree, model, &all[name].0);
    assert_eq!((status, &document["events"]), (0, &Value::Null));
    let file = tree.path("run.json");
    let words = ["training", "report", file.to_str().unwrap()];
    let text = on(&tree, &words).stdout;
    // The time of the test is in it.
    let stable: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("training 1 of"))
        .collect();
    crate::assert_shows!(stable.join("\n") + "\n", "training-report.txt");
    let (_, document) = json(&tree, &[&words[..], &["--replay"]].concat());
    assert_eq!(document["events"].as_array().unwrap().len(), 12);
    let edited = fs::read_to_string(&file).unwrap();
    let at = edited.find("\"records\":\"").unwrap() + 300;
    let other = if &edited[at..=at] == "A" { "B" } else { "A" };
    fs::write(
        &file,
        format!("{}{other}{}", &edited[..at], &edited[at + 1..]),
    )
    .unwrap();
    let (status, document) = json(&tree, &words);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"run-invalid".into())
    );
}
