// SPDX-License-Identifier: GPL-2.0

//! `milspecctl baseline restore`

use crate::change;
use crate::change::ApplyDoc;
use crate::change::Recorder;
use crate::ui::Ui;
use milspec::baseline::{self, Record};
use milspec::cli::BaselineRestore;
use milspec::diagnose;
use milspec::failure::Result;
use milspec::interrupt;
use milspec::model::Control;
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use milspec::source::{self, Access};
use milspec::wish::{Assignment, Wish};

/// Brings back what was recorded, or shows what that would do.
pub fn run(root: &Root, ui: &Ui, restore: BaselineRestore) -> Result<ApplyDoc> {
    let access = if restore.how.dry_run {
        Access::Read
    } else {
        Access::Change
    };
    let snapshot = Snapshot::read(source::open(root, access)?.as_ref())?;
    let wish = |record: Record| Wish {
        password_fd: restore.how.bios_password_fd,
        ..wish(record, &snapshot.controls)
    };
    if restore.how.dry_run {
        let record = baseline::file::load(root)?;
        if let Some(record) = &record {
            record.check(root)?;
        }
        return change::plan(root, &wish(record.unwrap_or_else(|| Record::new(root))));
    }
    interrupt::catch().map_err(|errno| diagnose::apply("cannot begin".into(), errno))?;
    let recorder = Recorder::begin(root, ui)?;
    let wish = wish(recorder.record().clone());
    change::apply(root, ui, &wish, Some(recorder))
}

/// All that is recorded, and what only the driver remembers.
fn wish(mut record: Record, controls: &[Control]) -> Wish {
    record.merge(controls, &[]);
    let assignments = record.controls.into_iter().map(|recorded| Assignment {
        name: recorded.name,
        value: recorded.value,
    });
    Wish {
        assignments: assignments.collect(),
        restores: Some("the recorded baseline"),
        ..Wish::default()
    }
}
