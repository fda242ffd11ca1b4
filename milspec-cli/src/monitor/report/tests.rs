// SPDX-License-Identifier: GPL-2.0

mod edges;

use super::*;
use crate::monitor::{line, Checkpoint, Direction, Finding, Line, Note, Record, What};

const HOUR: u64 = 3_600_000_000_000;
/// 2026-11-01T00:00:00Z
const START: u64 = 1_793_491_200_000_000_000;

/// A line of host `a`, so many hours after the start.
fn told(hour: u64, what: What) -> Line {
    Line {
        schema: line::SCHEMA.into(),
        time: clock::utc(START + hour * HOUR),
        wall_ns: START + hour * HOUR,
        host: Some("a".into()),
        boot_id: Some("b1".into()),
        simulated: false,
        severity: "notice".into(),
        message: "something".into(),
        what,
    }
}

fn record(sequence: u64, kind: &'static str) -> Record {
    Record {
        load: "ab".repeat(16),
        sequence,
        kind: kind.into(),
        ..Record::default()
    }
}

fn weakening(sequence: u64) -> Record {
    Record {
        direction: Some(Direction::Weaker),
        step: Some("done".into()),
        ..record(sequence, "step")
    }
}

fn mode(sequence: u64, mode: &'static str) -> Record {
    Record {
        mode: Some(mode.into()),
        outcome: Some("done".into()),
        ..record(sequence, "apply-ended")
    }
}

fn what(record: Record) -> What {
    What::Record(Box::new(record))
}

fn note(word: &'static str) -> What {
    What::Note(Note {
        note: word.into(),
        ..Note::default()
    })
}

fn checkpoint() -> What {
    What::Checkpoint(Checkpoint::default())
}

fn finding(id: &str, rule: &str) -> What {
    What::Finding(Box::new(Finding {
        id: id.into(),
        rule: rule.into(),
        title: "a title".into(),
        ..Finding::default()
    }))
}

fn text(lines: &[Line]) -> Vec<u8> {
    let lines = lines
        .iter()
        .map(|line| serde_json::to_string(line).unwrap() + "\n");
    lines.collect::<String>().into_bytes()
}

fn report(lines: &[Line]) -> Report {
    Report::of_texts(&[("one.ndjson", &text(lines))])
}

/// A day of a machine: two modes, a weakening, a refusal, a finding, and all that can be missing.
fn day() -> Vec<Line> {
    let mut lines = vec![
        told(0, note("started")),
        told(0, what(record(1, "load"))),
        told(1, what(mode(2, "standard"))),
        told(2, what(weakening(3))),
        told(2, finding("r-1", "weakened-unattended")),
        told(4, what(mode(4, "paranoid"))),
        told(5, what(record(7, "refused"))),
        told(6, checkpoint()),
        told(14, what(record(8, "resume"))),
        told(15, note("stopped")),
        told(20, note("started")),
        told(21, checkpoint()),
        told(22, note("started")),
    ];
    lines[4].severity = "warning".into();
    let gap = Record {
        load: "cd".repeat(16),
        count: 40,
        ..record(0, "gap")
    };
    lines.push(told(22, what(gap)));
    lines
}

/// Promise: everything is counted once and on its machine, the fleet is the sum, and what is between the lines
/// is said: records that are nowhere, a monitor that did not run, and silence.
#[test]
fn day_of_a_machine() {
    let mut lines = day();
    let mut other = told(3, what(weakening(1)));
    other.host = Some("b".into());
    other.simulated = true;
    lines.push(other);
    let report = report(&lines);
    let hosts: Vec<&str> = report.machines.iter().map(Machine::name).collect();
    assert_eq!(hosts, ["a", "b"]);
    let a = &report.machines[0];
    let tally = Tally {
        lines: 14,
        records: 7,
        weakenings: 1,
        refusals: 1,
        findings: 1,
        notices: 0,
        checkpoints: 2,
        lost: 40,
        // 5 and 6 of the first load.
        missing: 2,
        not_running: 2,
        silences: 1,
    };
    assert_eq!(a.tally, tally);
    assert_eq!((a.mode.as_deref(), a.boots), (Some("paranoid"), 1));
    assert_eq!(a.from, "2026-11-01T00:00:00Z");
    assert_eq!(a.to, "2026-11-01T22:00:00Z");
    let spans: Vec<_> = a
        .spans
        .iter()
        .map(|span| (span.kind, &span.from[11..13]))
        .collect();
    assert_eq!(
        spans,
        [
            ("silent", "06"),
            ("not-running", "15"),
            ("not-running", "21")
        ]
    );
    assert_eq!(report.fleet.weakenings, 2);
    assert_eq!(report.fleet.lines, 15);
    assert!(report.machines[1].simulated && !a.simulated);
}

/// Promise: records that the driver says are lost are not missing as well.
#[test]
fn lost_or_missing() {
    let gap = Record {
        count: 5,
        ..record(8, "gap")
    };
    let lines = [
        told(0, what(record(2, "load"))),
        told(1, what(gap)),
        told(2, what(record(9, "resume"))),
    ];
    let tally = report(&lines).fleet;
    assert_eq!((tally.lost, tally.missing), (5, 1));
}

