// SPDX-License-Identifier: GPL-2.0

//! What a long step is doing, for the person who waits for it.
//!
//! On a terminal one line shows every running step with its age and its current line; a step that
//! ends leaves its time behind. Elsewhere each step prints a line when it starts and one when it ends.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the line on a terminal is drawn again.
const REDRAW: Duration = Duration::from_millis(250);

/// The steps that run now. Clones show on the same line.
#[derive(Clone)]
pub struct Progress {
    board: Arc<Board>,
}

struct Board {
    terminal: bool,
    quiet: bool,
    running: Mutex<Vec<Running>>,
}

struct Running {
    id: u64,
    name: String,
    since: Instant,
    note: String,
}

/// A step that runs. Dropping it without [`Step::done`] reports it as not finished.
pub struct Step {
    board: Arc<Board>,
    id: u64,
    since: Instant,
    name: String,
    ended: bool,
}

impl Progress {
    /// Progress on standard error.
    pub fn new() -> Self {
        Self::start(std::io::stderr().is_terminal(), false)
    }

    /// Progress that prints nothing: for tests and for callers with an output of their own.
    pub fn silent() -> Self {
        Self::start(false, true)
    }

    fn start(terminal: bool, quiet: bool) -> Self {
        let board = Arc::new(Board {
            terminal,
            quiet,
            running: Mutex::new(Vec::new()),
        });
        if terminal && !quiet {
            // The thread ends with the last `Progress`: it holds no strong reference between draws.
            let weak = Arc::downgrade(&board);
            std::thread::spawn(move || {
                while let Some(board) = weak.upgrade() {
                    board.draw();
                    drop(board);
                    std::thread::sleep(REDRAW);
                }
            });
        }
        Self { board }
    }

    /// Starts a step.
    pub fn step(&self, name: impl Into<String>) -> Step {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, since, name) = (
            NEXT.fetch_add(1, Ordering::Relaxed),
            Instant::now(),
            name.into(),
        );
        self.board.running().push(Running {
            id,
            name: name.clone(),
            since,
            note: String::new(),
        });
        if !self.board.terminal {
            self.board.print(&format!("  {name} ..."));
        }
        Step {
            board: Arc::clone(&self.board),
            id,
            since,
            name,
            ended: false,
        }
    }

    /// Prints one line for the reader, above the running steps.
    pub fn say(&self, line: &str) {
        self.board.print(line);
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Board {
    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        // A panic elsewhere must not hide what the other steps were doing.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn print(&self, line: &str) {
        if self.quiet {
            return;
        }
        // Nothing can be done when standard error is gone.
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        let _ = writeln!(std::io::stderr().lock(), "{clear}{line}");
    }

    fn draw(&self) {
        let running = self.running();
        if running.is_empty() {
            return;
        }
        let parts: Vec<String> = running
            .iter()
            .map(|step| {
                let age = step.since.elapsed().as_secs();
                match step.note.as_str() {
                    "" => format!("{} {age} s", step.name),
                    note => format!("{} {age} s: {note}", step.name),
                }
            })
            .collect();
        // One line at most: a line that wraps cannot be drawn over.
        let line: String = format!("  {}", parts.join(" | "))
            .chars()
            .take(79)
            .collect();
        let mut stderr = std::io::stderr().lock();
        let _ = write!(stderr, "\r\x1b[K{line}");
        let _ = stderr.flush();
    }
}

impl Step {
    /// Shows what the step is at: the last line of a command, a count.
    pub fn note(&self, note: &str) {
        let note: String = note.trim().chars().filter(|c| !c.is_control()).collect();
        if let Some(step) = self.board.running().iter_mut().find(|s| s.id == self.id) {
            step.note = note;
        }
    }

    /// Ends the step.
    pub fn done(mut self) {
        self.end("");
    }

    fn end(&mut self, suffix: &str) {
        self.ended = true;
        self.board.running().retain(|s| s.id != self.id);
        let seconds = self.since.elapsed().as_secs_f64();
        self.board
            .print(&format!("  {:<52} {seconds:6.1} s{suffix}", self.name));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.ended {
            self.end("  not finished");
        }
    }
}
