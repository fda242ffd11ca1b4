// SPDX-License-Identifier: GPL-2.0

//! Every change of modes on machines of six controls, with every failure, every two of them, and
//! somebody else changing something at every point; and on real token tables with every single
//! failure and somebody else at every point. What is run is what the module runs.
//!
//! Prints what was walked and what was left out, and the seed of what was drawn by lot
//! (`MILSPEC_SEED=` repeats it). One change of mode in [`PART`] is walked, drawn by lot; with `MILSPEC_LONG`,
//! each.

use milspec_machine::bench::{Bench, Called, Device, Ended, Failure, Foreign, Kind, Lasts, Script};
use milspec_machine::cells::Layout;
use milspec_machine::table::{self, Token};
use milspec_machine::tokens::Plan;
use milspec_machine::trial::Trial;
use milspec_machine::{walk, Profile};
use milspec_posture::control::Class::{self, Monitored, Quarantined, ReadOnly, Restricted, Safe};
use milspec_posture::fact::Policy;
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::plan::Progress;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const OPEN: Policy = Policy {
    restricted_allowed: true,
    latched: false,
    blind: false,
    confirmed: true,
};
const CLOSED: Policy = Policy {
    restricted_allowed: false,
    ..OPEN
};

/// What is walked of a change.
#[derive(Clone, Copy)]
enum Depth {
    /// Every single and double failure, each with somebody else at every point.
    Doubles,
    /// Every single failure, each with somebody else at every point; of those that last, at every
    /// [`FEW`]th.
    Singles,
    /// So many of the latter, drawn by lot.
    Drawn(usize),
}

/// See [`Depth::Singles`].
const FEW: usize = 4;

/// Each takes a second: all of them together take minutes.
const PART: usize = 4;

/// A machine that is walked.
struct Subject {
    name: String,
    tokens: Vec<Token>,
    layout: Layout,
    devices: Vec<Device>,
    /// What of it is walked in each of these policies.
    depth: [(Policy, Depth); 2],
}

impl Subject {
    fn has_restricted(&self) -> bool {
        let bench = Bench::new(&self.tokens, self.layout, &self.devices).unwrap();
        let mut facts = bench.machine.facts().iter();
        facts.any(|fact| (0..8).any(|value| fact.class_of(value) == Restricted))
    }
}

fn device(group: u8, position: u8, class: Class, state: u8, needs: &[(u8, u8)]) -> Device {
    Device {
        group,
        position,
        class,
        state,
        needs: needs.to_vec(),
    }
}

/// Machines of six controls: every class, every shape of dependencies, every layout.
fn reduced() -> Vec<Subject> {
    let camera = "0285=1 0286=0";
    let one_place = "0285@0007=1 0286@0007=0";
    let ring = "0285=1 0286=1";
    let wlan = "0180=1 017F=0";
    let security = "03C5=0 03C1=1 03C2=2 03C3=3";
    let stealth = "02ED=1 02EE=0";
    let machines: [(&str, String, Vec<Device>); 7] = [
        (
            "one cell each, a chain",
            format!("{camera} {wlan} {security}"),
            vec![
                device(0, 0, Safe, 0, &[]),
                device(1, 0, Monitored, 0, &[(0, 0)]),
                device(2, 0, Restricted, 0, &[(1, 0)]),
            ],
        ),
        (
            "one place, something quarantined is needed",
            format!("{one_place} {stealth}"),
            vec![
                device(0, 0, Quarantined, 1, &[]),
                device(0, 1, Safe, 0, &[(0, 0)]),
                device(1, 0, ReadOnly, 0, &[]),
                device(1, 1, Safe, 0, &[(1, 0)]),
            ],
        ),
        (
            "one-hot, two need one",
            format!("{ring} {wlan}"),
            vec![
                device(0, 0, Safe, 0, &[]),
                device(1, 0, Safe, 0, &[(0, 0)]),
                device(1, 1, Safe, 1, &[]),
                device(2, 0, Monitored, 0, &[(0, 0), (1, 1)]),
            ],
        ),
        (
            "a circle",
            camera.to_owned(),
            vec![
                device(0, 0, Safe, 0, &[(0, 1)]),
                device(0, 1, Safe, 0, &[(0, 0)]),
                device(1, 0, Safe, 0, &[]),
                device(2, 0, Safe, 0, &[(1, 0)]),
                device(6, 0, Safe, 1, &[]),
            ],
        ),
        (
            "training needs the core",
            security.to_owned(),
            vec![
                device(0, 0, Safe, 1, &[]),
                device(6, 0, Safe, 1, &[(0, 0)]),
                device(4, 0, Safe, 0, &[(3, 0)]),
                device(3, 0, Safe, 0, &[]),
                device(5, 0, Safe, 0, &[(9, 9)]),
            ],
        ),
        (
            "a device that has failed",
            camera.to_owned(),
            vec![
                device(0, 0, Safe, 2, &[]),
                device(0, 1, Safe, 0, &[]),
                device(1, 0, Safe, 0, &[(0, 0)]),
                device(1, 1, Safe, 0, &[(0, 1)]),
                device(2, 0, Safe, 0, &[]),
            ],
        ),
        (
            "six settings",
            format!("{camera} {wlan} {security} {stealth} 0152=1 0153=1 0055=1 0057=0"),
            vec![],
        ),
    ];
    let mut subjects = Vec::new();
    for (name, tokens, devices) in machines {
        for layout in [Layout::Inferred, Layout::Apart] {
            // Of one place, or one cell, there is nothing apart.
            if layout == Layout::Apart && (tokens == camera || tokens.contains(one_place)) {
                continue;
            }
            subjects.push(Subject {
                name: format!("{name}, {layout:?}"),
                tokens: table::parse(&tokens).unwrap(),
                layout,
                devices: devices.clone(),
                depth: [(OPEN, Depth::Doubles), (CLOSED, Depth::Doubles)],
            });
        }
    }
    subjects
}

