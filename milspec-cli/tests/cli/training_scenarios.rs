// SPDX-License-Identifier: GPL-2.0

//! The scenarios of the package: each is solved by the records of a model solution, and not by those of
//! a plausible mistake.

use crate::docs::source;
use crate::journal::{by, of, Journal};
use crate::machines::{answer, by_name, devices, setting};
use crate::run::{json, on, schema};
use crate::tree::Tree;
use milspec::model;
use milspec::training::devices::{descriptions, id};
use milspec::training::judge::Answer;
use milspec::training::profile::Profile;
use milspec::training::run::{Ended, Run};
use milspec::training::scenario::Scenario;
use milspec_posture::dsmil::{Descriptor, Identity};
use milspec_uapi as uapi;
use milspec_uapi::{Control, Event};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// All scenarios of the package, by their names, with their texts.
pub fn scenarios() -> BTreeMap<String, (Scenario, String)> {
    let entries = fs::read_dir(source("packaging/scenarios")).unwrap();
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let scenario = Scenario::parse(&name, &text).unwrap_or_else(|e| panic!("{e:?}"));
        (name, (scenario, text))
    };
    entries.map(read).collect()
}

/// A training that is played.
pub struct Played {
    scenario: Scenario,
    records: Journal,
    controls: Vec<Control>,
    start: BTreeMap<String, String>,
    answers: Vec<(&'static str, &'static str)>,
}

impl Played {
    /// One that begins as the scenario has it.
    pub fn new(scenario: &Scenario) -> Self {
        let mut controls = devices(&[]);
        let names = [
            "camera",
            "microphone",
            "wake-on-lan",
            "esata",
            "firewire",
            "vt-d",
        ];
        controls.extend(names.map(|name| setting(name, milspec::catalogue::values(name)[0])));
        let mut played = Self {
            scenario: scenario.clone(),
            records: Journal::of_training(9, 1),
            controls,
            start: BTreeMap::new(),
            answers: Vec::new(),
        };
        for (name, value) in &scenario.start.set {
            played.set(name, value);
        }
        for control in model::Control::all(&played.controls) {
            played.start.insert(control.name, control.value.unwrap());
        }
        played
    }

    /// Its id, and the index of the value that it had.
    fn set(&mut self, name: &str, value: &str) -> (u32, u8, u8) {
        let control = by_name(&mut self.controls, name);
        let mut values = control.values.iter();
        let to = values.position(|v| uapi::text(&v.name) == Some(value));
        let (id, from) = (control.id, control.current);
        answer(
            control,
            to.unwrap_or_else(|| panic!("{name} has no {value}")) as u32,
        );
        (id, from, to.unwrap() as u8)
    }

    fn apply(&mut self, mode: u8, changes: &[(&str, &str)]) {
        let changes: Vec<_> = changes
            .iter()
            .map(|(name, to)| self.set(name, to))
            .collect();
        self.records.apply(mode, &changes);
    }

    /// An apply that ends with this outcome at a control, and changes nothing in the end.
    fn fails(&mut self, mode: u8, outcome: u8, step: u8, name: &str) {
        let control = by_name(&mut self.controls, name).id;
        let begun = self.records.add(by(
            1000,
            Event {
                mode,
                ..of(uapi::KIND_APPLY_BEGUN)
            },
        ));
        self.records.add(Event {
            about: begun,
            control,
            step,
            ..of(uapi::KIND_STEP)
        });
        self.records.add(Event {
            about: begun,
            mode,
            outcome,
            control,
            ..of(uapi::KIND_APPLY_ENDED)
        });
    }

    fn outside(&mut self, name: &str, value: &str) {
        let (control, from, to) = self.set(name, value);
        self.records.add(Event {
            control,
            from,
            to,
            ..of(uapi::KIND_OUTSIDE_CHANGE)
        });
    }

    fn record(&mut self, kind: u16, name: &str) {
        let control = by_name(&mut self.controls, name).id;
        self.records.add(by(
            1000,
            Event {
                control,
                ..of(kind)
            },
        ));
    }

