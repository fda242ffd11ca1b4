// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control show`

use milspec::attributes::Attributes;
use milspec::cli::Show;
use milspec::failure::Result;
use milspec::model::{Control, Machine};
use milspec::refusal;
use milspec::root::Root;
use milspec::snapshot::{Refreshed, Snapshot};
use serde::Serialize;

/// `milspec.control/1`
#[derive(Debug, Serialize)]
pub struct ControlShow {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// How that was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
    /// Generation of the reading.
    pub generation: u64,
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
    let machine = Machine::new(&snapshot.info, &snapshot.status);
    let all = &snapshot.controls;
    let in_words = |name: &String| {
        let control = all.iter().find(|control| control.name == *name);
        control.map_or_else(|| "absent".into(), Control::in_words)
    };
    let controls = refusal::find_all(&show.names, all)?;
    Ok(ControlShow {
        schema: "milspec.control/1",
        recording: root.recording(),
        simulated: machine.simulated_because.is_some(),
        simulated_because: machine.simulated_because,
        generation: snapshot.status.generation,
        attributes: Attributes::beside(root, &controls),
        controls: controls
            .into_iter()
            .map(|control| Shown {
                depends: control
                    .depends
                    .iter()
                    .map(|name| (name.clone(), in_words(name)))
                    .collect(),
                control: control.clone(),
            })
            .collect(),
        refresh: snapshot.refreshed,
    })
}
