// SPDX-License-Identifier: GPL-2.0

//! `milspecctl events`

use milspec::cli::Events;
use milspec::journal::file::Saved;
use milspec::journal::{self, chain, file};
use milspec::model::{Event, Naming, Provenance};
use milspec::{driver, training, Access, Result, Root, Snapshot, Warning};
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

/// Fetches the document.
pub fn run(root: &Root, asked: &Events) -> Result<EventsDoc> {
    match &asked.file {
        Some(path) => saved(asked, path),
        None => kept(root, asked),
    }
}

fn kept(root: &Root, asked: &Events) -> Result<EventsDoc> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    training::follow(source.as_mut());
    let records = journal::read(source.as_mut())?;
    Ok(EventsDoc {
        schema: "milspec.events/1",
        from: snapshot.provenance(root),
        file: None,
        events: chosen(asked, &records, &Naming::of(root, &snapshot)),
        warnings: Vec::new(),
    })
}

fn saved(asked: &Events, path: &Path) -> Result<EventsDoc> {
    let saved = file::read(path)?;
    if saved.events.is_empty() {
        return Err(file::no_journal(path));
    }
    Ok(EventsDoc {
        schema: "milspec.events/1",
        from: Provenance::default(),
        file: Some(saved.name.clone()),
        events: chosen(asked, &saved.events, &Naming::NONE),
        warnings: doubts(&saved),
    })
}

/// A file can be edited.
fn doubts(saved: &Saved) -> Vec<Warning> {
    let broken = chain::verify([saved.events.as_slice()]).broken;
    if broken.is_none() && saved.torn == 0 {
        return Vec::new();
    }
    vec![Warning::new(
        "journal-broken",
        "these are not the records as they were recorded",
        "\"milspecctl journal verify FILE\" says which is the first that does not fit",
    )]
}

/// What was asked for. A gap is shown whatever was: nobody knows what was in it.
pub fn chosen(asked: &Events, records: &[uapi::Event], naming: &Naming<'_>) -> Vec<Event> {
    let wanted = |event: &&uapi::Event| wanted(asked, event);
    let wanted: Vec<uapi::Event> = records.iter().filter(wanted).copied().collect();
    let skip = asked
        .count
        .map_or(0, |count| wanted.len().saturating_sub(count));
    Event::all(wanted.get(skip..).unwrap_or_default(), naming)
}

/// Whether this record was asked for.
pub fn wanted(asked: &Events, event: &uapi::Event) -> bool {
    let late = asked.since.is_none_or(|since| event.wall_ns >= since)
        && asked.until.is_none_or(|until| event.wall_ns <= until);
    let severe = asked
        .severity
        .is_none_or(|severity| event.severity <= severity as u8);
    event.kind == uapi::KIND_GAP || (late && severe)
}
