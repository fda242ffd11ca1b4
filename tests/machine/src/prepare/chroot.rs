// SPDX-License-Identifier: GPL-2.0

//! Running programs inside a root of ours, with a few directories of this machine bound into it.
//!
//! Every mount is made in a private namespace that ends with the program: nothing can be left behind.
//! Root uses a mount namespace; any other user gets root's rights inside a user namespace.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{ensure, Context, Result};

use super::command::run;
use super::host::is_root;
use crate::progress::Step;

/// `unshare` with what this user needs to mount and chroot.
pub(super) fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.arg("--");
    command
}

/// A root directory made of packages.
#[derive(Clone, Debug)]
pub struct Root {
    dir: PathBuf,
}

/// A directory of this machine that a program in the root sees.
#[derive(Clone, Debug)]
pub struct Bind {
    /// On this machine.
    pub from: PathBuf,
    /// In the root: an absolute path.
    pub to: PathBuf,
}

impl Bind {
    /// The same path inside and outside, so that messages name files as the reader knows them.
    pub fn same(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            from: path.clone(),
            to: path,
        }
    }

    /// `from` of this machine as `to` in the root.
    pub fn new(from: impl Into<PathBuf>, to: impl Into<PathBuf>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
        }
    }
}

impl Root {
    /// The root in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is on this machine.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A path of this machine for an absolute path in the root.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        self.dir.join(inside.strip_prefix("/").unwrap_or(inside))
    }

    /// A command that runs `program` inside, to which arguments can be added.
    pub fn command(&self, program: &str, binds: &[Bind]) -> Result<Command> {
        // $1 is the root; then pairs of paths up to "--"; then the program.
        const SCRIPT: &str = r#"root=$1; shift
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
	mkdir -p "$root$2"
	mount --bind "$1" "$root$2"
	shift 2
done
shift
exec env -i PATH=/usr/sbin:/usr/bin HOME=/tmp LC_ALL=C TERM="${TERM:-dumb}" "$(command -v chroot)" "$root" "$@""#;
        let mut command = unshare();
        command.args(["sh", "-ec", SCRIPT, "chroot"]).arg(&self.dir);
        for bind in binds {
            ensure!(
                bind.to.is_absolute(),
                "{} is not absolute",
                bind.to.display()
            );
            command.arg(&bind.from).arg(&bind.to);
        }
        command.arg("--").arg(program);
        Ok(command)
    }

    /// Runs a program inside to its end and returns its standard output. `what` names it in errors.
    pub fn run(
        &self,
        arguments: &[&str],
        binds: &[Bind],
        what: &str,
        step: Option<&Step>,
    ) -> Result<String> {
        let (program, rest) = arguments.split_first().context("no program to run")?;
        let mut command = self.command(program, binds)?;
        command.args(rest);
        run(&mut command, what, step)
    }
}
