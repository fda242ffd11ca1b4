// SPDX-License-Identifier: GPL-2.0

//! What people look for a control by: the topics of platform settings, the groups of DSMIL devices.

use super::{Control, Word};
use serde::Serialize;

/// The topics, each with its settings, in the order in which they are shown.
const TOPICS: &str = include_str!("topics.txt");

/// Each topic with its settings.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOPICS.lines().filter_map(|line| line.split_once(": "))
}

/// The names of the topics, in the order in which they are shown.
pub fn topics() -> impl Iterator<Item = &'static str> {
    rows().map(|(topic, _)| topic)
}

/// The topic of a platform setting; `None` for what is none, or of a later driver.
pub fn topic(setting: &str) -> Option<Word> {
    let found = rows().find(|(_, all)| all.split(' ').any(|one| one == setting));
    found.map(|(topic, _)| topic.into())
}

/// The groups of DSMIL devices: name and function, see section 2.1 of `docs/dsmil-interface.md`.
const GROUPS: [(&str, &str); 7] = [
    ("core", "keys, audit, integrity"),
    ("intrusion", "detection and prevention of intrusions"),
    ("network", "control of the network"),
    ("data", "data processing that storage control needs"),
    ("storage", "control of storage"),
    ("peripherals", "control of peripherals"),
    ("training", "training, without effect on the protection"),
];

/// The number of a group, from its number or its name.
pub fn group_number(text: &str) -> Result<u32, String> {
    let named = GROUPS.iter().position(|(name, _)| *name == text);
    match (named.map(u32::try_from), text.parse()) {
        (Some(Ok(number)), _) | (_, Ok(number)) => Ok(number),
        _ => Err("it is the number of a group, or a name, e.g. storage".into()),
    }
}

/// A group of DSMIL devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its number.
    pub number: u32,
    /// Its name; null for a group whose meaning is free.
    pub name: Option<&'static str>,
    /// What its devices are for.
    pub function: Option<&'static str>,
    /// Number of its devices.
    pub devices: usize,
    /// How many of them are active.
    pub active: usize,
    /// How many have no known state, or are in state failed.
    pub failed: usize,
    /// How many report tampering.
    pub tampered: usize,
    /// How many are not as the mode of the machine asks for.
    pub deviating: usize,
}

impl Group {
    /// The groups of these controls, by their numbers.
    pub fn all(controls: &[Control]) -> Vec<Self> {
        let mut numbers: Vec<u32> = controls.iter().filter_map(|c| c.group).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let group = |number: u32| {
            let mine = || controls.iter().filter(|c| c.group == Some(number));
            let meaning = usize::try_from(number).ok().and_then(|at| GROUPS.get(at));
            Self {
                number,
                name: meaning.map(|(name, _)| *name),
                function: meaning.map(|(_, function)| *function),
                devices: mine().count(),
                active: mine()
                    .filter(|c| c.value.as_deref() == Some("active"))
                    .count(),
                failed: mine()
                    .filter(|c| c.value.is_none() || c.device_failed())
                    .count(),
                tampered: mine().filter(|c| c.tamper).count(),
                deviating: mine().filter(|c| c.deviates).count(),
            }
        };
        numbers.into_iter().map(group).collect()
    }
}
