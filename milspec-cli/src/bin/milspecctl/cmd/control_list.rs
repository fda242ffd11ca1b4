// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control list`

use clap::ValueEnum;
use milspec::attributes::Attributes;
use milspec::cli::List;
use milspec::failure::Result;
use milspec::model::{Control, Group, Machine};
use milspec::root::Root;
use milspec::snapshot::{Refreshed, Snapshot};
use serde::Serialize;

/// `milspec.control-list/1`
#[derive(Debug, Serialize)]
pub struct ControlList {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// How that was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
    /// Generation of the listing.
    pub generation: u64,
    /// Number of controls on this machine.
    pub total: u64,
    /// Those that were asked for.
    pub controls: Vec<Control>,
    /// The groups of the DSMIL devices among them.
    pub groups: Vec<Group>,
    /// Whether nothing in particular was asked for: people get it by topic.
    #[serde(skip)]
    pub by_topic: bool,
    /// What the BIOS attributes say of them; null without `--attributes`.
    pub attributes: Option<Attributes>,
    /// What `--refresh` did; null without it.
    pub refresh: Option<Refreshed>,
}

/// Fetches the document.
pub fn run(root: &Root, list: &List) -> Result<ControlList> {
    let snapshot = Snapshot::take(root, list.refresh.refresh)?;
    let machine = Machine::new(&snapshot.info, &snapshot.status);
    let total = snapshot.controls.len() as u64;
    let mut controls = snapshot.controls;
    controls.retain(|control| {
        is(list.family, &control.family)
            && is(list.class, &control.class)
            && (list.topic.is_none() || control.topic.as_deref() == list.topic.as_deref())
            && list.group.is_none_or(|group| control.group == Some(group))
            && (!list.changed || control.is_changed())
            && (!list.deviating || control.deviates)
    });
    let attributes = list.attributes.then(|| {
        let controls: Vec<&Control> = controls.iter().collect();
        Attributes::beside(root, &controls)
    });
    Ok(ControlList {
        schema: "milspec.control-list/1",
        recording: root.recording(),
        simulated: machine.simulated_because.is_some(),
        simulated_because: machine.simulated_because,
        generation: snapshot.status.generation,
        total,
        groups: Group::all(&controls),
        by_topic: controls.len() as u64 == total && !list.all && attributes.is_none(),
        controls,
        attributes,
        refresh: snapshot.refreshed,
    })
}

/// Whether `word` is the wanted one, if one is wanted. The words of the command line are those of
/// the ABI.
fn is(wanted: Option<impl ValueEnum>, word: &str) -> bool {
    wanted.is_none_or(|wanted| {
        wanted
            .to_possible_value()
            .is_some_and(|value| value.matches(word, false))
    })
}
