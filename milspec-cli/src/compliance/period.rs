// SPDX-License-Identifier: GPL-2.0

//! How posture stood over a period, from the journal: what changed, who did it and when, where the
//! journal says nothing, and which checks were satisfied all the time.
//!
//! The present values are known, and each change says what was before it. So it goes back from now, as
//! far as no record is missing. While the driver was not loaded nobody wrote down what changed.

use super::document::Selection;
use super::judge::{judge, Result as Came};
use super::registry::Registry;
use super::subject::Subject;
use crate::clock;
use crate::journal::chain;
use crate::journal::file::Saved;
use crate::journal::judge::judge as judge_journal;
use crate::journal::live::Live;
use crate::model::{Actor, Event, Naming, Word};
use milspec_uapi as uapi;
use serde::Serialize;
use std::collections::BTreeMap;

/// How posture stood since some time.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// From when on.
    pub since: String,
    /// The saved journals that it rests on, with the driver's records; none for those alone.
    pub journals: Vec<String>,
    /// What speaks for the records: `proven`, `not-provable` or `wrong`, as `journal verify` has it.
    pub verdict: &'static str,
    /// Why they are not proven.
    pub verdict_why: Option<String>,
    /// What changed, the oldest first.
    pub changes: Vec<Change>,
    /// Where nobody knows what changed, the oldest first.
    pub gaps: Vec<Gap>,
    /// The checks of controls that were selected.
    pub checks: Vec<Held>,
}

/// One change.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// When.
    pub time: String,
    /// Sequence of the record that says so.
    pub sequence: u64,
    /// Which load of the module that is of.
    pub load: String,
    /// Name of the control.
    pub control: String,
    /// The value that it had; null where that is not known.
    pub from: Option<String>,
    /// The value that it has from then on; null where that is not known.
    pub to: Option<String>,
    /// Who had the driver do it; null for what something else has changed.
    pub by: Option<Actor>,
    /// How it came to the driver; null for what something else has changed.
    pub origin: Option<Word>,
}

/// A time of which nobody knows what changed.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// Its beginning; null where that is not known.
    pub from: Option<String>,
    /// Its end.
    pub to: String,
    /// Why.
    pub why: String,
}

/// How a check stood.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Name of the check.
    pub check: String,
    /// Whether it was satisfied all the time; null where that is not known. It goes by the firmware's
    /// values, whether they were in force already or not.
    pub throughout: Option<bool>,
    /// When it changed, the oldest first, as far back as that is known.
    pub changes: Vec<Turn>,
}

/// When a check changed.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    /// When.
    pub time: String,
    /// What it came to before.
    pub from: Came,
    /// What it comes to from then on.
    pub to: Came,
}

/// A time for people, without what is below a second.
pub fn shown(time: &str) -> String {
    match time.get(..19) {
        Some(seconds) => format!("{seconds}Z"),
        None => time.into(),
    }
}

/// The period up to now, from saved journals and what the driver has. `since` is in nanoseconds since
/// 1970.
pub fn since(
    registry: &Registry,
    selection: &Selection,
    subject: &Subject,
    since: u64,
    files: &[Saved],
    live: &Live,
    naming: &Naming<'_>,
) -> Period {
    let verdict = judge_journal(files, Ok(live));
    let mut parts: Vec<&[uapi::Event]> = files.iter().map(|saved| &saved.events[..]).collect();
    parts.push(&live.records);
    let chains = chain::verify(parts);
    let loads = chains
        .loads
        .iter()
        .map(|load| Event::all(&load.records, naming));
    let loads: Vec<Vec<Event>> = loads.collect();
    let gaps = gaps(&loads, since);
    let recent = |event: &&Event| event.wall_ns >= since;
    let changes = loads.iter().flatten().filter(recent);
    Period {
        since: clock::utc(since),
        journals: files.iter().map(|saved| saved.name.clone()).collect(),
        verdict: verdict.result,
        verdict_why: verdict.error.map(|failure| failure.to_string()),
        changes: changes.filter_map(Change::of).collect(),
        checks: held(
            registry,
            selection,
            subject,
            since,
            loads.last(),
            gaps.is_empty(),
        ),
        gaps,
    }
}

