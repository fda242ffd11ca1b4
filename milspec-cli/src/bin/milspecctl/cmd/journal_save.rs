// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal save`

use milspec::cli::JournalSave;
use milspec::driver;
use milspec::failure::Result;
use milspec::journal::{self, file::Saver};
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use milspec::source::{Access, Source};
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

/// Opens the driver, to read its records.
pub fn open(root: &Root) -> Result<Box<dyn Source + '_>> {
    let source = driver::open(root, Access::Read)?;
    Snapshot::read(source.as_ref())?;
    Ok(source)
}

/// Adds to the file what is new.
pub fn add(save: &JournalSave, saver: &mut Saver, records: &[Event]) -> Result<JournalSaveDoc> {
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
