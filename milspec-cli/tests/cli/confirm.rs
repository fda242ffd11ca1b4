// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within` and `milspecctl confirm` where no service waits: a change is kept, or goes back.

use crate::answers::*;
use crate::assert_shows;
use crate::changes::{request, shown, MODE};
use crate::machines::*;
use crate::prompts::Terminal;
use crate::run::{command, document, json, on, validate, Output};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Control, Step, Target};
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is to be confirmed.
pub const RECORD: &str = "var/lib/milspecctl/unconfirmed.json";

/// The record of it, which keeps to its schema.
pub fn record(tree: &Tree) -> Value {
    let record = serde_json::from_slice(&tree.bytes(RECORD)).unwrap();
    validate(&record);
    record
}

/// What the controls are once these steps were made.
pub fn after(steps: &[Step]) -> Vec<Control> {
    let mut controls = rugged_controls();
    for step in steps {
        let mut all = controls.iter_mut();
        let control = all.find(|control| control.id == step.control).unwrap();
        answer(control, u32::from(step.to));
    }
    controls
}

/// The same steps, the other way round.
pub fn back(steps: &[Step]) -> Vec<Step> {
    let turned = |step: &Step| Step {
        from: step.to,
        to: step.from,
        ..*step
    };
    steps.iter().map(turned).collect()
}

/// What asks for these steps.
pub fn targets(steps: &[Step]) -> Vec<Target> {
    let target = |step: &Step| Target {
        control: step.control,
        value: step.to,
        ..Target::default()
    };
    steps.iter().map(target).collect()
}

/// A machine on which paranoid can be set and put back: with this key, and with nothing else than
/// the values of before.
pub fn with_key(name: &str, key: u16) -> Tree {
    let (there, back) = (steps(), back(&steps()));
    let listing = |steps: &[Step]| (status(&after(steps)), after(steps));
    let ((there_status, there_controls), (back_status, back_controls)) =
        (listing(&there), listing(&[]));
    let count = back.len() as u32;
    let mut apply = request(0, 0, 0, count);
    apply.security_key = key;
    let (done, undone) = (
        all_in(uapi::STEP_DONE, &there),
        all_in(uapi::STEP_DONE, &back),
    );
    crate::changes::ready(name)
        .answer(
            "apply-paranoid",
            &answered(MODE, uapi::OUTCOME_DONE, &done),
            &done,
        )
        .applied(&there_status, &there_controls)
        .request("plan-list", &request(0, 0, 0, count), &targets(&back))
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &back),
            &back,
        )
        .request("apply-list", &apply, &targets(&back))
        .answer(
            "apply-list",
            &answered(0, uapi::OUTCOME_DONE, &undone),
            &undone,
        )
        .applied_twice(&back_status, &back_controls)
}

/// The same, without a key.
pub fn machine(name: &str) -> Tree {
    with_key(name, 0)
}

/// Sets the mode.
pub fn words(within: &'static str) -> [&'static str; 5] {
    ["mode", "set", "paranoid", "--confirm-within", within]
}

/// milspecctl without a terminal, while it waits.
pub struct Waiting(Child);

impl Waiting {
    /// Starts it, and returns when it can be confirmed.
    pub fn start(tree: &Tree, json: bool, within: &'static str) -> Self {
        let mut command = command(&["--root", tree.dir()]);
        command
            .args(json.then_some("--json"))
            .args(words(within))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let waiting = Self(child);
        waiting.until_it_counts(tree);
        waiting
    }

    /// Waits for its record to say that the time counts, by this process.
    fn until_it_counts(&self, tree: &Tree) {
        let end = Instant::now() + Duration::from_secs(20);
        while !tree.has(RECORD) || record(tree)["deadline"]["pid"] != self.0.id() {
            assert!(Instant::now() < end, "it never waits");
            sleep(Duration::from_millis(10));
        }
    }

