// SPDX-License-Identifier: GPL-2.0

//! `compliance` for people.

use super::Document;
use crate::page::{Page, Row};
use crate::screen::Mark;
use milspec::compliance::document::{Checked, Id};
use milspec::compliance::framework::Framework;
use milspec::compliance::judge::Result as Came;
use milspec::compliance::period::{shown, Period};
use milspec::compliance::{document, modes, Assessment};
use milspec::model::Actor;
use milspec::words::count;
use milspec::Exit;

/// Columns before the text: glyph, result and check.
const LEAD: usize = 2 + 15 + 25;

/// Columns before what stands below it.
const BELOW: usize = 4;

/// What no result claims.
const CLAIM: &str =
    "A check covers settings of one machine, and never a whole control of a framework.";

fn mark(check: &Checked) -> Mark {
    match check.word() {
        "satisfied" => Mark::Good,
        "not satisfied" => Mark::Bad,
        "excepted" => Mark::Warning,
        _ => Mark::None,
    }
}

/// The ids, by framework: `800-53 AC-18 CM-7; cci CCI-001449`. Those that are judgement or
/// derived say so.
pub fn ids(ids: &[Id]) -> String {
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    for id in ids {
        let text = format!("{}{}", id.id, id.doubt());
        match parts.last_mut() {
            Some((framework, all)) if *framework == id.framework => all.push(text),
            _ => parts.push((id.framework, vec![text])),
        }
    }
    let parts = parts
        .iter()
        .map(|(framework, all)| format!("{framework} {}", all.join(" ")));
    parts.collect::<Vec<_>>().join("; ")
}

fn one(page: &mut Page<'_>, check: &Checked, with_ids: bool) {
    let (mark, screen) = (mark(check), page.screen);
    let word = screen.marked(mark, &format!("{:<15}", check.word()));
    let id = screen.bold(&format!("{:<25}", check.id));
    let lead = format!("{} {word}{id}", screen.glyph(mark));
    page.hang(&lead, LEAD, Mark::Plain, &[&check.told]);
    if check.result != Came::Satisfied || screen.verbose {
        page.wrapped(BELOW, &format!("wanted: {}", check.wanted));
        page.wrapped(BELOW, &check.why);
    }
    if with_ids && !check.ids.is_empty() {
        page.wrapped(BELOW, &ids(&check.ids));
    }
    if let Some(excepted) = &check.exception {
        let how = match excepted.honoured {
            true => "excepted by",
            false => "an exception is EXPIRED, by",
        };
        let (owner, until) = (&excepted.owner, &excepted.until);
        let text = format!("{how} {owner} until {until}: {}", excepted.reason);
        page.note(BELOW, Mark::Warning, &text);
    }
    if let Some(remedy) = check.remedy.as_ref().filter(|_| !check.is_excepted()) {
        page.note(BELOW, Mark::Next, remedy);
    }
}

/// The checks; those that are about nothing on this machine in one line, unless all is to be seen.
fn checks(page: &mut Page<'_>, checks: &[Checked], with_ids: bool) {
    let about_nothing = |check: &&Checked| {
        check.result == Came::NotApplicable && check.seen.is_empty() && !page.screen.verbose
    };
    let (nothing, shown): (Vec<&Checked>, Vec<&Checked>) = checks.iter().partition(about_nothing);
    for check in shown {
        one(page, check, with_ids);
    }
    if !nothing.is_empty() {
        let names: Vec<&str> = nothing.iter().map(|check| check.id.as_str()).collect();
        page.line("");
        let text = "not applicable, because this machine has nothing that they are about: ";
        page.note(0, Mark::None, &format!("{text}{}", names.join(", ")));
    }
}

fn head(page: &mut Page<'_>, of: &Assessment) {
    for text in of.marks() {
        page.note(0, Mark::Warning, &text);
    }
    page.keys(8);
    page.row("Machine", &of.machine.in_words());
    let time = of.evidence.time.as_ref();
    let time = time.map_or_else(String::new, |time| format!(", at {time}"));
    let file = of.evidence.file.as_ref();
    let file = file.map_or_else(String::new, |file| format!("{file}: "));
    page.row("Rests on", &format!("{file}{}{time}", of.evidence.rests_on));
    page.row("Read", &of.evidence.read_in_words());
}

/// The mode that satisfies most, and what is left then.
fn best(page: &mut Page<'_>, of: &Assessment) {
    let Some(best) = modes::best(&of.modes) else {
        return;
    };
    let text = format!(
        "Mode {} satisfies most, after the next boot: {}.",
        best.mode,
        best.tally.in_words()
    );
    page.wrapped(0, &text);
    if !best.left.is_empty() {
        page.wrapped(0, &format!("Left then: {}.", best.left.join(", ")));
    }
}

