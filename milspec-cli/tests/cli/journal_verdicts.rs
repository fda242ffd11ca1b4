// SPDX-License-Identifier: GPL-2.0

//! What `journal verify` makes of a journal: proven, not provable here, or wrong. Every file with
//! every driver and every TPM.

use crate::assert_shows;
use crate::journal::*;
use crate::machines::rugged;
use crate::run::{json, on};
use crate::tree::Tree;
use milspec_uapi::{self as uapi, Event, Status, EVENT_SIZE};
use nix::errno::Errno;
use serde_json::Value;
use std::process::Command;
use zerocopy::{FromBytes, IntoBytes};

const PROVEN: (i32, &str) = (0, "proven");
const NOT_PROVABLE: (i32, &str) = (7, "not-provable");
const WRONG: (i32, &str) = (1, "wrong");

/// What the TPM of a machine does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tpm {
    None,
    Silent,
    Differs,
    Matches,
}

/// The machine on which this load is running.
fn machine(name: &str, running: &Journal, tpm: Tpm) -> Tree {
    let tree = running.on(name);
    match tpm {
        Tpm::Matches => tree,
        Tpm::Differs => pcr(tree, &[0xAB; 32]),
        Tpm::Silent => tree.without("sys/class/tpm/tpm0/pcr-sha256"),
        Tpm::None => {
            let bytes = tree.bytes("recording/status.bin");
            let mut status = Status::read_from_bytes(&bytes).unwrap();
            status.anchor = uapi::ANCHOR_NONE;
            tree.put("recording/status.bin", status.as_bytes());
            tree
        }
    }
}

/// Verifies `saved`, and holds what is common to all answers against each other.
fn verify(tree: &Tree) -> Value {
    let path = tree.path("saved");
    let words = ["journal", "verify", path.to_str().unwrap()];
    let (status, document) = json(tree, &words);
    let judged = [&words[..], &["--exit-code"]].concat();
    assert_eq!(on(tree, &judged).status, status);
    let expected = match document["result"].as_str() {
        Some("proven") => 0,
        Some("not-provable") => 7,
        _ => 1,
    };
    assert_eq!(status, expected, "{document:#}");
    assert_eq!(document["error"].is_null(), status == 0, "{document:#}");
    document
}

/// A journal of one load after another in the same boot.
fn led_on() -> (Journal, Journal) {
    let mut before = Journal::new(6, [0; 32]);
    before.change();
    let mut running = Journal::new(7, before.pcr);
    running.change();
    running.change();
    (before, running)
}

/// With a change in a record, and a chain that fits to it.
fn forged(journal: &Journal) -> Journal {
    let mut forged = Journal::new(7, journal.events[0].extra);
    for event in &journal.events[1..] {
        let uid = event.uid + u32::from(event.sequence == 5);
        forged.add(Event { uid, ..*event });
    }
    forged
}

