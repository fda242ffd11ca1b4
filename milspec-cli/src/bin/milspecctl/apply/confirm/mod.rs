// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within`: a change that is undone unless somebody confirms it in time.
//!
//! It is for who may lock himself out, so it must not need what the change may have cut: the
//! terminal, the connection, the one who is typing, and the boot in which the change was made. How
//! to undo it is on disk before it is made ([`milspec::unconfirmed`]); a service waits, or this
//! process where there is none.

mod guard;
mod undo;
mod wait;

pub use guard::Guard;
pub use undo::{keep, undo};
pub use wait::{Ended, Watch};

use milspec::model::Step;
use milspec::Failure;
use serde::Serialize;

/// What ended the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// `keep`, typed where the change was made.
    Terminal,
    /// `milspecctl confirm`, with or without `--undo`.
    Command,
    /// Nobody, in time.
    Timeout,
    /// Ctrl-C or `kill`.
    Signal,
}

/// What became of a change that has to be confirmed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Confirmation {
    /// How long there is to confirm it.
    pub within_s: u64,
    /// `waiting`, `confirmed`, `undone` or `not-undone`.
    pub result: &'static str,
    /// What ended the wait; null where it has not.
    pub by: Option<By>,
    /// The steps that put back what was before.
    pub steps: Vec<Step>,
    /// Names of the controls that could not be put back.
    pub left: Vec<String>,
    /// Names of those of them that somebody else has changed since the change: they were left alone.
    pub moved: Vec<String>,
    /// Names of the controls that are not on this machine any more.
    pub absent: Vec<String>,
    /// Whether what was put back is in force after the next boot only.
    pub needs_reboot: bool,
    /// Firmware calls that this took; in the document they are counted with the others.
    #[serde(skip)]
    pub firmware_calls: u32,
}

impl Confirmation {
    /// It waits, or was confirmed.
    pub fn new(within_s: u64, result: &'static str, by: Option<By>) -> Self {
        Self {
            within_s,
            result,
            by,
            ..Self::default()
        }
    }

    /// Whether all is as it was before the change.
    pub fn is_undone(&self) -> bool {
        self.result == "undone"
    }

    /// Why the change was not kept, for people.
    pub fn why_not(&self) -> String {
        match self.by {
            Some(By::Signal) => "a signal arrived before it was confirmed".into(),
            Some(By::Command) => "that was asked for".into(),
            _ => format!("nobody confirmed it within {} s", self.within_s),
        }
    }

    /// What went wrong with a change of this name; `None` where it was kept, or still may be.
    pub fn failure(&self, change: &str) -> Option<Failure> {
        match self.result {
            "waiting" | "confirmed" => None,
            "undone" => Some(Failure::new(
                "not-confirmed",
                format!("{change} was not confirmed, and was undone"),
                self.why_not(),
                "run it again, and confirm it: keep, or \"milspecctl confirm\"",
            )),
            _ => {
                let mut why = format!("{}; not put back: {}", self.why_not(), self.left.join(", "));
                if !self.moved.is_empty() {
                    let moved = self.moved.join(", ");
                    why.push_str(&format!(
                        "; changed by somebody else since, and left alone: {moved}"
                    ));
                }
                let next = match self.moved.len() == self.left.len() {
                    true => "run \"milspecctl confirm\" to have it over, then set what is to be otherwise",
                    false => "run \"milspecctl confirm --undo\"; see \"dmesg | grep milspec\"",
                };
                let what = format!("{change} was not confirmed, and could not all be undone");
                Some(Failure::new("not-undone", what, why, next))
            }
        }
    }
}

/// Who is to wait cannot: nothing is done then.
fn cannot_wait(why: &str, next: &str) -> Failure {
    Failure::new("cannot-wait", "nothing was changed", why, next)
}