/// Promise: what is there twice counts once, in one file or in two, in whatever order.
#[test]
fn duplicates() {
    let lines = day();
    let mut backwards = lines.clone();
    backwards.reverse();
    let twice = Report::of_texts(&[("one", &text(&lines)), ("two", &text(&backwards))]);
    assert_eq!(twice.fleet, report(&lines).fleet);
    assert_eq!(twice.files[1].duplicates, twice.files[1].lines);
    let spans = |report: &Report| report.machines[0].spans.clone();
    assert_eq!(spans(&report(&backwards)), spans(&report(&lines)));
    // The same place on another machine is another line.
    let mut other = lines.clone();
    other.iter_mut().for_each(|line| line.host = None);
    let both = Report::of_texts(&[("one", &text(&lines)), ("two", &text(&other))]);
    assert_eq!(both.fleet.records, 2 * twice.fleet.records);
}

/// Promise: what cannot be read is counted as what it is, and the rest is read.
#[test]
fn broken() {
    let mut bytes = text(&day());
    let whole = bytes.clone();
    bytes.extend(b"\n   \n{\"schema\":\"milspec.monitor-line/2\",\"new\":1}\n");
    bytes.extend(b"{\"schema\":\"milspec.monitor-line/1\",\"type\":\"dream\"}\n");
    bytes.extend(b"{\"schema\":\"milspec.monitor-line/1\",\"type\":\"record\"}\n");
    bytes.extend(b"\xff\xfe\0\n{\"schema\":\"milspec.event/1\"}\n[[[[\n");
    bytes.extend(b"[".repeat(200_000));
    bytes.push(b'\n');
    bytes.extend(&whole[..whole.iter().position(|byte| *byte == b'\n').unwrap() / 2]);
    let report = Report::of_texts(&[("a file", &bytes)]);
    let [read] = &report.files[..] else {
        panic!("{:?}", report.files);
    };
    assert_eq!((read.lines, read.broken, read.unknown), (14 + 8, 6, 2));
    assert_eq!(report.fleet, self::report(&day()).fleet);
    let empty = Report::of_texts(&[("empty", b"")]);
    assert!(empty.machines.is_empty() && empty.files[0].lines == 0);
    assert!(html::text(&empty).contains("0 machines"));
}

/// Promise: a flood, of one kind or of machines that somebody made up, keeps neither the rest out nor grows
/// without bound; what is left out is said.
#[test]
fn floods() {
    let mut lines: Vec<Line> = (1..=3_000)
        .map(|n| told(n, what(record(n, "refused"))))
        .collect();
    lines.push(told(9, finding("r-1", "tamper")));
    for number in 0..1_500 {
        let mut one = told(1, note("started"));
        one.host = Some(format!("made-up-{number:04}"));
        lines.push(one);
    }
    let report = report(&lines);
    assert_eq!(report.machines.len(), 1_000);
    assert_eq!(report.left_out, 501);
    let a = &report.machines[0];
    assert_eq!(a.tally.refusals, 3_000);
    assert_eq!(a.entries_left_out, 2_000);
    assert!(a.entries.iter().any(|entry| entry.kind == Kind::Finding));
    let html = html::text(&report);
    assert!(html.contains("501 lines left out") && html.contains("800 machines more"));
    assert!(html.contains("2601 more are not listed here"));
}

/// Promise: nothing that a line says is taken for markup, a style or a script, nor hides; times at the end
/// of the numbers break nothing.
#[test]
fn foreign_words() {
    let evil = "<script>alert(1)</script>\"'&\u{202e}\u{1b}[2J";
    let mut lines = day();
    for line in &mut lines {
        line.host = Some(evil.into());
        line.message = evil.into();
        line.severity = evil.into();
    }
    lines[4].what = What::Finding(Box::new(Finding {
        rule: evil.into(),
        title: evil.into(),
        ..Finding::default()
    }));
    lines[2].what = what(Record {
        mode: Some(evil.into()),
        ..mode(2, "standard")
    });
    lines[5].wall_ns = u64::MAX;
    lines[6].wall_ns = 0;
    let report = Report::of_texts(&[(evil, &text(&lines))]);
    let html = html::text(&report);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
    for bad in [
        "<script", "\u{202e}", "\u{1b}", "src=", "http", "NaN", "inf\"",
    ] {
        assert!(!html.contains(bad), "{bad}");
    }
}

/// Promise: the page is well-formed, names every mode, finding and gap in words, and has the fleet before the
/// machines.
#[test]
fn page() {
    let html = html::text(&report(&day()));
    let body = html.split_once("<body>").unwrap().1;
    for tag in [
        "section", "table", "tbody", "tr", "td", "svg", "path", "title", "dl", "details", "div",
        "p",
    ] {
        let opened =
            body.matches(&format!("<{tag}>")).count() + body.matches(&format!("<{tag} ")).count();
        let closed = body.matches(&format!("</{tag}>")).count();
        assert_eq!(opened, closed, "{tag}");
    }
    for words in [
        "<title>standard from 2026-11-01T01:00:00Z to 2026-11-01T04:00:00Z</title>",
        "<title>paranoid from 2026-11-01T04:00:00Z to 2026-11-01T22:00:00Z</title>",
        "<title>no monitor ran from 2026-11-01T15:00:00Z to 2026-11-01T20:00:00Z</title>",
        "<title>nothing was told from 2026-11-01T06:00:00Z to 2026-11-01T14:00:00Z</title>",
        "<td>weakened-unattended</td><td class=\"warning\">warning</td>",
        "2 records in none of the files",
    ] {
        assert!(body.contains(words), "{words}");
    }
    let order = [
        "<h2>1 machine</h2>",
        "<h2>What was read</h2>",
        "<h2>a</h2>",
        "<svg ",
        "What happened (",
    ];
    let at = order.map(|words| body.find(words).unwrap_or_else(|| panic!("{words}")));
    assert!(at.is_sorted(), "{at:?}");
}
