// SPDX-License-Identifier: GPL-2.0

//! The protocol: a fleet to calibrate on, another to count false alarms on, and attacks on that.

use milspec::monitor::counts::EPISODE_NS;
use milspec::monitor::Surprise;
use milspec_fleet::attack::{self, Attack};
use milspec_fleet::benign::{Machine, Rates};
use milspec_fleet::lot::Lot;
use milspec_fleet::monitor::{Monitor, Sites, Verdict};
use milspec_fleet::told::{Seen, DAY, HOUR, START};
use std::collections::{BTreeMap, BTreeSet};

/// Days at the beginning in which counts are made and nothing is measured.
pub const WARM: u64 = 30;

/// How large a fleet is.
#[derive(Clone, Copy)]
pub struct Size {
    pub machines: u64,
    /// Without [`WARM`].
    pub days: u64,
    /// Of each attack so many.
    pub attacks: u64,
}

impl Size {
    pub fn machine_days(self) -> f64 {
        (self.machines * self.days) as f64
    }
}

/// What came of a fleet.
#[derive(Default)]
pub struct Measured {
    /// False alarms of the rules as they come, with the site's file, and of everything shown: episodes of
    /// each, so that three steps of one change are one.
    pub alarms: [u64; 3],
    /// The same by rule, with the site's file.
    pub rules: BTreeMap<String, u64>,
    /// How unusual each episode was, and whether the rules with the site's file found something in it.
    pub surprises: Vec<(f64, bool)>,
    /// How many records there were.
    pub records: u64,
    /// By attack, of each of them the same.
    pub attacks: Vec<Vec<Hit>>,
}

/// What came of an attack.
#[derive(Clone, Copy, Default)]
pub struct Hit {
    pub rules: [bool; 3],
    pub bits: f64,
}

/// Runs a fleet. `attacked` says that attacks are tried on copies of its monitors.
pub fn run(seed: u64, fleet: &str, size: Size, rates: Rates, attacked: bool) -> Measured {
    let sites = Sites::both();
    let mut measured = Measured {
        attacks: vec![Vec::new(); attack::all().count()],
        ..Measured::default()
    };
    let planned = match attacked {
        true => plan(seed, fleet, size),
        false => Vec::new(),
    };
    for number in 0..size.machines {
        let mut machine = Machine::new(seed, fleet, number, rates);
        let seen = machine.days(WARM + size.days);
        let mut mine = planned
            .iter()
            .filter(|planned| planned.machine == number)
            .peekable();
        let mut monitor = Monitor::default();
        let mut episode = Episode::default();
        for one in &seen {
            while let Some(planned) = mine.next_if(|planned| planned.at < one.wall_ns) {
                let mut lot = Lot::new(seed, "attack", planned.number);
                let hit = attacked_by(&sites, monitor.clone(), planned, &mut lot, machine.desk);
                measured.attacks[planned.attack].push(hit);
            }
            let verdict = monitor.take(&sites, one);
            if one.wall_ns < START + WARM * DAY {
                continue;
            }
            measured.records += 1;
            episode.begin(one);
            if let Some(surprise) = &verdict.surprise {
                measured
                    .surprises
                    .push((surprise.bits, episode.rules_before));
            }
            episode.note(&verdict, &mut measured);
        }
        if let Some(surprise) = monitor.end() {
            measured.surprises.push((surprise.bits, episode.seen[1]));
        }
    }
    measured
}

/// Alarms of one episode are one.
#[derive(Default)]
struct Episode {
    last_ns: u64,
    seen: [bool; 3],
    rules: BTreeSet<String>,
    /// Whether the episode before had a finding.
    rules_before: bool,
}

impl Episode {
    fn begin(&mut self, one: &Seen) {
        if one.wall_ns >= self.last_ns + EPISODE_NS {
            self.rules_before = self.seen[1];
            self.seen = [false; 3];
            self.rules.clear();
        }
        self.last_ns = one.wall_ns;
    }

    fn note(&mut self, verdict: &Verdict, measured: &mut Measured) {
        for rule in &verdict.rules {
            if self.rules.insert(rule.clone()) {
                *measured.rules.entry(rule.clone()).or_default() += 1;
            }
        }
        let now = [verdict.loud[0] > 0, verdict.loud[1] > 0, verdict.shown];
        for ((seen, now), alarms) in self.seen.iter_mut().zip(now).zip(&mut measured.alarms) {
            *alarms += u64::from(now && !*seen);
            *seen |= now;
        }
    }
}

/// An attack that is to come.
struct Planned {
    machine: u64,
    attack: usize,
    of: &'static Attack,
    number: u64,
    at: u64,
}

fn plan(seed: u64, fleet: &str, size: Size) -> Vec<Planned> {
    let mut planned = Vec::new();
    for (attack, of) in attack::all().enumerate() {
        for turn in 0..size.attacks {
            let number = attack as u64 * size.attacks + turn;
            let mut lot = Lot::new(seed, fleet, 1_000_000 + number);
            // Of the days at work, the last ten left out: the stream has to go on behind it.
            let mut day = WARM + lot.number(0, size.days - 10);
            day -= (day % 7).saturating_sub(4);
            let hour = of.when.hour(&mut lot);
            planned.push(Planned {
                machine: lot.number(0, size.machines - 1),
                attack,
                of,
                number,
                at: START + day * DAY + (hour * HOUR as f64) as u64,
            });
        }
    }
    planned.sort_by_key(|planned| planned.at);
    planned
}

/// Tries an attack on a copy of a monitor: nothing else happens meanwhile.
fn attacked_by(
    sites: &Sites,
    mut monitor: Monitor,
    planned: &Planned,
    lot: &mut Lot,
    desk: [u32; 2],
) -> Hit {
    let seen = planned.of.seen(planned.at, lot, desk);
    // The episode that is open is not the attack's, if it is over by then.
    monitor.close(planned.at);
    let mut hit = Hit::default();
    let unusual = |surprise: Option<Surprise>| surprise.map_or(0.0, |surprise| surprise.bits);
    for one in &seen {
        let verdict = monitor.take(sites, one);
        let now = [verdict.loud[0] > 0, verdict.loud[1] > 0, verdict.shown];
        for (seen, now) in hit.rules.iter_mut().zip(now) {
            *seen |= now;
        }
        hit.bits = hit.bits.max(unusual(verdict.surprise));
    }
    hit.bits = hit.bits.max(unusual(monitor.end()));
    hit
}