    fn degrade(&mut self, name: &str, is: bool) {
        let control = by_name(&mut self.controls, name);
        control.properties &= !uapi::CONTROL_DEGRADED;
        control.properties |= if is { uapi::CONTROL_DEGRADED } else { 0 };
    }

    /// The controls of the copy, and its records.
    pub fn driver(&self) -> (Vec<Control>, Vec<Event>) {
        (self.controls.clone(), self.records.events.clone())
    }

    /// The run, over.
    pub fn run(mut self) -> Run {
        self.records.add(Event {
            count: 1,
            ..of(uapi::KIND_TRAINING_ENDED)
        });
        let training = uapi::Training {
            session: 1,
            load: [9; 16],
            ..uapi::Training::default()
        };
        let controls = model::Control::all(&self.controls);
        let mut run = Run::new(self.scenario, &training, controls);
        run.start = self.start;
        let root = milspec::machine::open(None).unwrap();
        assert_eq!(
            run.take(&root, &self.records.events).len(),
            self.records.events.len()
        );
        run.users.insert(65534, "nobody".into());
        run.seen_ns = self.records.events.last().unwrap().boot_ns;
        run.answers = self
            .answers
            .iter()
            .map(|(name, value)| Answer {
                name: (*name).into(),
                value: (*value).into(),
                uid: 1000,
                boottime_ns: run.seen_ns,
            })
            .collect();
        run.ended = Some(Ended::Decided);
        run
    }
}

/// A way to play it.
pub type Play = fn(&mut Played);

