// SPDX-License-Identifier: GPL-2.0

//! `make install-cli` and `make uninstall`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files below a directory, by their paths from there.
fn files(dir: &Path, below: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, below, all);
        } else {
            all.push(path.strip_prefix(below).unwrap().to_path_buf());
        }
    }
}

/// Promise: the CLI alone can be installed, with its documents; uninstalling leaves no file of it, and
/// none of what only the module needs.
#[test]
fn cli_alone() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("install");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root).unwrap();
    let program = root.join("milspecctl");
    fs::write(&program, "").unwrap();
    let destination = root.join("destination");
    let make = |target: &str| {
        let output = Command::new("make")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .arg(target)
            .arg(format!("DESTDIR={}", destination.display()))
            .arg(format!("CLI={}", program.display()))
            .env_remove("MAKEFLAGS")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}");
        let mut all = Vec::new();
        files(&destination, &destination, &mut all);
        all
    };
    let installed = make("install-cli");
    for path in [
        "usr/local/bin/milspecctl",
        "usr/local/share/man/man1/milspecctl.1",
        "usr/local/share/doc/dell-milspec/guide.md",
        "usr/local/share/doc/dell-milspec/schema/milspec.status-1.json",
    ] {
        assert!(installed.contains(&PathBuf::from(path)), "{installed:?}");
    }
    assert!(installed.iter().all(|path| path.starts_with("usr/local")));
    // What the module brings goes too.
    let rule = destination.join("usr/lib/udev/rules.d/60-dell-milspec.rules");
    fs::create_dir_all(rule.parent().unwrap()).unwrap();
    fs::write(rule, "").unwrap();
    assert_eq!(make("uninstall"), Vec::<PathBuf>::new());
}
