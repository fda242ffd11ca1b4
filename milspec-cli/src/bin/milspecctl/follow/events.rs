// SPDX-License-Identifier: GPL-2.0

//! `milspecctl events --follow`

use super::ended;
use crate::cmd::events::{chosen, wanted};
use crate::page::Page;
use crate::{output, render};
use milspec::cli::{Events, Global};
use milspec::model::{Event, Naming};
use milspec::source::Wait;
use milspec::{diagnose, driver, journal, signals, training, Access, Result, Root, Snapshot};
use milspec_uapi as uapi;
use serde::Serialize;

/// `milspec.event/1`: one of many lines.
#[derive(Serialize)]
struct EventLine<'a> {
    schema: &'static str,
    recording: &'a Option<String>,
    simulated: Option<bool>,
    #[serde(flatten)]
    event: &'a Event,
}

/// Shows what there is, then what comes. Ctrl-C is how it is meant to end, and no failure.
pub fn run(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    signals::catch_for("follow")?;
    ended(global, stream(root, global, asked))
}

fn stream(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let from = snapshot.provenance(root);
    training::follow(source.as_mut());
    let records = journal::read(source.as_mut())?;
    let naming = Naming::of(root, &snapshot);
    let mut events = chosen(asked, &records, &naming);
    let screen = output::stdout_screen(global);
    let mut page = Page::new(&screen);
    if !global.json && !global.quiet {
        render::events_header(&mut page, &from);
    }
    loop {
        for event in &events {
            if global.json {
                page.put(&render::line(&EventLine {
                    schema: "milspec.event/1",
                    recording: &from.recording,
                    simulated: from.simulated,
                    event,
                }));
            } else if !global.quiet {
                render::event(&mut page, event);
            }
        }
        if !output::write(page.finish())? {
            return Ok(0);
        }
        page = Page::new(&screen);
        let records = source.records(Wait::Yes).map_err(diagnose::journal)?;
        if records.is_empty() {
            return Ok(0);
        }
        // How many to begin with has been said.
        let wanted: Vec<uapi::Event> = records.into_iter().filter(|e| wanted(asked, e)).collect();
        events = Event::all(&wanted, &naming);
    }
}
