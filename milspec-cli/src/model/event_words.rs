// SPDX-License-Identifier: GPL-2.0

//! Records of the journal in words.

use super::{ErrnoDoc, Event};
use crate::words::{count, with};

impl Event {
    /// What happened, in words; `arrow` stands between before and after.
    pub fn in_words(&self, arrow: &str) -> String {
        what(self, arrow)
    }
}

fn what(event: &Event, arrow: &str) -> String {
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
            format!("{control}: {}{state}", change(event, arrow))
        }
        "refused" => refused(event, &error),
        "suppressed" => format!(
            "{} refused without a record of {} own{error}",
            count(number, "more request"),
            if number == 1 { "its" } else { "their" }
        ),
        "outside-change" => format!(
            "{control}: {}, changed by something else{}",
            change(event, arrow),
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

fn change(event: &Event, arrow: &str) -> String {
    let from = event.from.as_deref().unwrap_or("unknown");
    let to = event.to.as_deref().unwrap_or("unknown");
    format!("{from} {} {to}", arrow)
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