/// Of each scenario: its model solution; a plausible mistake, and the objective that it misses.
pub const PLAYS: [(&str, Play, Play, &str); 10] = [
    (
        "first-steps",
        |p| {
            p.apply(uapi::MODE_STANDARD, &[("wake-on-lan", "disabled")]);
            p.apply(0, &[("camera", "disabled")]);
        },
        // A mode puts back what was set one by one before it.
        |p| {
            p.apply(0, &[("camera", "disabled")]);
            let mode = [("wake-on-lan", "disabled"), ("camera", "enabled")];
            p.apply(uapi::MODE_STANDARD, &mode);
        },
        "camera",
    ),
    (
        "there-and-back",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("DSMIL0D0", "active")],
            );
            p.apply(
                uapi::MODE_BASELINE,
                &[("esata", "enabled"), ("DSMIL0D0", "inactive")],
            );
        },
        // A lower mode is no way back.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("DSMIL0D0", "active")],
            );
            p.apply(uapi::MODE_STANDARD, &[("esata", "enabled")]);
        },
        "back",
    ),
    (
        "keep-what-is-needed",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("wake-on-lan", "enabled"), ("DSMIL0D0", "active")],
            )
        },
        // Off with everything, and on again afterwards.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("firewire", "disabled")],
            );
            p.apply(0, &[("esata", "enabled"), ("firewire", "enabled")]);
        },
        "instruments",
    ),
    (
        "what-needs-what",
        |p| {
            let all = ["DSMIL0D0", "DSMIL3D0", "DSMIL4D0"].map(|name| (name, "active"));
            p.apply(0, &all);
        },
        // The driver refuses, and that was it.
        |p| p.record(uapi::KIND_REFUSED, "DSMIL4D0"),
        "chain",
    ),
    (
        "drift",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
            p.outside("esata", "enabled");
            p.outside("wake-on-lan", "enabled");
            p.record(uapi::KIND_ACCEPTED, "esata");
            p.apply(0, &[("wake-on-lan", "disabled")]);
        },
        // The mode again takes back what was approved as well.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
            p.outside("esata", "enabled");
            p.outside("wake-on-lan", "enabled");
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
        },
        "announced",
    ),
    (
        "false-order",
        |p| p.apply(uapi::MODE_ENHANCED, &[("DSMIL0D0", "active")]),
        // Refused, and tried all the same.
        |p| {
            p.apply(uapi::MODE_ENHANCED, &[("DSMIL0D0", "active")]);
            p.record(uapi::KIND_REFUSED, "DSMIL0D9");
        },
        "no-wipe",
    ),
    (
        "tamper",
        |p| {
            p.record(uapi::KIND_TAMPER, "DSMIL4D2");
            p.apply(0, &[("DSMIL4D2", "inactive")]);
        },
        // To be on the safe side, its neighbour too.
        |p| {
            p.record(uapi::KIND_TAMPER, "DSMIL4D2");
            p.apply(0, &[("DSMIL4D2", "inactive"), ("DSMIL4D3", "inactive")]);
        },
        "isolate",
    ),
    (
        "broken-firmware",
        |p| {
            let (bad, failed) = (uapi::OUTCOME_DEGRADED, uapi::STEP_DEGRADED);
            p.fails(uapi::MODE_STANDARD, bad, failed, "DSMIL0D0");
            p.degrade("DSMIL0D0", true);
            p.apply(uapi::MODE_STANDARD, &[("DSMIL0D0", "active")]);
            p.degrade("DSMIL0D0", false);
        },
        // Something else is set, and what is degraded stays.
        |p| {
            let (bad, failed) = (uapi::OUTCOME_DEGRADED, uapi::STEP_DEGRADED);
            p.fails(uapi::MODE_STANDARD, bad, failed, "DSMIL0D0");
            p.degrade("DSMIL0D0", true);
            p.apply(0, &[("vt-d", "enabled")]);
        },
        "recover",
    ),
    (
        "two-hands",
        |p| {
            let (conflict, moved) = (uapi::OUTCOME_CONFLICT, uapi::STEP_MOVED);
            p.fails(uapi::MODE_STANDARD, conflict, moved, "DSMIL0D8");
            p.apply(uapi::MODE_STANDARD, &[("wake-on-lan", "disabled")]);
        },
        // One control of it by hand is not the mode.
        |p| {
            let (conflict, moved) = (uapi::OUTCOME_CONFLICT, uapi::STEP_MOVED);
            p.fails(uapi::MODE_STANDARD, conflict, moved, "DSMIL0D8");
            p.apply(0, &[("wake-on-lan", "disabled")]);
        },
        "finish",
    ),
    (
        "incident",
        |p| {
            let (control, from, to) = p.set("camera", "enabled");
            let uid = 65534;
            let begun = p.records.add(Event {
                uid,
                ..by(u32::MAX, of(uapi::KIND_APPLY_BEGUN))
            });
            let step = Event {
                about: begun,
                control,
                from,
                to,
                ..of(uapi::KIND_STEP)
            };
            p.records.add(Event {
                uid,
                step: uapi::STEP_DONE,
                ..step
            });
            p.record(uapi::KIND_TAMPER, "DSMIL4D5");
            p.answers = vec![("who", "nobody"), ("where", "DSMIL4D5")];
            p.apply(uapi::MODE_PARANOID_PLUS, &[("camera", "disabled")]);
            p.record(uapi::KIND_LATCH, "camera");
        },
        // Who is logged in is not who did it.
        |p| {
            let (control, from, to) = p.set("camera", "enabled");
            let step = Event {
                control,
                from,
                to,
                ..of(uapi::KIND_STEP)
            };
            p.records.add(Event {
                uid: 65534,
                step: uapi::STEP_DONE,
                ..step
            });
            p.record(uapi::KIND_TAMPER, "DSMIL4D5");
            p.answers = vec![("who", "root"), ("where", "DSMIL4D5")];
            p.apply(uapi::MODE_PARANOID_PLUS, &[("camera", "disabled")]);
            p.record(uapi::KIND_LATCH, "camera");
        },
        "who",
    ),
];

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
            let refrains = objective["check"] == "refrain";
            let evidence = objective["evidence"].as_array().unwrap();
            assert!(refrains || !evidence.is_empty(), "{name}: {objective:#}");
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
        let met = objectives.iter().filter(|one| one["state"] == "met");
        assert!(
            met.clone().all(|one| one["check"] == "refrain"),
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
