// SPDX-License-Identifier: GPL-2.0

//! Writing to standard output and error, and what they can show.

use crate::screen::{Screen, COLUMNS};
use milspec::cli::{Global, When};
use milspec::failure::errno_of;
use milspec::input::is_standard;
use milspec::system::variable;
use milspec::{Failure, Result};
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// What standard output shows.
pub fn stdout_screen(global: &Global) -> Screen {
    Screen {
        color: color(global.color, io::stdout().is_terminal()),
        ascii: ascii(),
        width: width(),
        verbose: global.verbose,
    }
}

/// What standard error shows.
pub fn stderr_screen(when: When) -> Screen {
    Screen {
        color: color(when, io::stderr().is_terminal()),
        ascii: ascii(),
        width: None,
        verbose: false,
    }
}

fn color(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            terminal
                && variable("NO_COLOR").is_none()
                && variable("TERM").is_some_and(|term| term != "dumb")
        }
    }
}

/// Whether to keep to ASCII: the locale is not UTF-8, or the terminal's font has no other glyphs.
fn ascii() -> bool {
    let term = variable("TERM");
    if term.is_some_and(|term| term == "dumb" || term == "linux") {
        return true;
    }
    // The order in which setlocale() looks.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let locale = locale.unwrap_or_default().to_string_lossy().to_lowercase();
    !(locale.contains("utf-8") || locale.contains("utf8"))
}

/// Columns of the terminal that standard output is, if it is one.
fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    // A serial console says 0, or nothing.
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((terminal_size::Width(columns), _)) if columns > 0 => Some(usize::from(columns)),
        _ => Some(COLUMNS),
    }
}

/// What empties the terminal that standard output is, if it is one that can be emptied.
pub fn clear() -> Option<&'static str> {
    let smart = variable("TERM").is_some_and(|term| term != "dumb");
    (smart && io::stdout().is_terminal()).then_some("\x1b[H\x1b[2J")
}

/// The name for people of a file that is written, where `-` is standard output.
pub fn name(path: &Path) -> String {
    match is_standard(path) {
        true => "standard output".into(),
        false => path.display().to_string(),
    }
}

/// Writes to standard output. A reader that went away is no error: it has what it wanted.
pub fn stdout(text: &str) -> Result<()> {
    write(text).map(|_| ())
}

/// Writes to standard output. Returns false when the reader went away.
pub fn write(text: impl AsRef<[u8]>) -> Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            let what = "cannot write to standard output";
            let why = format!("the file or device behind it gave {:?}", errno_of(&error));
            let next = "check what the output is redirected to";
            Err(Failure::new("output-failed", what, why, next).with_error(&error))
        }
    }
}

/// Writes to standard error, unless that had to wait: a terminal that somebody has stopped, or whose
/// connection is dead, takes nothing more, and may never again.
pub fn stderr_now(text: &str) {
    let output = io::stderr();
    let mut outputs = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut outputs, PollTimeout::ZERO) == Ok(1) {
        stderr(text);
    }
}

/// Writes to standard error; there is nobody to tell when that fails.
pub fn stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