/// The 84 devices of the simulated Dell.
fn devices() -> Vec<Device> {
    let rows: Vec<Vec<&str>> = include_str!("../../data/dsmil-devices.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let place = |row: &Vec<&str>| (row[1].parse().unwrap(), row[2].parse().unwrap());
    let find = |name: &str| place(rows.iter().find(|row| row[0] == name).unwrap());
    let one = |row: &Vec<&str>| {
        let class = match row[4] {
            "safe" => Safe,
            "monitored" => Monitored,
            "quarantined" => Quarantined,
            other => panic!("class {other}"),
        };
        let (group, position) = place(row);
        let needs: Vec<_> = row[5].split_whitespace().map(find).collect();
        device(group, position, class, 0, &needs)
    };
    rows.iter().map(one).collect()
}

/// The real tables of the tree, and one with devices besides.
fn real() -> Vec<Subject> {
    let mut subjects = Vec::new();
    for name in Profile::names().unwrap() {
        let profile = Profile::load(&name).unwrap();
        if profile.source.is_empty() || name.starts_with("bad/") {
            continue;
        }
        let tokens = walk::relevant(&Plan::of(&profile).unwrap().tokens).unwrap();
        if name == "rugged-5430" {
            subjects.push(Subject {
                name: format!("{name} with DSML0001"),
                tokens: tokens.clone(),
                layout: Layout::Inferred,
                devices: devices(),
                depth: [(OPEN, Depth::Drawn(1000)), (CLOSED, Depth::Drawn(300))],
            });
        }
        subjects.push(Subject {
            name,
            tokens,
            layout: Layout::Inferred,
            devices: Vec::new(),
            depth: [(OPEN, Depth::Singles), (CLOSED, Depth::Drawn(300))],
        });
    }
    subjects
}

/// What came of it.
#[derive(Default)]
struct Tally {
    changes: usize,
    steps: usize,
    runs: usize,
    /// Runs that were followed by a look, a repeat and the baseline.
    followed: usize,
    undone: usize,
    conflicts: usize,
    degraded: usize,
    /// Runs that could have been and were not.
    left_out: usize,
    broken: BTreeMap<String, (usize, String)>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.changes += other.changes;
        self.runs += other.runs;
        self.followed += other.followed;
        self.undone += other.undone;
        self.conflicts += other.conflicts;
        self.degraded += other.degraded;
        self.left_out += other.left_out;
        for (what, (count, example)) in other.broken {
            self.broken.entry(what).or_insert((0, example)).0 += count;
        }
    }
}

/// A source of numbers (`xorshift64*`), the same for the same seed.
struct Lot(u64);

impl Lot {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }
}

/// One change of one machine, under a walk.
struct Walk<'a> {
    what: String,
    bench: &'a mut Bench,
    trial: Trial,
    tally: Tally,
}

