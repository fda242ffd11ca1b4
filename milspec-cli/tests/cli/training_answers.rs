// SPDX-License-Identifier: GPL-2.0

//! Answers of trainees: the socket, and what becomes of what arrives there.

use crate::training_commands::answered;
use crate::training_plays::scenarios;
use crate::tree::Tree;
use milspec::training::answers::{answer, Answers, ANSWER_MAX};
use milspec::training::run::Run;
use milspec::training::view;
use milspec::{Result, Root};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

fn root(tree: &Tree) -> Root {
    milspec::machine::open(Some(std::path::Path::new(tree.dir()))).unwrap()
}

fn run() -> Run {
    Run::new(
        scenarios()["incident"].0.clone(),
        &answered(true),
        Vec::new(),
    )
}

/// Answers while the run takes what arrives.
fn answers(
    root: &Root,
    socket: &mut Answers,
    run: &mut Run,
    name: &str,
    value: &str,
) -> Result<()> {
    let (root, name, value) = (root.clone(), name.to_string(), value.to_string());
    let trainee = thread::spawn(move || answer(&root, &name, &value));
    while !trainee.is_finished() {
        for given in socket.take() {
            let taken = run.take_answer(&given);
            given.tell(taken);
        }
        thread::sleep(Duration::from_millis(5));
    }
    trainee.join().unwrap()
}

/// Promise: the first answer counts and is final, with who gave it; who comes later, or asks for what is
/// not asked, or too late, is told so; and where nobody listens, no run is under way.
#[test]
fn first_counts() {
    let tree = Tree::bare("training-answers");
    let root = root(&tree);
    assert_eq!(
        answer(&root, "who", "alice").unwrap_err().code,
        "no-training"
    );
    fs::create_dir_all(tree.path("run/milspecctl")).unwrap();
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(tree.path("run/milspecctl"), private).unwrap();
    let mut socket = Answers::open(&root).unwrap();
    let mode = |path: &str| fs::metadata(tree.path(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("run/milspecctl"), 0o755);
    assert_eq!(mode("run/milspecctl/answer.sock"), 0o660);
    let mut run = run();
    answers(&root, &mut socket, &mut run, "who", "nobody").unwrap();
    let me = nix::unistd::getuid().as_raw();
    let again = answers(&root, &mut socket, &mut run, "who", "root").unwrap_err();
    assert_eq!(again.code, "already-answered");
    assert!(again.why.contains(&format!("uid {me} ")), "{}", again.why);
    let other = answers(&root, &mut socket, &mut run, "when", "now").unwrap_err();
    assert_eq!(other.code, "no-such-answer");
    let given: Vec<_> = run
        .answers
        .iter()
        .map(|one| (&*one.name, &*one.value, one.uid))
        .collect();
    assert_eq!(given, [("who", "nobody", me)]);
    let begun = crate::journal::Journal::of_training(9, 1).events;
    run.take(&root, &begun);
    run.seen_ns = begun[0].boot_ns + 20 * 60 * 1_000_000_000;
    let late = answers(&root, &mut socket, &mut run, "where", "DSMIL4D5").unwrap_err();
    assert_eq!((late.code, &*late.why), ("no-training", "the run is over"));
    // Whoever ran it was killed: the socket is there, and nobody listens.
    drop(socket);
    let nobody = answer(&root, "where", "DSMIL4D5").unwrap_err();
    assert_eq!(
        (nobody.code, &*nobody.why),
        ("no-training", "no run is under way")
    );
    // And who goes on listens anew.
    let mut socket = Answers::open(&root).unwrap();
    run.seen_ns = begun[0].boot_ns;
    answers(&root, &mut socket, &mut run, "where", "DSMIL4D5").unwrap();
    view::withdraw(&root).unwrap();
    assert!(!tree.has("run/milspecctl"));
}

/// Promise: who says nothing, too much or nonsense is waited for by nobody and is no answer.
#[test]
fn nobody_blocks() {
    let tree = Tree::bare("training-flood");
    let root = root(&tree);
    let mut socket = Answers::open(&root).unwrap();
    let path = tree.path("run/milspecctl/answer.sock");
    let connect = || UnixStream::connect(&path).unwrap();
    let silent: Vec<UnixStream> = (0..50).map(|_| connect()).collect();
    let before = Instant::now();
    assert!(socket.take().is_empty());
    assert!(before.elapsed() < Duration::from_millis(500));
    thread::sleep(Duration::from_millis(1100));
    assert!(socket.take().is_empty());
    // They have been let go.
    for mut one in silent {
        one.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(one.read(&mut [0; 8]).unwrap(), 0);
    }
    let long = "x".repeat(ANSWER_MAX + 1);
    for line in [
        format!("who {long}\n"),
        "x".repeat(5000),
        "who\n".into(),
        "who \n".into(),
        "../who alice\n".into(),
        "who a\u{1b}[2J\n".into(),
    ] {
        let mut one = connect();
        let _ = one.write_all(line.as_bytes());
        assert!(socket.take().is_empty(), "{line:?}");
        // What was left of it is no answer either.
        assert!(socket.take().is_empty(), "{line:?}");
    }
    let mut one = connect();
    one.write_all(b"who ").unwrap();
    assert!(socket.take().is_empty());
    one.write_all(b"alice\nwho bob\n").unwrap();
    let given = socket.take();
    assert_eq!((&*given[0].name, &*given[0].value), ("who", "alice"));
    assert_eq!(given.len(), 1);
}
