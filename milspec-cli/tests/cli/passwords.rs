// SPDX-License-Identifier: GPL-2.0

//! The BIOS administrator password: from its source to the key that the driver gets.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{ready, request, shown, succeeds, undone, MODE, SET};
use crate::prompts::Terminal;
use crate::run::{command, Output};
use crate::tree::Tree;
use milspec_uapi as uapi;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// What the firmware gives for the right password; the upper half is no part of it.
const KEY: u32 = 0xFFFF_4B1D;

/// A call of class 10 with bytes in its arguments.
fn asks(select: u16, arguments: &[u8]) -> Vec<u8> {
    let mut bytes = [10u16.to_ne_bytes(), select.to_ne_bytes()].concat();
    bytes.extend(arguments);
    bytes.resize(20, 0);
    bytes.extend((-3i32).to_ne_bytes());
    bytes
}

/// The check, as libsmbios makes it: the password stands behind the call, in as many bytes as the
/// longest has; the first argument says where, and the attributes that it does.
fn checks(password: &[u8]) -> Vec<u8> {
    let mut bytes = asks(4, &44u32.to_ne_bytes());
    bytes.resize(36, 0);
    bytes.extend(1u32.to_ne_bytes());
    bytes.extend(LONGEST.to_ne_bytes());
    bytes.extend(password);
    bytes
}

/// An answer with a status and one number.
fn says(status: i32, number: u32) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    bytes.extend(status.to_ne_bytes());
    bytes.extend(number.to_ne_bytes());
    bytes
}

/// Installed, 4 to 32 characters, ASCII.
const PROPERTIES: u32 = 0x0104_0000 | LONGEST << 8;
const LONGEST: u32 = 32;

/// The firmware describes the password, then answers the check of `password` with this status.
pub fn firmware(password: &str, status: i32) -> Vec<(Vec<u8>, Vec<u8>)> {
    let key = if status == 0 { KEY } else { 0 };
    vec![
        (asks(3, &[]), says(0, PROPERTIES)),
        (checks(password.as_bytes()), says(status, key)),
    ]
}

/// Done, but only with the key.
fn with_key(tree: Tree, name: &str, generation: u64) -> Tree {
    let mut request = request(generation, 0, MODE, 0);
    request.security_key = KEY as u16;
    let done = all_in(uapi::STEP_DONE, &steps());
    tree.request(name, &request, &[]).answer(
        name,
        &answered(MODE, uapi::OUTCOME_DONE, &done),
        &done,
    )
}

