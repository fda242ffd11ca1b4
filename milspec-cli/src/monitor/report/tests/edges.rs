// SPDX-License-Identifier: GPL-2.0

//! More than is kept, times that touch, and files that can be read once.

use super::*;

/// Promise: of many entries the newest of each kind are listed, in whatever order the lines come, and the mode is
/// the one that was set last.
#[test]
fn newest() {
    let mut lines: Vec<Line> = (1..=1_200).map(|n| told(n, what(weakening(n)))).collect();
    lines.extend((1_201..=2_300).map(|n| told(n, what(mode(n, "paranoid")))));
    lines.push(told(2_301, what(mode(2_301, "baseline"))));
    let mut backwards = lines.clone();
    backwards.reverse();
    for lines in [lines, backwards] {
        let report = report(&lines);
        let a = &report.machines[0];
        assert_eq!(a.mode.as_deref(), Some("baseline"));
        assert_eq!((a.tally.weakenings, a.entries_left_out), (1_200, 301));
        let weakened: Vec<u64> = a
            .entries
            .iter()
            .filter(|entry| entry.kind == Kind::Weakening)
            .map(|entry| (entry.wall_ns - START) / HOUR)
            .collect();
        assert!(weakened.iter().copied().eq(201..=1_200));
        assert_eq!(a.entries.last().unwrap().mode.as_deref(), Some("baseline"));
    }
}

/// Promise: a reboot is one time in which no monitor ran, though the driver has records of before the monitor
/// began again; two outages with a monitor in between are two.
#[test]
fn reboots() {
    let spans = |lines: &[Line]| -> Vec<_> {
        let report = report(lines);
        assert_eq!(
            report.fleet.not_running,
            report.machines[0].spans.len() as u64
        );
        let hour = |time: &str| time[11..13].parse::<u64>().unwrap();
        let spans = report.machines[0].spans.iter();
        spans
            .map(|span| (hour(&span.from), span.to.as_deref().map(hour)))
            .collect()
    };
    let mut lines = vec![
        told(0, note("started")),
        told(1, note("stopped")),
        told(2, what(record(1, "load"))),
        told(3, what(record(2, "bind"))),
        told(4, note("started")),
        told(4, checkpoint()),
    ];
    assert_eq!(spans(&lines), [(1, Some(4))]);
    // It ended without a word, and began twice.
    lines.push(told(6, note("started")));
    lines.push(told(7, note("started")));
    assert_eq!(spans(&lines), [(1, Some(4)), (4, Some(6)), (6, Some(7))]);
    lines.push(told(8, note("stopped")));
    assert_eq!(spans(&lines)[3..], [(8, None)]);
    lines.push(told(9, what(record(3, "refused"))));
    assert_eq!(spans(&lines)[3..], [(8, Some(9))]);
}

/// Promise: a pipe is read from its first byte on; what cannot be read is refused, and said why.
#[test]
fn files() {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    let (from, to) = nix::unistd::pipe().unwrap();
    let mut to = std::fs::File::from(to);
    to.write_all(&text(&day()[..5])).unwrap();
    drop(to);
    let path = format!("/proc/self/fd/{}", from.as_raw_fd());
    let report = Report::of(&[path.into()]).unwrap();
    let read = &report.files[0];
    assert_eq!((read.lines, read.broken), (5, 0));
    let missing = Report::of(&["/nowhere/at/all".into()]).unwrap_err();
    assert_eq!(missing.code, "file-unreadable");
    assert_eq!(missing.why, "there is no such file");
    let directory = Report::of(&["/".into()]).unwrap_err();
    assert_eq!(directory.why, "it is a directory");
}
