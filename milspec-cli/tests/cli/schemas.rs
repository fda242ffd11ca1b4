// SPDX-License-Identifier: GPL-2.0

//! The published schemas themselves. That every document keeps to its schema is checked wherever a
//! test reads one.

use crate::run::schema;
use serde_json::Value;

/// All documents.
pub const NAMES: [&str; 41] = [
    "milspec.status/1",
    "milspec.control-list/1",
    "milspec.control/1",
    "milspec.control-value/1",
    "milspec.mode/1",
    "milspec.mode-list/1",
    "milspec.plan/1",
    "milspec.apply/1",
    "milspec.config/1",
    "milspec.config-show/1",
    "milspec.baseline/1",
    "milspec.baseline-file/1",
    "milspec.unconfirmed/1",
    "milspec.attestation/1",
    "milspec.attestation-state/1",
    "milspec.attestation-verify/1",
    "milspec.attestations/1",
    "milspec.attest-enroll/1",
    "milspec.events/1",
    "milspec.event/1",
    "milspec.journal-save/1",
    "milspec.journal-verify/1",
    "milspec.completion/1",
    "milspec.compliance/1",
    "milspec.exceptions/1",
    "milspec.confirm/1",
    "milspec.training/1",
    "milspec.training-answer/1",
    "milspec.training-report/1",
    "milspec.training-run/1",
    "milspec.scenario/1",
    "milspec.scenario-list/1",
    "milspec.doctor/1",
    "milspec.report/1",
    "milspec.error/1",
    "milspec.help/1",
    "milspec.monitor-alive/1",
    "milspec.monitor-line/1",
    "milspec.monitor-report/1",
    "milspec.monitor-rule-list/1",
    "milspec.monitor-site/1",
];

/// Promise: every schema is a valid one, of the draft that it names, and names its document.
#[test]
fn valid() {
    for name in NAMES {
        let schema = schema(name);
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["properties"]["schema"]["const"], name);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
    }
}

/// Promise: a word that several documents share means the same in all of them.
#[test]
fn same_words() {
    let schemas = NAMES.map(schema);
    let mut seen: Vec<(&String, &Value)> = Vec::new();
    for schema in &schemas {
        for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
            match seen.iter().find(|(known, _)| *known == name) {
                Some((_, known)) => assert_eq!(*known, definition, "{name}"),
                None => seen.push((name, definition)),
            }
        }
    }
}

/// Promise: every field is described.
#[test]
fn described() {
    fn walk(path: &str, value: &Value) {
        for (name, field) in value["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let described = field.get("description").or(field.get("$ref"));
            assert!(described.is_some(), "{path} has no description");
            walk(&path, field);
        }
        for (name, definition) in value["$defs"].as_object().into_iter().flatten() {
            walk(&format!("{path}#{name}"), definition);
        }
    }
    for name in NAMES {
        walk(name, &schema(name));
    }
}

/// Promise: programs can look up the name of every error and warning.
#[test]
fn codes() {
    let schemas: String = NAMES.map(|name| schema(name).to_string()).concat();
    let files = crate::security::code(&crate::docs::source("milspec-cli/src"));
    let source: String = files.into_values().collect();
    let made = ["Failure::new(", "Warning::new(", "code: "];
    let rests = made.iter().flat_map(|made| source.split(made).skip(1));
    let names = rests.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    let mut names: Vec<&str> = names.filter_map(|rest| rest.split('"').next()).collect();
    let cases =
        std::fs::read_to_string(crate::docs::source("milspec-cli/src/failures.txt")).unwrap();
    // Those of refusals are "refused-" and the word of the reason, which has a list of its own.
    let cases = cases
        .split("\n\n")
        .filter(|entry| !entry.starts_with("refused "));
    names.extend(cases.filter_map(|entry| entry.lines().nth(1)));
    assert!(names.len() > 40, "{}", names.len());
    for name in names {
        let named = [format!(" {name},"), format!(": {name},")];
        assert!(named.iter().any(|n| schemas.contains(n)), "{name}");
    }
}
