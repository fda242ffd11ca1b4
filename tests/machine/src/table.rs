// SPDX-License-Identifier: GPL-2.0

//! Token tables as SMBIOS has them: structures of type 0xDA, and a notation for people.
//!
//! In the notation a token is `ID=VALUE` where it lies at the location of its own id, else
//! `ID@LOCATION=VALUE`; id and location are four hexadecimal digits, the value is decimal.

use anyhow::{bail, Context, Result};
use std::fmt;
use std::str::FromStr;

/// SMBIOS type of a calling interface structure.
pub const TYPE: u8 = 0xDA;
/// Header, command port, command code, supported classes.
pub const FIXED: usize = 11;
/// Bytes of a token.
pub const TOKEN: usize = 6;
/// The structure's length is one byte: so many tokens and a terminator fit.
pub const MOST: usize = 39;
/// Id that ends a table.
const END: u16 = 0xFFFF;
/// What ends a table.
pub const TERMINATOR: [u8; TOKEN] = [0xFF, 0xFF, 0, 0, 0, 0];

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

impl FromStr for Token {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (place, value) = text.split_once('=')?;
            let hex = |digits: &str| match digits.len() {
                4 => u16::from_str_radix(digits, 16).ok(),
                _ => None,
            };
            let (id, location) = place.split_once('@').unwrap_or((place, place));
            Some(Self {
                id: hex(id)?,
                location: hex(location)?,
                value: value.parse().ok()?,
            })
        };
        read().with_context(|| format!("{text:?} is not a token: ID=VALUE or ID@LOCATION=VALUE"))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.id)?;
        if self.location != self.id {
            write!(f, "@{:04X}", self.location)?;
        }
        write!(f, "={}", self.value)
    }
}

impl Token {
    fn bytes(&self) -> impl Iterator<Item = u8> {
        let words = [self.id, self.location, self.value];
        words.into_iter().flat_map(u16::to_le_bytes)
    }
}

/// Tokens in the notation, separated by white space.
pub fn parse(text: &str) -> Result<Vec<Token>> {
    text.split_whitespace().map(str::parse).collect()
}

/// What stands before the tokens of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Port that a call is written to.
    pub port: u16,
    /// What is written there.
    pub code: u8,
    /// Supported classes, a bit mask.
    pub classes: u32,
}

/// The formatted area of a structure: header, tokens, and `end`, which is [`TERMINATOR`] where
/// nothing is wrong with it.
pub fn structure(number: u16, command: Command, tokens: &[Token], end: &[u8]) -> Result<Vec<u8>> {
    let mut s = vec![TYPE, 0];
    s.extend(0xDA00_u16.wrapping_add(number).to_le_bytes());
    s.extend(command.port.to_le_bytes());
    s.push(command.code);
    s.extend(command.classes.to_le_bytes());
    s.extend(tokens.iter().flat_map(Token::bytes));
    s.extend(end);
    s[1] = u8::try_from(s.len())
        .with_context(|| format!("a structure holds {MOST} tokens, not {}", tokens.len()))?;
    Ok(s)
}

/// The tokens of the formatted area of a structure, up to its end.
pub fn tokens(structure: &[u8]) -> impl Iterator<Item = Token> + '_ {
    let entries = structure.get(FIXED..).unwrap_or_default();
    let tokens = entries.chunks_exact(TOKEN).map(|entry| {
        let word = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
        Token {
            id: word(0),
            location: word(2),
            value: word(4),
        }
    });
    tokens.take_while(|token| token.id != END)
}

/// The structures in a piece of an SMBIOS table: each formatted area with the strings behind it.
/// What is cut off at its end is left out.
pub fn walk(mut table: &[u8]) -> Result<Vec<(&[u8], Vec<String>)>> {
    let mut found = Vec::new();
    while let [kind, length, ..] = *table {
        let length = usize::from(length);
        if length < 4 {
            bail!("an SMBIOS structure of type {kind} has a length of {length}");
        }
        let Some(area) = table.get(..length) else {
            break;
        };
        let rest = &table[length..];
        let Some(end) = rest.windows(2).position(|pair| pair == [0, 0]) else {
            break;
        };
        let texts = rest[..end].split(|byte| *byte == 0);
        let texts = texts.map(|text| String::from_utf8_lossy(text).trim().to_owned());
        found.push((area, texts.collect()));
        table = &rest[end + 2..];
        // Type 127 is the last one.
        if kind == 127 {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails when a token is written otherwise than it is read.
    #[test]
    fn the_notation_goes_both_ways() {
        let text = "0005=3 0135@0026=2 002B=65535 FFFE@FFFF=65535";
        let tokens = parse(text).unwrap();
        let again: Vec<String> = tokens.iter().map(Token::to_string).collect();
        assert_eq!(again.join(" "), text);
        for wrong in [
            "5=3",
            "0005",
            "0005=",
            "0005=65536",
            "0005@3=1",
            "0005=0x1",
            "@0005=1",
        ] {
            assert!(wrong.parse::<Token>().is_err(), "{wrong}");
        }
    }

    /// Fails when tokens are lost, or something behind the end is taken for one.
    #[test]
    fn structures_hold_their_tokens() {
        let command = Command {
            port: 0xB2,
            code: 4,
            classes: 7,
        };
        let list = parse("0005=3 0135@0026=2").unwrap();
        let mut bytes = structure(1, command, &list, &TERMINATOR).unwrap();
        assert_eq!(usize::from(bytes[1]), bytes.len());
        bytes.extend(list[0].bytes());
        assert_eq!(tokens(&bytes).collect::<Vec<_>>(), list);
        for cut in 0..FIXED + TOKEN {
            assert_eq!(tokens(&bytes[..cut]).count(), 0);
        }
        let many = vec![list[0]; MOST];
        assert!(structure(1, command, &many, &TERMINATOR).is_ok());
        let many = vec![list[0]; MOST + 2];
        assert!(structure(1, command, &many, &TERMINATOR).is_err());
    }

    /// Fails when a damaged table makes the walk panic, or go on for ever.
    #[test]
    fn a_damaged_table_ends() {
        let mut table = vec![TYPE, 5, 0, 0, 9, b'a', 0, b'b', 0, 0, 127, 4, 1, 0, 0, 0, 1];
        let found = walk(&table).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, ["a", "b"]);
        for cut in 0..table.len() {
            let _ = walk(&table[..cut]);
        }
        table[1] = 3;
        assert!(walk(&table).is_err());
    }
}
