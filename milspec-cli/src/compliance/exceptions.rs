// SPDX-License-Identifier: GPL-2.0

//! Exceptions: somebody has decided that a check need not be satisfied, for a reason and until a day.

use super::registry::Registry;
use crate::failure::{Failure, Result};
use crate::input;
use crate::words::shown;
use glob::Pattern;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name and major version of the file.
pub const SCHEMA: &str = "milspec.exceptions/1";

/// More than any such file has.
const LENGTH_MAX: u64 = 1 << 20;

/// The exceptions of a file; empty without one.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    all: Vec<Exception>,
}

#[derive(Clone, Debug)]
struct Exception {
    entry: Entry,
    machine: Option<Pattern>,
    until: Date,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[serde(default)]
    exception: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    check: String,
    machine: Option<String>,
    owner: String,
    reason: String,
    until: String,
}

/// An exception as it stands beside the check that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excepted {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Its last day, in UTC.
    pub until: String,
    /// Whether it counts: not after its last day.
    pub honoured: bool,
}

impl Exception {
    /// How closely it names a machine: in full before a pattern, the longer pattern before the shorter, and
    /// last what is for all.
    fn closeness(&self) -> (bool, usize) {
        let machine = self.entry.machine.as_deref();
        let is_full = machine.is_some_and(|text| !text.contains('*'));
        (
            is_full,
            machine.map_or(0, |text| text.len().saturating_add(1)),
        )
    }
}

impl Exceptions {
    /// Reads a file; `-` is standard input.
    pub fn read(path: &Path, registry: &Registry) -> Result<Self> {
        let bytes = input::read(path, LENGTH_MAX)?;
        let text = String::from_utf8_lossy(&bytes);
        Self::parse(&text, registry).map_err(|why| {
            Failure::new(
                "exceptions-invalid",
                format!("{} is no file of exceptions", input::name(path)),
                shown(why.trim()),
                "put it right: docs/compliance.md shows such a file",
            )
        })
    }

    /// Reads its text; else, in words, what is wrong.
    pub fn parse(text: &str, registry: &Registry) -> std::result::Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.schema != SCHEMA {
            return Err(format!(
                "its schema is \"{}\", not \"{SCHEMA}\"",
                file.schema
            ));
        }
        let exception = |entry: Entry| {
            let check = &entry.check;
            if registry.check(check).is_none() {
                return Err(format!("there is no check \"{check}\""));
            }
            if entry.owner.trim().is_empty() || entry.reason.trim().is_empty() {
                return Err(format!("{check}: it needs an owner and a reason"));
            }
            let until: Option<Date> = entry.until.parse().ok();
            let until = until.filter(|until| until.to_string() == entry.until);
            let until = until.ok_or(format!("{check}: until is no day as 2026-12-31 is"))?;
            // Only "*" means more than itself, and two of them, which have a meaning in paths, no more
            // than one.
            let machine = entry.machine.as_ref();
            let machine = machine.map(|text| {
                let mut text: Vec<char> = text.chars().collect();
                text.dedup_by(|one, other| (*one, *other) == ('*', '*'));
                let parts: Vec<String> = text
                    .split(|one| *one == '*')
                    .map(|part| Pattern::escape(&part.iter().collect::<String>()))
                    .collect();
                Pattern::new(&parts.join("*"))
            });
            let machine = machine.transpose();
            Ok(Exception {
                machine: machine.map_err(|error| format!("{check}: machine: {error}"))?,
                until,
                entry,
            })
        };
        let all: std::result::Result<_, String> =
            file.exception.into_iter().map(exception).collect();
        Ok(Self { all: all? })
    }

    /// The exception from this check for a machine with one of these names. The one that names the machine
    /// most closely decides, whether it is expired or not; of several such the one that ends last.
    pub fn of(&self, check: &str, names: &[&str]) -> Option<Excepted> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let fits = |exception: &&Exception| {
            let of_machine = |pattern: &Pattern| names.iter().any(|name| pattern.matches(name));
            exception.entry.check == check && exception.machine.as_ref().is_none_or(of_machine)
        };
        let fitting = self.all.iter().filter(fits);
        let found = fitting.max_by_key(|exception| (exception.closeness(), exception.until))?;
        Some(Excepted {
            owner: found.entry.owner.clone(),
            reason: found.entry.reason.clone(),
            until: found.until.to_string(),
            honoured: today <= found.until,
        })
    }
}
