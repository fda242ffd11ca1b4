// SPDX-License-Identifier: GPL-2.0

//! `config show` for people.

use super::apply::plan;
use super::Document;
use crate::cmd::config_export::ConfigExport;
use crate::cmd::config_show::{ConfigShow, Explained};
use crate::page::{Page, Row};
use crate::screen::Mark;
use milspec::change::LEAVE;
use milspec::Failure;

fn row(control: &Explained, verbose: bool) -> Row {
    let (mark, said) = match (control.wanted.as_str(), control.holds) {
        (LEAVE, _) => (Mark::None, format!("stays {}", control.in_words)),
        (_, true) => (Mark::Good, "holds".into()),
        (_, false) => (Mark::Warning, format!("is {} now", control.in_words)),
    };
    Row {
        mark,
        cells: vec![control.name.clone(), control.wanted.clone()],
        said,
        below: verbose.then(|| control.label.clone()),
    }
}

impl Document for ConfigShow {
    /// The file, its controls, and what applying it would do.
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.plan.from);
        page.heading(&page.screen.foreign(&self.file));
        if let Some(about) = &self.about {
            page.wrapped(0, &page.screen.foreign(about));
        }
        match (&self.plan.target.mode, self.summary) {
            (Some(mode), Some(summary)) => page.wrapped(0, &format!("Mode {mode}: {summary}")),
            _ => page.line("No mode: what is not named stays as it is."),
        }
        page.line(match (self.controls.len(), &self.plan.target.mode) {
            (0, Some(_)) => "No exceptions.",
            (0, None) => "No controls.",
            (_, Some(_)) => "Exceptions from the mode:",
            (_, None) => "Controls:",
        });
        let rows = self.controls.iter().map(|it| row(it, page.screen.verbose));
        page.table(0, &rows.collect::<Vec<_>>());
        page.put("\nApplied to this machine:\n");
        plan(page, &self.plan);
    }

    fn failure(&self) -> Option<&Failure> {
        self.plan.failure()
    }
}

impl Document for ConfigExport {
    /// A file to be kept: the same on every screen.
    fn human(&self, page: &mut Page<'_>) {
        // The document has nothing that TOML has no words for.
        page.put(&toml::to_string(self).unwrap_or_default());
    }
}
