// SPDX-License-Identifier: GPL-2.0

//! Who waits for the confirmation of a change that is about to be made.

use super::undo::{keep, not_kept, settled, undo};
use super::wait::{Ended, Watch};
use super::{cannot_wait, By, Confirmation};
use crate::apply::{bios_password, Recorder};
use crate::ui::Ui;
use milspec::baseline::Identity;
use milspec::model::Step;
use milspec::unconfirmed::{Record, State, Waiter, Way, FILE};
use milspec::{kept, refusal, signals, system, systemd, Change, Result, Root, Source, Warning};
use std::time::Duration;
use zeroize::Zeroizing;

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
            restored: Vec::new(),
            undone_in: None,
            asked: false,
        }
    }

    /// Waits, where it is this process that does, and undoes what nobody confirms. `record` is what is
    /// on disk of it.
    pub fn wait(
        self,
        root: &Root,
        ui: &Ui,
        source: &mut dyn Source,
        key: &Zeroizing<u16>,
        steps: &[Step],
        record: Option<Record>,
    ) -> Result<Confirmation> {
        let within = self.within.as_secs();
        let (Some(watch), Some(mut record)) = (self.watch, record) else {
            return Ok(Confirmation::new(within, "waiting", None));
        };
        let terminal = ui.ask_to_keep(steps, self.within);
        let ended = watch.wait(root, ui, record.count(root), terminal);
        if ended != Ended::Kept {
            ui.not_answered();
        }
        match ended {
            Ended::Kept => {
                // It was typed. A signal that comes now does not take it back.
                let _blocked = signals::Blocked::new();
                keep(root, &kept::lock_whatever_arrives(root).map_err(not_kept)?)?;
                Ok(Confirmation::new(within, "confirmed", Some(By::Terminal)))
            }
            Ended::Settled => settled(root, within),
            Ended::Timeout => undo(root, source, key, record, By::Timeout),
            Ended::Signal => undo(root, source, key, record, By::Signal),
        }
    }

    /// What to know before the change is made.
    pub fn warning(&self, change: &Change, steps: &[Step]) -> Option<Warning> {
        let (code, text, remedy) = match self.waiter {
            Waiter::Process => (
                "process-bound",
                "milspec-confirm.service is not there: this milspecctl waits, and nothing is undone \
                 after kill -9, a crash or a reboot",
                "make sure that somebody can get to the machine",
            ),
            Waiter::Service if steps.iter().any(Step::waits_for_reboot) => (
                "undo-takes-reboot",
                "this will be in force after a reboot; to undo it after that takes another one",
                match change.reboot_to_undo {
                    true => "that one comes by itself",
                    false => "add --reboot-to-undo to have that one come by itself",
                },
            ),
            Waiter::Service => return None,
        };
        Some(Warning::new(code, text, remedy))
    }
}
