// SPDX-License-Identifier: GPL-2.0

//! Every mode to every mode, on every machine, with every firmware call going wrong in every way,
//! and with every two of them going wrong.
//!
//! The end is the old state, the new state, or `degraded` with the exact list; what is quarantined
//! or closed is never written; and a repeat without faults ends in the new state.

mod common;

use common::{machines, plan, plan_readable, Machine, OPEN, USUAL};
use milspec_posture::apply::{run, Firmware, Outcome, Progress};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::errno::EINTR;
use milspec_posture::fact::{Fact, Policy, ACTIVE};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::plan::Step;

/// How many pairs of failures are tried for one change of modes: all of them where there are no
/// more, else as many, spread evenly.
const PAIRS: usize = 2000;

const EIO: u32 = 5;
const EAGAIN: u32 = 11;

/// What goes wrong in a call. The first three concern writes, the others reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing changes, and the firmware says so.
    Fails,
    /// Nothing changes, and the firmware says that it was done.
    Ignored,
    /// It is done, and the firmware says that it failed.
    Lies,
    /// Reads back a value that nobody asked for.
    Wrong,
    /// Reads back what it should no longer be: the old value, and while undoing the new one. That
    /// it is what it should be is the one lie that nobody can see through.
    Stale,
    /// Cannot be read.
    Unreadable,
}

const WRITES: [Kind; 3] = [Kind::Fails, Kind::Ignored, Kind::Lies];
const READS: [Kind; 3] = [Kind::Wrong, Kind::Stale, Kind::Unreadable];

/// A failure: in call number `at`, and when it lasts, in every one after it as well.
#[derive(Clone, Copy, Debug)]
struct Fault {
    at: usize,
    kind: Kind,
    lasts: bool,
}

/// The firmware of a machine. Knows the truth, and judges what the driver does.
struct Simulated<'a> {
    machine: &'a Machine,
    policy: Policy,
    /// Value of each control.
    cells: Vec<u8>,
    /// Position of each control.
    positions: &'a [usize],
    faults: &'a [Fault],
    interrupted_at: usize,
    begun: usize,
    calls: usize,
    /// The driver has seen that something is wrong.
    undoing: bool,
}

/// Index in the table of positions.
fn slot(id: u32) -> usize {
    // Families are 1 and 2, numbers of settings below 256, those of devices at most 0xF0F.
    (id as usize >> 16) * 0x1000 + (id as usize & 0xFFF)
}

fn positions(facts: &[Fact]) -> Vec<usize> {
    let mut positions = vec![usize::MAX; 0x3000];
    for (at, fact) in facts.iter().enumerate() {
        positions[slot(fact.id)] = at;
    }
    positions
}

impl Simulated<'_> {
    fn fault(&mut self, kinds: [Kind; 3]) -> Option<Kind> {
        let call = self.calls;
        self.calls += 1;
        let hits = |f: &&Fault| f.at == call || f.lasts && f.at < call;
        let fault = self
            .faults
            .iter()
            .filter(|f| kinds.contains(&f.kind))
            .find(hits)?;
        Some(fault.kind)
    }

    fn needs_are_met(&self) -> bool {
        let devices = self.machine.facts.iter().zip(&self.cells);
        let mut active = devices.filter(|(f, v)| f.family == Family::Dsmil && **v == ACTIVE);
        active.all(|(fact, _)| {
            let mut needs = fact.depends.iter().flatten();
            needs.all(|need| self.cells[usize::from(*need)] == ACTIVE)
        })
    }

    fn at(&self, id: u32) -> usize {
        self.positions[slot(id)]
    }
}

impl Firmware for Simulated<'_> {
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32> {
        let at = self.at(id);
        let fact = &self.machine.facts[at];
        let closed = fact.class == Class::Restricted && !self.policy.restricted_allowed;
        assert!(
            fact.class < Class::ReadOnly && !closed,
            "{id:#x} is written"
        );
        assert!(
            fact.values >> to & 1 == 1,
            "{id:#x} is set to what it lacks"
        );
        let fault = self.fault(WRITES);
        // As SET_IF does: the caller's belief of what is in force must be true.
        let done = fact.family == Family::Platform || self.cells[at] == from;
        if done && !matches!(fault, Some(Kind::Fails | Kind::Ignored)) {
            self.cells[at] = to;
        }
        // Also on the way back: where the way back is not closed for good, no device is ever active
        // without what it needs.
        if self.faults.iter().all(|fault| !fault.lasts) {
            assert!(self.needs_are_met(), "after {id:#x} from {from} to {to}");
        }
        let result = match fault {
            Some(Kind::Fails | Kind::Lies) => Err(EIO),
            Some(_) => Ok(()),
            None if done => Ok(()),
            None => Err(EAGAIN),
        };
        self.undoing |= result.is_err();
        result
    }

    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading {
        let truth = self.cells[self.at(id)];
        let reading = match self.fault(READS) {
            None => Reading::Known(truth),
            Some(Kind::Stale) if self.undoing => Reading::Known(to),
            Some(Kind::Stale) => Reading::Known(from),
            Some(Kind::Wrong) => Reading::Known(77),
            Some(_) => Reading::Failed(EIO),
        };
        self.undoing |= reading != Reading::Known(to);
        reading
    }

    fn is_interrupted(&self) -> bool {
        self.begun == self.interrupted_at
    }

    fn begins(&mut self, _: usize) {
        self.begun += 1;
    }
}

