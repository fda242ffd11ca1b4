// SPDX-License-Identifier: GPL-2.0

//! `milspec.compliance/1`: outcomes with what they rest on.

use super::exceptions::{Excepted, Exceptions};
use super::framework::Framework;
use super::judge::{judge, Outcome, Reason, Result as Came, Seen};
use super::modes::InMode;
use super::period::Period;
use super::registry::{Check, Reference, Registry, Source};
use super::subject::Subject;
use crate::failure::Failure;
use crate::model::{Machine, Provenance};
use crate::words::age;
use serde::Serialize;

/// What is said of the copy of a training.
const TRAINING: &str = "training: a copy of the machine in memory, not the machine";

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.compliance/1";

/// What was asked for: all checks, or fewer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Selection {
    /// Only checks that this framework has an id for, and only its ids.
    pub framework: Option<String>,
    /// Only checks with an id of SP 800-53 in this baseline, and without a framework only those ids.
    pub baseline: Option<String>,
    /// Only these checks; none for all.
    pub checks: Vec<String>,
}

/// What an assessment rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// `machine`, `recording`, `report` or `attestation`.
    pub kind: &'static str,
    /// The file; null for the machine itself.
    pub file: Option<String>,
    /// When it was made, where that is known.
    pub time: Option<String>,
    /// When the driver last read the firmware, where that is known: between two readings nothing is
    /// seen.
    pub read_at: Option<String>,
    /// How long before the evidence was made that was, in milliseconds; null where that is not known.
    pub read_age_ms: Option<u64>,
    /// What speaks for it, for people.
    pub rests_on: String,
    /// SHA-256 of the file with the key that has signed it; null where nothing was signed.
    pub key_sha256: Option<String>,
}

/// How many checks came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Satisfied.
    pub satisfied: usize,
    /// Not satisfied, without those that are excepted.
    pub not_satisfied: usize,
    /// Not satisfied, and excepted by somebody.
    pub excepted: usize,
    /// Not applicable.
    pub not_applicable: usize,
}

/// A published id that asks for a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Id {
    /// Name of the framework.
    pub framework: &'static str,
    /// The id, as the framework writes it.
    pub id: String,
    /// How it is tied to the check.
    pub tie: &'static str,
    /// Keys of the sources of that.
    pub sources: Vec<String>,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Its name.
    pub id: String,
    /// What it came to.
    pub result: Came,
    /// Why it is not satisfied.
    pub reason: Option<Reason>,
    /// The same in words.
    pub told: String,
    /// What is wanted.
    pub wanted: String,
    /// What was looked at, as far as the machine has it.
    pub seen: Vec<Seen>,
    /// Why it is wanted.
    pub why: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Who has excepted it, where it is not satisfied and somebody has; else null.
    pub exception: Option<Excepted>,
    /// Which published ids ask for it.
    pub ids: Vec<Id>,
}

/// One machine.
#[derive(Clone, Debug, Serialize)]
pub struct Assessment {
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
    /// How a simulated machine was recognised; null for any other.
    pub simulated_because: Option<String>,
    /// What it rests on.
    pub evidence: Evidence,
    /// The machine.
    pub machine: Machine,
    /// Half a SHA-256 of the service tag; null where that cannot be read.
    pub service_tag_hash: Option<String>,
    /// How many checks came to what.
    pub tally: Tally,
    /// The checks.
    pub checks: Vec<Checked>,
    /// How they would stand in each mode that could be set now; none where that is not known.
    pub modes: Vec<InMode>,
}

/// Which machine is judged, and by what.
#[derive(Clone, Debug)]
pub struct About {
    /// Which machine it is of.
    pub from: Provenance,
    /// What it rests on.
    pub evidence: Evidence,
    /// The machine.
    pub machine: Machine,
    /// Half a SHA-256 of the service tag, where that can be read.
    pub service_tag_hash: Option<String>,
}

/// A file that could not be judged: nothing is said of its machine.
#[derive(Clone, Debug, Serialize)]
pub struct NotJudged {
    /// The file.
    pub file: String,
    /// Stable name of the error.
    pub code: &'static str,
    /// What failed, and why.
    pub why: String,
    /// What to do about it.
    pub next: String,
}

impl NotJudged {
    /// For this.
    pub fn new(file: String, failure: &Failure) -> Self {
        Self {
            file,
            code: failure.code,
            why: failure.to_string(),
            next: failure.next.clone(),
        }
    }
}

