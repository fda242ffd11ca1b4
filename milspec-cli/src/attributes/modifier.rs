// SPDX-License-Identifier: GPL-2.0

//! What the firmware says about an attribute or one of its values depending on another attribute:
//! `[SuppressIf:A=v]`, `Disabled[ForceIf:A=v];`. The kernel hands it on and heeds none of it.

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `ReadOnlyIf`, `SuppressIf`, `ForceIf` and the same with `Not`.
    pub kind: String,
    /// The other attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

/// The conditions of a text; `None` in place of one that is not understood.
pub fn conditions(text: &str) -> Vec<Option<Condition>> {
    let one = |part: &str| {
        let (kind, rest) = part.split_once(':')?;
        let (attribute, value) = rest.split_once('=')?;
        let known = ["ReadOnlyIf", "SuppressIf", "ForceIf"]
            .iter()
            .any(|known| kind.strip_suffix("Not").unwrap_or(kind) == *known);
        known.then(|| Condition {
            kind: kind.into(),
            attribute: attribute.into(),
            value: value.into(),
        })
    };
    let parts = text.split('[').skip(1);
    parts
        .map(|part| part.split_once(']').and_then(|(inner, _)| one(inner)))
        .collect()
}

/// The conditions that one value of an attribute has.
pub fn of_value(text: &str, value: &str) -> Vec<Option<Condition>> {
    let mine = text.split(';').map(str::trim).find(|part| {
        let name = part.split('[').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case(value)
    });
    mine.map(conditions).unwrap_or_default()
}

impl Condition {
    /// Whether it holds, when the other attribute has this value.
    pub fn holds(&self, now: &str) -> bool {
        self.value.eq_ignore_ascii_case(now) != self.kind.ends_with("Not")
    }

    /// E.g. `while TpmSecurity is Disabled`.
    pub fn in_words(&self) -> String {
        let not = if self.kind.ends_with("Not") {
            "not "
        } else {
            ""
        };
        format!("while {} is {not}{}", self.attribute, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: conditions are taken apart as a real machine has them, and what is not understood is
    /// no condition that does not hold.
    #[test]
    fn real_ones() {
        let text = "Disabled[ForceIf:TpmSecurity=Disabled][ForceIfNot:CpuCore=CoresAll];Enabled;";
        let found = of_value(text, "disabled");
        assert_eq!(found.len(), 2);
        let first = found.first().cloned().flatten().unwrap();
        assert!(first.holds("Disabled") && !first.holds("Enabled"));
        let second = found.get(1).cloned().flatten().unwrap();
        assert!(second.holds("Cores2") && !second.holds("CoresAll"));
        assert_eq!(second.in_words(), "while CpuCore is not CoresAll");
        assert!(of_value(text, "Enabled").is_empty());
        assert_eq!(conditions("[ProgHideLocal:TRUE]"), [None]);
        assert_eq!(conditions("[SuppressIf:A=b"), [None]);
        assert!(conditions("").is_empty());
    }
}
