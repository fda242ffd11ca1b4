// SPDX-License-Identifier: GPL-2.0

//! Judges how a machine stands by the registry. Unknown is never satisfied.

use super::facts;
use super::registry::{Check, Registry, Term};
use super::subject::{Found, Known, Subject};
use crate::model::Word;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Result {
    /// What is wanted was found.
    Satisfied,
    /// It was not, for this reason.
    NotSatisfied,
    /// There is nothing on this machine that the check is about.
    NotApplicable,
}

/// Why a check is not satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Something has another value.
    Value,
    /// It could not be read.
    Unread,
    /// It has another value, and cannot get the one that is wanted on this machine as it is.
    OutOfReach,
    /// What is wanted is set, and in force after the next boot.
    PendingReboot,
}

impl Reason {
    /// As documents have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Unread => "unread",
            Self::OutOfReach => "out-of-reach",
            Self::PendingReboot => "pending-reboot",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// `control` or `fact`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its value; null where it has none, or that was not read.
    pub value: Option<String>,
    /// What was found, for people.
    pub found: String,
    /// Whether it is as wanted.
    pub good: bool,
    /// Whether it is in force after the next boot only.
    pub pending_reboot: bool,
    /// Why the machine cannot have what is wanted; null where it can, or that is not known.
    pub out_of_reach: Option<Word>,
}

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Satisfied or not.
    pub result: Result,
    /// Why not.
    pub reason: Option<Reason>,
    /// The same in words.
    pub told: String,
    /// What was looked at, as far as the machine has it.
    pub seen: Vec<Seen>,
    /// What to do about it, as a command where one does it.
    pub remedy: Option<String>,
}

/// Judges every check of the registry; outcomes by the check's id.
pub fn judge(registry: &Registry, subject: &Subject) -> BTreeMap<String, Outcome> {
    let mut all = BTreeMap::new();
    // What others lean on leans on nothing itself: the registry's test sees to that.
    let (leaning, alone): (Vec<&Check>, Vec<&Check>) = registry
        .checks
        .iter()
        .partition(|check| check.or.is_some() || check.only_where.is_some());
    for check in alone {
        all.insert(check.id.clone(), one(check, subject));
    }
    for check in leaning {
        let outcome = lean(check, one(check, subject), &all);
        all.insert(check.id.clone(), outcome);
    }
    all
}

/// What others leave of an outcome.
fn lean(check: &Check, outcome: Outcome, others: &BTreeMap<String, Outcome>) -> Outcome {
    let or = check.or.as_ref().and_then(|id| others.get_key_value(id));
    if let Some((id, other)) = or {
        if outcome.result != Result::Satisfied && other.result == Result::Satisfied {
            return Outcome {
                result: Result::Satisfied,
                reason: None,
                told: format!("{id} is satisfied, which is more"),
                seen: [outcome.seen, other.seen.clone()].concat(),
                remedy: None,
            };
        }
    }
    let only_where = check.only_where.as_ref();
    let Some((id, other)) = only_where.and_then(|id| others.get_key_value(id)) else {
        return outcome;
    };
    match (other.result, other.reason) {
        (Result::Satisfied, _) => outcome,
        (_, Some(Reason::Unread)) => Outcome {
            result: Result::NotSatisfied,
            reason: Some(Reason::Unread),
            told: format!("whether {id} is satisfied could not be read"),
            ..outcome
        },
        _ => Outcome {
            result: Result::NotApplicable,
            reason: None,
            told: format!("{id} is not satisfied, without which this does not matter"),
            remedy: None,
            ..outcome
        },
    }
}

/// How a term stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Good,
    Pending,
    Bad,
    OutOfReach,
    Unread,
    Absent,
}

fn one(check: &Check, subject: &Subject) -> Outcome {
    let terms = check.terms.iter().map(|term| look(term, subject));
    let looked: Vec<(Stands, Option<Seen>, String)> = terms.collect();
    let has = |stands: Stands| looked.iter().any(|(found, ..)| *found == stands);
    let told_of = |wanted: &[Stands]| {
        let matching = looked.iter().filter(|(stands, ..)| wanted.contains(stands));
        let told: Vec<&str> = matching.map(|(.., told)| told.as_str()).collect();
        told.join("; ")
    };
    use Stands::{Absent, Bad, Good, OutOfReach, Pending, Unread};
    // The worst decides; of several of which one is enough, the best does.
    let order = match check.any {
        true => [Good, Pending, Unread, Bad, OutOfReach],
        false => [OutOfReach, Bad, Unread, Pending, Good],
    };
    let decides = order.into_iter().find(|stands| has(*stands));
    let (result, reason) = match decides.unwrap_or(Absent) {
        Good => (Result::Satisfied, None),
        Pending => (Result::NotSatisfied, Some(Reason::PendingReboot)),
        Bad => (Result::NotSatisfied, Some(Reason::Value)),
        OutOfReach => (Result::NotSatisfied, Some(Reason::OutOfReach)),
        Unread => (Result::NotSatisfied, Some(Reason::Unread)),
        Absent => (Result::NotApplicable, None),
    };
    let told = match decides {
        Some(Bad | OutOfReach) => told_of(&[Bad, OutOfReach]),
        Some(decides) => told_of(&[decides]),
        None => absent(check, &looked),
    };
    Outcome {
        remedy: reason.and_then(|reason| remedy(check, reason, subject, &looked)),
        result,
        reason,
        told,
        seen: looked.into_iter().filter_map(|(_, seen, _)| seen).collect(),
    }
}