/// Promise: nothing is proven that driver and TPM do not bear out, and what they contradict is
/// wrong; what speaks against a file by itself is wrong everywhere.
#[test]
fn all() {
    let (before, after) = led_on();
    let alone = varied();
    let mut boot = Journal::new(5, [0; 32]);
    boot.change();
    let record = EVENT_SIZE;
    let of = |journal: &Journal, from: usize, to: usize| bytes(&journal.events[from..to]);
    let headless = |journal: &Journal, lost: usize| {
        let gap = gap(lost as u32, &journal.events[lost - 1]);
        bytes(&[&[gap], &journal.events[lost..]].concat())
    };
    let hole = {
        let gap = gap(3, &alone.events[8]);
        bytes(&[&alone.events[..6], &[gap], &alone.events[9..]].concat())
    };
    let mut edited = alone.bytes();
    edited[7 * record + 20] ^= 1;
    let led = |journal: &Journal| [journal.bytes(), after.bytes()].concat();
    // The file, the running load, what it is without a driver, with one, and with the TPM's word.
    let cases: [(&str, Vec<u8>, &Journal, _, _, _); 16] = [
        ("empty", vec![], &alone, NOT_PROVABLE, WRONG, WRONG),
        (
            "an old load",
            boot.bytes(),
            &alone,
            NOT_PROVABLE,
            WRONG,
            WRONG,
        ),
        (
            "the load before",
            before.bytes(),
            &after,
            NOT_PROVABLE,
            WRONG,
            WRONG,
        ),
        (
            "no beginning",
            headless(&alone, 9),
            &alone,
            NOT_PROVABLE,
            WRONG,
            WRONG,
        ),
        ("a hole", hole, &alone, NOT_PROVABLE, WRONG, WRONG),
        ("edited", edited, &alone, WRONG, WRONG, WRONG),
        (
            "forged",
            forged(&alone).bytes(),
            &alone,
            NOT_PROVABLE,
            WRONG,
            WRONG,
        ),
        (
            "forged before",
            led(&forged_before(&before)),
            &after,
            NOT_PROVABLE,
            NOT_PROVABLE,
            NOT_PROVABLE,
        ),
        (
            "torn",
            alone.bytes()[..9 * record + 90].to_vec(),
            &alone,
            WRONG,
            WRONG,
            WRONG,
        ),
        (
            "the first record",
            of(&alone, 0, 1),
            &alone,
            NOT_PROVABLE,
            NOT_PROVABLE,
            PROVEN,
        ),
        (
            "a part",
            of(&alone, 0, 9),
            &alone,
            NOT_PROVABLE,
            NOT_PROVABLE,
            PROVEN,
        ),
        (
            "whole",
            alone.bytes(),
            &alone,
            NOT_PROVABLE,
            NOT_PROVABLE,
            PROVEN,
        ),
        (
            "both loads",
            led(&before),
            &after,
            NOT_PROVABLE,
            NOT_PROVABLE,
            PROVEN,
        ),
        (
            "without the load before",
            after.bytes(),
            &after,
            NOT_PROVABLE,
            NOT_PROVABLE,
            NOT_PROVABLE,
        ),
        (
            "after another boot",
            [boot.bytes(), alone.bytes()].concat(),
            &alone,
            NOT_PROVABLE,
            NOT_PROVABLE,
            NOT_PROVABLE,
        ),
        (
            "another machine's",
            boot.bytes(),
            &after,
            NOT_PROVABLE,
            WRONG,
            WRONG,
        ),
    ];
    for (name, file, running, without, with, matching) in &cases {
        let tree = Tree::bare("verdicts-bare");
        tree.put("saved", file);
        let document = verify(&tree);
        assert_eq!(document["result"], without.1, "{name} without a driver");
        if *without == NOT_PROVABLE {
            assert_eq!(document["driver"]["result"], "not-compared", "{name}");
            let why = document["error"]["why"].as_str().unwrap();
            assert!(why.contains("neither driver nor TPM was asked"), "{why}");
        }
        for tpm in [Tpm::None, Tpm::Silent, Tpm::Differs, Tpm::Matches] {
            let tree = machine("verdicts", running, tpm);
            tree.put("saved", file);
            let document = verify(&tree);
            let expected = match tpm {
                Tpm::Matches => matching,
                Tpm::Differs => &WRONG,
                _ => with,
            };
            assert_eq!(
                document["result"], expected.1,
                "{name}, {tpm:?}: {document:#}"
            );
            // What the driver's records say is said, whatever the TPM does.
            if with.1 == "not-provable" {
                assert_eq!(document["driver"]["result"], "same", "{name}");
                let result = match tpm {
                    Tpm::Matches => "matches",
                    Tpm::Differs => "differs",
                    _ => "not-compared",
                };
                assert_eq!(document["tpm"]["result"], result, "{name}");
            } else {
                assert_eq!(document["tpm"]["result"], "not-compared", "{name}");
            }
        }
    }
}

/// The load before, with another user in its records and a chain that fits.
fn forged_before(before: &Journal) -> Journal {
    let mut forged = Journal::new(6, [0; 32]);
    for event in &before.events[1..] {
        forged.add(Event {
            uid: 1001,
            ..*event
        });
    }
    forged
}

/// Promise: what is missing is said, and up to where the rest is proven.
#[test]
fn what_is_missing() {
    let journal = varied();
    let tree = journal.on("verdicts-missing");
    let (all, driver) = (&journal.events, |document: &Value, key: &str| {
        document["driver"][key].clone()
    });
    tree.put("saved", b"");
    let found = verify(&tree);
    assert_eq!(
        (driver(&found, "result"), driver(&found, "missing")),
        ("lacks".into(), 22.into())
    );
    let lost = gap(9, &all[8]);
    tree.put("saved", &bytes(&[&[lost], &all[9..]].concat()));
    let found = verify(&tree);
    assert_eq!(
        (driver(&found, "result"), driver(&found, "missing")),
        ("lacks".into(), 9.into())
    );
    assert_eq!(found["error"]["code"], "journal-lacks-records");
    tree.put("saved", &bytes(&all[..9]));
    let found = verify(&tree);
    assert_eq!(
        (driver(&found, "newer"), driver(&found, "compared")),
        (13.into(), 9.into())
    );
    assert_eq!(found["loads"][0]["proven_to"], 9);
    // Of a load that has ended, up to its last change: nothing holds what came after.
    let (before, after) = led_on();
    let tree = after.to(tree);
    tree.put("saved", &[before.bytes(), after.bytes()].concat());
    let found = verify(&tree);
    assert_eq!(found["loads"][0]["last"], before.events.len());
    assert_eq!(found["loads"][0]["proven_to"], before.events.len() - 1);
    assert_eq!(found["loads"][1]["proven_to"], after.events.len());
    // What the driver has overwritten, and no file has, nobody can prove.
    let lost = gap(9, &all[8]);
    let tree = journal.to(tree);
    let rest = bytes(&[&[lost], &all[9..]].concat());
    tree.put("saved", &rest);
    tree.put("recording/journal.bin", &rest);
    assert_eq!(verify(&tree)["result"], "not-provable");
    let (status, document) = json(&tree, &["journal", "verify"]);
    assert_eq!((status, &document["result"]), (7, &"not-provable".into()));
    // A file that has it fills the gap.
    tree.put("saved", &journal.bytes());
    assert_eq!(verify(&tree)["result"], "proven");
}

