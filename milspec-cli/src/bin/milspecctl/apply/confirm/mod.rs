// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within`: a change that is undone unless somebody confirms it in time.
//!
//! It is for who may lock himself out, so it must not need what the change may have cut: the
//! terminal, the connection, the one who is typing.

mod revert;
mod socket;

pub use revert::revert;
pub use socket::confirm;

use crate::ui::Ui;
use milspec::failure::{Exit, Failure, Result};
use milspec::model::Step;
use milspec::root::Root;
use milspec::signals;
use nix::errno::Errno;
use serde::Serialize;
use socket::Socket;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What ended the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// `keep`, typed where the change was made.
    Terminal,
    /// `milspecctl confirm`
    Command,
    /// Nobody, in time.
    Timeout,
    /// Ctrl-C or `kill`.
    Signal,
}

/// What became of a change that had to be confirmed.
#[derive(Clone, Debug, Serialize)]
pub struct Confirmation {
    /// How long it waited at most.
    pub within_s: u64,
    /// `confirmed`, `reverted` or `not-reverted`.
    pub result: &'static str,
    /// What ended the wait.
    pub by: By,
    /// The steps that put back what was before.
    pub steps: Vec<Step>,
    /// Names of the controls that could not be put back.
    pub left: Vec<String>,
    /// Firmware calls that this took; in the document they are counted with the others.
    #[serde(skip)]
    pub firmware_calls: u32,
}

impl Confirmation {
    /// Whether all is as it was before the change.
    pub fn is_reverted(&self) -> bool {
        self.result == "reverted"
    }

    /// Why the change was not kept, for people.
    pub fn why_not(&self) -> String {
        match self.by {
            By::Signal => "a signal arrived before it was confirmed".into(),
            _ => format!("nobody confirmed it within {} s", self.within_s),
        }
    }

    /// What went wrong with a change of this name; `None` where it was kept.
    pub fn failure(&self, change: &str) -> Option<Failure> {
        let failure = |code, what, why, next: &str| Failure {
            code,
            exit: Exit::Failed,
            errno: None,
            what,
            why,
            next: next.into(),
        };
        match self.result {
            "confirmed" => None,
            "reverted" => Some(failure(
                "not-confirmed",
                format!("{change} was not confirmed, and was undone"),
                self.why_not(),
                "run it again, and confirm it: keep, or \"milspecctl confirm\"",
            )),
            _ => Some(failure(
                "not-reverted",
                format!("{change} was not confirmed, and could not all be undone"),
                format!("{}; not put back: {}", self.why_not(), self.left.join(", ")),
                "run \"milspecctl baseline restore\"; see \"dmesg | grep milspec\"",
            )),
        }
    }
}

/// A wait that is prepared.
pub struct Trial<'a> {
    within: Duration,
    socket: Socket<'a>,
}

impl<'a> Trial<'a> {
    /// Prepares it: what could fail fails here, before anything is changed. Call
    /// [`signals::catch`] first.
    pub fn set_up(root: &'a Root, within: Duration) -> Result<Self> {
        let socket = Socket::set_up(root)?;
        signals::outlive_terminal().map_err(cannot_wait)?;
        Ok(Self { within, socket })
    }

    /// Waits for the confirmation of a change of this name; `steps` were made. Once this returns,
    /// nobody can confirm any more.
    pub fn wait(self, ui: &Ui, change: &str, steps: &[Step]) -> Confirmation {
        Confirmation {
            within_s: self.within.as_secs(),
            result: "confirmed",
            by: self.end(ui, change, steps),
            steps: Vec::new(),
            left: Vec::new(),
            firmware_calls: 0,
        }
    }

    fn end(&self, ui: &Ui, change: &str, steps: &[Step]) -> By {
        // Time asleep does not count: a lid that was closed is nobody who had a chance.
        let until = Instant::now() + self.within;
        // Without others who could confirm there is still the terminal, or the end of the time.
        let _ = self.socket.open();
        let mut terminal = ui.ask_to_keep(steps, self.within);
        loop {
            let mut inputs = vec![self.socket.as_fd()];
            inputs.extend(terminal.as_ref().map(AsFd::as_fd));
            let ready = match signals::wait_for_any(&inputs, Some(until)) {
                Ok(ready) => ready,
                Err(_) => return By::Signal,
            };
            if ready.first() == Some(&true) && self.socket.answer(change) {
                return By::Command;
            }
            if let (Some(true), Some(open)) = (ready.get(1), &mut terminal) {
                match open.line() {
                    Ok(Some(line)) if line == "keep" => return By::Terminal,
                    Ok(Some(_)) => ui.ask_again(),
                    Ok(None) => {}
                    // The terminal is gone, or its other end.
                    Err(_) => terminal = None,
                }
            }
            if Instant::now() >= until {
                return By::Timeout;
            }
        }
    }
}

fn cannot_wait(errno: Errno) -> Failure {
    Failure {
        code: "cannot-wait",
        exit: Exit::Failed,
        errno: Some(errno),
        what: "nothing was changed".into(),
        why: "the kernel does not let milspecctl outlive its terminal".into(),
        next: "leave out --confirm-within".into(),
    }
}
