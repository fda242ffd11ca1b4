// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal save`

use crate::output;
use milspec::cli::JournalSave;
use milspec::input::is_standard;
use milspec::journal::{self, file::Saver};
use milspec::{driver, Access, Failure, Result, Root, Snapshot, Source};
use milspec_uapi::{Event, KIND_GAP};
use serde::Serialize;
use std::io::{self, IsTerminal};
use std::path::Path;
use zerocopy::IntoBytes;

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
    let mut to = Target::open(&save.file)?;
    let records = journal::read(source.as_mut())?;
    to.add(records)
}

/// Opens the driver, to read its records.
pub fn open(root: &Root) -> Result<Box<dyn Source + '_>> {
    let source = driver::open(root, Access::Read)?;
    Snapshot::read(source.as_ref())?;
    Ok(source)
}

/// Where records go.
pub struct Target {
    name: String,
    /// The file; `None` for standard output.
    saver: Option<Saver>,
    /// Whether somebody still reads what is written.
    pub read_on: bool,
}

impl Target {
    /// Opens the file, or standard output for `-`.
    pub fn open(path: &Path) -> Result<Self> {
        let standard = is_standard(path);
        if standard && io::stdout().is_terminal() {
            return Err(Failure::new(
                "usage",
                "cannot write records to a terminal",
                "they are no text",
                "redirect standard output, or name a file",
            ));
        }
        Ok(Self {
            name: output::name(path),
            saver: (!standard).then(|| Saver::open(path)).transpose()?,
            read_on: true,
        })
    }

    /// Adds what is new. Of a training nothing is kept.
    pub fn add(&mut self, records: Vec<Event>) -> Result<JournalSaveDoc> {
        let records = &journal::of_machine(records)[..];
        let added = match &mut self.saver {
            Some(saver) => saver.add(records)?,
            None => {
                self.read_on = output::write(records.as_bytes())?;
                records.to_vec()
            }
        };
        let gaps = added.iter().filter(|event| event.kind == KIND_GAP);
        Ok(JournalSaveDoc {
            schema: "milspec.journal-save/1",
            file: self.name.clone(),
            saved: added.iter().filter(|event| event.kind != KIND_GAP).count(),
            last: records.last().map(|event| event.sequence),
            lost: gaps.map(|gap| u64::from(gap.count)).sum(),
            torn_bytes: self.saver.as_mut().map_or(0, Saver::take_torn),
        })
    }
}
