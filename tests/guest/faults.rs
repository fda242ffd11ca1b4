// SPDX-License-Identifier: GPL-2.0

//! Every call of a change goes wrong once, in every way, and from some on all that follow: the
//! machine must be as it was, as it was to be, or wrong where the driver says so, and come right
//! when the firmware does.

use crate::apply::{ready, ECANCELED, EIO};
use crate::ask::{self, ask, Answer};
use crate::common::Test;
use crate::model::{check_writes, Image};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::nvram::controls::LogEntry;
use milspec_machine::nvram::layout::{ANY, SPACE_DSML};
use milspec_machine::{Call, Fault, Machine, Nvram, Wrong};
use milspec_posture::mode::{Mode, MODES};
use milspec_uapi::*;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("faults_at_some_calls_up_on_rugged", || {
        large(Mode::Standard, Mode::Paranoid, FEW)
    }),
    ("faults_at_some_calls_down_on_rugged", || {
        large(Mode::Paranoid, Mode::Standard, FEW)
    }),
    ("faults_of_every_kind_on_optiplex", || {
        small("optiplex-7090")
    }),
    ("faults_that_stay_are_named_and_overcome", || {
        stay([("latitude-7490", 7), ("rugged", 67)])
    }),
];

/// The same, at every call and between all modes.
pub const LONG: &[Test] = &[
    ("faults_at_every_call_up_on_rugged", || {
        large(Mode::Standard, Mode::Paranoid, 1)
    }),
    ("faults_at_every_call_down_on_rugged", || {
        large(Mode::Paranoid, Mode::Standard, 1)
    }),
    ("faults_of_every_kind_on_latitude", || {
        small("latitude-7490")
    }),
    ("faults_sampled_between_all_modes", sampled),
    ("faults_that_stay_at_many_calls", || {
        stay([("latitude-7490", 2), ("rugged", 23)])
    }),
];

/// Every so manieth call. Has no factor in common with the calls of a step, two or three, so that
/// each of them is struck.
const FEW: usize = 5;

/// How many kinds of fault each call can have.
const KINDS: usize = 4;

/// A transition on a machine that stands at its start.
struct Transition<'a> {
    machine: &'a Machine,
    key: String,
    from: Mode,
    to: Mode,
    old: Image,
    new: Image,
    /// What it calls when nothing goes wrong.
    calls: Vec<LogEntry>,
    plan: Vec<(u32, u8, u8)>,
    counts: Counts,
}

/// What came of the faults.
#[derive(Default)]
struct Counts {
    faults: usize,
    done: usize,
    undone: usize,
    degraded: usize,
    retries: usize,
}

impl<'a> Transition<'a> {
    fn new(machine: &'a Machine, from: Mode, to: Mode) -> Result<Self> {
        let password = &machine.profile().password;
        let key = match password.admin.is_empty() {
            true => String::new(),
            false => format!(" key={}", password.key),
        };
        let mut this = Self {
            old: Image::of(machine.nvram()?)?,
            new: Image::of(machine.nvram()?)?,
            calls: Vec::new(),
            plan: Vec::new(),
            counts: Counts::default(),
            machine,
            key,
            from,
            to,
        };
        this.go(from)?;
        this.old = Image::of(this.nvram()?)?;
        let position = this.nvram()?.log_position()?;
        this.plan = this.go(to)?.plan();
        this.calls = this.nvram()?.log_since(position)?;
        this.new = Image::of(this.nvram()?)?;
        ensure!(this.calls.len() >= 2 * this.plan.len() && !this.plan.is_empty());
        this.back()?;
        Ok(this)
    }

