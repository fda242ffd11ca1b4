// SPDX-License-Identifier: GPL-2.0

//! What terminals, pipes and locales get.

use crate::answers::*;
use crate::machines::*;
use crate::modes::planned;
use crate::run::{command, finish, on};
use crate::tree::Tree;
use milspec_posture::settings::SETTINGS;
use nix::errno::Errno;
use nix::pty::{openpty, Winsize};
use std::io::{Read, Write};
use std::process::Stdio;

/// All that milspecctl prints for people, on machines that make it print the most.
fn everything(name: &str) -> Vec<(Tree, Vec<&'static str>)> {
    let mut all = Vec::new();
    let mut add = |make: &dyn Fn(&str) -> Tree, arguments: &[&'static str]| {
        let tree = make(&format!("{name}-{}", all.len()));
        all.push((tree, arguments.to_vec()));
    };
    let odd = |name: &str| rugged_with(name, &odd_controls());
    // Every setting that the driver knows, with its longest value.
    let full = |name: &str| {
        let mut controls = devices(&[]);
        for known in SETTINGS {
            let value = known.values.iter().max_by_key(|value| value.name.len());
            controls.push(setting(known.name, value.unwrap().name));
        }
        rugged_with(name, &controls)
    };
    for make in [&odd as &dyn Fn(&str) -> Tree, &full, &failed_family, &moved] {
        add(make, &["status"]);
        add(make, &["status", "-v"]);
        add(make, &["control", "list"]);
        add(make, &["control", "list", "-v"]);
        add(make, &["doctor"]);
    }
    for name in [
        "camera",
        "microphone",
        "bluetooth",
        "thunderbolt-security",
        "DSMIL6DB",
    ] {
        add(&odd, &["control", "show", name]);
    }
    add(&full, &["control", "show", "wake-on-lan"]);
    add(&moved, &["control", "list", "--refresh"]);
    for make in [&marked as &dyn Fn(&str) -> Tree, &planned] {
        add(make, &["status", "-v"]);
        add(make, &["control", "list"]);
        add(make, &["mode", "get", "-v"]);
    }
    for name in ["camera", "bluetooth", "usb-external", "stealth-lcd"] {
        add(&marked, &["control", "show", name]);
    }
    add(&planned, &["mode", "list", "-v"]);
    add(&planned, &["mode", "plan", "paranoid-plus"]);
    add(&Tree::bare, &["doctor"]);
    // What was recorded is of all lengths, and of a machine that is another one.
    let recorded = |name: &str| {
        crate::baselines::with(
            full(name),
            &[("thunderbolt-security", "dp-only"), ("gone", "enabled")],
        )
    };
    let elsewhere = |name: &str| recorded(name).dmi("Dell Inc.", "Other", "1");
    for make in [&recorded as &dyn Fn(&str) -> Tree, &elsewhere] {
        add(make, &["baseline", "show"]);
        add(make, &["baseline", "show", "-v"]);
    }
    all
}

/// Promise: text for people has at most 80 columns.
#[test]
fn eighty_columns() {
    for (tree, arguments) in everything("columns") {
        let output = on(&tree, &arguments);
        assert_eq!(output.stderr, "");
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
            assert_eq!(line, line.trim_end(), "{arguments:?}");
        }
    }
}

/// Promise: where the locale is not UTF-8, or the terminal cannot show more, all is ASCII; the
/// words say the same as the glyphs.
#[test]
fn ascii() {
    let environments: [&[(&str, &str)]; 5] = [
        &[("LANG", "C")],
        &[("LANG", "")],
        &[("LANG", "de_DE.UTF-8"), ("LC_ALL", "POSIX")],
        &[("LANG", "C.UTF-8"), ("TERM", "dumb")],
        &[("LANG", "C.UTF-8"), ("TERM", "linux")],
    ];
    for (tree, arguments) in everything("ascii") {
        for environment in environments {
            let mut command = command(&["--root", tree.dir()]);
            command.args(&arguments).envs(environment.iter().copied());
            let output = finish(command);
            assert!(output.stdout.is_ascii(), "{environment:?} {arguments:?}");
        }
    }
}

/// Promise: a pipe gets no colour and whole records, however narrow some terminal may be.
#[test]
fn pipe_is_whole() {
    let mut controls = rugged_controls();
    let camera = by_name(&mut controls, "camera");
    camera.name = milspec_uapi::field(&[b'n'; 32]);
    camera.access = milspec_uapi::ACCESS_READ_ONLY;
    camera.presence = milspec_uapi::PRESENCE_CONTRADICTORY;
    camera.properties = milspec_uapi::CONTROL_TAMPER;
    fail(camera, Errno::ENOTRECOVERABLE);
    let tree = rugged_with("pipe", &controls);
    let mut command = command(&["--root", tree.dir(), "control", "list", "--all"]);
    command.env("COLUMNS", "40").env("TERM", "xterm");
    let output = finish(command);
    let line = output
        .stdout
        .lines()
        .find(|line| line.contains("nnn"))
        .unwrap();
    for part in ["ENOTRECOVERABLE", "tamper", "read-only", "contradictory"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!output.stdout.contains('\x1b'));
}

