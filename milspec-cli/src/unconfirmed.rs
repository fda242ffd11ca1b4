// SPDX-License-Identifier: GPL-2.0

//! A change that has to be confirmed: on disk, so that it can be undone whatever becomes of who made
//! it.

use crate::baseline::Identity;
use crate::failure::{Exit, Failure, Result};
use crate::kept::Kept;
use crate::root::Root;
use crate::warning::Warning;
use crate::words::count;
use crate::{clock, system};
use serde::{Deserialize, Serialize};
use std::fs;
use std::time::Duration;

/// Its file.
pub const FILE: Kept = Kept {
    path: "/var/lib/milspecctl/unconfirmed.json",
    schema: "milspec.unconfirmed/1",
    of: "the unconfirmed change",
};

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Undone when its time is over.
    Armed,
    /// The same from the next boot on: before that, somebody has said that all is well.
    Held,
    /// It was undone.
    Undone,
    /// The same, which is in force after a reboot; that was to come by itself.
    RebootDue,
    /// It was to be undone, and some of it could not be.
    NotUndone,
}

/// Who undoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiter {
    /// The service of systemd, after a reboot too.
    Service,
    /// The process that made it, as long as that lasts.
    Process,
}

/// A step of it, and the way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Name of the control.
    pub control: String,
    /// Name of the value that it had.
    pub from: String,
    /// Name of the value that it was given.
    pub to: String,
    /// Whether that is in force after the next boot only.
    pub waits_for_reboot: bool,
}

/// When its time is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The boot in which that counts; null where the kernel does not tell it.
    pub boot: Option<String>,
    /// On the clock of that boot that nobody sets, and that stands still while the machine sleeps.
    pub monotonic_ms: u64,
    /// Who waits for it.
    pub pid: u32,
}

/// `milspec.unconfirmed/1`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Name and major version.
    pub schema: String,
    /// The machine that it is of.
    pub machine: Identity,
    /// The change in a few words.
    pub change: String,
    /// The boot in which it was made; null where the kernel does not tell it.
    pub boot: Option<String>,
    /// Its steps, in the order in which they were made.
    pub steps: Vec<Way>,
    /// Names of the controls that it added to the record of the baseline.
    pub recorded: Vec<String>,
    /// How long there is to confirm it, in each boot.
    pub within_s: u64,
    /// Whether the machine is booted again by itself where undoing takes that.
    pub reboots: bool,
    /// Who undoes it.
    pub waiter: Waiter,
    /// How it stands.
    pub state: State,
    /// When its time is over; null where nobody has begun to count.
    pub deadline: Option<Deadline>,
    /// Names of the controls that could not be put back.
    pub left: Vec<String>,
    /// Names of the controls that it brought back to what is recorded of before: the record of these goes
    /// when it is confirmed.
    #[serde(default)]
    pub restored: Vec<String>,
    /// The boot in which it was undone; null where it was not, or the kernel does not tell that.
    #[serde(default)]
    pub undone_in: Option<String>,
    /// Whether somebody asked for that, and needs no telling.
    #[serde(default)]
    pub asked: bool,
}

impl Record {
    /// The record of this machine; `None` where there is none.
    pub fn load(root: &Root) -> Result<Option<Self>> {
        let record: Option<Self> = FILE.load(root)?;
        if let Some(record) = &record {
            record.machine.check(root, &FILE)?;
        }
        Ok(record)
    }

    /// Whether this is the boot in which the change was made, for all that is known.
    pub fn is_of_this_boot(&self, root: &Root) -> bool {
        self.boot == system::boot_id(root)
    }

    /// Whether some of it is in force after the next boot only.
    pub fn waits_for_reboot(&self, root: &Root) -> bool {
        self.is_of_this_boot(root) && self.steps.iter().any(|step| step.waits_for_reboot)
    }

    /// Whether the clock stands still until the next boot.
    pub fn is_held(&self, root: &Root) -> bool {
        self.state == State::Held && self.is_of_this_boot(root)
    }

    /// When its time is over in this boot; `None` where nobody has begun to count.
    pub fn deadline(&self, root: &Root) -> Option<u64> {
        let deadline = self.deadline.as_ref()?;
        (deadline.boot == system::boot_id(root)).then_some(deadline.monotonic_ms)
    }

    /// Whether who began to count is still there.
    pub fn somebody_waits(&self) -> bool {
        let pid = self.deadline.as_ref().map_or(0, |deadline| deadline.pid);
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name == "milspecctl\n")
    }

    /// Begins to count in this boot, or goes on. Returns when the time is over.
    pub fn count(&mut self, root: &Root) -> Duration {
        let now = u64::try_from(clock::monotonic().as_millis()).unwrap_or(u64::MAX);
        let all = now.saturating_add(self.within_s.saturating_mul(1000));
        let end = self.deadline(root).unwrap_or(all);
        self.deadline = Some(Deadline {
            boot: system::boot_id(root),
            monotonic_ms: end,
            pid: std::process::id(),
        });
        Duration::from_millis(end)
    }

    /// Whether somebody still has to say what becomes of it.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Undone | State::RebootDue)
    }

    /// Whether the machine is to be booted again, so that what was undone is in force.
    pub fn is_reboot_due(&self, root: &Root) -> bool {
        self.state == State::RebootDue && self.undone_in == system::boot_id(root)
    }

    /// The same, for all that is known: where the kernel does not tell which boot this is, it may be the
    /// one in which it was undone.
    fn may_be_due(&self, root: &Root) -> bool {
        let is_unknown = system::boot_id(root).is_none();
        self.state == State::RebootDue && (is_unknown || self.is_reboot_due(root))
    }
}

