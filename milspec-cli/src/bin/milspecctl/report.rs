// SPDX-License-Identifier: GPL-2.0

//! `milspecctl report`

use crate::ui::Ui;
use crate::{output, render};
use milspec::cli::{self, Global};
use milspec::failure::errno_of;
use milspec::input::is_standard;
use milspec::{report, signals, Failure, Result, Root, Snapshot};
use nix::errno::Errno;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Shows the report; with a file, writes it there once that is wanted.
pub fn run(root: &Root, global: &Global, ui: &Ui, asked: &cli::Report) -> Result<u8> {
    let file = asked.output.as_deref();
    let file = file.filter(|file| !is_standard(file));
    let refused = |file: &Path, why, next| {
        let what = format!("{} was not written", file.display());
        Err(Failure::new("refused-unconfirmed", what, why, next))
    };
    if let Some(file) = file.filter(|_| !asked.yes && !ui.can_ask()) {
        let why = "a report is shown before it is written, and there is nobody to ask";
        let next = "run it on a terminal, add --yes, or redirect standard output";
        return refused(file, why, next);
    }
    signals::catch_for("report")?;
    // What is reported is told to people who were not there.
    let now = Snapshot::take(root, false).ok();
    if let Some(now) = now.filter(|_| report::of(root).is_none()) {
        now.of_machine("report the machine")?;
    }
    // A report of a report is that report.
    let report = match report::of(root) {
        Some(report) => report,
        None => report::collect::collect(root, !asked.no_firmware_calls, &|text| ui.say(text)),
    };
    if signals::arrived() {
        let what = "no report was made";
        let why = "a signal arrived while the machine was read";
        return Err(Failure::new("interrupted", what, why, "run it again").with(Errno::EINTR));
    }
    let text = render::report_file(&report);
    // What somebody asked for, or is about to be asked about, is not something to be quiet about.
    let wanted = asked.output.is_some() && (file.is_none() || !asked.yes);
    if global.json || !global.quiet || wanted {
        output::stdout(&text)?;
    }
    let screen = output::stderr_screen(global.color);
    ui.say(&render::report(&screen, &report));
    let Some(file) = file else {
        return Ok(0);
    };
    let name = screen.foreign(&file.display().to_string());
    if !asked.yes {
        let question = format!("Write what you see above to {name}? Type yes:");
        if ui.ask("", &question)? != "yes" {
            let next = "run it again, and type yes once you have read it";
            return refused(file, "the answer was not yes", next);
        }
    }
    write(file, &text)?;
    ui.say(&format!("Written to {name}.\n"));
    Ok(0)
}

/// Writes a new file. One that is there is somebody's.
fn write(file: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o644).open(file);
    let written = opened.and_then(|mut opened| {
        let written = opened.write_all(text.as_bytes());
        let written = written.and_then(|()| opened.sync_all());
        if written.is_err() {
            // Half a report would be taken along, and would stand in the way of the next one.
            let _ = std::fs::remove_file(file);
        }
        written
    });
    written.map_err(|error| {
        let (why, next) = match error.kind() {
            ErrorKind::AlreadyExists => (
                "there is something of this name already".to_string(),
                "name another file, or remove that one",
            ),
            _ => (
                format!("creating or writing it gave {:?}", errno_of(&error)),
                "name a file in a directory that you may write to",
            ),
        };
        let what = format!("cannot write {}", file.display());
        Failure::new("file-not-written", what, why, next).with_error(&error)
    })
}
