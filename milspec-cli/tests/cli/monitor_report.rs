// SPDX-License-Identifier: GPL-2.0

//! What `milspec::monitor::report` makes of the files of monitors: the document keeps to its schema, and
//! the page is as it was seen in a browser.

use crate::machines;
use crate::run::on;
use milspec::clock;
use milspec::monitor::report::{html, Report};
use milspec::monitor::{line, Direction, Finding, Line, Note, Record, What};

const HOUR: u64 = 3_600_000_000_000;
/// 2026-11-02T00:00:00Z
const START: u64 = 1_793_577_600_000_000_000;

/// A line of a machine, so many hours after the start.
fn told(host: &str, hour: f64, severity: &'static str, message: &str, what: What) -> String {
    let wall_ns = START + (hour * HOUR as f64) as u64;
    let line = Line {
        schema: line::SCHEMA.into(),
        time: clock::utc(wall_ns),
        wall_ns,
        host: Some(host.into()),
        boot_id: Some("b1".into()),
        simulated: host.starts_with("sim") || host.contains("red"),
        severity: severity.into(),
        message: message.into(),
        what,
    };
    serde_json::to_string(&line).unwrap() + "\n"
}

fn record(sequence: u64, kind: &'static str) -> Record {
    Record {
        load: "ab".repeat(16),
        sequence,
        kind: kind.into(),
        ..Record::default()
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

fn mode(sequence: u64, mode: &'static str) -> What {
    what(Record {
        mode: Some(mode.into()),
        outcome: Some("done".into()),
        ..record(sequence, "apply-ended")
    })
}

fn weakened(sequence: u64) -> What {
    what(Record {
        direction: Some(Direction::Weaker),
        step: Some("done".into()),
        ..record(sequence, "step")
    })
}

fn found(id: &str, rule: &str, title: &str) -> What {
    What::Finding(Box::new(Finding {
        id: id.into(),
        rule: rule.into(),
        title: title.into(),
        ..Finding::default()
    }))
}

/// Two machines for a week: one where everything that the page draws has happened, and a quiet one.
fn week() -> String {
    let checkpoint = |hour: u64| {
        let at = milspec::monitor::Checkpoint {
            load: "ab".repeat(16),
            sequence: hour,
            ..Default::default()
        };
        What::Checkpoint(at)
    };
    let mut text = told(
        "lat-5450",
        0.0,
        "info",
        "the monitor has started",
        note("started"),
    );
    for quarter in 0..28 {
        let hour = quarter * 6;
        if !(40..52).contains(&hour) && !(90..100).contains(&hour) {
            text += &told(
                "lat-5450",
                hour as f64,
                "info",
                "checkpoint",
                checkpoint(hour),
            );
        }
        text += &told(
            "sim-rugged",
            hour as f64 + 0.5,
            "info",
            "checkpoint",
            checkpoint(hour),
        );
    }
    let ann = "by root, logged in as ann, milspecctl (pid 812)";
    let lines = [
        (2.0, "notice", "mode standard was set", mode(2, "standard")),
        (20.0, "notice", "mode paranoid was set", mode(3, "paranoid")),
        (
            30.0,
            "info",
            "the machine has woken up",
            what(record(4, "resume")),
        ),
        (
            55.0,
            "notice",
            &format!("camera: disabled to enabled, {ann}"),
            weakened(5),
        ),
        (
            55.1,
            "warning",
            "weakened, and nobody had logged in: camera",
            found(
                "1",
                "weakened-unattended",
                "weakened, and nobody had logged in",
            ),
        ),
        (
            70.0,
            "warning",
            "refused: DSMIL0D5 is quarantined",
            what(record(6, "refused")),
        ),
        (
            70.0,
            "warning",
            "tried what is never done: DSMIL0D5",
            found("2", "forbidden-tried", "tried what is never done"),
        ),
        (
            75.0,
            "error",
            "the firmware reports tampering",
            found("3", "tamper", "the firmware reports tampering"),
        ),
        (88.0, "info", "the monitor stops", note("stopped")),
        (101.0, "info", "the monitor has started", note("started")),
        (
            110.0,
            "warning",
            "12 records were overwritten before they were read",
            what(Record {
                count: 12,
                ..record(0, "gap")
            }),
        ),
        (
            120.0,
            "notice",
            "unusual: hour: night, 6.1 bit; actor: root without a login, 5.3 bit",
            found("4", "unusual", "unusual for this machine"),
        ),
        (
            130.0,
            "notice",
            "mode enhanced was set",
            mode(19, "enhanced"),
        ),
    ];
    for (hour, severity, message, what) in lines {
        text += &told("lat-5450", hour, severity, message, what);
    }
    text + "{\"schema\":\"milspec.monitor-line/2\"}\nno line\n"
}

/// Promise: the document keeps to its schema, and says what the two machines told.
#[test]
fn document() {
    let text = week();
    let report = Report::of_texts(&[("week.ndjson", text.as_bytes())]);
    let document = serde_json::to_value(&report).unwrap();
    crate::run::validate(&document);
    let machine = &document["machines"][0];
    assert_eq!(machine["host"], "lat-5450");
    assert_eq!(machine["mode"], "enhanced");
    assert_eq!(machine["rules"][0]["rule"], "tamper");
    assert_eq!(document["machines"][1]["simulated"], true);
    assert_eq!(document["files"][0]["broken"], 1);
    assert_eq!(document["files"][0]["unknown"], 1);
    crate::run::validate(&serde_json::to_value(Report::of_texts(&[])).unwrap());
}

/// Promise: the page is the one in `snapshots/`, which was looked at in a browser, in light and dark and
/// printed.
#[test]
fn page() {
    let mut report = Report::of_texts(&[("week.ndjson", week().as_bytes())]);
    report.made_at = "2026-11-27T12:00:00Z".into();
    let html = html::text(&report).replace(report.made_with, "VERSION");
    crate::assert_shows!(html, "monitor-report.html");
}

/// Promise: no word of a line, and none of a site's rule, acts on the terminal.
#[test]
fn foreign_words() {
    let evil = "\u{1b}[31mred\u{202e}\r";
    let mut text = told(evil, 0.0, "info", evil, note("started"));
    let finding = found(evil, evil, evil);
    text += &told(evil, 1.0, "error", evil, finding);
    let site = "schema = \"milspec.monitor-site/1\"\n[[rule]]\nid = \"a\"\nseverity = \"error\"\n\
                title = \"\\u001b[31m\"\nabout = \"\\u001b[31m\"\n\
                when = { kind = \"tamper\", control = \"\\u001b[31m\" }\n";
    let tree = machines::rugged("monitor-report-foreign")
        .file("lines", &text)
        .file("etc/milspecctl/monitor.toml", site);
    let path = tree.path("lines");
    let of_lines = on(&tree, &["monitor", "report", path.to_str().unwrap()]);
    let rules = on(&tree, &["monitor", "rules"]);
    assert!(
        of_lines
            .stdout
            .starts_with("\\u{1b}[31mred\\u{202e}\\r, SIMULATED: "),
        "{}",
        of_lines.stdout
    );
    for output in [of_lines, rules] {
        assert_eq!(output.status, 0, "{}", output.stderr);
        assert!(output.stdout.contains("\\u{1b}[31m"), "{}", output.stdout);
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!output.stdout.contains(acts), "{:?}", output.stdout);
    }
}
