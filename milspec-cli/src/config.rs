// SPDX-License-Identifier: GPL-2.0

//! The desired state: the document `milspec.config/1`, as people write it, in TOML.
//!
//! What is wrong with it has a place in it: the first error is told, with line and column.

use crate::change::{Assignment, Change, Skipped, ABSENT, LEAVE};
use crate::failure::{Exit, Failure, Result};
use crate::model::{mode_word, modes, Control, Word};
use crate::refusal::near;
use crate::words::shown;
use crate::{catalogue, input};
use milspec_uapi::{MODE_NONE, MODE_PARANOID_PLUS};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Spanned;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.config/1";

/// More than any such document has.
const LENGTH_MAX: u64 = 1 << 20;

/// Text with its place.
type Placed = Spanned<String>;

/// The document, as it stands in its file.
#[derive(Debug)]
pub struct Config {
    file: String,
    text: String,
    document: Document,
}

/// What the keys of the document hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    schema: Placed,
    about: Option<String>,
    mode: Option<Placed>,
    #[serde(default)]
    accept_latch: bool,
    #[serde(default)]
    controls: BTreeMap<Placed, Placed>,
    #[serde(default)]
    if_present: BTreeMap<Placed, Placed>,
}

/// The keys of [`Document`].
const KEYS: [&str; 6] = [
    "schema",
    "about",
    "mode",
    "accept-latch",
    "controls",
    "if-present",
];

/// What is wrong, and at which byte.
struct Fault {
    at: usize,
    why: String,
    next: String,
}

type Parsed<T> = std::result::Result<T, Fault>;

fn fault<T>(at: &Placed, why: impl Into<String>, next: impl Into<String>) -> Parsed<T> {
    Err(Fault {
        at: at.span().start,
        why: why.into(),
        next: next.into(),
    })
}

impl Config {
    /// Reads the file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self> {
        let (file, text) = text(path)?;
        let document = document(&text).map_err(|fault| fault.failure(&file, &text))?;
        Ok(Self {
            file,
            text,
            document,
        })
    }

    /// What to call the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What it says of itself.
    pub fn about(&self) -> Option<String> {
        self.document.about.as_deref().map(shown)
    }

    /// What it asks of a machine with these controls.
    pub fn change(&self, controls: &[Control]) -> Result<Change> {
        let change = self.document.change(controls);
        change.map_err(|fault| fault.failure(&self.file, &self.text))
    }
}

impl Document {
    fn change(&self, controls: &[Control]) -> Parsed<Change> {
        let must = self.controls.iter().map(|entry| (entry, true));
        let may = self.if_present.iter().map(|entry| (entry, false));
        let mut entries: Vec<_> = must.chain(may).collect();
        entries.sort_by_key(|((name, _), _)| name.span().start);
        let mut change = Change {
            mode: self.mode(entries.first().map(|((name, _), _)| *name))?,
            leaves: true,
            accept_latch: self.accept_latch,
            ..Change::default()
        };
        for (at, ((name, value), must)) in entries.iter().enumerate() {
            let mut before = entries.iter().take(at);
            if before.any(|((other, _), _)| other.get_ref() == name.get_ref()) {
                return fault(
                    name,
                    format!("\"{}\" stands in both tables", shown(name.get_ref())),
                    "keep one of the two",
                );
            }
            let asked = Assignment::new(name.get_ref(), value.get_ref());
            match skips(name, value, *must, controls)? {
                Some(why) => change.skipped.push(Skipped::new(asked, why)),
                None => change.assignments.push(asked),
            }
        }
        Ok(change)
    }

    fn mode(&self, exception: Option<&Placed>) -> Parsed<u8> {
        let Some(mode) = &self.mode else {
            return Ok(MODE_NONE);
        };
        let names: Vec<Word> = modes().map(mode_word).collect();
        let names = names.iter().map(AsRef::as_ref);
        let Some(number) = modes().find(|n| mode_word(*n) == *mode.get_ref()) else {
            return fault(
                mode,
                format!("there is no mode \"{}\"", shown(mode.get_ref())),
                did_you_mean(mode.get_ref(), names, "the modes are"),
            );
        };
        match exception {
            Some(name) if number == MODE_PARANOID_PLUS => fault(
                name,
                "mode paranoid-plus takes no exceptions",
                "name no controls, or choose mode paranoid",
            ),
            _ => Ok(number),
        }
    }
}

