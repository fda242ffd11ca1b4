// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal save --follow`

use super::ended;
use crate::cmd::journal_save::{open, Target};
use crate::ui::Ui;
use crate::{output, render};
use milspec::cli::{Global, JournalSave};
use milspec::input::is_standard;
use milspec::source::Wait;
use milspec::{diagnose, journal, signals, Result, Root};

/// Saves what there is, and what comes. Ctrl-C is how it is meant to end, and no failure.
pub fn run(root: &Root, global: &Global, save: &JournalSave) -> Result<u8> {
    signals::catch_for("follow")?;
    ended(global, keep(root, global, save))
}

fn keep(root: &Root, global: &Global, save: &JournalSave) -> Result<u8> {
    let mut source = open(root)?;
    let mut to = Target::open(&save.file)?;
    // Where the records go to a file, it does not matter who reads what is said of that: the unit's standard
    // output is journald, which may be started anew.
    let wait = match is_standard(&save.file) || global.json {
        true => Wait::Yes,
        false => Wait::Lone,
    };
    let mut records = journal::read(source.as_mut())?;
    loop {
        let done = to.add(records)?;
        if global.json {
            output::stdout(&render::line(&done))?;
        } else {
            let screen = output::stderr_screen(global.color);
            Ui::new(global).say(&render::text(&screen, &done));
        }
        if !to.read_on {
            return Ok(0);
        }
        records = source.records(wait).map_err(diagnose::journal)?;
        if records.is_empty() {
            return Ok(0);
        }
    }
}
