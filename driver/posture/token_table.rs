// SPDX-License-Identifier: GPL-2.0

//! Dell's SMBIOS structure of type 0xDA, "calling interface": the token table.
//!
//! Layout as in the kernel's `drivers/platform/x86/dell/dell-smbios.h`: the four bytes of every
//! SMBIOS header, command address (2), command code (1), supported commands (4), then tokens of
//! six bytes, ended by one with id 0xFFFF. A machine can have several such structures.

/// SMBIOS type of the structure.
pub const TYPE: u8 = 0xDA;

/// Where the tokens begin.
const TOKENS: usize = 11;

/// Id of the token that ends a table.
pub const END: u16 = 0xFFFF;

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it stands for.
    pub id: u16,
    /// Where the firmware keeps it: the argument of a read or write call.
    pub location: u16,
    /// What is read there when the token is active.
    pub value: u16,
}

/// What is wrong with a structure. The tokens before the fault are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ends before the first token could begin.
    Short,
    /// Its last token is cut off.
    Truncated,
    /// No token with id 0xFFFF ends it.
    Unterminated,
}

/// Hands each structure of type [`TYPE`] to `take`, of which nothing but these stand one behind the
/// other. Returns `None` for anything else: what came before was handed over.
pub fn structures(mut bytes: &[u8], mut take: impl FnMut(&[u8])) -> Option<()> {
    while let &[kind, length, ..] = bytes {
        let (structure, rest) = bytes.split_at_checked(length.into())?;
        if kind != TYPE || structure.len() < TOKENS {
            return None;
        }
        take(structure);
        bytes = rest;
    }
    bytes.is_empty().then_some(())
}

/// Hands every token of one structure of type [`TYPE`] to `take`, in the order of the table.
///
/// `structure` is the formatted area, header included.
pub fn parse(structure: &[u8], mut take: impl FnMut(Token)) -> Result<(), Fault> {
    let entries = structure.get(TOKENS..).ok_or(Fault::Short)?.chunks(6);
    for entry in entries {
        // A chunk is cut off only at the end. An id of 0xFFFF ends the table even so.
        let &[a, b, ref rest @ ..] = entry else {
            return Err(Fault::Truncated);
        };
        let id = u16::from_le_bytes([a, b]);
        if id == END {
            return Ok(());
        }
        let &[c, d, e, f] = rest else {
            return Err(Fault::Truncated);
        };
        take(Token {
            id,
            location: u16::from_le_bytes([c, d]),
            value: u16::from_le_bytes([e, f]),
        });
    }
    Err(Fault::Unterminated)
}