impl Walk<'_> {
    fn run(&mut self, script: Script<'_>, follow: bool) -> Ended {
        let (ended, mut broken) = self.trial.run(self.bench, &script);
        self.tally.runs += 1;
        let has = |is: fn(&Progress) -> bool| ended.steps.iter().any(|step| is(&step.progress));
        self.tally.undone += usize::from(has(|p| matches!(p, Progress::Undone)));
        self.tally.conflicts += usize::from(has(|p| matches!(p, Progress::Moved)));
        self.tally.degraded += usize::from(has(|p| matches!(p, Progress::Degraded(_))));
        if follow && broken.is_empty() {
            self.tally.followed += 1;
            broken = self.trial.follow(self.bench, &script, &ended);
        }
        for broken in broken {
            let example = || {
                format!(
                    "{}: {script:?} {:?} {:?}",
                    self.what, ended.outcome, ended.steps
                )
            };
            self.tally
                .broken
                .entry(broken)
                .or_insert_with(|| (0, example()))
                .0 += 1;
        }
        ended
    }

    /// What somebody else could do: give the control of a step another value, just before a call
    /// that concerns it, or when all is over. Between two such calls nobody would notice when.
    fn others(&self, calls: &[Called]) -> Vec<Foreign> {
        let mut all = Vec::new();
        let points = calls.iter().map(|call| call.id).enumerate();
        let ends = self.trial.steps().iter().map(|step| (calls.len(), step.id));
        for (at, id) in points.chain(ends) {
            let fact = self.bench.machine.fact(id).unwrap();
            let values = (0..8).filter(|value| fact.has(*value));
            all.extend(values.map(|value| Foreign { at, id, value }));
        }
        all
    }

    /// What can go wrong with call number `at`: in each way, once, for its control from then on, and
    /// for all.
    fn failures(at: usize, call: Called) -> impl Iterator<Item = Failure> {
        let kinds = if call.write {
            Kind::WRITES
        } else {
            Kind::READS
        };
        kinds.into_iter().flat_map(move |kind| {
            let lasting = [Lasts::Once, Lasts::ForOne(call.id), Lasts::ForAll];
            lasting.map(|lasts| Failure { at, kind, lasts })
        })
    }

    /// These failures, with somebody else at every point.
    fn disturbed(&mut self, failures: &[Failure], calls: &[Called], follow: usize) {
        self.disturbed_at(failures, calls, follow, 1);
    }

    /// The same, at every so manieth point.
    fn disturbed_at(
        &mut self,
        failures: &[Failure],
        calls: &[Called],
        follow: usize,
        every: usize,
    ) {
        let others = self.others(calls);
        let taken = others.len().div_ceil(every);
        self.tally.left_out += others.len() - taken;
        for (n, foreign) in others.into_iter().step_by(every).enumerate() {
            let script = Script {
                failures,
                foreign: Some(foreign),
                ..Script::default()
            };
            self.run(script, n % follow == 0);
        }
    }

    fn all(&mut self, doubles: bool) {
        let calls = self.run(Script::default(), true).calls;
        self.disturbed(&[], &calls, 1);
        for step in 0..self.trial.steps().len() {
            let script = Script {
                stops_at: Some(step),
                ..Script::default()
            };
            self.run(script, true);
        }
        for (at, call) in calls.iter().enumerate() {
            for first in Self::failures(at, *call) {
                let one = [first];
                let calls = self.run(Script::failing(&one), true).calls;
                let follow = if doubles { 4 } else { 16 };
                let every = if doubles || first.lasts == Lasts::Once {
                    1
                } else {
                    FEW
                };
                self.disturbed_at(&one, &calls, follow, every);
                if !doubles || first.lasts != Lasts::Once {
                    continue;
                }
                for (at, call) in calls.iter().enumerate().skip(at + 1) {
                    for second in Self::failures(at, *call) {
                        let two = [first, second];
                        let calls = self.run(Script::failing(&two), at % 4 == 0).calls;
                        self.disturbed(&two, &calls, 64);
                    }
                }
            }
        }
    }

    /// Some of what [`all`](Self::all) does with single failures.
    fn drawn(&mut self, count: usize, lot: &mut Lot) {
        let calls = self.run(Script::default(), true).calls;
        let steps = self.trial.steps().len();
        if steps == 0 {
            return;
        }
        // Each call fails in nine ways. At each point, of which there are about twice as many where
        // all is undone, somebody else gives the control one of two values.
        self.tally.left_out += (calls.len() * 9 * calls.len() * 4).saturating_sub(count);
        for n in 0..count {
            let at = lot.below(calls.len());
            let all: Vec<_> = Self::failures(at, calls[at]).collect();
            let failures = [all[lot.below(all.len())]];
            let calls = self.run(Script::failing(&failures), false).calls;
            let others = self.others(&calls);
            let script = Script {
                failures: &failures,
                foreign: Some(others[lot.below(others.len())]),
                ..Script::default()
            };
            self.run(script, n % 4 == 0);
        }
    }
}

/// One machine in one policy, from one mode to another.
struct Job<'a> {
    subject: &'a Subject,
    policy: Policy,
    depth: Depth,
    from: Option<Mode>,
    to: Mode,
}

