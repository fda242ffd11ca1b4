// SPDX-License-Identifier: GPL-2.0

//! `milspecctl config show`

use crate::apply;
use crate::apply::ApplyDoc;
use milspec::change::LEAVE;
use milspec::config::Config;
use milspec::model::{mode_summary, Control, Word};
use milspec::{Result, Root, Snapshot};
use milspec_uapi::MODE_NONE;
use serde::Serialize;
use std::path::Path;

/// `milspec.config-show/1`: the plan, and what led to it
#[derive(Debug, Serialize)]
pub struct ConfigShow {
    /// What applying the file would do.
    #[serde(flatten)]
    pub plan: ApplyDoc,
    /// The file.
    pub file: String,
    /// What the file says of itself.
    pub about: Option<String>,
    /// What its mode is, in one line.
    pub summary: Option<&'static str>,
    /// Its controls.
    pub controls: Vec<Explained>,
}

/// A control of the file.
#[derive(Debug, Serialize)]
pub struct Explained {
    /// Name of the control.
    pub name: String,
    /// What it does.
    pub label: String,
    /// `safe`, `monitored`, `restricted`, `quarantined` or `read-only`.
    pub class: Word,
    /// The value that the file asks for, or `leave`.
    pub wanted: String,
    /// The value in force, if it is known.
    pub now: Option<String>,
    /// The same in words, where it is not known.
    #[serde(skip)]
    pub in_words: String,
    /// Whether nothing needs to be done for it.
    pub holds: bool,
}

/// Reads the file, and explains it on this machine.
pub fn run(root: &Root, file: &Path) -> Result<ConfigShow> {
    let desired = Config::read(file)?;
    let snapshot = Snapshot::take(root, false)?;
    let change = desired.change(&snapshot.controls)?;
    let explain = |control: &Control, wanted: &str| Explained {
        name: control.name.clone(),
        label: control.label.clone(),
        class: control.class.clone(),
        wanted: wanted.into(),
        now: control.value.clone(),
        in_words: control.in_words(),
        holds: wanted == LEAVE || control.value.as_deref() == Some(wanted),
    };
    let controls = change.assignments.iter().filter_map(|assignment| {
        let control = Control::named(&snapshot.controls, &assignment.name)?;
        Some(explain(control, &assignment.value))
    });
    Ok(ConfigShow {
        file: desired.file().into(),
        about: desired.about(),
        summary: (change.mode != MODE_NONE).then(|| mode_summary(change.mode)),
        controls: controls.collect(),
        plan: ApplyDoc {
            schema: "milspec.config-show/1",
            ..apply::plan(root, &change)?
        },
    })
}
