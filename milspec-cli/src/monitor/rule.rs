// SPDX-License-Identifier: GPL-2.0

//! Rules: what of all that happens is a finding. They are data: `rules.toml`, and what a site adds.

use super::observation::{Observation, FIELDS, KINDS};
use crate::model::{kind_word, Word};
use jiff::SignedDuration;
use milspec_uapi::{KIND_LOAD, KIND_TRAINING_ENDED};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Name and major version of the file.
pub const SCHEMA: &str = "milspec.monitor-rules/1";
/// The rules that come with milspecctl.
pub const OURS: &str = include_str!("rules.toml");

/// More times than this nothing is counted.
const COUNT_MAX: u32 = 100;
/// Nothing is remembered for longer.
const WITHIN_MAX: SignedDuration = SignedDuration::from_hours(24 * 31);
const SEVERITIES: [&str; 4] = ["error", "warning", "notice", "info"];
const PER: [&str; 2] = ["control", "login"];

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// How much a finding matters.
    pub severity: Word,
    /// What a finding means.
    pub title: String,
    /// More about that.
    pub about: Option<String>,
    /// Any of these has to fit.
    when: Vec<When>,
    /// How many of them make a finding.
    pub count: u32,
    /// In what time, in nanoseconds.
    pub within_ns: u64,
    /// Counted for each value of this field.
    per: Option<String>,
}

/// The words that each field may have.
type When = BTreeMap<String, Words>;

