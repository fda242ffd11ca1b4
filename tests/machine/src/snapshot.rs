// SPDX-License-Identifier: GPL-2.0

//! Saved machines: booting takes seconds, restoring a part of one.
//!
//! A snapshot is one file with everything that QEMU saves, the NVRAM and the
//! TPM included. It is found by a name made of all that it was made from.

use anyhow::{Context, Result};
use std::path::Path;
use std::time::SystemTime;

/// Snapshots of a kind that are kept, about 65 MB each: more than one run of the tests uses. With fewer
/// the least recently used would be gone each time, and all of them made anew.
pub const KEEP: usize = 160;

/// Marks a file as used now, so that it is pruned last.
pub fn touch(path: &Path) -> Result<()> {
    std::fs::File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .with_context(|| format!("cannot touch {}", path.display()))
}

/// Removes all but the `keep` files of a directory that were used last.
pub fn prune(directory: &Path, keep: usize) -> Result<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?
    {
        let entry = entry.context("cannot list a cache directory")?;
        // Another process may have pruned it meanwhile.
        if let Ok(metadata) = entry.metadata() {
            if metadata.is_file() {
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push((used, entry.path()));
            }
        }
    }
    files.sort();
    let surplus = files.len().saturating_sub(keep);
    for (_, path) in &files[..surplus] {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}
