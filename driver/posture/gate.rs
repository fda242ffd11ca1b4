// SPDX-License-Identifier: GPL-2.0

//! What of one value can be said without a plan: its class, and whether it would be refused.

use super::control::Class;
use super::deny::{self, Gate};
use super::fact::{Fact, Policy, Reason};

/// The class of the value that the SMBIOS token `token` stands for, of a control of class `control`:
/// no laxer than either. Values without a token have token 0, and the class of their control.
pub fn value_class(control: Class, token: u16) -> Class {
    let own = match deny::token(token) {
        Gate::Open => Class::Safe,
        Gate::Restricted => Class::Restricted,
        Gate::Forbidden => Class::Quarantined,
    };
    own.max(control)
}

impl Fact {
    /// Says why a list that names this value would be refused, whatever else it names, or `None`.
    /// What depends on other controls is not among the reasons: that takes a plan.
    pub fn refuses(&self, value: u8, policy: &Policy) -> Option<Reason> {
        if policy.latched {
            Some(Reason::Latched)
        } else if let Some(reason) = self.gate(policy) {
            Some(reason)
        } else if !self.has(value) {
            Some(Reason::NoValue)
        } else if self.current().is_none() {
            Some(Reason::Unreadable)
        } else {
            None
        }
    }
}
