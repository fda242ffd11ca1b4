// SPDX-License-Identifier: GPL-2.0

//! What programs rely on: every field of every document, its types, whether it is always there, and
//! the words that it can have. `docs/schema/released.txt` keeps what was released. It only ever
//! grows: `UPDATE_DOCS=1 cargo test -p milspecctl contract` adds what is new, and nothing removes a
//! line but a person, with a new major version of the document. Before the first release there is
//! nobody to keep a line for: with the file removed, the same command writes it anew.

use crate::docs::{source, update};
use crate::run::schema;
use crate::schemas::NAMES;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const RELEASED: &str = "docs/schema/released.txt";

const HEAD: &str = "# Fields, types and words of the JSON documents that were released. Lines are \
                    added, none goes.\n";

/// Follows a reference within the schema.
fn resolve<'a>(root: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(path) => root.pointer(path.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

/// Collects what is promised about one part of a document.
fn walk(root: &Value, path: &str, part: &Value, lines: &mut BTreeSet<String>) {
    let part = resolve(root, part);
    let strings = |value: &Value| -> Vec<String> {
        match value {
            Value::String(one) => vec![one.clone()],
            Value::Array(all) => all
                .iter()
                .filter_map(|v| v.as_str())
                .map(Into::into)
                .collect(),
            _ => Vec::new(),
        }
    };
    for kind in strings(&part["type"]) {
        lines.insert(format!("{path} is {kind}"));
    }
    for word in strings(&part["enum"])
        .into_iter()
        .chain(strings(&part["const"]))
    {
        lines.insert(format!("{path} can be \"{word}\""));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for one in part[choice].as_array().into_iter().flatten() {
            walk(root, path, one, lines);
        }
    }
    let required = strings(&part["required"]);
    for (name, field) in part["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if required.contains(name) {
            lines.insert(format!("{path} is always there"));
        }
        walk(root, &path, field, lines);
    }
    for (key, mark) in [("items", "[]"), ("additionalProperties", ".*")] {
        if part[key].is_object() {
            walk(root, &format!("{path}{mark}"), &part[key], lines);
        }
    }
}

/// What the schemas promise now.
fn promised() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for name in NAMES {
        let schema = schema(name);
        walk(&schema, name, &schema, &mut lines);
    }
    lines
}

/// Promise: a released field neither goes nor changes its types or words.
#[test]
fn additions_only() {
    let promised = promised();
    let text = fs::read_to_string(source(RELEASED)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let released: BTreeSet<String> = lines.map(Into::into).collect();
    let broken: Vec<_> = released.difference(&promised).collect();
    assert!(
        broken.is_empty(),
        "programs rely on this, and it is no longer so: {broken:#?}"
    );
    // A type that is added is a change: a program that reads a string cannot read a null.
    let types = |lines: &BTreeSet<String>| -> BTreeSet<(String, String)> {
        let typed = lines.iter().filter_map(|line| line.split_once(" is "));
        let typed = typed.filter(|(_, kind)| *kind != "always there");
        typed
            .map(|(path, kind)| (path.to_string(), kind.to_string()))
            .collect()
    };
    let (before, now) = (types(&released), types(&promised));
    let known = |path: &str| before.iter().any(|(old, _)| old == path);
    let widened: Vec<_> = now
        .difference(&before)
        .filter(|(path, _)| known(path))
        .collect();
    assert!(
        widened.is_empty(),
        "released with other types: {widened:#?}"
    );
    if update() {
        let all: String = promised.iter().map(|line| format!("{line}\n")).collect();
        fs::write(source(RELEASED), format!("{HEAD}{all}")).unwrap();
    } else {
        let new: Vec<_> = promised.difference(&released).collect();
        assert!(
            new.is_empty(),
            "new, to be released: UPDATE_DOCS=1 cargo test -p milspecctl contract\n{new:#?}"
        );
    }
}

/// Promise: every schema that is published is among those that tests hold documents to.
#[test]
fn all_schemas() {
    let mut files: Vec<String> = fs::read_dir(source("docs/schema"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    files.sort();
    let mut known = NAMES.map(|name| format!("{}.json", name.replace('/', "-")));
    known.sort();
    assert_eq!(files, known);
}
