// SPDX-License-Identifier: GPL-2.0

//! What the monitor makes of it: its rules, its counts, and, to compare with, everything shown.

use crate::told::*;
use jiff::tz::TimeZone;
use milspec::monitor::judge::Judge;
use milspec::monitor::observation::Observation;
use milspec::monitor::site::Site;
use milspec::monitor::{Counts, Direction, Record, Surprise};

/// A site that has said when it works, and what may weaken with nobody logged in.
pub const SITE: &str = "schema = \"milspec.monitor-site/1\"\nhours = \"Mon-Fri 07:00-19:00\"\n\
                    unattended = [\"milspec-enforce.service\"]\n";

/// The rules with what they need: once as they come, once with the site's file.
pub struct Sites([Site; 2]);

impl Sites {
    /// Both.
    pub fn both() -> Self {
        Self([Site::default(), Site::parse(SITE).unwrap()])
    }
}

/// A monitor of one machine.
#[derive(Clone, Default)]
pub struct Monitor {
    judges: [Judge; 2],
    counts: Counts,
}

/// What one thing led to.
#[derive(Default)]
pub struct Verdict {
    /// Findings of severity error or warning: with the rules as they come, and with the site's file.
    pub loud: [u32; 2],
    /// The rules that they are of, with the site's file.
    pub rules: Vec<String>,
    /// Whether it is one that is shown where everything is.
    pub shown: bool,
    /// How unusual the episode was that ended with it.
    pub surprise: Option<Surprise>,
}

impl Monitor {
    /// What is made of what is seen next.
    pub fn take(&mut self, sites: &Sites, seen: &Seen) -> Verdict {
        let mut verdict = Verdict::default();
        let mut found = false;
        let observation = match &seen.what {
            What::Record(record) => Observation::of(record, seen.wall_ns),
            What::Noticed(observation) => Observation {
                wall_ns: seen.wall_ns,
                ..(**observation).clone()
            },
        };
        // As in the monitor: of these two what was noticed is judged.
        let twice = matches!(&seen.what, What::Record(record) if record.kind == "load" || record.kind == "gap");
        let judged = self.judges.iter_mut().zip(&sites.0).enumerate();
        for (at, (judge, site)) in judged.filter(|_| !twice) {
            let mut observation = observation.clone();
            observation.at_work = site.is_at_work(seen.wall_ns, &TimeZone::UTC);
            if let What::Record(record) = &seen.what {
                if record
                    .unit
                    .as_deref()
                    .is_some_and(|unit| site.is_unattended(unit))
                {
                    observation.attended = Some(true);
                }
            }
            let all = judge.take(&site.rules, &observation);
            found |= !all.is_empty();
            let loud = all.iter().filter(|found| is_loud(&found.rule.severity));
            verdict.rules = loud.map(|found| found.rule.id.clone()).collect();
            verdict.loud[at] = verdict.rules.len() as u32;
        }
        match &seen.what {
            What::Record(record) => {
                verdict.shown = is_shown(record);
                if record.kind == "gap" {
                    return verdict;
                }
                let hour = (seen.wall_ns / HOUR % 24) as u8;
                verdict.surprise = self.counts.take(record, seen.wall_ns, hour, found);
            }
            What::Noticed(observation) => {
                verdict.shown = observation.direction == Some(Direction::Weaker);
                verdict.surprise = self.counts.close(seen.wall_ns);
                if found {
                    self.counts.found();
                }
            }
        }
        verdict
    }

    /// Ends the episode where it is over by then.
    pub fn close(&mut self, now_ns: u64) {
        self.counts.close(now_ns);
    }

    /// Ends the episode.
    pub fn end(&mut self) -> Option<Surprise> {
        self.counts.end()
    }
}

/// Whether a finding of this severity is an alarm.
pub fn is_loud(severity: &str) -> bool {
    matches!(severity, "error" | "warning")
}

/// Every weakening, refusal and drift.
fn is_shown(record: &Record) -> bool {
    let weaker =
        record.direction == Some(Direction::Weaker) && record.step.as_deref() != Some("failed");
    weaker || record.drift || matches!(record.kind.as_ref(), "refused" | "suppressed")
}
