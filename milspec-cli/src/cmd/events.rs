// SPDX-License-Identifier: GPL-2.0

//! `milspecctl events`

use super::{ended, recording, Document};
use crate::cli::{Events, Global};
use crate::diagnose;
use crate::failure::Result;
use crate::interrupt;
use crate::journal::file::Saved;
use crate::journal::{self, chain, file};
use crate::model::{Event, Machine, Naming};
use crate::output;
use crate::render::{self, Screen};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{self, Access, Wait};
use crate::warning::Warning;
use milspec_uapi as uapi;
use serde::Serialize;
use std::path::Path;

/// `milspec.events/1`
#[derive(Debug, Serialize)]
pub struct EventsDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where it is from.
    #[serde(flatten)]
    pub from: Provenance,
    /// The saved journal; null for the driver's.
    pub file: Option<String>,
    /// The events that were asked for, the oldest first.
    pub events: Vec<Event>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
}

/// `milspec.event/1`: one of many lines.
#[derive(Serialize)]
struct EventLine<'a> {
    schema: &'static str,
    #[serde(flatten)]
    from: &'a Provenance,
    #[serde(flatten)]
    event: &'a Event,
}

/// Where events are from.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Provenance {
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell; null for a saved journal, which does
    /// not say.
    pub simulated: Option<bool>,
    /// How that was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
}

impl Provenance {
    /// The machine of a snapshot.
    pub fn of(root: &Root, snapshot: &Snapshot) -> Self {
        let machine = Machine::new(&snapshot.info, &snapshot.status);
        Self {
            recording: recording(root),
            simulated: Some(machine.simulated_because.is_some()),
            simulated_because: machine.simulated_because,
        }
    }
}

/// Fetches the document.
pub fn run(root: &Root, asked: &Events) -> Result<EventsDoc> {
    match &asked.file {
        Some(path) => saved(asked, path),
        None => kept(root, asked),
    }
}

fn kept(root: &Root, asked: &Events) -> Result<EventsDoc> {
    let mut source = source::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let records = journal::read(source.as_mut())?;
    Ok(EventsDoc {
        schema: "milspec.events/1",
        from: Provenance::of(root, &snapshot),
        file: None,
        events: chosen(asked, &records, &Naming::of(root, &snapshot.controls)),
        warnings: Vec::new(),
    })
}

fn saved(asked: &Events, path: &Path) -> Result<EventsDoc> {
    let saved = file::read(path)?;
    Ok(EventsDoc {
        schema: "milspec.events/1",
        from: Provenance::default(),
        file: Some(path.display().to_string()),
        events: chosen(asked, &saved.events, &Naming::NONE),
        warnings: doubts(&saved),
    })
}

/// A file can be edited, and can be no journal at all.
fn doubts(saved: &Saved) -> Vec<Warning> {
    let broken = chain::verify([saved.events.as_slice()]).broken;
    if broken.is_none() && saved.torn == 0 {
        return Vec::new();
    }
    vec![Warning {
        code: "journal-broken",
        text: "these are not the records as they were recorded".into(),
        remedy: "\"milspecctl journal verify FILE\" says which is the first that does not fit",
        controls: Vec::new(),
    }]
}

/// What was asked for. A gap is shown whatever was: nobody knows what was in it.
fn chosen(asked: &Events, records: &[uapi::Event], naming: &Naming<'_>) -> Vec<Event> {
    let wanted = |event: &&uapi::Event| wanted(asked, event);
    let wanted: Vec<uapi::Event> = records.iter().filter(wanted).copied().collect();
    let skip = asked
        .count
        .map_or(0, |count| wanted.len().saturating_sub(count));
    Event::all(wanted.get(skip..).unwrap_or_default(), naming)
}

fn wanted(asked: &Events, event: &uapi::Event) -> bool {
    let late = asked.since.is_none_or(|since| event.wall_ns >= since);
    let severe = asked
        .severity
        .is_none_or(|severity| event.severity <= severity.number());
    event.kind == uapi::KIND_GAP || (late && severe)
}

/// Shows what there is, then what comes. Ctrl-C is how it is meant to end, and no failure.
pub fn follow(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    interrupt::catch().map_err(|errno| interrupt::cannot_catch("follow", errno))?;
    ended(global, stream(root, global, asked))
}

fn stream(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    let mut source = source::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let from = Provenance::of(root, &snapshot);
    let records = journal::read(source.as_mut())?;
    let naming = Naming::of(root, &snapshot.controls);
    let mut events = chosen(asked, &records, &naming);
    let screen = output::stdout_screen(global);
    let header = render::events_header(&screen, &from);
    if !global.json && !global.quiet && !output::write(&header)? {
        return Ok(0);
    }
    loop {
        let lines = |event: &Event| {
            if global.json {
                render::line(&EventLine {
                    schema: "milspec.event/1",
                    from: &from,
                    event,
                })
            } else if global.quiet {
                String::new()
            } else {
                render::event(&screen, event)
            }
        };
        let text: String = events.iter().map(lines).collect();
        if !output::write(&text)? {
            return Ok(0);
        }
        let records = source.records(Wait::Yes).map_err(diagnose::journal)?;
        if records.is_empty() {
            return Ok(0);
        }
        // How many to begin with has been said.
        let wanted: Vec<uapi::Event> = records.into_iter().filter(|e| wanted(asked, e)).collect();
        events = Event::all(&wanted, &naming);
    }
}

impl Document for EventsDoc {
    fn human(&self, screen: &Screen) -> String {
        render::events(screen, self)
    }
}
