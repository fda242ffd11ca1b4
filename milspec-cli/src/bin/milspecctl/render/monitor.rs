// SPDX-License-Identifier: GPL-2.0

//! `monitor rules` and `monitor report` for people.

use super::Document;
use crate::cmd::monitor::RulesDoc;
use crate::page::Page;
use crate::screen::Mark;
use milspec::monitor::report::{Machine, Report};
use milspec::words::count;

impl Document for RulesDoc {
    fn human(&self, page: &mut Page<'_>) {
        for rule in &self.rules {
            let mark = match rule.severity.as_ref() {
                "error" => Mark::Bad,
                "warning" => Mark::Warning,
                _ => Mark::Plain,
            };
            page.note(0, mark, &format!("{}: {}", rule.id, rule.title));
            page.line(format!("    {}", page.screen.foreign(&rule.when)));
            if let Some(about) = &rule.about {
                page.line(format!("    {}", page.screen.foreign(about)));
            }
        }
    }
}

impl Document for Report {
    fn human(&self, page: &mut Page<'_>) {
        for file in &self.files {
            if file.broken > 0 || file.unknown > 0 {
                let unread = file.broken.saturating_add(file.unknown);
                let line = format!("{}: {} left out", file.file, count(unread, "line"));
                page.note(0, Mark::Warning, &line);
            }
        }
        for machine in &self.machines {
            of_machine(page, machine);
        }
        if self.machines.is_empty() {
            page.line("No monitor has told anything.");
        }
    }
}

fn of_machine(page: &mut Page<'_>, machine: &Machine) {
    let host = page.screen.foreign(machine.name());
    let simulated = if machine.simulated { ", SIMULATED" } else { "" };
    let tally = &machine.tally;
    page.line(format!(
        "{host}{simulated}: {} to {}, {}, {}, {} that weaken",
        machine.from,
        machine.to,
        count(machine.boots, "boot"),
        count(tally.records, "record"),
        tally.weakenings
    ));
    for rule in &machine.rules {
        let mark = match rule.severity.as_ref() {
            "error" => Mark::Bad,
            "warning" => Mark::Warning,
            _ => Mark::Plain,
        };
        let times = match rule.count {
            1 => String::new(),
            count => format!(", {count} times, last"),
        };
        page.note(2, mark, &format!("{}{times} {}", rule.title, rule.last));
    }
    if machine.rules.is_empty() {
        page.note(2, Mark::Good, "no finding");
    }
    if tally.lost > 0 || tally.missing > 0 {
        let lost = tally.lost.saturating_add(tally.missing);
        page.note(
            2,
            Mark::Warning,
            &format!("{} lost or missing", count(lost, "record")),
        );
    }
    for span in &machine.spans {
        let what = match span.kind {
            "not-running" => "no monitor ran",
            _ => "nothing was told",
        };
        let to = span.to.as_deref().unwrap_or("now");
        page.note(
            2,
            Mark::Warning,
            &format!("{what} from {} to {to}", span.from),
        );
    }
}