/// `milspec.compliance/1`
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// When it was made, in UTC.
    pub made_at: String,
    /// Version of milspecctl that made it, and of its registry.
    pub made_with: &'static str,
    /// What was asked for.
    pub selection: Selection,
    /// The machines.
    pub assessments: Vec<Assessment>,
    /// Files that could not be judged.
    pub not_judged: Vec<NotJudged>,
    /// How posture stood over a period; null where that was not asked.
    pub period: Option<Period>,
    /// The documents that the ids are from.
    pub sources: Vec<Source>,
}

impl Id {
    /// What stands behind an id that does not rest on its source alone; empty for any other.
    pub fn doubt(&self) -> &'static str {
        match self.tie {
            "judgement" => " (judgement)",
            "derived" => " (derived)",
            "derived-from-judgement" => " (derived from judgement)",
            _ => "",
        }
    }
}

impl Selection {
    /// Whether an id is one of SP 800-53 that is in the baseline, where there is one.
    fn is_in_baseline(&self, registry: &Registry, reference: &Reference) -> bool {
        let is_in = |baseline: &String| registry.is_in_baseline(baseline, &reference.id);
        reference.framework.name == "800-53" && self.baseline.as_ref().is_none_or(is_in)
    }

    /// Whether it asks for this id.
    fn wants(&self, registry: &Registry, reference: &Reference) -> bool {
        let name = reference.framework.name;
        match (&self.framework, &self.baseline) {
            (None, None) => true,
            (None, Some(_)) => self.is_in_baseline(registry, reference),
            (Some(wanted), _) if wanted != name => false,
            _ => name != "800-53" || self.is_in_baseline(registry, reference),
        }
    }

    /// For people, each after "what is"; none where it asks for all.
    pub fn in_words(&self) -> Vec<String> {
        let framework = self.framework.as_deref().and_then(Framework::named);
        let parts = [
            framework.map(|framework| format!("asked for by {}", framework.title)),
            self.baseline
                .as_ref()
                .map(|name| format!("in baseline {name} of SP 800-53B")),
            (!self.checks.is_empty()).then(|| self.checks.join(" or ")),
        ];
        parts.into_iter().flatten().collect()
    }

    /// The checks that it asks for, each with the ids that it asks for.
    pub fn of<'a>(&self, registry: &'a Registry) -> Vec<(&'a Check, Vec<&'a Reference>)> {
        let all = registry.checks.iter();
        let named = all.filter(|check| self.checks.is_empty() || self.checks.contains(&check.id));
        let based = named.filter(|check| {
            let mut references = check.references.iter();
            self.baseline.is_none() || references.any(|one| self.is_in_baseline(registry, one))
        });
        let with_ids = based.map(|check| {
            let references = check.references.iter();
            let wanted = references.filter(|one| self.wants(registry, one));
            (check, wanted.collect::<Vec<_>>())
        });
        with_ids.filter(|(_, ids)| !ids.is_empty()).collect()
    }
}

impl Tally {
    /// Counts.
    pub fn of(checks: &[Checked]) -> Self {
        let mut tally = Self::default();
        for check in checks {
            let count = match (check.result, check.is_excepted()) {
                (Came::Satisfied, _) => &mut tally.satisfied,
                (Came::NotApplicable, _) => &mut tally.not_applicable,
                (Came::NotSatisfied, true) => &mut tally.excepted,
                (Came::NotSatisfied, false) => &mut tally.not_satisfied,
            };
            *count += 1;
        }
        tally
    }

    /// For people: `30 satisfied, 5 not satisfied, 10 not applicable`.
    pub fn in_words(self) -> String {
        let excepted = match self.excepted {
            0 => String::new(),
            number => format!(", {number} excepted"),
        };
        format!(
            "{} satisfied, {} not satisfied{excepted}, {} not applicable",
            self.satisfied, self.not_satisfied, self.not_applicable
        )
    }
}

/// Judges the selected checks.
pub fn checked(
    registry: &Registry,
    subject: &Subject,
    selection: &Selection,
    names: &[&str],
    exceptions: &Exceptions,
) -> Vec<Checked> {
    let mut outcomes = judge(registry, subject);
    let selected = selection.of(registry).into_iter();
    let all = selected.filter_map(|(check, references)| {
        let outcome = outcomes.remove(&check.id)?;
        Some(Checked::new(registry, check, &references, outcome))
    });
    let mut all: Vec<Checked> = all.collect();
    for check in &mut all {
        if check.result == Came::NotSatisfied {
            check.exception = exceptions.of(&check.id, names);
        }
    }
    all
}

