// SPDX-License-Identifier: GPL-2.0

//! `training` for people.

use super::{event, evidence, Document};
use crate::cmd::training::list::ScenarioList;
use crate::cmd::training::report::ReportDoc;
use crate::cmd::training::{AnswerDoc, TrainingDoc};
use crate::page::{Page, Row};
use crate::screen::Mark;
use milspec::training::judge::State;
use milspec::training::run::{Decided, Ended};
use milspec::training::view::View;
use milspec::words::{count, with};

impl Document for TrainingDoc {
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.from);
        let controls = count(self.controls, "control");
        let session = with("Training ", self.session);
        page.line(match (self.done, self.from.training) {
            ("started", _) => format!("{session} has begun: {controls} to practise on."),
            ("stopped", _) => format!("{session} has ended: the machine is as it was, {controls}."),
            ("injected", _) => "The copy will do that.".into(),
            (_, Some(true)) => format!("{session} is under way: {controls} to practise on."),
            _ => "There is no training.".into(),
        });
        if let Some(scenario) = &self.scenario {
            page.line(format!("Scenario {scenario}."));
            let list = format!("\"milspecctl training list {scenario}\" tells what it is about");
            page.note(0, Mark::Next, &list);
        }
        if self.done == "started" {
            page.note(0, Mark::Next, "\"milspecctl training stop\" ends it");
        }
    }
}

impl Document for AnswerDoc {
    fn human(&self, page: &mut Page<'_>) {
        let value = page.screen.foreign(&self.value);
        page.line(format!("Answered: {} is {value}.", self.name));
    }
}

impl Document for ScenarioList {
    fn human(&self, page: &mut Page<'_>) {
        if self.one {
            self.scenarios.iter().for_each(|entry| whole(page, entry));
            return;
        }
        let row = |entry: &View| Row {
            mark: Mark::Plain,
            cells: vec![
                entry.name.clone(),
                entry.grade.word().into(),
                format!("{} min", entry.minutes),
            ],
            said: page.screen.foreign(&entry.title),
            below: None,
        };
        let rows: Vec<Row> = self.scenarios.iter().map(row).collect();
        page.table(0, &rows);
        if rows.is_empty() {
            page.line(format!(
                "No scenario in {}.",
                self.directories.join(" and ")
            ));
        } else {
            page.note(
                0,
                Mark::Next,
                "\"milspecctl training list NAME\" tells more of one",
            );
        }
        page.warnings(&self.warnings);
    }
}

/// All that a trainee may know.
fn whole(page: &mut Page<'_>, entry: &View) {
    let screen = page.screen;
    page.heading(&screen.foreign(&entry.title));
    let (grade, minutes) = (entry.grade.word(), count(entry.minutes, "minute"));
    let points = count(entry.points, "point");
    page.line(format!("{}: {grade}, {minutes}, {points}", entry.name));
    page.line("");
    for part in entry.story.split("\n\n") {
        page.wrapped(0, &screen.foreign(&part.replace('\n', " ")));
        page.line("");
    }
    page.heading("Objectives");
    for objective in &entry.objectives {
        let points = count(objective.points, "point");
        let text = screen.foreign(&objective.text.replace('\n', " "));
        page.note(0, Mark::Plain, &format!("{text} ({points})"));
        if let Some(answer) = &objective.answer {
            let how = format!("answer with \"milspecctl training answer {answer} ...\"");
            page.note(2, Mark::Next, &how);
        }
        for hint in &objective.hints {
            page.note(2, Mark::None, &format!("hint: {}", screen.foreign(hint)));
        }
    }
}

/// An objective, in a line.
pub fn objective(page: &mut Page<'_>, one: &Decided) {
    let (mark, word) = match one.state {
        State::Met => (Mark::Good, "met"),
        State::Missed => (Mark::Bad, "missed"),
        State::Open => (Mark::Unknown, "open"),
    };
    let why = page.screen.foreign(&one.why);
    let points = format!("{} of {}", one.scored, count(one.points, "point"));
    page.note(0, mark, &format!("{}: {word}, {points}: {why}", one.name));
}

impl Document for ReportDoc {
    fn human(&self, page: &mut Page<'_>) {
        let screen = page.screen;
        page.note(
            0,
            Mark::Warning,
            "TRAINING: nothing of this has happened to the machine",
        );
        page.heading(&screen.foreign(&self.title));
        let over = match self.ended {
            Some(Ended::Decided) => "everything is decided".into(),
            Some(Ended::Time) => "the time is over".into(),
            Some(Ended::Stopped) => "the training was ended meanwhile".into(),
            Some(Ended::Gone) => "the training is gone, and nobody has noted its end".into(),
            None if self.file.is_some() => "it was not over when this was kept".into(),
            None => format!("under way, {} left", count(self.left_s, "second")),
        };
        let (name, grade, session) = (&self.scenario, self.grade.word(), self.session);
        page.line(format!(
            "{name} ({grade}), training {session} of {}: {over}",
            self.started
        ));
        if let Some(events) = &self.events {
            page.line("");
            for one in events {
                event(page, one);
            }
        }
        for one in &self.objectives {
            page.line("");
            objective(page, one);
            page.wrapped(2, &screen.foreign(&one.text.replace('\n', " ")));
            for record in &one.evidence {
                evidence(page, record);
            }
        }
        page.line("");
        for one in &self.undone {
            let why = screen.foreign(&one.why);
            let what = format!("event {} did not happen: {why}", one.event);
            page.note(0, Mark::Warning, &what);
        }
        for answer in &self.answers {
            let value = screen.foreign(&answer.value);
            page.line(format!(
                "Answered by uid {}: {} is {value}",
                answer.uid, answer.name
            ));
        }
        let (scored, points) = (self.scored, count(self.points, "point"));
        page.heading(&format!("{scored} of {points}"));
    }
}
