// SPDX-License-Identifier: GPL-2.0

//! Questions, progress and Ctrl-C: a change with a person at a terminal.

use crate::assert_shows;
use crate::changes::{latching, succeeds, undone, SET};
use crate::machines::*;
use crate::run::command;
use crate::tree::Tree;
use nix::errno::Errno;
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use nix::pty::openpty;
use nix::sys::signal::{kill, Signal};
use nix::sys::termios::{tcgetattr, LocalFlags};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, Stdio};

/// milspecctl on a terminal of its own, which is all its standard streams.
pub struct Terminal {
    child: Child,
    master: File,
    seen: String,
}

impl Terminal {
    /// Starts it on a recorded tree.
    pub fn start(tree: &Tree, words: &[&str]) -> Self {
        Self::start_with(tree, &[], words)
    }

    /// The same, with these variables.
    pub fn start_with(tree: &Tree, environment: &[(&str, &str)], words: &[&str]) -> Self {
        let pty = openpty(None, None).unwrap();
        let slave = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = command(&["--root", tree.dir()]);
        command
            .args(words)
            .envs(environment.iter().copied())
            .stdin(slave())
            .stdout(slave())
            .stderr(slave());
        let child = command.spawn().unwrap();
        Self {
            child,
            master: File::from(pty.master),
            seen: String::new(),
        }
    }

    /// Reads on; false at the end. A question that nobody expected fails here, and does not wait.
    fn read(&mut self) -> bool {
        let mut ready = [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::from(30_000u16);
        if poll(&mut ready, timeout).unwrap() == 0 {
            self.child.kill().unwrap();
            panic!("nothing more after:\n{}", self.seen);
        }
        let mut buffer = [0; 4096];
        // EIO is how Linux says that the other side is gone.
        let Ok(length @ 1..) = self.master.read(&mut buffer) else {
            return false;
        };
        let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
        self.seen.push_str(&text.replace("\r\n", "\n"));
        true
    }

    /// Waits for this text.
    pub fn expect(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "no \"{text}\" in:\n{}", self.seen);
        }
    }

    /// Types this, and the enter key.
    pub fn enter(&mut self, text: &str) {
        writeln!(self.master, "{text}").unwrap();
    }

    /// Its threads, and the signals that each has blocked. The first thread has the number of the
    /// process.
    fn blocked(&self) -> Vec<(u32, u64)> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let threads: Vec<_> = std::fs::read_dir(tasks)
            .unwrap()
            .map(|task| {
                let task = task.unwrap();
                let text = std::fs::read_to_string(task.path().join("status")).unwrap();
                let mut lines = text.lines();
                let mask = lines.find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
                let number = task.file_name().into_string().unwrap().parse().unwrap();
                (number, u64::from_str_radix(mask.trim(), 16).unwrap())
            })
            .collect();
        assert_eq!(threads.len(), 2);
        threads
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Whether what is typed shows.
    pub fn echoes(&self) -> bool {
        let settings = tcgetattr(&self.master).unwrap();
        settings.local_flags.contains(LocalFlags::ECHO)
    }

    /// Presses a key.
    pub fn press(&mut self, key: u8) {
        self.master.write_all(&[key]).unwrap();
    }

    /// The terminal goes away.
    pub fn hang_up(self) -> Child {
        self.child
    }

    /// Waits for the end; exit status and all that was shown.
    pub fn end(mut self) -> (i32, String) {
        while self.read() {}
        let status = self.child.wait().unwrap();
        (status.code().expect("ended by a signal"), self.seen)
    }
}

const PLUS: [&str; 3] = ["mode", "set", "paranoid-plus"];

/// Promise: on a terminal, paranoid-plus names its consequences and asks for the last characters of
/// the service tag; nothing else will do.
#[test]
fn latch() {
    let tree = latching("prompt-latch").file("sys/class/dmi/id/product_serial", "ABC1234\n");
    let mut terminal = Terminal::start(&tree, &PLUS);
    terminal.expect("service tag:");
    terminal.enter("1234");
    let (status, text) = terminal.end();
    assert_eq!(status, 0);
    assert_shows!(text, "prompt-latch.txt");

    // Whoever reads the tag from the machine need not mind its case.
    let tree = latching("prompt-latch-case").file("sys/class/dmi/id/product_serial", "ABCDEFG\n");
    let mut terminal = Terminal::start(&tree, &PLUS);
    terminal.expect("service tag:");
    terminal.enter(" defg ");
    assert_eq!(terminal.end().0, 0);

    for wrong in ["", "y", "ABCDEFG", "paranoid-plus"] {
        let mut terminal = Terminal::start(&tree, &PLUS);
        terminal.expect("service tag:");
        terminal.enter(wrong);
        let (status, text) = terminal.end();
        assert_eq!(status, 5);
        assert!(text.contains("why:  the answer was another one"), "{text}");
    }
}