impl Checked {
    fn new(registry: &Registry, check: &Check, ids: &[&Reference], outcome: Outcome) -> Self {
        let ids = ids.iter().map(|reference| Id {
            framework: reference.framework.name,
            id: reference.id.clone(),
            tie: reference.tie.name,
            sources: registry
                .sources_of(reference)
                .iter()
                .map(|source| source.key.clone())
                .collect(),
        });
        Self {
            id: check.id.clone(),
            result: outcome.result,
            reason: outcome.reason,
            told: outcome.told,
            wanted: check.wanted(),
            seen: outcome.seen,
            why: check.why.clone(),
            remedy: outcome.remedy,
            exception: None,
            ids: ids.collect(),
        }
    }

    /// Whether it is not satisfied, and somebody has excepted it.
    pub fn is_excepted(&self) -> bool {
        self.exception
            .as_ref()
            .is_some_and(|excepted| excepted.honoured)
    }

    /// What it came to, in a word: `satisfied`, `not satisfied`, `excepted`, `not applicable`.
    pub fn word(&self) -> &'static str {
        match (self.result, self.is_excepted()) {
            (Came::Satisfied, _) => "satisfied",
            (Came::NotApplicable, _) => "not applicable",
            (Came::NotSatisfied, true) => "excepted",
            (Came::NotSatisfied, false) => "not satisfied",
        }
    }
}

impl Assessment {
    /// Judges a machine.
    pub fn new(
        registry: &Registry,
        subject: &Subject,
        selection: &Selection,
        exceptions: &Exceptions,
        about: About,
    ) -> Self {
        let hash = about.service_tag_hash.as_deref();
        let names = [Some(about.machine.product.as_str()), hash];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        let checks = checked(registry, subject, selection, &names, exceptions);
        Self {
            simulated_because: about.from.simulated_because.clone(),
            from: about.from,
            evidence: about.evidence,
            machine: about.machine,
            service_tag_hash: about.service_tag_hash,
            tally: Tally::of(&checks),
            checks,
            modes: Vec::new(),
        }
    }

    /// What keeps this from being taken for evidence of a real machine, or of this one; for people, in
    /// every form.
    pub fn marks(&self) -> Vec<String> {
        let recording = self.from.recording.as_ref();
        let recording = recording.map(|from| format!("recording, not this machine: {from}"));
        let simulated = match (self.from.simulated, &self.simulated_because) {
            (Some(true), Some(because)) => Some(format!("simulated machine: {because}")),
            (Some(true), None) => Some("simulated machine".into()),
            (None, _) => Some("whether the machine is simulated is not known".into()),
            (Some(false), _) => None,
        };
        let training = self.in_training().then(|| TRAINING.to_owned());
        let all = recording.into_iter().chain(simulated);
        all.chain(training).collect()
    }

    /// The same in words for programs.
    pub fn mark_words(&self) -> Vec<&'static str> {
        let words = [
            ("recording", self.from.recording.is_some()),
            ("simulated", self.from.simulated == Some(true)),
            ("simulated-unknown", self.from.simulated.is_none()),
            ("training", self.in_training()),
        ];
        let set = words.into_iter().filter(|(_, set)| *set);
        set.map(|(word, _)| word).collect()
    }

    /// It is of the copy of a training.
    fn in_training(&self) -> bool {
        self.from.training == Some(true)
    }

    /// A name for the machine: product and the first digits of the hash of its service tag.
    pub fn name(&self) -> String {
        let tag = self
            .service_tag_hash
            .as_ref()
            .and_then(|hash| hash.get(..8));
        match tag {
            Some(tag) => format!("{} {tag}", self.machine.product),
            None => self.machine.product.clone(),
        }
    }
}

impl Evidence {
    /// For people: when the driver last read the firmware.
    pub fn read_in_words(&self) -> String {
        match (&self.read_at, self.read_age_ms.map(age)) {
            (Some(at), Some(age)) => format!("{at}, {age}"),
            (Some(at), None) => at.clone(),
            (None, Some(age)) => format!("{age}, when this was made"),
            (None, None) => "not known".into(),
        }
    }
}

impl Document {
    /// Whether a check of a machine is not satisfied, and not excepted.
    pub fn lacks(&self) -> bool {
        self.assessments
            .iter()
            .any(|one| one.tally.not_satisfied > 0)
    }

    /// The documents that these assessments cite.
    pub fn cited(registry: &Registry, assessments: &[Assessment]) -> Vec<Source> {
        let mut keys: Vec<&String> = assessments
            .iter()
            .flat_map(|assessment| &assessment.checks)
            .flat_map(|check| &check.ids)
            .flat_map(|id| &id.sources)
            .collect();
        keys.sort();
        keys.dedup();
        let cited = registry.sources.iter();
        let cited = cited.filter(|source| keys.binary_search(&&source.key).is_ok());
        cited.cloned().collect()
    }
}