impl Job<'_> {
    fn run(&self, seed: u64) -> Tally {
        let subject = self.subject;
        let mut bench = Bench::new(&subject.tokens, subject.layout, &subject.devices).unwrap();
        let what = format!(
            "{}, {}, {} to {}",
            subject.name,
            if self.policy.restricted_allowed {
                "open"
            } else {
                "closed"
            },
            self.from.map_or("as found", Mode::name),
            self.to.name()
        );
        if let Some(from) = self.from {
            match Trial::new(&mut bench, from, &[], &self.policy) {
                Ok(trial) => {
                    let (_, broken) = trial.run(&mut bench, &Script::default());
                    assert!(broken.is_empty(), "{what}: {broken:?}");
                    bench.commit(&self.policy);
                }
                Err(refusal) => panic!("{what}: {refusal:?}"),
            }
        }
        let trial = Trial::new(&mut bench, self.to, &[], &self.policy);
        let trial = trial.unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"));
        let mut walk = Walk {
            what,
            bench: &mut bench,
            trial,
            tally: Tally {
                changes: 1,
                ..Tally::default()
            },
        };
        match self.depth {
            Depth::Doubles => {
                walk.tally.steps = walk.trial.steps().len();
                walk.all(true);
            }
            Depth::Singles => walk.all(false),
            Depth::Drawn(count) => walk.drawn(count, &mut Lot(seed | 1)),
        }
        walk.tally
    }
}

/// Walks subjects, from every mode that can be left to every mode.
fn walk_all(name: &str, subjects: &[Subject], seed: u64) -> bool {
    let start = Instant::now();
    let mut jobs = Vec::new();
    for subject in subjects {
        // Where nothing is restricted, both policies walk the same.
        let policies = if subject.has_restricted() { 2 } else { 1 };
        for (policy, depth) in subject.depth.into_iter().take(policies) {
            for from in [None]
                .into_iter()
                .chain(MODES[1..4].iter().copied().map(Some))
            {
                // Of real tables the ways from other modes are drawn as well.
                let depth = match depth {
                    Depth::Singles if from.is_some() => Depth::Drawn(300),
                    depth => depth,
                };
                jobs.extend(MODES.map(|to| Job {
                    subject,
                    policy,
                    depth,
                    from,
                    to,
                }));
            }
        }
    }
    let all = jobs.len();
    if std::env::var_os("MILSPEC_LONG").is_none() {
        let mut lot = Lot(seed | 1);
        jobs.retain(|_| lot.below(PART) == 0);
    }
    let unwalked = all - jobs.len();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(at) else {
                return tally;
            };
            let begun = Instant::now();
            let one = job.run(seed.wrapping_add(at as u64 * 0x9E37_79B9));
            if std::env::var_os("MILSPEC_WALK").is_some() {
                eprintln!(
                    "{:6.1} s {:8} runs {:2} steps: {}, {:?} to {:?}",
                    begun.elapsed().as_secs_f64(),
                    one.runs,
                    one.steps,
                    job.subject.name,
                    job.from,
                    job.to
                );
            }
            tally.add(one);
        }
    };
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            tally.add(worker.join().unwrap());
        }
    });
    println!(
        "{name}: {} changes of {} machines ({unwalked} not walked), {} runs ({} with a step undone, {} with one that somebody \
         else had changed, {} degraded), {} of them followed up; left out: {} runs; {} s",
        tally.changes,
        subjects.len(),
        tally.runs,
        tally.undone,
        tally.conflicts,
        tally.degraded,
        tally.followed,
        tally.left_out,
        start.elapsed().as_secs(),
    );
    for (what, (count, example)) in &tally.broken {
        println!("BROKEN {count} times: {what}\n    {example}");
    }
    let bites = tally.undone > 0 && tally.conflicts > 0 && tally.degraded > 0;
    if !bites {
        println!("BROKEN: nothing goes wrong here, so nothing is shown");
    }
    let good = tally.broken.is_empty() && bites;
    println!("test {name} ... {}", if good { "ok" } else { "FAILED" });
    good
}

fn main() -> ExitCode {
    let drawn = || {
        let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        time.map_or(1, |time| time.as_nanos() as u64)
    };
    let seed = std::env::var("MILSPEC_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(drawn);
    println!("\nMILSPEC_SEED={seed}");
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let chosen = |name: &str| {
        filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter.as_str()))
    };
    let mut failed = 0;
    let mut passed = 0;
    for (name, subjects) in [
        ("reduced_machines", reduced as fn() -> Vec<Subject>),
        ("real_tables", real),
    ] {
        if chosen(name) {
            match walk_all(name, &subjects(), seed) {
                true => passed += 1,
                false => failed += 1,
            }
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out"
    );
    ExitCode::from(u8::from(failed > 0))
}