    fn nvram(&self) -> Result<&'a Nvram> {
        self.machine.nvram()
    }

    fn words(&self, mode: Mode) -> String {
        format!("{}{}", ask::mode(mode), self.key)
    }

    /// Applies a mode, with nothing in the way.
    fn go(&self, mode: Mode) -> Result<Answer> {
        ask::one(self.machine, &format!("apply {}", self.words(mode)))?.ends(0, OUTCOME_DONE)
    }

    /// Goes back to the start.
    fn back(&self) -> Result<()> {
        self.go(self.from)?;
        self.is(&self.old, "back at the start")
    }

    fn is(&self, expected: &Image, what: &str) -> Result<()> {
        let wrong = expected.differs(&Image::of(self.nvram()?)?);
        ensure!(wrong.is_empty(), "{what}: {wrong:?}");
        Ok(())
    }

    /// Fault `kind` for the call at `at`, from 0: those calls of its space, and the how-manieth.
    fn fault(&self, at: usize, kind: usize) -> Result<Fault> {
        let entry = self.calls[at];
        let nth = self.calls[..=at].iter().filter(|e| e.space == entry.space);
        let nth = u32::try_from(nth.count())?;
        let wrong = match (entry.space == SPACE_DSML, entry.key) {
            // STATE
            (true, 3) => {
                let device = entry.argument as u16;
                let before = u16::from(self.old.device(device));
                [
                    Wrong::Fail(7),
                    Wrong::Readback(before),
                    Wrong::Readback(2),
                    Wrong::Nothing,
                ]
            }
            // SET_IF
            (true, 5) => [Wrong::Fail(7), Wrong::Lie, Wrong::Status(6), Wrong::Nothing],
            // A token is read.
            (false, 0) => {
                let before = self
                    .old
                    .location(self.machine.plan(), entry.argument as u16);
                [
                    Wrong::Fail(-1),
                    Wrong::Ignore,
                    Wrong::Readback(before),
                    Wrong::Readback(0x7F7F),
                ]
            }
            // A token is written.
            (false, 1) => [
                Wrong::Fail(-1),
                Wrong::Ignore,
                Wrong::Lie,
                Wrong::Status(-1),
            ],
            other => bail!("a call that no change needs: {other:?}"),
        };
        let call = match entry.space == SPACE_DSML {
            true => Call::DSML,
            false => Call::SMBIOS,
        };
        Ok(Fault::new(call, wrong[kind % KINDS]).nth(nth))
    }

    /// One call goes wrong once.
    fn once(&mut self, at: usize, kind: usize, retry: bool) -> Result<()> {
        let fault = self.fault(at, kind)?;
        let step = || format!("call {} of {}, {fault:?}", at + 1, self.calls.len());
        let what = step();
        self.try_once(fault, retry).context(what)
    }

    fn try_once(&mut self, fault: Fault, retry: bool) -> Result<()> {
        let position = self.nvram()?.log_position()?;
        let armed = self.nvram()?.arm(fault)?;
        let words = self.words(self.to);
        let requests = format!("apply {words} -- status -- plan {words}");
        let lines = ask::ask(self.machine, &requests)?;
        let answers = ask::answers(&lines)?;
        let [answer, plan] = &answers[..] else {
            bail!("not two answers: {lines:?}");
        };
        ensure!(self.nvram()?.hits(armed)? == 1, "the fault did not strike");
        check_writes(self.machine, position)?;
        self.counts.faults += 1;
        match answer.outcome {
            // Once is not enough to keep an old value from coming back.
            OUTCOME_UNDONE => {
                self.counts.undone += 1;
                ensure!(
                    answer.result == ECANCELED as u64 && answer.error != 0,
                    "{answer:?}"
                );
                let failed = answer.steps.iter().filter(|s| s.state == STEP_FAILED);
                ensure!(failed.count() == 1, "{answer:?}");
                let told = [STEP_FAILED, STEP_UNDONE, STEP_PLANNED];
                ensure!(
                    answer.steps.iter().all(|s| told.contains(&s.state)),
                    "{answer:?}"
                );
                self.is(&self.old, "undone")?;
                let status = lines.iter().find(|line| line.word == "status");
                let status = status.context("no status")?;
                for nothing in ["deviations", "drifted", "degraded", "step", "steps"] {
                    ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
                }
                ensure!(
                    status.number("mode")? == u64::from(self.from.number()),
                    "{status:?}"
                );
                // A second try would do what the first was to do.
                ensure!(plan.plan() == self.plan, "{plan:?}");
                if retry {
                    self.counts.retries += 1;
                    self.go(self.to)?;
                    self.is(&self.new, "the retry")?;
                    self.back()?;
                }
            }
            OUTCOME_DONE => {
                self.counts.done += 1;
                self.is(&self.new, "done")?;
                self.back()?;
            }
            _ => bail!("{answer:?}"),
        }
        Ok(())
    }

    /// From one call on all of its space go wrong, until the firmware is well again.
    fn for_good(&mut self, at: usize, kind: usize) -> Result<()> {
        let fault = self.fault(at, kind)?.times(ANY);
        let what = format!("from call {} of {} on, {fault:?}", at + 1, self.calls.len());
        self.try_for_good(fault).context(what)
    }

    fn try_for_good(&mut self, fault: Fault) -> Result<()> {
        let position = self.nvram()?.log_position()?;
        let armed = self.nvram()?.arm(fault)?;
        let answer = ask::one(self.machine, &format!("apply {}", self.words(self.to)))?;
        ensure!(self.nvram()?.hits(armed)? >= 1, "the fault did not strike");
        check_writes(self.machine, position)?;
        self.counts.faults += 1;
        let named = self
            .machine
            .read(&format!("{}/degraded_controls", crate::modes::SYSFS))?;
        match (answer.outcome, answer.result) {
            (OUTCOME_UNDONE, result) if result == ECANCELED as u64 => {
                self.counts.undone += 1;
                ensure!(named.is_empty(), "degraded: {named}");
                self.is(&self.old, "undone")?;
            }
            (OUTCOME_DEGRADED, result) if result == EIO as u64 => {
                self.counts.degraded += 1;
                // What is not named must be as before.
                let mut now = Image::of(self.nvram()?)?;
                let mut told = BTreeSet::new();
                for step in answer.steps.iter().filter(|s| s.state == STEP_DEGRADED) {
                    let name = ask::name(step.control);
                    let from = ask::value_name(step.control, step.from);
                    now.set(self.machine.plan(), &name, from)?;
                    told.insert(name);
                }
                let wrong = self.old.differs(&now);
                ensure!(wrong.is_empty(), "wrong, and not named: {wrong:?}");
                let named: BTreeSet<String> = named.split(' ').map(str::to_owned).collect();
                ensure!(told == named, "sysfs names {named:?}, the answer {told:?}");
            }
            _ => bail!("{answer:?}"),
        }
        // No refresh: that the firmware is well again is for the driver to find out.
        self.nvram()?.clear_faults()?;
        self.counts.retries += 1;
        self.go(self.to)?;
        self.is(&self.new, "the retry")?;
        let status = ask::ask_one(self.machine, "status")?;
        for nothing in ["deviations", "drifted", "degraded"] {
            ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
        }
        self.back()
    }

    /// Notes what was done in a table.
    fn report(&self, table: &mut String, how: &str) -> Result<()> {
        let Counts {
            faults,
            done,
            undone,
            degraded,
            retries,
        } = self.counts;
        writeln!(
            table,
            "  {:<10} to {:<10}{:>4} calls {:>4} faults: {undone:>4} undone {degraded:>3} degraded \
             {done:>3} done; {retries:>3} retries   {how}",
            self.from.name(),
            self.to.name(),
            self.calls.len(),
            faults,
        )?;
        Ok(())
    }
}

