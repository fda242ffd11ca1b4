// SPDX-License-Identifier: GPL-2.0

//! The tokens of a machine by the names of settings, and what their cells hold when the machine
//! leaves the factory.

use crate::cells::{self, Layout, Locations, NOWHERE};
use crate::profile::Profile;
use crate::smbios;
use crate::table::{self, Token};
use anyhow::{bail, Context, Result};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The project's list of settings and tokens.
const SETTINGS: &str = include_str!("../../data/dell-settings.csv");
/// What a setting holds where a profile does not say it.
const INITIAL: &str = include_str!("../profiles/initial.toml");

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

/// Tokens and locations of a machine.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The table that SMBIOS shows, in order.
    pub tokens: Vec<Token>,
    /// What exists behind it.
    pub locations: Locations,
    /// Token of each (setting, value) that the machine has.
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
            let id = hex(id).with_context(|| format!("bad token id: {line}"))?;
            Ok(Known {
                setting: setting.to_owned(),
                value: value.to_owned(),
                id,
                read_only: access == "ro",
            })
        })
        .collect()
}

/// The value of a setting that is in force when none of those is that a machine lists: `no` of a
/// flag, and of two values the one that is not listed.
pub fn implied(setting: &str, listed: &[(&str, Token)]) -> Result<Option<String>> {
    let known = known()?
        .into_iter()
        .filter(|known| known.setting == setting);
    let values: Vec<String> = known.map(|known| known.value).collect();
    let is_listed = |value: &String| listed.iter().any(|(name, _)| name == value);
    Ok(match &values[..] {
        [_] => Some("no".to_owned()),
        [one, other] if is_listed(one) && !is_listed(other) => Some(other.clone()),
        [one, other] if is_listed(other) && !is_listed(one) => Some(one.clone()),
        _ => None,
    })
}

/// What settings hold where a profile does not say it.
fn initial() -> Result<&'static BTreeMap<String, String>> {
    static VALUES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    if let Some(values) = VALUES.get() {
        return Ok(values);
    }
    let values = toml::from_str(INITIAL).context("profiles/initial.toml is malformed")?;
    Ok(VALUES.get_or_init(|| values))
}

fn hex(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

impl Plan {
    /// The tokens of a profile's table, and what is inferred of their cells.
    pub fn of(profile: &Profile) -> Result<Self> {
        let structures = smbios::calling_interface(profile)?;
        let tokens = structures.iter().flat_map(|s| table::tokens(s)).collect();
        let mut plan = Self::new(tokens, Layout::Inferred)?;
        for (setting, value) in &profile.initial {
            plan.put(setting, value)
                .with_context(|| format!("profile {}: {setting} = {value:?}", profile.name))?;
        }
        for &[location, value] in &profile.tokens.cells {
            let entry = plan.locations.get(&location);
            let cell = entry
                .with_context(|| format!("no location {location:#06x}"))?
                .cell;
            cells::set(&mut plan.locations, cell, value);
        }
        cells::hold(&mut plan.locations, &profile.readings);
        for location in &profile.tokens.read_only {
            let entry = plan.locations.get_mut(location);
            let entry = entry.with_context(|| format!("no location {location:#06x}"))?;
            entry.read_only = true;
        }
        Ok(plan)
    }

    /// The tokens of a table, with what `initial.toml` says in force, else the first token of a
    /// group.
    pub fn new(tokens: Vec<Token>, layout: Layout) -> Result<Self> {
        let mut locations = cells::infer(&tokens, layout)?;
        let valid: BTreeMap<u16, Token> = cells::valid(&tokens)
            .into_iter()
            .map(|token| (token.id, token))
            .collect();
        let mut by_name = BTreeMap::new();
        for known in known()? {
            // A value of 0xFFFF stands for a number or an action.
            let Some(token) = valid.get(&known.id).filter(|token| token.value != NOWHERE) else {
                continue;
            };
            by_name.insert((known.setting, known.value), *token);
            if let Some(entry) = locations.get_mut(&token.location) {
                entry.read_only |= known.read_only;
            }
        }
        let mut plan = Self {
            tokens,
            locations,
            by_name,
        };
        for (setting, value) in initial()? {
            // A machine may list the setting without this value.
            let _ = plan.put(setting, value);
        }
        Ok(plan)
    }

    /// Puts a setting to a value: a name, `0x` and the id of a token, or `-` for none.
    fn put(&mut self, setting: &str, value: &str) -> Result<()> {
        if value == "-" {
            return self.put_none(setting);
        }
        let token = match hex(value) {
            Some(id) => {
                let mut tokens = self.tokens.iter();
                let first = tokens.find(|token| token.id == id);
                let found = first.filter(|token| token.location != NOWHERE);
                *found.with_context(|| format!("this machine has no token {value}"))?
            }
            None => self.token(setting, value)?,
        };
        cells::activate(&mut self.locations, token);
        Ok(())
    }

    /// Leaves no token of a setting in force.
    fn put_none(&mut self, setting: &str) -> Result<()> {
        let tokens: Vec<Token> = self.setting(setting).into_iter().map(|(_, t)| t).collect();
        if tokens.is_empty() {
            bail!("this machine has no {setting}");
        }
        for token in &tokens {
            let cell = self.locations[&token.location].cell;
            let here = |t: &&Token| {
                let entry = self.locations.get(&t.location);
                entry.is_some_and(|entry| entry.cell == cell)
            };
            let values: Vec<u16> = self.tokens.iter().filter(here).map(|t| t.value).collect();
            cells::set(&mut self.locations, cell, cells::idle(&values));
        }
        Ok(())
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
