// SPDX-License-Identifier: GPL-2.0

//! The base of the guest's first root: a small userland and the kernel's own modules, as one archive.
//!
//! It holds no `/init`: that comes in a second archive, appended by whoever boots it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, Context, Result};

use super::chroot::{Bind, Root};
use super::command::run;
use super::config::Guest;
use super::cpio::Archive;
use crate::progress::Step;

/// What a package brings that no guest of ours uses, and what is made anew: paths in the archive, with
/// all that is below them.
const LEFT_OUT: &[&str] = &[
    "dev",
    "etc/group",
    "etc/passwd",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr/include",
    "usr/lib/modules",
    "usr/lib/systemd/catalog",
    "usr/lib/systemd/system",
    "usr/lib/systemd/systemd-journald",
    "usr/lib/systemd/systemd-logind",
    "usr/lib/systemd/systemd-networkd",
    "usr/lib/systemd/user",
    "usr/lib/udev/hwdb.d",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/lib/x86_64-linux-gnu/libdb-5.3.so",
    "usr/lib/x86_64-linux-gnu/perl",
    "usr/share/bash-completion",
    "usr/share/bug",
    "usr/share/common-licenses",
    "usr/share/perl",
    "usr/share/zsh",
    "var/lib/dpkg",
];

/// Writes the archive to `to`.
pub fn write_archive(
    to: &Path,
    root: &Root,
    release: &str,
    config: &Guest,
    step: &Step,
) -> Result<()> {
    let work = to.with_extension("modules");
    let modules = select_modules(root, release, &config.modules, &work, step)?;

    step.note("writing the archive");
    let file = fs::File::create(to).with_context(|| format!("make {}", to.display()))?;
    let mut archive = Archive::new(BufWriter::new(file));
    for (dir, mode) in [
        ("dev", 0o755),
        ("proc", 0o555),
        ("sys", 0o555),
        ("run", 0o755),
        ("tmp", 0o1777),
        ("root", 0o700),
    ] {
        archive.directory(dir, mode)?;
    }
    // Before /dev is mounted, the first process already wants its output to go somewhere.
    archive.character_device("dev/console", 0o600, 5, 1)?;
    archive.character_device("dev/null", 0o666, 1, 3)?;
    archive.tree("", root.dir(), &|path| {
        !LEFT_OUT
            .iter()
            .any(|left_out| Path::new(path).starts_with(left_out))
    })?;
    for name in applets(root)? {
        archive.symlink(&format!("usr/bin/{name}"), "busybox")?;
    }
    let (passwd, group) = accounts(root, &config.groups)?;
    archive.file("etc/passwd", 0o644, passwd.as_bytes())?;
    archive.file("etc/group", 0o644, group.as_bytes())?;
    archive.tree("usr/lib/modules", &modules, &|_| true)?;
    archive.finish()?;
    super::cache::remove_tree(&work)
}

/// Busybox's programs that no package brings.
pub(super) fn applets(root: &Root) -> Result<Vec<String>> {
    let list = run(
        Command::new(root.path("usr/bin/busybox")).arg("--list"),
        "list busybox's programs",
        None,
    )?;
    let is_free = |name: &&str| {
        ["usr/bin", "usr/sbin"]
            .iter()
            .all(|dir| root.path(dir).join(name).symlink_metadata().is_err())
    };
    Ok(list.lines().filter(is_free).map(str::to_owned).collect())
}

/// The base system's users and groups, and these groups.
pub(super) fn accounts(root: &Root, groups: &[String]) -> Result<(String, String)> {
    let read = |name: &str| {
        let path = root.path("usr/share/base-passwd").join(name);
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    };
    let passwd = read("passwd.master")?
        .replace(":*:", "::")
        .replace("/bin/bash", "/bin/sh");
    let mut group = read("group.master")?;
    for (id, name) in (900..).zip(groups) {
        let present = group
            .lines()
            .any(|line| line.split(':').next() == Some(name));
        if !present {
            group.push_str(&format!("{name}:x:{id}:\n"));
        }
    }
    Ok((passwd, group))
}

