// SPDX-License-Identifier: GPL-2.0

//! What a shell is offered where a control is to be named: those of this machine, and where its
//! driver cannot be read, those that the driver knows of any.

use crate::{doctor, machine};
use clap_complete::engine::CompletionCandidate;
use milspec_posture::settings::SETTINGS;
use std::ffi::OsStr;
use std::path::Path;

/// The variable through which the script of a shell asks for what it may offer.
pub const VARIABLE: &str = "MILSPECCTL_COMPLETE";

/// A control: its name, what it does, and the values that it may be given.
struct Offered {
    name: String,
    label: String,
    values: Vec<String>,
}

fn offered() -> Vec<Offered> {
    let words: Vec<_> = std::env::args_os().collect();
    let mut pairs = words.iter().zip(words.iter().skip(1));
    let root = pairs.find_map(|(word, next)| (word == "--root").then_some(Path::new(next)));
    let controls = machine::open(root).ok();
    let controls = controls.and_then(|root| doctor::controls(&root));
    if let Some(controls) = controls {
        let controls = controls.into_iter().map(|control| Offered {
            name: control.name,
            label: control.label,
            values: control
                .values
                .into_iter()
                .filter(|value| value.gate.is_none())
                .map(|value| value.name)
                .collect(),
        });
        return controls.collect();
    }
    let settings = SETTINGS.iter().map(|setting| Offered {
        name: setting.name.into(),
        label: setting.label.into(),
        values: setting.values.iter().map(|v| v.name.into()).collect(),
    });
    settings.collect()
}

/// Names of controls.
pub fn names() -> Vec<CompletionCandidate> {
    let names = offered().into_iter();
    names
        .map(|one| CompletionCandidate::new(one.name).help(Some(one.label.into())))
        .collect()
}

/// What begins like `current` of all `NAME=VALUE`.
pub fn assignments(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let mut candidates = Vec::new();
    for one in offered() {
        let all = one
            .values
            .iter()
            .map(|value| format!("{}={value}", one.name));
        let fit = all.filter(|word| word.starts_with(&*current));
        candidates.extend(
            fit.map(|word| CompletionCandidate::new(word).help(Some(one.label.clone().into()))),
        );
    }
    candidates
}
