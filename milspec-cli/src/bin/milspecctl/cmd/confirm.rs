// SPDX-License-Identifier: GPL-2.0

//! `milspecctl confirm`

use crate::apply::confirm::{self, By, Confirmation, Ended, Watch};
use crate::ui::Ui;
use milspec::cli::Confirm;
use milspec::unconfirmed::{Record, State, Told, FILE};
use milspec::{diagnose, driver, kept, signals, systemd, Access, Exit, Failure, Result, Root};
use serde::Serialize;
use zeroize::Zeroizing;

/// `milspec.confirm/1`
#[derive(Debug, Default, Serialize)]
pub struct ConfirmDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// The change in a few words; null where none waited.
    pub change: Option<String>,
    /// `kept`, `undone`, `not-undone`, `forgotten`, `waiting` where that goes on elsewhere, or `nothing`
    /// where there was nothing to do.
    pub result: &'static str,
    /// What became of it, where it was to be undone.
    pub confirmation: Option<Confirmation>,
    /// Whether the machine boots again, so that what was undone is gone.
    pub reboots: bool,
    /// What went wrong.
    pub error: Option<Failure>,
}

/// Says what becomes of the change that waits.
pub fn run(root: &Root, ui: &Ui, asked: Confirm) -> Result<ConfirmDoc> {
    signals::catch().map_err(|errno| diagnose::apply("cannot begin".into(), errno))?;
    if asked.wait {
        wait(root, ui)
    } else if asked.undo {
        let record = Record::load(root)?.filter(Record::is_open);
        undone(root, record.ok_or_else(nothing)?, By::Command)
    } else if asked.forget {
        let lock = kept::lock(root, &|| {})?;
        match Record::load(root)? {
            Some(record) if !record.is_open() => {
                FILE.remove(root, &lock)?;
                Ok(document(root, Some(record.change), "forgotten"))
            }
            _ => Err(nothing()),
        }
    } else {
        // Who may not read it is told so, and not that he may not lock it.
        Record::load(root)?.ok_or_else(nothing)?;
        let lock = kept::lock(root, &|| {})?;
        let kept = confirm::keep(root, &lock)?.ok_or_else(nothing)?;
        Ok(document(root, Some(kept), "kept"))
    }
}

/// Waits, and undoes the change when its time is over.
fn wait(root: &Root, ui: &Ui) -> Result<ConfirmDoc> {
    // Who makes the change holds the lock until it is made.
    let lock = kept::lock(root, &|| {})?;
    let Some(mut record) = Record::load(root)? else {
        return Ok(document(root, None, "nothing"));
    };
    if record.state == State::RebootDue && !record.is_reboot_due(root) && record.asked {
        // Who asked for it needs no telling.
        FILE.remove(root, &lock)?;
        return Ok(document(root, Some(record.change), "nothing"));
    }
    if record.is_reboot_due(root) {
        // Who has undone it came no further.
        let error = boots_again(root, &record);
        return Ok(ConfirmDoc {
            reboots: error.is_none(),
            error,
            ..document(root, Some(record.change), "undone")
        });
    }
    if !record.is_open() || record.is_held(root) {
        return Ok(document(root, Some(record.change), "nothing"));
    }
    let watch = Watch::new(root)?;
    let end = record.count(root);
    // Where it cannot be written down, the time begins anew when this is started anew.
    let _ = FILE.save(root, &lock, &record);
    drop(lock);
    let warning = Told::of(root, &record).warning();
    ui.say(&format!("{}\n", warning.text));
    match watch.wait(root, ui, end, None) {
        Ended::Timeout => undone(root, record, By::Timeout),
        Ended::Signal => Ok(document(root, Some(record.change), "waiting")),
        Ended::Settled | Ended::Kept => Ok(document(root, Some(record.change), "nothing")),
    }
}

/// Undoes the change.
fn undone(root: &Root, record: Record, by: By) -> Result<ConfirmDoc> {
    let mut source = driver::open(root, Access::Change)?;
    let no_key = Zeroizing::default();
    let ended = confirm::undo(root, source.as_mut(), &no_key, record.clone(), by)?;
    if ended.result == "confirmed" {
        return Ok(document(root, Some(record.change), "nothing"));
    }
    // What has gone back may be what brings the connection back, be it not all.
    let due = ended.needs_reboot && record.reboots;
    let refused = match due {
        true => boots_again(root, &record),
        false => None,
    };
    let reboots = due && refused.is_none();
    let error = match ended.is_undone() {
        true => refused,
        false => ended.failure(&record.change),
    };
    Ok(ConfirmDoc {
        reboots,
        error,
        confirmation: Some(ended.clone()),
        ..document(root, Some(record.change), ended.result)
    })
}

/// Has the machine boot again, so that what was undone is in force; what went wrong. The unit tries it
/// again for this exit status.
fn boots_again(root: &Root, record: &Record) -> Option<Failure> {
    let refused = || {
        Failure::new(
            "not-rebooted",
            format!(
                "{} was undone, and the machine does not boot again",
                record.change
            ),
            "systemd does not take that; what was put back is in force after the next boot",
            "reboot: \"systemd-inhibit --list\" may say what stands in the way",
        )
        .exits(Exit::Unsupported)
    };
    (!systemd::reboot(root)).then(refused)
}

fn document(root: &Root, change: Option<String>, result: &'static str) -> ConfirmDoc {
    ConfirmDoc {
        schema: "milspec.confirm/1",
        recording: root.recording(),
        change,
        result,
        ..ConfirmDoc::default()
    }
}

fn nothing() -> Failure {
    Failure::new(
        "nothing-to-confirm",
        "nothing was confirmed",
        "no change waits to be confirmed",
        "run it after a change with --confirm-within",
    )
}
