// SPDX-License-Identifier: GPL-2.0

//! The token table of a profile: which token stands at which location with
//! which value, and what the cells hold when the machine leaves the factory.

use crate::profile::{Layout, Profile};
use anyhow::{bail, Context, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The project's list of settings and tokens.
const SETTINGS: &str = include_str!("../../data/dell-settings.csv");

/// One value of one setting, as the project's data has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Setting.
    pub setting: String,
    /// Value.
    pub value: String,
    /// Token id.
    pub id: u16,
    /// Firmware refuses to change it.
    pub read_only: bool,
}

/// A token of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Id.
    pub id: u16,
    /// Location.
    pub location: u16,
    /// The value that makes it active.
    pub value: u16,
}

/// A location of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Location {
    /// What the cell holds at first.
    pub value: u16,
    /// Largest value that may be written.
    pub max: u8,
    /// Writes are refused.
    pub read_only: bool,
    /// Next location of a one-hot setting; itself when it is none.
    pub next: u16,
    /// The location whose cell this one shows; itself when it has one.
    pub cell: u16,
}

/// Tokens and locations of a machine.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The table that SMBIOS shows, in order.
    pub tokens: Vec<Token>,
    /// What exists behind it.
    pub locations: BTreeMap<u16, Location>,
    /// Token of each (setting, value), also of those left out of the table.
    pub by_name: BTreeMap<(String, String), Token>,
}

/// All settings of the project's data, in its order.
pub fn known() -> Result<Vec<Known>> {
    SETTINGS
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split(',');
            let mut field = || fields.next().with_context(|| format!("short line: {line}"));
            let (setting, value, id, access) = (field()?, field()?, field()?, field()?);
            let id = id
                .strip_prefix("0x")
                .and_then(|hex| u16::from_str_radix(hex, 16).ok())
                .with_context(|| format!("bad token id: {line}"))?;
            Ok(Known {
                setting: setting.to_owned(),
                value: value.to_owned(),
                id,
                read_only: access == "ro",
            })
        })
        .collect()
}

impl Plan {
    /// Lays a profile's settings over locations.
    pub fn of(profile: &Profile) -> Result<Self> {
        let known = known()?;
        let ids: BTreeSet<u16> = known.iter().map(|k| k.id).collect();
        let mut plan = Plan::default();
        // Small numbers and numbers from 0x8000 on: both were seen on real
        // machines. Ids are skipped: there the location may be the id.
        let mut shared = (0x0004..0x4000).filter(|n| !ids.contains(n));
        let mut own = (0x8100..0x9000).filter(|n| !ids.contains(n));

        for setting in profile.settings.keys() {
            if !known.iter().any(|k| &k.setting == setting) {
                bail!("profile {}: no setting is called {setting}", profile.name);
            }
        }
        let mut order: Vec<&str> = Vec::new();
        for k in &known {
            if profile.settings.contains_key(&k.setting) && order.last() != Some(&&*k.setting) {
                order.push(&k.setting);
            }
        }
        for (position, setting) in order.into_iter().enumerate() {
            let values: Vec<&Known> = known.iter().filter(|k| k.setting == setting).collect();
            let factory = &profile.settings[setting];
            // A setting may start out with a value that no token stands for.
            let active =
                match factory.as_str() {
                    "-" => None,
                    name => Some(values.iter().position(|k| k.value == name).with_context(
                        || format!("profile {}: {setting} has no value {factory}", profile.name),
                    )?),
                };
            let layout = profile
                .tokens
                .layouts
                .get(setting)
                .copied()
                .unwrap_or(profile.tokens.layout);
            let fixed = profile.tokens.locations.get(setting).copied();
            let first = match (layout, fixed) {
                (_, Some(location)) => location,
                (Layout::Shared, None) => shared.next().context("out of locations")?,
                (Layout::Alias, None) => values[0].id,
                (Layout::OneHot, None) => own.next().context("out of locations")?,
            };
            plan.lay(layout, first, &values, active, position, &mut own)?;
        }
        plan.spoil(profile);
        Ok(plan)
    }

    fn lay(
        &mut self,
        layout: Layout,
        first: u16,
        values: &[&Known],
        active: Option<usize>,
        position: usize,
        own: &mut impl Iterator<Item = u16>,
    ) -> Result<()> {
        let count = values.len();
        // Real machines do not agree whether "enabled" is 1 or 0: neither do
        // the settings of one machine here.
        let number = |i: usize| match (layout, count) {
            (Layout::OneHot, _) => 1,
            (_, 2) if position.is_multiple_of(2) => 1 - i as u16,
            _ => i as u16,
        };
        let mut locations = vec![first];
        for known in &values[1..] {
            locations.push(match layout {
                Layout::Shared => first,
                Layout::Alias => known.id,
                Layout::OneHot => own.next().context("out of locations")?,
            });
        }
        for (i, known) in values.iter().enumerate() {
            let token = Token {
                id: known.id,
                location: locations[i],
                value: number(i),
            };
            self.tokens.push(token);
            self.by_name
                .insert((known.setting.clone(), known.value.clone()), token);
            let value = match (layout, active) {
                (Layout::OneHot, _) => u16::from(active == Some(i)),
                (_, Some(active)) => number(active),
                (_, None) => 0xEE,
            };
            let max = if layout == Layout::OneHot {
                1
            } else {
                (count.max(2) - 1) as u8
            };
            self.locations
                .entry(locations[i])
                .and_modify(|old| old.max = old.max.max(max))
                .or_insert(Location {
                    value,
                    max,
                    read_only: known.read_only,
                    next: match layout {
                        Layout::OneHot => locations[(i + 1) % count],
                        _ => locations[i],
                    },
                    cell: if layout == Layout::Alias {
                        first
                    } else {
                        locations[i]
                    },
                });
        }
        Ok(())
    }

    /// Applies what the profile wants to be wrong or unusual.
    fn spoil(&mut self, profile: &Profile) {
        let wrong = &profile.tokens;
        for name in &wrong.omit {
            if let Some((setting, value)) = name.split_once('/') {
                if let Some(token) = self.by_name.get(&(setting.to_owned(), value.to_owned())) {
                    let token = *token;
                    self.tokens.retain(|t| *t != token);
                }
            }
        }
        let filler = (0..wrong.filler).map(|n| [0x5000 + n, 0xC000 + n / 2, n % 2]);
        for [id, location, value] in wrong.extra.iter().copied().chain(filler) {
            self.tokens.push(Token {
                id,
                location,
                value,
            });
            self.locations.entry(location).or_insert(Location {
                value: 0,
                max: 0xFF,
                read_only: false,
                next: location,
                cell: location,
            });
        }
        for &[location, value] in &wrong.cells {
            if let Some(entry) = self.locations.get(&location).copied() {
                if let Some(cell) = self.locations.get_mut(&entry.cell) {
                    cell.value = value;
                }
            }
        }
    }

    /// The token of a setting's value.
    pub fn token(&self, setting: &str, value: &str) -> Result<Token> {
        self.by_name
            .get(&(setting.to_owned(), value.to_owned()))
            .copied()
            .with_context(|| format!("this machine has no {setting} = {value}"))
    }

    /// Tokens of a setting, by value.
    pub fn setting(&self, setting: &str) -> Vec<(&str, Token)> {
        self.by_name
            .iter()
            .filter(|((s, _), _)| s == setting)
            .map(|((_, v), t)| (v.as_str(), *t))
            .collect()
    }
}
