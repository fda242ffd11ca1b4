// SPDX-License-Identifier: GPL-2.0

//! A clean Debian 13, for packages to be installed on: made by dpkg and apt, maintainer scripts
//! included, on a disk that a machine boots. Beside it stands what apt may take from the archive, so
//! that an installation needs no network.
//!
//! The disk is changed natively, as long as no machine uses it: what compiles is too slow in an
//! emulated machine. That takes root and a loop device.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{ensure, Context, Result};
use serde::{Deserialize, Serialize};

use super::apt::{Apt, Kernel};
use super::cache::{digest, Cache};
use super::chroot::{unshare, Bind, Root};
use super::command::{run, Interruptible};
use super::config::{self, Config};
use super::{host, packaging};
use crate::progress::{Progress, Step};

const TEXT: &str = include_str!("../../installation.toml");
/// The label by which the disk is booted.
pub const LABEL: &str = "debian";
const DISK: &str = "disk";
const ARCHIVES: &str = "apt/archives";
const KERNELS: &str = "kernels.json";
/// What is offered is what apt would take by itself.
const RECOMMENDS: &str = "-oAPT::Install-Recommends=true";

/// As debootstrap begins: enough of the essential packages for dpkg to run. $1 is the root, $2 has
/// what apt knows, then the packages, base-files first: it has the links /bin and /lib.
const BOOTSTRAP: &str = r#"root=$1 apt=$2; shift 2
for deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -x --keep-directory-symlink
done
mkdir -p "$root"/{dev,mnt,proc,run,sys,tmp,var/lib/dpkg,var/lib/apt/lists/partial,var/cache/apt/archives}
chmod 1777 "$root/tmp"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
ln -sf mawk "$root/usr/bin/awk"
cp "$apt/sources.list" "$root/etc/apt/"
cp "$apt"/lists/*_* "$root/var/lib/apt/lists/"
echo 'LABEL=debian / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
echo simulated-dell >"$root/etc/hostname"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
"#;

/// Installs what was unpacked, and then the base. What keeps services from being started goes with the
/// end of the installation.
const INSTALL: &str = r#"essential=$1; shift
cd /var/cache/apt/archives
dpkg --force-depends --install $essential
apt-get -q -y --no-download --no-install-recommends install "$@"
rm /usr/sbin/policy-rc.d"#;

/// Mounts a disk, runs a command, and is done when nothing uses the disk any more: $1 and $2 are the
/// disk and where to mount it.
const MOUNTED: &str = r#"disk=$1 at=$2; shift 2
mkdir -p "$at"
mount -o loop,barrier=0 "$disk" "$at"
status=0
"$@" || status=$?
umount "$at"
rmdir "$at"
while [ -n "$(losetup -j "$disk")" ]; do sleep 0.1; done
exit $status"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    base: Vec<String>,
    offered: Vec<String>,
}

/// A kernel that the clean system is offered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offered {
    /// `7.3`.
    pub series: String,
    /// `uname -r`.
    pub release: String,
    /// Of its packages.
    pub version: String,
}

/// The clean system.
#[derive(Clone, Debug)]
pub struct Clean {
    dir: PathBuf,
    /// The kernels of the supported series that the archive has, newest first.
    pub kernels: Vec<Offered>,
    /// The suite that they are in.
    pub suite: String,
}

/// A disk with such a system, which is whoever's copy it is.
#[derive(Clone, Debug)]
pub struct Disk {
    image: PathBuf,
    archives: PathBuf,
}

/// Makes the clean system, or finds it made.
pub fn prepare(progress: &Progress) -> Result<Clean> {
    ensure!(
        host::is_root(),
        "only root can install packages on a disk: their owners are kept, and it is mounted"
    );
    let list: List = toml::from_str(TEXT).context("read tests/machine/installation.toml")?;
    let config = Config::load()?;
    let cache = Cache::at(&Cache::open()?.path("packaging"))?;
    let parts = [TEXT, config::TEXT, BOOTSTRAP, INSTALL];
    let name = format!("installation-{}", digest(parts));
    if !cache.path(&name).exists() {
        host::check_can_isolate()?;
        let _interruptible = Interruptible::new()?;
        cache.directory(&name, |dir| make(dir, &list, &config, progress))?;
        packaging::prune(&cache, &name)?;
    }
    let dir = cache.path(&name);
    let kernels = fs::read_to_string(dir.join(KERNELS)).context("read the kernels on offer")?;
    // Says that it is in use; a failure costs a new one in a month.
    let _ = fs::File::open(&dir).and_then(|dir| dir.set_modified(SystemTime::now()));
    Ok(Clean {
        kernels: serde_json::from_str(&kernels).context("read the kernels on offer")?,
        suite: config.debian.suites.last().cloned().context("no suite")?,
        dir,
    })
}

fn make(dir: &Path, list: &List, config: &Config, progress: &Progress) -> Result<()> {
    let step = progress.step("fetching the package lists");
    // Its lists and archives stay: they are what the system is offered.
    let apt = Apt::new(&Cache::at(dir)?, config, &step)?;
    let mut kernels = Vec::new();
    for series in &config.series {
        match apt.kernel(series, &config.flavour) {
            Ok(Kernel { release, version }) => kernels.push(Offered {
                series: series.clone(),
                release,
                version,
            }),
            Err(error) if error.is::<super::Gone>() => progress.say(&format!("  {error:#}")),
            Err(error) => return Err(error),
        }
    }
    step.done();
    let recommends = [RECOMMENDS.to_owned()];
    let kernels_too = names(&kernels, config)?;
    let offers = [&recommends, &*list.base, &*list.offered, &*kernels_too].concat();
    for names in [&list.base, &offers] {
        apt.download(names, &apt.resolve(names)?, "a Debian 13", progress)?;
    }
    let step = progress.step("installing a Debian 13");
    install(dir, &apt, list, &step)?;
    let kernels = serde_json::to_string(&kernels)?;
    fs::write(dir.join(KERNELS), kernels).context("write the kernels on offer")?;
    step.done();
    Ok(())
}

/// What is downloaded for these kernels, and what leads to the newest.
fn names(kernels: &[Offered], config: &Config) -> Result<Vec<String>> {
    let suite = config.debian.suites.last().context("no suite")?;
    let mut names = Vec::new();
    for kernel in kernels {
        let (release, version) = (&kernel.release, &kernel.version);
        names.extend([
            format!("linux-image-{release}={version}"),
            format!("linux-headers-{release}={version}"),
            format!("linux-source-{}={version}", kernel.series),
        ]);
    }
    let flavour = &config.flavour;
    names.extend([
        format!("linux-image-{flavour}/{suite}"),
        format!("linux-headers-{flavour}/{suite}"),
        format!("linux-source/{suite}"),
    ]);
    Ok(names)
}

fn install(dir: &Path, apt: &Apt, list: &List, step: &Step) -> Result<()> {
    let disk = Disk {
        image: dir.join(DISK),
        archives: dir.join(ARCHIVES),
    };
    let mut mke2fs = Command::new("mke2fs");
    mke2fs.args(["-q", "-t", "ext4", "-L", LABEL]);
    run(
        mke2fs.arg(&disk.image).arg("12G"),
        "make a disk",
        Some(step),
    )?;
    let mut essential = apt.resolve(&["?essential".to_owned()])?;
    essential.sort_by_key(|package| !package.file.starts_with("base-files_"));
    let files = essential.iter().map(|package| package.file.as_str());
    let mut bootstrap = Command::new("bash");
    bootstrap.args(["-e", "-o", "pipefail", "-c", BOOTSTRAP, "bootstrap"]);
    bootstrap.arg(disk.at()).arg(dir.join("apt"));
    bootstrap.args(files.clone().map(|file| disk.archives.join(file)));
    let what = "unpack the essential packages";
    run(&mut disk.mounted(&bootstrap), what, Some(step))?;
    let files = files.collect::<Vec<_>>().join(" ");
    let base = list.base.iter().map(String::as_str);
    let arguments: Vec<&str> = [INSTALL, "sh", &files].into_iter().chain(base).collect();
    disk.run(&arguments, &[], "install a Debian 13", Some(step))?;
    Ok(())
}

impl Clean {
    /// A copy of its disk, as this file.
    pub fn copy(&self, to: &Path) -> Result<Disk> {
        let mut copy = Command::new("cp");
        copy.args(["--reflink=auto", "--sparse=always"]);
        let what = "copy the disk of a clean Debian 13";
        run(copy.arg(self.dir.join(DISK)).arg(to), what, None)?;
        Ok(Disk {
            image: to.to_owned(),
            archives: self.dir.join(ARCHIVES),
        })
    }
}

impl Disk {
    /// The file.
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// Where it is mounted.
    fn at(&self) -> PathBuf {
        self.image.with_extension("mounted")
    }

    /// This command, with the disk mounted.
    fn mounted(&self, inner: &Command) -> Command {
        let mut command = unshare();
        command.args(["sh", "-ec", MOUNTED, "mounted"]);
        command.arg(&self.image).arg(self.at());
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// Runs a line of shell in the system, with its arguments from `$0` on, and returns what it printed.
    /// There is no network, and nobody to answer.
    pub fn run(
        &self,
        line: &[&str],
        binds: &[Bind],
        what: &str,
        step: Option<&Step>,
    ) -> Result<String> {
        let archives = Bind::new(&self.archives, "/var/cache/apt/archives");
        let binds = [&[archives], binds].concat();
        let mut command = Root::new(self.at()).command("unshare", &binds)?;
        command.args(["--net", "--", "env", "DEBIAN_FRONTEND=noninteractive"]);
        command.args(["sh", "-euc"]).args(line);
        run(&mut self.mounted(&command), what, step)
    }
}
