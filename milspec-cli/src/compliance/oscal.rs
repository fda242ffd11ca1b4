// SPDX-License-Identifier: GPL-2.0

//! The document as OSCAL assessment results, a result for each machine.
//!
//! The objectives are the checks' own: that one is satisfied says that settings of one machine are as the
//! check wants them, and never that a control is implemented. OSCAL knows satisfied and not satisfied
//! only. So a check that is not applicable is an observation without a finding, and one that could not be
//! read is not satisfied, with the reason "other".

use super::document::{Assessment, Checked, Document};
use super::judge::{Reason, Result as Came};
use super::registry::{Source, REGISTRY};
use crate::failure::{Failure, Result};
use crate::model::Word;
use jiff::Timestamp;
use serde_json::{json, Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Version of OSCAL.
const VERSION: &str = "1.2.1";

/// Whose properties these are, and the root of all UUIDs here.
const NAMESPACE: &str = "urn:dell-milspec:oscal";

/// The document. There is none about checks for which no control of SP 800-53 asks: OSCAL has results
/// of controls only.
pub fn text(document: &Document) -> Result<String> {
    let mut checks = document.assessments.iter().flat_map(|of| &of.checks);
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
    let root = Uuid::new_v5(&Uuid::NAMESPACE_URL, NAMESPACE.as_bytes());
    Uuid::new_v5(&root, words.join("\n").as_bytes()).to_string()
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
    let plan = uuid(&["plan", document.made_with]);
    let all: Vec<Value> = document
        .assessments
        .iter()
        .zip(&keys)
        .map(|(of, key)| result(document, of, key))
        .collect();
    let mut body = json!({
        "uuid": uuid(&["document", &document.made_at, &keys.join(" ")]),
        "metadata": {
            "title": "Compliance evidence of milspecctl",
            "last-modified": document.made_at,
            "version": "1",
            "oscal-version": VERSION,
            "props": [prop("made-with", &format!("milspecctl {}", document.made_with))],
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": all,
        "back-matter": { "resources": resources(document, &plan) },
    });
    let objectives = objectives(document);
    if !objectives.is_empty() {
        body["local-definitions"] = json!({ "objectives-and-methods": objectives });
    }
    body
}

/// A key for each machine: the same for the same machine in every document, and none twice in one.
fn keys(all: &[Assessment]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let key = |of: &Assessment| {
        let file = of.evidence.file.as_deref().unwrap_or_default();
        let own = of.service_tag_hash.clone();
        let key = own.unwrap_or_else(|| format!("{} {file}", of.machine.in_words()));
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

fn result(document: &Document, of: &Assessment, key: &str) -> Value {
    let made = &document.made_at;
    // What a file says of the time need not be one.
    let time = of.evidence.time.as_ref();
    let time = time.filter(|time| time.parse::<Timestamp>().is_ok() && time.ends_with('Z'));
    let time = time.unwrap_or(made);
    let (machine, tool) = (uuid(&["machine", key]), uuid(&["tool", key]));
    let covered: BTreeSet<String> = of
        .checks
        .iter()
        .flat_map(controls)
        .map(|(control, _)| control)
        .collect();
    let covered: Vec<Value> = covered
        .iter()
        .map(|id| json!({ "control-id": id }))
        .collect();
    let mut props = vec![
        prop("evidence", of.evidence.kind),
        prop("rests-on", &of.evidence.rests_on),
        prop(
            "simulated",
            if of.from.simulated == Some(true) {
                "yes"
            } else {
                "no"
            },
        ),
    ];
    props.extend(of.mark_words().iter().map(|word| prop("mark", word)));
    props.extend(of.marks().iter().map(|mark| prop("marked-because", mark)));
    props.extend(of.evidence.file.iter().map(|file| prop("file", file)));
    props.extend(
        of.evidence
            .key_sha256
            .iter()
            .map(|key| prop("key-sha256", key)),
    );
    let title = match of.marks().is_empty() {
        true => of.name(),
        false => format!("{} ({})", of.name(), of.mark_words().join(", ")),
    };
    let observations: Vec<Value> = of
        .checks
        .iter()
        .map(|check| observation(check, key, time, &machine, &tool))
        .collect();
    let findings: Vec<Value> = of
        .checks
        .iter()
        .flat_map(|check| findings(check, key))
        .collect();
    let mut result = json!({
        "uuid": uuid(&["result", made, key]),
        "title": line(&title),
        "description": format!(
            "What checks of milspecctl found on this machine: {}. Each covers settings of this machine, \
             and no whole control.",
            of.tally.in_words()
        ),
        "start": time,
        "end": made,
        "props": props,
        "local-definitions": local(document, of, &machine, &tool, key),
        "reviewed-controls": { "control-selections": [{ "include-controls": covered }] },
    });
    for (name, list) in [("observations", observations), ("findings", findings)] {
        if !list.is_empty() {
            result[name] = json!(list);
        }
    }
    result
}

/// The machine, and the tool that looked.
fn local(document: &Document, of: &Assessment, machine: &str, tool: &str, key: &str) -> Value {
    let mut props = vec![
        prop("vendor", &of.machine.vendor),
        prop("product", &of.machine.product),
        prop("bios-version", &of.machine.bios_version),
    ];
    let hash = of.service_tag_hash.iter();
    props.extend(hash.map(|hash| prop("service-tag-hash", hash)));
    json!({
        "inventory-items": [{
            "uuid": machine,
            "description": line(&of.machine.in_words()),
            "props": props,
        }],
        "assessment-assets": {
            "components": [{
                "uuid": tool,
                "type": "software",
                "title": "milspecctl",
                "description": "Reads what the driver dell_milspec and the kernel say of the machine.",
                "props": [prop("version", document.made_with)],
                "status": { "state": "operational" },
            }],
            "assessment-platforms": [{
                "uuid": uuid(&["platform", key]),
                "title": "The machine, or whoever judges what it says",
                "uses-components": [{ "component-uuid": tool }],
            }],
        },
    })
}

fn observation(check: &Checked, key: &str, time: &str, machine: &str, tool: &str) -> Value {
    let mut props = vec![
        prop("check", &check.id),
        prop("result", word(check)),
        prop("wanted", &check.wanted),
    ];
    props.extend(check.reason.map(|reason| prop("reason", reason.word())));
    let foreign = check.ids.iter().filter(|id| id.framework != "800-53");
    props.extend(foreign.map(|id| {
        let mut prop = prop("requirement", &format!("{} {}", id.framework, id.id));
        prop["class"] = json!(id.tie);
        prop
    }));
    let tested = check
        .seen
        .iter()
        .any(|seen| seen.name == "journal-kept" || seen.name == "anchor");
    let mut observation = Map::new();
    let mut put = |name: &str, value: Value| observation.insert(name.into(), value);
    put("uuid", json!(uuid(&["observation", key, &check.id])));
    put("title", json!(check.id));
    put(
        "description",
        json!(format!("{}. {}", check.told, check.why)),
    );
    put("props", json!(props));
    put("methods", json!([if tested { "TEST" } else { "EXAMINE" }]));
    put("types", json!(["control-objective"]));
    put(
        "origins",
        json!([{ "actors": [{ "type": "tool", "actor-uuid": tool }] }]),
    );
    put(
        "subjects",
        json!([{ "subject-uuid": machine, "type": "inventory-item" }]),
    );
    let seen = check.seen.iter().map(|seen| {
        let found = format!("{} {}: {}", seen.kind, seen.name, seen.found);
        json!({ "description": line(&found) })
    });
    let seen: Vec<Value> = seen.collect();
    if !seen.is_empty() {
        put("relevant-evidence", json!(seen));
    }
    put("collected", json!(time));
    if let Some(remedy) = &check.remedy {
        put("remarks", json!(format!("To do: {remedy}")));
    }
    Value::Object(observation)
}

/// A finding for each control; none where the machine has nothing that the check is about.
fn findings(check: &Checked, key: &str) -> Vec<Value> {
    if check.result == Came::NotApplicable {
        return Vec::new();
    }
    let satisfied = check.result == Came::Satisfied;
    let reason = match (satisfied, check.reason) {
        (true, _) => "pass",
        (_, Some(Reason::Unread)) => "other",
        _ => "fail",
    };
    let found = |(control, _): (String, Word)| {
        let mut finding = json!({
            "uuid": uuid(&["finding", key, &check.id, &control]),
            "title": format!("{} under {control}", check.id),
            "description": format!(
                "Covers what check {} looks at on this machine, and not the whole of {control}.",
                check.id
            ),
            "target": {
                "type": "objective-id",
                "target-id": objective(&check.id, &control),
                "status": {
                    "state": if satisfied { "satisfied" } else { "not-satisfied" },
                    "reason": reason,
                    "remarks": check.told,
                },
            },
            "related-observations": [{ "observation-uuid": uuid(&["observation", key, &check.id]) }],
        });
        if let Some(excepted) = &check.exception {
            let word = if excepted.honoured {
                "exception"
            } else {
                "expired-exception"
            };
            finding["props"] = json!([
                prop(word, &excepted.reason),
                prop("exception-owner", &excepted.owner),
                prop("exception-until", &excepted.until),
            ]);
        }
        finding
    };
    controls(check).into_iter().map(found).collect()
}

/// What a check came to, in one word.
fn word(check: &Checked) -> &'static str {
    match check.result {
        Came::Satisfied => "satisfied",
        Came::NotSatisfied => "not-satisfied",
        Came::NotApplicable => "not-applicable",
    }
}