/// How posture stood over a period.
fn period(page: &mut Page<'_>, told: &Period) {
    page.line("");
    page.heading(&format!("Since {}", shown(&told.since)));
    let why = told.verdict_why.as_ref();
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let mark = match told.verdict {
        "proven" => Mark::Good,
        "wrong" => Mark::Bad,
        _ => Mark::Unknown,
    };
    page.note(0, mark, &format!("the journal is {}{why}", told.verdict));
    let arrow = page.screen.arrow();
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".into());
    for change in &told.changes {
        let by = change.by.as_ref().map(Actor::in_words);
        let by = by.unwrap_or_else(|| "by something else than the driver".into());
        let (from, to) = (or(&change.from), or(&change.to));
        let (time, control) = (shown(&change.time), &change.control);
        page.note(
            0,
            Mark::Plain,
            &format!("{time} {control} {from} {arrow} {to} {by}"),
        );
    }
    if told.changes.is_empty() {
        page.note(0, Mark::None, "no change is recorded");
    }
    for gap in &told.gaps {
        let from = gap.from.as_deref().map_or("the beginning".into(), shown);
        let (to, why) = (shown(&gap.to), &gap.why);
        let text = format!("from {from} to {to} nobody knows what changed: {why}");
        page.note(0, Mark::Warning, &text);
    }
    let until = told.until.as_deref().map_or("a time unknown".into(), shown);
    let text = format!("the driver last read the firmware at {until}: up to then");
    page.note(0, Mark::None, &text);
    let named = |wanted: Option<bool>| {
        let held = told.checks.iter().filter(|held| held.throughout == wanted);
        held.map(|held| held.check.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (wanted, mark, text) in [
        (Some(true), Mark::Good, "satisfied all the time"),
        (Some(false), Mark::Bad, "not satisfied all the time"),
        (
            None,
            Mark::Unknown,
            "not known whether satisfied all the time",
        ),
    ] {
        let names = named(wanted);
        if !names.is_empty() {
            page.note(0, mark, &format!("{text}: {names}"));
        }
    }
    page.line("");
}

fn fleet(page: &mut Page<'_>, all: &[Assessment]) {
    let rows = all.iter().map(|of| {
        let lacks = of.tally.not_satisfied > 0;
        Row {
            mark: if lacks { Mark::Bad } else { Mark::Good },
            cells: vec![
                of.evidence.file.clone().unwrap_or_default(),
                of.name(),
                of.evidence.kind.into(),
                of.mark_words().join(" "),
            ],
            said: of.tally.in_words(),
            below: None,
        }
    });
    page.table(0, &rows.collect::<Vec<_>>());
}

impl Document for document::Document {
    /// What was not judged has failed, whatever all else came to.
    fn exit(&self) -> u8 {
        match self.not_judged.is_empty() {
            true => 0,
            false => Exit::Failed as u8,
        }
    }

    /// Each check with what was found; of several machines a line for each, and with -v all.
    fn human(&self, page: &mut Page<'_>) {
        let several = self.assessments.len() > 1;
        if several {
            fleet(page, &self.assessments);
        }
        let with_ids = self.selection.framework.is_some()
            || self.selection.baseline.is_some()
            || !self.selection.checks.is_empty()
            || page.screen.verbose;
        if !several || page.screen.verbose {
            for of in &self.assessments {
                if several {
                    page.line("");
                }
                head(page, of);
                page.line("");
                checks(page, &of.checks, with_ids);
                page.line("");
                page.heading(&format!(
                    "{}: {}.",
                    count(of.checks.len(), "check"),
                    of.tally.in_words()
                ));
            }
        }
        for not in &self.not_judged {
            let text = format!("not judged: {}: {}", not.file, not.why);
            page.note(0, Mark::Bad, &text);
            page.note(BELOW, Mark::Next, &not.next);
        }
        if let [of] = self.assessments.as_slice() {
            best(page, of);
        }
        if let Some(told) = &self.period {
            period(page, told);
        }
        page.wrapped(0, CLAIM);
        let framework = self
            .selection
            .framework
            .as_deref()
            .and_then(Framework::named);
        if let Some(framework) = framework.filter(|framework| !framework.note.is_empty()) {
            page.wrapped(0, &format!("{}: {}", framework.title, framework.note));
        }
    }
}
