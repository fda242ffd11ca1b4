// SPDX-License-Identifier: GPL-2.0

//! What a line counts as, and what of it is shown.

use super::{Kind, Tally};
use crate::monitor::{Direction, Line, Note, Record, What};

/// A finding of these severities is one that somebody should look at.
const LOUD: [&str; 2] = ["error", "warning"];

impl Tally {
    /// Counts a line, and says what it is shown as; `None` where it is only counted.
    pub(super) fn take(&mut self, line: &Line) -> Option<Kind> {
        self.lines += 1;
        match &line.what {
            What::Record(record) => self.record(record),
            What::Finding(_) => self.finding(&line.severity),
            What::Checkpoint(_) => {
                self.checkpoints += 1;
                Some(Kind::Checkpoint)
            }
            What::Note(note) => Some(self.note(note)),
        }
    }

    fn record(&mut self, record: &Record) -> Option<Kind> {
        self.records += 1;
        let is_done = record.step.as_deref() == Some("done");
        let is_weaker = record.direction == Some(Direction::Weaker);
        match record.kind.as_ref() {
            "step" | "outside-change" if is_weaker && (is_done || record.kind != "step") => {
                self.weakenings += 1;
                Some(Kind::Weakening)
            }
            "outside-change" | "resume" => Some(Kind::Look),
            "apply-ended" if record.mode.is_some() && record.outcome.as_deref() == Some("done") => {
                Some(Kind::Mode)
            }
            "refused" => {
                self.refusals += 1;
                Some(Kind::Refusal)
            }
            "suppressed" => {
                self.refusals = self.refusals.saturating_add(record.count.into());
                Some(Kind::Refusal)
            }
            "gap" => {
                self.lost = self.lost.saturating_add(record.count.into());
                Some(Kind::Lost)
            }
            _ => None,
        }
    }

    fn finding(&mut self, severity: &str) -> Option<Kind> {
        match LOUD.contains(&severity) {
            true => self.findings += 1,
            false => self.notices += 1,
        }
        Some(Kind::Finding)
    }

    fn note(&mut self, note: &Note) -> Kind {
        match note.note.as_ref() {
            "lines-lost" => {
                self.lost = self.lost.saturating_add(note.count.unwrap_or(1));
                Kind::Lost
            }
            _ => Kind::Note,
        }
    }

    /// Adds another machine's.
    pub(super) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.lines, other.lines),
            (&mut self.records, other.records),
            (&mut self.weakenings, other.weakenings),
            (&mut self.refusals, other.refusals),
            (&mut self.findings, other.findings),
            (&mut self.notices, other.notices),
            (&mut self.checkpoints, other.checkpoints),
            (&mut self.lost, other.lost),
            (&mut self.missing, other.missing),
            (&mut self.not_running, other.not_running),
            (&mut self.silences, other.silences),
        ];
        for (sum, more) in pairs {
            *sum = sum.saturating_add(more);
        }
    }
}
