// SPDX-License-Identifier: GPL-2.0

//! What an attribute says of a control, and why the two may differ.

use super::pairs::{Evidence, Pair, Special};
use super::sysfs::{Attribute, Class, Now};
use crate::model::{Control, ErrnoDoc, Reading};
use serde::Serialize;

/// What came of putting the two beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// They say the same.
    Agrees,
    /// They do not.
    Disagrees,
    /// That cannot be told.
    NotCompared,
}

/// Why they disagree, most likely, or why they were not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Only root may read the attribute.
    NotReadable,
    /// Reading the attribute failed.
    Failed,
    /// The control has no known value.
    ControlUnknown,
    /// The attribute has a value that it does not list itself.
    NotListed,
    /// What its value stands for is not known.
    OtherWord,
    /// Another attribute has a say in it.
    Forced,
    /// One is stored, and in force after the next boot.
    PendingReboot,
    /// It acts only while another attribute is on.
    ActsOnlyWhile,
    /// The name says what is off.
    Inverted,
    /// It speaks of another control as well.
    Shared,
    /// No published list has the name.
    Derived,
    /// The model means something else by the name.
    UsedDifferently,
}

/// An attribute beside a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// Name of the control.
    pub control: String,
    /// Value of the control; null where it is not known.
    pub is: Option<String>,
    /// Name of the attribute.
    pub attribute: &'static str,
    /// What this pair stands on.
    pub evidence: Evidence,
    /// Value of the attribute; null where it could not be read.
    pub value: Option<String>,
    /// Why it could not be read.
    pub error: Option<ErrnoDoc>,
    /// The values of the control that it can stand for; none where that is not known.
    pub says: Vec<&'static str>,
    /// What came of putting the two beside each other.
    pub verdict: Verdict,
    /// Why; null where they agree.
    pub cause: Option<Cause>,
    /// The same for people.
    pub reason: Option<String>,
}

/// Puts an attribute beside a control; `None` where this machine has no such attribute.
pub fn compare(
    class: &Class<'_>,
    pair: &'static Pair,
    control: &Control,
    just_written: bool,
) -> Option<Witness> {
    let attribute = class.attribute(pair.attribute)?;
    if let Special::Displays(word) = pair.special {
        if !attribute.display.contains(word) {
            return None;
        }
    }
    let mut witness = Witness {
        control: control.name.clone(),
        is: control.value.clone(),
        attribute: pair.attribute,
        evidence: pair.evidence,
        value: None,
        error: None,
        says: Vec::new(),
        verdict: Verdict::NotCompared,
        cause: None,
        reason: None,
    };
    let why = match &attribute.now {
        Now::NotAllowed(errno) => {
            witness.error = ErrnoDoc::new(*errno as u32);
            Some((Cause::NotReadable, "only root may read it".into()))
        }
        Now::Failed(errno) => {
            witness.error = ErrnoDoc::new(*errno as u32);
            Some((Cause::Failed, format!("reading it failed ({errno:?})")))
        }
        Now::Value(value) => {
            witness.value = Some(value.clone());
            witness.says = says(pair, value);
            match (&control.value, not_understood(&attribute, value, &witness)) {
                (_, Some(why)) => Some(why),
                (Some(is), None) if control.reading == Reading::Known => {
                    let agrees = witness.says.iter().any(|said| said == is);
                    witness.verdict = match agrees {
                        true => Verdict::Agrees,
                        false => Verdict::Disagrees,
                    };
                    (!agrees).then(|| likely(class, pair, &attribute, control, value, just_written))
                }
                _ => {
                    let reason = format!("{} has no known value", control.name);
                    Some((Cause::ControlUnknown, reason))
                }
            }
        }
    };
    (witness.cause, witness.reason) = why.unzip();
    Some(witness)
}

fn says(pair: &Pair, value: &str) -> Vec<&'static str> {
    let mut all = pair.says.iter();
    let mine = all.find(|(spelling, _)| spelling.eq_ignore_ascii_case(value));
    mine.map_or_else(Vec::new, |(_, values)| values.to_vec())
}

/// Why a value is not taken for an answer.
fn not_understood(
    attribute: &Attribute,
    value: &str,
    witness: &Witness,
) -> Option<(Cause, String)> {
    let listed = |one: &String| one.eq_ignore_ascii_case(value);
    if !attribute.possible.iter().any(listed) {
        let reason = match (value, attribute.possible.is_empty()) {
            ("", _) => "it has no value".to_string(),
            (_, true) => "it does not list what its values are".to_string(),
            _ => format!("{value} is none of the values that it lists"),
        };
        return Some((Cause::NotListed, reason));
    }
    witness.says.is_empty().then(|| {
        let reason = format!("what {value} says of {} is not known", witness.control);
        (Cause::OtherWord, reason)
    })
}

/// Why the two differ, most likely: what is known of this machine just now comes before what is
/// known of the name.
fn likely(
    class: &Class<'_>,
    pair: &Pair,
    attribute: &Attribute,
    control: &Control,
    value: &str,
    just_written: bool,
) -> (Cause, String) {
    if let Some(forced) = class.forced(attribute, value) {
        let reason = format!("the firmware has it {forced}, whatever is stored");
        return (Cause::Forced, reason);
    }
    let written = match (control.pending_reboot, just_written) {
        (true, _) => Some("the control was changed and waits for the next boot"),
        (false, true) => Some("the control was changed just now"),
        (false, false) if class.pending_reboot == Some(true) => {
            Some("an attribute was set since the last boot")
        }
        (false, false) => None,
    };
    if let Some(written) = written {
        let reason = format!(
            "{written}: until the boot, one may show what is stored, the other what is in force"
        );
        return (Cause::PendingReboot, reason);
    }
    if let Special::Inverted(mode) = pair.special {
        let on = class.attribute(mode).map(|mode| mode.now);
        if on != Some(Now::Value("Enabled".into())) {
            let reason = format!(
                "it acts only while {mode} is Enabled, which is not known to be so; and its name is \
                 inverted: Enabled is off"
            );
            return (Cause::ActsOnlyWhile, reason);
        }
        let reason = "its name is inverted, Enabled is off; this model may mean it the other way";
        return (Cause::Inverted, reason.into());
    }
    if let Special::Shared(other, word) = pair.special {
        if attribute.display.contains(word) {
            return (Cause::Shared, format!("it speaks of {other} as well"));
        }
    }
    if pair.evidence == Evidence::Derived {
        let reason = "no published list of a Dell has this name: it may be something else";
        return (Cause::Derived, reason.into());
    }
    let reason = "this model may use the name for something else, or keep the two apart";
    (Cause::UsedDifferently, reason.into())
}

impl Witness {
    /// For people: `Camera=Enabled`, `Camera (not readable)`.
    pub fn in_words(&self) -> String {
        match (&self.value, &self.error) {
            (Some(value), _) if value.is_empty() => format!("{} (empty)", self.attribute),
            (Some(value), _) => format!("{}={value}", self.attribute),
            (None, Some(_)) if self.is_closed() => {
                format!("{} (not readable)", self.attribute)
            }
            (None, Some(error)) => format!("{} ({})", self.attribute, error.name),
            (None, None) => format!("{} (not read)", self.attribute),
        }
    }

    /// Whether this user may not read it.
    pub fn is_closed(&self) -> bool {
        self.cause == Some(Cause::NotReadable)
    }

    /// The word for the verdict.
    pub fn verdict_in_words(&self) -> &'static str {
        match self.verdict {
            Verdict::Agrees => "agrees",
            Verdict::Disagrees => "disagrees",
            Verdict::NotCompared => "not compared",
        }
    }
}
