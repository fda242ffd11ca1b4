// SPDX-License-Identifier: GPL-2.0

//! Every mode to every mode: the NVRAM must hold what the tables say, and nothing else may be
//! called or changed on the way.

use crate::ask;
use crate::common::{machine, Test};
use crate::model::{check_calls, check_writes, Image, Model};
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::{Machine, Module};
use milspec_posture::mode::{Mode, MODES};
use milspec_uapi::{OUTCOME_DONE, STEP_DONE};
use std::fmt::Write;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("modes_some_transitions_on_rugged", || some("rugged")),
    ("modes_some_transitions_with_a_password", || {
        some("optiplex-7090")
    }),
    ("modes_some_transitions_on_mixed_layouts", || {
        some("bad/mixed-layouts")
    }),
];

/// The same on other machines.
pub const LONG: &[Test] = &[
    ("modes_every_transition_on_rugged", || every("rugged")),
    ("modes_every_transition_on_latitude", || {
        every("latitude-7490")
    }),
    ("modes_every_transition_on_optiplex", || {
        every("optiplex-7090")
    }),
    ("modes_every_transition_on_mixed_layouts", || {
        every("bad/mixed-layouts")
    }),
];

/// Where the driver shows itself.
pub const SYSFS: &str = "/sys/devices/faux/dell_milspec";

/// Visits the modes 0 to 3 so that each follows each, itself included: a de Bruijn sequence.
const WALK: [usize; 17] = [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3, 0];

/// A machine whose modes are changed, and what it must be like.
pub struct Traveller {
    /// The machine.
    pub machine: Machine,
    model: Model,
    /// Words that every request on this machine needs.
    key: String,
    table: String,
    at: &'static str,
}

impl Traveller {
    /// A machine as it leaves the factory.
    pub fn new(profile: &str) -> Result<Self> {
        Self::on(machine(profile, Module::Autoload)?)
    }

    /// A machine with the driver, on which nothing was changed yet.
    pub fn on(machine: Machine) -> Result<Self> {
        ask::install(&machine)?;
        let model = Model::new(&machine)?;
        let key = match machine.profile().password.admin.is_empty() {
            true => String::new(),
            false => format!(" key={}", machine.profile().password.key),
        };
        Ok(Self {
            machine,
            model,
            key,
            table: String::new(),
            at: "factory",
        })
    }

    /// Whether a mode speaks of anything that this machine can change.
    pub fn can_change(&self, mode: Mode) -> Result<bool> {
        let now = self.model.values(self.machine.nvram()?)?;
        Ok(self.model.reaches(mode, &now))
    }

    /// Applies a mode and judges everything that can be seen of it.
    pub fn go(&mut self, mode: Mode) -> Result<()> {
        let from = self.at;
        self.go_to(mode)
            .with_context(|| format!("{from} to {}", mode.name()))?;
        self.at = mode.name();
        Ok(())
    }

    fn go_to(&mut self, mode: Mode) -> Result<()> {
        let nvram = self.machine.nvram()?;
        let now = self.model.values(nvram)?;
        let then = self.model.target(mode, &now);
        let changes = Model::changes(&now, &then);
        let expected = self.model.image(&Image::of(nvram)?, &changes)?;
        let calls = self.model.calls(&changes)?;

        let (before, position) = (nvram.counts()?, nvram.log_position()?);
        let words = ask::mode(mode);
        let lines = ask::ask(
            &self.machine,
            &format!(
                "status -- plan {words} -- apply {words}{} -- status",
                self.key
            ),
        )?;
        let made = nvram.counts()?.since(&before);

        let answers = ask::answers(&lines)?;
        let [plan, apply] = &answers[..] else {
            anyhow::bail!("not two answers: {lines:?}");
        };
        ensure!(
            apply.result == 0 && apply.outcome == OUTCOME_DONE,
            "{apply:?}"
        );
        let difference = expected.differs(&Image::of(nvram)?);
        ensure!(
            difference.is_empty(),
            "the NVRAM is not as expected: {difference:#?}"
        );
        check_calls(&made, calls)?;
        check_writes(&self.machine, position)?;
        let sum: u32 = calls.iter().sum();
        ensure!(apply.number("calls")? == u64::from(sum), "{apply:?}");

        // What the driver says of it.
        ensure!(plan.plan() == apply.plan(), "{plan:?}\n{apply:?}");
        ensure!(
            apply.steps.iter().all(|step| step.state == STEP_DONE),
            "{apply:?}"
        );
        let mut told: Vec<_> = apply.plan();
        told.sort_unstable();
        let mut asked = Vec::new();
        for (name, from, to) in &changes {
            asked.push((
                ask::id(name)?,
                ask::value(name, from)?,
                ask::value(name, to)?,
            ));
        }
        asked.sort_unstable();
        ensure!(told == asked, "steps {told:?}, expected {asked:?}");

        self.model.made(&changes);
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        let grown = last.number("generation")? - first.number("generation")?;
        let same_mode = self.at == mode.name();
        ensure!(grown <= 1, "the generation grew by {grown}");
        ensure!(
            changes.is_empty() || grown == 1,
            "the generation did not grow"
        );
        ensure!(!same_mode || grown == 0, "a repeat made a generation");
        ensure!(last.number("generation")? == apply.number("generation")?);
        ensure!(last.number("mode")? == u64::from(mode.number()), "{last:?}");
        for nothing in ["deviations", "drifted", "degraded", "step", "steps"] {
            ensure!(last.number(nothing)? == 0, "{nothing}: {last:?}");
        }
        self.sysfs(mode, last.number("generation")?)?;
        writeln!(
            self.table,
            "  {:<14}{:<14}{:>5} of {:>3} reached {:>4} steps {:>4} writes {:>4} reads",
            self.at,
            mode.name(),
            apply.number("reached")?,
            apply.number("lines")?,
            changes.len(),
            calls[0] + calls[2],
            calls[1] + calls[3] + calls[4],
        )?;
        Ok(())
    }

