// SPDX-License-Identifier: GPL-2.0

//! The root in which packages are built: Debian's own tools, unpacked as the other roots are, and a
//! package database besides, so that these tools find which package a library is of and whether what
//! a build asks for is there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::apt::Apt;
use super::cache::{digest, remove_tree, Cache};
use super::command::{run, Interruptible};
use super::config::Config;
use super::{host, Root};
use crate::progress::Progress;

const TEXT: &str = include_str!("../../packaging.toml");
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Unpacks one package after the other and enters it into the database. What maintainer scripts
/// would have done and a build needs comes last.
const UNPACK: &str = r#"root=$1; shift
db=$root/var/lib/dpkg
mkdir -p "$db/info" "$db/updates"
echo 1 >"$db/info/format"
: >"$db/available"
for deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -x --no-same-owner --keep-directory-symlink
	name=$(dpkg-deb -f "$deb" Package)
	if [ "$(dpkg-deb -f "$deb" Multi-Arch)" = same ]; then
		name=$name:$(dpkg-deb -f "$deb" Architecture)
	fi
	dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\.,,; s,/$,,; s,^$,/.,' >"$db/info/$name.list"
	dpkg-deb --ctrl-tarfile "$deb" | tar -C "$db/info" -x --no-same-owner \
		--transform="s,^\./,$name.," --wildcards './symbols' './shlibs' './md5sums' 2>/dev/null || true
	dpkg-deb -f "$deb" | sed '/^Package:/a Status: install ok installed'
	echo
done >"$db/status"
for dir in dev proc run srv sys tmp; do
	mkdir -p "$root/$dir"
done
ln -s debian "$root/etc/dpkg/origins/default"
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
for link in awk:mawk cc:gcc c++:g++ fakeroot:fakeroot-sysv; do
	ln -sf "${link#*:}" "$root/usr/bin/${link%:*}"
done"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    packages: Vec<String>,
}

/// Makes the root, or finds it made.
pub fn prepare(progress: &Progress) -> Result<Root> {
    let list: List = toml::from_str(TEXT).context("read tests/machine/packaging.toml")?;
    // A cache in the cache, with an apt of its own: so this never waits for a kernel that is prepared.
    let cache = Cache::at(&Cache::open()?.path("packaging"))?;
    let name = format!("root-{}", digest([TEXT, UNPACK]));
    if !cache.path(&name).exists() {
        host::check_can_isolate()?;
        let _interruptible = Interruptible::new()?;
        cache.directory(&name, |dir| make(&cache, dir, &list.packages, progress))?;
        prune(&cache, &name)?;
    }
    let root = cache.path(&name);
    // Says that it is in use; a failure costs a new one in a month.
    let _ = fs::File::open(&root).and_then(|dir| dir.set_modified(SystemTime::now()));
    Ok(Root::new(root))
}

fn make(cache: &Cache, dir: &Path, names: &[String], progress: &Progress) -> Result<()> {
    let step = progress.step("fetching the package lists");
    let apt = Apt::new(cache, &Config::load()?, &step)?;
    let packages = apt.resolve(names)?;
    step.done();
    apt.download(names, &packages, "what makes packages", progress)?;
    let step = progress.step("unpacking what makes packages");
    // base-files brings the links /bin, /lib, /sbin that others would replace by directories.
    let (first, others): (Vec<_>, Vec<_>) = packages
        .iter()
        .partition(|package| package.file.starts_with("base-files_"));
    let archives = apt.archives();
    let mut unpack = Command::new("bash");
    unpack.args(["-e", "-o", "pipefail", "-c", UNPACK, "unpack"]);
    unpack.arg(dir);
    unpack.args(
        first
            .iter()
            .chain(&others)
            .map(|package| archives.join(&package.file)),
    );
    run(&mut unpack, "unpack what makes packages", Some(&step))?;
    step.done();
    // Nothing of it is needed again before the list of packages is another one.
    remove_tree(&cache.path("apt"))
}

/// Removes the roots that no clone has used for a month.
pub(super) fn prune(cache: &Cache, but: &str) -> Result<()> {
    for entry in fs::read_dir(cache.dir()).context("read the cache")? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
        if entry.file_type()?.is_dir() && name != but && age > UNUSED {
            remove_tree(&entry.path())?;
            let _ = fs::remove_file(cache.path(format!("{name}.new.lock")));
        }
    }
    Ok(())
}
