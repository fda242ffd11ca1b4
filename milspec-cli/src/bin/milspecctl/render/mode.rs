// SPDX-License-Identifier: GPL-2.0

//! `mode get` and `mode list` for people.

use super::Document;
use crate::cmd::mode_get::ModeGet;
use crate::cmd::mode_list::{ModeEntry, ModeListDoc};
use crate::screen::{provenance, steps, warnings, wrap, Mark, Rows, Screen};
use milspec::model::{Control, Line, Standing};
use milspec::words::count;

/// Columns before what is said about a mode in the list.
const LEAD: usize = 17;

/// Glyph of how the machine stands to its mode.
pub fn mark(mode: &Standing) -> Mark {
    match mode.standing.as_ref() {
        "exact" if mode.unreached.is_empty() => Mark::Good,
        "exact" => Mark::Warning,
        "deviates" => Mark::Warning,
        _ => Mark::None,
    }
}

/// The rows about the mode, as `mode get` and `status` show them.
pub fn rows(rows: &mut Rows<'_>, mode: &Standing, latched: bool) {
    rows.add_marked("Mode", mark(mode), &mode.in_words());
    if let Some(unreached) = mode.unreached_in_words() {
        rows.add_marked("", Mark::Warning, &unreached);
    }
    if let Some(reach) = mode.reach {
        rows.add_marked("", Mark::None, &reach.in_words());
    }
    if latched {
        rows.add_marked("Latch", Mark::Plain, "latched until the next boot");
    } else {
        rows.add_marked("Latch", Mark::None, "not latched");
    }
}

/// What was found, by name; without any, nothing where that is known.
pub fn found(rows: &mut Rows<'_>, key: &str, mark: Mark, names: &[String], known: bool) {
    match (names, known) {
        ([], true) => rows.add_marked(key, Mark::Good, "none"),
        ([], false) => rows.add_marked(
            key,
            Mark::Unknown,
            "unknown: not all that could tell was read",
        ),
        (names, _) => rows.add_marked(key, mark, &names.join(", ")),
    }
}

/// Key and value.
pub fn mode_get(screen: &Screen, doc: &ModeGet) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    let mut lines = Rows::new(screen, 8);
    rows(&mut lines, &doc.mode, doc.latched);
    found(
        &mut lines,
        "Pending",
        Mark::Warning,
        &doc.pending_reboot,
        true,
    );
    let known = doc.drift_known;
    found(&mut lines, "Drift", Mark::Warning, &doc.drifted, known);
    found(&mut lines, "Degraded", Mark::Bad, &doc.degraded, known);
    if screen.verbose {
        for (at, control) in doc.deviating.iter().enumerate() {
            let key = if at == 0 { "Deviates" } else { "" };
            lines.add_marked(key, Mark::Warning, &deviation(control));
        }
    }
    text.push_str(&lines.finish());
    text
}

fn deviation(control: &Control) -> String {
    let wanted = control.wanted.as_deref().unwrap_or("another value");
    format!(
        "{} is {}, the mode asks for {wanted}",
        control.name,
        control.in_words()
    )
}

/// One block for each mode.
pub fn mode_list(screen: &Screen, doc: &ModeListDoc) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    for mode in &doc.modes {
        let here = doc.mode.name.as_ref() == Some(&mode.name);
        let glyph = if here { mark(&doc.mode) } else { Mark::None };
        let name = screen.bold(&format!("{:<13}", mode.name));
        let lead = format!("{} {name}  ", screen.glyph(glyph));
        let mut lines = vec![mode.summary.to_string(), mode.reach.in_words()];
        if here {
            lines.push(format!("the machine is in {}", doc.mode.in_words()));
        }
        lines.push(from_here(mode));
        let columns = screen.columns().saturating_sub(LEAD);
        let mut first = true;
        for part in lines.iter().flat_map(|line| wrap(line, columns)) {
            if std::mem::take(&mut first) {
                text.push_str(&format!("{lead}{part}\n"));
            } else {
                text.push_str(&format!("{:LEAD$}{part}\n", ""));
            }
        }
        if doc.with_steps {
            match &mode.lines {
                Some(lines) => text.push_str(&asked(screen, lines)),
                None => text.push_str(&steps(screen, &mode.steps, LEAD)),
            }
        }
    }
    text.push_str(&warnings(screen, &doc.warnings));
    text
}

/// A table of all that a mode asks.
fn asked(screen: &Screen, lines: &[Line]) -> String {
    const INDENT: usize = 4;
    let now = |line: &Line| line.now.clone().unwrap_or_else(|| "unknown".into());
    let width = |of: &dyn Fn(&Line) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let name = width(&|line| line.control.len());
    let change = |line: &Line| match line.state.as_ref() {
        "holds" => line.wanted.clone(),
        _ => format!("{} {} {}", now(line), screen.arrow(), line.wanted),
    };
    let values = width(&|line| change(line).chars().count());
    let mut text = String::new();
    for line in lines {
        let (mark, word) = match line.state.as_ref() {
            "open" => (Mark::None, String::new()),
            "holds" => (Mark::Good, "holds".into()),
            _ => (Mark::Warning, why_not(line)),
        };
        let row = format!(
            "{:INDENT$}{} {:<name$}  {:<values$}",
            "",
            screen.glyph(mark),
            line.control,
            change(line),
        );
        if word.is_empty() {
            text.push_str(&format!("{}\n", row.trim_end()));
        } else {
            text.push_str(&format!("{row}  {}\n", screen.marked(mark, &word)));
        }
    }
    text
}

/// Why the mode cannot have what it asks for.
fn why_not(line: &Line) -> String {
    let reason = line.reason.as_deref().unwrap_or(&line.state);
    match &line.needs {
        Some(needs) => format!("{reason}, {needs}"),
        None => reason.into(),
    }
}

/// What setting the mode would do now.
fn from_here(mode: &ModeEntry) -> String {
    match (&mode.reason, mode.steps.len()) {
        (Some(reason), _) => {
            let about = mode
                .control
                .as_ref()
                .map(|control| format!(", {control}"))
                .unwrap_or_default();
            format!("would be refused: {reason}{about}")
        }
        (None, 0) => "nothing to do to set it".into(),
        (None, steps) => format!("{} to set it", count(steps as u64, "step")),
    }
}

impl Document for ModeGet {
    fn human(&self, screen: &Screen) -> String {
        mode_get(screen, self)
    }
}

impl Document for ModeListDoc {
    fn human(&self, screen: &Screen) -> String {
        mode_list(screen, self)
    }
}
