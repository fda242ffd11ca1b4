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
