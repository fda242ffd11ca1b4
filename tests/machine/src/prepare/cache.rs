// SPDX-License-Identifier: GPL-2.0

//! The cache of one user: every result under a name that says what it was made from.
//!
//! Results are built under another name and renamed when they are whole, so that a result that is
//! there is complete. One lock per cache keeps two clones from building the same thing twice.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{Flock, FlockArg};

use crate::progress::Progress;

/// The cache directory.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// The right to build in the cache, until dropped.
pub struct Lock {
    _file: Flock<File>,
}

impl Cache {
    /// `$XDG_CACHE_HOME/dell-milspec`, made when it is not there.
    pub fn open() -> Result<Self> {
        let base = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => {
                PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache")
            }
        };
        Self::at(&base.join("dell-milspec"))
    }

    /// The cache in this directory, made when it is not there.
    pub fn at(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
        // Absolute and without links: it is bound into other roots.
        let dir = dir
            .canonicalize()
            .with_context(|| format!("resolve {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of a result.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.join(name)
    }

    /// Waits for the right to build `what`, and says so when another run has it.
    pub fn lock(&self, what: &str, progress: &Progress) -> Result<Lock> {
        let path = self.dir.join(format!("{what}.lock"));
        let mut file = File::create(&path).with_context(|| format!("make {}", path.display()))?;
        let mut said = false;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(file) => return Ok(Lock { _file: file }),
                Err((back, nix::errno::Errno::EWOULDBLOCK)) => file = back,
                Err((_, error)) => {
                    return Err(error).with_context(|| format!("lock {}", path.display()))
                }
            }
            if !said {
                progress.say(&format!(
                    "  waiting for another run that holds {}",
                    path.display()
                ));
                said = true;
            }
            super::command::check_interrupted()?;
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }

    /// Builds the directory `name` by `build` unless it is there. `build` gets a directory that
    /// becomes the result when it succeeds, and goes when it fails. Tests that run side by side
    /// ask for the same thing at the same time: one builds it, the others wait.
    pub fn directory(
        &self,
        name: &str,
        build: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let path = self.path(name);
        if path.exists() {
            return Ok(path);
        }
        let _lock = self.lock(&format!("{name}.new"), &Progress::silent())?;
        if path.exists() {
            return Ok(path);
        }
        let work = Temporary::new(self.path(format!("{name}.new")))?;
        build(&work.path)?;
        fs::rename(&work.path, &path).with_context(|| format!("rename to {}", path.display()))?;
        Ok(path)
    }
}

/// A directory that goes away unless it was renamed.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn new(path: PathBuf) -> Result<Self> {
        // Left by a run that was killed: the lock says that nobody uses it now.
        remove_tree(&path)?;
        fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; a failure is removed by the next run.
        let _ = remove_tree(&self.path);
    }
}

/// Removes a tree that may not exist.
pub fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A short name for a text: what a result was made from (64-bit FNV-1a; it needs no secrecy).
pub fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        // The separator keeps ("ab", "c") and ("a", "bc") apart.
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// Promise: who asks for a result while another builds it gets that one, whole.
    #[test]
    fn one_of_many_builds() {
        let dir = std::env::temp_dir().join(format!("milspec-cache-{}", std::process::id()));
        let cache = Cache::at(&dir).unwrap();
        let built = AtomicU32::new(0);
        let ask = || {
            let found = cache.directory("thing", |to| {
                built.fetch_add(1, Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(100));
                fs::write(to.join("file"), "whole").context("write")
            });
            fs::read_to_string(found.unwrap().join("file")).unwrap()
        };
        std::thread::scope(|scope| {
            let askers: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            for asker in askers {
                assert_eq!(asker.join().unwrap(), "whole");
            }
        });
        assert_eq!(built.load(Relaxed), 1);
        remove_tree(&dir).unwrap();
    }
}
