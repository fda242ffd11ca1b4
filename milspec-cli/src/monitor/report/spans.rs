// SPDX-License-Identifier: GPL-2.0

//! Times in which nothing was told.

use super::utc;
use serde::Serialize;

/// A monitor tells a checkpoint every six hours. Where nothing came for longer than this, in nanoseconds, the
/// machine was off or asleep, or the monitor was silent: its lines do not say which.
pub const SILENT_NS: u64 = 7 * 3600 * 1_000_000_000;

/// A time between two lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// `not-running`: no monitor ran. `silent`: none said that it stopped, and nothing came for more than
    /// seven hours.
    pub kind: &'static str,
    /// From when, in UTC.
    pub from: String,
    /// Until when, in UTC; null where no later line is there.
    pub to: Option<String>,
    #[serde(skip)]
    pub(crate) from_ns: u64,
    #[serde(skip)]
    pub(crate) to_ns: Option<u64>,
}

/// What a line says of its monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Runs {
    Began,
    /// A record has the time of the driver: it can be of before the monitor that tells it began.
    Unsaid,
    Goes,
    Ended,
}

/// The times of all lines, and whether a monitor runs: to spans. They are sorted by this.
pub(super) fn spans(times: &mut [(u64, Runs)]) -> Vec<Span> {
    times.sort_unstable();
    let mut spans = Vec::new();
    let mut last = None;
    // Since when there is none.
    let mut ended = None;
    for &(time, runs) in times.iter() {
        match (ended, last) {
            (Some(_), _) if runs == Runs::Unsaid => (),
            (Some(from), _) => {
                spans.push(Span::new("not-running", from, Some(time)));
                ended = None;
            }
            (None, Some(from)) if runs == Runs::Began => {
                spans.push(Span::new("not-running", from, Some(time)));
            }
            (None, Some(from)) if time.saturating_sub(from) > SILENT_NS => {
                spans.push(Span::new("silent", from, Some(time)));
            }
            _ => (),
        }
        if runs == Runs::Ended {
            ended = Some(time);
        }
        last = Some(time);
    }
    if let Some(from) = ended {
        let to = last.filter(|last| *last > from);
        spans.push(Span::new("not-running", from, to));
    }
    spans
}

impl Span {
    fn new(kind: &'static str, from_ns: u64, to_ns: Option<u64>) -> Self {
        Self {
            kind,
            from: utc(from_ns),
            to: to_ns.map(utc),
            from_ns,
            to_ns,
        }
    }
}