/// Puts `names` and all that they depend on, uncompressed and indexed, into a tree in `work`, and
/// returns the directory to be copied to `/usr/lib/modules`.
pub(super) fn select_modules(
    root: &Root,
    release: &str,
    names: &[String],
    work: &Path,
    step: &Step,
) -> Result<PathBuf> {
    let from = root.path("usr/lib/modules").join(release);
    let mut available = BTreeMap::new();
    find_modules(&from.join("kernel"), &mut available)?;
    let builtin: BTreeSet<String> = fs::read_to_string(from.join("modules.builtin"))
        .context("read modules.builtin")?
        .lines()
        .filter_map(|line| module_name(Path::new(line)))
        .collect();

    let mut chosen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut wanted: Vec<String> = names.iter().map(|name| name.replace('-', "_")).collect();
    while !wanted.is_empty() {
        let mut fresh = Vec::new();
        for name in wanted.drain(..) {
            match available.get(&name) {
                Some(path) if chosen.insert(path.clone()) => fresh.push(path.clone()),
                Some(_) => {}
                None if builtin.contains(&name) => {}
                None => bail!("kernel {release} has no module {name} (tests/machine/kernel.toml)"),
            }
        }
        wanted = needed_by(root, &fresh, "depends")?;
        // A soft dependency may name what this kernel does not have.
        let soft = needed_by(root, &fresh, "softdep")?;
        wanted.extend(soft.into_iter().filter(|name| available.contains_key(name)));
    }
    step.note(&format!("{} kernel modules", chosen.len()));

    super::cache::remove_tree(work)?;
    let to = work.join("lib/modules").join(release);
    for path in &chosen {
        let inside = path
            .strip_prefix(&from)
            .context("a module outside of its tree")?;
        let target = to.join(inside);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
        }
        fs::copy(path, &target).with_context(|| format!("copy {}", path.display()))?;
    }
    for name in [
        "modules.builtin",
        "modules.builtin.modinfo",
        "modules.order",
    ] {
        fs::copy(from.join(name), to.join(name)).with_context(|| format!("copy {name}"))?;
    }
    // Uncompressed: decompressing is slow in an emulated machine. busybox brings xz, but its depmod
    // writes less than kmod's modprobe reads.
    root.run(
        &[
            "sh",
            "-ec",
            "cd /mnt/lib/modules/$1
             busybox find . -name '*.ko.xz' -exec busybox xz -d {} +
             /usr/sbin/depmod -b /mnt $1",
            "sh",
            release,
        ],
        &[Bind::new(work, "/mnt")],
        "index the kernel modules",
        Some(step),
    )?;
    Ok(work.join("lib/modules"))
}

/// The modules that these module files name in a field of theirs.
fn needed_by(root: &Root, files: &[PathBuf], field: &str) -> Result<Vec<String>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut modinfo = root.command("modinfo", &[])?;
    modinfo.args(["-F", field]);
    for file in files {
        modinfo.arg(Path::new("/").join(file.strip_prefix(root.dir())?));
    }
    let output = run(&mut modinfo, "read what kernel modules depend on", None)?;
    Ok(output
        .split([',', ' ', '\n'])
        // "pre:" and "post:" stand between the names of a soft dependency.
        .filter(|name| !name.is_empty() && !name.ends_with(':'))
        .map(|name| name.replace('-', "_"))
        .collect())
}

/// `path/dell-wmi.ko.xz` is the module `dell_wmi`.
fn module_name(path: &Path) -> Option<String> {
    let (name, _) = path.file_name()?.to_str()?.split_once(".ko")?;
    Some(name.replace('-', "_"))
}

fn find_modules(dir: &Path, found: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            find_modules(&path, found)?;
        } else if let Some(name) = module_name(&path) {
            found.insert(name, path);
        }
    }
    Ok(())
}
