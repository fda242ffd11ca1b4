// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within`: a change that is undone unless somebody confirms it in time.
//!
//! It is for who may lock himself out, so it must not need what the change may have cut: the
//! terminal, the connection, the one who is typing, and the boot in which the change was made. How
//! to undo it is on disk before it is made ([`milspec::unconfirmed`]); a service waits, or this
//! process where there is none.

mod undo;
mod wait;

pub use undo::{keep, settled, undo};
pub use wait::{Ended, Watch};

use crate::apply::{bios_password, Recorder};
use milspec::baseline::Identity;
use milspec::change::Change;
use milspec::failure::{Exit, Failure, Result};
use milspec::model::Step;
use milspec::refusal;
use milspec::root::Root;
use milspec::signals;
use milspec::system;
use milspec::systemd;
use milspec::unconfirmed::{Record, State, Waiter, Way, FILE};
use milspec::warning::Warning;
use serde::Serialize;
use std::time::Duration;

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
#[derive(Clone, Debug, Serialize)]
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
            steps: Vec::new(),
            left: Vec::new(),
            absent: Vec::new(),
            needs_reboot: false,
            firmware_calls: 0,
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
        let failure = |code, what, why, next: &str| Failure {
            code,
            exit: Exit::Failed,
            errno: None,
            what,
            why,
            next: next.into(),
        };
        match self.result {
            "waiting" | "confirmed" => None,
            "undone" => Some(failure(
                "not-confirmed",
                format!("{change} was not confirmed, and was undone"),
                self.why_not(),
                "run it again, and confirm it: keep, or \"milspecctl confirm\"",
            )),
            _ => Some(failure(
                "not-undone",
                format!("{change} was not confirmed, and could not all be undone"),
                format!("{}; not put back: {}", self.why_not(), self.left.join(", ")),
                "run \"milspecctl confirm --undo\"; see \"dmesg | grep milspec\"",
            )),
        }
    }
}

/// A change that is about to be made, and is to be confirmed.
pub struct Guard {
    /// Who will wait.
    pub waiter: Waiter,
    /// How long there is to confirm it.
    pub within: Duration,
    /// For who makes it, where that is who will wait.
    pub watch: Option<Watch>,
}

impl Guard {
    /// Prepares it: what could fail fails here, before anything is changed. Call
    /// [`signals::catch`] first.
    pub fn prepare(root: &Root, change: &Change, steps: &[Step], within: Duration) -> Result<Self> {
        if !systemd::has_unit(root) {
            if change.reboot_to_undo {
                return Err(cannot_wait(
                    "milspec-confirm.service, which would do that, is not there",
                    "leave out --reboot-to-undo",
                ));
            }
            signals::outlive_terminal().map_err(|_| {
                cannot_wait(
                    "the kernel does not let milspecctl outlive its terminal",
                    "leave out --confirm-within",
                )
            })?;
            return Ok(Self {
                waiter: Waiter::Process,
                within,
                watch: Some(Watch::new(root)?),
            });
        }
        let later = steps.iter().any(Step::waits_for_reboot);
        if later && (change.password_fd.is_some() || bios_password::is_installed(root)) {
            return Err(refusal::password_not_on_disk(&change.in_words()));
        }
        Ok(Self {
            waiter: Waiter::Service,
            within,
            watch: None,
        })
    }

    /// Has it on disk that the change is to be undone, and how; and the service waiting, where that
    /// is who will.
    pub fn arm(
        &self,
        root: &Root,
        recorder: &mut Recorder<'_>,
        change: &Change,
        steps: &[Step],
    ) -> Result<()> {
        recorder.arm(self.record(root, change, steps))?;
        if self.waiter == Waiter::Process || systemd::start(root) {
            return Ok(());
        }
        recorder.take_back()?;
        Err(cannot_wait(
            "systemd does not start milspec-confirm.service",
            "see \"systemctl status milspec-confirm\"",
        ))
    }

    fn record(&self, root: &Root, change: &Change, steps: &[Step]) -> Record {
        let way = |step: &Step| Way {
            control: step.control.clone(),
            from: step.from.clone(),
            to: step.to.clone(),
            waits_for_reboot: step.waits_for_reboot() && self.waiter == Waiter::Service,
        };
        Record {
            schema: FILE.schema.into(),
            machine: Identity::of(root),
            change: change.in_words(),
            boot: system::boot_id(root),
            steps: steps.iter().map(way).collect(),
            recorded: Vec::new(),
            within_s: self.within.as_secs(),
            reboots: change.reboot_to_undo,
            waiter: self.waiter,
            state: State::Armed,
            deadline: None,
            left: Vec::new(),
        }
    }

    /// What to know before the change is made.
    pub fn warning(&self, change: &Change, steps: &[Step]) -> Option<Warning> {
        let warning = |code, text: &str, remedy| {
            Some(Warning {
                code,
                text: text.into(),
                remedy,
                controls: Vec::new(),
            })
        };
        match self.waiter {
            Waiter::Process => warning(
                "process-bound",
                "milspec-confirm.service is not there: this milspecctl waits, and nothing is undone \
                 after kill -9, a crash or a reboot",
                "make sure that somebody can get to the machine",
            ),
            Waiter::Service if steps.iter().any(Step::waits_for_reboot) => warning(
                "undo-takes-reboot",
                "this will be in force after a reboot; to undo it after that takes another one",
                match change.reboot_to_undo {
                    true => "that one comes by itself",
                    false => "add --reboot-to-undo to have that one come by itself",
                },
            ),
            Waiter::Service => None,
        }
    }
}

fn cannot_wait(why: &str, next: &str) -> Failure {
    Failure {
        code: "cannot-wait",
        exit: Exit::Failed,
        errno: None,
        what: "nothing was changed".into(),
        why: why.into(),
        next: next.into(),
    }
}
