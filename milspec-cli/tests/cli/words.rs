// SPDX-License-Identifier: GPL-2.0

//! Words that people type, and the tables of words that stand beside the code.

use crate::docs::source;
use milspec::cli::Cli;
use milspec::clock::{moment, utc};
use milspec::model::{group_number, topic, topics};
use milspec_posture::settings::SETTINGS;
use std::ffi::OsString;
use std::fs;

/// Promise: every setting of the catalogue is found under one topic, and no other name is.
#[test]
fn every_setting_has_a_topic() {
    let text = fs::read_to_string(source("milspec-cli/src/model/topics.txt")).unwrap();
    let mut listed = Vec::new();
    for (line, name) in text.lines().zip(topics()) {
        let (topic_of_line, settings) = line.split_once(": ").unwrap();
        assert_eq!(topic_of_line, name);
        for setting in settings.split(' ') {
            assert_eq!(topic(setting).as_deref(), Some(name), "{setting}");
            listed.push(setting);
        }
    }
    let mut settings: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    listed.sort_unstable();
    settings.sort_unstable();
    assert_eq!(listed, settings);
}

/// Promise: a group is named by its number or its name.
#[test]
fn groups() {
    assert_eq!(group_number("0"), Ok(0));
    assert_eq!(group_number("storage"), Ok(4));
    assert_eq!(group_number("99"), Ok(99));
    assert!(group_number("none").is_err());
}

/// Promise: a duration has a unit, and limits.
#[test]
fn durations() {
    let read = |text: &str| {
        let line = ["milspecctl", "control", "set", "camera=disabled"];
        let option = format!("--confirm-within={text}");
        let words = line.into_iter().chain([option.as_str()]);
        let words: Vec<OsString> = words.map(OsString::from).collect();
        Cli::read(&words)
    };
    for (text, seconds) in [
        ("1s", "1s"),
        ("60s", "60s"),
        ("5m", "300s"),
        ("1h", "3600s"),
    ] {
        let cli = format!("{:?}", read(text).unwrap());
        assert!(
            cli.contains(&format!("confirm_within: Some({seconds})")),
            "{cli}"
        );
    }
    let huge = "99999999999999999999s";
    for text in [
        "60", "", "s", "-1s", "+1s", "1.5m", "1 m", "1d", "0s", "61m", "2h", huge,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

/// Promise: a moment is read as it is shown.
#[test]
fn moments() {
    for (ns, text) in [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (951_782_399_000_000_001, "2000-02-28T23:59:59.000000001Z"),
        (4_107_542_400_120_000_000, "2100-03-01T00:00:00.120000000Z"),
    ] {
        assert_eq!(utc(ns), text);
        assert_eq!(moment(text), Ok(ns));
    }
}

/// The lines of a table without its heading, each in its fields.
fn rows(name: &str, fields: usize) -> Vec<Vec<String>> {
    let text = fs::read_to_string(source("milspec-cli/src/attributes").join(name)).unwrap();
    let rows = text.lines().skip(1);
    let rows: Vec<Vec<String>> = rows
        .map(|line| line.splitn(fields, ',').map(Into::into).collect())
        .collect();
    assert!(rows.len() > 40);
    for row in &rows {
        assert_eq!(row.len(), fields, "{row:?}");
        assert!(
            ["seen", "derived"]
                .iter()
                .any(|word| row.contains(&(*word).into())),
            "{row:?}"
        );
    }
    rows
}

/// Promise: each pair names a control that the catalogue has, and values that this control can have.
/// A flag's other value, `no`, has no token.
#[test]
fn pairs_fit_the_catalogue() {
    for row in rows("pairs.csv", 5) {
        let setting = SETTINGS.iter().find(|setting| setting.name == row[0]);
        let setting = setting.unwrap_or_else(|| panic!("no control {}", row[0]));
        let kinds = ["", "inverted", "displays", "shared"];
        assert!(
            kinds.contains(&row[3].split(' ').next().unwrap()),
            "{row:?}"
        );
        let says = match row[4].as_str() {
            "" => "Enabled=enabled Disabled=disabled",
            says => says,
        };
        for word in says.split(' ') {
            let (_, values) = word.split_once('=').unwrap();
            for value in values.split('/') {
                let mut known = setting.values.iter();
                let flag = setting.values.len() == 1 && value == "no";
                assert!(flag || known.any(|known| known.name == value), "{row:?}");
            }
        }
    }
}

/// Promise: an attribute is either beside a control or among the others, so that none is shown as
/// both, and none is there twice.
#[test]
fn one_table_each() {
    let pairs = rows("pairs.csv", 5);
    let others = rows("others.csv", 4);
    for (at, row) in others.iter().enumerate() {
        assert!(pairs.iter().all(|pair| pair[1] != row[0]), "{row:?}");
        assert!(
            others.iter().skip(at + 1).all(|it| it[0] != row[0]),
            "{row:?}"
        );
    }
}
