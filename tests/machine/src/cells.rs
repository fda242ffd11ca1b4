// SPDX-License-Identifier: GPL-2.0

//! What lies behind the locations of a token table: the cells.
//!
//! A table says which value makes a token active at which location. It does not say which
//! locations show the same cell. That is **inferred here**, from the values:
//!
//! | tokens of one group | taken for |
//! |---|---|
//! | at one location | one cell |
//! | at several locations, each of which is its token's id, with values that differ | one cell, shown at each of them |
//! | at several locations, no value twice | the same |
//! | each at a location of its own, all with value 1 | a cell each; to write 1 to one clears the others |
//! | anything else | a cell for each location |
//!
//! What a group is, says `tests/data/token-groups.csv`. Location 0xFFFF is a placeholder, and has no
//! cell.

use crate::table::Token;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};

/// Location of a token that is listed without being there.
pub const NOWHERE: u16 = 0xFFFF;
/// Tokens from here on are states, not choices: with a location and the value 1 each, any number
/// of them may hold at once.
const STATES: u16 = 0x8000;

const GROUPS: &str = include_str!("../../data/token-groups.csv");

/// A location of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// What the cell holds at first.
    pub value: u16,
    /// Largest value that may be written; [`NO_LIMIT`]: any.
    pub max: u8,
    /// Writes are refused.
    pub read_only: bool,
    /// Next location of a group that has a cell for each token; itself when it is in none.
    pub next: u16,
    /// What it holds when another one of its group is in force.
    pub idle: u16,
    /// The location whose cell this one shows; itself when it has one.
    pub cell: u16,
}

/// Any value may be written.
pub const NO_LIMIT: u8 = 0xFF;

/// Locations and what lies behind them.
pub type Locations = BTreeMap<u16, Location>;

/// What is inferred of the cells behind a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As the table at the top has it.
    Inferred,
    /// A cell for each location, whatever the values suggest; firmware makes the other tokens of
    /// a group inactive when one is written.
    Apart,
}

/// The groups of tokens: those of which one is in force at a time.
pub fn groups() -> Result<BTreeMap<u16, &'static str>> {
    let rows = GROUPS.lines().skip(1).map(|line| {
        let (id, group) = line.split_once(',')?;
        let id = u16::from_str_radix(id.strip_prefix("0x")?, 16).ok()?;
        Some((id, group))
    });
    let rows: Option<_> = rows.collect();
    rows.context("token-groups.csv is malformed")
}

/// The tokens that count: the first of each id, as mainline takes them, without placeholders.
pub fn valid(tokens: &[Token]) -> Vec<Token> {
    let mut seen = BTreeSet::new();
    let first = tokens.iter().filter(|token| seen.insert(token.id));
    first
        .filter(|token| token.location != NOWHERE)
        .copied()
        .collect()
}

/// Groups of a table, each with its tokens in order.
pub fn grouped(tokens: &[Token]) -> Result<Vec<Vec<Token>>> {
    let names = groups()?;
    let mut found: BTreeMap<&str, Vec<Token>> = BTreeMap::new();
    for token in valid(tokens) {
        if let Some(name) = names.get(&token.id) {
            found.entry(name).or_default().push(token);
        }
    }
    Ok(found.into_values().collect())
}

/// The locations of a table. Of each group the first token is in force; a token without a group
/// is not.
pub fn infer(tokens: &[Token], layout: Layout) -> Result<Locations> {
    let mut values: BTreeMap<u16, Vec<u16>> = BTreeMap::new();
    for token in tokens.iter().filter(|t| t.location != NOWHERE) {
        values.entry(token.location).or_default().push(token.value);
    }
    let mut all: Locations = values
        .iter()
        .map(|(&location, values)| {
            let entry = Location {
                value: idle(values),
                max: largest(values),
                read_only: false,
                next: location,
                idle: idle(values),
                cell: location,
            };
            (location, entry)
        })
        .collect();
    for group in grouped(tokens)? {
        let mut places: Vec<u16> = group.iter().map(|token| token.location).collect();
        places.sort_unstable();
        places.dedup();
        if places.len() > 1 {
            match layout {
                Layout::Inferred if shows_one_cell(&group) => join(&mut all, &places),
                Layout::Inferred if is_one_hot(&group, &all) => ring(&mut all, &places),
                Layout::Inferred => {}
                Layout::Apart => ring(&mut all, &places),
            }
        }
        if group.len() > 1 {
            activate(&mut all, group[0]);
        }
    }
    Ok(all)
}

