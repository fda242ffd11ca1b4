// SPDX-License-Identifier: GPL-2.0

//! The monitor's rules and counts on a simulated fleet: how many false alarms, and what of the attacks is
//! found. Machines, rules and most attacks are by one hand, so this says that the plumbing works, and what
//! the counts add to the rules; it says nothing of a real fleet.
//!
//! `UPDATE_DOCS=1 cargo test --release -p milspec-fleet -- --ignored` measures anew and writes
//! `docs/monitoring.md`.

mod measure;
mod table;

use measure::{run, Measured, Size};
use milspec::monitor::counts::NOTABLE_BITS;
use milspec_fleet::attack;
use milspec_fleet::benign::RATES;
use milspec_machine::image::repository;
use std::fs;
use table::{threshold, wilson, Fleets};

const FULL: Size = Size {
    machines: 300,
    days: 180,
    attacks: 100,
};
const SMALL: Size = Size {
    machines: 12,
    days: 60,
    attacks: 10,
};
const BEGIN: &str = "<!-- measured by tests/fleet -->\n";
const END: &str = "<!-- end of what was measured -->\n";

fn fleets(seeds: &[u64], size: Size) -> Fleets {
    println!("seeds {seeds:?}");
    let all = |fleet: &str, rates, attacked| {
        let seeds = seeds.iter();
        seeds
            .map(|seed| run(*seed, fleet, size, rates, attacked))
            .collect()
    };
    let calibrated: Vec<Measured> = all("calibrate", RATES, false);
    let budget = |per_day| threshold(&calibrated, size, per_day);
    Fleets {
        seeds: seeds.to_vec(),
        size,
        thresholds: [budget(1.0 / 1_000.0), budget(1.0 / 30.0)],
        tested: all("test", RATES, true),
        twice: all("drift", RATES.times(2.0), false),
        half: all("half", RATES.times(0.5), false),
    }
}

/// Promise: every attack that a rule was made for is found by the rules, all but few of them, and the
/// insider who does what a helpdesk does is not; a fleet without attacks is quiet; and the same seed gives
/// the same.
#[test]
fn small() {
    let one = fleets(&[7], SMALL);
    let text = one.table();
    println!("{text}");
    let tested = &one.tested[0];
    for (attack, hits) in attack::ATTACKS.iter().zip(&tested.attacks) {
        assert_eq!(hits.len(), SMALL.attacks as usize, "{}", attack.name);
        let found = hits.iter().filter(|hit| hit.rules[1]).count();
        match attack.name.starts_with("insider") {
            true => assert_eq!(found, 0, "{}", attack.name),
            false => assert!(found >= 9, "{}: {found}", attack.name),
        }
    }
    assert!(tested.alarms[1] < 10, "{:?}", tested.alarms);
    assert!(tested.alarms[2] > tested.alarms[1]);
    assert_eq!(fleets(&[7], SMALL).table(), text);
}

/// Promise: the interval is Wilson's: of 9 in 10 it is 0.60 to 0.98, of none in 300 it ends at 0.013.
#[test]
fn intervals() {
    let (low, high) = wilson(9.0, 10.0);
    assert!(
        (low - 0.596).abs() < 0.001 && (high - 0.982).abs() < 0.001,
        "{low} {high}"
    );
    let (low, high) = wilson(0.0, 300.0);
    assert!(low == 0.0 && (high - 0.0126).abs() < 0.0002, "{low} {high}");
}

/// Promise: `docs/monitoring.md` has the table that this measures, and counts are notable from where they
/// were calibrated on.
#[test]
#[ignore = "three seeds of 54,000 machine-days, four times: make test-long"]
fn full() {
    let all = fleets(&[1, 2, 3], FULL);
    let table = all.table();
    println!("{table}");
    let path = repository().join("docs/monitoring.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("it has lost its mark");
    let (have, after) = rest.split_once(END).expect("it has lost its mark");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert!(
            have == table,
            "docs/monitoring.md has another table; UPDATE_DOCS=1 writes it"
        );
    }
    assert_eq!(all.thresholds[1], NOTABLE_BITS);
}
