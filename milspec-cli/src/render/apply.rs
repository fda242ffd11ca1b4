// SPDX-License-Identifier: GPL-2.0

//! Plans, and what became of them, for people.

use super::{count, provenance, wrap, Mark, Screen};
use crate::cmd::apply::ApplyDoc;
use crate::model::Step;
use crate::warning::Warning;

/// What was asked for, the steps, and how it ended.
pub fn apply(screen: &Screen, doc: &ApplyDoc) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    if let (Some(mode), Some(reach)) = (&doc.target.mode, doc.reach) {
        let mode = screen.bold(&format!("Mode {mode}"));
        text.push_str(&format!("{mode}: {}\n", reach.in_words()));
    }
    text.push_str(&steps(screen, &doc.steps, 0));
    text.push_str(&format!("{}\n", ending(doc)));
    // Those of before a change were shown before it.
    let planned = doc.outcome == "planned";
    let shown = |warning: &&Warning| planned || warning.code == "pending-reboot";
    let left: Vec<Warning> = doc.warnings.iter().filter(shown).cloned().collect();
    text.push_str(&warnings(screen, &left));
    text
}

fn ending(doc: &ApplyDoc) -> String {
    let steps = count(doc.steps.len() as u64, "step");
    let calls = count(doc.firmware_calls, "firmware call");
    match (doc.outcome.as_ref(), doc.steps.len()) {
        ("planned" | "done", 0) => match &doc.target.mode {
            Some(_) => "Nothing to do: every control within reach is as the mode asks.".into(),
            None => "Nothing to do: the values are in force already.".into(),
        },
        ("planned", _) => format!("{steps} to make. Nothing was changed."),
        ("done", _) => format!("Done: {steps} made and read back, with {calls}."),
        ("refused", _) => "Refused. Nothing was changed.".into(),
        ("undone", _) => format!("Undone, with {calls}: everything is as it was before."),
        ("degraded", _) => format!("Degraded, with {calls}: not everything could be undone."),
        (other, _) => format!("The driver says {other}, with {calls}."),
    }
}

/// A table of steps, one line for each.
pub fn steps(screen: &Screen, steps: &[Step], indent: usize) -> String {
    let width = |of: fn(&Step) -> &str| steps.iter().map(|step| of(step).len()).max().unwrap_or(0);
    let control = width(|step| &step.control);
    let (from, to) = (width(|step| &step.from), width(|step| &step.to));
    // In a plan all have the same state, which goes without saying.
    let planned = steps.iter().all(|step| step.state == "planned");
    let mut text = String::new();
    for step in steps {
        let mark = match step.state.as_ref() {
            "done" => Mark::Good,
            "planned" => Mark::None,
            "undone" => Mark::Warning,
            _ => Mark::Bad,
        };
        let error = step
            .error
            .as_ref()
            .map(|error| format!(" ({})", error.name))
            .unwrap_or_default();
        let change = format!(
            "{:indent$}{} {:<control$}  {:<from$} {} {:<to$}",
            "",
            screen.glyph(mark),
            step.control,
            step.from,
            screen.arrow(),
            step.to,
        );
        if planned {
            text.push_str(&format!("{}\n", change.trim_end()));
        } else {
            let state = screen.marked(mark, &format!("{}{error}", step.state));
            text.push_str(&format!("{change}  {state}\n"));
        }
    }
    text
}

/// What needs attention, with what to do about it.
pub fn warnings(screen: &Screen, warnings: &[Warning]) -> String {
    let mut text = String::new();
    let mut add = |mark: Mark, line: &str| {
        for (at, part) in wrap(line, screen.columns().saturating_sub(2))
            .iter()
            .enumerate()
        {
            let lead = if at == 0 {
                screen.glyph(mark)
            } else {
                " ".to_string()
            };
            text.push_str(&format!("{lead} {}\n", screen.marked(mark, part)));
        }
    };
    for warning in warnings {
        add(Mark::Warning, &warning.text);
        add(Mark::Next, warning.remedy);
    }
    text
}
