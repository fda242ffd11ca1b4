// SPDX-License-Identifier: GPL-2.0

//! Lists of attestations with their keys and nonces: `milspec.attestations/1`.

use crate::memory::limited;
use milspec::compliance::attestations::parse;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Table;

/// The input is the file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let below = Path::new("/fleet");
    let Ok(all) = limited(data.len(), 2000, || parse(&text, below)) else {
        return;
    };
    // Promise: a nonce proves something: it is long enough, and was sent to one machine.
    let nonces: BTreeSet<&[u8]> = all.iter().map(|one| one.nonce.as_slice()).collect();
    assert!(!all.is_empty() && nonces.len() == all.len());
    for one in &all {
        assert!((8..=64).contains(&one.nonce.len()));
        assert!((8..=15).contains(&one.pcr), "a PCR of the firmware");
        // Promise: names are below the list, but for those that begin with a slash.
        assert!(one.file.is_absolute() && one.key.is_absolute());
    }
    // Promise: what was parsed, and is written again, parses to the same.
    let table: Table = toml::from_str(&text).expect("TOML, for it was read");
    assert_eq!(parse(&table.to_string(), below), Ok(all));
}
