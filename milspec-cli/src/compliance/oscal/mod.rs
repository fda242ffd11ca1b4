// SPDX-License-Identifier: GPL-2.0

//! The document as OSCAL assessment results, a result for each machine.
//!
//! The objectives are the checks' own: that one is satisfied says that settings of one machine are as the
//! check wants them, and never that a control is implemented. OSCAL knows satisfied and not satisfied
//! only. So a check that is not applicable is an observation without a finding, and one that could not be
//! read is not satisfied, with the reason "other".

mod result;

use super::document::{Assessment, Checked, Document};
use super::registry::{Source, REGISTRY};
use crate::failure::{Failure, Result};
use crate::model::Word;
use serde_json::{json, Value};
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use uuid::{Builder, Uuid};

/// Version of OSCAL.
const VERSION: &str = "1.2.1";

/// Whose properties these are, and the root of all UUIDs here.
const NAMESPACE: &str = "urn:dell-milspec:oscal";

/// The document. There is none about checks for which no control of SP 800-53 asks: OSCAL has results
/// of controls only.
pub fn text(document: &Document) -> Result<String> {
    let mut checks = document.assessments.iter().flat_map(|of| &of.checks);
    if document.assessments.is_empty() {
        return Err(Failure::new(
            "no-controls-selected",
            "there are no OSCAL results",
            "none of the files could be judged",
            "leave out --format to see why",
        ));
    }
    if checks.all(|check| controls(check).is_empty()) {
        return Err(Failure::new(
            "no-controls-selected",
            "there are no OSCAL results of this selection",
            "no control of SP 800-53 asks for a check in it, and OSCAL has results of controls only",
            "select more, or take another format",
        ));
    }
    let value = json!({ "assessment-results": results(document) });
    Ok(serde_json::to_string_pretty(&value).unwrap_or_default() + "\n")
}

/// The same UUID for the same words, in every document.
fn uuid(words: &[&str]) -> String {
    let root = version_5(Uuid::NAMESPACE_URL, NAMESPACE);
    version_5(root, &words.join("\n")).to_string()
}

/// A UUID of version 5, as in RFC 9562.
fn version_5(space: Uuid, name: &str) -> Uuid {
    let hash = Sha1::new()
        .chain_update(space)
        .chain_update(name)
        .finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// A property. OSCAL wants values of one line, without space at their ends, and not empty.
fn prop(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": line(value) })
}

fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.is_empty() {
        true => "none".into(),
        false => words.join(" "),
    }
}

/// An id of SP 800-53 as OSCAL has it: `ac-18.3` of AC-18(3).
fn control(id: &str) -> String {
    id.to_ascii_lowercase().replace('(', ".").replace(')', "")
}

/// The objective of a check under a control.
fn objective(check: &str, control: &str) -> String {
    format!("{check}_{control}")
}

/// The controls that a check is tied to, each with the name of the tie. Where another framework was
/// asked for, all that the registry has.
fn controls(check: &Checked) -> Vec<(String, Word)> {
    let listed = check.ids.iter().filter(|id| id.framework == "800-53");
    let listed: Vec<_> = listed.map(|id| (control(&id.id), id.tie.into())).collect();
    if !listed.is_empty() {
        return listed;
    }
    let references = REGISTRY
        .check(&check.id)
        .map_or(&[][..], |check| &check.references);
    let references = references
        .iter()
        .filter(|one| one.framework.name == "800-53");
    references
        .map(|one| (control(&one.id), one.tie.name.into()))
        .collect()
}

fn results(document: &Document) -> Value {
    let keys = keys(&document.assessments);
    let selected = document.selection.in_words().join(" and ");
    let plan = uuid(&["plan", document.made_with]);
    let all: Vec<Value> = document
        .assessments
        .iter()
        .zip(&keys)
        .map(|(of, key)| result::result(document, of, key))
        .collect();
    let mut body = json!({
        "uuid": uuid(&["document", &document.made_at, &selected, &keys.join("\n")]),
        "metadata": {
            "title": "Compliance evidence of milspecctl",
            "last-modified": document.made_at,
            "version": "1",
            "oscal-version": VERSION,
            "props": [
                prop("made-with", &format!("milspecctl {}", document.made_with)),
                prop("selected", if selected.is_empty() { "all" } else { &selected }),
            ],
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": all,
        "back-matter": { "resources": resources(document, &plan) },
    });
    if !document.not_judged.is_empty() {
        let all = document.not_judged.iter();
        let all: Vec<String> = all
            .map(|not| format!("{}: {}", not.file, not.why))
            .collect();
        let remarks = format!("Not judged, and without a result: {}", all.join("; "));
        body["metadata"]["remarks"] = json!(line(&remarks));
    }
    let objectives = objectives(document);
    if !objectives.is_empty() {
        body["local-definitions"] = json!({ "objectives-and-methods": objectives });
    }
    body
}

/// A key for each machine: the same for the same machine and kind of evidence in every document, and none
/// twice in one. What is marked is never taken for what is not.
fn keys(all: &[Assessment]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let key = |of: &Assessment| {
        let file = of.evidence.file.as_deref().unwrap_or_default();
        let own = of.service_tag_hash.clone();
        let machine = own.unwrap_or_else(|| format!("{} {file}", of.machine.in_words()));
        let marks = of.mark_words().join(" ");
        let key = format!("{machine}\n{}\n{marks}", of.evidence.kind);
        let times = seen.entry(key.clone()).or_default();
        *times += 1;
        match *times {
            1 => key,
            times => format!("{key} {times}"),
        }
    };
    all.iter().map(key).collect()
}

/// The plan that assessment results have to name: there is none but the registry. Then its sources.
fn resources(document: &Document, plan: &str) -> Vec<Value> {
    let plan = json!({
        "uuid": plan,
        "title": "The checks of milspecctl",
        "description": format!(
            "There is no assessment plan. What is looked at, and what is wanted, is the registry of \
             milspecctl {}: docs/compliance.md in its documentation.",
            document.made_with
        ),
    });
    let sources = document.sources.iter().map(source);
    std::iter::once(plan).chain(sources).collect()
}

fn source(source: &Source) -> Value {
    let mut resource = json!({
        "uuid": uuid(&["source", &source.key]),
        "title": source.title,
        "props": [prop("source", &source.key)],
    });
    if let (Some(repository), Some(path), Some(commit)) =
        (&source.repository, &source.path, &source.commit)
    {
        let href = format!("https://github.com/{repository}/blob/{commit}/{path}");
        resource["rlinks"] = json!([{ "href": href }]);
    }
    if let Some(version) = &source.version {
        resource["remarks"] = json!(format!("Version {version}"));
    }
    resource
}

/// The objectives of all checks, by the control that they are under.
fn objectives(document: &Document) -> Vec<Value> {
    let mut by_control: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for check in document.assessments.iter().flat_map(|of| &of.checks) {
        for (control, tie) in controls(check) {
            let id = objective(&check.id, &control);
            let part = json!({
                "id": id,
                "name": "assessment-objective",
                "props": [prop("check", &check.id), prop("tie", &tie)],
                "prose": format!("{} Wanted: {}.", check.why, check.wanted),
            });
            by_control.entry(control).or_default().insert(id, part);
        }
    }
    let all = by_control.into_iter();
    all.map(|(control, parts)| {
        json!({ "control-id": control, "parts": parts.into_values().collect::<Vec<_>>() })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: UUIDs are those that any implementation of version 5 makes: the example of RFC 9562.
    #[test]
    fn version_5_of_the_rfc() {
        let made = version_5(Uuid::NAMESPACE_DNS, "www.example.com").to_string();
        assert_eq!(made, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