/// Why an entry is not for this machine, if it is not; a fault where no machine could take it.
fn skips(
    name: &Placed,
    value: &Placed,
    must: bool,
    controls: &[Control],
) -> Parsed<Option<&'static str>> {
    let (named, wanted) = (name.get_ref().as_str(), value.get_ref().as_str());
    let control = Control::named(controls, named);
    let mut values: Vec<&str> = match control {
        Some(control) => control.values.iter().map(|v| v.name.as_str()).collect(),
        None => catalogue::values(named),
    };
    if control.is_none() && (must || values.is_empty()) {
        let mut all: Vec<&str> = catalogue::names().collect();
        let here = controls.iter().map(|control| control.name.as_str());
        all.extend(here.filter(|name| !catalogue::knows(name)));
        return fault(
            name,
            match must {
                true => format!("this machine has no control \"{}\"", shown(named)),
                false => format!("no machine has a control \"{}\"", shown(named)),
            },
            match near(named, all.into_iter()).as_slice() {
                _ if !values.is_empty() => {
                    "put it below [if-present]: some machines lack it".into()
                }
                [] => "\"milspecctl control list\" shows all names".into(),
                near => format!("did you mean {}?", near.join(", ")),
            },
        );
    }
    values.push(LEAVE);
    if !values.contains(&wanted) {
        return fault(
            value,
            format!("{named} has no value \"{}\"", shown(wanted)),
            did_you_mean(wanted, values.into_iter(), "its values are"),
        );
    }
    let listed = |control: &Control| {
        let mut values = control.values.iter();
        wanted == LEAVE || values.any(|value| value.name == wanted && value.present)
    };
    Ok(match control {
        None => Some(ABSENT),
        Some(control) if !must && !listed(control) => Some("this machine does not list that value"),
        Some(_) => None,
    })
}

/// The names that are near, or all of them.
fn did_you_mean<'a>(
    wrong: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    all_are: &str,
) -> String {
    match near(wrong, names.clone()).as_slice() {
        [] => format!("{all_are} {}", names.collect::<Vec<_>>().join(", ")),
        near => format!("did you mean \"{}\"?", near.join("\", \"")),
    }
}

fn document(text: &str) -> Parsed<Document> {
    let document: Document = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let here = text.get(span.clone()).unwrap_or_default();
        let (why, next) = match error.message() {
            message if message.starts_with("unknown field") => (
                format!("there is no key \"{}\" here", shown(here)),
                did_you_mean(here, KEYS.into_iter(), "the keys are"),
            ),
            "missing field `schema`" => (
                "the document does not say what it is".into(),
                format!("begin with: schema = \"{SCHEMA}\""),
            ),
            "duplicate key" => (
                format!("\"{}\" stands here a second time", shown(here)),
                "keep one of the two".into(),
            ),
            message => (
                shown(message),
                "\"milspecctl config export\" prints such a file".into(),
            ),
        };
        Fault {
            at: span.start,
            why,
            next,
        }
    })?;
    match document.schema.get_ref() {
        schema if schema == SCHEMA => Ok(document),
        schema => fault(
            &document.schema,
            format!("milspecctl does not know the schema \"{}\"", shown(schema)),
            format!("write \"{SCHEMA}\", or update milspecctl"),
        ),
    }
}

impl Fault {
    /// In the three parts that every error has. Lines and columns count from 1, columns in
    /// characters.
    fn failure(self, file: &str, text: &str) -> Failure {
        let before = text.get(..self.at).unwrap_or(text);
        // Some editors write a mark of the byte order, which no reader sees.
        let before = before.strip_prefix('\u{FEFF}').unwrap_or(before);
        let (line, column) = place(before);
        Failure::new(
            "config-invalid",
            format!("{file} is wrong in line {line}, column {column}"),
            self.why,
            self.next,
        )
    }
}

/// Line and column of what comes after this text.
fn place(before: &str) -> (usize, usize) {
    let line = before.rsplit('\n').next().unwrap_or_default();
    (1 + before.matches('\n').count(), 1 + line.chars().count())
}

/// Name and text of a file.
fn text(path: &Path) -> Result<(String, String)> {
    let name = shown(&input::name(path));
    // One byte more than allowed shows that there is more.
    let bytes = input::read(path, LENGTH_MAX + 1).map_err(|failure| Failure {
        code: "config-unreadable",
        exit: Exit::Failed,
        what: format!("cannot read {name}"),
        ..failure
    })?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(Failure::new(
            "config-invalid",
            format!("{name} is too long"),
            "it has more than 1 MiB, which no such document has",
            "name a document like that of \"milspecctl config export\"",
        ));
    }
    String::from_utf8(bytes)
        .map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes());
            let fault = Fault {
                at: good,
                why: "what stands here is not UTF-8 text".into(),
                next: "save it as UTF-8; is it the right file?".into(),
            };
            fault.failure(&name, &text)
        })
        .map(|text| (name.clone(), text))
}
