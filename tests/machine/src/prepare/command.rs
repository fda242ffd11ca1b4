// SPDX-License-Identifier: GPL-2.0

//! Running other programs: with their last line as progress, their whole output in a log, and an end
//! when the person at the keyboard asks for it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{mpsc, Arc, OnceLock};
use std::time::Duration;

use anyhow::{bail, Context, Result};
use nix::sys::signal::{killpg, Signal};
use nix::unistd::Pid;

use crate::progress::Step;

/// How many of a failed command's last lines its error shows.
const TAIL: usize = 200;
/// How often a waiting step looks whether it was interrupted.
const POLL: Duration = Duration::from_millis(50);

/// The flag that Ctrl-C and SIGTERM set.
fn interrupted_flag() -> &'static Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(Arc::default)
}

/// While it lives, Ctrl-C and SIGTERM end the running commands in order, so that temporary files go
/// and locks are released, instead of ending this process. A second one ends it at once.
pub struct Interruptible {
    handlers: Vec<signal_hook::SigId>,
}

impl Interruptible {
    /// Takes over the two signals.
    pub fn new() -> Result<Self> {
        let flag = interrupted_flag();
        let mut handlers = Vec::new();
        for signal in [
            signal_hook::consts::SIGINT,
            signal_hook::consts::SIGTERM,
            signal_hook::consts::SIGHUP,
        ] {
            // The order matters: the second signal finds the flag set by the first.
            handlers.push(signal_hook::flag::register_conditional_shutdown(
                signal,
                130,
                Arc::clone(flag),
            )?);
            handlers.push(signal_hook::flag::register(signal, Arc::clone(flag))?);
        }
        Ok(Self { handlers })
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        for id in self.handlers.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// Fails when the person has asked to stop.
pub fn check_interrupted() -> Result<()> {
    if interrupted_flag().load(Ordering::Relaxed) {
        bail!("interrupted: what is finished is kept, the next run goes on from there");
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote. `what` names it in errors.
pub fn run(command: &mut Command, what: &str, step: Option<&Step>) -> Result<String> {
    check_interrupted()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own, so that all of it can be ended.
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {:?} to {what}", command.get_program()))?;

    let (lines, received) = mpsc::channel();
    let mut readers = Vec::new();
    if let Some(out) = child.stdout.take() {
        readers.push(read_lines(out, true, lines.clone()));
    }
    if let Some(err) = child.stderr.take() {
        readers.push(read_lines(err, false, lines));
    }

    let mut output = String::new();
    let mut tail = VecDeque::new();
    let mut stopping = false;
    loop {
        match received.recv_timeout(POLL) {
            Ok((is_stdout, line)) => {
                if let Some(step) = step {
                    step.note(&line);
                }
                if is_stdout {
                    output.push_str(&line);
                    output.push('\n');
                }
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            // Both ends are closed: the command and its children are done.
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if !stopping && check_interrupted().is_err() {
            stopping = true;
            // The group may have ended in this moment: then there is nothing to end.
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
        }
    }
    for reader in readers {
        // A reader only sends lines; it has nothing to say when it panics.
        let _ = reader.join();
    }
    let status = child.wait().with_context(|| format!("wait to {what}"))?;
    check_interrupted()?;
    if !status.success() {
        let tail: Vec<String> = tail.into();
        bail!("could not {what} ({status})\n{}", tail.join("\n"));
    }
    Ok(output)
}

fn read_lines(
    from: impl Read + Send + 'static,
    is_stdout: bool,
    to: mpsc::Sender<(bool, String)>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut line = Vec::new();
        // Programs write what they like: bytes that are no UTF-8 must not end the reading.
        while matches!(reader.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send((is_stdout, text)).is_err() {
                return;
            }
            line.clear();
        }
    })
}