impl Change {
    /// The change that a record tells of, if it does.
    fn of(event: &Event) -> Option<Self> {
        let outside = event.kind == "outside-change";
        let written =
            event.kind == "step" && matches!(event.step.as_deref(), Some("done" | "degraded"));
        if !outside && !written {
            return None;
        }
        Some(Self {
            time: event.time.clone(),
            sequence: event.sequence,
            load: event.load.clone(),
            control: event.control.clone()?,
            from: event.from.clone(),
            to: event
                .to
                .clone()
                .filter(|_| event.step.as_deref() != Some("degraded")),
            by: event.actor.clone().filter(|_| !outside),
            origin: event.origin.clone().filter(|_| !outside),
        })
    }
}

/// What the journal does not tell of the time since then.
fn gaps(loads: &[Vec<Event>], since: u64) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut before: Option<&Event> = None;
    for load in loads {
        for event in load.iter().filter(|event| event.kind != "gap") {
            let lost = lost_before(load, event);
            let why = match before {
                None if lost > 0 => Some(format!("{lost} records before it are lost")),
                None => Some("the journal begins there".to_string()),
                Some(before) if before.load != event.load => {
                    Some("the driver was not loaded".to_string())
                }
                Some(_) if lost > 0 => Some(format!("{lost} records are lost")),
                Some(_) => None,
            };
            if let Some(why) = why.filter(|_| event.wall_ns > since) {
                gaps.push(Gap {
                    from: before.map(|before| before.time.clone()),
                    to: event.time.clone(),
                    why,
                });
            }
            before = Some(event);
        }
    }
    gaps
}

/// How many records the gap before this one stands for.
fn lost_before(load: &[Event], event: &Event) -> u32 {
    let at = load
        .iter()
        .position(|one| one.sequence == event.sequence && one.kind != "gap");
    let before = at.and_then(|at| load.get(at.checked_sub(1)?));
    before.map_or(0, |before| {
        if before.kind == "gap" {
            before.count
        } else {
            0
        }
    })
}

/// How each check of controls stood, back to `since` or to the beginning of the running load.
fn held(
    registry: &Registry,
    selection: &Selection,
    subject: &Subject,
    since: u64,
    running: Option<&Vec<Event>>,
    whole: bool,
) -> Vec<Held> {
    let selected = selection.of(registry);
    let of_controls = selected
        .iter()
        .map(|(check, _)| check)
        .filter(|check| check.terms.iter().all(|term| term.fact().is_none()));
    let mut ids: Vec<&String> = of_controls.map(|check| &check.id).collect();
    let mut then = subject.after([]);
    let mut results = results(registry, &then);
    // What is about nothing on this machine has not held either.
    ids.retain(|id| results.get(*id) != Some(&Came::NotApplicable));
    let satisfied = |results: &BTreeMap<String, Came>, id: &String| {
        results
            .get(id)
            .is_none_or(|came| *came != Came::NotSatisfied)
    };
    let mut throughout: BTreeMap<&String, bool> = ids
        .iter()
        .map(|id| (*id, satisfied(&results, id)))
        .collect();
    let mut turns: BTreeMap<&String, Vec<Turn>> = BTreeMap::new();
    let events = running.into_iter().flatten().rev();
    // What is before a gap leads nowhere.
    let known = events.take_while(|event| event.kind != "gap" && event.wall_ns >= since);
    for change in known.filter_map(Change::of) {
        let Some(from) = change.from else { continue };
        then = then.after([(change.control, from)]);
        let before = self::results(registry, &then);
        for id in &ids {
            let (Some(was), Some(is)) = (before.get(*id), results.get(*id)) else {
                continue;
            };
            if was != is {
                turns.entry(id).or_default().push(Turn {
                    time: change.time.clone(),
                    from: *was,
                    to: *is,
                });
            }
            if !satisfied(&before, id) {
                throughout.insert(id, false);
            }
        }
        results = before;
    }
    let held = ids.into_iter().map(|id| {
        let mut changes = turns.remove(id).unwrap_or_default();
        changes.reverse();
        let all_the_time = throughout.get(id).copied().unwrap_or(false);
        Held {
            check: id.clone(),
            // That it was not so once is known whatever is missing; that it was always so is not.
            throughout: (whole || !all_the_time).then_some(all_the_time),
            changes,
        }
    });
    held.collect()
}

fn results(registry: &Registry, subject: &Subject) -> BTreeMap<String, Came> {
    let outcomes = judge(registry, subject).into_iter();
    outcomes.map(|(id, outcome)| (id, outcome.result)).collect()
}
