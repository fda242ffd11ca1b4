// SPDX-License-Identifier: GPL-2.0

//! What is otherwise than it was when the monitor last looked.

use super::{Direction, Record};
use crate::model::{Control, Word};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The value of each control whose value is known, by its name.
pub type Values = BTreeMap<String, String>;

/// What is known of a control that does not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traits {
    class: Word,
    group: Option<u32>,
    device: bool,
}

/// One control that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub control: String,
    /// Name of the value before.
    pub from: String,
    /// Name of the value now.
    pub to: String,
}

/// Traits of these controls, by their names.
pub fn traits(controls: &[Control]) -> BTreeMap<String, Traits> {
    let named = controls.iter().map(|control| {
        let traits = Traits {
            class: control.class.clone(),
            group: control.group,
            device: control.family == "dsmil",
        };
        (control.name.clone(), traits)
    });
    named.collect()
}

impl Traits {
    /// Its class.
    pub fn class(&self) -> Word {
        self.class.clone()
    }

    /// Which way a change of the control goes.
    pub fn direction(&self, control: &str, from: Option<&str>, to: Option<&str>) -> Direction {
        match self.device {
            true => Direction::of_device(self.group, from, to),
            false => Direction::of_setting(control, from, to),
        }
    }
}

/// The values of these controls, as far as they are known.
pub fn values(controls: &[Control]) -> Values {
    let named = controls.iter().filter_map(|control| {
        let value = control.value.clone()?;
        Some((control.name.clone(), value))
    });
    named.collect()
}

/// What these values were before these records, which lead to them.
pub fn before(mut values: Values, records: &[Record]) -> Values {
    let mut seen = BTreeSet::new();
    for record in records {
        let Some(control) = &record.control else {
            continue;
        };
        let changes = matches!(record.kind.as_ref(), "step" | "outside-change");
        if changes && seen.insert(control.clone()) {
            if let Some(from) = &record.from {
                values.insert(control.clone(), from.clone());
            }
        }
    }
    values
}

/// Whether the record says why this is otherwise. Where it says that a step went wrong, any value can be
/// its doing.
pub fn explains(record: &Record, difference: &Difference) -> bool {
    if matches!(record.kind.as_ref(), "bind" | "unbind") {
        return true;
    }
    let astray = matches!(
        record.step.as_deref(),
        Some("failed" | "degraded" | "moved")
    );
    let to = Some(&difference.to);
    let named = record.to.as_ref() == to || record.from.as_ref() == to;
    record.control.as_ref() == Some(&difference.control) && (named || astray)
}

/// What is otherwise, of what is known of both.
pub fn differences(before: &Values, after: &Values) -> Vec<Difference> {
    let changed = before.iter().filter_map(|(control, from)| {
        let to = after.get(control).filter(|to| *to != from)?;
        Some(Difference {
            control: control.clone(),
            from: from.clone(),
            to: to.clone(),
        })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pairs: &[(&str, &str)]) -> Values {
        let pairs = pairs.iter();
        pairs
            .map(|(control, value)| (control.to_string(), value.to_string()))
            .collect()
    }

    fn step(control: &str, from: &str) -> Record {
        Record {
            kind: "step".into(),
            control: Some(control.into()),
            from: Some(from.into()),
            ..Record::default()
        }
    }

    /// Promise: what the driver itself has changed since it was loaded is taken back before it is
    /// compared with what was before, to the first value and not to one in between.
    #[test]
    fn rolled_back() {
        let now = known(&[("camera", "disabled"), ("wifi", "enabled")]);
        let records = [step("camera", "enabled"), step("camera", "other")];
        let at_load = before(now, &records);
        let expected = known(&[("camera", "enabled"), ("wifi", "enabled")]);
        assert_eq!(at_load, expected);
    }

    /// Promise: a record explains what it names, and neither another control nor another value.
    #[test]
    fn explained() {
        let difference = |control: &str, to: &str| Difference {
            control: control.into(),
            from: "one".into(),
            to: to.into(),
        };
        let step = |to: &str| Record {
            to: Some(to.into()),
            ..step("camera", "enabled")
        };
        assert!(explains(
            &step("disabled"),
            &difference("camera", "disabled")
        ));
        // It was undone.
        assert!(explains(
            &step("disabled"),
            &difference("camera", "enabled")
        ));
        assert!(!explains(&step("disabled"), &difference("camera", "other")));
        assert!(!explains(
            &step("disabled"),
            &difference("wifi", "disabled")
        ));
        let astray = Record {
            step: Some("degraded".into()),
            ..step("disabled")
        };
        assert!(explains(&astray, &difference("camera", "other")));
    }

    /// Promise: what is not known before or after is no difference.
    #[test]
    fn gone_and_new() {
        let before = known(&[("camera", "disabled"), ("wifi", "enabled")]);
        let after = known(&[("wifi", "disabled"), ("gps", "enabled")]);
        let wifi = Difference {
            control: "wifi".into(),
            from: "enabled".into(),
            to: "disabled".into(),
        };
        assert_eq!(differences(&before, &after), [wifi]);
    }
}
