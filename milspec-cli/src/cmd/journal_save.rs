// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal save`

use super::{ended, Document};
use crate::cli::{Global, JournalSave};
use crate::diagnose;
use crate::failure::Result;
use crate::interrupt;
use crate::journal::{self, file::Saver};
use crate::output;
use crate::render::{self, Screen};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{self, Access, Source, Wait};
use crate::ui::Ui;
use milspec_uapi::{Event, KIND_GAP};
use serde::Serialize;

/// `milspec.journal-save/1`
#[derive(Debug, Serialize)]
pub struct JournalSaveDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// The file.
    pub file: String,
    /// How many records were added.
    pub saved: usize,
    /// Sequence of the last record of the driver; null where it has none.
    pub last: Option<u64>,
    /// How many records were overwritten before they could be saved.
    pub lost: u64,
    /// Bytes of a record that was not written to its end, which were cut off.
    pub torn_bytes: usize,
}

/// Saves what there is.
pub fn run(root: &Root, save: &JournalSave) -> Result<JournalSaveDoc> {
    let mut source = open(root)?;
    let mut saver = Saver::open(&save.file)?;
    let records = journal::read(source.as_mut())?;
    add(save, &mut saver, &records)
}

/// Saves what there is, and what comes. Ctrl-C is how it is meant to end, and no failure.
pub fn follow(root: &Root, global: &Global, save: &JournalSave) -> Result<u8> {
    interrupt::catch().map_err(|errno| interrupt::cannot_catch("follow", errno))?;
    ended(global, keep(root, global, save))
}

fn keep(root: &Root, global: &Global, save: &JournalSave) -> Result<u8> {
    let mut source = open(root)?;
    let mut saver = Saver::open(&save.file)?;
    let mut records = journal::read(source.as_mut())?;
    loop {
        let done = add(save, &mut saver, &records)?;
        if global.json {
            output::stdout(&render::line(&done))?;
        } else {
            Ui::new(global).say(&done.human(&output::stderr_screen(global.color)));
        }
        records = source.records(Wait::Yes).map_err(diagnose::journal)?;
        if records.is_empty() {
            return Ok(0);
        }
    }
}

fn open(root: &Root) -> Result<Box<dyn Source + '_>> {
    let source = source::open(root, Access::Read)?;
    Snapshot::read(source.as_ref())?;
    Ok(source)
}

fn add(save: &JournalSave, saver: &mut Saver, records: &[Event]) -> Result<JournalSaveDoc> {
    let added = saver.add(records)?;
    let gaps = added.iter().filter(|event| event.kind == KIND_GAP);
    Ok(JournalSaveDoc {
        schema: "milspec.journal-save/1",
        file: save.file.display().to_string(),
        saved: added.iter().filter(|event| event.kind != KIND_GAP).count(),
        last: records.last().map(|event| event.sequence),
        lost: gaps.map(|gap| u64::from(gap.count)).sum(),
        torn_bytes: saver.take_torn(),
    })
}

impl Document for JournalSaveDoc {
    fn human(&self, screen: &Screen) -> String {
        render::journal_save(screen, self)
    }
}
