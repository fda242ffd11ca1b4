// SPDX-License-Identifier: GPL-2.0

//! `milspecctl baseline restore`

use crate::apply;
use crate::apply::ApplyDoc;
use crate::apply::Recorder;
use crate::ui::Ui;
use milspec::baseline::{self, Record};
use milspec::change::{Assignment, Change};
use milspec::cli::BaselineRestore;
use milspec::diagnose;
use milspec::driver;
use milspec::failure::Result;
use milspec::model::Control;
use milspec::root::Root;
use milspec::signals;
use milspec::snapshot::Snapshot;
use milspec::source::Access;

/// Brings back what was recorded, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, restore: BaselineRestore) -> Result<ApplyDoc> {
    let access = if restore.how.dry_run {
        Access::Read
    } else {
        Access::Change
    };
    let snapshot = Snapshot::read(driver::open(root, access)?.as_ref())?;
    let change = |record: Record| Change {
        password_fd: restore.how.bios_password_fd,
        ..change(record, &snapshot.controls)
    };
    if restore.how.dry_run {
        let record = baseline::file::load(root)?;
        if let Some(record) = &record {
            record.check(root)?;
        }
        return apply::plan(root, &change(record.unwrap_or_else(|| Record::new(root))));
    }
    signals::catch().map_err(|errno| diagnose::apply("cannot begin".into(), errno))?;
    let recorder = Recorder::begin(root, ui)?;
    let change = change(recorder.record().clone());
    apply::apply(root, ui, &change, Some(recorder))
}

/// All that is recorded, and what only the driver remembers.
fn change(mut record: Record, controls: &[Control]) -> Change {
    record.merge(controls, &[]);
    let assignments = record.controls.into_iter().map(|recorded| Assignment {
        name: recorded.name,
        value: recorded.value,
    });
    Change {
        assignments: assignments.collect(),
        restores: Some("the recorded baseline"),
        ..Change::default()
    }
}
