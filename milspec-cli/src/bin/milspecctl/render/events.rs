// SPDX-License-Identifier: GPL-2.0

//! `events` for people.

use super::Document;
use crate::cmd::events::EventsDoc;
use crate::page::Page;
use crate::screen::{Mark, Screen};
use milspec::clock;
use milspec::model::{Actor, ErrnoDoc, Event, Provenance};
use milspec::words::{count, with};

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
    let mut lines = vec![format!("{training}{}", what(screen, event))];
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

/// What happened.
fn what(screen: &Screen, event: &Event) -> String {
    let error = ErrnoDoc::behind(&event.error);
    let control = event.control.as_deref().unwrap_or("a control");
    let number = event.count;
    match event.kind.as_ref() {
        "load" => match (&event.pcr, event.error.as_ref()) {
            (Some(pcr), _) => format!("module loaded; changes are extended into PCR {pcr}"),
            (None, Some(error)) if error.name == "ENODEV" => "module loaded; no TPM".into(),
            (None, _) => format!("module loaded; the TPM cannot be read{error}"),
        },
        "bind" if event.error.is_some() => format!("DSML0001 is of no use{error}"),
        "bind" => format!("DSML0001 bound, {}", count(number, "device")),
        "unbind" => "DSML0001 let go".into(),
        "apply-begun" => format!("{}: begun, {}", target(event), count(number, "step")),
        "apply-ended" => ended(event, &error),
        "step" => {
            let state = match event.step.as_deref() {
                Some("done") | None => String::new(),
                Some(other) => format!(": {other}{error}"),
            };
            format!("{control}: {}{state}", change(screen, event))
        }
        "refused" => refused(event, &error),
        "suppressed" => format!(
            "{} refused without a record of {} own{error}",
            count(number, "more request"),
            if number == 1 { "its" } else { "their" }
        ),
        "outside-change" => format!(
            "{control}: {}, changed by something else{}",
            change(screen, event),
            if event.drift { ": drift" } else { "" }
        ),
        "tamper" => format!("{control}: the firmware reports tampering"),
        "latch" => format!("{}: latched until the next boot", target(event)),
        "resume" if event.error.is_some() => {
            format!("woken up; the firmware could not be read{error}")
        }
        "resume" => format!("woken up; {} differently", reads(number)),
        "anchor-failed" => format!(
            "{} from {} on not extended into the PCR{error}",
            count(number, "record"),
            event.about.unwrap_or_default()
        ),
        "accepted" => {
            let to = event.to.as_deref().unwrap_or("unknown");
            let from = with("; it was to be ", event.from.as_ref());
            format!("{control}: {to} accepted{from}")
        }
        "training-begun" => format!("training {number} begun"),
        "training-ended" => format!("training {number} ended"),
        "injected" => {
            let injection = event.injection.as_ref();
            injection.map_or_else(String::new, |injection| injection.in_words(event))
        }
        "gap" => format!("{} up to here lost: overwritten", count(number, "record")),
        other => format!("{other}: {control}, {}{error}", event.count),
    }
}

fn reads(number: u32) -> String {
    match number {
        1 => "1 control reads".into(),
        n => format!("{n} controls read"),
    }
}

/// What an apply was asked for.
fn target(event: &Event) -> String {
    match (&event.mode, event.listed) {
        (Some(mode), false) => format!("mode {mode}"),
        (Some(mode), true) => format!("mode {mode} with exceptions"),
        (None, _) => "controls by name".into(),
    }
}

fn change(screen: &Screen, event: &Event) -> String {
    let from = event.from.as_deref().unwrap_or("unknown");
    let to = event.to.as_deref().unwrap_or("unknown");
    format!("{from} {} {to}", screen.arrow())
}

fn ended(event: &Event, error: &str) -> String {
    let steps = count(event.count, "step");
    let begun = event.about.unwrap_or_default();
    let culprit = match &event.control {
        Some(control) if event.outcome.as_deref() == Some("conflict") => {
            format!(": something else changed {control}{error}")
        }
        Some(control) => format!(": {control} failed{error}"),
        None if error.is_empty() => String::new(),
        None => format!(":{error}"),
    };
    match event.outcome.as_deref() {
        Some("done") => format!("what began with {begun} is done, {steps}"),
        Some(outcome) => format!("what began with {begun} is {outcome}{culprit}"),
        None => format!("what began with {begun} has ended{culprit}"),
    }
}

fn refused(event: &Event, error: &str) -> String {
    let mut text = match (&event.reason, &event.mode, event.listed) {
        (None, None, false) => format!("a request refused{error}"),
        _ => format!("{}: refused{error}", target(event)),
    };
    if let Some(reason) = &event.reason {
        let control = with(": ", event.control.as_ref());
        let needs = with(" and ", event.needs.as_ref());
        text.push_str(&format!(", {reason}{control}{needs}"));
    }
    text
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