/// Runs on a terminal of its own and returns what it showed.
fn on_terminal(tree: &Tree, columns: u16, environment: &[(&str, &str)], words: &[&str]) -> String {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    let mut command = command(&["--root", tree.dir()]);
    command
        .args(words)
        .envs(environment.iter().copied())
        .stdout(Stdio::from(pty.slave));
    let mut child = command.spawn().unwrap();
    // The last descriptor of the terminal side must go, or reading never ends.
    drop(command);
    let mut text = Vec::new();
    let mut master = std::fs::File::from(pty.master);
    let mut buffer = [0; 4096];
    // EIO is how Linux says that the other side is gone.
    while let Ok(length @ 1..) = master.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
    }
    assert!(child.wait().unwrap().code().is_some());
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

/// Promise: colour on a terminal, but not where NO_COLOR, a dumb terminal or the user says no.
#[test]
fn color() {
    let tree = rugged_with("color", &odd_controls());
    let colored = |environment: &[(&str, &str)], words: &[&str]| {
        on_terminal(&tree, 80, environment, words).contains('\x1b')
    };
    let xterm = ("TERM", "xterm-256color");
    assert!(colored(&[xterm], &["status"]));
    assert!(colored(&[xterm, ("NO_COLOR", "")], &["status"]));
    assert!(!colored(&[xterm, ("NO_COLOR", "1")], &["status"]));
    assert!(!colored(&[("TERM", "dumb")], &["status"]));
    assert!(!colored(&[], &["status"]));
    assert!(!colored(&[xterm], &["status", "--color", "never"]));
    assert!(!colored(&[xterm], &["status", "--json"]));
    assert!(colored(
        &[xterm, ("NO_COLOR", "1")],
        &["status", "--color=always"]
    ));
    assert!(on(&tree, &["status", "--color", "always"])
        .stdout
        .contains('\x1b'));
    assert!(!on(&tree, &["status"]).stdout.contains('\x1b'));
}

/// Promise: colour adds nothing but colour: without it, the text is the same.
#[test]
fn color_changes_no_text() {
    for (tree, arguments) in everything("plain") {
        let plain = on(&tree, &arguments).stdout;
        let mut with = arguments.clone();
        with.extend(["--color", "always"]);
        let colored = on(&tree, &with).stdout;
        let mut stripped = String::new();
        for part in colored.split('\x1b') {
            let text = match part.strip_prefix('[') {
                Some(rest) => rest.split_once('m').unwrap().1,
                None => part,
            };
            stripped.push_str(text);
        }
        assert_eq!(stripped, plain, "{arguments:?}");
    }
}

/// Promise: nothing is cut off on any terminal: a narrow one breaks lines, a wide one has no wider
/// text, and the words are those of a pipe.
#[test]
fn nothing_cut() {
    for (tree, arguments) in everything("cut") {
        let piped = on(&tree, &arguments).stdout;
        let words = |text: &str| -> Vec<String> {
            let words = text.split_whitespace();
            words
                .map(|word| word.trim_end_matches('-').to_string())
                .collect()
        };
        let narrow = on_terminal(&tree, 40, &[], &arguments);
        assert_eq!(words(&narrow), words(&piped), "{arguments:?}");
        assert_eq!(on_terminal(&tree, 200, &[], &arguments), piped);
    }
}

/// Promise: a narrow terminal gets broken lines instead of cut ones, a wide one no wider text.
#[test]
fn widths() {
    let tree = rugged_with("widths", &odd_controls());
    let narrow = on_terminal(&tree, 40, &[], &["status"]);
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 40),
        "{narrow}"
    );
    for columns in [0, 80, 200] {
        let text = on_terminal(&tree, columns, &[], &["status"]);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert_eq!(text, on(&tree, &["status"]).stdout);
    }
}

/// Promise: a reader that goes away early (`| head -1`) causes no message and no failure.
#[test]
fn broken_pipe() {
    let tree = rugged_with("broken-pipe", &odd_controls());
    for arguments in [
        &["control", "list", "-v"][..],
        &["--json", "control", "list"],
    ] {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let mut command = command(&["--root", tree.dir()]);
        command.args(arguments).stdout(writer);
        let output = finish(command);
        assert_eq!(
            (output.status, output.stderr.as_str()),
            (0, ""),
            "{arguments:?}"
        );
    }
}

/// Promise: output that cannot be written is a failure, and says so.
#[test]
fn full_disk() {
    let tree = business("full-disk");
    for arguments in [&["status"][..], &["--json", "status"]] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = command(&["--root", tree.dir()]);
        command.args(arguments).stdout(full);
        let output = finish(command);
        assert_eq!(output.status, 1);
        assert!(output.stderr.contains("ENOSPC"), "{}", output.stderr);
    }
}

/// Promise: closed standard streams do no harm.
#[test]
fn closed_streams() {
    let tree = business("closed-streams");
    let program = env!("CARGO_BIN_EXE_milspecctl");
    for streams in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let script = format!("\"$0\" --root \"$1\" status {streams}");
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &script, program, tree.dir()]);
        let output = finish(shell);
        assert_eq!(
            (output.status, output.stderr.as_str()),
            (0, ""),
            "{streams}"
        );
    }
}

/// Promise: JSON is the same on a terminal and through a pipe.
#[test]
fn same_json() {
    let tree = rugged_with("same-json", &odd_controls());
    let words = ["--json", "control", "list"];
    let terminal = on_terminal(&tree, 40, &[("TERM", "xterm")], &words);
    assert_eq!(terminal, on(&tree, &words).stdout);
    let _ = std::io::stdout().flush();
}
