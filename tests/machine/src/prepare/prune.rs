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
        let path = cache.path(&name);
        // The lock under which it was built is a file, and goes with it.
        if let Some(locked) = name.strip_suffix(".new.lock") {
            if !used.contains(locked) {
                fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
            }
            continue;
        }
        if !used.contains(&name) {
            remove_tree(&path)?;
            continue;
        }
        let trees = path.join(METADATA);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: what a note names stays, with the locks under which it was built; all else goes.
    #[test]
    fn what_is_used_stays() {
        let dir = std::env::temp_dir().join(format!("milspec-prune-{}", std::process::id()));
        let cache = Cache::at(&dir).unwrap();
        for name in ["root-used", "guest-used", "root-old", "guest-old"] {
            fs::create_dir_all(cache.path(name).join(METADATA).join("tree")).unwrap();
            fs::write(cache.path(format!("{name}.new.lock")), "").unwrap();
        }
        fs::create_dir(cache.path("guest-killed.new")).unwrap();
        fs::write(cache.path("guest-killed.new.lock"), "").unwrap();
        let state = State {
            release: String::new(),
            version: String::new(),
            root: "root-used".into(),
            guest: "guest-used".into(),
            metadata: "tree".into(),
            debug: false,
        };
        let note = serde_json::to_string(&state).unwrap();
        fs::write(cache.path("prepared-1.json"), note).unwrap();
        prune(&cache).unwrap();
        let mut left = names(&dir).unwrap();
        left.sort();
        let expected = [
            "guest-used",
            "guest-used.new.lock",
            "prepared-1.json",
            "root-used",
            "root-used.new.lock",
        ];
        assert_eq!(left, expected);
        assert!(cache.path("root-used").join(METADATA).join("tree").is_dir());
        remove_tree(&dir).unwrap();
    }
}