/// Promise: a driver that has nothing to compare with, or whose own records do not fit, proves
/// nothing.
#[test]
fn driver_without_records() {
    let journal = varied();
    // With a TPM it is given time to come to rest.
    let tree = machine("verdicts-driver", &journal, Tpm::None);
    tree.put("saved", &journal.bytes());
    let mut edited = journal.bytes();
    edited[7 * EVENT_SIZE] ^= 1;
    for (records, result) in [(&[][..], "not-provable"), (&edited, "wrong")] {
        tree.put("recording/journal.bin", records);
        assert_eq!(verify(&tree)["result"], result);
    }
    let silent = rugged("verdicts-no-journal");
    silent.put("saved", &journal.bytes());
    assert_eq!(verify(&silent)["result"], "not-provable");
}

/// Promise: people see which half was not checked, and that a file does not name its machine.
#[test]
fn in_words() {
    let journal = varied();
    let mut text = String::new();
    let mut add = |title: &str, tree: &Tree, file: &[u8]| {
        tree.put("saved", file);
        let path = tree.path("saved");
        let output = on(tree, &["journal", "verify", path.to_str().unwrap()]);
        text.push_str(&format!("# {title}\n{}{}\n", output.stdout, output.stderr));
    };
    let whole = journal.bytes();
    add(
        "whole",
        &machine("words-whole", &journal, Tpm::Matches),
        &whole,
    );
    add(
        "a part",
        &machine("words-part", &journal, Tpm::Matches),
        &whole[..9 * EVENT_SIZE],
    );
    add("no driver", &Tree::bare("words-bare"), &whole);
    add(
        "no TPM",
        &machine("words-no-tpm", &journal, Tpm::None),
        &whole,
    );
    add(
        "another PCR",
        &machine("words-pcr", &journal, Tpm::Differs),
        &whole,
    );
    add(
        "empty",
        &machine("words-empty", &journal, Tpm::Matches),
        b"",
    );
    add(
        "torn",
        &machine("words-torn", &journal, Tpm::Matches),
        &whole[..9 * EVENT_SIZE + 9],
    );
    add(
        "forged",
        &machine("words-forged", &journal, Tpm::Matches),
        &forged(&journal).bytes(),
    );
    let (before, after) = led_on();
    let both = [before.bytes(), after.bytes()].concat();
    add(
        "two loads",
        &machine("words-two", &after, Tpm::Matches),
        &both,
    );
    add(
        "without the load before",
        &machine("words-one", &after, Tpm::Matches),
        &after.bytes(),
    );
    let mut one = Journal::new(3, [0; 32]);
    one.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    add(
        "one change",
        &machine("words-change", &one, Tpm::Matches),
        &one.bytes(),
    );
    let dir = env!("CARGO_TARGET_TMPDIR");
    assert_shows!(text.replace(dir, "[DIR]"), "journal-verdicts.txt");
}

/// Promise: whoever makes a journal up cannot have its verifying take all memory: neither with as many
/// doubts about the TPM as are followed, before records that were extended, nor with failures of which
/// each names all of them.
#[test]
fn memory() {
    let made_up = |anchored, failures, failed: fn(u64) -> Event| {
        let mut journal = Journal::new(7, [0; 32]);
        for _ in 0..anchored {
            journal.add(Event {
                properties: uapi::EVENT_ANCHORED,
                pcr: 13,
                ..of(uapi::KIND_STEP)
            });
        }
        for number in 0..failures {
            journal.add(Event {
                kind: uapi::KIND_ANCHOR_FAILED,
                ..failed(number)
            });
        }
        journal
    };
    let doubts = made_up(200, 12, |number| Event {
        about: number + 2,
        count: 1,
        error: Errno::EIO as u32,
        ..Event::default()
    });
    let failures = made_up(2000, 2000, |_| Event {
        about: 1,
        count: u32::MAX,
        error: Errno::EOVERFLOW as u32,
        ..Event::default()
    });
    for (name, journal) in [("doubts", doubts), ("failures", failures)] {
        let tree = rugged(&format!("journal-memory-{name}"));
        tree.put("saved", &journal.bytes());
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -d 20000; exec \"$@\"", "sh"]);
        shell.args([env!("CARGO_BIN_EXE_milspecctl"), "--json"]);
        shell.args(["journal", "verify"]).arg(tree.path("saved"));
        let output = shell.output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{name}: {error}: {output:?}"));
        assert_eq!(document["loads"][0]["records"], journal.events.len());
    }
}
