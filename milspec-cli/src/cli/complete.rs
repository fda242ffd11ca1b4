// SPDX-License-Identifier: GPL-2.0

//! What a shell is offered where a control is to be named: those of this machine, and where its
//! driver cannot be read, those that the driver knows of any.

use crate::training::scenario::Scenario;
use crate::{doctor, machine};
use clap_complete::engine::CompletionCandidate;
use milspec_posture::settings::SETTINGS;
use std::ffi::OsStr;
use std::path::Path;

/// The variable through which the script of a shell asks for what it may offer.
pub const VARIABLE: &str = "MILSPECCTL_COMPLETE";

/// Each control: its name, what it does, and the values that it may be given.
fn offered() -> Vec<(String, String, Vec<String>)> {
    let words: Vec<_> = std::env::args_os().collect();
    let mut pairs = words.iter().zip(words.iter().skip(1));
    let root = pairs.find_map(|(word, next)| (word == "--root").then_some(Path::new(next)));
    let controls = machine::open(root).ok();
    let Some(controls) = controls.and_then(|root| doctor::asked(&root)) else {
        let settings = SETTINGS.iter().map(|setting| {
            let values = setting.values.iter().map(|value| value.name.into());
            (setting.name.into(), setting.label.into(), values.collect())
        });
        return settings.collect();
    };
    let controls = controls.controls.into_iter().map(|control| {
        let values = control.values.into_iter().filter(|v| v.gate.is_none());
        let values = values.map(|value| value.name).collect();
        (control.name, control.label, values)
    });
    controls.collect()
}

/// Names of controls.
pub fn names() -> Vec<CompletionCandidate> {
    let names = offered().into_iter();
    names
        .map(|(name, label, _)| CompletionCandidate::new(name).help(Some(label.into())))
        .collect()
}

/// Names of scenarios.
pub fn scenarios() -> Vec<CompletionCandidate> {
    let Ok(root) = machine::open(None) else {
        return Vec::new();
    };
    let (all, _) = Scenario::all(&root);
    all.into_iter()
        .map(|one| CompletionCandidate::new(one.name).help(Some(one.title.into())))
        .collect()
}

/// What begins like `current` of all `NAME=VALUE`.
pub fn assignments(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let mut candidates = Vec::new();
    for (name, label, values) in offered() {
        let all = values.iter().map(|value| format!("{name}={value}"));
        let fit = all.filter(|word| word.starts_with(&*current));
        let help = || Some(label.clone().into());
        candidates.extend(fit.map(|word| CompletionCandidate::new(word).help(help())));
    }
    candidates
}
