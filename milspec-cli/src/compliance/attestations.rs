// SPDX-License-Identifier: GPL-2.0

//! Attestations of many machines, each with the key of its machine and the nonce that was sent to it: the
//! document `milspec.attestations/1`, in TOML.

use crate::failure::{Failure, Result};
use crate::input;
use crate::words::shown;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Name and major version of the file.
pub const SCHEMA: &str = "milspec.attestations/1";

/// More than any such file has.
const LENGTH_MAX: u64 = 16 << 20;
/// Where the module is loaded as it comes, the journal is in this PCR.
const PCR: u8 = 13;

/// One attestation, and what it is verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The attestation.
    pub file: PathBuf,
    /// The public key of the machine.
    pub key: PathBuf,
    /// The nonce that was sent to it.
    pub nonce: Vec<u8>,
    /// The PCR of its journal.
    pub pcr: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    attestation: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: PathBuf,
    key: PathBuf,
    nonce: String,
    pcr: Option<u8>,
}

/// Reads the list; `-` is standard input. Names in it that do not begin with `/` are below its directory.
pub fn read(path: &Path) -> Result<Vec<Attested>> {
    let bytes = input::read(path, LENGTH_MAX)?;
    let below = path.parent().unwrap_or(Path::new(""));
    parse(&String::from_utf8_lossy(&bytes), below).map_err(|why| {
        Failure::new(
            "attestations-invalid",
            format!("{} is no list of attestations", input::name(path)),
            shown(why.trim()),
            "put it right: docs/compliance.md shows such a file",
        )
    })
}

/// Reads its text; else, in words, what is wrong.
pub fn parse(text: &str, below: &Path) -> std::result::Result<Vec<Attested>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.schema != SCHEMA {
        return Err(format!("its schema is not \"{SCHEMA}\""));
    }
    let mut all: Vec<Attested> = Vec::new();
    for entry in file.attestation {
        let name = entry.file.display().to_string();
        let nonce = hex::decode(&entry.nonce).ok();
        let nonce = nonce.filter(|nonce| (8..=64).contains(&nonce.len()));
        let pcr = entry.pcr.unwrap_or(PCR);
        if !(8..=15).contains(&pcr) {
            return Err(format!("{name}: the PCR of a journal is one of 8 to 15"));
        }
        let one = Attested {
            file: below.join(entry.file),
            key: below.join(entry.key),
            nonce: nonce.ok_or_else(|| {
                format!("{name}: its nonce is not of 16 to 128 hexadecimal digits")
            })?,
            pcr,
        };
        // What one machine has answered twice with is an answer to one of the two at most.
        if all.iter().any(|other| other.nonce == one.nonce) {
            return Err(format!("{name}: its nonce was sent to another one, too"));
        }
        all.push(one);
    }
    match all.is_empty() {
        true => Err("it names none".into()),
        false => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, &str)]) -> std::result::Result<Vec<Attested>, String> {
        let mut text = format!("schema = \"{SCHEMA}\"\n");
        for (file, nonce) in entries {
            text.push_str(&format!(
                "[[attestation]]\nfile = \"{file}\"\nkey = \"/keys/a.pem\"\nnonce = \"{nonce}\"\n"
            ));
        }
        parse(&text, Path::new("/fleet"))
    }

    /// Promise: names are below the list, but for those that begin with a slash, and the PCR is the one
    /// that the module comes with.
    #[test]
    fn places() {
        let one = &list(&[("a.json", "00112233445566778899")]).unwrap()[0];
        assert_eq!(one.file, Path::new("/fleet/a.json"));
        assert_eq!(one.key, Path::new("/keys/a.pem"));
        assert_eq!((one.pcr, one.nonce.len()), (13, 10));
    }

    /// Promise: a nonce that proves nothing is refused: a short one, and one that was sent twice.
    #[test]
    fn nonces() {
        let good = "00112233445566778899";
        assert!(list(&[("a", "0011")]).unwrap_err().contains("a: "));
        assert!(list(&[("a", good), ("b", good)])
            .unwrap_err()
            .contains("b: "));
        assert!(list(&[]).is_err());
    }
}
