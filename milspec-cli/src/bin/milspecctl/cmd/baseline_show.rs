// SPDX-License-Identifier: GPL-2.0

//! `milspecctl baseline show`

use milspec::baseline::{self, Identity, Record};
use milspec::model::{Control, Provenance};
use milspec::{Result, Root, Snapshot, Warning};
use serde::Serialize;

/// `milspec.baseline/1`
#[derive(Debug, Serialize)]
pub struct BaselineShow {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
    /// Where the record is.
    pub file: &'static str,
    /// The machine that the record is of; null without one.
    pub machine: Option<Identity>,
    /// Whether that is this machine.
    pub this_machine: bool,
    /// What each control was before the first change.
    pub controls: Vec<Before>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
}

/// A control before the first change, and now.
#[derive(Debug, Serialize)]
pub struct Before {
    /// Name of the control.
    pub name: String,
    /// The value that it had.
    pub value: String,
    /// When that was recorded; null where only the driver remembers it.
    pub recorded_at: Option<String>,
    /// The value in force; null where it is not known.
    pub now: Option<String>,
    /// The same in words; `None` where the driver cannot be asked.
    #[serde(skip)]
    pub in_words: Option<String>,
    /// Whether the value in force is another one, or not known.
    pub differs: bool,
}

/// Fetches the document. The record can be read where there is no driver.
pub fn run(root: &Root) -> Result<BaselineShow> {
    let found: Option<Record> = baseline::FILE.load(root)?;
    let snapshot = Snapshot::take(root, false);
    let from = match &snapshot {
        Ok(snapshot) => snapshot.provenance(root),
        Err(_) => Provenance::of_dmi(root),
    };
    // The record is of the machine: the copy of a training is not put beside it.
    let snapshot = snapshot.and_then(|snapshot| snapshot.of_machine("compare with the machine"));
    let this_machine = found
        .as_ref()
        .is_none_or(|record| record.machine.fits(&Identity::of(root)));
    let controls = match &snapshot {
        Ok(snapshot) => snapshot.controls.as_slice(),
        Err(_) => &[],
    };
    let mut all = found.clone().unwrap_or_else(|| Record::new(root));
    all.merge(controls, &[]);
    let before = |recorded: baseline::Recorded| {
        let control = Control::named(controls, &recorded.name);
        let now = control.and_then(|control| control.value.clone());
        let on_disk = found.as_ref().is_some_and(|f| f.knows(&recorded.name));
        Before {
            differs: now.as_ref() != Some(&recorded.value),
            now,
            in_words: snapshot
                .is_ok()
                .then(|| control.map_or_else(|| "not on this machine".into(), |c| c.in_words())),
            recorded_at: on_disk.then_some(recorded.recorded_at),
            name: recorded.name,
            value: recorded.value,
        }
    };
    let mut warnings = Vec::new();
    if !this_machine {
        warnings.push(Warning::new(
            "record-of-another-machine",
            "this was recorded on another machine: it is not brought back here",
            "if this disk moved here for good, move the file away",
        ));
    }
    if let Err(failure) = &snapshot {
        warnings.push(match failure.code {
            "training" => Warning::new(
                "training",
                failure.to_string(),
                "run it when the training has ended",
            ),
            _ => Warning::new(
                "no-driver",
                failure.to_string(),
                "run \"milspecctl doctor\"",
            ),
        });
    }
    Ok(BaselineShow {
        schema: "milspec.baseline/1",
        from,
        file: baseline::FILE.path,
        machine: found.as_ref().map(|record| record.machine.clone()),
        this_machine,
        controls: all.controls.into_iter().map(before).collect(),
        warnings,
    })
}
