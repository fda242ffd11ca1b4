// SPDX-License-Identifier: GPL-2.0

use super::*;
use crate::monitor::Direction;

/// A change by somebody of the helpdesk.
fn step(control: &str) -> Record {
    Record {
        load: "ab".repeat(16),
        kind: "step".into(),
        control: Some(control.into()),
        class: Some("safe".into()),
        direction: Some(Direction::Harder),
        step: Some("done".into()),
        origin: Some("ioctl".into()),
        uid: Some(0),
        login_uid: Some(1000),
        login: Some("ann".into()),
        command: Some("milspecctl".into()),
        ..Record::default()
    }
}

/// As that, weakening, by a root that nobody has logged in for.
fn weakened() -> Record {
    Record {
        direction: Some(Direction::Weaker),
        class: Some("restricted".into()),
        login_uid: None,
        login: None,
        command: Some("python3".into()),
        ..step("camera")
    }
}

/// A machine where ann changes something each day at ten in the morning, for so many days; and when the
/// last of them ends.
fn watched(days: u64) -> (Counts, u64) {
    let mut counts = Counts::default();
    let at = |day: u64| (day + 1) * DAY_NS;
    for day in 0..days {
        counts.take(&step("camera"), at(day), 10, false);
    }
    counts.end();
    (counts, at(days))
}

/// How unusual one record would be.
fn bits(counts: &Counts, record: &Record, at: u64, hour: u8) -> Surprise {
    let mut counts = counts.clone();
    assert_eq!(counts.take(record, at, hour, false), None);
    counts.end().unwrap()
}

/// Promise: what a machine always does is no surprise, what it never did is one, and the reasons say why,
/// the largest first.
#[test]
fn surprises() {
    let (counts, at) = watched(60);
    let usual = bits(&counts, &step("camera"), at, 10);
    let odd = bits(&counts, &weakened(), at, 3);
    assert!(usual.bits < 1.5, "{usual:?}");
    assert!(odd.bits > usual.bits + 10.0, "{odd:?}");
    let what = &odd.because[0];
    assert!(
        what.starts_with("what: step weaker restricted done, ") && what.ends_with(" bit"),
        "{odd:?}"
    );
    assert!(odd
        .because
        .iter()
        .any(|why| why.starts_with("actor: root without a login, ")));
    let night = bits(&counts, &step("camera"), at, 3);
    assert!(night.because[0].starts_with("hour: night, "), "{night:?}");
}

/// Promise: for the first 14 days nothing is said.
#[test]
fn silence() {
    let (mut young, at) = watched(14);
    young.take(&weakened(), at - DAY_NS, 3, false);
    assert_eq!(young.end(), None);
    let (mut old, at) = watched(15);
    old.take(&weakened(), at, 3, false);
    assert!(old.end().is_some());
}

/// Promise: records with less than half an hour between them are one episode, and it ends by a later record
/// or by time.
#[test]
fn episodes() {
    let (mut counts, at) = watched(30);
    let late = |n: u64| Record {
        sequence: n,
        ..weakened()
    };
    assert_eq!(counts.take(&late(7), at, 3, false), None);
    let minutes = |n: u64| at + n * MINUTE_NS;
    assert_eq!(counts.take(&late(8), minutes(29), 3, false), None);
    assert_eq!(counts.close(minutes(58)), None);
    let ended = counts.take(&late(9), minutes(59), 3, false).unwrap();
    assert_eq!((ended.first, ended.last), (7, 8));
    assert_eq!(ended.wall_ns, minutes(29));
    assert_eq!(ended.because.len(), REASONS);
    let ended = counts.close(minutes(89)).unwrap();
    assert_eq!((ended.first, ended.last), (9, 9));
    assert_eq!(counts.close(u64::MAX), None);
}

