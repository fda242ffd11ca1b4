// SPDX-License-Identifier: GPL-2.0

//! Errors: three lines for people, one document for programs, and an exit status.

use crate::assert_shows;
use crate::machines::*;
use crate::run::{command, document, finish, json, on};
use crate::tree::Tree;
use milspec_uapi::ABI_MAJOR;
use nix::errno::Errno;
use std::fmt::Write;

/// Fails in all commands that need the driver with the same status and code, in three lines of at
/// most 80 columns on standard error, and as a document; returns the three lines.
fn fails(tree: &Tree, arguments: &[&str], exit: i32, code: &str) -> String {
    let output = on(tree, arguments);
    assert_eq!((output.status, output.stdout.as_str()), (exit, ""));
    assert_eq!(output.stderr.lines().count(), 3, "{}", output.stderr);
    for line in output.stderr.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let (status, document) = json(tree, arguments);
    assert_eq!(status, exit);
    assert_eq!(document["error"]["code"], code);
    assert_eq!(document["error"]["exit"], exit);
    output.stderr
}

/// Promise: an error says what failed, why (looked up, not guessed), and what to do next.
#[test]
fn each() {
    let mut text = String::new();
    let mut add = |title: &str, error: String| write!(text, "# {title}\n{error}\n").unwrap();
    let status = ["status"];

    let tree = Tree::bare("error-nothing");
    add("nothing installed", fails(&tree, &status, 3, "no-driver"));

    let tree = Tree::bare("error-not-loaded").installed();
    add("not loaded", fails(&tree, &status, 3, "no-driver"));

    let tree = Tree::bare("error-not-indexed")
        .file("lib/modules/7.3.4-test/updates/dell_milspec.ko.xz", "");
    add("not indexed", fails(&tree, &status, 3, "no-driver"));

    let tree = Tree::loaded("error-no-node");
    add("loaded without node", fails(&tree, &status, 3, "no-driver"));

    let tree = Tree::bare("error-not-dell").dmi("Example", "Box", "1");
    add("not a Dell", fails(&tree, &status, 3, "no-driver"));

    let none = "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t1000\n";
    let tree = business("error-not-member")
        .open_error(Errno::EACCES)
        .file("proc/self/status", none)
        .file("etc/group", "milspec:x:990:\n");
    add("not a member", fails(&tree, &status, 4, "no-permission"));

    let tree = business("error-old-session")
        .open_error(Errno::EACCES)
        .file("proc/self/status", none);
    add(
        "session is older",
        fails(&tree, &status, 4, "no-permission"),
    );

    let tree = business("error-no-group")
        .open_error(Errno::EACCES)
        .file("etc/group", "root:x:0:\n");
    add("no group", fails(&tree, &status, 4, "no-permission"));

    let tree = business("error-node-mode").open_error(Errno::EACCES);
    add(
        "member, node closed",
        fails(&tree, &status, 4, "no-permission"),
    );

    let refresh = ["control", "list", "--refresh"];
    add(
        "refresh without root",
        fails(&tree, &refresh, 4, "no-permission"),
    );

    let tree = business("error-no-refresh");
    add(
        "nothing to refresh",
        fails(&tree, &refresh, 3, "unsupported"),
    );

    let mut newer = info("Dell Inc.", "Latitude 5450", "1.9.1");
    newer.abi_major = ABI_MAJOR + 1;
    let tree = Tree::loaded("error-newer").answers(&newer, &status_of_none(), &[]);
    add("newer driver", fails(&tree, &status, 6, "abi-mismatch"));

    newer.abi_major = 0;
    let tree = Tree::loaded("error-older").answers(&newer, &status_of_none(), &[]);
    add("older driver", fails(&tree, &status, 6, "abi-mismatch"));

    let tree = business("error-open").open_error(Errno::EMFILE);
    add("cannot be opened", fails(&tree, &status, 1, "open-failed"));

    let tree = rugged("error-name");
    let show = |name| fails(&tree, &["control", "show", name], 1, "no-such-control");
    add("name with one letter wrong", show("camrea"));
    add("name in other letters", show("dsmil0d5"));
    add("part of a name", show("stealth-"));
    add("no such name", show("zzz"));

    assert_shows!(text, "errors.txt");
}

fn status_of_none() -> milspec_uapi::Status {
    status(&[])
}

