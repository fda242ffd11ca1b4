// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal`: what is saved is what was recorded, and what was edited is found.

use crate::assert_shows;
use crate::journal::*;
use crate::run::{command, finish, json, on, Output};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Event, EVENT_SIZE};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use zerocopy::IntoBytes;

fn path(tree: &Tree, name: &str) -> String {
    tree.path(name).to_str().unwrap().into()
}

fn save(tree: &Tree) -> Value {
    let (status, document) = json(tree, &["journal", "save", &path(tree, "saved")]);
    assert_eq!(status, 0, "{document:#}");
    document
}

/// Verifies files without a machine.
fn verify(tree: &Tree, files: &[&str]) -> (i32, Value) {
    let paths: Vec<String> = files.iter().map(|file| path(tree, file)).collect();
    let mut words = vec!["journal", "verify"];
    words.extend(paths.iter().map(String::as_str));
    json(tree, &words)
}

/// Place and code of the first record that does not fit, which is the error.
fn broken(found: &(i32, Value)) -> (u64, &str) {
    let (status, document) = found;
    assert_eq!(*status, 1, "{document:#}");
    assert_eq!(document["error"]["code"], "journal-broken");
    let broken = &document["broken"];
    let record = broken["record"].as_u64().unwrap();
    assert_eq!(broken["offset"], (record - 1) * EVENT_SIZE as u64);
    (record, broken["code"].as_str().unwrap())
}

