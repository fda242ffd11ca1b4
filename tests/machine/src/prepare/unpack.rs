// SPDX-License-Identifier: GPL-2.0

//! Making a root directory from packages by unpacking them.
//!
//! Nothing is configured: no maintainer script runs, so that it works the same for any user, takes
//! half the time, and leaves nothing that depends on this machine. What a script would have done and
//! we need is done by [`finish`].

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};

use super::apt::Package;
use super::command::run;
use crate::progress::Step;

/// Never needed in a root of ours: half of the bytes.
const LEFT_OUT: &[&str] = &[
    "./usr/share/man/*",
    "./usr/share/locale/*",
    "./usr/share/info/*",
    "./usr/share/lintian/*",
    "./usr/lib/llvm-*/lib/*.a",
    "./usr/libx32/*",
];

/// Unpacks `packages` from `archives` into `root`.
pub fn unpack(root: &Path, archives: &Path, packages: &[Package], step: &Step) -> Result<()> {
    let mut packages: Vec<&Package> = packages.iter().collect();
    // The largest first, so that no core waits for one at the end.
    packages.sort_by_key(|package| std::cmp::Reverse(package.size));
    // base-files brings the links /bin, /lib, /sbin that others would replace by directories.
    if let Some(at) = packages
        .iter()
        .position(|p| p.file.starts_with("base-files_"))
    {
        one(root, archives, packages.remove(at))?;
    }
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(package) = packages.get(next.fetch_add(1, Ordering::Relaxed)) {
                step.note(&package.file);
                one(root, archives, package)?;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Result<Vec<()>>>()
    })?;
    finish(root)
}

fn one(root: &Path, archives: &Path, package: &Package) -> Result<()> {
    let mut script = Command::new("bash");
    script
        .args(["-o", "pipefail", "-c"])
        .arg(r#"deb=$1 root=$2; shift 2; dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -x "$@""#)
        .arg("unpack")
        .arg(archives.join(&package.file))
        .arg(root)
        // Owners cannot be kept by a user and do not matter; links to directories must stay links.
        .args(["--no-same-owner", "--keep-directory-symlink", "--wildcards"]);
    for pattern in LEFT_OUT {
        script.arg(format!("--exclude={pattern}"));
    }
    // The source package's changelog is how its version is known where there is no dpkg database.
    if !package.file.starts_with("linux-source") {
        script.arg("--exclude=./usr/share/doc/*");
    }
    run(&mut script, &format!("unpack {}", package.file), None)?;
    Ok(())
}

/// What maintainer scripts would have done.
fn finish(root: &Path) -> Result<()> {
    if root.join("usr/bin/mawk").exists() && !root.join("usr/bin/awk").exists() {
        symlink("mawk", root.join("usr/bin/awk")).context("link awk")?;
    }
    for dir in ["dev", "proc", "run", "srv", "sys", "tmp"] {
        fs::create_dir_all(root.join(dir)).with_context(|| format!("make /{dir}"))?;
    }
    Ok(())
}
