// SPDX-License-Identifier: GPL-2.0

//! `milspecctl events --follow`

use super::ended;
use crate::cmd::events::{chosen, wanted, Provenance};
use crate::output;
use crate::render;
use milspec::cli::{Events, Global};
use milspec::diagnose;
use milspec::driver;
use milspec::failure::Result;
use milspec::journal;
use milspec::model::{Event, Naming};
use milspec::root::Root;
use milspec::signals;
use milspec::snapshot::Snapshot;
use milspec::source::{Access, Wait};
use milspec_uapi as uapi;
use serde::Serialize;

/// `milspec.event/1`: one of many lines.
#[derive(Serialize)]
struct EventLine<'a> {
    schema: &'static str,
    #[serde(flatten)]
    from: &'a Provenance,
    #[serde(flatten)]
    event: &'a Event,
}

/// Shows what there is, then what comes. Ctrl-C is how it is meant to end, and no failure.
pub fn run(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    signals::catch().map_err(|errno| signals::cannot_catch("follow", errno))?;
    ended(global, stream(root, global, asked))
}

fn stream(root: &Root, global: &Global, asked: &Events) -> Result<u8> {
    let mut source = driver::open(root, Access::Read)?;
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
