// SPDX-License-Identifier: GPL-2.0

//! What was measured, as a table.

use crate::measure::{Hit, Measured, Size};
use milspec_fleet::attack::{self, ATTACKS};
use milspec_fleet::unseen::UNSEEN;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What can find something.
const DETECTORS: [&str; 6] = [
    "rules as they come",
    "rules, hours and a unit named",
    "every weakening, refusal and drift shown",
    "counts, at most 1 in 1,000 machine-days",
    "counts, at most 1 a machine-month",
    "rules, hours and a unit named, or counts (1 in 1,000)",
];

/// All fleets.
pub struct Fleets {
    pub seeds: Vec<u64>,
    pub size: Size,
    pub tested: Vec<Measured>,
    /// With everything benign twice as often.
    pub twice: Vec<Measured>,
    /// With everything benign half as often.
    pub half: Vec<Measured>,
    /// From how many bits on an episode counts, for each of the two budgets.
    pub thresholds: [f64; 2],
}

/// From how many bits on an episode counts, for so many false alarms in a machine-day at most: of the fleets to
/// calibrate on, up to the next half.
pub fn threshold(calibrated: &[Measured], size: Size, per_day: f64) -> f64 {
    let fleets = calibrated.iter();
    let mut bits: Vec<f64> = fleets
        .flat_map(|fleet| fleet.surprises.iter().map(|(bits, _)| *bits))
        .collect();
    bits.sort_by(|a, b| b.total_cmp(a));
    let most = (per_day * size.machine_days() * calibrated.len() as f64) as usize;
    let next = bits.get(most).copied().unwrap_or_default();
    (next * 2.0).floor() / 2.0 + 0.5
}