/// Where locations are kept, and what lies behind them.
pub trait Store {
    /// A location, if the machine has it.
    fn at(&self, location: u16) -> Option<Location>;

    /// Puts a value into the cell that a location shows.
    fn put(&mut self, cell: u16, value: u16);

    /// Puts a value into a location that has a cell of its own.
    fn put_own(&mut self, location: u16, value: u16);
}

impl Store for Locations {
    fn at(&self, location: u16) -> Option<Location> {
        self.get(&location).copied()
    }

    fn put(&mut self, cell: u16, value: u16) {
        for entry in self.values_mut().filter(|entry| entry.cell == cell) {
            entry.value = value;
        }
    }

    fn put_own(&mut self, location: u16, value: u16) {
        if let Some(entry) = self.get_mut(&location) {
            entry.value = value;
        }
    }
}

/// The same for millions of calls: sorted, with the value of a cell at its own location alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorted {
    locations: Vec<u16>,
    entries: Vec<Location>,
}

impl Sorted {
    /// From locations as they are.
    pub fn new(all: &Locations) -> Self {
        Self {
            locations: all.keys().copied().collect(),
            entries: all.values().copied().collect(),
        }
    }

    /// Takes over what another one of the same locations holds. Allocates nothing.
    pub fn copy_from(&mut self, other: &Self) {
        self.entries.copy_from_slice(&other.entries);
    }

    fn entry(&mut self, location: u16) -> Option<&mut Location> {
        let at = self.locations.binary_search(&location).ok()?;
        Some(&mut self.entries[at])
    }
}

impl Store for Sorted {
    fn at(&self, location: u16) -> Option<Location> {
        let at = self.locations.binary_search(&location).ok()?;
        Some(self.entries[at])
    }

    fn put(&mut self, cell: u16, value: u16) {
        self.put_own(cell, value);
    }

    fn put_own(&mut self, location: u16, value: u16) {
        if let Some(entry) = self.entry(location) {
            entry.value = value;
        }
    }
}

/// Makes a token the active one of its group, whatever firmware would say to it.
pub fn activate(all: &mut impl Store, token: Token) {
    let Some(entry) = all.at(token.location) else {
        return;
    };
    all.put(entry.cell, token.value);
    let mut other = entry.next;
    while other != token.location && token.value != entry.idle {
        let Some(entry) = all.at(other) else {
            break;
        };
        all.put_own(other, entry.idle);
        other = entry.next;
    }
}

/// Writes a location, as the simulated firmware does. `false`: it is refused.
pub fn write(all: &mut impl Store, location: u16, value: u16) -> bool {
    let Some(entry) = all.at(location) else {
        return false;
    };
    if entry.read_only || (entry.max != NO_LIMIT && value > u16::from(entry.max)) {
        return false;
    }
    let token = Token {
        id: 0,
        location,
        value,
    };
    activate(all, token);
    true
}

/// Reads a location, as the simulated firmware does.
pub fn read(all: &impl Store, location: u16) -> Option<u16> {
    let cell = all.at(location)?.cell;
    Some(all.at(cell)?.value)
}

/// Puts a value into the cell that a location shows.
pub fn set(all: &mut impl Store, cell: u16, value: u16) {
    all.put(cell, value);
}

/// Makes locations read what they did on a real machine. Those that are taken for views of one cell
/// and did not read the same are none: each gets a cell of its own.
pub fn hold(all: &mut Locations, readings: &[[u16; 2]]) {
    let mut read: BTreeMap<u16, BTreeMap<u16, u16>> = BTreeMap::new();
    for &[location, value] in readings {
        // What a table does not list cannot be read there.
        if let Some(entry) = all.get(&location) {
            read.entry(entry.cell).or_default().insert(location, value);
        }
    }
    for (cell, views) in read {
        let values: BTreeSet<u16> = views.values().copied().collect();
        if values.len() > 1 {
            for (location, entry) in all.iter_mut().filter(|(_, entry)| entry.cell == cell) {
                entry.cell = *location;
            }
        }
        for (location, value) in views {
            let cell = all.get(&location).map_or(location, |entry| entry.cell);
            set(all, cell, value);
        }
    }
}

/// The smallest number that makes none of the tokens active. Of a token with 0xFFFF it is not
/// known what that stands for; the list of libsmbios has numbers there: a time, a size.
pub fn idle(values: &[u16]) -> u16 {
    (0..=u16::MAX).find(|n| !values.contains(n)).unwrap_or(0)
}