/// Promise: a wrong command line is exit 2, in three lines that say what to type, and a document
/// when --json is among the arguments, wherever it stands.
#[test]
fn usage() {
    let mut text = String::new();
    for line in [
        "foo",
        "stauts",
        "control",
        "control show",
        "status --quite",
        "status extra",
        "status -q -v",
        "control list --class foo",
        "control list --group x",
        "--color",
        "--color blue",
        "--verbose=1",
        "control set camera",
        "events --since soon",
        "mode set paranoid --confirm-within 5 --dry-run",
    ] {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = finish(command(&arguments));
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{line}");
        assert_eq!(output.stderr.lines().count(), 3, "{}", output.stderr);
        write!(text, "$ milspecctl {line}\n{}\n", output.stderr).unwrap();
        let mut arguments = arguments;
        arguments.insert(0, "--json");
        let output = finish(command(&arguments));
        assert_eq!(output.status, 2);
        let document = document(&output);
        assert_eq!(document["error"]["code"], "usage");
    }
    assert_shows!(text, "usage.txt");
}

/// Promise: a command line without a command says what to do first, and help and version are
/// documents where these were asked for.
#[test]
fn help_documents() {
    let output = finish(command(&[]));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    assert!(
        output.stdout.contains("milspecctl doctor"),
        "{}",
        output.stdout
    );
    for line in [
        &["--help"][..],
        &["help"],
        &["--version"],
        &["mode", "set", "-h"],
    ] {
        let text = finish(command(line)).stdout;
        let output = finish(command(&[&["--json"], line].concat()));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""));
        let document = document(&output);
        assert_eq!(document["schema"], "milspec.help/1");
        assert_eq!(document["text"], text);
    }
}

/// Promise: after `--`, `--json` is a name and no option.
#[test]
fn json_after_the_options() {
    let output = finish(command(&["control", "get", "--", "a", "--json"]));
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
}

/// Promise: a directory that is no recording is never shown as a machine.
#[test]
fn not_a_recording() {
    let tree = business("error-recording").without("recording");
    let output = on(&tree, &["--json", "status"]);
    assert_eq!(output.status, 1);
    assert_eq!(document(&output)["error"]["code"], "bad-recording");
}

/// Promise: --quiet silences success, not errors, and not the document that was asked for.
#[test]
fn quiet() {
    let tree = business("quiet");
    let output = on(&tree, &["-q", "status"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, ""));
    let output = on(&tree, &["-q", "--json", "status"]);
    assert_eq!(document(&output)["schema"], "milspec.status/1");
    let tree = Tree::bare("quiet-error");
    let output = on(&tree, &["-q", "status"]);
    assert_eq!(output.status, 3);
    assert_eq!(output.stderr.lines().count(), 3);
}

/// Promise: no text of an argument reaches the terminal as anything but text.
#[test]
fn arguments_are_no_escapes() {
    let tree = rugged("error-escapes");
    let hostile = "\u{1b}[2J\u{7}\r\u{9b}31m\u{202e}\tx\nmilspecctl: y";
    std::fs::write(tree.path(hostile), crate::journal::varied().bytes()).unwrap();
    let set = format!("{hostile}={hostile}");
    let camera = format!("camera={hostile}");
    for words in [
        &[hostile][..],
        &["status", hostile],
        &["control", "show", hostile],
        &["control", "set", hostile],
        &["control", "set", &set],
        &["control", "set", &camera],
        &["control", "accept", hostile],
        &["control", "list", "--class", hostile],
        &["mode", "plan", hostile],
        &["mode", "set", "paranoid", "--except", hostile],
        &["config", "show", hostile],
        &["config", "apply", &format!("/nowhere/{hostile}")],
        &["events", "--since", hostile],
        &["events", "--file", &format!("/nowhere/{hostile}")],
        &["journal", "save", hostile],
        &["journal", "save", &format!("/nowhere/{hostile}")],
        &["journal", "verify", hostile],
        &[
            "attest",
            "verify",
            hostile,
            "--key",
            "k",
            "--nonce",
            "0011223344556677",
        ],
        &["report", "--yes", "-o", &format!("/nowhere/{hostile}")],
        &["--root", hostile, "status"],
    ] {
        let mut command = match words[0] {
            "--root" => command(&[]),
            _ => command(&["--root", tree.dir()]),
        };
        command.args(words).current_dir(tree.dir());
        let output = finish(command);
        let text = output.stdout + &output.stderr;
        let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(acts), "{words:?}: {text:?}");
        assert!(!text.contains("\nmilspecctl: y"), "{words:?}: {text:?}");
        assert!(!text.is_empty(), "{words:?}");
    }
}
