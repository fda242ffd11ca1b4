// SPDX-License-Identifier: GPL-2.0

//! The rules for Sigma in `packaging/sigma`: what they select of the lines of a monitor. That they can be
//! converted, `make lint` says.

use crate::docs::source;
use crate::journal::{by, gap, of, Journal, CAMERA};
use crate::machines::rugged;
use crate::run::on;
use milspec_uapi as uapi;
use milspec_uapi::Event;
use nix::errno::Errno;
use serde_json::Value;
use std::fs;

/// Words that a field may have.
type Field = (String, Vec<String>);

/// The first rule of a file, and what stands behind a key of all of them.
struct Rule {
    name: String,
    text: String,
}

impl Rule {
    fn all() -> Vec<Self> {
        let files = fs::read_dir(source("packaging/sigma")).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let rules = paths.filter(|path| path.extension().is_some_and(|is| is == "yml"));
        let rules = rules.map(|path| Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_string(),
            text: fs::read_to_string(path).unwrap(),
        });
        rules.collect()
    }

    /// Its selections, of which one has to fit: each with its fields, which all have to.
    fn selections(&self) -> Vec<Vec<Field>> {
        let (_, rest) = self.text.split_once("\ndetection:\n").unwrap();
        let (detection, condition) = rest.split_once("\n  condition: ").unwrap();
        let (condition, _) = condition.split_once('\n').unwrap();
        let mut selections: Vec<Vec<Field>> = Vec::new();
        for line in detection.lines() {
            let text = line.trim();
            match line.len() - text.len() {
                2 => {
                    let name = text.trim_end_matches(':');
                    assert!(condition.split(" or ").any(|word| word == name), "{line}");
                    selections.push(Vec::new());
                }
                4 => {
                    let (field, word) = text.split_once(':').unwrap();
                    let words = word.split_whitespace().map(str::to_string);
                    let selection = selections.last_mut().unwrap();
                    selection.push((field.to_string(), words.collect()));
                }
                _ => {
                    let word = text.strip_prefix("- ").unwrap().to_string();
                    let selection = selections.last_mut().unwrap();
                    selection.last_mut().unwrap().1.push(word);
                }
            }
        }
        assert!(selections.iter().all(|fields| !fields.is_empty()));
        selections
    }

    fn fits(&self, line: &Value) -> bool {
        let has = |(field, words): &Field| {
            let word = line[field].as_str();
            word.is_some_and(|word| words.iter().any(|other| other == word))
        };
        let selections = self.selections();
        selections.iter().any(|fields| fields.iter().all(has))
    }
}

/// A load in which all has happened that a rule is about, as the driver records it.
fn journal() -> Journal {
    let mut journal = Journal::new(7, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 1, 0)]);
    // A wrong password: the step has the errno of what firmware did, and the end that of why.
    let begun = journal.add(by(1000, of(uapi::KIND_APPLY_BEGUN)));
    let failed = Event {
        about: begun,
        control: CAMERA,
        from: 0,
        to: 1,
        step: uapi::STEP_FAILED,
        error: Errno::EREMOTEIO as u32,
        ..of(uapi::KIND_STEP)
    };
    journal.add(by(1000, failed));
    let ended = Event {
        about: begun,
        control: CAMERA,
        outcome: uapi::OUTCOME_UNDONE,
        error: Errno::EKEYREJECTED as u32,
        ..of(uapi::KIND_APPLY_ENDED)
    };
    journal.add(by(1000, ended));
    let outside = Event {
        control: CAMERA,
        from: 1,
        to: 0,
        ..of(uapi::KIND_OUTSIDE_CHANGE)
    };
    journal.add(outside);
    let refused = Event {
        control: CAMERA,
        reason: uapi::REASON_LATCHED,
        ..of(uapi::KIND_REFUSED)
    };
    journal.add(by(1000, refused));
    journal.add(of(uapi::KIND_TAMPER));
    journal.add(of(uapi::KIND_RESUME));
    journal.add(of(uapi::KIND_ANCHOR_FAILED));
    let lost = journal.events.len() - 2;
    journal.events[lost] = gap(1, &journal.events[lost]);
    journal
}

/// Promise: each rule of the monitor's lines selects the record that it is about, as the driver makes it, once,
/// and no other of a machine to which all of it has happened.
#[test]
fn select_what_the_driver_records() {
    let tree = journal().to(rugged("monitor-sigma"));
    let state = tree.path("kept");
    fs::create_dir_all(&state).unwrap();
    let state = state.to_str().unwrap();
    let output = on(
        &tree,
        &[
            "monitor", "run", "--once", "--ndjson", "-", "--state", state,
        ],
    );
    assert_eq!(output.status, 0, "{}", output.stderr);
    let lines = output.stdout.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for rule in Rule::all() {
        let selected = lines.iter().filter(|line| rule.fits(line));
        let kinds: Vec<&str> = selected
            .map(|line| line["kind"].as_str().unwrap_or("none"))
            .collect();
        let expected = match rule.name.as_str() {
            "milspec_anchor_failed" => "anchor-failed",
            "milspec_one_login_many_machines" => "step",
            "milspec_outside_weaker" => "outside-change",
            "milspec_password_guessing" => "apply-ended",
            "milspec_records_lost" => "gap",
            "milspec_refused" => "refused",
            "milspec_tamper" => "tamper",
            "milspec_finding" => {
                assert!(!kinds.is_empty());
                continue;
            }
            // Of auditd, and no line of the monitor.
            "milspec_firmware_interface" => continue,
            other => panic!("{other} has no record here"),
        };
        assert_eq!(kinds, [expected], "{}", rule.name);
    }
}

/// Promise: what is counted together is a field of the monitor's lines, or `docs/fleet.md` says where it comes
/// from.
#[test]
fn groups() {
    let page = fs::read_to_string(source("docs/fleet.md")).unwrap();
    let mut count = 0;
    for rule in Rule::all() {
        let Some((_, rest)) = rule.text.split_once("  group-by:\n") else {
            continue;
        };
        for field in rest.lines().map_while(|line| line.strip_prefix("    - ")) {
            count += 1;
            match field {
                "host" | "login" => (),
                "node" => assert!(page.contains("`name_format`"), "{}", rule.name),
                other => panic!("{}: {other}", rule.name),
            }
        }
    }
    assert_eq!(count, 3);
}
