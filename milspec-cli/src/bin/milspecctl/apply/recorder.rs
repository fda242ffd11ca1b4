// SPDX-License-Identifier: GPL-2.0

//! Keeps the records while a change is made: what was before it, and how to undo it.

use crate::ui::Ui;
use milspec::baseline::{self, Record};
use milspec::kept::{self, Lock};
use milspec::model::{Control, Step};
use milspec::unconfirmed::{self, Waiter};
use milspec::{Result, Root, Snapshot, Source};
use serde::Serialize;

/// What became of the record of the baseline, in a document.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Note {
    /// Where it is.
    pub file: &'static str,
    /// `recorded`, `kept`, `removed`, or `until-confirmed`.
    pub state: &'static str,
    /// How many controls were added to it.
    pub added: usize,
}

/// The records, locked.
pub struct Recorder<'a> {
    root: &'a Root,
    lock: Lock,
    /// That of the baseline, as it was found.
    found: Option<Record>,
    /// As it is now.
    record: Record,
    added: usize,
    /// The change, where it has to be confirmed.
    armed: Option<unconfirmed::Record>,
}

impl<'a> Recorder<'a> {
    /// Locks and reads them. Nothing may wait to be confirmed.
    pub fn begin(root: &'a Root, ui: &Ui) -> Result<Self> {
        let lock = kept::lock(root, &|| {
            ui.say("another milspecctl is changing this machine: waiting\n");
        })?;
        unconfirmed::refuse_another(root)?;
        // One that was undone has been said long enough.
        unconfirmed::FILE.remove(root, &lock)?;
        let found = Record::load(root)?;
        Ok(Self {
            root,
            lock,
            record: found.clone().unwrap_or_else(|| Record::new(root)),
            found,
            added: 0,
            armed: None,
        })
    }

    /// Adds what is known and not recorded yet, and has it on disk when it returns.
    pub fn record_before(&mut self, controls: &[Control], steps: &[Step]) -> Result<()> {
        self.added += self.record.merge(controls, steps);
        if self.found.as_ref() == Some(&self.record) || self.record.controls.is_empty() {
            return Ok(());
        }
        baseline::FILE.save(self.root, &self.lock, &self.record)
    }

    /// Has it on disk that the change is to be undone, and how.
    pub fn arm(&mut self, mut change: unconfirmed::Record) -> Result<()> {
        let before = self.record.controls.len() - self.added;
        let added = self.record.controls.iter().skip(before);
        change.recorded = added.map(|one| one.name.clone()).collect();
        unconfirmed::FILE.save(self.root, &self.lock, &change)?;
        self.armed = Some(change);
        Ok(())
    }

    /// The change was made. What the driver says is in force can be confirmed in this boot: it was
    /// taken to wait for the next one. Returns what is to be undone.
    pub fn made(&mut self, source: &dyn Source) -> Option<unconfirmed::Record> {
        let change = self.armed.as_mut()?;
        let now = Snapshot::read(source).map_or_else(|_| Vec::new(), |now| now.controls);
        for step in &mut change.steps {
            let control = Control::named(&now, &step.control);
            step.waits_for_reboot &= control.is_none_or(|control| control.pending_reboot);
        }
        if change.waiter == Waiter::Process {
            change.count(self.root);
        }
        // Without this it takes a reboot to confirm it, and nobody is told how much time is left.
        let _ = unconfirmed::FILE.save(self.root, &self.lock, change);
        Some(change.clone())
    }

    /// How many controls were added to the record of the baseline.
    pub fn added(&self) -> usize {
        self.added
    }

    /// There is nothing to confirm.
    pub fn disarm(&mut self) {
        if self.armed.take().is_some() {
            let _ = unconfirmed::FILE.remove(self.root, &self.lock);
        }
    }

    /// Nothing was changed: the records are as they were found. Otherwise a value would stay that is
    /// no longer the one before the first change, when that comes.
    pub fn take_back(&mut self) -> Result<()> {
        self.disarm();
        if self.added == 0 {
            return Ok(());
        }
        match &self.found {
            Some(record) => baseline::FILE.save(self.root, &self.lock, record),
            None => baseline::FILE.remove(self.root, &self.lock),
        }
    }

    /// Everything is as it was, but these controls: only they stay recorded once the change is confirmed.
    /// Returns whether it has to be.
    pub fn restored_once_confirmed(&mut self, but: &[String]) -> bool {
        let Some(change) = self.armed.as_mut() else {
            return false;
        };
        let names = self.record.controls.iter().map(|one| &one.name);
        let names = names.filter(|name| !but.contains(name));
        change.restored = names.cloned().collect();
        // Without this the record stays, as if nothing had been brought back.
        let _ = unconfirmed::FILE.save(self.root, &self.lock, change);
        true
    }

    /// Everything is as it was, but these controls: only they stay recorded.
    pub fn restored(mut self, but: &[String]) -> Result<Option<Note>> {
        if self.record.controls.is_empty() && self.found.is_none() {
            return Ok(None);
        }
        let controls = &mut self.record.controls;
        controls.retain(|one| but.contains(&one.name));
        let state = if controls.is_empty() {
            baseline::FILE.remove(self.root, &self.lock)?;
            "removed"
        } else {
            baseline::FILE.save(self.root, &self.lock, &self.record)?;
            "kept"
        };
        Ok(Some(Note {
            file: baseline::FILE.path,
            state,
            added: 0,
        }))
    }
}

/// A change was undone: what it added to the record of the baseline goes with it.
pub fn forget(root: &Root, lock: &Lock, names: &[String]) -> Result<()> {
    let Some(mut record) = Record::load(root)? else {
        return Ok(());
    };
    record.controls.retain(|one| !names.contains(&one.name));
    match record.controls.is_empty() {
        true => baseline::FILE.remove(root, lock),
        false => baseline::FILE.save(root, lock, &record),
    }
}
