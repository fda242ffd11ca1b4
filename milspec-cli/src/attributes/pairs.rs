// SPDX-License-Identifier: GPL-2.0

//! Which attribute speaks of which control.
//!
//! Source: published dumps of `dell-wmi-sysman`'s tree and descriptions by owners: XPS 13 9310 (all
//! 108 attributes, among fwupd's test data), XPS 15 9520, Latitude 7420, a rugged tablet of 2024,
//! OptiPlex 7060, Inspiron 7506. What stands in none of them is derived: from lists that Windows
//! tools of Dell print, which go through the same interface of the firmware, or by analogy. Models
//! differ, so the values here are spellings that are looked for among those that the machine itself
//! lists, and no more than that.

use std::sync::LazyLock;

/// What a name stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// It stands in a published dump.
    Seen,
    /// It does not.
    Derived,
}

impl Evidence {
    /// By its word.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "seen" => Some(Self::Seen),
            "derived" => Some(Self::Derived),
            _ => None,
        }
    }
}

/// An attribute beside a control.
#[derive(Debug)]
pub struct Pair {
    /// Name of the control.
    pub control: &'static str,
    /// Name of the attribute.
    pub attribute: &'static str,
    /// What that stands on.
    pub evidence: Evidence,
    /// What its values say: each with the values of the control that it can stand for.
    pub says: Vec<(&'static str, Vec<&'static str>)>,
    /// What is special about it.
    pub special: Special,
}

/// What to know about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Nothing.
    Plain,
    /// Its name says what is off: `Enabled` turns the device off, and that only while this
    /// attribute is `Enabled`.
    Inverted(&'static str),
    /// It is this attribute only where the name for people has this word.
    Displays(&'static str),
    /// It speaks of this control as well, where the name for people has this word.
    Shared(&'static str, &'static str),
}

/// A line for each pair. Where nothing stands under `says`, it is [`ON_OFF`]. Of the four levels of
/// Thunderbolt two spellings are known. One attribute has latch and door of the chassis in one value:
/// what it says of the one, it does not say of the other.
const TABLE: &str = include_str!("pairs.csv");

const ON_OFF: &str = "Enabled=enabled Disabled=disabled";

/// All pairs.
pub static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(pair).collect());

fn pair(line: &'static str) -> Option<Pair> {
    let fields: Vec<&str> = line.split(',').collect();
    let [control, attribute, evidence, special, says] = fields[..] else {
        return None;
    };
    let says = if says.is_empty() { ON_OFF } else { says };
    let says = says.split(' ').filter_map(|word| word.split_once('='));
    let words: Vec<&str> = special.split(' ').collect();
    Some(Pair {
        control,
        attribute,
        evidence: Evidence::of(evidence)?,
        says: says
            .map(|(spelling, values)| (spelling, values.split('/').collect()))
            .collect(),
        special: match words[..] {
            [""] => Special::Plain,
            ["inverted", by] => Special::Inverted(by),
            ["displays", word] => Special::Displays(word),
            ["shared", other] => Special::Shared(other, ""),
            ["shared", other, word] => Special::Shared(other, word),
            _ => return None,
        },
    })
}