/// Promise: where the service tag cannot be read, or has less than four characters, the name of the
/// mode is asked for.
#[test]
fn latch_without_tag() {
    let none = latching("prompt-no-tag");
    let short = latching("prompt-short-tag").file("sys/class/dmi/id/product_serial", "AB\n");
    for tree in [none, short] {
        let mut terminal = Terminal::start(&tree, &PLUS);
        terminal.expect("name of the mode:");
        terminal.enter("paranoid-plus");
        assert_eq!(terminal.end().0, 0);
        let mut terminal = Terminal::start(&tree, &PLUS);
        terminal.expect("name of the mode:");
        terminal.enter("paranoid");
        assert_eq!(terminal.end().0, 5);
    }
}

/// Promise: a file that asks for paranoid-plus leads to the same question as the mode itself.
#[test]
fn latch_of_a_file() {
    let tree = latching("prompt-config").file(
        "plus.json",
        "schema = \"milspec.config/1\"\nmode = \"paranoid-plus\"\n",
    );
    let file = tree.path("plus.json");
    for (answer, exit) in [("paranoid-plus", 0), ("yes", 5)] {
        let words = ["config", "apply", file.to_str().unwrap()];
        let mut terminal = Terminal::start(&tree, &words);
        terminal.expect("name of the mode:");
        terminal.enter(answer);
        let (status, text) = terminal.end();
        assert_eq!(status, exit);
        assert!(text.contains("the module cannot be unloaded"), "{text}");
    }
}

/// Promise: a program gets no question, even on a terminal.
#[test]
fn no_question_in_json() {
    let tree = latching("prompt-json");
    let mut words = vec!["--json"];
    words.extend(PLUS);
    let (status, text) = Terminal::start(&tree, &words).end();
    assert_eq!(status, 5);
    assert!(text.starts_with('{'), "{text}");
}

/// Promise: Ctrl-C at the question changes nothing, and says so.
#[test]
fn signal_at_the_question() {
    let tree = latching("prompt-signal");
    let mut terminal = Terminal::start(&tree, &PLUS);
    terminal.expect("name of the mode:");
    terminal.signal(Signal::SIGINT);
    let (status, text) = terminal.end();
    assert_eq!(status, 1);
    assert!(text.contains("nothing was changed"), "{text}");
}

/// The driver is at step 2 of 3.
fn busy(tree: Tree) -> Tree {
    let mut status = status(&rugged_controls());
    (status.apply_step, status.apply_steps) = (2, 3);
    tree.put(
        "recording/status.bin",
        zerocopy::IntoBytes::as_bytes(&status),
    );
    tree.apply_takes(400)
}

/// Promise: while the driver is at work, a terminal shows the step; a pipe does not.
#[test]
fn progress() {
    let tree = busy(succeeds("prompt-progress"));
    let (status, text) = Terminal::start(&tree, &SET).end();
    assert_eq!(status, 0);
    assert_shows!(text, "prompt-progress.txt");
    let output = crate::run::on(&tree, &SET);
    assert!(!output.stderr.contains("step 2"), "{}", output.stderr);
}

/// Promise: Ctrl-C does not end milspecctl while the driver is at work: it lives on to say what
/// became of the change.
#[test]
fn signal_at_work() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // Long enough for a machine that is busy with other tests.
        let tree = busy(undone("prompt-at-work", Errno::EINTR)).apply_takes(2000);
        let mut terminal = Terminal::start(&tree, &SET);
        terminal.expect("step 2 of 3");
        // The thread that shows the steps must not take it away from the one in the driver.
        let bit = 1 << (signal as u32 - 1);
        for (thread, blocked) in terminal.blocked() {
            assert_eq!(blocked & bit != 0, thread != terminal.child.id());
        }
        terminal.signal(signal);
        let (status, text) = terminal.end();
        assert_eq!(status, 1, "{text}");
        assert!(
            text.contains("a signal stopped it at step 2 of 3"),
            "{text}"
        );
    }
}
