// SPDX-License-Identifier: GPL-2.0

//! Which locations are taken for views of one cell, and whether what they read bears that out.
//!
//! A table says at which location a token lies, and which value makes it active there. That
//! several locations show the same cell is inferred from the values, by the rules of the simulated
//! Dell (`tests/machine/src/cells.rs`; its tests hold the two together).

use milspec_posture::token_table::Token;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Location of a token that is listed without being there.
pub const NOWHERE: u16 = 0xFFFF;

/// Value of a token that stands for a number or an action, not for a choice.
pub const NUMBER: u16 = 0xFFFF;

/// Tokens from here on are states: any number of them may hold at once.
const STATES: u16 = 0x8000;

/// Which tokens belong together, out of libsmbios' list.
const GROUPS: &str = include_str!("../../../tests/data/token-groups.csv");

/// Tokens of which one is in force at a time.
pub struct Group {
    /// Name of the group.
    pub name: &'static str,
    /// Its tokens in this table, in order.
    pub tokens: Vec<Token>,
    /// What is taken to lie behind them.
    pub layout: Layout,
}

/// What is taken to lie behind the tokens of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// They lie at one location.
    OneLocation,
    /// Their locations show one cell.
    OneCell,
    /// Each has a cell; to write 1 to one clears the others.
    CellEach,
    /// Their values suggest none of these.
    Unclear,
}

/// What readings say of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They bear it out.
    Holds,
    /// They contradict it.
    Differs,
    /// Not all locations were read.
    Unread,
    /// There is nothing that they could contradict.
    Nothing,
}

/// The group of each token.
pub fn names() -> BTreeMap<u16, &'static str> {
    let rows = GROUPS.lines().skip(1).filter_map(|line| {
        let (id, group) = line.split_once(',')?;
        let id = u16::from_str_radix(id.strip_prefix("0x")?, 16).ok()?;
        Some((id, group))
    });
    rows.collect()
}

/// The groups of a table, by name. The first token of an id counts; what lies nowhere does not.
pub fn groups(tokens: &[Token]) -> Vec<Group> {
    let names = names();
    let mut seen = BTreeSet::new();
    let first = tokens.iter().filter(|token| seen.insert(token.id));
    let mut found: BTreeMap<&str, Vec<Token>> = BTreeMap::new();
    for token in first.filter(|token| token.location != NOWHERE) {
        if let Some(name) = names.get(&token.id) {
            found.entry(name).or_default().push(*token);
        }
    }
    let shared = at_each(tokens);
    found
        .into_iter()
        .map(|(name, of)| Group {
            name,
            layout: layout(&of, &shared),
            tokens: of,
        })
        .collect()
}

/// All values that a table lists at each location.
fn at_each(tokens: &[Token]) -> BTreeMap<u16, BTreeSet<u16>> {
    let mut values: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
    for token in tokens {
        values
            .entry(token.location)
            .or_default()
            .insert(token.value);
    }
    values
}

fn layout(group: &[Token], listed: &BTreeMap<u16, BTreeSet<u16>>) -> Layout {
    let locations: BTreeSet<u16> = group.iter().map(|token| token.location).collect();
    let values: BTreeSet<u16> = group.iter().map(|token| token.value).collect();
    let distinct = values.len() == group.len();
    let at_home = group.iter().all(|token| token.location == token.id);
    // Where 0 makes some token active, the firmware cannot clear with it.
    let clears = |token: &Token| {
        let zero = listed.get(&token.location).is_some_and(|v| v.contains(&0));
        token.value == 1 && token.id < STATES && !zero
    };
    if locations.len() < 2 {
        Layout::OneLocation
    } else if values.len() > 1 && (distinct || at_home) {
        Layout::OneCell
    } else if group.iter().all(clears) {
        Layout::CellEach
    } else {
        Layout::Unclear
    }
}

impl Group {
    /// What readings, by location, say of the layout.
    pub fn verdict(&self, readings: &BTreeMap<u16, u32>) -> Verdict {
        let read = |token: &Token| readings.get(&token.location).copied();
        let contradicts = match self.layout {
            Layout::OneLocation | Layout::Unclear => return Verdict::Nothing,
            Layout::OneCell => {
                let seen: BTreeSet<u32> = self.tokens.iter().filter_map(read).collect();
                seen.len() > 1
            }
            Layout::CellEach => {
                let active = |token: &&Token| read(token) == Some(u32::from(token.value));
                self.tokens.iter().filter(active).count() > 1
            }
        };
        if contradicts {
            Verdict::Differs
        } else if self.tokens.iter().all(|token| read(token).is_some()) {
            Verdict::Holds
        } else {
            Verdict::Unread
        }
    }
}