    /// The service: `milspecctl confirm --wait`.
    pub fn service(tree: &Tree) -> Self {
        let mut command = command(&["--root", tree.dir(), "--json", "confirm", "--wait"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let waiting = Self(command.spawn().unwrap());
        waiting.until_it_counts(tree);
        waiting
    }

    /// `kill -9`
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
    }

    /// Waits for the end.
    pub fn end(self) -> Output {
        let output = self.0.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Output {
            status: output.status.code().expect("ended by a signal"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// The change is kept, or all of it went back; the record of the baseline goes with it. What nobody
/// confirmed in time is still said.
pub fn judge(tree: &Tree, output: &Output, by: &str) {
    let document = document(output);
    let confirmation = &document["confirmation"];
    assert_eq!(document["outcome"], "done", "{document:#}");
    assert_eq!(confirmation["by"], by, "{document:#}");
    let kept = ["terminal", "command"].contains(&by);
    assert_eq!(output.status, i32::from(!kept));
    assert_eq!(document["changes"], if kept { 3 } else { 0 });
    assert_eq!(document["firmware_calls"], if kept { 6 } else { 12 });
    assert_eq!(
        confirmation["result"],
        if kept { "confirmed" } else { "undone" }
    );
    assert_eq!(
        document["error"]["code"],
        if kept {
            Value::Null
        } else {
            "not-confirmed".into()
        }
    );
    let steps = confirmation["steps"].as_array().unwrap();
    assert_eq!(steps.len(), if kept { 0 } else { 3 });
    assert_eq!(tree.has("var/lib/milspecctl/baseline.json"), kept);
    assert_eq!(tree.has(RECORD), by == "timeout");
}

/// Promise: without a confirmation in time, what was before is put back, and the exit status says
/// so.
#[test]
fn timeout() {
    let tree = machine("confirm-timeout");
    let begun = Instant::now();
    let output = Waiting::start(&tree, true, "2s").end();
    assert!(begun.elapsed() >= Duration::from_secs(2));
    judge(&tree, &output, "timeout");
    let (_, steps) = (
        0,
        crate::run::document(&output)["confirmation"]["steps"].clone(),
    );
    assert_eq!(steps[1]["to"], "enabled", "{steps:#}");
    assert_eq!(steps[1]["state"], "done");
    assert_eq!(record(&tree)["state"], "undone");
    let (_, document) = json(&tree, &["status"]);
    assert_eq!(document["unconfirmed"]["state"], "undone");
    let warnings = document["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["code"] == "undone"));
    let (status, document) = json(&tree, &["confirm", "--forget"]);
    assert_eq!((status, &document["result"]), (0, &"forgotten".into()));
    assert!(json(&tree, &["status"]).1["unconfirmed"].is_null());
    assert_eq!(on(&tree, &["confirm", "--forget"]).status, 1);
}

/// Promise: `milspecctl confirm` in another process keeps the change, at any time of the wait; what
/// is in its record only root may read, and that there is one everybody sees.
#[test]
fn command_confirms() {
    let tree = machine("confirm-command");
    let waiting = Waiting::start(&tree, true, "1h");
    for (path, mode) in [(RECORD, 0o600), ("var/lib/milspecctl", 0o711)] {
        let data = std::fs::metadata(tree.path(path)).unwrap();
        assert_eq!(data.permissions().mode() & 0o7777, mode, "{path}");
    }
    let (_, document) = json(&tree, &["status"]);
    let told = &document["unconfirmed"];
    assert_eq!(told["state"], "unconfirmed", "{told:#}");
    assert!((3500..=3600).contains(&told["left_s"].as_u64().unwrap()));
    let (status, document) = json(&tree, &["confirm"]);
    assert_eq!((status, &document["result"]), (0, &"kept".into()));
    assert_eq!(document["change"], "mode paranoid");
    judge(&tree, &waiting.end(), "command");
}

/// Promise: a record that cannot be read any more confirms nothing.
#[test]
fn damaged() {
    let tree = machine("confirm-damaged");
    let waiting = Waiting::start(&tree, true, "2s");
    tree.put(RECORD, b"{\"schema\": \"milspec.unconf");
    let (status, document) = json(&tree, &["confirm"]);
    assert_eq!(status, 1);
    assert_eq!(document["error"]["code"], "record-damaged");
    judge(&tree, &waiting.end(), "timeout");
}

/// Promise: `milspecctl confirm --undo` puts back at once what was before, and who waits says so.
#[test]
fn undone_by_command() {
    let tree = machine("confirm-undo");
    let waiting = Waiting::start(&tree, true, "1h");
    // For this process the recording is as it was after the change.
    let after = after(&steps());
    let before = rugged_controls();
    let tree = tree.answers(
        &info(RUGGED[0], RUGGED[1], RUGGED[2]),
        &status(&after),
        &after,
    );
    let tree = tree.applied(&status(&before), &before);
    let (exit, document) = json(&tree, &["confirm", "--undo"]);
    assert_eq!((exit, &document["result"]), (0, &"undone".into()));
    assert_eq!(document["confirmation"]["by"], "command");
    let output = waiting.end();
    assert_eq!(output.status, 1);
    let document = crate::run::document(&output);
    assert_eq!(document["error"]["code"], "not-confirmed");
    assert_eq!(document["confirmation"]["by"], "command");
    assert!(!tree.has(RECORD));
    assert!(!tree.has("var/lib/milspecctl/baseline.json"));
}

/// Promise: Ctrl-C and `kill` put back at once what was before.
#[test]
fn signals() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGQUIT] {
        let tree = machine(&format!("confirm-{signal}"));
        let waiting = Waiting::start(&tree, true, "1h");
        waiting.signal(signal);
        judge(&tree, &waiting.end(), "signal");
    }
}

/// Promise: a connection that dies ends nothing: it can still be confirmed from elsewhere, and goes
/// back if it is not.
#[test]
fn hangup() {
    for (confirmed, within) in [(true, "1h"), (false, "3s")] {
        let tree = machine(&format!("confirm-hangup-{confirmed}"));
        let waiting = Waiting::start(&tree, true, within);
        waiting.signal(Signal::SIGHUP);
        // So would a shell that stops its jobs.
        waiting.signal(Signal::SIGTSTP);
        if confirmed {
            sleep(Duration::from_millis(200));
            assert_eq!(on(&tree, &["confirm"]).status, 0);
        }
        judge(
            &tree,
            &waiting.end(),
            if confirmed { "command" } else { "timeout" },
        );
    }
}

/// Promise: the terminal may go away while it waits: nobody reads what it says then, and it goes
/// back all the same.
#[test]
fn terminal_gone() {
    let tree = machine("confirm-gone");
    let mut terminal = Terminal::start(&tree, &words("2s"));
    terminal.expect("Type keep");
    let mut child = terminal.hang_up();
    // With nobody to show the result to, it fails; what counts is that the record is gone because
    // everything went back.
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(!tree.has("var/lib/milspecctl/baseline.json"));
}

/// Promise: a terminal that takes nothing more, stopped with Ctrl-S here, does not keep the change
/// from going back.
#[test]
fn terminal_stuck() {
    const RECORD: &str = "var/lib/milspecctl/baseline.json";
    let tree = machine("confirm-stuck").apply_takes(1500);
    let mut terminal = Terminal::start(&tree, &words("1s"));
    terminal.expect("before you reboot");
    terminal.press(0x13);
    let end = Instant::now() + Duration::from_secs(20);
    for there in [true, false] {
        while tree.has(RECORD) != there {
            assert!(Instant::now() < end, "the record is not {there}");
            sleep(Duration::from_millis(10));
        }
    }
    terminal.press(0x11);
    let (status, text) = terminal.end();
    assert_eq!(status, 1);
    assert!(text.contains("Not kept"), "{text}");
}

/// Promise: on a terminal `keep` keeps it, nothing else does, and what was typed before the question
/// is no answer.
#[test]
fn terminal() {
    let tree = machine("confirm-terminal").apply_takes(500);
    let mut terminal = Terminal::start(&tree, &words("1h"));
    terminal.enter("keep");
    terminal.expect("Type keep within 3600 s");
    terminal.enter("yes");
    terminal.expect("To keep it");
    terminal.enter(" keep ");
    let (status, text) = terminal.end();
    assert_eq!(status, 0);
    assert!(text.contains("Confirmed: it is kept."), "{text}");
    assert!(tree.has("var/lib/milspecctl/baseline.json"));
}

/// Promise: what people see says how long there is, what to do, and what became of it.
#[test]
fn shown_to_people() {
    let tree = machine("confirm-shown");
    let mut terminal = Terminal::start(&tree, &words("1s"));
    terminal.expect("Type keep");
    let (status, mut text) = terminal.end();
    assert_eq!(status, 1);
    let tree = machine("confirm-shown-pipe");
    text.push_str(&shown(
        "no terminal",
        &Waiting::start(&tree, false, "1s").end(),
    ));
    let tree = machine("confirm-shown-kept");
    let waiting = Waiting::start(&tree, false, "1h");
    text.push_str(&shown("confirm", &on(&tree, &["confirm"])));
    text.push_str(&shown("kept", &waiting.end()));
    text.push_str(&shown("nothing to confirm", &on(&tree, &["confirm"])));
    assert_shows!(text, "confirm.txt");
}

/// Promise: while a change waits to be confirmed nothing else is changed, and the error says why.
#[test]
fn second() {
    let tree = machine("confirm-second");
    let waiting = Waiting::start(&tree, true, "1h");
    for words in [&words("1h")[..], &["mode", "set", "paranoid"]] {
        let (status, document) = json(&tree, words);
        assert_eq!(status, 1);
        assert_eq!(document["error"]["code"], "already-waiting");
    }
    // The first is not disturbed.
    assert_eq!(on(&tree, &["confirm"]).status, 0);
    judge(&tree, &waiting.end(), "command");
}

/// Promise: where a process that waits is killed, nothing is undone, and that is said: the change is
/// there, and can be kept or undone.
#[test]
fn killed() {
    let tree = machine("confirm-killed");
    let mut waiting = Waiting::start(&tree, true, "1h");
    waiting.kill();
    let (_, document) = json(&tree, &["status"]);
    let told = &document["unconfirmed"];
    assert_eq!(
        (&told["state"], &told["left_s"]),
        (&"unconfirmed".into(), &Value::Null)
    );
    assert!(shown("status", &on(&tree, &["status"])).contains("nothing has undone it"));
    assert_eq!(
        json(&tree, &words("1h")).1["error"]["code"],
        "already-waiting"
    );
    assert_eq!(on(&tree, &["confirm"]).status, 0);
    let waiting = Waiting::start(&tree, true, "1h");
    assert_eq!(on(&tree, &["confirm"]).status, 0);
    judge(&tree, &waiting.end(), "command");
}
