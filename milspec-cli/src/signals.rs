// SPDX-License-Identifier: GPL-2.0

//! Signals that ask this program to stop. Without this they would end it at once: with the echo of
//! the terminal off, or with nobody left to say what became of a change.

use crate::failure::{Failure, Result};
use nix::errno::Errno;
use nix::poll::{poll, ppoll, PollFd, PollFlags, PollTimeout};
use nix::sys::signal::{sigaction, SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static ARRIVED: AtomicBool = AtomicBool::new(false);

/// The signals: Ctrl-C, `kill`, and a terminal that goes away.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

extern "C" fn note(_signal: i32) {
    ARRIVED.store(true, Ordering::Relaxed);
}

/// From now on a signal no longer ends the program: it interrupts the system call under way, and
/// [`arrived`] tells.
pub fn catch() -> nix::Result<()> {
    // Without SA_RESTART, so that a read from the terminal ends, and the driver's answer to an
    // interrupted apply gets through.
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());
    for signal in SIGNALS {
        // SAFETY: the handler does nothing but store to an atomic, which is async-signal-safe.
        let before = unsafe { sigaction(signal, &action) }?;
        // As `nohup` wants it.
        if before.handler() == SigHandler::SigIgn {
            // SAFETY: this puts back what was in force when the program started.
            unsafe { sigaction(signal, &before) }?;
        }
    }
    Ok(())
}

/// [`catch`], before something that lasts until Ctrl-C.
pub fn catch_for(option: &str) -> Result<()> {
    catch().map_err(|errno| {
        let why = "the kernel does not let milspecctl catch Ctrl-C";
        let next = format!("run it without --{option}");
        Failure::new("watch-failed", format!("cannot {option}"), why, next).with(errno)
    })
}

/// Whether such a signal arrived since [`catch`].
pub fn arrived() -> bool {
    ARRIVED.load(Ordering::Relaxed)
}

/// From now on this program outlives the terminal that it was started on, and is not stopped by it.
/// What else ends programs from a keyboard, `SIGQUIT`, is like Ctrl-C. Call [`catch`] first.
pub fn outlive_terminal() -> nix::Result<()> {
    use Signal::{SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    for signal in [SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU] {
        // SAFETY: there is no handler.
        unsafe { sigaction(signal, &ignore) }?;
    }
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing but store to an atomic, which is async-signal-safe.
    unsafe { sigaction(SIGQUIT, &action) }?;
    Ok(())
}

/// Waits until there is something to read. Fails with `EINTR` when such a signal has arrived, be it
/// before: one that comes between the look and the wait is not missed.
pub fn wait_for(input: BorrowedFd<'_>) -> nix::Result<()> {
    wait_for_any(&[input], None).map(|_| ())
}

/// As [`wait_for`], for any of several inputs and until some time. Says of each whether there is
/// something to read, be it the end.
pub fn wait_for_any(inputs: &[BorrowedFd<'_>], until: Option<Instant>) -> nix::Result<Vec<bool>> {
    let inputs = inputs.iter();
    let mut inputs: Vec<_> = inputs
        .map(|input| PollFd::new(*input, PollFlags::POLLIN))
        .collect();
    wait(&mut inputs, until)?;
    let ready = inputs.iter().map(|input| input.any() != Some(false));
    Ok(ready.collect())
}

/// Waits until something happens on one of these, or some time has come. Fails with `EINTR` when
/// such a signal has arrived.
fn wait(on: &mut [PollFd<'_>], until: Option<Instant>) -> nix::Result<()> {
    let blocked = Blocked::new()?;
    while !arrived() {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match ppoll(on, left.map(Into::into), Some(blocked.before)) {
            Err(Errno::EINTR) => {}
            result => return result.map(drop),
        }
    }
    Err(Errno::EINTR)
}

/// Whether there is something to read.
pub fn is_readable(input: BorrowedFd<'_>) -> nix::Result<bool> {
    let mut inputs = [PollFd::new(input, PollFlags::POLLIN)];
    Ok(poll(&mut inputs, PollTimeout::ZERO)? > 0)
}

/// Waits until there is something to read. Returns false when such a signal arrived, or when nobody
/// reads standard output any more.
pub fn wait_for_reader(input: BorrowedFd<'_>) -> nix::Result<bool> {
    let output = std::io::stdout();
    let mut both = [
        PollFd::new(input, PollFlags::POLLIN),
        // No event is asked for: what comes is that the other end of a pipe is gone.
        PollFd::new(output.as_fd(), PollFlags::empty()),
    ];
    match wait(&mut both, None) {
        Err(Errno::EINTR) => Ok(false),
        result => result.map(|()| both[0].any().unwrap_or(true)),
    }
}

/// Waits for this long. Returns false when such a signal arrived, or when nobody reads standard
/// output any more.
pub fn pause(time: Duration) -> bool {
    let output = std::io::stdout();
    // No event is asked for: what comes is that the other end of a pipe is gone.
    let mut outputs = [PollFd::new(output.as_fd(), PollFlags::empty())];
    wait(&mut outputs, Some(Instant::now() + time)).is_ok() && outputs[0].any() == Some(false)
}

/// Runs `spawn` with these signals blocked: threads that it starts never get them, so that they
/// reach the thread that waits for the driver.
pub fn keep_from<T>(spawn: impl FnOnce() -> T) -> nix::Result<T> {
    let _blocked = Blocked::new()?;
    Ok(spawn())
}

/// The signals are blocked in this thread as long as this lives.
pub struct Blocked {
    before: SigSet,
}

impl Blocked {
    /// Blocks them.
    pub fn new() -> nix::Result<Self> {
        let mut set = SigSet::empty();
        for signal in SIGNALS.into_iter().chain([Signal::SIGQUIT]) {
            set.add(signal);
        }
        let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { before })
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // It can only fail for a mask that is none.
        let _ = self.before.thread_set_mask();
    }
}
