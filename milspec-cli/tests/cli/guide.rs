// SPDX-License-Identifier: GPL-2.0

//! `docs/guide.md` is true, and so is whatever document goes through [`walk`]: each line of its
//! console blocks is run, one after the other, on one machine that starts as it came from the
//! factory, and what comes out is what stands there.
//! `UPDATE_DOCS=1 cargo test -p milspecctl guide` writes what comes out.
//!
//! A block `toml NAME` is the content of the file NAME. Lines with `$ ` or `# ` are run, the latter
//! being root's.

use crate::confirm_service::{with_systemd, BOOT_ID};
use crate::docs::{source, update};
use crate::driver::Driver;
use crate::journal::Journal;
use crate::machines::setting;
use crate::passwords::firmware;
use crate::tree::Tree;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// What the guide's machine is like when it is new.
fn machine() -> Driver {
    Driver::new(vec![
        setting("camera", "enabled"),
        setting("microphone", "enabled"),
        setting("wlan", "enabled"),
        setting("bluetooth", "enabled"),
        setting("gps", "enabled"),
        setting("thunderbolt-security", "none"),
        setting("thunderbolt-boot", "enabled"),
        setting("thunderbolt-preboot", "enabled"),
        setting("sd-card-read-only", "disabled"),
        setting("dell-docks-always-allowed", "enabled"),
        setting("wake-on-lan", "on-board"),
        setting("uefi-network-stack", "enabled"),
        setting("bios-downgrade", "allowed"),
        setting("intrusion-latch", "clear"),
        setting("tpm", "visible"),
        setting("secure-boot", "enabled"),
    ])
}

/// The tree of a document, with a `milspecctl` that shows it.
pub fn tree(name: &str) -> Tree {
    let tree = Tree::loaded(name)
        .from(&format!("the machine of docs/{name}.md"))
        .dmi("Dell Inc.", "Latitude 5450 Simulated", "1.9.1")
        .file("sys/class/dmi/id/product_serial", "ABC1234\n")
        .file("password", "correct horse\n");
    let tree = with_systemd(tree);
    let program = env!("CARGO_BIN_EXE_milspecctl");
    let script = format!("#!/bin/sh\nexec {program} --root {} \"$@\"\n", tree.dir());
    let tree = tree
        .file("bin/milspecctl", &script)
        // The module of the recording is loaded.
        .file("bin/modprobe", "#!/bin/sh\n")
        .file("bin/reboot", "#!/bin/sh\n");
    for program in ["bin/milspecctl", "bin/modprobe", "bin/reboot"] {
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tree.path(program), executable).unwrap();
    }
    tree
}

/// Runs a line as a shell would; what came out on both streams, and the exit status.
fn run(tree: &Tree, line: &str, last: i32) -> (String, i32) {
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("exec 2>&1; (exit {last}); {line}")])
        .current_dir(tree.dir())
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .env("PATH", format!("{}/bin:/usr/bin:/bin", tree.dir()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let status = output.status.code().expect("ended by a signal");
    (String::from_utf8(output.stdout).unwrap(), status)
}

/// Promise: who types what stands in the guide sees what stands in the guide.
#[test]
fn guide() {
    let journal = Journal::new(1, [0; 32]);
    walk("docs/guide.md", tree("guide"), machine(), journal);
}

/// Runs a document's lines, and holds what comes out against what stands there.
pub fn walk(path: &str, mut tree: Tree, mut driver: Driver, mut journal: Journal) {
    let written = fs::read_to_string(source(path)).unwrap();
    let mut last = 0;
    let (mut text, mut block) = (String::new(), None);
    for line in written.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(kind)) => block = Some((kind.to_string(), String::new())),
            (Some((kind, content)), Some("")) => {
                if let Some(name) = kind.strip_prefix("toml ") {
                    tree.put(name, content.as_bytes());
                }
                block = None;
            }
            (Some((kind, _)), _) if kind == "console" => {
                let Some(typed) = line.strip_prefix("$ ").or(line.strip_prefix("# ")) else {
                    continue;
                };
                // Elsewhere than here, a line that ends so goes on in the next.
                assert!(!typed.ends_with('\\'), "{typed}");
                // In the guide somebody has set that password by then.
                if typed == "milspecctl mode set paranoid" {
                    driver.password = true;
                    tree = tree.smbios(&firmware("correct horse", 0));
                }
                if typed == "reboot" {
                    driver = driver.rebooted();
                    journal = Journal::new(2, [0; 32]);
                    tree = tree.file(BOOT_ID, "second\n");
                }
                let words: Vec<&str> = typed
                    .split_whitespace()
                    .filter(|word| !word.contains(['<', '>', '|']))
                    .collect();
                let (now, after) = driver.record(tree, &words);
                tree = journal.to(now);
                let (shown, status) = run(&tree, typed, last);
                tree = tree.unapplied();
                last = status;
                if status == 0 {
                    let (mode, changes) = driver.changes(&after);
                    if !changes.is_empty() {
                        journal.apply(mode, &changes);
                    }
                    driver = after;
                }
                text.push_str(&format!("{line}\n{shown}"));
                continue;
            }
            (Some((_, content)), _) => content.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
        text.push_str(line);
        text.push('\n');
    }
    if update() {
        fs::write(source(path), &text).unwrap();
    } else {
        snapbox::assert_data_eq!(text, snapbox::Data::text(written).raw());
    }
}
