// SPDX-License-Identifier: GPL-2.0

//! How often real machines list the tokens of the catalogue.
//!
//! Source: reports of dmidecode that owners uploaded to linuxhw/DMI (CC BY 4.0).

use std::collections::BTreeMap;

const FIGURES_CSV: &str = include_str!("../../../../tests/data/token-figures.csv");

/// Machines with a token table.
pub const MACHINES: u32 = 16_910;
/// Latitude, Precision, OptiPlex and Pro among them with a BIOS of 2019 and later.
pub const BUSINESS: u32 = 4_488;
/// Rugged ones, by their name.
pub const RUGGED: u32 = 35;

/// How often a token is listed.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub machines: u32,
    pub business: u32,
    pub rugged: u32,
    /// The readings that machines expect, each with how many do: `0:11963 1:421`.
    pub values: &'static str,
}

impl Figures {
    /// The reading that most machines expect.
    pub fn usual(&self) -> Option<&'static str> {
        let mut all = self.values.split(' ').filter_map(|one| one.split_once(':'));
        all.next().map(|(value, _)| value)
    }
}

/// Those of every token of the catalogue.
pub fn figures() -> BTreeMap<u16, Figures> {
    let rows = FIGURES_CSV.lines().skip(1).map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        let id = u16::from_str_radix(fields[0].strip_prefix("0x").unwrap(), 16).unwrap();
        let number = |at: usize| fields[at].parse().unwrap();
        let figures = Figures {
            machines: number(1),
            business: number(2),
            rugged: number(3),
            values: fields[4],
        };
        (id, figures)
    });
    rows.collect()
}