/// Refuses to change anything while a change waits to be confirmed: undoing it would be about
/// something else then.
pub fn refuse_another(root: &Root) -> Result<()> {
    match Record::load(root)? {
        Some(record) if record.is_open() => Err(Failure::new(
            "already-waiting",
            "nothing was changed",
            format!("{} is not confirmed yet", record.change),
            "keep that with \"milspecctl confirm\", or undo it with --undo; then run this \
             again",
        )),
        Some(record) if record.may_be_due(root) => Err(Failure::new(
            "already-waiting",
            "nothing was changed",
            format!(
                "{} was undone, and the machine is to boot again for that",
                record.change
            ),
            "reboot; or run \"milspecctl confirm --forget\", and then this again",
        )),
        _ => Ok(()),
    }
}

/// What there is to say of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Told {
    /// `not-in-force`, `unconfirmed`, `undone`, `not-undone`, or `unreadable`.
    pub state: &'static str,
    /// The change in a few words; null where its record cannot be read.
    pub change: Option<String>,
    /// Names of the controls that it changed.
    pub controls: Vec<String>,
    /// How long there is to confirm it, in each boot; null where its record cannot be read.
    pub within_s: Option<u64>,
    /// How much of that is left; null where no time counts.
    pub left_s: Option<u64>,
    /// Names of the controls that could not be put back.
    pub left: Vec<String>,
    /// In a sentence.
    #[serde(skip)]
    text: String,
    /// What to do.
    #[serde(skip)]
    remedy: &'static str,
}

impl Told {
    /// What there is to say now; `None` where there is no such change.
    pub fn read(root: &Root) -> Option<Self> {
        match Record::load(root) {
            Ok(record) => Some(Self::of(root, &record?)),
            Err(failure) => Some(Self {
                state: "unreadable",
                text: failure.to_string(),
                remedy: match failure.exit {
                    Exit::Permission => "run it as root",
                    _ => "see whether a change waits to be undone, then move that file away",
                },
                ..Self::default()
            }),
        }
    }

    /// What there is to say of this one.
    pub fn of(root: &Root, record: &Record) -> Self {
        let (change, within) = (&record.change, record.within_s);
        let deadline = record.deadline(root).filter(|_| !record.is_held(root));
        let now = u64::try_from(clock::monotonic().as_millis()).unwrap_or(u64::MAX);
        let left = |end: u64| end.saturating_sub(now).div_ceil(1000);
        let left_s = deadline.filter(|_| record.somebody_waits()).map(left);
        let waiting = record.steps.iter().filter(|step| step.waits_for_reboot);
        let waiting = count(waiting.count(), "control");
        const REBOOT: &str = "reboot, then run \"milspecctl confirm\"";
        const CONFIRM: &str = "run \"milspecctl confirm\" to keep it, or with --undo to undo it";
        let takes = match (record.is_of_this_boot(root), record.reboots) {
            (true, _) => "",
            (false, true) => "; then the machine is booted again",
            (false, false) => ", which takes another reboot",
        };
        let not_confirmed = format!("{change} is not confirmed");
        let (state, text, remedy) = match (record.state, left_s) {
            (State::RebootDue, _) if record.is_reboot_due(root) => (
                "undone",
                format!(
                    "{change} was not confirmed within {within} s, and was undone: that is in force after \
                     the next boot"
                ),
                "reboot",
            ),
            (State::Undone | State::RebootDue, _) => (
                "undone",
                format!("{change} was not confirmed within {within} s, and was undone"),
                "run it again, or \"milspecctl confirm --forget\"",
            ),
            (State::NotUndone, _) if deadline.is_some() => {
                let left = record.left.join(", ");
                let text =
                    format!("{change} was not confirmed, and could not all be undone: {left}");
                ("not-undone", text, CONFIRM)
            }
            (_, left_s) if record.waits_for_reboot(root) => {
                let then = match left_s {
                    Some(left) => format!("It is undone in {left} s, or {within} s after a reboot"),
                    None if record.is_held(root) => {
                        format!("It is undone {within} s after a reboot")
                    }
                    None => "Nothing waits to undo it before that".into(),
                };
                let text = format!("{waiting} will be in force after the next boot. {then}");
                ("not-in-force", format!("{not_confirmed}: {text}"), REBOOT)
            }
            (_, Some(left @ 1..)) => {
                let text = format!("{not_confirmed}: it is undone in {left} s{takes}");
                ("unconfirmed", text, CONFIRM)
            }
            _ => {
                let text = format!("{not_confirmed}, and nothing has undone it");
                ("unconfirmed", text, CONFIRM)
            }
        };
        Self {
            state,
            change: Some(change.clone()),
            controls: record.steps.iter().map(|s| s.control.clone()).collect(),
            within_s: Some(within),
            left_s,
            left: record.left.clone(),
            text,
            remedy,
        }
    }

    /// As something that needs attention.
    pub fn warning(&self) -> Warning {
        Warning::new(
            match self.state {
                "undone" => "undone",
                "not-undone" => "not-undone",
                _ => "unconfirmed",
            },
            self.text.clone(),
            self.remedy,
        )
        .about(self.controls.clone())
    }
}
