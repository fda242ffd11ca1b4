// SPDX-License-Identifier: GPL-2.0

//! `config show` for people.

use super::apply::plan;
use super::Document;
use crate::cmd::config_export::ConfigExport;
use crate::cmd::config_show::{ConfigShow, Explained};
use crate::screen::{provenance, wrap, Mark, Screen};
use milspec::change::LEAVE;
use milspec::failure::Failure;

/// The file, its controls, and what applying it would do.
pub fn config_show(screen: &Screen, doc: &ConfigShow) -> String {
    let mut text = provenance(
        screen,
        doc.plan.recording.as_deref(),
        doc.plan.simulated_because.as_deref(),
    );
    text.push_str(&format!("{}\n", screen.bold(&screen.foreign(&doc.file))));
    let mut add = |line: &str| {
        for part in wrap(line, screen.columns()) {
            text.push_str(&format!("{part}\n"));
        }
    };
    if let Some(about) = &doc.about {
        add(&screen.foreign(about));
    }
    match (&doc.plan.target.mode, doc.summary) {
        (Some(mode), Some(summary)) => add(&format!("Mode {mode}: {summary}")),
        _ => add("No mode: what is not named stays as it is."),
    }
    match (doc.controls.len(), &doc.plan.target.mode) {
        (0, Some(_)) => add("No exceptions."),
        (0, None) => add("No controls."),
        (_, Some(_)) => add("Exceptions from the mode:"),
        (_, None) => add("Controls:"),
    }
    text.push_str(&controls(screen, &doc.controls));
    text.push_str("\nApplied to this machine:\n");
    text.push_str(&plan(screen, &doc.plan));
    text
}

fn controls(screen: &Screen, controls: &[Explained]) -> String {
    let width = |of: fn(&Explained) -> &str| controls.iter().map(|c| of(c).len()).max();
    let name = width(|control| &control.name).unwrap_or(0);
    let wanted = width(|control| &control.wanted).unwrap_or(0);
    let mut text = String::new();
    for control in controls {
        let (mark, now) = match (control.wanted.as_str(), control.holds) {
            (LEAVE, _) => (Mark::None, format!("stays {}", control.in_words)),
            (_, true) => (Mark::Good, "holds".into()),
            (_, false) => (Mark::Warning, format!("is {} now", control.in_words)),
        };
        let line = format!(
            "{} {:<name$}  {:<wanted$}  {}",
            screen.glyph(mark),
            control.name,
            control.wanted,
            screen.marked(mark, &now)
        );
        text.push_str(&format!("{}\n", line.trim_end()));
        if screen.verbose {
            for part in wrap(&control.label, screen.columns().saturating_sub(4)) {
                text.push_str(&format!("    {part}\n"));
            }
        }
    }
    text
}

impl Document for ConfigShow {
    fn human(&self, screen: &Screen) -> String {
        config_show(screen, self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.plan.failure()
    }
}

impl Document for ConfigExport {
    /// A file to be kept: the same on every screen.
    fn human(&self, _screen: &Screen) -> String {
        // The document has nothing that TOML has no words for.
        toml::to_string(self).unwrap_or_default()
    }
}
