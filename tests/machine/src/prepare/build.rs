// SPDX-License-Identifier: GPL-2.0

//! Compiling in the Debian 13 root: the module, C programs for the guest, ACPI tables, lints.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use super::cache::digest;
use super::chroot::Bind;
use super::Prepared;
use crate::children::TempDir;
use crate::progress::{Progress, Step};

/// Where compiled results appear in the root.
const OUT: &str = "/out";

/// The word size of a C program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// `-m32`: a compat caller.
    B32,
    /// `-m64`.
    B64,
}

impl Prepared {
    /// Runs a program in the Debian 13 root and returns its standard output.
    pub fn run_in_root(&self, arguments: &[&str], binds: &[Bind]) -> Result<String> {
        let what = format!(
            "run {} in the Debian root",
            arguments.first().unwrap_or(&"nothing")
        );
        self.root.run(arguments, binds, &what, None)
    }

    /// Builds the module of the source tree `repo`, without debug information. With `clippy`, lints
    /// it too and fails on any warning. What has not changed is not compiled again.
    pub fn build_module(&self, repo: &Path, clippy: bool, progress: &Progress) -> Result<PathBuf> {
        let (step, name) = match clippy {
            true => ("linting the module", "module-clippy"),
            false => ("building the module", "module"),
        };
        let step = progress.step(step);
        let module = self.make_module(repo, "dell_milspec", name, clippy, &step)?;
        step.done();
        Ok(module)
    }

    /// Builds the module whose faults a debug kernel must report, of the source tree `repo`.
    pub fn build_planted(&self, repo: &Path, progress: &Progress) -> Result<PathBuf> {
        let step = progress.step("building the module with faults");
        let source = repo.join("tests/machine/debug/planted");
        let module = self.make_module(&source, "planted", "planted", false, &step)?;
        step.done();
        Ok(module)
    }

    /// Has the kernel's make build the module of the tree `source`, in a directory of the cache that
    /// is called `name` and after the tree.
    fn make_module(
        &self,
        source: &Path,
        module: &str,
        name: &str,
        clippy: bool,
        step: &Step,
    ) -> Result<PathBuf> {
        let source = source
            .canonicalize()
            .with_context(|| format!("resolve {}", source.display()))?;
        let key = digest([&*source.to_string_lossy(), &*self.kdir.to_string_lossy()]);
        let name = format!("{name}-{key}");
        let _lock = self.cache.lock(&name, &Progress::silent())?;
        let out = self.cache.path(&name);
        fs::create_dir_all(&out).with_context(|| format!("make {}", out.display()))?;

        // KCOV is where the debug kernel has it, of this module alone.
        //
        // clippy keeps its results apart, and warnings are errors there: a build must not fail on
        // the warning of a compiler that is not ours to choose.
        const SCRIPT: &str = r#"kdir=$1 source=$2 out=$3 module=$4 clippy=$5
set -- -s --no-print-directory -j"$(nproc)" -C "$kdir" M="$source" MO="$out" KCOV_INSTRUMENT=y modules
if [ -n "$clippy" ]; then
	exec make "$@" CLIPPY=1 KRUSTFLAGS=-Dwarnings W=e
fi
make "$@"
objcopy --strip-debug "$out/$module.ko" "$out/$module.stripped"
mv "$out/$module.stripped" "$out/$module-stripped.ko""#;
        let (kdir, source_text) = (self.kdir.to_string_lossy(), source.to_string_lossy());
        self.root.run(
            &[
                "bash",
                "-ec",
                SCRIPT,
                "build",
                &kdir,
                &source_text,
                OUT,
                module,
                if clippy { "clippy" } else { "" },
            ],
            &[Bind::same(&source), Bind::new(&out, OUT)],
            &format!("build {module}"),
            Some(step),
        )?;
        Ok(out.join(match clippy {
            true => format!("{module}.ko"),
            false => format!("{module}-stripped.ko"),
        }))
    }

