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
    Goes,
    Ended,
}

/// The times of all lines, and whether a monitor runs: to spans. They are sorted by this.
pub(super) fn spans(times: &mut [(u64, Runs)]) -> Vec<Span> {
    times.sort_unstable();
    let mut spans = Vec::new();
    for pair in times.windows(2) {
        let &[(from, before), (to, after)] = pair else {
            continue;
        };
        let kind = match (before, after) {
            (Runs::Ended, _) | (_, Runs::Began) => "not-running",
            _ if to.saturating_sub(from) > SILENT_NS => "silent",
            _ => continue,
        };
        spans.push(Span::new(kind, from, Some(to)));
    }
    if let Some(&(last, Runs::Ended)) = times.last() {
        spans.push(Span::new("not-running", last, None));
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