/// Promise: what a rule has found does not become usual by being done often; what no rule finds does.
#[test]
fn poison() {
    let (counts, at) = watched(30);
    let after = |found: bool| {
        let mut counts = counts.clone();
        for day in 0..30 {
            counts.take(&weakened(), at + day * DAY_NS, 3, found);
        }
        counts.end();
        bits(&counts, &weakened(), at + 30 * DAY_NS, 3).bits
    };
    let first = bits(&counts, &weakened(), at, 3).bits;
    // The record before it is another one by then: that is less of a surprise, but far from usual.
    let (found, learned) = (after(true), after(false));
    assert!(
        found > first / 2.0 && found > 4.0 * learned,
        "{first} {found} {learned}"
    );
    let mut told = counts.clone();
    told.take(&weakened(), at, 3, false);
    told.found();
    told.end();
    assert_eq!(told.table.sum(0), counts.table.sum(0));
}

/// Promise: what was counted 60 days ago is half, and neither a clock set ahead by 50 years nor one set back
/// makes that happen at once.
#[test]
fn fading() {
    let (counts, at) = watched(30);
    let left = |at: u64| {
        let mut counts = counts.clone();
        let before = counts.table.sum(counts.hours());
        counts.take(&step("camera"), at, 10, true);
        counts.end();
        counts.table.sum(counts.hours()) / before
    };
    let month = left(at + 29 * DAY_NS);
    assert!((0.70..0.72).contains(&month), "{month}");
    let ahead = left(at + 50 * 365 * DAY_NS);
    assert!((0.69..0.71).contains(&ahead), "{ahead}");
    assert_eq!(left(1), 1.0);
}

/// Promise: whatever is recorded, the state is less than 100 kB, names are not in it, what a machine often
/// did is still known after a flood, and it reads back as it was.
#[test]
fn bounded() {
    let (mut counts, at) = watched(60);
    for n in 0..50_000_u64 {
        let hostile = Record {
            command: Some(format!("{n}\u{1F4A3}").repeat(500)),
            login_uid: Some(n as u32),
            login: Some("\u{202e}\"\\".repeat(300)),
            kind: format!("kind-{}", n % 300).into(),
            reason: Some(format!("reason-{n}").into()),
            ..weakened()
        };
        if let Some(surprise) = counts.take(&hostile, at + n * 7 * MINUTE_NS, 3, false) {
            assert!(surprise.because.iter().all(|why| why.chars().count() < 64));
        }
        if n % 200 == 0 {
            counts.end();
        }
    }
    counts.end();
    let text = serde_json::to_string(&counts).unwrap();
    assert!(text.len() > 40_000, "{}: nothing was kept", text.len());
    assert!(text.len() < 100_000, "{}", text.len());
    assert!(!text.contains("milspecctl") && !text.contains("202e"));
    let mut again: Counts = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    let then = at + 50_000 * 7 * MINUTE_NS;
    let known = bits(&counts, &step("camera"), then, 10).bits;
    let never =
        bits(&counts, &step("camera"), then, 10).bits + bits(&counts, &weakened(), then, 3).bits;
    assert!(known < never, "{known} {never}");
    again.take(&step("camera"), then, 10, false);
    assert!(again.end().is_some());
}

/// Promise: a state that was damaged is taken for what is sound of it, and nothing overflows.
#[test]
fn damaged() {
    let text = r#"{"table":{"1":[4294967295,[[2,1e38],[3,-1.0],[4,2.0]]]},"age_ns":18446744073709551615,
        "last_ns":1,"before":{"symbols":[1,2],"actor":3,"part":4}}"#;
    let mut counts: Counts = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}"));
    assert!(!serde_json::to_string(&counts).unwrap().contains("-1"));
    counts.take(&weakened(), u64::MAX, 255, false);
    let ended = counts.end().unwrap();
    assert!(ended.bits.is_finite());
    counts.take(&weakened(), 0, 24, false);
    assert!(counts.close(u64::MAX).is_some());
    assert!(serde_json::from_str::<Counts>(r#"{"table":{"x":1}}"#).is_err());
}
