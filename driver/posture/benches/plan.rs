// SPDX-License-Identifier: GPL-2.0

//! What a plan costs for each control, on machines of 64 controls and more, up to as many as can
//! be ordered: no firmware that the guest boots with has so many.
//!
//! A program of its own that prints a table and judges nothing: `cargo bench -p milspec-posture`.
//! The processor's own time is measured, so that ratios count and single numbers do not. Sizes take
//! turns, and the best of several rounds counts.

#[path = "../tests/common/mod.rs"]
mod common;

use common::{dsmil, platform, steps, wants, OPEN};
use milspec_posture::fact::Fact;
use milspec_posture::mode::Mode;
use milspec_posture::order::FACTS;
use milspec_posture::settings::SETTINGS;
use std::hint::black_box;
use std::time::Instant;

/// Smallest machine; the others are each twice as large.
const SMALLEST: usize = 64;
const ROUNDS: usize = 15;
/// A round takes this long at least, in nanoseconds.
const ROUND: f64 = 2_000_000.0;
/// A plan is linear when a control of the largest machine costs no more than so many of the
/// smallest: caches are the rest.
const LINEAR: f64 = 2.0;

/// What is asked of a machine.
struct Shape {
    name: &'static str,
    facts: fn(usize) -> Vec<Fact>,
    mode: Option<Mode>,
}

const SHAPES: [Shape; 4] = [
    Shape {
        name: "paranoid, devices that need one of their group",
        facts: groups,
        mode: Some(Mode::Paranoid),
    },
    Shape {
        name: "paranoid, each device needs the one after it",
        facts: chain,
        mode: Some(Mode::Paranoid),
    },
    Shape {
        name: "paranoid, every device needs the same four",
        facts: star,
        mode: Some(Mode::Paranoid),
    },
    Shape {
        name: "a list of all devices, each needs the one after it",
        facts: chain,
        mode: None,
    },
];

/// Every 32nd control is a setting: these cost more, and there are not enough of them for a larger
/// part. The others are inactive devices of groups that `paranoid` wants, and need what `needs` says
/// of the position of the first, their own, and the number of all.
fn machine(count: usize, needs: fn(usize, usize, usize) -> Vec<usize>) -> Vec<Fact> {
    let settings = SETTINGS.iter().take(count / 32);
    let mut facts: Vec<Fact> = settings
        .map(|setting| platform(setting.name, setting.values[0].name))
        .collect();
    let first = facts.len();
    for at in first..count {
        let number = at - first;
        // Group 0 has 256 devices, and so on.
        let (group, position) = ((number / 256) as u8, (number % 256) as u8);
        let needs: Vec<u16> = needs(first, at, count)
            .into_iter()
            .map(|need| need as u16)
            .collect();
        facts.push(dsmil(group, position, 0, &needs));
    }
    facts
}

fn groups(count: usize) -> Vec<Fact> {
    machine(count, |first, at, _| {
        let leader = at - (at - first) % 12;
        if leader == at {
            vec![]
        } else {
            vec![leader]
        }
    })
}

fn chain(count: usize) -> Vec<Fact> {
    machine(
        count,
        |_, at, count| {
            if at + 1 < count {
                vec![at + 1]
            } else {
                vec![]
            }
        },
    )
}

fn star(count: usize) -> Vec<Fact> {
    machine(count, |_, at, count| {
        if at + 4 < count {
            (count - 4..count).collect()
        } else {
            vec![]
        }
    })
}

/// Plans once, and returns the number of steps.
fn plan(shape: &Shape, facts: &[Fact], list: &[(u32, u8)]) -> usize {
    let (wants, _) = wants(shape.mode, list, facts, &OPEN).expect("nothing is refused");
    steps(facts, &wants).expect("nothing is in the way").len()
}

/// Nanoseconds of a plan, of so many.
fn took(times: u32, shape: &Shape, facts: &[Fact], list: &[(u32, u8)]) -> f64 {
    let start = Instant::now();
    for _ in 0..times {
        black_box(plan(shape, black_box(facts), black_box(list)));
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

fn main() {
    let sizes: Vec<usize> = std::iter::successors(Some(SMALLEST), |size| Some(size * 2))
        .take_while(|size| *size <= FACTS)
        .collect();
    println!("A plan on the host, nanoseconds for each control, best of {ROUNDS} rounds:\n");
    print!("{:<52}", "controls");
    sizes.iter().for_each(|size| print!("{size:>8}"));
    println!("{:>9}", "ratio");
    for shape in &SHAPES {
        let mut best = vec![f64::MAX; sizes.len()];
        let mut machines = Vec::new();
        for size in &sizes {
            let facts = (shape.facts)(*size);
            let devices = facts.iter().filter(|fact| fact.id >> 16 == 2);
            let list: Vec<(u32, u8)> = match shape.mode {
                Some(_) => Vec::new(),
                None => devices.map(|fact| (fact.id, 1)).collect(),
            };
            // What is measured is a plan that has a step for each device.
            let planned = plan(shape, &facts, &list);
            assert!(planned >= size - size / 32, "{planned} steps of {size}");
            let mut times = 1;
            while took(times, shape, &facts, &list) * f64::from(times) < ROUND {
                times *= 2;
            }
            machines.push((facts, list, times));
        }
        for _ in 0..ROUNDS {
            for (best, (facts, list, times)) in best.iter_mut().zip(&machines) {
                *best = best.min(took(*times, shape, facts, list) / facts.len() as f64);
            }
        }
        print!("{:<52}", shape.name);
        best.iter().for_each(|cost| print!("{cost:>8.1}"));
        let ratio = best[best.len() - 1] / best[0];
        println!(
            "{ratio:>9.2}  {}",
            if ratio <= LINEAR {
                "linear"
            } else {
                "NOT LINEAR"
            }
        );
    }
    println!("\nThe ratio is that of the largest to the smallest; to reach: at most {LINEAR}.");
}
