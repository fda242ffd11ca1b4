// SPDX-License-Identifier: GPL-2.0

//! What happens in a scenario.

use super::Runner;
use milspec::training::judge::Facts;
use milspec::training::run::Happened;
use milspec::training::scenario::{Happening, Somebody};
use milspec::{system, training, Failure, Result, Snapshot};
use milspec_uapi as uapi;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

impl Runner<'_> {
    /// Has happen what is due, and says whether something was.
    pub(super) fn have_happen(&mut self) -> Result<bool> {
        let due: Vec<usize> = {
            let facts = self.run.facts();
            let events = self.run.scenario.event.iter().enumerate();
            let due = events.filter(|(at, event)| self.is_due(*at, event, &facts));
            due.map(|(at, _)| at).collect()
        };
        let is_due = !due.is_empty();
        for at in due {
            let Some(event) = self.run.scenario.event.get(at).cloned() else {
                continue;
            };
            // Noted first: where this program ends in between, it does not happen twice.
            self.run.happened.push(Happened {
                event: at,
                failed: None,
            });
            self.save()?;
            let tried = self.happen(&event).or_else(|_| self.happen(&event));
            let Err(failure) = tried else { continue };
            if !self.is_there()? {
                return Ok(true);
            }
            if let Some(last) = self.run.happened.last_mut() {
                last.failed = Some(failure.to_string());
            }
            self.tell_undone(at, &failure)?;
            self.save()?;
        }
        Ok(is_due)
    }

    /// Whether it is time for an event that has not happened yet.
    fn is_due(&self, at: usize, event: &Happening, facts: &Facts<'_>) -> bool {
        let since = match &event.on {
            None => facts.records.first(),
            Some(wanted) => facts
                .records
                .iter()
                .find(|record| facts.fits(record, wanted)),
        };
        let is_time = |since: &uapi::Event| {
            let over = u128::from(facts.now.saturating_sub(since.boot_ns));
            over >= Duration::from_secs(event.at).as_nanos()
        };
        !self.run.has_happened(at) && since.is_some_and(is_time)
    }

    fn happen(&mut self, event: &Happening) -> Result<()> {
        if let Some(inject) = &event.inject {
            let snapshot = Snapshot::read(self.source.as_ref())?;
            let injection = inject.on(&snapshot)?;
            // Another training can have begun in place of this one: it is not what is meant.
            training::inject(self.source.as_mut(), self.run.session, injection)?;
        }
        match &event.change {
            Some(somebody) => self.change(somebody),
            None => Ok(()),
        }
    }

    /// Sets a control as another user, so that the records have that user.
    fn change(&self, somebody: &Somebody) -> Result<()> {
        let group = system::group(self.root, uapi::DEVICE_NAME);
        let mut command = Command::new("/proc/self/exe");
        command
            .args(["--quiet", "control", "set", "--in-training"])
            .arg(format!("{}={}", somebody.control, somebody.value))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the runner.
            .process_group(0)
            .uid(somebody.uid);
        if let Some((group, _)) = group {
            command.gid(group);
        }
        let ended = command.status();
        match ended {
            Ok(status) if status.success() => Ok(()),
            ended => Err(Failure::new(
                "scenario-failed",
                "somebody else could not change the copy",
                match ended {
                    Ok(status) => format!("milspecctl ended with {status}"),
                    Err(error) => format!("milspecctl was not started: {error}"),
                },
                "see that group milspec is there and may read /dev/milspec",
            )),
        }
    }
}