/// Promise: the file is what the driver gave, for root alone; saving again adds what is new.
#[test]
fn saved() {
    let mut journal = varied();
    let tree = journal.on("journal-saved");
    let document = save(&tree);
    assert_eq!(
        (&document["saved"], &document["last"]),
        (&22.into(), &22.into())
    );
    assert_eq!(tree.bytes("saved"), journal.bytes());
    let mode = fs::metadata(tree.path("saved"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(save(&tree)["saved"], 0);
    journal.change();
    let tree = journal.to(tree);
    assert_eq!(save(&tree)["saved"], 5);
    assert_eq!(tree.bytes("saved"), journal.bytes());
    // Another load follows the one before it.
    let mut next = Journal::new(8, journal.pcr);
    next.change();
    let tree = next.to(tree);
    assert_eq!(save(&tree)["saved"], 6);
    assert_eq!(
        tree.bytes("saved"),
        [journal.bytes(), next.bytes()].concat()
    );
    let (status, document) = verify(&tree, &["saved"]);
    assert_eq!(status, 0, "{document:#}");
    assert_eq!(document["loads"][1]["continues"], true);
    assert_eq!(document["loads"][0]["proven_to"], 26);
    assert_eq!(
        (
            &document["driver"]["compared"],
            &document["driver"]["newer"]
        ),
        (&6.into(), &0.into())
    );
    assert_eq!(document["tpm"]["result"], "matches");
    let text = on(&tree, &["journal", "verify", &path(&tree, "saved")]);
    assert_shows!(text.stdout, "journal-verify.txt");
}

/// Promise: a record that a power cut has torn is replaced, and said.
#[test]
fn torn() {
    let journal = varied();
    let tree = journal.on("journal-torn");
    let whole = journal.bytes();
    for left in [0, 176, 177, 184, 351, 20 * 176 + 100] {
        // With and without the zeros that a file system may leave behind what was written.
        for zeros in [0, 76, 3 * 176] {
            let zeros = vec![0; if left == 0 { 0 } else { zeros }];
            tree.put("saved", &[&whole[..left], &zeros].concat());
            let document = save(&tree);
            assert_eq!(document["torn_bytes"], left % 176 + zeros.len());
            assert_eq!(document["saved"], 22 - left / 176);
            assert_eq!(tree.bytes("saved"), whole);
        }
    }
    // What was torn can be the first record of a load, or a gap.
    let lost = gap(4, &journal.events[12]);
    let next = Journal::new(8, journal.pcr);
    for torn in [lost.as_bytes(), &next.bytes()] {
        tree.put("saved", &[&whole[..9 * 176], &torn[..130]].concat());
        assert_eq!(save(&tree)["torn_bytes"], 130);
        assert_eq!(tree.bytes("saved"), whole);
    }
    tree.put("saved", &journal.bytes()[..177]);
    let text = on(&tree, &["journal", "save", &path(&tree, "saved")]).stdout;
    assert!(text.contains("! 1 byte of a torn record cut off"), "{text}");
}

/// Promise: what the driver has overwritten since is a gap in the file, of the right size.
#[test]
fn overwritten() {
    let journal = varied();
    let tree = journal.on("journal-overwritten");
    let with_gap = |lost: usize| {
        let gap = gap(lost as u32, &journal.events[lost - 1]);
        bytes(&[&[gap], &journal.events[lost..]].concat())
    };
    tree.put("saved", &journal.bytes()[..4 * EVENT_SIZE]);
    tree.put("recording/journal.bin", &with_gap(10));
    let document = save(&tree);
    assert_eq!(
        (&document["saved"], &document["lost"]),
        (&12.into(), &6.into())
    );
    let (status, document) = verify(&tree, &["saved"]);
    assert_eq!(status, 7, "{document:#}");
    assert_eq!(document["loads"][0]["lost"], 6);
    assert_eq!(document["tpm"]["result"], "not-compared");
    // One that reaches back into what is saved stands for nothing.
    tree.put("saved", &journal.bytes()[..15 * EVENT_SIZE]);
    let document = save(&tree);
    assert_eq!(
        (&document["saved"], &document["lost"]),
        (&7.into(), &0.into())
    );
    assert_eq!(tree.bytes("saved"), journal.bytes());
}

/// Promise: what is lost between two files is a gap, and wrong as long as the driver has it.
#[test]
fn lost_between_files() {
    let journal = varied();
    let tree = journal.on("journal-lost-between");
    let lost = gap(10, &journal.events[9]);
    tree.put("a", &journal.bytes()[..4 * EVENT_SIZE]);
    tree.put("b", &bytes(&[&[lost], &journal.events[10..15]].concat()));
    let (status, document) = verify(&tree, &["a", "b"]);
    assert_eq!(status, 1, "{document:#}");
    assert_eq!(document["loads"][0]["lost"], 6);
    assert_eq!(document["driver"]["missing"], 6);
    // Where the driver has overwritten it as well, nobody knows.
    let kept = bytes(&[&[gap(12, &journal.events[11])], &journal.events[12..]].concat());
    tree.put("recording/journal.bin", &kept);
    let (status, document) = verify(&tree, &["a", "b"]);
    assert_eq!(status, 7, "{document:#}");
    assert_eq!(document["driver"]["compared"], 3);
    assert_eq!(document["driver"]["newer"], 7);
}

/// Promise: whoever moves the file away while it is saved to, or empties it, loses nothing, and the
/// parts verify as one.
#[test]
fn rotated() {
    let journal = varied();
    for (name, moved) in [("journal-moved", true), ("journal-emptied", false)] {
        let tree = journal.on(name);
        tree.put("recording/journal.bin", &journal.bytes()[..9 * EVENT_SIZE]);
        fs::create_dir_all(tree.path("recording")).unwrap();
        // A fifo holds the second batch back until the file is moved.
        let fifo = tree.path("recording/journal-2.bin");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let saver = command(&[
            "--root",
            tree.dir(),
            "journal",
            "save",
            "-f",
            &path(&tree, "saved"),
        ]);
        let saver = std::thread::spawn(move || finish(saver));
        let mut tries = 0;
        while fs::metadata(tree.path("saved")).map_or(0, |m| m.len()) < 9 * EVENT_SIZE as u64 {
            tries += 1;
            assert!(tries < 600, "nothing was saved");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        if moved {
            fs::rename(tree.path("saved"), tree.path("saved.1")).unwrap();
        } else {
            fs::copy(tree.path("saved"), tree.path("saved.1")).unwrap();
            fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(tree.path("saved"))
                .unwrap();
        }
        fs::write(&fifo, &journal.bytes()[9 * EVENT_SIZE..]).unwrap();
        let output: Output = saver.join().unwrap();
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert_eq!(tree.bytes("saved.1"), journal.bytes()[..9 * EVENT_SIZE]);
        assert_eq!(tree.bytes("saved").len(), 14 * EVENT_SIZE);
        let tree = journal.to(tree);
        let (status, document) = verify(&tree, &["saved.1", "saved"]);
        assert_eq!(status, 0, "{document:#}");
        assert_eq!(
            (
                &document["loads"][0]["records"],
                &document["loads"][0]["lost"]
            ),
            (&22.into(), &0.into())
        );
        assert_eq!(document["tpm"]["result"], "matches");
        // Alone, the second lacks what is not in it; the other way round, they do not fit.
        let (status, document) = verify(&tree, &["saved"]);
        assert_eq!((status, &document["driver"]["missing"]), (1, &9.into()));
        assert_eq!(
            broken(&verify(&tree, &["saved", "saved.1"])),
            (1, "sequence")
        );
    }
}

/// Promise: a part that begins again with records of the one before it is as good, unless they
/// differ.
#[test]
fn overlapping() {
    let journal = varied();
    let tree = Tree::bare("journal-overlap");
    tree.put("a", &journal.bytes()[..15 * EVENT_SIZE]);
    tree.put("b", &journal.bytes());
    let (status, document) = verify(&tree, &["a", "b"]);
    assert_eq!((status, &document["loads"][0]["records"]), (7, &22.into()));
    for bit in [0, 20 * 8, 100 * 8, 150 * 8] {
        let mut other = journal.bytes();
        other[4 * EVENT_SIZE + bit / 8] ^= 1;
        tree.put("b", &other);
        assert_eq!(broken(&verify(&tree, &["a", "b"])).0, 5, "{bit}");
    }
}

/// Promise: somebody else's file, and one that was edited, are not written to.
#[test]
fn not_saved() {
    let journal = varied();
    let tree = journal.on("journal-not-saved");
    let mut other = journal.clone();
    other.events.truncate(5);
    other.events[4].chain[0] ^= 1;
    tree.put("saved", &other.bytes());
    let (status, document) = json(&tree, &["journal", "save", &path(&tree, "saved")]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"journal-differs".into())
    );
    assert_eq!(tree.bytes("saved"), other.bytes());
    let held = fs::File::open(tree.path("saved")).unwrap();
    let held = nix::fcntl::Flock::lock(held, nix::fcntl::FlockArg::LockExclusive).unwrap();
    let (status, document) = json(&tree, &["journal", "save", &path(&tree, "saved")]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"journal-busy".into())
    );
    drop(held);
    // What has no length is no empty file.
    for (nowhere, code) in [
        ("/nowhere/journal", "journal-not-saved"),
        ("/", "journal-not-saved"),
        ("/dev/null", "not-a-journal"),
        ("/dev/full", "not-a-journal"),
    ] {
        let (status, document) = json(&tree, &["journal", "save", nowhere]);
        assert_eq!(
            (status, &document["error"]["code"]),
            (1, &code.into()),
            "{nowhere}"
        );
    }
    std::os::unix::fs::symlink(tree.path("target"), tree.path("link")).unwrap();
    let (status, _) = json(&tree, &["journal", "save", &path(&tree, "link")]);
    assert_eq!(
        (status, tree.has("target")),
        (1, false),
        "a link was followed"
    );
}

/// Promise: every change of a single bit in a saved journal is found, at its record.
#[test]
fn every_bit() {
    use milspec::journal::chain::{verify, Break};
    let journal = varied();
    // A gap in the middle, a second load, and a part that begins with what stands for the first.
    let mut next = Journal::new(8, journal.pcr);
    next.change();
    let lost = gap(3, &journal.events[8]);
    let saved = [
        &journal.events[..6],
        &[lost],
        &journal.events[9..],
        &next.events,
    ]
    .concat();
    assert_eq!(verify([saved.as_slice()]).broken, None);
    for at in 0..saved.len() {
        for bit in 0..EVENT_SIZE * 8 {
            let mut edited = saved.clone();
            edited[at].as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
            let Some(Break { at: found, .. }) = verify([edited.as_slice()]).broken else {
                panic!("bit {bit} of record {} is not found", at + 1);
            };
            // Of a gap nothing but what follows can say that its chain value is another one.
            let in_chain = saved[at].kind == uapi::KIND_GAP && bit >= 144 * 8;
            // Claim: cannot change, remove or add a record in a saved journal unnoticed
            assert_eq!(
                found,
                at + usize::from(in_chain),
                "bit {bit} of record {}",
                at + 1
            );
        }
    }
}

/// Promise: the same goes for the gap with which a part begins that leads on from another.
#[test]
fn every_bit_of_a_stand_in() {
    use milspec::journal::chain::verify;
    let journal = varied();
    let (before, after) = journal.events.split_at(9);
    let part = [&[gap(9, &before[8])], after].concat();
    assert_eq!(verify([before, part.as_slice()]).broken, None);
    let load = std::mem::offset_of!(Event, load);
    for bit in 0..EVENT_SIZE * 8 {
        let mut edited = part.clone();
        edited[0].as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
        let found = verify([before, edited.as_slice()]).broken;
        let found = found.unwrap_or_else(|| panic!("bit {bit} is not found"));
        // As a gap of another load it is as good, until the next record.
        let of_load = (load..load + 16).contains(&(bit / 8));
        assert_eq!((found.part, found.at), (1, usize::from(of_load)), "{bit}");
    }
}

/// Promise: records that are cut off, taken out, moved, doubled or put in from another journal are
/// found, at the first place that is not as it was.
#[test]
fn edited() {
    let tree = Tree::bare("journal-edited");
    let journal = varied();
    let other = varied_as(9);
    let all = &journal.events;
    let check = |events: &[Event]| {
        tree.put("saved", &bytes(events));
        verify(&tree, &["saved"])
    };
    assert_eq!(check(all).0, 7);
    for at in [1, 7, 20] {
        let mut without = all.clone();
        without.remove(at);
        assert_eq!(broken(&check(&without)), (at as u64 + 1, "sequence"));
        let mut twice = all.clone();
        twice.insert(at, all[at - 1]);
        assert_eq!(broken(&check(&twice)), (at as u64 + 1, "sequence"));
        let mut swapped = all.clone();
        swapped.swap(at - 1, at);
        assert_eq!(broken(&check(&swapped)), (at as u64, "sequence"));
        let spliced = [&all[..at], &other.events[at..]].concat();
        assert_eq!(broken(&check(&spliced)), (at as u64 + 1, "sequence"));
        let back = [&all[..at], &other.events, &all[at..]].concat();
        assert_eq!(broken(&check(&back)), ((at + 22) as u64 + 1, "load"));
        tree.put("saved", &journal.bytes()[..at * EVENT_SIZE + 100]);
        assert_eq!(
            broken(&verify(&tree, &["saved"])),
            (at as u64 + 1, "cut-off")
        );
    }
}

fn varied_as(load: u8) -> Journal {
    let mut journal = Journal::new(load, [0; 32]);
    for event in &varied().events[1..] {
        journal.add(*event);
    }
    journal
}

/// Promise: records that were made up with a chain of their own are found by the driver's, and by
/// the PCR where the driver has gone.
#[test]
fn made_up() {
    let journal = varied();
    let tree = journal.on("journal-made-up");
    let mut forged = Journal::new(7, [0; 32]);
    for event in &journal.events[1..] {
        let mut event = *event;
        if event.sequence == 9 {
            event.uid = 1001;
        }
        forged.add(event);
    }
    tree.put("saved", &forged.bytes());
    assert_eq!(broken(&verify(&tree, &["saved"])), (9, "driver"));
    let text = on(&tree, &["journal", "verify", &path(&tree, "saved")]);
    assert_shows!(
        text.stderr.replace(tree.dir(), "[TREE]"),
        "journal-broken.err"
    );
    // Both the file and what answers for the driver are forged; the PCR is not.
    let tree = pcr(forged.to(tree), &journal.pcr);
    let (status, document) = verify(&tree, &["saved"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"journal-tpm-differs".into())
    );
    // A change that the TPM has not seen: the first of its records is named.
    let mut longer = journal.clone();
    longer.change();
    let tree = pcr(longer.to(tree), &journal.pcr);
    let (status, document) = json(&tree, &["journal", "verify"]);
    assert_eq!(
        (status, &document["error"]["code"]),
        (1, &"journal-not-in-tpm".into())
    );
    assert_eq!(document["tpm"]["lacks"], 24);
}

/// Promise: a record that a failed TPM may or may not have taken does not make a liar of anybody; any
/// other value does.
#[test]
fn doubtful() {
    for (taken, error, result) in [
        (false, 5, "matches"),
        (true, 5, "matches"),
        (true, 75, "differs"),
    ] {
        let mut journal = Journal::new(7, [0; 32]);
        journal.change();
        let before = journal.pcr;
        journal.change();
        let in_doubt = journal.events[7];
        assert_eq!(in_doubt.properties, uapi::EVENT_ANCHORED);
        journal.add(Event {
            about: in_doubt.sequence,
            count: 3,
            error,
            ..of(uapi::KIND_ANCHOR_FAILED)
        });
        journal.pcr = before;
        if taken {
            journal.pcr = extended(&before, &in_doubt);
        }
        let tree = journal.on(&format!("journal-doubtful-{taken}-{error}"));
        let (_, document) = json(&tree, &["journal", "verify"]);
        assert_eq!(
            document["tpm"]["result"], result,
            "{taken} {error}: {document:#}"
        );
    }
}
