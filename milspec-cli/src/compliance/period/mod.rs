// SPDX-License-Identifier: GPL-2.0

//! How posture stood over a period, from the journal: what changed, who did it and when, where the
//! journal says nothing, and which checks were satisfied all the time.
//!
//! The present values are known, and each change says what was before it. So it goes back from the last
//! reading, as far as no record is missing. While the driver was not loaded nobody wrote down what changed.
//! Records go by their order and by the clock that nobody sets; the wall clock only says when.

mod held;
mod timeline;

use super::document::Selection;
use super::judge::Result as Came;
use super::registry::Registry;
use super::subject::Subject;
use crate::clock;
use crate::journal::chain;
use crate::journal::file::Saved;
use crate::journal::judge::judge as judge_journal;
use crate::journal::live::Live;
use crate::model::{Actor, Event, Naming, Word};
use serde::Serialize;
use timeline::Timeline;

/// How posture stood since some time.
#[derive(Clone, Debug, Serialize)]
pub struct Period {
    /// From when on.
    pub since: String,
    /// When the driver last read the firmware, which is as far as anything is known; null where that cannot
    /// be said.
    pub until: Option<String>,
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
    /// Whether it was satisfied all the time, up to the last reading; null where that is not known. It
    /// goes by the firmware's values, whether they were in force already or not.
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

/// Now, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// Nanoseconds since 1970.
    pub wall_ns: u64,
    /// Nanoseconds since boot.
    pub boot_ns: u64,
}

/// The period, and what of the machine it ends with.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// Its beginning, in nanoseconds since 1970.
    pub since: u64,
    /// The clocks of the machine; `None` where a recording stands in for it.
    pub now: Option<Clocks>,
    /// When the driver last read the firmware, in nanoseconds since boot; 0 where it has not.
    pub read_ns: u64,
    /// How the machine stands by that reading.
    pub subject: &'a Subject,
}

/// The period, from saved journals and what the driver has.
pub fn since(
    registry: &Registry,
    selection: &Selection,
    span: &Span<'_>,
    mut files: Vec<Saved>,
    live: &Live,
    naming: &Naming<'_>,
) -> Period {
    let journals = files.iter().map(|saved| saved.name.clone()).collect();
    // What the driver has since then goes on where the files end.
    let last = files.last().and_then(|saved| saved.events.last());
    if let Some(last) = last {
        files.push(Saved {
            name: "the driver".into(),
            events: chain::after(last, &live.records),
            torn: 0,
        });
    }
    let verdict = judge_journal(&files, Ok(live));
    let timeline = Timeline::new(span, &files, live, naming);
    let gaps = timeline.gaps(&verdict);
    let until = timeline.until();
    let held_to_now = verdict.result != "wrong";
    let is_whole = gaps.is_empty() && until.is_some_and(|until| until >= span.since);
    let running = timeline.running().filter(|_| held_to_now);
    Period {
        since: clock::utc(span.since),
        until: until.map(clock::utc),
        journals,
        verdict: verdict.result,
        verdict_why: verdict.error.map(|failure| failure.to_string()),
        changes: timeline.events().filter_map(Change::of).collect(),
        checks: held::held(registry, selection, span.subject, running, is_whole),
        gaps,
    }
}

impl Change {
    /// The change that a record tells of, if it does.
    fn of(event: &Event) -> Option<Self> {
        let outside = event.kind == "outside-change";
        let (from, to) = match (event.kind.as_ref(), event.step.as_deref()) {
            ("outside-change", _) | ("step", Some("done")) => {
                (event.from.clone(), event.to.clone())
            }
            // The record has what the step was to do.
            ("step", Some("undone")) => (event.to.clone(), event.from.clone()),
            ("step", Some("degraded")) => (event.from.clone(), None),
            _ => return None,
        };
        Some(Self {
            time: event.time.clone(),
            sequence: event.sequence,
            load: event.load.clone(),
            control: event.control.clone()?,
            from,
            to,
            by: event.actor.clone().filter(|_| !outside),
            origin: event.origin.clone().filter(|_| !outside),
        })
    }
}
