// SPDX-License-Identifier: GPL-2.0

//! The registry: what is looked at, what is wanted, and which published ids ask for it. It is data, in
//! `checks.toml` and `sources.toml`.

use super::framework::{Framework, Tie};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const CHECKS: &str = include_str!("checks.toml");
const SOURCES: &str = include_str!("sources.toml");

/// The registry of this version. A test holds it to the rules that it has to keep.
pub static REGISTRY: LazyLock<Registry> =
    LazyLock::new(|| Registry::parse(CHECKS, SOURCES).unwrap_or_default());

/// Checks, and the documents that they cite.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The checks, in the order in which they are shown.
    pub checks: Vec<Check>,
    /// The documents.
    pub sources: Vec<Source>,
    /// Ids of SP 800-53 in each baseline of SP 800-53B, by its name.
    pub baselines: BTreeMap<String, Baseline>,
}

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Stable name.
    pub id: String,
    /// Whether one of the terms is enough: else all that exist have to hold.
    pub any: bool,
    /// What is wanted.
    pub terms: Vec<Term>,
    /// The check whose success is enough as well.
    pub or: Option<String>,
    /// The check without whose success this one does not matter.
    pub only_where: Option<String>,
    /// Why it is wanted.
    pub why: String,
    /// Which published ids ask for it.
    pub references: Vec<Reference>,
}

/// What is wanted of one control or fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Name of a control; of a fact with `@` before it.
    pub name: String,
    /// The values that are good.
    pub wanted: Vec<String>,
}

/// A published id that asks for a check.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Of which framework.
    pub framework: &'static Framework,
    /// The id, as that framework writes it.
    pub id: String,
    /// How it is tied to the check.
    pub tie: &'static Tie,
    /// Keys of the sources that tie it; none where that is the framework's own document.
    pub by: Vec<String>,
}

/// A document, at the version that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What references name it by.
    pub key: String,
    /// For people.
    pub title: String,
    /// Its version.
    pub version: Option<String>,
    /// Repository on GitHub; null for a document that was read elsewhere.
    pub repository: Option<String>,
    /// File or directory there.
    pub path: Option<String>,
    /// Commit.
    pub commit: Option<String>,
    /// The framework whose ids stand in it.
    #[serde(skip_serializing)]
    pub framework: Option<String>,
    /// How those of its ids begin that stand in it.
    #[serde(skip_serializing, default)]
    pub prefix: String,
}

/// A baseline of SP 800-53B.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Key of its source.
    pub source: String,
    /// The ids in it that the registry has, separated by white space.
    pub ids: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckFile {
    check: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    any: Option<Vec<String>>,
    each: Option<Vec<String>>,
    or: Option<String>,
    r#where: Option<String>,
    why: String,
    refs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFile {
    source: Vec<Source>,
    baseline: BTreeMap<String, Baseline>,
}

impl Registry {
    /// Reads the two files; else, in words, what is wrong.
    pub fn parse(checks: &str, sources: &str) -> Result<Self, String> {
        let file: CheckFile = toml::from_str(checks).map_err(|error| error.to_string())?;
        let sources: SourceFile = toml::from_str(sources).map_err(|error| error.to_string())?;
        let checks: Result<Vec<Check>, String> = file.check.into_iter().map(Check::new).collect();
        Ok(Self {
            checks: checks?,
            sources: sources.source,
            baselines: sources.baseline,
        })
    }

    /// The check with this id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// Whether this id of SP 800-53 is in this baseline.
    pub fn is_in_baseline(&self, baseline: &str, id: &str) -> bool {
        let found = self.baselines.get(baseline);
        found.is_some_and(|known| known.ids.split_whitespace().any(|known| known == id))
    }

    /// The documents behind a reference: what ties it, and where the id itself stands.
    pub fn sources_of(&self, reference: &Reference) -> Vec<&Source> {
        let all = self.sources.iter();
        all.filter(|source| {
            reference.by.contains(&source.key) || source.has(reference.framework, &reference.id)
        })
        .collect()
    }
}

impl Source {
    /// Whether this id stands in it.
    pub fn has(&self, framework: &Framework, id: &str) -> bool {
        self.framework.as_deref() == Some(framework.name) && id.starts_with(&self.prefix)
    }
}

impl Check {
    fn new(entry: Entry) -> Result<Self, String> {
        let id = entry.id;
        let (any, terms) = match (entry.any, entry.each) {
            (Some(terms), None) => (true, terms),
            (None, Some(terms)) => (false, terms),
            _ => return Err(format!("{id}: it needs one of any and each")),
        };
        let terms: Option<Vec<Term>> = terms.iter().map(|text| Term::new(text)).collect();
        let mut references = Vec::new();
        for line in &entry.refs {
            let refs = Reference::all(line);
            references.extend(refs.map_err(|why| format!("{id}: \"{line}\": {why}"))?);
        }
        Ok(Self {
            any,
            terms: terms.ok_or_else(|| format!("{id}: a term is not NAME=VALUE"))?,
            or: entry.or,
            only_where: entry.r#where,
            why: entry.why,
            references,
            id,
        })
    }

    /// What is wanted, for people: `all that exist: sd-card disabled, media-card disabled`.
    pub fn wanted(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(Term::in_words).collect();
        let which = match (terms.len(), self.any) {
            (1, _) => "",
            (_, true) => "any of: ",
            (_, false) => "all that exist: ",
        };
        let or = self.or.as_ref();
        let or = or.map_or_else(String::new, |or| format!("; or {or} is satisfied"));
        format!("{which}{}{or}", terms.join(", "))
    }
}

impl Term {
    fn new(text: &str) -> Option<Self> {
        let (name, values) = text.split_once('=')?;
        Some(Self {
            name: name.into(),
            wanted: values.split('|').map(str::to_string).collect(),
        })
    }

    /// The fact's name, where it is one.
    pub fn fact(&self) -> Option<&str> {
        self.name.strip_prefix('@')
    }

    /// The name of the control or fact.
    pub fn subject(&self) -> &str {
        self.fact().unwrap_or(&self.name)
    }

    fn in_words(&self) -> String {
        format!("{} {}", self.subject(), self.wanted.join(" or "))
    }
}

impl Reference {
    /// The ids of a line: `FRAMEWORK TIE ID... < SOURCE...`.
    fn all(line: &str) -> Result<Vec<Self>, String> {
        let (head, by) = line.split_once('<').unwrap_or((line, ""));
        let by: Vec<String> = by.split_whitespace().map(str::to_string).collect();
        let mut words = head.split_whitespace();
        let framework = words.next().and_then(Framework::named);
        let framework = framework.ok_or("there is no such framework")?;
        let tie = words
            .next()
            .and_then(Tie::of)
            .ok_or("there is no such tie")?;
        let ids: Vec<Self> = words
            .map(|id| Self {
                framework,
                id: id.into(),
                tie,
                by: by.clone(),
            })
            .collect();
        match ids.is_empty() {
            true => Err("it has no id".into()),
            false => Ok(ids),
        }
    }
}
