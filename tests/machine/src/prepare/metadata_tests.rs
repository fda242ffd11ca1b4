// SPDX-License-Identifier: GPL-2.0

//! `scripts/rust-metadata` on machines where it cannot work: one line that says what is missing, and
//! the status that tells DKMS to skip the kernel instead of breaking its upgrade.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result};

const SKIP: i32 = 77;

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
        Ok(Self { dir })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/rust-metadata");
        Command::new(script)
            .args(arguments)
            .arg(&self.dir)
            .env("RUSTC", self.dir.join("rustc"))
            .env("BINDGEN", self.dir.join("bindgen"))
            .env("XDG_CACHE_HOME", self.dir.join("cache"))
            .output()
            .context("run scripts/rust-metadata")
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
        &["6.12.9+deb13-amd64", "older than 7.3"],
    );
    // 7.10 is newer than 7.3, although its text sorts before it.
    let headers = Headers::new("new", "7.10.1-test", "# CONFIG_RUST is not set\n")?;
    assert_skips(&headers.run(&[])?, &["CONFIG_RUST"]);
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
    for file in ["rust/libkernel.rmeta", "scripts/target.json"] {
        let path = headers.dir.join(file);
        fs::create_dir_all(path.parent().context("parent")?)?;
        fs::write(path, "")?;
    }
    let output = headers.run(&["-q"])?;
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(Path::new(printed.trim_end()), headers.dir.canonicalize()?);
    Ok(())
}

#[test]
fn no_headers_at_all() -> Result<()> {
    let headers = Headers::new("none", "7.3.4-test", RUST)?;
    fs::remove_file(headers.dir.join(".config"))?;
    assert_skips(&headers.run(&[])?, &["no kernel headers", "install"]);
    Ok(())
}
