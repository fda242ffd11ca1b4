// SPDX-License-Identifier: GPL-2.0

//! Platform settings: what they are, and where this machine has them.

use super::control::{Class, Presence};
use super::token_table::Token;

/// One value of a setting, and the token that stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// Name, at most 16 bytes.
    pub name: &'static str,
    /// Id of the SMBIOS token that is active when the value is in force.
    pub token: u16,
    /// A machine that is reached over a network may be out of reach when the value is in force: it
    /// switches off a port, a radio, or what a network adapter is plugged into.
    pub cuts_network: bool,
}

/// One setting of Dell firmware.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name, at most 32 bytes.
    pub name: &'static str,
    /// What it does, for people, at most 64 bytes.
    pub label: &'static str,
    /// What may be done to it.
    pub class: Class,
    /// Its values, at most [`VALUES`].
    pub values: &'static [Value],
}

impl Setting {
    /// Name of the value that is in force when no token of the setting is active, for a setting
    /// that is a flag: its only token stands for `yes`.
    pub fn otherwise(&self) -> Option<&'static str> {
        match self.values {
            [Value { name: "yes", .. }] => Some("no"),
            _ => None,
        }
    }
}

/// Tells whether two names are equal.
pub(super) const fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([first, rest @ ..], [other, others @ ..]) = (a, b) {
        if *first != *other {
            return false;
        }
        (a, b) = (rest, others);
    }
    a.is_empty() && b.is_empty()
}

/// Most values that a setting has.
pub const VALUES: usize = 8;

/// A location or a value that is none.
const NONE: u16 = 0xFFFF;

/// What a machine's token table says of one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Not listed.
    #[default]
    Absent,
    /// Listed, once or several times alike.
    Listed {
        /// Where the firmware keeps it: the argument of a read or write call.
        location: u16,
        /// What is read there when the token is active.
        value: u16,
    },
    /// Listed several times, differently: not to be used.
    Contradictory,
}

/// What a machine's token table says of the values of one setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listings(pub [Listing; VALUES]);

impl Listings {
    /// The locations of all listed tokens, one for each.
    pub fn locations(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().filter_map(|listing| match listing {
            Listing::Listed { location, .. } => Some(*location),
            Listing::Absent | Listing::Contradictory => None,
        })
    }

    /// Takes in one token of the machine's table.
    ///
    /// A location of 0xFFFF is a placeholder: the token is not there. A value of 0xFFFF stands for a
    /// number or an action, and not for a choice.
    pub fn take(&mut self, setting: &Setting, token: Token) {
        if token.location == NONE || token.value == NONE {
            return;
        }
        for (listing, value) in self.0.iter_mut().zip(setting.values) {
            if value.token != token.id {
                continue;
            }
            let new = Listing::Listed {
                location: token.location,
                value: token.value,
            };
            *listing = match *listing {
                Listing::Absent => new,
                old if old == new => old,
                _ => Listing::Contradictory,
            };
        }
    }

    /// Tells how completely the machine lists `setting`, or `None` when not at all.
    ///
    /// Two values with one location and one expected reading could never be told apart: that is
    /// a contradiction as well.
    pub fn presence(&self, setting: &Setting) -> Option<Presence> {
        let listings = self.0.get(..setting.values.len()).unwrap_or(&self.0);
        if listings.iter().all(|l| *l == Listing::Absent) {
            return None;
        }
        let twins = |(i, l): (usize, &Listing)| {
            *l != Listing::Absent && listings.iter().skip(i.saturating_add(1)).any(|m| m == l)
        };
        if listings.contains(&Listing::Contradictory) || listings.iter().enumerate().any(twins) {
            return Some(Presence::Contradictory);
        }
        Some(match listings.contains(&Listing::Absent) {
            true => Presence::Partial,
            false => Presence::Full,
        })
    }
}