fn values(facts: &[Fact]) -> Vec<u8> {
    let value = |fact: &Fact| match fact.reading {
        Reading::Known(value) => value,
        _ => u8::MAX,
    };
    facts.iter().map(value).collect()
}

/// One change of modes on one machine.
struct Change<'a> {
    machine: &'a Machine,
    positions: Vec<usize>,
    policy: Policy,
    to: Mode,
    steps: Vec<Step>,
    /// What cannot be read, and is left alone.
    left: Vec<(u32, u8)>,
    old: Vec<u8>,
    new: Vec<u8>,
    /// Faults tried.
    runs: usize,
    /// Runs that ended degraded.
    degraded: usize,
}

impl<'a> Change<'a> {
    fn new(machine: &'a Machine, policy: Policy, to: Mode) -> Self {
        let (steps, left) = plan_readable(to, &machine.facts, &policy);
        let positions = positions(&machine.facts);
        let old = values(&machine.facts);
        let mut new = old.clone();
        for step in &steps {
            new[positions[slot(step.id)]] = step.to;
        }
        Self {
            machine,
            positions,
            policy,
            to,
            steps,
            left,
            old,
            new,
            runs: 0,
            degraded: 0,
        }
    }

    /// Carries the plan out with these faults, and judges the end. Returns the number of calls.
    fn walk(&mut self, faults: &[Fault], interrupted_at: usize) -> (Outcome, usize) {
        let mut steps = self.steps.clone();
        let mut firmware = Simulated {
            machine: self.machine,
            policy: self.policy,
            cells: self.old.clone(),
            positions: &self.positions,
            faults,
            interrupted_at,
            begun: 0,
            calls: 0,
            undoing: false,
        };
        let outcome = run(&mut steps, &mut firmware);
        let (cells, calls) = (firmware.cells, firmware.calls);
        self.runs += 1;
        let what = || format!("{} to {}: {faults:?}", self.machine.name, self.to.name());
        let mut listed = Vec::new();
        for (n, step) in steps.iter().enumerate() {
            let at = self.positions[slot(step.id)];
            let believed = match step.progress {
                Progress::Degraded(_) => {
                    listed.push(at);
                    continue;
                }
                Progress::Done => step.to,
                Progress::Planned | Progress::Undone | Progress::Failed(_) => step.from,
            };
            assert_eq!(cells[at], believed, "{}: step {n} {step:?}", what());
        }
        match outcome {
            Outcome::Done => assert_eq!(cells, self.new, "{}", what()),
            Outcome::Undone { .. } => {
                assert_eq!(cells, self.old, "{}", what());
                assert!(listed.is_empty(), "{}", what());
            }
            Outcome::Degraded { .. } => {
                assert!(!listed.is_empty(), "{}", what());
                for (at, (now, old)) in cells.iter().zip(&self.old).enumerate() {
                    assert!(now == old || listed.contains(&at), "{} {at}", what());
                }
                self.degraded += 1;
            }
        }
        self.repeat(&steps, &cells, &what);
        (outcome, calls)
    }

    /// The same again, without faults, from where it ended.
    fn repeat(&self, steps: &[Step], cells: &[u8], what: &dyn Fn() -> String) {
        if cells == self.old {
            // It begins where it began.
            return;
        }
        let mut facts = self.machine.facts.clone();
        for (fact, (cell, old)) in facts.iter_mut().zip(cells.iter().zip(&self.old)) {
            if cell != old {
                fact.reading = Reading::Known(*cell);
                fact.baseline = fact.baseline.or(Some(*old));
            }
        }
        let again = plan(Some(self.to), &self.left, &facts, &self.policy).unwrap();
        assert!(again.len() <= steps.len(), "{}", what());
        let mut cells = cells.to_vec();
        for step in &again {
            let at = self.positions[slot(step.id)];
            assert_eq!(cells[at], step.from, "{}", what());
            cells[at] = step.to;
        }
        assert_eq!(cells, self.new, "{}: a repeat does not converge", what());
    }