fn largest(values: &[u16]) -> u8 {
    let largest = values.iter().copied().max().unwrap_or_default().max(1);
    u8::try_from(largest).unwrap_or(NO_LIMIT)
}

fn shows_one_cell(group: &[Token]) -> bool {
    let values: BTreeSet<u16> = group.iter().map(|token| token.value).collect();
    let distinct = values.len() == group.len();
    let at_home = group.iter().all(|token| token.location == token.id);
    values.len() > 1 && (distinct || at_home)
}

/// Firmware clears the others to 0: that must be what makes them inactive.
fn is_one_hot(group: &[Token], all: &Locations) -> bool {
    let clears = |t: &Token| t.value == 1 && t.id < STATES && all[&t.location].idle == 0;
    group.iter().all(clears)
}

fn join(all: &mut Locations, places: &[u16]) {
    let cells: Vec<u16> = places.iter().map(|at| all[at].cell).collect();
    let to = cells[0];
    let max = cells.iter().map(|cell| all[cell].max).max().unwrap_or(0);
    for entry in all.values_mut().filter(|e| cells.contains(&e.cell)) {
        entry.cell = to;
        entry.max = max;
    }
}

fn ring(all: &mut Locations, places: &[u16]) {
    // A location is in one group, or its group is none that firmware could keep.
    if places.iter().any(|at| all[at].next != *at) {
        return;
    }
    let after = places.iter().cycle().skip(1);
    for (at, next) in places.iter().zip(after) {
        if let Some(entry) = all.get_mut(at) {
            entry.next = *next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::parse;

    fn locations(text: &str) -> Locations {
        infer(&parse(text).unwrap(), Layout::Inferred).unwrap()
    }

    /// Camera enabled and disabled: fails when one of the three layouts is taken for another.
    #[test]
    fn each_layout_is_told_by_its_values() {
        let coupled = locations("0285=1 0286=0");
        assert_eq!((coupled[&0x285].cell, coupled[&0x286].cell), (0x285, 0x285));
        assert_eq!(coupled[&0x286].value, 1);

        let hot = locations("0285=1 0286=1");
        assert_eq!((hot[&0x285].next, hot[&0x286].next), (0x286, 0x285));
        assert_eq!((hot[&0x285].value, hot[&0x286].value), (1, 0));

        let one = locations("0285@0007=1 0286@0007=0");
        assert_eq!(one.len(), 1);
        assert_eq!(one[&7].next, 7);

        let apart = infer(&parse("0285=1 0286=0").unwrap(), Layout::Apart).unwrap();
        assert_eq!((apart[&0x285].cell, apart[&0x286].cell), (0x285, 0x286));
    }

    /// Wake-on-LAN of real notebooks has two tokens with value 5, at two locations.
    #[test]
    fn synonyms_share_the_cell() {
        let all = locations("0055=0 0057=5 006D=5 0216=6");
        assert!(all
            .values()
            .all(|entry| entry.cell == 0x55 && entry.max == 6));
    }

    /// The embedded NIC of consumer machines has two locations, and values that repeat.
    #[test]
    fn what_fits_no_layout_is_a_cell_each() {
        let all = locations("002D@000A=1 002E@000A=0 006E@000B=0");
        assert_eq!((all[&0xA].cell, all[&0xB].cell), (0xA, 0xB));
        assert_eq!((all[&0xA].next, all[&0xB].next), (0xA, 0xB));
    }

    /// Placeholders lie nowhere; a number is not limited; an odd token is not in force; the first
    /// of two tokens with one id counts.
    #[test]
    fn odd_tokens_are_what_they_are() {
        let all = locations("0285@FFFF=0 0286@FFFF=0 002B=65535 4000=1");
        assert!(!all.contains_key(&NOWHERE));
        assert_eq!((all[&0x2B].max, all[&0x2B].value), (NO_LIMIT, 0));
        assert_eq!(all[&0x4000].value, 0);
        let twice = locations("0285=1 0286=0 0285@0F00=9");
        assert_eq!(twice[&0xF00].cell, 0xF00);
    }

    /// A latch and a door are states that may hold at once, where each has a cell.
    #[test]
    fn states_are_no_choice() {
        let all = locations("8000=1 8002=1");
        assert_eq!((all[&0x8000].next, all[&0x8002].next), (0x8000, 0x8002));
        let one = locations("8000=0 8002=2 8003=3");
        assert!(one.values().all(|entry| entry.cell == 0x8000));
    }
}
