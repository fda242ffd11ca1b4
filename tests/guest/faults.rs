// SPDX-License-Identifier: GPL-2.0

//! Every call of a change goes wrong once, in every way, and from some on all that follow: the
//! machine must be as it was, as it was to be, or wrong where the driver says so, and come right
//! when the firmware does.
//!
//! An apply looks at everything before its first step. What goes wrong in the look is another
//! matter than what goes wrong in a step: nothing was written, and there is nothing to undo.

use crate::apply::{ready, EACCES, ECANCELED, EIO};
use crate::ask::{self, ask, Answer};
use crate::common::Test;
use crate::model::{check_writes, Image, Model};
use crate::modes::SYSFS;
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::nvram::controls::LogEntry;
use milspec_machine::nvram::layout::{ANY, SPACE_DSML};
use milspec_machine::{Call, Fault, Machine, Nvram, Wrong};
use milspec_posture::mode::{Mode, MODES};
use milspec_uapi::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("faults_at_some_calls_up_on_rugged", || {
        large(Mode::Standard, Mode::Paranoid, FEW)
    }),
    ("faults_of_every_kind_on_optiplex", || {
        small("optiplex-7090", 4)
    }),
    ("faults_that_stay_are_named_and_overcome", || {
        stay(&[("latitude-7490", 47)])
    }),
    ("faults_in_the_look_refuse_or_leave_out", || {
        look(&[("optiplex-7090", 11)])
    }),
];

/// The same, at every call and between all modes.
pub const LONG: &[Test] = &[
    ("faults_at_some_calls_down_on_rugged", || {
        large(Mode::Paranoid, Mode::Standard, FEW)
    }),
    ("faults_at_every_call_up_on_rugged", || {
        large(Mode::Standard, Mode::Paranoid, 1)
    }),
    ("faults_at_every_call_down_on_rugged", || {
        large(Mode::Paranoid, Mode::Standard, 1)
    }),
    ("faults_of_every_kind_on_latitude", || {
        small("latitude-7490", 1)
    }),
    ("faults_of_every_kind_at_every_call_on_optiplex", || {
        small("optiplex-7090", 1)
    }),
    ("faults_sampled_between_all_modes", sampled),
    ("faults_that_stay_at_many_calls", || {
        stay(&[("latitude-7490", 3), ("rugged", 37)])
    }),
    ("faults_at_every_call_of_the_look", || {
        look(&[("optiplex-7090", 1), ("rugged", 1)])
    }),
];

/// Every so manieth call. Has no factor in common with the calls of a step, three or five, so that
/// each of them is struck.
const FEW: usize = 11;

/// Somebody else has changed a control.
const EBUSY: i32 = 16;

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
    /// The machine as it was before anything was changed.
    factory: Image,
    /// What it calls when nothing goes wrong: first the look, then the steps.
    look: Vec<LogEntry>,
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
    conflicts: usize,
    deceived: usize,
    refused: usize,
    left_out: usize,
    retries: usize,
}

