// SPDX-License-Identifier: GPL-2.0

//! `milspecctl events`

use crate::assert_shows;
use crate::journal::*;
use crate::machines::*;
use crate::prompts::Terminal;
use crate::run::{command, json, on, validate};
use crate::tree::Tree;
use milspec_uapi as uapi;
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn sequences(document: &Value) -> Vec<u64> {
    let events = document["events"].as_array().unwrap().iter();
    events.map(|e| e["sequence"].as_u64().unwrap()).collect()
}

/// Promise: every kind of record is shown in words, one line each where nobody sees lines break.
#[test]
fn in_words() {
    let tree = varied().on("events-words");
    let output = on(&tree, &["events"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert_shows!(output.stdout, "events.txt");
    let output = on(&tree, &["events", "-v", "--count", "3"]);
    assert_shows!(output.stdout, "events-verbose.txt");
}

/// Promise: a terminal of 80 columns has no line beyond, and nothing is left out.
#[test]
fn on_a_terminal() {
    let tree = varied().on("events-terminal");
    let terminal =
        Terminal::start_with(&tree, &[("TERM", "xterm")], &["events", "--color", "never"]);
    let (status, text) = terminal.end();
    assert_eq!(status, 0);
    assert_shows!(text.replace('\r', ""), "events-terminal.txt");
    assert!(text
        .lines()
        .all(|line| line.trim_end().chars().count() <= 80));
    let words = |text: &str| {
        text.split_whitespace()
            .map(|w| w.replace(';', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&text), words(&on(&tree, &["events"]).stdout));
}

/// Promise: the document has every field of every record, with the names of controls, values and
/// users of this machine.
#[test]
fn as_json() {
    let tree = varied().on("events-json");
    let (status, document) = json(&tree, &["events"]);
    assert_eq!(status, 0);
    let first = &document["events"][0];
    assert_eq!(first["kind"], "load");
    assert_eq!(first["time"], "2026-11-24T08:00:00.000000000Z");
    assert_eq!(first["pcr_value"], "0".repeat(64));
    let begun = &document["events"][2];
    assert_eq!(begun["actor"]["user"], "root");
    assert_eq!(begun["actor"]["login"], "alice");
    let step = &document["events"][3];
    assert_eq!(
        (&step["control"], &step["from"]),
        (&"camera".into(), &"enabled".into())
    );
    assert_eq!((&step["about"], &step["step"]), (&3.into(), &"done".into()));
    assert_eq!(document["events"][4]["control"], "DSMIL0D0");
}

/// Promise: what was asked for is shown, and nothing else; a gap is shown whatever was.
#[test]
fn chosen() {
    let journal = varied();
    let tree = journal.on("events-chosen");
    let all = journal.events.len() as u64;
    let shown = |words: &[&str]| sequences(&json(&tree, &[&["events"], words].concat()).1);
    assert_eq!(shown(&["--count", "2"]), [all - 1, all]);
    assert_eq!(shown(&["--count", "0"]), [0; 0]);
    assert_eq!(shown(&["--count", "9999"]).len() as u64, all);
    let severe = |level: u8| {
        let events = journal.events.iter().filter(|e| e.severity <= level);
        events.map(|event| event.sequence).collect::<Vec<_>>()
    };
    for (word, level) in [("error", 3), ("warning", 4), ("notice", 5), ("info", 6)] {
        assert_eq!(shown(&["--severity", word]), severe(level), "{word}");
    }
    let second = "2026-11-24T08:00:05Z";
    assert_eq!(shown(&["--since", second]), (6..=all).collect::<Vec<_>>());
    // In the time zone of whoever asks; the tests' is UTC.
    assert_eq!(shown(&["--since", "2026-11-24 08:00:05"])[0], 6);
    assert_eq!(shown(&["--since", "2026-11-24"])[0], 1);
    assert_eq!(shown(&["--since", "2030-01-01"]), [0; 0]);
    assert_eq!(shown(&["--until", second]), (1..=6).collect::<Vec<_>>());
    assert_eq!(shown(&["--since", second, "--until", second]), [6]);
    assert_eq!(shown(&["--until", "2026-11-24"]), [0; 0]);
    assert_eq!(shown(&["--since", "1 hour ago", "--until", "0s"]), [0; 0]);
    let text = on(&tree, &["events", "--since", "2030-01-01"]).stdout;
    assert!(text.ends_with("No such event.\n"), "{text}");

    let lost = gap(9, &journal.events[8]);
    tree.put(
        "recording/journal.bin",
        &bytes(&[&[lost], &journal.events[9..]].concat()),
    );
    assert_eq!(
        shown(&["--severity", "error", "--since", "2030-01-01"]),
        [9]
    );
    let text = on(&tree, &["events", "--severity", "error"]).stdout;
    assert!(
        text.contains("9 records up to here lost: overwritten"),
        "{text}"
    );
}

/// Promise: a moment that is none is a wrong command line, with what one looks like.
#[test]
fn no_moment() {
    let tree = varied().on("events-moment");
    for wrong in ["soon", "", "10", "-1x", "99999999999999d"] {
        let output = on(&tree, &["events", "--since", wrong]);
        assert_eq!(output.status, 2, "{wrong}: {}", output.stderr);
        assert!(
            output.stderr.contains("how long ago (2 hours ago"),
            "{}",
            output.stderr
        );
    }
}

/// Promise: --follow shows what there is, then what comes, as one document in each line.
#[test]
fn follow() {
    let journal = varied();
    let tree = journal.on("events-follow");
    let (before, after) = journal.events.split_at(9);
    tree.put("recording/journal.bin", &bytes(before));
    tree.put("recording/journal-2.bin", &bytes(&after[..1]));
    tree.put("recording/journal-3.bin", &bytes(&after[1..]));
    let output = on(&tree, &["--json", "events", "--follow"]);
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    let lines: Vec<Value> = output
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (at, line) in lines.iter().enumerate() {
        validate(line);
        assert_eq!(line["sequence"], at + 1);
    }
    assert_eq!(lines.len(), journal.events.len());
    let people = on(&tree, &["events", "-f", "--count", "1"]);
    let lines = people
        .stdout
        .lines()
        .filter(|line| line.starts_with("2026"));
    assert_eq!(lines.count(), 1 + after.len());
    assert_eq!(on(&tree, &["events", "-f", "--quiet"]).stdout, "");
}

/// Promise: a reader that goes away ends it, and that is no failure.
#[test]
fn reader_gone() {
    let tree = varied().on("events-reader");
    let mut events = command(&["--root", tree.dir(), "--json", "events", "-f"]);
    events.stdout(Stdio::piped());
    let mut child = events.spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut terminal = Terminal::start_with(&tree, &[("TERM", "xterm")], &["events", "-f"]);
    terminal.expect("let go");
    terminal.signal(Signal::SIGINT);
    assert_eq!(terminal.end().0, 0);
}

/// Promise: a saved journal is shown without a machine, with the names of the catalogue, and does not
/// pass for one of a machine; one that was edited is shown as such.
#[test]
fn from_a_file() {
    let tree = Tree::bare("events-file");
    let journal = varied();
    tree.put("saved", &journal.bytes());
    let path = tree.path("saved");
    let file = path.to_str().unwrap();
    let (status, document) = json(&tree, &["events", "--file", file]);
    assert_eq!(
        (status, document["warnings"].as_array().unwrap().len()),
        (0, 0)
    );
    assert_eq!(document["simulated"], Value::Null);
    let step = &document["events"][3];
    assert_eq!(
        (&step["control"], &step["to"]),
        (&"camera".into(), &"disabled".into())
    );
    let device = &document["events"][4];
    assert_eq!(
        (&device["control"], &device["to"]),
        (&"dsmil-0".into(), &"inactive".into())
    );
    assert_eq!(step["actor"]["user"], Value::Null);

    let shown = on(&tree, &["events", "--file", file]).stdout;
    let says = "· a saved journal does not say which machine it is of\n";
    assert!(shown.starts_with(says), "{shown}");

    let mut edited = journal.bytes();
    edited[9 * uapi::EVENT_SIZE + 20] ^= 1;
    for wrong in [&edited[..], &journal.bytes()[..400]] {
        tree.put("saved", wrong);
        let (status, document) = json(&tree, &["events", "--file", file]);
        assert_eq!(status, 0);
        assert_eq!(document["warnings"][0]["code"], "journal-broken");
    }
}

/// Promise: no driver, and a recording without a journal, are told apart.
#[test]
fn no_journal() {
    let bare = Tree::bare("events-bare");
    assert_eq!(json(&bare, &["events"]).1["error"]["code"], "no-driver");
    let silent = rugged("events-silent");
    let (status, document) = json(&silent, &["events"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (3, &"unsupported".into())
    );
    assert_eq!(uapi::EVENT_SIZE, 176);
}
