// SPDX-License-Identifier: GPL-2.0

//! The result of one machine: what was observed, and what was found under each control.

use super::{controls, line, objective, prop, uuid};
use crate::compliance::document::{Assessment, Checked, Document};
use crate::compliance::judge::{Reason, Result as Came, Seen};
use crate::model::Word;
use jiff::Timestamp;
use serde_json::{json, Map, Value};
use std::collections::BTreeSet;

/// Stands where OSCAL wants a time and none is known.
const NO_TIME: &str = "1970-01-01T00:00:00Z";

/// Says so.
const NO_TIME_KNOWN: &str =
    "When this was collected is not known. OSCAL wants a time: 1970-01-01T00:00:00Z stands for none.";

/// When evidence was collected, as far as that is known.
struct When {
    /// When the collection began: with the reading of the driver.
    start: Option<String>,
    /// When the driver last read the firmware.
    controls: Option<String>,
    /// When everything else was looked at.
    facts: Option<String>,
}

impl When {
    fn of(of: &Assessment) -> Self {
        // What a file says of the time need not be one.
        let time = |text: &Option<String>| text.as_ref()?.parse::<Timestamp>().ok();
        let (read, made) = (time(&of.evidence.read_at), time(&of.evidence.time));
        let written = |time: Timestamp| time.to_string();
        Self {
            start: read.min(made).or(made).or(read).map(written),
            controls: read.map(written),
            facts: made.map(written),
        }
    }

    /// When what this check has looked at was collected.
    fn collected(&self, check: &Checked) -> Option<&str> {
        let is_read = |seen: &Seen| {
            seen.kind == "control" || matches!(seen.name.as_str(), "tamper" | "drift")
        };
        match check.seen.iter().any(is_read) {
            true => self.controls.as_deref(),
            false => self.facts.as_deref(),
        }
    }
}

/// The result.
pub(super) fn result(document: &Document, of: &Assessment, key: &str) -> Value {
    let made = &document.made_at;
    let when = When::of(of);
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
            match of.from.simulated {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
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
    if when.start.is_none() {
        props.push(prop("collected", "unknown"));
    }
    let title = match of.marks().is_empty() {
        true => of.name(),
        false => format!("{} ({})", of.name(), of.mark_words().join(", ")),
    };
    let observations: Vec<Value> = of
        .checks
        .iter()
        .map(|check| observation(check, key, &when, &machine, &tool))
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
        "start": when.start.as_deref().unwrap_or(NO_TIME),
        "props": props,
        "local-definitions": local(document, of, &machine, &tool, key),
        "reviewed-controls": { "control-selections": [{ "include-controls": covered }] },
    });
    match &when.start {
        Some(_) => result["end"] = json!(made),
        None => result["remarks"] = json!(NO_TIME_KNOWN),
    }
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

fn observation(check: &Checked, key: &str, when: &When, machine: &str, tool: &str) -> Value {
    let mut props = vec![
        prop("check", &check.id),
        prop("result", word(check)),
        prop("wanted", &check.wanted),
    ];
    props.extend(check.reason.map(|reason| prop("reason", reason.word())));
    let collected = when.collected(check);
    if collected.is_none() {
        props.push(prop("collected", "unknown"));
    }
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
    put("collected", json!(collected.unwrap_or(NO_TIME)));
    let remedy = check.remedy.as_ref();
    let remedy = remedy.map(|remedy| format!("To do: {remedy}"));
    let untimed = collected.is_none().then(|| NO_TIME_KNOWN.to_owned());
    let remarks: Vec<String> = remedy.into_iter().chain(untimed).collect();
    if !remarks.is_empty() {
        put("remarks", json!(remarks.join("\n\n")));
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
    let found = |(control, tie): (String, Word)| {
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
        let mut props = vec![prop("tie", &tie)];
        if let Some(excepted) = &check.exception {
            let word = if excepted.honoured {
                "exception"
            } else {
                "expired-exception"
            };
            props.extend([
                prop(word, &excepted.reason),
                prop("exception-owner", &excepted.owner),
                prop("exception-until", &excepted.until),
            ]);
        }
        finding["props"] = json!(props);
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
