// SPDX-License-Identifier: GPL-2.0

//! Do the BIOS attributes say the same as the controls?

use super::check::{About, Check, Context};
use crate::attributes::{Attributes, State, Verdict};

/// Sums up what stands in full below the checks.
pub fn attributes(context: &Context<'_>, attributes: &Attributes) -> Check {
    let about = About("bios-attributes", "BIOS attributes");
    if context.dell != Some(true) {
        return about.not_applicable("not a Dell");
    }
    match (attributes.state, attributes.remedy) {
        (State::Present, _) => {}
        (State::Absent | State::Unknown, _) | (_, None) => {
            return about.not_applicable(attributes.reason.clone())
        }
        (State::Vanished | State::NotBound, Some(remedy)) => {
            return about.warning(attributes.reason.clone(), remedy)
        }
    }
    let there = &attributes.reason;
    let [agree, disagree, open] = attributes.tally();
    if disagree > 0 {
        let all = attributes.witnesses.iter();
        let against = all.filter(|witness| witness.verdict == Verdict::Disagrees);
        let names: Vec<&str> = against.map(|witness| witness.control.as_str()).collect();
        return about.warning(
            format!("{there}; not as the control says: {}", names.join(", ")),
            "see below for the likely reason, and look again after the next boot",
        );
    }
    // What was not compared is no agreement.
    if agree == 0 {
        return about.not_applicable(match open {
            0 => format!("{there}, none of them beside a control"),
            _ => format!("{there}; {open} beside controls, none of them compared"),
        });
    }
    match open {
        0 => about.ok(format!(
            "{there}; {agree} beside controls, all say the same"
        )),
        _ => about.ok(format!(
            "{there}; {agree} beside controls say the same, {open} not compared"
        )),
    }
}
