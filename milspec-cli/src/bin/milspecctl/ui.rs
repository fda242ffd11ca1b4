// SPDX-License-Identifier: GPL-2.0

//! Talking with a person while a change is under way: warnings, questions, progress. All of it goes
//! to standard error, so that standard output holds the result and nothing else.

use crate::output;
use crate::page::Page;
use crate::screen::Screen;
use milspec::cli::Global;
use milspec::model::Step;
use milspec::words::count;
use milspec::{driver, signals, Access, Failure, Result, Root, Warning};
use nix::errno::Errno;
use nix::sys::termios::{tcflush, tcgetattr, tcsetattr, FlushArg, LocalFlags, SetArg, Termios};
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the driver is asked how far it has come.
const TICK: Duration = Duration::from_millis(100);

/// Longer than any answer to a question.
const ANSWER_MAX: usize = 256;

/// The person, if there is one.
pub struct Ui {
    screen: Screen,
    json: bool,
    quiet: bool,
}

impl Ui {
    /// As the options of every command say.
    pub fn new(global: &Global) -> Self {
        Self {
            screen: output::stderr_screen(global.color),
            json: global.json,
            quiet: global.quiet,
        }
    }

    /// Whether there is somebody to ask. Who wants a document is a program.
    pub fn can_ask(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Says something that is not part of the result. In a document it has a place of its own.
    pub fn warn(&self, warnings: &[Warning]) {
        let mut page = Page::new(&self.screen);
        page.warnings(warnings);
        self.say(&page.finish());
    }

    /// Says what it is doing, in whole lines.
    pub fn say(&self, text: &str) {
        if !self.json && !self.quiet {
            output::stderr(text);
        }
    }

    /// Asks, and returns the answer without white space around it. Call [`signals::catch`] first.
    pub fn ask(&self, preface: &str, question: &str) -> Result<String> {
        let answer = answer(preface, question)?;
        Ok(String::from_utf8_lossy(&answer).trim().to_string())
    }

    /// Asks for a secret: it does not show, and is wiped when it goes. Call [`signals::catch`]
    /// first.
    pub fn ask_secret(&self, preface: &str, question: &str) -> Result<Zeroizing<Vec<u8>>> {
        let hidden = Hidden::new().map_err(no_answer)?;
        let answer = answer(preface, question);
        drop(hidden);
        if answer.is_ok() {
            // The enter key did not show either.
            output::stderr("\n");
        }
        answer
    }

    /// Asks whether these steps are to be kept. Returns the terminal, where it can be answered
    /// there. Call [`signals::outlive_terminal`] first.
    pub fn ask_to_keep(&self, steps: &[Step], within: Duration) -> Option<Terminal> {
        let names: Vec<&str> = steps.iter().map(|step| step.control.as_str()).collect();
        let number = count(steps.len(), "control");
        let changed = format!("Changed for now, {number}: {}", names.join(", "));
        let mut page = Page::new(&self.screen);
        page.wrapped(0, &changed);
        let within = within.as_secs();
        if !self.can_ask() {
            page.line(format!(
                "Keep this? Run \"milspecctl confirm\" as root within {within} s"
            ));
            if !self.json && !self.quiet {
                output::stderr_now(&page.finish());
            }
            return None;
        }
        page.put(&format!(
            "Keep this? Type keep within {within} s, or run \"milspecctl confirm\" elsewhere: "
        ));
        // What was typed before the question is no answer to it.
        let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
        output::stderr_now(&page.finish());
        Some(Terminal {
            input: io::stdin(),
            line: String::new(),
        })
    }

    /// Asks once more, after an answer that was none.
    pub fn ask_again(&self) {
        output::stderr_now("To keep it, type keep; to undo it now, press Ctrl-C: ");
    }

    /// Ends the line of a question that was not answered here.
    pub fn not_answered(&self) {
        if self.can_ask() {
            output::stderr_now("\n");
        }
    }

    /// Does `work`, and on a terminal shows meanwhile how far the driver has come: a line for each
    /// step, which `name` names.
    pub fn during<T>(
        &self,
        root: &Root,
        name: &(dyn Fn(u32) -> String + Sync),
        work: impl FnOnce() -> T,
    ) -> nix::Result<T> {
        if self.json || self.quiet || !io::stderr().is_terminal() {
            return Ok(work());
        }
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = signals::keep_from(|| scope.spawn(|| watch(root, name, &done)))?;
            let result = work();
            done.store(true, Ordering::Release);
            watcher.thread().unpark();
            Ok(result)
        })
    }
}

/// The terminal, where it is waited for among other things.
pub struct Terminal {
    input: io::Stdin,
    line: String,
}

impl Terminal {
    /// Reads on; a whole line, without white space around it, when there is one. Fails when nobody
    /// can type any more.
    pub fn line(&mut self) -> nix::Result<Option<String>> {
        let mut room = [0; ANSWER_MAX];
        let length = nix::unistd::read(&self.input, &mut room)?;
        let read = room.get(..length).unwrap_or_default();
        if read.is_empty() {
            return Err(Errno::EPIPE);
        }
        self.line.push_str(&String::from_utf8_lossy(read));
        if !self.line.ends_with('\n') && self.line.len() < ANSWER_MAX {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut self.line).trim().to_string()))
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }
}

/// One line from the terminal. It comes without a buffer in between, and into a room that never
/// grows: both would leave copies behind.
fn answer(preface: &str, question: &str) -> Result<Zeroizing<Vec<u8>>> {
    output::stderr(&format!("{preface}{question} "));
    let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER_MAX));
    let mut byte = Zeroizing::new([0]);
    loop {
        let input = io::stdin();
        let read = signals::wait_for(input.as_fd())
            .and_then(|()| nix::unistd::read(&input, byte.as_mut()));
        match read {
            Ok(1) if *byte != *b"\n" && answer.len() < ANSWER_MAX => answer.push(byte[0]),
            Ok(_) => return Ok(answer),
            Err(errno) => {
                output::stderr("\n");
                return Err(no_answer(errno));
            }
        }
    }
}

/// The terminal shows nothing of what is typed as long as this lives.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn new() -> nix::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &hidden)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nobody to tell: the terminal is gone.
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.before);
    }
}

/// Shows steps until `done`. What it cannot learn it does not show: the result says it all.
fn watch(root: &Root, name: &dyn Fn(u32) -> String, done: &AtomicBool) {
    let Ok(source) = driver::try_open(root, Access::Read) else {
        return;
    };
    let mut shown = 0;
    while !done.load(Ordering::Acquire) {
        let Ok(status) = source.status() else {
            return;
        };
        if status.apply_step != shown && status.apply_step != 0 {
            shown = status.apply_step;
            let name = name(shown);
            // A terminal that takes nothing more keeps nobody from going on.
            output::stderr_now(&format!("step {shown} of {}: {name}\n", status.apply_steps));
        }
        thread::park_timeout(TICK);
    }
}

fn no_answer(errno: Errno) -> Failure {
    let why = match errno {
        Errno::EINTR => "a signal arrived while the question was open",
        _ => "the terminal gave no answer",
    };
    Failure::new("interrupted", "nothing was changed", why, "run it again").with(errno)
}
