// SPDX-License-Identifier: GPL-2.0

//! Files of desired state: `milspec.config/1`.

use crate::input::{assert_shown, with_file};
use crate::machine::Machine;
use crate::memory::limited;
use milspec::change::{Change, LEAVE};
use milspec::config::{Config, SCHEMA};
use milspec::model::{mode_word, Control};
use milspec::{catalogue, Failure};
use milspec_uapi::{MODE_NONE, MODE_PARANOID_PLUS};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use toml::{Table, Value};

/// A machine that the files are for.
static CONTROLS: LazyLock<Vec<Control>> =
    LazyLock::new(|| Control::all(&Machine::of_profile("latitude-7490").controls));

/// The input is the file.
pub fn check(data: &[u8]) {
    let controls = &*CONTROLS;
    let read = limited(data.len(), 2000, || change(data, controls));
    match read {
        Err(failure) => wrong(&failure, data),
        Ok(change) => {
            good(&change, controls);
            let text = written(&change);
            let again = self::change(text.as_bytes(), controls);
            let again = again.unwrap_or_else(|failure| panic!("{failure}: {text}"));
            assert_eq!(parts(&again), parts(&change), "{text}");
        }
    }
}

fn change(data: &[u8], controls: &[Control]) -> Result<Change, Failure> {
    with_file(data, |path| Config::read(path)?.change(controls))
}

/// Promise: what is wrong is told with a place that the file has, in text that can be shown.
fn wrong(failure: &Failure, data: &[u8]) {
    for text in [&failure.what, &failure.why, &failure.next] {
        assert_shown(text);
    }
    let Some((_, place)) = failure.what.split_once(" is wrong in line ") else {
        return;
    };
    let numbers = place.split_once(", column ").expect("line and column");
    let number = |text: &str| text.parse::<usize>().expect("a number");
    let (line, column) = (number(numbers.0), number(numbers.1));
    let text = String::from_utf8_lossy(data);
    let there = text.split('\n').nth(line - 1);
    let there = there.unwrap_or_else(|| panic!("there is no line {line}"));
    let columns = there.chars().count() + 1;
    assert!(
        (1..=columns).contains(&column),
        "no column {column} in line {line}"
    );
}

/// Promise: a change names each control once, and only values that it has.
fn good(change: &Change, controls: &[Control]) {
    let skipped = change.skipped.iter().map(|s| (&s.name, &s.value, true));
    let asked = change
        .assignments
        .iter()
        .map(|a| (&a.name, &a.value, false));
    let mut names = BTreeSet::new();
    for (name, value, is_skipped) in asked.chain(skipped) {
        assert!(names.insert(name), "{name} is there twice");
        assert!(change.mode != MODE_PARANOID_PLUS, "an exception from it");
        let control = Control::named(controls, name);
        let known = match control {
            Some(control) => control.values.iter().any(|known| known.name == *value),
            None => catalogue::values(name).contains(&value.as_str()),
        };
        assert!(known || value == LEAVE, "{name} has no value {value}");
        assert!(is_skipped || control.is_some(), "there is no {name} here");
    }
}

/// The same change as a file.
fn written(change: &Change) -> String {
    let mut document = Table::new();
    document.insert("schema".into(), SCHEMA.into());
    document.insert("accept-latch".into(), change.accept_latch.into());
    if change.mode != MODE_NONE {
        document.insert("mode".into(), mode_word(change.mode).as_ref().into());
    }
    let entry = |(name, value): (&String, &String)| (name.clone(), Value::from(value.as_str()));
    let must = change.assignments.iter().map(|a| (&a.name, &a.value));
    let must: Table = must.map(entry).collect();
    let may = change.skipped.iter().map(|s| (&s.name, &s.value));
    let may: Table = may.map(entry).collect();
    document.insert("controls".into(), must.into());
    document.insert("if-present".into(), may.into());
    document.to_string()
}

type Parts = (
    u8,
    bool,
    BTreeSet<(String, String)>,
    BTreeSet<(String, String)>,
);

/// What matters of a change, whatever its order.
fn parts(change: &Change) -> Parts {
    let asked = change.assignments.iter();
    let skipped = change.skipped.iter();
    (
        change.mode,
        change.accept_latch,
        asked.map(|a| (a.name.clone(), a.value.clone())).collect(),
        skipped.map(|s| (s.name.clone(), s.value.clone())).collect(),
    )
}