    fn sysfs(&self, mode: Mode, generation: u64) -> Result<()> {
        let files = [
            "mode",
            "mode_deviations",
            "generation",
            "pending_reboot",
            "latched",
        ];
        let shown = self.machine.sh(&format!(
            "cd {SYSFS} && for f in {}; do echo \"$f=$(cat $f)\"; done",
            files.join(" ")
        ))?;
        let now = self.model.values(self.machine.nvram()?)?;
        let expected = format!(
            "mode={}\nmode_deviations=\ngeneration={generation}\npending_reboot={}\nlatched={}\n",
            mode.name(),
            u8::from(self.model.pending(&now)),
            u8::from(mode == Mode::ParanoidPlus),
        );
        let shown = shown.ok()?.text();
        ensure!(shown == expected, "sysfs says\n{shown}expected\n{expected}");
        Ok(())
    }

    /// Compares every location that mainline's ioctl lets through with the NVRAM.
    fn mainline_agrees(&self) -> Result<usize> {
        let nvram = self.machine.nvram()?;
        let all: Vec<u16> = self.machine.plan().locations.keys().copied().collect();
        let words: Vec<String> = all.iter().map(u16::to_string).collect();
        let lines = ask::ask(&self.machine, &format!("mainline {}", words.join(" ")))?;
        ensure!(lines.len() == all.len(), "{} answers", lines.len());
        let mut compared = 0;
        for line in lines.iter().filter(|line| line.fields["result"] == "0") {
            let location = line.number("location")? as u16;
            ensure!(
                line.number("status")? == 0
                    && line.number("value")? == u64::from(nvram.location(location)?),
                "{line:?}"
            );
            compared += 1;
        }
        Ok(compared)
    }
}

/// Up, down and up for good.
fn some(profile: &str) -> Result<()> {
    let mut traveller = Traveller::new(profile)?;
    let factory = Image::of(traveller.machine.nvram()?)?;
    for mode in [0, 3, 1, 2, 0].map(|n| MODES[n]) {
        traveller.go(mode)?;
    }
    let left = factory.differs(&Image::of(traveller.machine.nvram()?)?);
    ensure!(left.is_empty(), "baseline leaves {left:#?}");
    traveller.go(Mode::ParanoidPlus)?;
    traveller.mainline_agrees()?;
    traveller.machine.check_kernel_log()
}

fn every(profile: &str) -> Result<()> {
    let mut traveller = Traveller::new(profile)?;
    let factory = Image::of(traveller.machine.nvram()?)?;
    for mode in WALK.map(|n| MODES[n]) {
        traveller.go(mode)?;
        if mode == Mode::Baseline {
            let left = factory.differs(&Image::of(traveller.machine.nvram()?)?);
            ensure!(left.is_empty(), "baseline leaves {left:#?}");
        }
    }
    let compared = traveller.mainline_agrees()?;
    ensure!(compared > 20, "mainline read {compared} locations");
    // The last one is for good: the other ways to it need machines of their own.
    traveller.go(Mode::ParanoidPlus)?;
    traveller.go(Mode::ParanoidPlus)?;
    traveller.machine.check_kernel_log()?;
    let mut table = traveller.table;
    for first in [Mode::Standard, Mode::Enhanced, Mode::Paranoid] {
        let mut traveller = Traveller::new(profile)?;
        traveller.go(first)?;
        traveller.go(Mode::ParanoidPlus)?;
        traveller.mainline_agrees()?;
        traveller.machine.check_kernel_log()?;
        table += &traveller.table;
    }
    println!("\n{profile}: from, to, controls, steps, firmware calls\n{table}");
    Ok(())
}
