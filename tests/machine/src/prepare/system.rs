// SPDX-License-Identifier: GPL-2.0

//! What the guest that runs systemd starts from: a disk with the same userland, and a first root that
//! does no more than to mount it.
//!
//! The first root holds no `/init`, as that of the other guests.

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};

use super::cache::remove_tree;
use super::chroot::{Bind, Root};
use super::config::Config;
use super::cpio::Archive;
use super::guest::{accounts, applets, select_modules};
use crate::progress::Step;

/// The base of the first root.
pub const INITRAMFS: &str = "system.cpio";
/// The disk.
pub const DISK: &str = "system.ext4";

/// What makes the root a system that has been installed, and a disk of it: run in the root. What
/// packages would have done at their installation is done here, so that no first boot does it. What
/// generators make of kernel command line, firmware and /etc is not used, and costs seconds.
const SCRIPT: &str = "systemd-sysusers
systemd-sysusers --inline 'u tss -'
echo simulated-dell >/etc/hostname
echo 6d696c737065630a73696d756c617465 >/etc/machine-id
ln -s /usr/lib/systemd/system/multi-user.target /etc/systemd/system/default.target
rm -r /usr/lib/systemd/system-generators
mkdir -p /var/log/journal
touch /etc/.updated /var/.updated
exec mke2fs -q -t ext4 -E root_owner=0:0 -d /mnt /media/$1 512M";

/// Writes both into `dir`, of a root whose first use is over.
pub fn write(dir: &Path, root: &Root, release: &str, config: &Config, step: &Step) -> Result<()> {
    let work = dir.join("system.modules");
    let modules = select_modules(root, release, &config.system.modules, &work, step)?;
    let initramfs = dir.join(INITRAMFS);
    let file =
        fs::File::create(&initramfs).with_context(|| format!("make {}", initramfs.display()))?;
    let mut archive = Archive::new(BufWriter::new(file));
    for name in ["dev", "proc", "sys", "run", "root"] {
        archive.directory(name, 0o755)?;
    }
    // Before /dev is mounted, the first process already wants its output to go somewhere.
    archive.character_device("dev/console", 0o600, 5, 1)?;
    archive.copy("bin/busybox", &root.path("usr/bin/busybox"))?;
    archive.symlink("bin/sh", "busybox")?;
    archive.tree("lib/modules", &modules, &|_| true)?;
    archive.finish()?;

    let names = [&*config.guest.modules, &*config.system.modules].concat();
    let modules = select_modules(root, release, &names, &work, step)?;
    step.note("writing the disk");
    let all = root.path("usr/lib/modules");
    remove_tree(&all)?;
    fs::rename(&modules, &all).with_context(|| format!("make {}", all.display()))?;
    remove_tree(&work)?;
    for name in applets(root)? {
        symlink("busybox", root.path("usr/bin").join(name)).context("link busybox")?;
    }
    // Its own groups are in its packages' sysusers.d, and ours in ours.
    let (passwd, group) = accounts(root, &[])?;
    fs::write(root.path("etc/passwd"), passwd).context("write /etc/passwd")?;
    fs::write(root.path("etc/group"), group).context("write /etc/group")?;
    for unit in &config.system.masked {
        symlink("/dev/null", root.path("etc/systemd/system").join(unit)).context("mask a unit")?;
    }
    // What is the simulation's, and comes with the first root.
    symlink("/run/milspec", root.path("usr/lib/milspec")).context("link /usr/lib/milspec")?;
    symlink(
        "../lib/milspec/milspec-agent",
        root.path("usr/bin/milspec-agent"),
    )
    .context("link the agent")?;
    root.run(
        &["sh", "-ec", SCRIPT, "sh", DISK],
        &[Bind::new(root.dir(), "/mnt"), Bind::new(dir, "/media")],
        "make the disk of the guest with systemd",
        Some(step),
    )?;
    Ok(())
}