/// Every `stride`th call of a large transition has one kind of fault; the kinds take turns.
fn large(from: Mode, to: Mode, stride: usize) -> Result<()> {
    let machine = ready("rugged")?;
    let mut transition = Transition::new(&machine, from, to)?;
    let mut struck = BTreeSet::new();
    for (n, at) in (0..transition.calls.len()).step_by(stride).enumerate() {
        let kind = n / 2 % KINDS;
        transition.once(at, kind, n % 24 == 0)?;
        struck.insert((transition.calls[at].space, transition.calls[at].key, kind));
    }
    // Tokens have each kind at each call in the tests of every kind.
    for (key, kind) in (0..KINDS).flat_map(|kind| [(3, kind), (5, kind)]) {
        ensure!(
            struck.contains(&(SPACE_DSML, key, kind)),
            "function {key} never had fault {kind}"
        );
    }
    let mut table = String::new();
    transition.report(&mut table, &format!("every {stride}th call, kinds in turn"))?;
    println!("\nrugged\n{table}");
    machine.check_kernel_log()
}

/// Each call of a small transition has every kind of fault.
fn small(profile: &str) -> Result<()> {
    let machine = ready(profile)?;
    let mut table = String::new();
    for (from, to) in [
        (Mode::Standard, Mode::Paranoid),
        (Mode::Paranoid, Mode::Standard),
    ] {
        let mut transition = Transition::new(&machine, from, to)?;
        for at in 0..transition.calls.len() {
            for kind in 0..KINDS {
                transition.once(at, kind, (at + kind) % 8 == 0)?;
            }
        }
        transition.report(&mut table, "each call, every kind")?;
    }
    println!("\n{profile}\n{table}");
    machine.check_kernel_log()
}

/// All pairs of modes on the machine with the most controls, every so manieth call.
fn sampled() -> Result<()> {
    const STRIDE: usize = 17;
    let machine = ready("rugged")?;
    let mut table = String::new();
    let modes = &MODES[..4];
    for (n, from) in modes.iter().enumerate() {
        for (m, to) in modes.iter().enumerate().filter(|(_, to)| *to != from) {
            let mut transition = Transition::new(&machine, *from, *to)?;
            for at in (n + m..transition.calls.len()).step_by(STRIDE) {
                transition.once(at, at, false)?;
            }
            transition.report(
                &mut table,
                &format!("every {STRIDE}th call from {}", n + m + 1),
            )?;
        }
    }
    println!("\nrugged\n{table}");
    machine.check_kernel_log()
}

/// From every so manieth call on all of its space go wrong.
fn stay(machines: [(&str, usize); 2]) -> Result<()> {
    let mut table = String::new();
    for (profile, stride) in machines {
        let machine = ready(profile)?;
        writeln!(table, "{profile}")?;
        let mut transition = Transition::new(&machine, Mode::Standard, Mode::Paranoid)?;
        for at in (1..transition.calls.len()).step_by(stride) {
            for kind in [at, at + 2] {
                transition.for_good(at, kind)?;
            }
        }
        transition.report(
            &mut table,
            &format!("from every {stride}th call on, 2 kinds in turn"),
        )?;
        ensure!(
            transition.counts.degraded > 0,
            "nothing was degraded: {table}"
        );
        // Nothing that was tried has left a trace.
        ask(&machine, "refresh")?;
        transition.go(Mode::Baseline)?;
        machine.check_kernel_log()?;
    }
    println!("\n{table}");
    Ok(())
}
