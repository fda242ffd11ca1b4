// SPDX-License-Identifier: GPL-2.0

//! `mode get` and `mode list` for people.

use super::Document;
use crate::cmd::mode_get::{ModeGet, ModeNow};
use crate::cmd::mode_list::{ModeEntry, ModeListDoc};
use crate::page::{Page, Row};
use crate::screen::Mark;
use milspec::model::{Control, Line, Standing};
use milspec::words::{count, with};

/// Columns before what is said about a mode in the list.
const LEAD: usize = 17;

/// Glyph of how the machine stands to its mode.
fn mark(mode: &Standing) -> Mark {
    match mode.standing.as_ref() {
        "exact" if mode.unreached.is_empty() => Mark::Good,
        "exact" | "deviates" => Mark::Warning,
        _ => Mark::None,
    }
}

/// The rows about the mode, as `mode get` and `status` show them.
pub fn rows(page: &mut Page<'_>, now: &ModeNow) {
    let mode = &now.mode;
    page.marked("Mode", mark(mode), &mode.in_words());
    if let Some(unreached) = mode.unreached_in_words() {
        page.marked("", Mark::Warning, &unreached);
    }
    if let Some(reach) = mode.reach {
        page.marked("", Mark::None, &reach.in_words());
    }
    match now.latched {
        true => page.marked("Latch", Mark::Plain, "latched until the next boot"),
        false => page.marked("Latch", Mark::None, "not latched"),
    }
}

/// What was found, by name; without any, nothing where that is known.
pub fn found(page: &mut Page<'_>, key: &str, mark: Mark, names: &[String], known: bool) {
    match (names, known) {
        ([], true) => page.marked(key, Mark::Good, "none"),
        ([], false) => {
            let unknown = "unknown: not all that could tell was read";
            page.marked(key, Mark::Unknown, unknown);
        }
        (names, _) => page.marked(key, mark, &names.join(", ")),
    }
}

/// The rows about what something else has changed, and what could not be put back.
pub fn attention(page: &mut Page<'_>, now: &ModeNow) {
    let known = now.drift_known;
    found(page, "Drift", Mark::Warning, &now.drifted, known);
    found(page, "Degraded", Mark::Bad, &now.degraded, known);
}

fn deviation(control: &Control) -> String {
    let wanted = control.wanted.as_deref().unwrap_or("another value");
    let now = control.in_words();
    format!("{} is {now}, the mode asks for {wanted}", control.name)
}

/// One block for a mode.
fn entry(page: &mut Page<'_>, doc: &ModeListDoc, mode: &ModeEntry) {
    let here = doc.mode.name.as_ref() == Some(&mode.name);
    let glyph = if here { mark(&doc.mode) } else { Mark::None };
    let name = page.screen.bold(&format!("{:<13}", mode.name));
    let lead = format!("{} {name}  ", page.screen.glyph(glyph));
    let mut lines = vec![mode.summary.to_string(), mode.reach.in_words()];
    if here {
        lines.push(format!("the machine is in {}", doc.mode.in_words()));
    }
    lines.push(from_here(mode));
    if let Some(would) = &mode.compliance {
        lines.push(format!(
            "checks after the next boot: {}",
            would.tally.in_words()
        ));
        if !would.left.is_empty() && doc.with_steps {
            lines.push(format!("left then: {}", would.left.join(", ")));
        }
    }
    page.hang(&lead, LEAD, Mark::Plain, &lines);
    match &mode.lines {
        _ if !doc.with_steps => {}
        Some(lines) => asked(page, lines),
        None => page.steps(&mode.steps, LEAD),
    }
}

/// A table of all that a mode asks.
fn asked(page: &mut Page<'_>, lines: &[Line]) {
    let arrow = page.screen.arrow();
    let row = |line: &Line| {
        let now = line.now.as_deref().unwrap_or("unknown");
        let (mark, said) = match line.state.as_ref() {
            "open" => (Mark::None, String::new()),
            "holds" => (Mark::Good, "holds".into()),
            state => {
                let reason = line.reason.as_deref().unwrap_or(state);
                let needs = with(", ", line.needs.as_ref());
                (Mark::Warning, format!("{reason}{needs}"))
            }
        };
        let change = match mark {
            Mark::Good => line.wanted.clone(),
            _ => format!("{now} {arrow} {}", line.wanted),
        };
        Row {
            mark,
            cells: vec![line.control.clone(), change],
            said,
            below: None,
        }
    };
    page.table(4, &lines.iter().map(row).collect::<Vec<_>>());
}

/// What setting the mode would do now.
fn from_here(mode: &ModeEntry) -> String {
    match (&mode.reason, mode.steps.len()) {
        (Some(reason), _) => {
            let about = with(", ", mode.control.as_ref());
            format!("would be refused: {reason}{about}")
        }
        (None, 0) => "nothing to do to set it".into(),
        (None, steps) => format!("{} to set it", count(steps, "step")),
    }
}

impl Document for ModeGet {
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.head.from);
        page.keys(8);
        rows(page, &self.now);
        let pending = &self.now.pending_reboot;
        found(page, "Pending", Mark::Warning, pending, true);
        attention(page, &self.now);
        if page.screen.verbose {
            let mut key = "Deviates";
            for control in &self.deviating {
                let key = std::mem::take(&mut key);
                page.marked(key, Mark::Warning, &deviation(control));
            }
        }
    }
}

impl Document for ModeListDoc {
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.head.from);
        for mode in &self.modes {
            entry(page, self, mode);
        }
        page.warnings(&self.warnings);
    }
}
