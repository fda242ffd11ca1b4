// SPDX-License-Identifier: GPL-2.0

//! Keeps the record while a change is made.

use crate::ui::Ui;
use milspec::baseline::file::{self, Lock};
use milspec::baseline::Record;
use milspec::failure::Result;
use milspec::model::{Control, Step};
use milspec::root::Root;
use serde::Serialize;

/// What became of the record, in a document.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Note {
    /// Where it is.
    pub file: &'static str,
    /// `recorded`, `kept` or `removed`.
    pub state: &'static str,
    /// How many controls were added to it.
    pub added: usize,
}

/// The record, locked.
pub struct Recorder<'a> {
    root: &'a Root,
    lock: Lock,
    /// As it was found.
    found: Option<Record>,
    /// As it is now.
    record: Record,
    added: usize,
}

impl<'a> Recorder<'a> {
    /// Locks and reads it.
    pub fn begin(root: &'a Root, ui: &Ui) -> Result<Self> {
        let lock = file::lock(root, &|| {
            ui.say(
                "another milspecctl is changing this machine, or waits to be confirmed: waiting\n",
            );
        })?;
        let found = file::load(root)?;
        if let Some(record) = &found {
            record.check(root)?;
        }
        Ok(Self {
            root,
            lock,
            record: found.clone().unwrap_or_else(|| Record::new(root)),
            found,
            added: 0,
        })
    }

    /// The record.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Adds what is known and not recorded yet, and has it on disk when it returns.
    pub fn record_before(&mut self, controls: &[Control], steps: &[Step]) -> Result<()> {
        self.added += self.record.merge(controls, steps);
        if self.found.as_ref() == Some(&self.record) || self.record.controls.is_empty() {
            return Ok(());
        }
        file::save(self.root, &self.lock, &self.record)
    }

    /// The change was made.
    pub fn made(&self, restored: bool) -> Note {
        Note {
            file: file::PATH,
            state: if restored { "kept" } else { "recorded" },
            added: self.added,
        }
    }

    /// Nothing was changed: the record is as it was found. Otherwise a value would stay in it that
    /// is no longer the one before the first change, when that comes.
    pub fn take_back(self) -> Result<()> {
        if self.added == 0 {
            return Ok(());
        }
        match &self.found {
            Some(record) => file::save(self.root, &self.lock, record),
            None => file::remove(self.root, &self.lock),
        }
    }

    /// Everything was restored: the record, if there is one, has done its duty.
    pub fn restored(self) -> Result<Option<Note>> {
        if self.record.controls.is_empty() && self.found.is_none() {
            return Ok(None);
        }
        file::remove(self.root, &self.lock)?;
        Ok(Some(Note {
            file: file::PATH,
            state: "removed",
            added: 0,
        }))
    }
}
