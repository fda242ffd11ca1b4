// SPDX-License-Identifier: GPL-2.0

//! `milspecctl control list`

use super::Head;
use clap::ValueEnum;
use milspec::attributes::Attributes;
use milspec::cli::List;
use milspec::model::{Control, Group};
use milspec::snapshot::Refreshed;
use milspec::{Result, Root, Snapshot};
use serde::Serialize;

/// `milspec.control-list/1`
#[derive(Debug, Serialize)]
pub struct ControlList {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// Number of controls on this machine.
    pub total: usize,
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
    let head = Head::new("milspec.control-list/1", root, &snapshot);
    let total = snapshot.controls.len();
    let mut controls = snapshot.controls.clone();
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
        Attributes::beside(root, &snapshot.witnessed(controls), false)
    });
    Ok(ControlList {
        head,
        total,
        groups: Group::all(&controls),
        by_topic: controls.len() == total && !list.all && attributes.is_none(),
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
