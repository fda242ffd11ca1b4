// SPDX-License-Identifier: GPL-2.0

//! Words that people type, and the tables of words that stand beside the code.

use crate::docs::source;
use jiff::civil::DateTime;
use jiff::Zoned;
use milspec::attributes::is_destructive;
use milspec::cli::Cli;
use milspec::clock::{moment, moment_from, utc};
use milspec::failure::case;
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

/// Promise: how long ago, days and times are understood as people write them, and nothing else is.
#[test]
fn what_people_write() {
    let now: Zoned = "2026-11-24T09:00:00[Europe/Berlin]".parse().unwrap();
    for (text, then) in [
        ("90m", "2026-11-24T07:30"),
        ("1h 30m", "2026-11-24T07:30"),
        ("2 hours ago", "2026-11-24T07:00"),
        ("2d", "2026-11-22T09:00"),
        ("1 week ago", "2026-11-17T09:00"),
        ("today", "2026-11-24T00:00"),
        ("yesterday", "2026-11-23T00:00"),
        ("Yesterday 18:00", "2026-11-23T18:00"),
        ("monday", "2026-11-23T00:00"),
        // It is a Tuesday.
        ("tue", "2026-11-17T00:00"),
        ("08:30", "2026-11-24T08:30"),
        ("2026-11-20", "2026-11-20T00:00"),
        ("2026-11-20 08:30", "2026-11-20T08:30"),
        // Summer time ends in between: a day is a day of the calendar.
        ("60 days ago", "2026-09-25T09:00"),
    ] {
        let then: DateTime = then.parse().unwrap();
        let then = then.to_zoned(now.time_zone().clone()).unwrap();
        assert_eq!(moment_from(text, &now), Some(then.timestamp()), "{text}");
    }
    for text in [
        "",
        "soon",
        "10",
        "-5000000d",
        "2026-13-01",
        "d",
        "tomorrow",
        "m",
        "25:00",
        "monday 8",
    ] {
        assert_eq!(moment_from(text, &now), None, "{text}");
    }
}

/// Promise: everything that can fail in several ways has words for each of them: a code, why, and
/// what to do next.
#[test]
fn failures() {
    let text = fs::read_to_string(source("milspec-cli/src/failures.txt")).unwrap();
    for entry in text.split("\n\n") {
        let lines: Vec<&str> = entry.lines().collect();
        assert_eq!(lines.len(), 4, "{entry}");
        let mut names = lines[0].split(' ');
        let of = names.next().unwrap();
        let names: Vec<&str> = names.collect();
        assert!(!names.is_empty(), "{entry}");
        for name in names {
            assert_eq!(case(of, name), lines[1..], "{entry}");
        }
    }
    assert_eq!(case("tpm", "EIO")[0], "tpm-failed");
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

/// Promise: nothing that destroys is said to have a value that hardens, or stands beside a control.
#[test]
fn destructive() {
    for row in rows("others.csv", 4) {
        assert!(!is_destructive(&row[0]) || row[2].is_empty(), "{row:?}");
    }
    for row in rows("pairs.csv", 5) {
        assert!(!is_destructive(&row[1]), "{row:?}");
    }
    assert!(is_destructive("reset_bios"));
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
