// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal verify`

use crate::ui::Ui;
use milspec::cli::JournalVerify;
use milspec::journal::file;
use milspec::journal::judge::{judge, Verdict};
use milspec::journal::live::{Live, WAITS};
use milspec::model::Provenance;
use milspec::{driver, Access, Result, Root, Snapshot};
use serde::Serialize;

/// `milspec.journal-verify/1`
#[derive(Debug, Serialize)]
pub struct JournalVerifyDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where it is from.
    #[serde(flatten)]
    pub from: Provenance,
    /// The files; none for the driver's records.
    pub files: Vec<String>,
    /// What was found.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Verifies.
pub fn run(root: &Root, ui: &Ui, verify: &JournalVerify) -> Result<JournalVerifyDoc> {
    let files = verify.files.iter().map(|path| file::read(path));
    let files = files.collect::<Result<Vec<_>>>()?;
    let live = live(root, ui);
    let (from, live) = match &live {
        Err(failure) if files.is_empty() => return Err(failure.clone()),
        Err(failure) => (Provenance::default(), Err(failure)),
        Ok((from, live)) => (from.clone(), Ok(live)),
    };
    Ok(JournalVerifyDoc {
        schema: "milspec.journal-verify/1",
        from,
        verdict: judge(&files, live),
        files: files.into_iter().map(|file| file.name).collect(),
    })
}

/// The driver's journal, and where it is from.
fn live(root: &Root, ui: &Ui) -> Result<(Provenance, Live)> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let live = Live::read(root, source.as_mut(), &|| ui.say(WAITS))?;
    Ok((snapshot.provenance(root), live))
}