    /// All of it: no fault, every single one, and pairs.
    fn walk_all(&mut self) {
        let (outcome, calls) = self.walk(&[], usize::MAX);
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(
            calls,
            2 * self.steps.len(),
            "one write and one read for each step"
        );
        self.new_state_is_whole();

        for step in 0..self.steps.len() {
            let (outcome, _) = self.walk(&[], step);
            assert_eq!(outcome, Outcome::Undone { step, error: EINTR });
        }

        // What a first fault can be, and how many calls there are then.
        let mut firsts = Vec::new();
        for at in 0..calls {
            for kind in if at % 2 == 0 { WRITES } else { READS } {
                for lasts in [false, true] {
                    let fault = Fault { at, kind, lasts };
                    let (outcome, calls) = self.walk(&[fault], usize::MAX);
                    let undone = matches!(outcome, Outcome::Undone { .. });
                    assert!(undone || lasts, "{fault:?}: one failure is survived");
                    assert!(outcome != Outcome::Done, "{fault:?} was not seen");
                    if !lasts {
                        firsts.push((fault, calls));
                    }
                }
            }
        }

        let seconds = |(first, calls): (Fault, usize)| {
            (first.at + 1..calls).flat_map(move |at| {
                let kinds = WRITES.into_iter().chain(READS);
                kinds.flat_map(move |kind| {
                    [false, true].map(|lasts| [first, Fault { at, kind, lasts }])
                })
            })
        };
        let total: usize = firsts
            .iter()
            .map(|(first, calls)| (calls - first.at - 1) * 12)
            .sum();
        // Has no factor in common with the number of kinds, so that the samples are of every kind.
        let mut stride = total.div_ceil(PAIRS);
        while !matches!(stride % 6, 1 | 5) {
            stride += 1;
        }
        for pair in firsts.into_iter().flat_map(seconds).step_by(stride) {
            let (outcome, _) = self.walk(&pair, usize::MAX);
            assert!(outcome != Outcome::Done, "{pair:?}");
            let degraded = matches!(outcome, Outcome::Degraded { .. });
            assert!(
                !degraded || pair[1].lasts,
                "{pair:?}: two failures are survived"
            );
        }
    }

    /// What the mode asks for holds afterwards, judged from the table alone.
    fn new_state_is_whole(&self) {
        for (fact, value) in self.machine.facts.iter().zip(&self.new) {
            let closed = fact.class == Class::Restricted && !self.policy.restricted_allowed;
            let left = self.left.iter().any(|(id, _)| *id == fact.id);
            match self.to.asks(fact) {
                // Of what the machine lists only in part nothing can be changed.
                Some(asked) if fact.writable && !closed && !left => {
                    assert_eq!(*value, asked, "{:#x}", fact.id)
                }
                _ => {}
            }
            let needs = fact.depends.iter().flatten().map(|n| usize::from(*n));
            if fact.family == Family::Dsmil && *value == ACTIVE {
                assert!(
                    needs.into_iter().all(|n| self.new[n] == ACTIVE),
                    "{:#x}",
                    fact.id
                );
            }
        }
    }
}

/// The machine after a mode was applied to it, with what the driver remembers of it.
fn after(machine: &Machine, mode: Option<Mode>, policy: &Policy) -> Machine {
    let mut machine = machine.clone();
    if let Some(mode) = mode {
        let (steps, _) = plan_readable(mode, &machine.facts, policy);
        common::execute(&mut machine.facts, &steps);
    }
    machine
}

fn walk(name: &str) {
    let machine = machines().into_iter().find(|m| m.name == name).unwrap();
    let (mut runs, mut degraded) = (0, 0);
    for policy in [USUAL, OPEN] {
        for from in [None].into_iter().chain(MODES.map(Some)) {
            let machine = after(&machine, from, &policy);
            for to in MODES {
                let mut change = Change::new(&machine, policy, to);
                if from == Some(to) {
                    assert!(change.steps.is_empty(), "{} repeated", to.name());
                }
                change.walk_all();
                (runs, degraded) = (runs + change.runs, degraded + change.degraded);
            }
        }
    }
    println!("{name}: {runs} walks, {degraded} of them degraded");
    assert!(degraded > 0 && runs > 10_000, "the faults do not bite");
}

#[test]
fn rugged() {
    walk("rugged");
}

#[test]
fn latitude() {
    walk("latitude-7490");
}

#[test]
fn optiplex() {
    walk("optiplex-7090");
}

#[test]
fn partial_settings() {
    walk("bad/partial-settings");
}

#[test]
fn everything() {
    walk("everything");
}