impl Fleets {
    /// The part of the document.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let [page, month] = self.thresholds;
        let (size, seeds) = (self.size, self.seeds.len());
        let records: u64 = self.tested.iter().map(|fleet| fleet.records).sum();
        let all = size.machine_days() * seeds as f64;
        writeln!(
            text,
            "{seeds} seeds ({:?}), and for each four simulated fleets of {} machines and {} days, {:.0} \
             machine-days, after {} days of learning: one to calibrate on, one to test on, one to test on with \
             everything benign twice as often, one with half as often. {:.1} records a machine-day. Of each of {} \
             attacks {} were tried for each seed: {} are attacks by the rules' author, {} are by an author who \
             has not seen the rules. The monitor gives a notice from {month:.1} bit on, \
             which is `NOTABLE_BITS`; the other budget, that of an alarm, takes {page:.1}. Ranges are from the lowest seed to the \
             highest.\n",
            self.seeds,
            size.machines,
            size.days,
            size.machine_days(),
            crate::measure::WARM,
            records as f64 / all,
            attack::all().count(),
            size.attacks,
            ATTACKS.len(),
            UNSEEN.len(),
        )?;
        writeln!(
            text,
            "| detector | false alarms in 1,000 machine-days | in a machine-month | in 1,000, with everything \
             benign twice as often | half as often | mean detection of attacks by the rules' author | of those by \
             an author who has not seen the rules |\n|---|---|---|---|---|---|---|"
        )?;
        for (at, name) in DETECTORS.iter().enumerate() {
            let rate = |fleets: &[Measured], days: f64| -> Vec<f64> {
                let alarms = fleets.iter().map(|fleet| self.alarms(fleet, at) as f64);
                alarms
                    .map(|alarms| alarms / size.machine_days() * days)
                    .collect()
            };
            let means = |attacks: std::ops::Range<usize>| -> Vec<f64> {
                let fleets = self.tested.iter();
                fleets
                    .map(|fleet| self.mean(&fleet.attacks[attacks.clone()], at))
                    .collect()
            };
            let (all, seen) = (attack::all().count(), ATTACKS.len());
            writeln!(
                text,
                "| {name} | {} | {} | {} | {} | {} | {} |",
                range(rate(&self.tested, 1_000.0), 2),
                range(rate(&self.tested, 30.0), 3),
                range(rate(&self.twice, 1_000.0), 2),
                range(rate(&self.half, 1_000.0), 2),
                range(means(0..seen), 2),
                range(means(seen..all), 2)
            )?;
        }
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for (rule, alarms) in self.tested.iter().flat_map(|fleet| &fleet.rules) {
            *rules.entry(rule).or_default() += alarms;
        }
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|(rule, alarms)| (std::cmp::Reverse(*alarms), *rule));
        let rules: Vec<String> = rules
            .iter()
            .map(|(rule, alarms)| format!("`{rule}` {:.2}", *alarms as f64 / all * 1_000.0))
            .collect();
        writeln!(
            text,
            "\nFalse alarms of the rules, hours and a unit named, in 1,000 machine-days: {}.",
            rules.join(", ")
        )?;
        for (whose, attacks, first) in [
            ("Attacks by the rules' author", &ATTACKS[..], 0),
            (
                "Attacks by an author who has not seen the rules",
                &UNSEEN,
                ATTACKS.len(),
            ),
        ] {
            writeln!(
                text,
                "\n{whose}, detected of {}, with the interval of Wilson at 95 %:\n\n| attack | rules as they \
                 come | rules, hours and a unit named | counts, 1 in 1,000 | counts, 1 a month \
                 |\n|---|---|---|---|---|",
                size.attacks * seeds as u64
            )?;
            for (number, attack) in attacks.iter().enumerate() {
                self.write_attack(text, attack.name, first + number)?;
            }
        }
        Ok(())
    }

    fn write_attack(&self, text: &mut String, name: &str, number: usize) -> std::fmt::Result {
        write!(text, "| {name} |")?;
        for at in [0, 1, 3, 4] {
            let hits = self.tested.iter().flat_map(|fleet| &fleet.attacks[number]);
            let found = hits.clone().filter(|hit| self.finds(hit, at)).count() as f64;
            let (low, high) = wilson(found, hits.count() as f64);
            write!(text, " {found:.0} ({low:.2} to {high:.2}) |")?;
        }
        text.push('\n');
        Ok(())
    }

    fn finds(&self, hit: &Hit, detector: usize) -> bool {
        let [page, month] = self.thresholds;
        match detector {
            0..=2 => hit.rules[detector],
            3 => hit.bits >= page,
            4 => hit.bits >= month,
            _ => hit.rules[1] || hit.bits >= page,
        }
    }

    fn alarms(&self, fleet: &Measured, detector: usize) -> usize {
        let [page, month] = self.thresholds;
        let over = |bits: f64| {
            fleet
                .surprises
                .iter()
                .filter(move |(other, _)| *other >= bits)
        };
        match detector {
            0..=2 => fleet.alarms[detector] as usize,
            3 => over(page).count(),
            4 => over(month).count(),
            _ => fleet.alarms[1] as usize + over(page).filter(|(_, found)| !found).count(),
        }
    }

    /// Of all these attacks alike.
    fn mean(&self, attacks: &[Vec<Hit>], detector: usize) -> f64 {
        let shares = attacks.iter().map(|hits| {
            let found = hits.iter().filter(|hit| self.finds(hit, detector)).count();
            found as f64 / hits.len().max(1) as f64
        });
        shares.sum::<f64>() / attacks.len() as f64
    }
}

/// `0.91 to 0.93`, or one where both are shown alike.
fn range(numbers: Vec<f64>, digits: usize) -> String {
    let shown = |number: f64| format!("{number:.digits$}");
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match shown(low) == shown(high) {
        true => shown(low),
        false => format!("{} to {}", shown(low), shown(high)),
    }
}

/// The interval of a share that was seen, at 95 %.
pub fn wilson(found: f64, of: f64) -> (f64, f64) {
    let z = 1.96_f64;
    let share = found / of;
    let about = share + z * z / (2.0 * of);
    let off = z * (share * (1.0 - share) / of + z * z / (4.0 * of * of)).sqrt();
    let all = 1.0 + z * z / of;
    (
        ((about - off) / all).max(0.0),
        ((about + off) / all).min(1.0),
    )
}
