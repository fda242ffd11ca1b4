// SPDX-License-Identifier: GPL-2.0

//! What was answered, and what was decided.

use milspec_uapi::Event;
use serde::{Deserialize, Serialize};

/// What a trainee has answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// To what.
    pub name: String,
    /// What.
    pub value: String,
    /// Who.
    pub uid: u32,
    /// When the instructor's milspecctl took it, in nanoseconds from boot.
    pub boottime_ns: u64,
}

/// How an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Neither met nor missed yet.
    Open,
    /// Met.
    Met,
    /// Missed: nothing that comes can change that.
    Missed,
}

/// What was decided, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it stands.
    pub state: State,
    /// Why, in words.
    pub why: String,
    /// Sequences of the records that say so.
    pub evidence: Vec<u64>,
}

impl Verdict {
    pub(super) fn new(state: State, why: impl Into<String>, evidence: &[&Event]) -> Self {
        Self {
            state,
            why: why.into(),
            evidence: evidence.iter().map(|event| event.sequence).collect(),
        }
    }

    pub(super) fn met(why: impl Into<String>, evidence: &[&Event]) -> Self {
        Self::new(State::Met, why, evidence)
    }

    pub(super) fn missed(why: impl Into<String>, evidence: &[&Event]) -> Self {
        Self::new(State::Missed, why, evidence)
    }
}
