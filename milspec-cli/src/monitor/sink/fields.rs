// SPDX-License-Identifier: GPL-2.0

//! A line as journald has it: a message that says it all, and fields.

use super::catalog;
use crate::monitor::Line;
use serde_json::Value;
use std::io;

/// Who says it, for `journalctl --identifier`.
pub const IDENTIFIER: &str = "milspec-monitor";

/// What stands behind the sentence, in this order, where it is not null: the name in the line, and the
/// one in the message.
const SAID: &[(&str, &str)] = &[
    ("kind", "kind"),
    ("rule", "rule"),
    ("note", "note"),
    ("control", "control"),
    ("class", "class"),
    ("from", "from"),
    ("to", "to"),
    ("direction", "direction"),
    ("mode", "mode"),
    ("step", "step"),
    ("outcome", "outcome"),
    ("reason", "reason"),
    ("error", "error"),
    ("drift", "drift"),
    ("origin", "origin"),
    ("pid", "pid"),
    ("uid", "uid"),
    ("user", "user"),
    ("login", "login"),
    ("command", "command"),
    ("unit", "unit"),
    ("bios_before", "bios_before"),
    ("bios_after", "bios_after"),
    ("surprise", "surprise"),
    ("because", "because"),
    ("sink", "sink"),
    ("count", "count"),
    ("load", "load"),
    ("sequence", "seq"),
    ("sequences", "seqs"),
    ("chain", "chain"),
    ("pcr", "pcr"),
    ("anchored", "anchored"),
    ("id", "id"),
    ("simulated", "simulated"),
];

/// The fields of a line, in an order that does not change.
pub fn of(line: &Line) -> io::Result<Vec<(String, String)>> {
    let mut fields = vec![
        ("PRIORITY".to_string(), priority(&line.severity).to_string()),
        ("SYSLOG_IDENTIFIER".to_string(), IDENTIFIER.to_string()),
        ("MESSAGE_ID".to_string(), catalog::message_id(line).into()),
    ];
    let document = serde_json::to_value(line)?;
    fields.push(("MESSAGE".to_string(), message(&line.message, &document)));
    let Value::Object(document) = document else {
        return Ok(fields);
    };
    for (name, value) in &document {
        let value = text(value).filter(|_| name != "message");
        fields.extend(value.map(|value| (format!("MILSPEC_{}", name.to_uppercase()), value)));
    }
    Ok(fields)
}

/// The number of a severity in `syslog(3)`; of a word that nobody knows, that of a warning.
fn priority(severity: &str) -> u8 {
    match severity {
        "error" => 3,
        "notice" => 5,
        "info" => 6,
        _ => 4,
    }
}

/// The sentence, and what the fields say, for those who forward nothing but the message.
fn message(sentence: &str, document: &Value) -> String {
    let mut message = plain(sentence);
    for (name, said) in SAID {
        let value = document
            .get(name)
            .filter(|value| **value != Value::Bool(false));
        if let Some(value) = value.and_then(text) {
            message.push_str(&format!(" {said}={}", quoted(&value)));
        }
    }
    message
}

/// A value, where there is one. Of a list, its entries with commas between them.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) if values.is_empty() => None,
        Value::Array(values) => {
            let values: Vec<String> = values.iter().filter_map(text).collect();
            Some(values.join(","))
        }
        other => Some(other.to_string()),
    }
}

/// A value that nobody can take for two, or for another name: a command chooses its own.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.,:/@+".contains(letter);
    match !value.is_empty() && value.chars().all(is_plain) {
        true => value.to_string(),
        false => format!("{value:?}"),
    }
}

/// Without a character that ends a line or that a terminal acts on.
fn plain(sentence: &str) -> String {
    let spelled = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    sentence.chars().map(spelled).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{line, others, step};
    use super::*;
    use crate::monitor::{Record, What};

    fn field(line: &Line, wanted: &str) -> Option<String> {
        let fields = of(line).unwrap();
        let found = fields.into_iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value)
    }

    /// Promise: the message alone says what has happened, in the form that the documents show.
    #[test]
    fn message_says_it_all() {
        let message = field(&step(42), "MESSAGE").unwrap();
        let load = "ab".repeat(16);
        assert_eq!(
            message,
            format!(
                "camera was changed kind=step control=camera from=disabled to=enabled \
                 direction=weaker login=ann command=milspecctl count=0 load={load} seq=42 \
                 chain=\"\" simulated=true"
            )
        );
    }

    /// Promise: what a process calls itself adds no name and no line to a message.
    #[test]
    fn nobody_forges_a_message() {
        let record = Record {
            kind: "step".into(),
            command: Some("x\nlogin=root direction=\"".into()),
            ..Record::default()
        };
        let forged = line("a\nsentence", What::Record(Box::new(record)));
        let message = field(&forged, "MESSAGE").unwrap();
        assert!(!message.contains('\n'), "{message}");
        let quoted = r#"a\nsentence kind=step command="x\nlogin=root direction=\"" count=0"#;
        assert!(message.starts_with(quoted), "{message}");
    }

    /// Promise: every field of a line that is not null is there under its own name, and journald takes
    /// that name.
    #[test]
    fn fields_are_those_of_the_line() {
        for line in others().into_iter().chain([step(1)]) {
            let document = serde_json::to_value(&line).unwrap();
            let fields = of(&line).unwrap();
            for (name, value) in document.as_object().unwrap() {
                let there = field(&line, &format!("MILSPEC_{}", name.to_uppercase()));
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                assert_eq!(there.is_some(), !empty && name != "message", "{name}");
            }
            for (name, _) in fields {
                let is_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
                assert!(name.bytes().all(is_name) && name.len() < 64, "{name}");
            }
        }
        assert_eq!(field(&step(7), "MILSPEC_SEQUENCE").as_deref(), Some("7"));
        let [finding, ..] = others();
        let field = |name: &str| field(&finding, name);
        assert_eq!(field("MILSPEC_SEQUENCES").as_deref(), Some("7,9"));
        assert_eq!(field("MILSPEC_SURPRISE").as_deref(), Some("6.5"));
    }

    /// Promise: the Sigma rules speak of fields that lines have, under their names in journald.
    #[test]
    fn sigma_knows_the_fields() {
        let pipeline = include_str!("../../../../packaging/sigma/journald-pipeline.yaml");
        let lines = others().into_iter().chain([step(1)]);
        let documents: Vec<Value> = lines
            .map(|line| serde_json::to_value(line).unwrap())
            .collect();
        let mut count = 0;
        let mapped = |line: &&str| line.contains(": MILSPEC_") || line.ends_with(": MESSAGE");
        for line in pipeline.lines().filter(mapped) {
            let (name, there) = line.trim().split_once(": ").unwrap();
            count += 1;
            let known = documents
                .iter()
                .any(|document| document.get(name).is_some());
            assert!(known, "{name}");
            let upper = format!("MILSPEC_{}", name.to_uppercase());
            assert!(
                there == upper || name == "message" && there == "MESSAGE",
                "{line}"
            );
        }
        assert!(count > 20);
    }

    /// Promise: a severity has the number of `syslog(3)`.
    #[test]
    fn priorities() {
        let of = |severity: &'static str| {
            let mut line = step(1);
            line.severity = severity.into();
            field(&line, "PRIORITY").unwrap()
        };
        let words = ["error", "warning", "notice", "info", "severity-9"];
        assert_eq!(words.map(of), ["3", "4", "5", "6", "4"]);
    }
}