    /// Runs `make install` of the source tree `repo` with a module that [`Prepared::build_module`] has
    /// built and this `milspecctl`, as who makes a package of it does, and calls `take` with what it
    /// has put where.
    pub fn install<T>(
        &self,
        repo: &Path,
        module: &Path,
        milspecctl: &Path,
        take: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<T> {
        let repo = repo
            .canonicalize()
            .with_context(|| format!("resolve {}", repo.display()))?;
        let (module, _, _) = directories(module, module)?;
        let (programs, _, program) = directories(milspecctl, milspecctl)?;
        let to = TempDir::new("install")?;
        let variables = [
            format!("OUT={OUT}"),
            format!("CLI=/mnt/{program}"),
            format!("KDIR={}", self.kdir.display()),
            "DESTDIR=/media".to_owned(),
            "PREFIX=/usr".to_owned(),
        ];
        let repo_text = repo.to_string_lossy();
        let mut command = vec!["make", "-s", "-C", &repo_text, "install"];
        command.extend(variables.iter().map(String::as_str));
        self.root.run(
            &command,
            &[
                Bind::same(&repo),
                Bind::new(module, OUT),
                Bind::new(programs, "/mnt"),
                Bind::new(to.path(), "/media"),
            ],
            "install what was built",
            None,
        )?;
        take(to.path())
    }

    /// Compiles a C program for the guest to `to`. Headers are found in `includes`. It is there at once
    /// and whole: several tests may compile it to one place.
    ///
    /// The guest has the C library of this root for 64 bits, and none for 32: only what is built
    /// for these brings its own. It is some hundred kilobytes, which take seconds on their way into
    /// the guest.
    pub fn build_c(&self, source: &Path, bits: Bits, includes: &[&Path], to: &Path) -> Result<()> {
        let source = source
            .canonicalize()
            .with_context(|| format!("resolve {}", source.display()))?;
        let (source_dir, target_dir, target) = directories(&source, to)?;
        let new = unique(&target);
        let mut binds = vec![Bind::same(source_dir), Bind::new(&target_dir, OUT)];
        let output = format!("{OUT}/{new}");
        let source = source.to_string_lossy().into_owned();
        let mut arguments = vec![
            "gcc",
            match bits {
                Bits::B32 => "-m32",
                Bits::B64 => "-m64",
            },
            match bits {
                Bits::B32 => "-static",
                Bits::B64 => "-pthread",
            },
            "-O1",
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-o",
            &output,
            &source,
        ];
        let includes: Vec<PathBuf> = includes
            .iter()
            .map(|dir| {
                dir.canonicalize()
                    .with_context(|| format!("resolve {}", dir.display()))
            })
            .collect::<Result<_>>()?;
        binds.extend(includes.iter().map(Bind::same));
        let flags: Vec<String> = includes
            .iter()
            .map(|dir| format!("-I{}", dir.display()))
            .collect();
        arguments.extend(flags.iter().map(String::as_str));
        let made = self
            .root
            .run(&arguments, &binds, "compile a C program", None);
        let new = target_dir.join(new);
        if made.is_err() {
            // Where the compiler has left nothing, there is nothing to remove.
            let _ = fs::remove_file(&new);
        }
        made?;
        fs::rename(&new, to).with_context(|| format!("rename to {}", to.display()))
    }

    /// Compiles an ACPI source file, with these names defined, to the table `to`; warnings of iasl
    /// are errors.
    pub fn iasl(&self, source: &Path, defines: &[String], to: &Path) -> Result<()> {
        let source = source
            .canonicalize()
            .with_context(|| format!("resolve {}", source.display()))?;
        let (source_dir, target_dir, target) = directories(&source, to)?;
        let output = format!("{OUT}/{target}");
        let source_text = source.to_string_lossy();
        let mut command = vec!["iasl", "-we", "-vi", "-vs"];
        for name in defines {
            command.extend(["-D", name]);
        }
        command.extend(["-p", &output, &source_text]);
        self.root.run(
            &command,
            &[Bind::same(source_dir), Bind::new(target_dir, OUT)],
            &format!("compile {}", source.display()),
            None,
        )?;
        Ok(())
    }
}

/// A name beside `name` that nothing else has: neither another thread nor another process.
fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(".{name}.{}-{next}", std::process::id())
}

/// The directory of a source, and the directory and file name of a result.
fn directories(source: &Path, to: &Path) -> Result<(PathBuf, PathBuf, String)> {
    let source_dir = source.parent().context("a source needs a directory")?;
    let name = to.file_name().context("a result needs a name")?;
    let dir = match to.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let dir = dir
        .canonicalize()
        .with_context(|| format!("resolve {}", dir.display()))?;
    Ok((
        source_dir.to_path_buf(),
        dir,
        name.to_string_lossy().into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::unique;

    /// Fails when two that compile to one place write to one file.
    #[test]
    fn each_compiler_has_a_file_of_its_own() {
        assert_ne!(unique("ask"), unique("ask"));
    }
}
