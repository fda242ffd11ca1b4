// SPDX-License-Identifier: GPL-2.0

//! `milspecctl status --watch`

use crate::machines::*;
use crate::prompts::Terminal;
use crate::run::{command, finish, on, validate};
use crate::tree::Tree;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const WATCH: [&str; 2] = ["status", "--watch"];

/// Promise: with --json there is one document in each line, again and again; Ctrl-C ends it, which
/// is success.
#[test]
fn lines() {
    let tree = rugged("watch-lines");
    let mut watch = command(&["--root", tree.dir(), "--json"]);
    watch
        .args(WATCH)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = watch.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let document: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(document["schema"], "milspec.status/1");
        validate(&document);
    }
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

/// Promise: when nobody reads any more (`| head -1`), it ends.
#[test]
fn reader_gone() {
    let tree = rugged("watch-reader");
    for words in [&["status", "--watch"][..], &["--json", "status", "--watch"]] {
        let mut watch = command(&["--root", tree.dir()]);
        watch.args(words).stdout(Stdio::piped());
        let mut child = watch.spawn().unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut String::new()).unwrap();
        drop(reader);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

/// Promise: a terminal is drawn anew, one that cannot be gets one block after the other.
#[test]
fn terminals() {
    let tree = rugged("watch-terminal");
    for (term, clears) in [("xterm", true), ("dumb", false)] {
        let mut terminal = Terminal::start_with(&tree, &[("TERM", term)], &WATCH);
        terminal.expect("Mode");
        terminal.signal(Signal::SIGINT);
        let (status, text) = terminal.end();
        assert_eq!(status, 0);
        assert_eq!(text.contains("\x1b[H\x1b[2J"), clears);
    }
}

/// Promise: what a status cannot show it cannot watch; the last line says why.
#[test]
fn no_driver() {
    let tree = Tree::bare("watch-no-driver");
    assert_eq!(on(&tree, &WATCH).stderr, on(&tree, &["status"]).stderr);
    let mut watch = command(&["--root", tree.dir(), "--json"]);
    watch.args(WATCH);
    let output = finish(watch);
    assert_eq!(output.status, 3);
    assert_eq!(output.stdout.lines().count(), 1);
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(document["error"]["code"], "no-driver");
    validate(&document);
}
