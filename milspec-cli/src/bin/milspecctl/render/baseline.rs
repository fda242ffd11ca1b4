// SPDX-License-Identifier: GPL-2.0

//! `baseline show` for people.

use super::Document;
use crate::cmd::baseline_show::{BaselineShow, Before};
use crate::page::{Page, Row};
use crate::screen::Mark;
use milspec::words::count;

fn row(before: &Before, verbose: bool) -> Row {
    let (mark, said) = match (&before.in_words, before.differs) {
        (None, _) => (Mark::None, "now unknown".to_string()),
        (Some(_), false) => (Mark::Good, "as it was".into()),
        (Some(now), true) => (Mark::Warning, format!("now {now}")),
    };
    let when = match &before.recorded_at {
        Some(when) => format!("recorded {when}"),
        None => "known to the driver only, until it is unloaded".into(),
    };
    Row {
        mark,
        cells: vec![before.name.clone(), before.value.clone()],
        said,
        below: verbose.then_some(when),
    }
}

fn ending(doc: &BaselineShow) -> String {
    let differ = doc.controls.iter().filter(|before| before.differs).count();
    let unknown = doc.controls.iter().any(|before| before.in_words.is_none());
    let recorded = count(doc.controls.len(), "control");
    match (doc.controls.len(), differ) {
        (0, _) => "Nothing is recorded: nothing was changed, or all was brought back.".into(),
        _ if unknown || !doc.this_machine => format!("{recorded} recorded."),
        (_, 0) => format!("{recorded} recorded, all as they were."),
        (_, differ) => format!(
            "{recorded} recorded, {differ} not as before.\n\
             \"milspecctl mode set baseline\" brings back what was."
        ),
    }
}

impl Document for BaselineShow {
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.from);
        let rows = self.controls.iter().map(|it| row(it, page.screen.verbose));
        page.table(0, &rows.collect::<Vec<_>>());
        page.line(ending(self));
        page.warnings(&self.warnings);
    }
}
