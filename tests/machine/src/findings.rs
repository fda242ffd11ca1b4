// SPDX-License-Identifier: GPL-2.0

//! What walking token tables has found: counts, examples, distributions.

use std::collections::BTreeMap;
use std::fmt::Write;

/// How many tables that are the same to the driver stand behind one, and how many machines.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// Tables.
    pub tables: u32,
    /// Machines that have them.
    pub machines: u32,
}

/// How often something was found.
#[derive(Clone, Debug, Default)]
pub struct Count {
    tables: u32,
    machines: u32,
    examples: Vec<String>,
}

/// A distribution: how many machines have a number.
type Spread = BTreeMap<u32, u32>;

/// What was found in any number of tables.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Tables.
    pub tables: u32,
    /// Machines that have them.
    pub machines: u32,
    /// Changes that were tried.
    pub runs: u64,
    spreads: BTreeMap<String, Spread>,
    /// Promises that were broken.
    pub broken: BTreeMap<String, Count>,
    /// What was refused.
    pub refused: BTreeMap<String, Count>,
    /// What tables have that others have not.
    pub odd: BTreeMap<String, Count>,
}

/// Examples that are kept of each.
const KEPT: usize = 10;

impl Count {
    /// Notes that something was found on a table.
    pub fn add(&mut self, weight: Weight, example: &str) {
        self.tables += weight.tables;
        self.machines += weight.machines;
        if self.examples.len() < KEPT {
            self.examples.push(example.to_owned());
        }
    }
}

impl Findings {
    /// How often a promise was broken.
    pub fn broken_count(&self) -> u32 {
        self.broken.values().map(|count| count.tables).sum()
    }

    /// Takes in those of other tables.
    pub fn add(&mut self, other: Self) {
        self.tables += other.tables;
        self.machines += other.machines;
        self.runs += other.runs;
        for (name, spread) in other.spreads {
            let into = self.spreads.entry(name).or_default();
            for (number, machines) in spread {
                *into.entry(number).or_default() += machines;
            }
        }
        let all = [
            (&mut self.broken, other.broken),
            (&mut self.refused, other.refused),
            (&mut self.odd, other.odd),
        ];
        for (into, from) in all {
            for (what, count) in from {
                let into = into.entry(what).or_default();
                into.tables += count.tables;
                into.machines += count.machines;
                into.examples.extend(count.examples);
                into.examples.sort();
                into.examples.truncate(KEPT);
            }
        }
    }

    /// All of it, for people.
    pub fn report(&self, source: &str, examples: usize) -> String {
        let mut text = format!(
            "{source}: {} tables of {} machines; {} changes tried on a model of the firmware\n",
            self.tables, self.machines, self.runs
        );
        text += "\nmachines: least, median, most\n";
        for (name, spread) in &self.spreads {
            let _ = writeln!(text, "  {name:<75} {}", summary(spread));
        }
        for (title, counts) in [
            ("found in tables", &self.odd),
            ("refused, and the control left alone then", &self.refused),
            ("BROKEN PROMISES", &self.broken),
        ] {
            let _ = writeln!(text, "\n{title}: tables, machines");
            if counts.is_empty() {
                text += "  none\n";
            }
            for (what, count) in counts {
                let _ = writeln!(
                    text,
                    "  {what:<75} {:>6} {:>6}",
                    count.tables, count.machines
                );
                for example in count.examples.iter().take(examples) {
                    let _ = writeln!(text, "      {example}");
                }
            }
        }
        text
    }

    /// Notes a number that so many machines have.
    pub fn spread(&mut self, name: String, number: usize, machines: u32) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        *self
            .spreads
            .entry(name)
            .or_default()
            .entry(number)
            .or_default() += machines;
    }
}

fn summary(spread: &Spread) -> String {
    let all: u32 = spread.values().sum();
    let mut seen = 0;
    let median = spread.iter().find(|(_, machines)| {
        seen += **machines;
        2 * seen >= all
    });
    let ends = (spread.keys().next(), spread.keys().next_back());
    match (ends, median) {
        ((Some(least), Some(most)), Some((median, _))) => {
            format!("{least:>4} {median:>4} {most:>4}")
        }
        _ => "no machine".to_owned(),
    }
}
