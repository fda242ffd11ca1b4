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
        let not = match self.kind.ends_with("Not") {
            true => "not ",
            false => "",
        };
        format!("while {} is {not}{}", self.attribute, self.value)
    }
}
