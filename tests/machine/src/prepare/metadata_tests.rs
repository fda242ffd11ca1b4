// SPDX-License-Identifier: GPL-2.0

//! `scripts/rust-metadata` on machines where it cannot work: one line that says what is missing, and
//! the status that tells DKMS to skip the kernel instead of breaking its upgrade.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result};

const SKIP: i32 = 77;
/// What Debian's kernels say of their build.
const DEBIAN: &str = "#1 SMP Debian 7.3.4-1 (2026-11-01)";

/// Headers as far as the script looks before it compiles, in a directory of their own.
struct Headers {
    dir: PathBuf,
}

impl Headers {
    fn new(name: &str, release: &str, config: &str) -> Result<Self> {
        let dir =
            std::env::temp_dir().join(format!("milspec-headers-{}-{name}", std::process::id()));
        fs::create_dir_all(dir.join("include/generated"))?;
        fs::write(dir.join(".config"), config)?;
        fs::write(
            dir.join("include/generated/utsrelease.h"),
            format!("#define UTS_RELEASE \"{release}\"\n"),
        )?;
        let headers = Self { dir };
        headers.built_as(DEBIAN)?;
        Ok(headers)
    }

    /// Says what the kernel says of its build.
    fn built_as(&self, version: &str) -> Result<()> {
        let line = format!("#define UTS_VERSION \"{version}\"\n");
        Ok(fs::write(
            self.dir.join("include/generated/utsversion.h"),
            line,
        )?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/rust-metadata");
        let mut command = Command::new(script);
        command
            .args(arguments)
            .arg(&self.dir)
            .env("RUSTC", self.dir.join("rustc"))
            .env("BINDGEN", self.dir.join("bindgen"))
            .env("XDG_CACHE_HOME", self.dir.join("cache"))
            .env_remove("UNTESTED_KERNEL");
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let output = self.command(arguments).output();
        output.context("run scripts/rust-metadata")
    }

    /// Puts metadata there, as this compiler would have made it.
    fn ship(&self, to: &Path, compiler: &str) -> Result<()> {
        for dir in [to.join("rust"), self.dir.join("scripts")] {
            fs::create_dir_all(dir)?;
        }
        fs::write(self.dir.join("scripts/target.json"), "")?;
        fs::write(to.join("rust/libkernel.rmeta"), "")?;
        let mut core = b"rust\0\0\0\x09\0\0\0\0".to_vec();
        core.push(u8::try_from(compiler.len())?);
        core.extend(compiler.as_bytes());
        core.extend(b"\x04core");
        Ok(fs::write(to.join("rust/libcore.rmeta"), core)?)
    }

    fn program(&self, name: &str, version: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.dir.join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{version}'\n"))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // A left-over directory in /tmp harms nobody.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn assert_skips(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(SKIP), "{text}");
    assert_eq!(text.lines().count(), 1, "one line, not: {text}");
    assert!(
        output.stdout.is_empty(),
        "a tree is named although there is none"
    );
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

const RUST: &str = "CONFIG_RUST=y\nCONFIG_RUSTC_VERSION_TEXT=\"rustc 1.2.3 (of the test)\"\n\
                    CONFIG_BINDGEN_VERSION_TEXT=\"bindgen 4.5.6\"\n";

#[test]
fn a_kernel_without_rust_is_named() -> Result<()> {
    let headers = Headers::new("off", "7.3.4-test", "# CONFIG_RUST is not set\n")?;
    assert_skips(&headers.run(&[])?, &["7.3.4-test", "CONFIG_RUST"]);
    Ok(())
}

#[test]
fn a_kernel_that_is_too_old_is_named() -> Result<()> {
    let headers = Headers::new("old", "6.12.9+deb13-amd64", RUST)?;
    assert_skips(
        &headers.run(&[])?,
        &["6.12.9+deb13-amd64", "older than 7.2"],
    );
    // 7.10 is newer than 7.2, although its text sorts before it.
    let headers = Headers::new("new", "7.10.1-test", RUST)?;
    assert_skips(&headers.run(&[])?, &["is newer than"]);
    Ok(())
}

/// Promise: a kernel that the driver was never tested with is skipped, unless somebody insists.
#[test]
fn a_kernel_that_is_too_new_is_named() -> Result<()> {
    let headers = Headers::new("newer", "9.1.2-test", "# CONFIG_RUST is not set\n")?;
    assert_skips(
        &headers.run(&[])?,
        &["9.1.2-test", "newer", "version of the driver"],
    );
    let insisted = headers.command(&[]).env("UNTESTED_KERNEL", "1").output()?;
    assert_skips(&insisted, &["CONFIG_RUST"]);
    Ok(())
}

/// Promise: the kernels that the script lets through are those that are tested.
#[test]
fn the_range_is_what_is_tested() -> Result<()> {
    let series = super::Config::load()?.series;
    let (newest, oldest) = (
        series.first().context("none")?,
        series.last().context("none")?,
    );
    let line = format!("MIN_KERNEL={oldest} MAX_KERNEL={newest}");
    assert!(super::RUST_METADATA.contains(&line), "{line}");
    Ok(())
}

#[test]
fn a_wrong_compiler_is_told_from_the_right_one() -> Result<()> {
    let headers = Headers::new("rustc", "7.3.4-test", RUST)?;
    headers.program("rustc", "rustc 9.9.9 (another)")?;
    let output = headers.run(&[])?;
    assert_skips(
        &output,
        &[
            "needs \"rustc 1.2.3 (of the test)\"",
            "is \"rustc 9.9.9 (another)\"",
            "RUSTC=",
        ],
    );
    Ok(())
}

#[test]
fn a_missing_bindgen_is_named() -> Result<()> {
    let headers = Headers::new("bindgen", "7.3.4-test", RUST)?;
    headers.program("rustc", "rustc 1.2.3 (of the test)")?;
    assert_skips(&headers.run(&[])?, &["needs \"bindgen 4.5.6\"", "BINDGEN="]);
    Ok(())
}

#[test]
fn headers_that_are_complete_need_nothing() -> Result<()> {
    let headers = Headers::new("complete", "7.3.4-test", RUST)?;
    headers.program("rustc", "rustc 1.2.3 (of the test)")?;
    headers.ship(&headers.dir, "rustc 1.2.3 (of the test)")?;
    let search = format!(
        "{}:{}",
        headers.dir.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = headers.command(&["-q"]).env("PATH", search).output()?;
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(Path::new(printed.trim_end()), headers.dir.canonicalize()?);
    // Whoever builds has to call a compiler that goes by another name by that name.
    let output = headers.run(&["-q"])?;
    let printed = String::from_utf8(output.stdout)?;
    let tree = Path::new(printed.trim_end());
    assert_ne!(tree, headers.dir.canonicalize()?);
    let makefile = fs::read_to_string(tree.join("Makefile"))?;
    let rustc = headers.dir.join("rustc");
    assert!(makefile.contains(&format!("override RUSTC = {}", rustc.display())));
    assert!(tree.join("rust/libkernel.rmeta").is_file());
    assert!(tree.join("include/generated/utsrelease.h").is_file());
    Ok(())
}

/// Promise: the compiler asked for is the one that compiled the kernel's crates, not the one that
/// configured the kernel; Arch updates the two apart.
#[test]
fn the_compiler_of_the_metadata_counts() -> Result<()> {
    let headers = Headers::new("skew", "7.3.4-test", RUST)?;
    headers.program("rustc", "rustc 1.2.3 (of the test)")?;
    headers.ship(&headers.dir, "rustc 1.2.4 (of the test) (of Arch)")?;
    assert_skips(
        &headers.run(&[])?,
        &["needs \"rustc 1.2.4 (of the test) (of Arch)\" exactly"],
    );
    headers.program("rustc", "rustc 1.2.4 (of the test) (of Arch)")?;
    assert!(headers.run(&["-q"])?.status.success());
    Ok(())
}

/// Promise: what was derived of the same headers is used where the source cannot be had any more, as of
/// an older kernel on Debian after an upgrade of the driver; and what is not ours is not deleted.
#[test]
fn what_was_derived_needs_no_source() -> Result<()> {
    let headers = Headers::new("derived", "7.3.4-test", RUST)?;
    let dir = headers.dir.canonicalize()?;
    fs::write(dir.join("Module.symvers"), "0x0\n")?;
    fs::write(dir.join("vmlinux"), "")?;
    let core = dir.join("lib/rustlib/src/rust/library/core/src");
    fs::create_dir_all(&core)?;
    fs::write(core.join("lib.rs"), "")?;
    headers.program("bindgen", "bindgen 4.5.6")?;
    headers.program("pahole", "")?;
    headers.program("rustc", "rustc 1.2.3 (of the test)")?;
    let rustc = format!(
        "#!/bin/sh\ncase $1 in --version) echo 'rustc 1.2.3 (of the test)' ;; *) echo {} ;; esac\n",
        dir.display()
    );
    fs::write(dir.join("rustc"), rustc)?;
    let search = format!("{}:{}", dir.display(), std::env::var("PATH")?);
    let out = dir.join("out");
    let out_text = out.to_string_lossy();
    let run = || -> Result<Output> {
        let mut command = headers.command(&["-q", "-o", &out_text]);
        Ok(command.env("PATH", &search).output()?)
    };
    assert_skips(&run()?, &["/usr/src/linux-source-7.3.tar.xz", "install"]);

    let symvers = fs::metadata(dir.join("Module.symvers"))?;
    let made = symvers.modified()?.duration_since(std::time::UNIX_EPOCH)?;
    let of = [
        "7.3.4-test".to_owned(),
        dir.display().to_string(),
        DEBIAN.to_owned(),
        "rustc 1.2.3 (of the test)".to_owned(),
        headers.dir.join("rustc").display().to_string(),
        "bindgen 4.5.6".to_owned(),
        headers.dir.join("bindgen").display().to_string(),
        format!("{} {}", symvers.len(), made.as_secs()),
        "another version of the script".to_owned(),
    ];
    fs::create_dir_all(&out)?;
    fs::write(out.join("stamp"), of.join("\n") + "\n")?;
    let output = run()?;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(Path::new(printed.trim_end()), out.join("obj"));

    // Headers of another build, and a directory of somebody else.
    fs::write(dir.join("Module.symvers"), "0x0 0x0\n")?;
    assert_skips(&run()?, &["/usr/src/linux-source-7.3.tar.xz"]);
    fs::remove_file(out.join("stamp"))?;
    fs::write(out.join("of somebody"), "")?;
    let output = run()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"));
    assert!(out.join("of somebody").is_file());
    Ok(())
}

/// Promise: where a distribution has no package of the kernel's source, none is asked for.
#[test]
fn no_package_is_made_up() -> Result<()> {
    let headers = Headers::new("fedora", "7.3.4-200.fc44.x86_64", RUST)?;
    headers.built_as("#1 SMP PREEMPT_DYNAMIC Mon Nov  2 00:00:00 UTC 2026")?;
    assert_skips(
        &headers.run(&[])?,
        &["7.3.4-200.fc44.x86_64 lack the metadata", "Rust crates"],
    );
    Ok(())
}

/// Promise: where Ubuntu's package of metadata is missing, it is named.
#[test]
fn the_package_of_ubuntu_is_named() -> Result<()> {
    let headers = Headers::new("ubuntu", "7.3.0-38-generic", RUST)?;
    headers.built_as("#38-Ubuntu SMP PREEMPT_DYNAMIC")?;
    std::os::unix::fs::symlink("/usr/src/nowhere/rust", headers.dir.join("rust"))?;
    let expected = "install linux-lib-rust-7.3.0-38-generic";
    assert_skips(&headers.run(&[])?, &[expected]);
    Ok(())
}

#[test]
fn no_headers_at_all() -> Result<()> {
    let headers = Headers::new("none", "7.3.4-test", RUST)?;
    fs::remove_file(headers.dir.join(".config"))?;
    assert_skips(&headers.run(&[])?, &["no kernel headers", "install"]);
    Ok(())
}
