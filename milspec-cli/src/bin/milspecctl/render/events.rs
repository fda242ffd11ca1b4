// SPDX-License-Identifier: GPL-2.0

//! `events` for people.

use super::Document;
use crate::cmd::events::EventsDoc;
use crate::page::Page;
use crate::screen::Mark;
use milspec::clock;
use milspec::model::{Actor, Event, Provenance};
use milspec::words::with;

/// Columns before what happened: the time, the sequence and the glyph.
const LEAD: usize = 29;

/// What stands before the first event.
pub fn header(page: &mut Page<'_>, from: &Provenance) {
    page.provenance(from);
    if from.simulated.is_none() {
        let line = "a saved journal does not say which machine it is of";
        page.note(0, Mark::None, line);
    }
}

/// One event: a line, with the time in the reader's time zone.
pub fn event(page: &mut Page<'_>, event: &Event) {
    line(page, event, has_actor(event));
}

/// The same as evidence: always with who did it, where somebody did.
pub fn evidence(page: &mut Page<'_>, event: &Event) {
    let driver = event.origin.as_deref() == Some("driver");
    line(page, event, has_actor(event) || !driver);
}

fn line(page: &mut Page<'_>, event: &Event, with_actor: bool) {
    let screen = page.screen;
    let mark = mark(event);
    let lead = format!(
        "{} {:>6} {} ",
        clock::local(event.wall_ns),
        event.sequence,
        screen.glyph(mark)
    );
    let training = if event.training { "TRAINING: " } else { "" };
    let mut lines = vec![format!("{training}{}", event.in_words(screen.arrow()))];
    if let Some(actor) = event.actor.as_ref().filter(|_| with_actor) {
        lines.push(who(actor, event));
    }
    if screen.verbose {
        lines.extend(more(event));
    }
    match screen.width {
        Some(_) => page.hang(&lead, LEAD, mark, &lines),
        // In a pipe one event is one line.
        None => page.line(lead + &screen.marked(mark, &lines.join("; "))),
    }
}

fn mark(event: &Event) -> Mark {
    match (event.severity.as_ref(), event.step.as_deref()) {
        ("error", _) | (_, Some("failed" | "degraded")) => Mark::Bad,
        ("warning", _) | (_, Some("undone" | "moved")) => Mark::Warning,
        (_, Some(_)) => Mark::Good,
        ("notice", _) if event.outcome.is_some() => Mark::Good,
        ("notice", _) => Mark::Plain,
        _ => Mark::None,
    }
}

/// Whether it is news who did it: of what an apply consists of, its beginning says it.
fn has_actor(event: &Event) -> bool {
    matches!(
        event.kind.as_ref(),
        "load"
            | "apply-begun"
            | "refused"
            | "suppressed"
            | "unbind"
            | "training-begun"
            | "training-ended"
            | "injected"
    )
}

fn who(actor: &Actor, event: &Event) -> String {
    let origin = event.origin.as_ref().filter(|origin| *origin != "driver");
    actor.in_words() + &with(", through ", origin)
}

/// What `-v` adds.
fn more(event: &Event) -> Vec<String> {
    let mut more = vec![format!("at {} from boot", seconds(event.boottime_ns))];
    if event.kind == "gap" {
        more.clear();
    }
    match (event.pcr, &event.pcr_value) {
        (Some(pcr), Some(value)) => more.push(format!("PCR {pcr} held {value}")),
        (Some(pcr), None) => more.push(format!("extended into PCR {pcr}")),
        _ => {}
    }
    more.push(format!("load {}", event.load));
    more.push(format!("chain {}", event.chain));
    more
}

fn seconds(ns: u64) -> String {
    format!("{}.{:09} s", ns / 1_000_000_000, ns % 1_000_000_000)
}

impl Document for EventsDoc {
    fn human(&self, page: &mut Page<'_>) {
        header(page, &self.from);
        for one in &self.events {
            event(page, one);
        }
        if self.events.is_empty() {
            page.line("No such event.");
        }
        page.warnings(&self.warnings);
    }
}
