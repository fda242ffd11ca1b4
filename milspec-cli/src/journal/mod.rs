// SPDX-License-Identifier: GPL-2.0

//! The journal: records as the driver gives them, read from it or from a file.

pub mod chain;
pub mod file;
pub mod judge;
pub mod live;
pub mod pcr;
pub mod replay;
pub mod verdict;

use crate::diagnose;
use crate::failure::Result;
use crate::source::{Source, Wait};
use milspec_uapi::Event;

/// Everything that the driver has and this source has not yet given. Call it on a source that was
/// just opened for all there is.
pub fn read(source: &mut dyn Source) -> Result<Vec<Event>> {
    let mut all = Vec::new();
    loop {
        let batch = source.records(Wait::No).map_err(diagnose::journal)?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal digits.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
