// SPDX-License-Identifier: GPL-2.0

//! Files that are no journal, and `-` in the place of a file.

use crate::attest::stand_in;
use crate::journal::*;
use crate::prompts::Terminal;
use crate::run::{command, document, finish, json, on, on_with_input};
use milspec_uapi::EVENT_SIZE;
use sha2::{Digest, Sha256};
use std::fs;

/// What is no journal of anybody.
fn foreign() -> Vec<Vec<u8>> {
    let passwd = b"root:x:0:0:root:/root:/bin/bash\n".repeat(40);
    let journal = varied().bytes();
    let mut all = vec![
        b"x".to_vec(),
        b"{\"schema\": \"milspec.config/1\"}\n".to_vec(),
        passwd[..EVENT_SIZE].to_vec(),
        passwd.clone(),
        vec![0; 1],
        vec![0; 3 * EVENT_SIZE],
        vec![0xFF; 400],
        // Shifted, cut at its beginning, and the beginning of a record that no record is before.
        journal[1..].to_vec(),
        journal[..100].to_vec(),
        journal[..EVENT_SIZE - 1].to_vec(),
        journal[EVENT_SIZE..2 * EVENT_SIZE].to_vec(),
    ];
    // Anything of any length.
    let mut bytes = Vec::new();
    while bytes.len() < 3 * EVENT_SIZE {
        bytes.extend(Sha256::digest((bytes.len() as u64).to_le_bytes()));
        all.push(bytes.clone());
        all.push(bytes[1..].to_vec());
    }
    all
}

/// Promise: nothing is written to a file that is no journal, and nothing is cut from it.
#[test]
fn left_alone() {
    let tree = varied().on("journal-left-alone");
    let path = tree.path("saved");
    for bytes in foreign() {
        tree.put("saved", &bytes);
        let (status, document) = json(&tree, &["journal", "save", path.to_str().unwrap()]);
        assert_eq!(
            (status, &document["error"]["code"]),
            (1, &"not-a-journal".into()),
            "{bytes:?}"
        );
        assert_eq!(tree.bytes("saved"), bytes);
    }
    let shown = on(&tree, &["journal", "save", path.to_str().unwrap()]).stderr;
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains("this one stays as it is"), "{shown}");
}

/// Promise: nor is anything cut from a journal that somebody else has added to.
#[test]
fn added_to() {
    let journal = varied();
    let tree = journal.on("journal-added-to");
    let path = tree.path("saved");
    let whole = journal.bytes();
    let mut next = whole[9 * EVENT_SIZE..10 * EVENT_SIZE].to_vec();
    next[100] ^= 1;
    for tail in [
        b"x".to_vec(),
        b"root:x:0:0:root:/root:/bin/bash\n".repeat(20),
        vec![0xFF; EVENT_SIZE],
        // The beginning of the record after the next, and of the next as another load had it.
        whole[10 * EVENT_SIZE..10 * EVENT_SIZE + 60].to_vec(),
        next[..170].to_vec(),
        // Zeros with something behind them.
        [vec![0; 200], vec![1]].concat(),
    ] {
        let bytes = [&whole[..9 * EVENT_SIZE], &tail].concat();
        tree.put("saved", &bytes);
        let (status, document) = json(&tree, &["journal", "save", path.to_str().unwrap()]);
        assert_eq!(
            (status, &document["error"]["code"]),
            (1, &"journal-differs".into()),
            "{tail:?}"
        );
        assert_eq!(tree.bytes("saved"), bytes);
    }
}

/// Promise: what is no journal is not shown as one, nor verified: it is an error. So is a file that
/// is not there, and one without a record.
#[test]
fn not_read() {
    let tree = varied().on("journal-not-read");
    stand_in(&tree);
    let path = tree.path("saved");
    let file = path.to_str().unwrap();
    let attest = tree.path("attestation");
    let key = tree.path("key");
    let verify = [
        "attest",
        "verify",
        attest.to_str().unwrap(),
        "--key",
        key.to_str().unwrap(),
        "--nonce",
        crate::attest::NONCE,
        "--journal",
        file,
    ];
    let readers = [
        &["events", "--file", file][..],
        &["journal", "verify", file],
        &verify,
    ];
    let check = |code: &str| {
        for words in readers {
            let (status, document) = json(&tree, words);
            assert_eq!(
                (status, &document["error"]["code"]),
                (1, &code.into()),
                "{words:?}"
            );
        }
    };
    for bytes in foreign() {
        tree.put("saved", &bytes);
        check("not-a-journal");
    }
    fs::remove_file(&path).unwrap();
    check("file-unreadable");
    let shown = on(&tree, &["journal", "verify", file]).stderr;
    assert!(shown.contains("why:  there is no such file"), "{shown}");
    tree.put("saved", b"");
    let (status, document) = json(&tree, &["events", "--file", file]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"not-a-journal".into())
    );
}