/// A rule as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    id: String,
    severity: String,
    title: String,
    about: Option<String>,
    when: Tables,
    count: Option<u32>,
    within: Option<String>,
    per: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Any(Vec<String>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Tables {
    One(When),
    Any(Vec<When>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    rule: Vec<Entry>,
}

impl Words {
    fn all(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Any(words) => words,
        }
    }
}

impl Rule {
    /// Checks an entry; else, in words, what is wrong with it.
    pub fn new(entry: Entry) -> Result<Self, String> {
        let wrong = |why: String| Err(format!("rule \"{}\": {why}", entry.id));
        let when = match entry.when {
            Tables::One(when) => vec![when],
            Tables::Any(all) => all,
        };
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if entry.id.is_empty() || entry.id.len() > 64 || !entry.id.chars().all(named) {
            return wrong("its id is not of small letters, digits and -".into());
        }
        if when.is_empty() || when.iter().any(|when| !when.contains_key("kind")) {
            return wrong("each table of \"when\" needs a \"kind\"".into());
        }
        for (field, words) in when.iter().flatten() {
            if !FIELDS.contains(&field.as_str()) {
                return wrong(format!("there is no field \"{field}\""));
            }
            let unknown = words.all().iter().find(|word| !is_kind(word));
            if let Some(word) = unknown.filter(|_| field == "kind") {
                return wrong(format!("there is no kind \"{word}\""));
            }
        }
        let Some(severity) = SEVERITIES.into_iter().find(|word| *word == entry.severity) else {
            return wrong(format!("its severity is none of {}", SEVERITIES.join(", ")));
        };
        if let Some(per) = entry.per.as_deref().filter(|per| !PER.contains(per)) {
            return wrong(format!("it cannot count per \"{per}\""));
        }
        let within_ns = match (entry.count.unwrap_or(1), entry.within.as_deref()) {
            (1, None) => 0,
            (0 | 1, _) | (_, None) => return wrong("\"count\" and \"within\" go together".into()),
            (count, _) if count > COUNT_MAX => {
                return wrong(format!("it counts to more than {COUNT_MAX}"))
            }
            (_, Some(within)) => match time(within).filter(|time| *time <= WITHIN_MAX) {
                Some(time) => u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
                None => return wrong("\"within\" is a time such as 10m, 744h at most".into()),
            },
        };
        Ok(Self {
            id: entry.id,
            severity: severity.into(),
            title: entry.title,
            about: entry.about,
            when,
            count: entry.count.unwrap_or(1),
            within_ns,
            per: entry.per,
        })
    }

    /// Whether an observation is one of those that it counts.
    pub fn fits(&self, observation: &Observation) -> bool {
        self.when.iter().any(|when| {
            let mut fields = when.iter();
            fields.all(|(field, words)| {
                let here = observation.field(field);
                words.all().iter().any(|word| *word == here)
            })
        })
    }

    /// What is counted together with this observation.
    pub fn key(&self, observation: &Observation) -> String {
        let per = self.per.as_deref().map(|per| observation.field(per));
        per.map_or_else(String::new, |value| value.into_owned())
    }

    /// What it looks for, in words.
    pub fn in_words(&self) -> String {
        let when = self.when.iter().map(|when| {
            let fields = when
                .iter()
                .map(|(field, words)| format!("{field}: {}", words.all().join(", ")));
            fields.collect::<Vec<_>>().join("; ")
        });
        let times = match self.count {
            1 => String::new(),
            count => {
                let within = whole(self.within_ns);
                let per = self.per.as_ref().map(|per| format!(", per {per}"));
                format!(
                    " ({count} times within {within}{})",
                    per.unwrap_or_default()
                )
            }
        };
        when.collect::<Vec<_>>().join(" / ") + &times
    }
}

/// A time such as `10m`.
pub fn time(text: &str) -> Option<SignedDuration> {
    let time: SignedDuration = text.parse().ok()?;
    time.is_positive().then_some(time)
}

/// A time in nanoseconds, in the largest unit of which it is a whole number.
fn whole(ns: u64) -> String {
    let units = [
        ("h", 3_600_000_000_000),
        ("min", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
    ];
    let unit = units.into_iter().find(|(_, size)| ns % size == 0);
    let (unit, size) = unit.unwrap_or(("ns", 1));
    format!("{} {unit}", ns / size)
}

fn is_kind(word: &str) -> bool {
    let mut numbers = KIND_LOAD..=KIND_TRAINING_ENDED;
    KINDS.contains(&word) || numbers.any(|number| kind_word(number) == word)
}

/// The rules of a file; else, in words, what is wrong.
pub fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.schema != SCHEMA {
        return Err(format!("its schema is not \"{SCHEMA}\""));
    }
    checked(file.rule)
}

/// Checks entries, each of another name.
pub fn checked(entries: Vec<Entry>) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    for entry in entries {
        let rule = Rule::new(entry)?;
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(format!("rule \"{}\" is there twice", rule.id));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// The rules that come with milspecctl: a test has read them.
pub fn ours() -> Vec<Rule> {
    parse(OURS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: the rules that come with milspecctl can be read, all of them.
    #[test]
    fn ours_can_be_read() {
        let rules = parse(OURS).unwrap();
        assert_eq!(rules.len(), OURS.matches("[[rule]]").count());
        assert_eq!(rules, ours());
    }

    fn wrong(line: &str) -> String {
        let rule = "id = \"a\"\nseverity = \"error\"\ntitle = \"b\"\n";
        let text = format!("schema = \"{SCHEMA}\"\n[[rule]]\n{rule}{line}");
        parse(&text).map(drop).unwrap_err()
    }

    /// Promise: a rule that could never find anything, because a word in it is wrong, is refused.
    #[test]
    fn words_that_nothing_has_are_refused() {
        assert!(wrong("when = { kind = \"tampering\" }").contains("no kind \"tampering\""));
        assert!(wrong("when = { kind = \"tamper\", contol = \"a\" }").contains("no field"));
        // A word of a step, and of no kind.
        assert!(wrong("when = { kind = \"degraded\" }").contains("no kind \"degraded\""));
        assert!(wrong("when = { control = \"camera\" }").contains("needs a \"kind\""));
        assert!(wrong("when = []").contains("needs a \"kind\""));
        let counted = "when = { kind = \"tamper\" }\ncount = 3\n";
        assert!(wrong(counted).contains("go together"));
        assert!(wrong(&format!("{counted}within = \"3 years\"")).contains("within"));
        assert!(wrong(&format!("{counted}within = \"1h\"\nper = \"pid\"")).contains("per"));
        assert!(wrong("when = { kind = \"tamper\" }\ncounts = 3\n").contains("counts"));
    }

    /// Promise: the time in which a rule counts is shown as it is.
    #[test]
    fn times_in_words() {
        for (within, words) in [
            ("10m", "10 min"),
            ("90m", "90 min"),
            ("30s", "30 s"),
            ("25h", "25 h"),
            ("1h", "1 h"),
            ("1h 30s", "3630 s"),
            ("1500ms", "1500 ms"),
            ("3ns", "3 ns"),
        ] {
            let head = "id = \"a\"\nseverity = \"error\"\ntitle = \"b\"\n";
            let when = "when = { kind = \"tamper\" }\ncount = 3\n";
            let text =
                format!("schema = \"{SCHEMA}\"\n[[rule]]\n{head}{when}within = \"{within}\"");
            let rules = parse(&text).unwrap();
            assert_eq!(
                rules[0].in_words(),
                format!("kind: tamper (3 times within {words})")
            );
        }
    }
}