/// What the machine does not have, and how that is known.
fn absent(check: &Check, looked: &[(Stands, Option<Seen>, String)]) -> String {
    let names: Vec<&str> = check.terms.iter().map(Term::subject).collect();
    let mut whys: Vec<&str> = looked.iter().map(|(.., why)| why.as_str()).collect();
    whys.dedup();
    format!("{}: {}", names.join(", "), whys.join("; "))
}

/// How a term stands, what was seen, and the same in words.
fn look(term: &Term, subject: &Subject) -> (Stands, Option<Seen>, String) {
    let name = term.subject();
    let (kind, known) = match term.fact() {
        Some(fact) => ("fact", Known::of(subject.fact(fact))),
        None => ("control", subject.control(name)),
    };
    let (found, pending) = (known.found, known.pending_reboot);
    let Some(text) = found.in_words() else {
        let told = match &found {
            Found::Absent(why) => why.clone(),
            _ => String::new(),
        };
        return (Stands::Absent, None, told);
    };
    let value = match &found {
        Found::Value { value, .. } => Some(value.clone()),
        _ => None,
    };
    let good = value
        .as_ref()
        .is_some_and(|value| term.wanted.contains(value));
    // Why none of the wanted values can be had, where it is known what can be.
    let settable = known.values.filter(|_| !known.status);
    let gates = settable.map(|values| {
        let gates = term.wanted.iter().map(|wanted| match values.get(wanted) {
            Some(gate) => gate.clone(),
            None => Some("no-value".into()),
        });
        gates.collect::<Vec<Option<Word>>>()
    });
    let gates = gates.filter(|gates| gates.iter().all(Option::is_some));
    let out_of_reach = gates.and_then(|gates| gates.into_iter().flatten().next());
    let out_of_reach = out_of_reach.filter(|_| !good);
    let stands = match (&value, good, &out_of_reach) {
        (None, ..) => Stands::Unread,
        (_, true, _) if pending => Stands::Pending,
        (_, true, _) => Stands::Good,
        (_, false, Some(_)) => Stands::OutOfReach,
        (_, false, None) => Stands::Bad,
    };
    let more = match (&out_of_reach, stands) {
        (Some(word), Stands::OutOfReach) => format!(", and out of reach ({word})"),
        (_, Stands::Pending) => ", in force after the next boot".into(),
        _ => String::new(),
    };
    let is = match value {
        Some(_) => format!("{name} is {text}{more}"),
        None => format!("{name} was {text}"),
    };
    let seen = Seen {
        kind,
        name: name.into(),
        value,
        found: text,
        good,
        pending_reboot: pending,
        out_of_reach,
    };
    (stands, Some(seen), is)
}

/// What to do, as a command where one does it.
fn remedy(
    check: &Check,
    reason: Reason,
    subject: &Subject,
    looked: &[(Stands, Option<Seen>, String)],
) -> Option<String> {
    let all = check.terms.iter().zip(looked);
    let bad = all.filter(|(_, (stands, ..))| !matches!(stands, Stands::Good | Stands::Absent));
    let mut bad: Vec<(&Term, Stands)> = bad.map(|(term, (stands, ..))| (term, *stands)).collect();
    match reason {
        Reason::PendingReboot => return Some("reboot".into()),
        Reason::Unread if !subject.is_here => {
            let text = "judge the machine itself, as root on it: milspecctl compliance";
            return Some(text.into());
        }
        Reason::Unread => {
            let fact = bad.iter().find(|(_, stands)| *stands == Stands::Unread);
            return Some(match fact?.0.fact() {
                Some(_) => "run it as root on the machine; \"milspecctl doctor\" tells more".into(),
                None => "milspecctl status --refresh".into(),
            });
        }
        Reason::Value | Reason::OutOfReach => {}
    }
    bad.retain(|(_, stands)| matches!(stands, Stands::Bad | Stands::OutOfReach));
    if check.any {
        // One is enough: what can be set comes first.
        bad.sort_by_key(|(_, stands)| *stands == Stands::OutOfReach);
        bad.truncate(1);
    }
    let mut parts: Vec<String> = Vec::new();
    let mut set = Vec::new();
    for (term, stands) in bad {
        match (term.fact(), stands) {
            (Some(fact), _) => parts.push(facts::remedy(fact).into()),
            (None, Stands::Bad) if subject.control(&term.name).status => {
                parts.push(facts::remedy(&term.name).into());
            }
            (None, Stands::Bad) => set.push(format!("{}={}", term.name, best(term, subject))),
            (None, _) => parts.push(elsewhere(term, subject)),
        }
    }
    if !set.is_empty() {
        parts.insert(0, format!("milspecctl control set {}", set.join(" ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The first of the wanted values that can be set.
fn best<'a>(term: &'a Term, subject: &Subject) -> &'a str {
    let values = subject.control(&term.name).values.unwrap_or_default();
    let mut wanted = term.wanted.iter();
    let open = wanted.find(|wanted| values.get(*wanted).is_some_and(Option::is_none));
    open.or(term.wanted.first()).map_or("", String::as_str)
}

/// What can be done about a control that the driver does not change.
fn elsewhere(term: &Term, subject: &Subject) -> String {
    let values = subject.control(&term.name).values.unwrap_or_default();
    let name = &term.name;
    let gated = |word: &str| {
        let gate = |value: &str| values.get(value).and_then(Option::as_deref) == Some(word);
        term.wanted.iter().find(|value| gate(value))
    };
    if let Some(value) = gated("restricted") {
        return format!(
            "load the module with allow_restricted=1, then milspecctl control set {name}={value}"
        );
    }
    if let Some(value) = gated("latched") {
        return format!("reboot, then milspecctl control set {name}={value}");
    }
    match term.wanted.iter().any(|wanted| values.contains_key(wanted)) {
        true => format!("change {name} in the BIOS setup"),
        false => format!("this machine has no such value of {name}: record an exception"),
    }
}
