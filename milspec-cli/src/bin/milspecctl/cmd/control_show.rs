// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control show`

use super::Head;
use milspec::attributes::Attributes;
use milspec::cli::Show;
use milspec::model::Control;
use milspec::snapshot::Refreshed;
use milspec::{refusal, Result, Root, Snapshot};
use serde::Serialize;

/// `milspec.control/1`
#[derive(Debug, Serialize)]
pub struct ControlShow {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The controls.
    pub controls: Vec<Shown>,
    /// What the BIOS attributes say of them.
    pub attributes: Attributes,
    /// What `--refresh` did; null without it.
    pub refresh: Option<Refreshed>,
}

/// One control.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The control.
    #[serde(flatten)]
    pub control: Control,
    /// Names and present values of the controls that must be active first.
    #[serde(skip)]
    pub depends: Vec<(String, String)>,
}

/// Fetches the document.
pub fn run(root: &Root, show: &Show) -> Result<ControlShow> {
    let snapshot = Snapshot::take(root, show.refresh.refresh)?;
    let all = &snapshot.controls;
    let in_words = |name: &String| {
        Control::named(all, name).map_or_else(|| "absent".into(), Control::in_words)
    };
    let shown = |control: &&Control| {
        let depends = control.depends.iter();
        Shown {
            depends: depends.map(|name| (name.clone(), in_words(name))).collect(),
            control: (*control).clone(),
        }
    };
    let controls = refusal::find_all(&show.names, all)?;
    Ok(ControlShow {
        head: Head::new("milspec.control/1", root, &snapshot),
        attributes: Attributes::beside(root, &snapshot.witnessed(controls.clone()), false),
        controls: controls.iter().map(shown).collect(),
        refresh: snapshot.refreshed,
    })
}
