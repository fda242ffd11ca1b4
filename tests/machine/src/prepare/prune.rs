// SPDX-License-Identifier: GPL-2.0

//! What the cache no longer needs.
//!
//! Each clone, at each state of its code, writes down what it uses (`prepared-*.json`). What nobody has
//! used for a month, and what no such note names, goes: a root is 2 GB.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::cache::{remove_tree, Cache};
use super::{State, METADATA};

const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Reads a note. Unreadable is as good as absent: it is made again.
pub(super) fn read_state(path: &Path) -> Option<State> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Marks a note as used now. A failure costs a rebuild in a month.
pub(super) fn touch(note: &Path) {
    let _ = fs::File::options()
        .write(true)
        .open(note)
        .and_then(|file| file.set_modified(SystemTime::now()));
}

/// Removes what nobody uses. The caller holds the lock under which the cache is filled.
pub(super) fn prune(cache: &Cache) -> Result<()> {
    let mut used = BTreeSet::new();
    for name in names(cache.dir())? {
        if !(name.starts_with("prepared-") && name.ends_with(".json")) {
            continue;
        }
        let path = cache.path(&name);
        let age = fs::metadata(&path)?
            .modified()?
            .elapsed()
            .unwrap_or_default();
        match read_state(&path) {
            Some(state) if age < UNUSED => {
                used.insert(format!("{}/{METADATA}/{}", state.root, state.metadata));
                used.insert(state.root);
                used.insert(state.guest);
            }
            _ => fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?,
        }
    }
    for name in names(cache.dir())? {
        if !name.starts_with("root-") && !name.starts_with("guest-") {
            continue;
        }
        if !used.contains(&name) {
            remove_tree(&cache.path(&name))?;
            continue;
        }
        let trees = cache.path(&name).join(METADATA);
        if !trees.is_dir() {
            continue;
        }
        for tree in names(&trees)? {
            let path = trees.join(&tree);
            if path.is_dir() && !used.contains(&format!("{name}/{METADATA}/{tree}")) {
                remove_tree(&path)?;
            }
        }
    }
    Ok(())
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}
