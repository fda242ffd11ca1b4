// SPDX-License-Identifier: GPL-2.0

//! The token table: where it is found, and how it stands in a report.
//!
//! Of a structure of type 0xDA a report has the command, the tokens and how they end. What lies
//! behind the end, and the strings behind the structure, stay where they are: nobody knows whose
//! they are.

use super::unread::{denied, Unread};
use crate::root::Root;
use milspec_posture::token_table::{self, Fault, Token};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// SMBIOS as the firmware has it; root's.
const DMI: &str = "/sys/firmware/dmi/tables/DMI";

/// What mainline's `dell-smbios` has read of it, a token at a time; root's.
const TOKENS: &str = "/sys/devices/platform/dell-smbios.0/tokens";

/// Tokens that a structure holds beside its end: its length is one byte.
const MOST: usize = 39;

/// The token table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// `smbios`, or `kernel`: there the structures are this program's.
    pub from: String,
    /// The structures of type 0xDA, in order.
    pub structures: Vec<Structure>,
}

/// One structure of type 0xDA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// I/O port of a call by SMI; null where the kernel alone was asked.
    pub port: Option<u16>,
    /// What a call writes there.
    pub code: Option<u8>,
    /// Classes of calls that the firmware has, a bit mask.
    pub classes: Option<u32>,
    /// `terminated`, `unterminated`, `truncated` or `short`.
    pub end: String,
    /// The tokens, each `ID=VALUE` or `ID@LOCATION=VALUE`.
    pub tokens: String,
}

/// Reads the table.
pub fn read(root: &Root) -> Result<Table, Unread> {
    let dmi = root.bytes(DMI);
    let why = match dmi {
        Ok(bytes) => {
            let structures = of_dmi(&bytes);
            if !structures.is_empty() {
                return Ok(Table {
                    from: "smbios".into(),
                    structures,
                });
            }
            return Err(Unread::new(
                "token-table",
                "this machine's SMBIOS has no structure of type 0xDA: it lists no tokens",
            ));
        }
        Err(error) => denied(DMI, &error),
    };
    let tokens = of_kernel(root);
    if tokens.is_empty() {
        return Err(Unread::new("token-table", why));
    }
    Ok(Table {
        from: "kernel".into(),
        structures: tokens
            .chunks(MOST)
            .map(|tokens| Structure {
                port: None,
                code: None,
                classes: None,
                end: "terminated".into(),
                tokens: notation(tokens),
            })
            .collect(),
    })
}

/// Every structure of type 0xDA.
fn of_dmi(mut table: &[u8]) -> Vec<Structure> {
    let mut found = Vec::new();
    while let [kind, length, ..] = *table {
        let Some(area) = table.get(..usize::from(length)).filter(|_| length >= 4) else {
            break;
        };
        if kind == token_table::TYPE {
            found.push(Structure::of(area));
        }
        // Its strings end with an empty one.
        let rest = table.get(usize::from(length)..).unwrap_or_default();
        let Some(end) = rest.windows(2).position(|pair| pair == [0, 0]) else {
            break;
        };
        table = rest.get(end + 2..).unwrap_or_default();
        // The last one.
        if kind == 127 {
            break;
        }
    }
    found
}

impl Structure {
    fn of(area: &[u8]) -> Self {
        let byte = |at: usize| area.get(at).copied();
        let word = |at: usize| Some(u16::from_le_bytes([byte(at)?, byte(at + 1)?]));
        let mut tokens = Vec::new();
        let end = token_table::parse(area, |token| tokens.push(token));
        Self {
            port: word(4),
            code: byte(6),
            classes: word(7)
                .zip(word(9))
                .map(|(low, high)| u32::from(high) << 16 | u32::from(low)),
            end: match end {
                Ok(()) => "terminated",
                Err(Fault::Unterminated) => "unterminated",
                Err(Fault::Truncated) => "truncated",
                Err(Fault::Short) => "short",
            }
            .into(),
            tokens: notation(&tokens),
        }
    }
}

/// The tokens that the kernel has, by their ids.
fn of_kernel(root: &Root) -> Vec<Token> {
    let mut halves: BTreeMap<u16, [Option<u16>; 2]> = BTreeMap::new();
    for name in root.names(TOKENS) {
        let half = || {
            let (id, what) = name.split_once('_')?;
            let at = ["location", "value"].iter().position(|w| *w == what)?;
            let id = token_id(id)?;
            let text = root.text(&format!("{TOKENS}/{name}"))?;
            Some((id, at, u16::from_str_radix(&text, 16).ok()?))
        };
        if let Some((id, at, number)) = half() {
            if let Some(half) = halves.entry(id).or_default().get_mut(at) {
                *half = Some(number);
            }
        }
    }
    halves
        .into_iter()
        .filter_map(|(id, [location, value])| {
            Some(Token {
                id,
                location: location?,
                value: value?,
            })
        })
        .collect()
}

impl Table {
    /// All tokens, in order.
    pub fn tokens(&self) -> Vec<Token> {
        let words = self.structures.iter().map(|s| s.tokens.split_whitespace());
        words.flatten().filter_map(token).collect()
    }
}

/// Tokens as they stand in a report.
pub fn notation(tokens: &[Token]) -> String {
    let words: Vec<String> = tokens
        .iter()
        .map(|token| match token.location == token.id {
            true => format!("{:04X}={}", token.id, token.value),
            false => format!("{:04X}@{:04X}={}", token.id, token.location, token.value),
        })
        .collect();
    words.join(" ")
}

fn token(text: &str) -> Option<Token> {
    let (place, value) = text.split_once('=')?;
    let (id, location) = place.split_once('@').unwrap_or((place, place));
    Some(Token {
        id: token_id(id)?,
        location: u16::from_str_radix(location, 16).ok()?,
        value: value.parse().ok()?,
    })
}

/// `None`, too, for what ends a structure: in a copy it would take away all that stands behind it.
fn token_id(text: &str) -> Option<u16> {
    let id = u16::from_str_radix(text, 16).ok()?;
    (id != token_table::END).then_some(id)
}