/// Sets the mode with a password in a pipe.
fn set(tree: &Tree, json: bool, password: &str) -> Output {
    let mut words = vec!["--root", tree.dir(), "mode", "set", "paranoid"];
    words.extend(["--bios-password-fd", "0"]);
    if json {
        words.push("--json");
    }
    let mut command = command(&words);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // What needs no password may have ended by now, without a look at it.
    let _ = pipe.write_all(password.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output {
        status: output.status.code().unwrap(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn outcome(output: &Output) -> Value {
    crate::run::document(output)["outcome"].clone()
}

/// Promise: a password from a descriptor becomes the key, and the driver gets the key. Only the
/// first line counts, and a short password is checked as a long one is: the older call takes no
/// characters.
#[test]
fn right() {
    for (name, password) in [("short", "hunter22"), ("long", "correct horse battery")] {
        let tree = with_key(ready(&format!("password-{name}")), "apply-paranoid", 1)
            .smbios(&firmware(password, 0));
        for end in ["", "\n", "\nsecond line\n"] {
            let output = set(&tree, true, &format!("{password}{end}"));
            assert_eq!(outcome(&output), "done", "{}", output.stdout);
        }
    }
}

/// Promise: wrong, refused, not set and not usable are errors of their own, nothing is changed, and
/// none shows the password.
#[test]
fn not_accepted() {
    let mut text = String::new();
    let secret = "s3cret";
    let properties = |number: u32| vec![(asks(3, &[]), says(0, number))];
    for (title, calls, password, exit, code) in [
        ("wrong", firmware(secret, 2), secret, 4, "password-wrong"),
        (
            "refused",
            firmware(secret, -1),
            secret,
            4,
            "password-refused",
        ),
        ("ignored", firmware(secret, -3), secret, 3, "unsupported"),
        (
            "not set",
            properties(PROPERTIES | 1),
            secret,
            1,
            "password-not-set",
        ),
        (
            "too short",
            properties(PROPERTIES),
            "s3c",
            4,
            "password-wrong",
        ),
        (
            "keys",
            properties(PROPERTIES & 0xFF_FFFF),
            secret,
            3,
            "unsupported",
        ),
        (
            // Firmware that cannot describe the password, but says that there is one.
            "no properties",
            vec![(asks(3, &[]), says(-2, 0)), (asks(0, &[]), says(0, 0))],
            secret,
            3,
            "unsupported",
        ),
        (
            "not ASCII",
            properties(PROPERTIES),
            "s3crét",
            1,
            "password-unusable",
        ),
        (
            "empty",
            properties(PROPERTIES),
            "\n",
            1,
            "password-unusable",
        ),
        (
            "no such call",
            vec![(asks(3, &[]), says(-2, 0)), (asks(0, &[]), says(-2, 0))],
            secret,
            3,
            "unsupported",
        ),
    ] {
        // An apply would succeed.
        let tree = succeeds(&format!("password-{}", title.replace(' ', "-"))).smbios(&calls);
        let output = set(&tree, false, password);
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (exit, ""),
            "{title}"
        );
        assert!(!output.stderr.contains("s3c"), "{}", output.stderr);
        text.push_str(&shown(title, &output));
        let output = set(&tree, true, password);
        let document = crate::run::document(&output);
        assert_eq!(document["error"]["code"], code, "{title}");
    }
    let tree = succeeds("password-no-device");
    let output = set(&tree, false, secret);
    assert_eq!(output.status, 3);
    text.push_str(&shown("no device", &output));
    assert_shows!(text, "passwords.txt");
}

/// Promise: a password is checked only where there is something to change that may need it.
#[test]
fn not_spent() {
    let nothing = answered(MODE, uapi::OUTCOME_PLANNED, &[]);
    let tree = succeeds("password-not-spent").answer("plan-paranoid", &nothing, &[]);
    assert_eq!(set(&tree, false, "s3cret").status, 0);
}

/// Promise: when the firmware rejects the key that it gave, that is said.
#[test]
fn key_rejected() {
    let tree = undone("password-rejected", Errno::EKEYREJECTED).smbios(&firmware("hunter2", 0));
    let output = set(&tree, true, "hunter2");
    let document = crate::run::document(&output);
    assert_eq!(output.status, 1);
    assert_eq!(document["error"]["code"], "password-rejected");
}

/// A machine that wants the key, and is then at generation 1 again.
fn wants_key(name: &str) -> Tree {
    with_key(undone(name, Errno::EKEYREJECTED), "apply-paranoid-2", 1)
        .smbios(&firmware("hunter2", 0))
}

/// Promise: on a terminal the password is asked for when the firmware wants it, and does not show.
#[test]
fn asked() {
    let tree = wants_key("password-asked");
    let mut terminal = Terminal::start(&tree, &SET);
    terminal.expect("BIOS administrator password:");
    terminal.enter("hunter2");
    let (status, text) = terminal.end();
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert_shows!(text, "password-asked.txt");
}

/// Promise: a wrong password on a terminal changes nothing and costs one try.
#[test]
fn asked_wrong() {
    let tree = wants_key("password-asked-wrong").smbios(&firmware("hunter3", 2));
    let mut terminal = Terminal::start(&tree, &SET);
    terminal.expect("BIOS administrator password:");
    terminal.enter("hunter3");
    let (status, text) = terminal.end();
    assert_eq!(status, 4, "{text}");
}

/// Promise: Ctrl-C at the question leaves the terminal as it was.
#[test]
fn signal_while_asked() {
    let tree = wants_key("password-signal");
    let mut terminal = Terminal::start(&tree, &SET);
    terminal.expect("BIOS administrator password:");
    assert!(!terminal.echoes());
    terminal.signal(Signal::SIGINT);
    terminal.expect("next:");
    assert!(terminal.echoes());
    assert_eq!(terminal.end().0, 1);
}
