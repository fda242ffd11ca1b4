// SPDX-License-Identifier: GPL-2.0

//! Which mode a machine is in: derived from how it stands, never remembered as such.

use super::fact::{Fact, Policy, Want};
use super::mode::{Mode, MODES};
use super::plan::{mode_wants, Coverage};

/// Of the controls that a mode reaches, at most one in this many may deviate for the machine to be
/// called in that mode.
const SHARE: u32 = 4;

/// How a machine stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The mode that it is in, or nearest to; `None` where it is near to none.
    pub mode: Option<Mode>,
    /// Controls that are not as the mode asks.
    pub deviations: u32,
    /// How far the mode reaches here.
    pub coverage: Coverage,
}

/// Tells whether a control is not as wanted.
pub fn deviates(fact: &Fact, want: Want) -> bool {
    matches!(want, Want::Value(value) if fact.current() != Some(value))
}

/// Derives the standing, and in `wants`, which must be as long as `facts`, what that mode asks of
/// each control.
///
/// `applied` is the mode that was applied last since the module was loaded. It settles what the
/// values alone cannot: between modes that ask the same of this machine, and `baseline`.
pub fn derive(
    facts: &[Fact],
    policy: &Policy,
    applied: Option<Mode>,
    wants: &mut [Want],
) -> Standing {
    let mut best: Option<Standing> = None;
    for mode in MODES {
        if mode == Mode::Baseline && applied != Some(mode) {
            continue;
        }
        let coverage = mode_wants(mode, facts, policy, wants);
        let deviating = facts.iter().zip(wants.iter());
        let deviations = deviating
            .filter(|(fact, want)| deviates(fact, **want))
            .count();
        let this = Standing {
            mode: Some(mode),
            deviations: u32::try_from(deviations).unwrap_or(u32::MAX),
            coverage,
        };
        // A mode that reaches nothing says nothing; `baseline` says that nothing is changed.
        let says = coverage.reached > 0 || mode == Mode::Baseline;
        let near = says && this.deviations.saturating_mul(SHARE) <= coverage.reached;
        if near && best.is_none_or(|best| rank(&this, applied) > rank(&best, applied)) {
            best = Some(this);
        }
    }
    match best {
        Some(Standing {
            mode: Some(mode), ..
        }) => {
            mode_wants(mode, facts, policy, wants);
        }
        _ => wants.fill(Want::Nothing),
    }
    best.unwrap_or_default()
}

/// How well a standing describes the machine, the best being the greatest: an exact one before one
/// with deviations, then the mode that was applied, then of those that hold the one that says most,
/// and of those that do not the one with the fewest deviations.
fn rank(standing: &Standing, applied: Option<Mode>) -> (bool, bool, u32) {
    let applied = applied.is_some() && standing.mode == applied;
    match standing.deviations {
        0 => (true, applied, standing.coverage.reached),
        deviations => (false, applied, u32::MAX.saturating_sub(deviations)),
    }
}
