// SPDX-License-Identifier: GPL-2.0

//! What of one value can be said without a plan: whether a request that names it would be refused.

use super::fact::{Fact, Policy, Reason};

impl Fact {
    /// Says why a list that names this value would be refused, whatever else it names, or `None`.
    /// What depends on other controls is not among the reasons: that takes a plan.
    pub fn refusal(&self, value: u8, policy: &Policy) -> Option<Reason> {
        if policy.latched {
            return Some(Reason::Latched);
        }
        self.refuses(value, policy).or(match self.current() {
            Some(_) => None,
            None if self.is_strange() => Some(Reason::Unknown),
            None => Some(Reason::Unreadable),
        })
    }
}
