// SPDX-License-Identifier: GPL-2.0

//! What rules are asked about: a record of the journal, or what the monitor itself has noticed.

use super::{Direction, Record};
use crate::model::Word;
use std::borrow::Cow;

/// What the monitor notices by itself, besides the kinds of records.
pub const KINDS: [&str; 7] = [
    "difference",
    "load",
    "records-lost",
    "chain-broken",
    "clock-moved",
    "look-old",
    "look-fails",
];

/// What a rule can ask for.
pub const FIELDS: [&str; 16] = [
    "kind",
    "control",
    "class",
    "from",
    "to",
    "direction",
    "step",
    "outcome",
    "reason",
    "error",
    "origin",
    "login",
    "attended",
    "hours",
    "cause",
    "bios",
];

/// One thing that has happened. What it does not speak of is `none` to a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// A kind of record, or one of [`KINDS`].
    pub kind: Word,
    /// Which load of the module it belongs to.
    pub load: String,
    /// The record, where it is one; else what tells it from others of its kind.
    pub place: Place,
    /// When, in nanoseconds since 1970.
    pub wall_ns: u64,
    /// Name of the control.
    pub control: Option<String>,
    /// Its class.
    pub class: Option<Word>,
    /// Name of the value before.
    pub from: Option<String>,
    /// Name of the value after.
    pub to: Option<String>,
    /// Which way that goes.
    pub direction: Option<Direction>,
    /// What became of a step.
    pub step: Option<Word>,
    /// How an apply ended.
    pub outcome: Option<Word>,
    /// Why a request was refused.
    pub reason: Option<Word>,
    /// The errno.
    pub error: Option<String>,
    /// How it came to the driver.
    pub origin: Option<Word>,
    /// The user that had logged in.
    pub login: Option<String>,
    /// Whether somebody had logged in, or a unit that may do so without has done it; `None` where
    /// nobody did anything.
    pub attended: Option<bool>,
    /// Whether it is in the hours that the site works; `None` where it has not said which.
    pub at_work: Option<bool>,
    /// Of a difference, what lies between: `boot`, `load`, `records-lost` or `nothing`. Of a load,
    /// whether it is the first in this boot that the monitor knows of: `boot` or `load`.
    pub cause: Option<&'static str>,
    /// Versions of the BIOS before and after, where a boot or a load lies between.
    pub bios: Option<(String, String)>,
    /// More, in words.
    pub more: Option<String>,
}

/// What names an observation in its load.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Sequence of a record.
    Record(u64),
    /// Anything else.
    Named(String),
}

impl Default for Place {
    fn default() -> Self {
        Self::Named(String::new())
    }
}

impl Observation {
    /// Of a record.
    pub fn of(record: &Record, wall_ns: u64) -> Self {
        let by_driver = record.origin.as_deref() == Some("driver") || record.origin.is_none();
        let login = record
            .login
            .clone()
            .or(record.login_uid.map(|uid| uid.to_string()));
        Self {
            kind: record.kind.clone(),
            load: record.load.clone(),
            place: Place::Record(record.sequence),
            wall_ns,
            control: record.control.clone(),
            class: record.class.clone(),
            from: record.from.clone(),
            to: record.to.clone(),
            direction: record.direction,
            step: record.step.clone(),
            outcome: record.outcome.clone(),
            reason: record.reason.clone(),
            error: record.error.clone(),
            origin: record.origin.clone(),
            attended: (!by_driver).then_some(login.is_some()),
            login,
            ..Self::default()
        }
    }

    /// What a rule sees of it under one of [`FIELDS`].
    pub fn field(&self, name: &str) -> Cow<'_, str> {
        let text = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
        let word = |word: &'_ Option<Word>| word.clone();
        let either = |is: Option<bool>, yes: &'static str, no: &'static str| {
            is.map(|is| Cow::Borrowed(if is { yes } else { no }))
        };
        let found = match name {
            "kind" => Some(self.kind.clone()),
            "control" => text(&self.control),
            "class" => word(&self.class),
            "from" => text(&self.from),
            "to" => text(&self.to),
            "direction" => self.direction.map(|way| Cow::Borrowed(way.word())),
            "step" => word(&self.step),
            "outcome" => word(&self.outcome),
            "reason" => word(&self.reason),
            "error" => text(&self.error),
            "origin" => word(&self.origin),
            "login" => text(&self.login),
            "attended" => either(self.attended, "yes", "no"),
            "hours" => either(self.at_work, "working", "off"),
            "cause" => self.cause.map(Cow::Borrowed),
            "bios" => self.bios.as_ref().map(|(before, after)| {
                let same = before == after && !before.is_empty();
                Cow::Borrowed(if same { "same" } else { "changed" })
            }),
            _ => None,
        };
        found.unwrap_or(Cow::Borrowed("none"))
    }
}