/// Promise: - is standard output where a file is written, and nothing else is written there.
#[test]
fn to_standard_output() {
    let journal = varied();
    let tree = journal.on("journal-to-output");
    let save = |words: &[&str]| {
        let mut command = command(&["--root", tree.dir()]);
        command.args(words).current_dir(tree.dir());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), output.stdout, said)
    };
    let said = "Saved 22 records, up to 22: standard output\n";
    let saved = save(&["journal", "save", "-"]);
    assert_eq!(saved, (Some(0), journal.bytes(), said.into()));
    let saved = save(&["-q", "journal", "save", "-"]);
    assert_eq!(saved, (Some(0), journal.bytes(), String::new()));
    let (before, after) = journal.events.split_at(9);
    tree.put("recording/journal.bin", &bytes(before));
    tree.put("recording/journal-2.bin", &bytes(after));
    let (status, saved, _) = save(&["journal", "save", "--follow", "-"]);
    assert_eq!((status, saved), (Some(0), journal.bytes()));
    assert!(!tree.has("-"), "a file named -");
    // A terminal has no use for bytes, and acts on them.
    let (status, text) = Terminal::start(&tree, &["journal", "save", "-"]).end();
    assert_eq!(status, 2);
    assert!(
        text.contains("cannot write records to a terminal"),
        "{text}"
    );
}

/// Promise: - is standard input where a file is read.
#[test]
fn from_standard_input() {
    let journal = varied();
    let tree = journal.on("journal-from-input");
    for (words, file) in [
        (&["events", "--file", "-"][..], "saved"),
        (&["journal", "verify", "-"], "saved"),
    ] {
        let output = on_with_input(&tree, words, journal.bytes());
        assert_eq!(output.status, 0, "{words:?}: {}", output.stderr);
        tree.put(file, &journal.bytes());
        let path = tree.path(file);
        let named: Vec<&str> = words
            .iter()
            .map(|word| match *word {
                "-" => path.to_str().unwrap(),
                word => word,
            })
            .collect();
        assert_eq!(output.stdout, on(&tree, &named).stdout, "{words:?}");
    }
    let output = on_with_input(&tree, &["--json", "journal", "verify", "-"], "no journal");
    let document = document(&output);
    assert_eq!(document["error"]["code"], "not-a-journal");
    assert_eq!(document["error"]["what"], "standard input is no journal");
}

/// Promise: what two arguments would read, or two outputs be written to, is a wrong command line.
#[test]
fn one_stream_for_two() {
    let config = "{\"schema\": \"milspec.config/1\", \"mode\": \"standard\"}";
    let tree = varied().on("journal-two").file("config.json", config);
    let nonce = crate::attest::NONCE;
    for (line, wrong) in [
        ("config apply - --bios-password-fd 0", true),
        ("journal verify - -", true),
        ("journal verify a -", false),
        (&format!("attest verify - --key - --nonce {nonce}"), true),
        (
            &format!("attest verify a --key k --journal - --journal - --nonce {nonce}"),
            true,
        ),
        (
            &format!("attest verify - --key k --journal j --nonce {nonce}"),
            false,
        ),
        ("--json journal save -", true),
        ("--json attest enroll --out -", true),
        ("attest enroll --out -", false),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let output = on_with_input(&tree, &words, config);
        assert_eq!(output.status == 2, wrong, "{line}: {}", output.stderr);
        if wrong {
            let json = if words[0] == "--json" {
                &[][..]
            } else {
                &["--json"]
            };
            let output = on_with_input(&tree, &[json, &words[..]].concat(), config);
            let error = &document(&output)["error"];
            assert_eq!(error["code"], "usage", "{line}");
            assert!(
                error["what"].as_str().unwrap().contains("standard"),
                "{error}"
            );
        }
    }
    let words = ["config", "apply", "config.json", "--bios-password-fd", "0"];
    let mut command = command(&["--root", tree.dir()]);
    command.args(words).current_dir(tree.dir());
    assert_ne!(finish(command).status, 2);
}