impl<'a> Transition<'a> {
    fn new(machine: &'a Machine, from: Mode, to: Mode) -> Result<Self> {
        let password = &machine.profile().password;
        let key = match password.admin.is_empty() {
            true => String::new(),
            false => format!(" key={}", password.key),
        };
        let factory = Image::of(machine.nvram()?)?;
        let mut this = Self {
            old: factory.clone(),
            new: factory.clone(),
            factory,
            look: Vec::new(),
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
        this.look = this.nvram()?.log_since(position)?;
        let look: u32 = Model::new(machine)?.look().iter().sum();
        this.calls = this.look.split_off(look as usize);
        this.new = Image::of(this.nvram()?)?;
        ensure!(this.calls.len() >= 3 * this.plan.len() && !this.plan.is_empty());
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

    /// Makes the machine what it was before anything was changed, and the driver forget all that it
    /// remembers of it: what firmware has made it believe to be somebody else's, it takes back no more.
    fn begin_anew(&self) -> Result<()> {
        self.machine.run(["rmmod", "dell_milspec"])?.ok()?;
        self.factory.put_back(self.nvram()?)?;
        self.machine.run(["modprobe", "dell_milspec"])?.ok()?;
        self.back()
    }

    fn is(&self, expected: &Image, what: &str) -> Result<()> {
        let wrong = expected.differs(&Image::of(self.nvram()?)?);
        ensure!(wrong.is_empty(), "{what}: {wrong:?}");
        Ok(())
    }

    /// Fault `kind` for the call of the steps at `at`, from 0: those calls of its space, and the
    /// how-manieth.
    fn fault(&self, at: usize, kind: usize) -> Result<Fault> {
        let entry = self.calls[at];
        let before = self.look.iter().chain(&self.calls[..=at]);
        let nth = before.filter(|e| e.space == entry.space);
        self.fault_at(entry, u32::try_from(nth.count())?, kind)
    }

    /// The same, for the call of the look at `at`.
    fn look_fault(&self, at: usize, kind: usize) -> Result<Fault> {
        let entry = self.look[at];
        let nth = self.look[..=at].iter().filter(|e| e.space == entry.space);
        self.fault_at(entry, u32::try_from(nth.count())?, kind)
    }

    /// Fault `kind` for the `nth` call of its space, which is `entry`.
    fn fault_at(&self, entry: LogEntry, nth: u32, kind: usize) -> Result<Fault> {
        let wrong = match (entry.space == SPACE_DSML, entry.key) {
            // STATE_ALL
            (true, 4) => [Wrong::Fail(7), Wrong::Size(7), Wrong::Abort, Wrong::Nothing],
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
        let mut lines = ask::ask(self.machine, &format!("apply {words} -- controls"))?;
        let answer = ask::answers(&lines)?.into_iter().next();
        let answer = answer.context("no answer")?;
        // What could not be read when its turn came is shown as that, until the next look.
        let mut unread = Vec::new();
        for line in lines.iter().filter(|line| line.word == "control") {
            let id = line.number("id")? as u32;
            let known = line.number("reading")? == u64::from(READING_KNOWN);
            if !known && self.plan.iter().any(|(control, ..)| *control == id) {
                unread.push(id);
            }
        }
        let failed = answer.steps.iter().filter(|s| s.state == STEP_FAILED);
        let failed: Vec<u32> = failed.map(|step| step.control).collect();
        ensure!(
            unread.is_empty() || unread == failed,
            "not read: {unread:?}, {answer:?}"
        );
        let look = if unread.is_empty() { "" } else { "refresh -- " };
        lines = ask::ask(self.machine, &format!("{look}status -- plan {words}"))?;
        let plans = ask::answers(&lines)?;
        let plan = plans.first().context("no plan")?;
        ensure!(self.nvram()?.hits(armed)? == 1, "the fault did not strike");
        check_writes(self.machine, position)?;
        self.counts.faults += 1;
        match answer.outcome {
            // Once is not enough to keep an old value from coming back.
            OUTCOME_UNDONE => {
                self.counts.undone += 1;
                // Claim: cannot have a change taken for made that it does not read back
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
        // It shows for every control what one of them had, which others can have as well.
        let deceives = matches!(fault.wrong(), Wrong::Readback(value) if value != 0x7F7F && value != 2)
            || matches!(fault.wrong(), Wrong::Readback(2) if self.calls[at].space != SPACE_DSML);
        let what = format!("from call {} of {} on, {fault:?}", at + 1, self.calls.len());
        self.try_for_good(fault, deceives).context(what)
    }

    fn try_for_good(&mut self, fault: Fault, deceives: bool) -> Result<()> {
        let position = self.nvram()?.log_position()?;
        let armed = self.nvram()?.arm(fault)?;
        let answer = ask::one(self.machine, &format!("apply {}", self.words(self.to)))?;
        ensure!(self.nvram()?.hits(armed)? >= 1, "the fault did not strike");
        // The log keeps no more than so many.
        let end = self.nvram()?.log_position()?;
        check_writes(self.machine, position.max(end.saturating_sub(1000)))?;
        self.counts.faults += 1;
        let named = self.machine.read(&format!("{SYSFS}/degraded_controls"))?;
        let in_state = |state| answer.steps.iter().filter(move |s| s.state == state);
        // What is not named must be as before.
        let told =
            |state| -> BTreeSet<String> { in_state(state).map(|s| ask::name(s.control)).collect() };
        let (degraded, moved) = (told(STEP_DEGRADED), told(STEP_MOVED));
        let mut now = Image::of(self.nvram()?)?;
        for step in in_state(STEP_DEGRADED).chain(in_state(STEP_MOVED)) {
            let from = ask::value_name(step.control, step.from);
            now.set(self.machine.plan(), &ask::name(step.control), from)?;
        }
        let wrong = self.old.differs(&now);
        match (answer.outcome, answer.result) {
            (OUTCOME_UNDONE, result) if result == ECANCELED as u64 => {
                self.counts.undone += 1;
                ensure!(degraded.is_empty() && moved.is_empty(), "{answer:?}");
            }
            (OUTCOME_CONFLICT, result) if result == EBUSY as u64 => {
                // Nobody has: the firmware says so.
                ensure!(deceives, "{answer:?}");
                self.counts.conflicts += 1;
                ensure!(degraded.is_empty() && !moved.is_empty(), "{answer:?}");
                ensure!(
                    in_state(STEP_MOVED).all(|s| s.now != INDEX_NONE),
                    "{answer:?}"
                );
            }
            (OUTCOME_DEGRADED, result) if result == EIO as u64 => {
                self.counts.degraded += 1;
                ensure!(!degraded.is_empty(), "{answer:?}");
            }
            _ => bail!("{answer:?}"),
        }
        let names: BTreeSet<String> = named.split_whitespace().map(str::to_owned).collect();
        ensure!(
            degraded == names,
            "sysfs names {names:?}, the answer {degraded:?}"
        );
        ensure!(
            wrong.is_empty() || deceives,
            "wrong, and not named: {wrong:?}"
        );
        self.nvram()?.clear_faults()?;
        if !wrong.is_empty() || !moved.is_empty() {
            // Firmware that shows an old value where the new one is in force deceives everybody, for
            // as long as it does. The next look finds it out.
            self.counts.deceived += usize::from(!wrong.is_empty());
            let status = ask::ask(self.machine, "refresh")?;
            let changed = status[0].number("changed")?;
            ensure!(
                wrong.is_empty() || changed > 0,
                "{wrong:?} was not found: {status:?}"
            );
            self.go(self.to)?;
            self.is(&self.new, "the retry")?;
            return self.begin_anew();
        }
        // No refresh: that the firmware is well again is for the driver to find out.
        self.counts.retries += 1;
        self.go(self.to)?;
        self.is(&self.new, "the retry")?;
        let status = ask::ask_one(self.machine, "status")?;
        for nothing in ["deviations", "drifted", "degraded"] {
            ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
        }
        self.back()
    }

    /// One call of the look goes wrong.
    fn once_in_the_look(&mut self, at: usize, kind: usize) -> Result<()> {
        let fault = self.look_fault(at, kind)?;
        let what = format!("call {} of {}, {fault:?}", at + 1, self.look.len());
        self.try_in_the_look(self.look[at], fault).context(what)
    }

    fn try_in_the_look(&mut self, entry: LogEntry, fault: Fault) -> Result<()> {
        let plan = self.machine.plan();
        // Whose reading it is.
        let concerned: BTreeSet<String> = match entry.space == SPACE_DSML {
            true => milspec_machine::dsmil::devices()?
                .into_iter()
                .map(|d| d.name)
                .collect(),
            false => {
                let there = plan.by_name.iter();
                let there = there.filter(|(_, token)| u32::from(token.location) == entry.argument);
                there.map(|((setting, _), _)| setting.clone()).collect()
            }
        };
        let counts = self.nvram()?.counts()?;
        let armed = self.nvram()?.arm(fault)?;
        let words = self.words(self.to);
        let lines = ask::ask(self.machine, &format!("apply {words} -- controls"))?;
        ensure!(self.nvram()?.hits(armed)? == 1, "the fault did not strike");
        self.counts.faults += 1;
        let answers = ask::answers(&lines)?;
        let answer = answers.first().context("no answer")?;
        let unreached = self.machine.read(&format!("{SYSFS}/mode_unreached"))?;
        match answer.outcome {
            OUTCOME_REFUSED => {
                self.counts.refused += 1;
                let answer = answer.clone().ends(EACCES, OUTCOME_REFUSED)?;
                let control =
                    ask::name(answer.refused(REASON_UNREADABLE)?.number("control")? as u32);
                ensure!(
                    concerned.contains(&control),
                    "{control}: not one of {concerned:?}"
                );
                let made = self.nvram()?.counts()?.since(&counts);
                ensure!(
                    made.token_writes() + made.dsml(5) == 0,
                    "{:?}",
                    made.nonzero()
                );
                self.is(&self.old, "refused")?;
            }
            OUTCOME_DONE => {
                // Only what could not be made out may be missing, and that is named.
                let now = Image::of(self.nvram()?)?;
                let left: Vec<&(u32, u8, u8)> = self
                    .plan
                    .iter()
                    .filter(|(id, ..)| !answer.steps.iter().any(|step| step.control == *id))
                    .collect();
                let mut whole = now.clone();
                for (id, _, to) in &left {
                    let name = ask::name(*id);
                    ensure!(concerned.contains(&name), "{name} was left out");
                    ensure!(
                        unreached.split(' ').any(|unreached| unreached == name),
                        "{name} was left out and is not named: {unreached}"
                    );
                    let mut controls = lines.iter().filter(|line| line.word == "control");
                    let line = controls.find(|line| line.text("name").is_ok_and(|n| n == name));
                    let line = line.context("not listed")?;
                    ensure!(
                        line.number("unreached")? == u64::from(REASON_UNKNOWN),
                        "{line:?}"
                    );
                    whole.set(plan, &name, ask::value_name(*id, *to))?;
                }
                let wrong = self.new.differs(&whole);
                ensure!(wrong.is_empty(), "done: {wrong:?}");
                match left.is_empty() {
                    true => self.counts.done += 1,
                    false => self.counts.left_out += 1,
                }
            }
            _ => bail!("{answer:?}"),
        }
        // The next one looks again.
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
            conflicts,
            deceived,
            refused,
            left_out,
            retries,
        } = self.counts;
        writeln!(
            table,
            "  {:<10} to {:<10}{:>4} calls {:>4} faults: {undone:>4} undone {degraded:>3} degraded \
             {conflicts:>3} in conflict {refused:>3} refused {left_out:>3} left out {done:>3} done; \
             {deceived:>3} deceived until it was well; {retries:>3} retries   {how}",
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
    // Of each function the kinds take turns.
    let mut turns: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for (n, at) in (0..transition.calls.len()).step_by(stride).enumerate() {
        let LogEntry { space, key, .. } = transition.calls[at];
        let turn = turns.entry((space, key)).or_default();
        let kind = *turn % KINDS;
        *turn += 1;
        transition.once(at, kind, n % 24 == 0)?;
        struck.insert((space, key, kind));
    }
    // Tokens have each kind in the tests of every kind.
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

/// Every `stride`th call of a small transition has every kind of fault.
fn small(profile: &str, stride: usize) -> Result<()> {
    let machine = ready(profile)?;
    let mut table = String::new();
    for (from, to) in [
        (Mode::Standard, Mode::Paranoid),
        (Mode::Paranoid, Mode::Standard),
    ] {
        let mut transition = Transition::new(&machine, from, to)?;
        let mut struck = BTreeSet::new();
        for at in (0..transition.calls.len()).step_by(stride) {
            for kind in 0..KINDS {
                transition.once(at, kind, (at + kind) % 8 == 0)?;
            }
            struck.insert(transition.calls[at].key);
        }
        ensure!(struck.len() == 2, "reads and writes: {struck:?}");
        let how = format!("every {stride}th call, every kind");
        transition.report(&mut table, &how)?;
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
fn stay(machines: &[(&str, usize)]) -> Result<()> {
    let mut table = String::new();
    for &(profile, stride) in machines {
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

/// Every so manieth call of the look goes wrong once, in every way.
fn look(machines: &[(&str, usize)]) -> Result<()> {
    let mut table = String::new();
    for &(profile, stride) in machines {
        let machine = ready(profile)?;
        writeln!(table, "{profile}")?;
        let mut transition = Transition::new(&machine, Mode::Standard, Mode::Paranoid)?;
        let last = transition.look.len() - 1;
        let mut calls: Vec<usize> = (0..last).step_by(stride).collect();
        // Where there are devices, the last one reads them all.
        calls.push(last);
        for (n, at) in calls.into_iter().enumerate() {
            // Firmware that says nothing differs little from one that fails.
            let kinds = if at == last {
                0..KINDS
            } else {
                n % 2..n % 2 + 1
            };
            for kind in kinds {
                transition.once_in_the_look(at, kind)?;
            }
            if at != last {
                transition.once_in_the_look(at, KINDS - 1)?;
            }
        }
        transition.report(
            &mut table,
            &format!("every {stride}th call of the look, two kinds, and the last in every way"),
        )?;
        let Counts {
            refused,
            left_out,
            done,
            ..
        } = transition.counts;
        ensure!(
            refused > 0 && left_out > 0 && done > 0,
            "a test of nothing: {table}"
        );
        transition.go(Mode::Baseline)?;
        machine.check_kernel_log()?;
    }
    println!("\n{table}");
    Ok(())
}
