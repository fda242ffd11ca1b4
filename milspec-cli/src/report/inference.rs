// SPDX-License-Identifier: GPL-2.0

//! Whether what locations read bears out what is inferred of them.

use super::cells::{self, Layout, Verdict};
use super::{readings, table};
use milspec_posture::token_table::Token;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Groups of tokens by the layout that their values suggest, and what their locations read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inference {
    /// Groups whose tokens lie at one location.
    pub one_location: u32,
    /// Groups at several locations that are taken for views of one cell: they must read the same.
    pub one_cell: Tally,
    /// Groups with a cell for each token: at most one token may be active.
    pub cell_each: Tally,
    /// Groups at several locations whose values suggest nothing.
    pub unclear: u32,
    /// The groups that contradict what is inferred.
    pub differing: Vec<Differing>,
}

/// How often something holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// All locations were read, and it holds.
    pub holds: u32,
    /// It does not.
    pub differs: u32,
    /// Nothing contradicts it, but not all locations were read.
    pub unread: u32,
}

/// A group that contradicts what is inferred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differing {
    /// Name of the group.
    pub group: String,
    /// What is inferred: `one-cell` or `cell-each`.
    pub layout: Layout,
    /// Its tokens.
    pub tokens: String,
    /// What their locations read, each `LOCATION=VALUE`.
    pub reads: String,
}

impl Inference {
    /// Of these tokens, and what their locations read.
    pub fn of(tokens: &[Token], readings: &BTreeMap<u16, u32>) -> Self {
        let mut found = Self::default();
        for group in cells::groups(tokens) {
            let verdict = group.verdict(readings);
            let tally = match group.layout {
                Layout::OneLocation => {
                    found.one_location += 1;
                    continue;
                }
                Layout::Unclear => {
                    found.unclear += 1;
                    continue;
                }
                Layout::OneCell => &mut found.one_cell,
                Layout::CellEach => &mut found.cell_each,
            };
            match verdict {
                Verdict::Holds => tally.holds += 1,
                Verdict::Unread | Verdict::Nothing => tally.unread += 1,
                Verdict::Differs => {
                    tally.differs += 1;
                    found.differing.push(Differing {
                        group: group.name.into(),
                        layout: group.layout,
                        tokens: table::notation(&group.tokens),
                        reads: reads(&group.tokens, readings),
                    });
                }
            }
        }
        found
    }
}

fn reads(tokens: &[Token], readings: &BTreeMap<u16, u32>) -> String {
    let read = |token: &Token| Some((token.location, *readings.get(&token.location)?));
    readings::notation(&tokens.iter().filter_map(read).collect())
}
