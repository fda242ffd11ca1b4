// SPDX-License-Identifier: GPL-2.0

//! `machine bench`: what the driver's answers cost, beside what something comparable costs.
//!
//! Measured is instructions, not time: the guest's clock advances by a nanosecond with each
//! ([`Clock::Instructions`]). So a figure is the same on every host and however busy that is, and
//! what an instruction costs on a real processor, a system call above all, is left out on both sides
//! of each ratio.
//!
//! The emulated processor claims `erms`, and newer QEMUs `fsrm`: that `rep movsb` is fast. So the
//! kernel copies to user space and clears pages by it, and each byte is one instruction here, where
//! on the processors that really have these flags it is a part of one. Therefore the kernel is told
//! not to believe that (`clearcpuid=`), and does it by words of eight bytes: still more than a real
//! machine does, on both sides of each ratio. `--as-emulated` leaves the claim.

use super::bench_clients;
use super::which::Which;
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use milspec_machine::image::repository;
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use milspec_machine::{prepared, Clock, GuestCommand, Machine, Module, Options};
use std::time::Duration;

/// Measures what the driver's answers cost in a simulated Dell
#[derive(Args)]
pub struct Bench {
    #[command(flatten)]
    which: Which,
    /// Measures time, by the host's clock
    #[arg(long)]
    time: bool,
    /// Leaves the processor what it says of byte-wise copies
    #[arg(long)]
    as_emulated: bool,
}

/// A row of the table.
struct Row {
    /// Its name in the guest.
    name: &'static str,
    what: &'static str,
    anchor: &'static str,
    /// Most that the ratio is to be, where it is for this driver to reach.
    reach: Option<f64>,
}

const fn row(name: &'static str, what: &'static str, anchor: &'static str, reach: f64) -> Row {
    Row {
        name,
        what,
        anchor,
        reach: Some(reach),
    }
}

const REFUSED: &str = "a refused ioctl";
const TOKEN: &str = "a token file of dell-smbios";
const LOG: &str = "a record of /dev/kmsg";

const ROWS: &[Row] = &[
    row("status", "STATUS", REFUSED, 2.0),
    row("info", "INFO", REFUSED, 2.0),
    row("controls", "CONTROLS, each control", REFUSED, 0.3),
    row("plan", "PLAN of paranoid", REFUSED, 100.0),
    row("mode", "sysfs mode, held open", TOKEN, 1.1),
    row("mode-cat", "sysfs mode, opened each time", TOKEN, 1.1),
    row("events", "an event of a read() of many", LOG, 0.1),
    row("event", "an event by a read() of its own", LOG, 0.1),
    Row {
        name: "zeros",
        what: "(as many bytes of /dev/zero)",
        anchor: LOG,
        reach: None,
    },
];

/// Milliseconds of a round, and how many there are. Instructions are the same each time, but for
/// the kernel's own work beside; time is not.
const INSTRUCTIONS: [u32; 2] = [5, 8];
const TIME: [u32; 2] = [20, 40];

/// Flags that have the kernel copy and clear byte by byte.
const COPIES: &str = "clearcpuid=erms,fsrm,fsrs";

const PATIENCE: Duration = Duration::from_secs(900);

impl Bench {
    /// Runs it. Fails where something cannot be measured, and not for a number.
    pub fn run(&self) -> Result<()> {
        let progress = Progress::new();
        let options = Options {
            clock: match self.time {
                true => Clock::Host,
                false => Clock::Instructions,
            },
            cmdline: match self.as_emulated {
                true => String::new(),
                false => COPIES.to_owned(),
            },
            progress: progress.clone(),
            ..Options::module(Module::Autoload)
        };
        // Booted, not restored: the kernel chooses how it copies while it boots.
        let machine = Machine::boot(&self.which.name()?, &options)?;
        let program = install(&machine, &progress)?;
        let [length, rounds] = match self.time {
            true => TIME,
            false => INSTRUCTIONS,
        };
        let password = &machine.profile().password;
        let key = match password.admin.is_empty() {
            true => 0,
            false => password.key,
        };
        let arguments = [length, rounds, u32::from(key)].map(|number| number.to_string());
        let argv = [program].into_iter().chain(arguments);
        let output = machine.run_command(GuestCommand::new(argv).timeout(PATIENCE))?;
        let text = output.ok()?.text();
        let refresh = machine.run(["milspecctl", "--json", "status", "--refresh"])?;
        let refresh = refresh.ok()?.json()?;
        machine.check_kernel_log()?;
        self.print(&machine, &text)?;
        println!(
            "\nA refresh: {} firmware calls, for {} settings and {} devices.",
            refresh["refresh"]["firmware_calls"],
            refresh["families"][0]["controls"],
            refresh["families"][1]["controls"],
        );
        drop(machine);
        println!();
        bench_clients::run(&self.which.name()?, &options)
    }

    fn print(&self, machine: &Machine, text: &str) -> Result<()> {
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let line = |start: &[&str]| {
            let found = lines.iter().find(|words| words.starts_with(start));
            found.with_context(|| format!("nothing about {start:?}:\n{text}"))
        };
        let [_, controls, steps, records] = line(&["about"])?[..] else {
            bail!("{text}");
        };
        let (unit, rounds) = match self.time {
            true => ("ns", TIME[1]),
            false => ("instr.", INSTRUCTIONS[1]),
        };
        println!(
            "{} on {}: {controls} controls, a plan of {steps} steps, {records} records; best of \
             {rounds} rounds.\n",
            machine.profile().name,
            machine.release(),
        );
        println!(
            "{:<32}{unit:>8}  {:<28}{unit:>8}{:>8}{:>10}",
            "", "beside", "ratio", "to reach"
        );
        let (mut reached, mut asked) = (0, 0);
        for row in ROWS {
            let [.., cost, anchor] = line(&["row", row.name])?[..] else {
                bail!("{text}");
            };
            let number = |text: &str| -> Result<f64> {
                let number = text.parse().with_context(|| format!("{text:?}"))?;
                ensure!(number > 0.0, "{} costs {number}", row.name);
                Ok(number)
            };
            let (cost, anchor) = (number(cost)?, number(anchor)?);
            let ratio = cost / anchor;
            let verdict = match row.reach {
                Some(reach) => {
                    let is_reached = ratio <= reach;
                    reached += u32::from(is_reached);
                    asked += 1;
                    let word = if is_reached { "reached" } else { "NOT REACHED" };
                    format!("{reach:>10}  {word}")
                }
                None => String::new(),
            };
            println!(
                "{:<32}{cost:>8.0}  {:<28}{anchor:>8.0}{ratio:>8.2}{verdict}",
                row.what, row.anchor
            );
        }
        println!("\n{reached} of {asked} reached.\n");
        Ok(())
    }
}

/// Puts the program that measures into the guest, and returns where it is.
fn install(machine: &Machine, progress: &Progress) -> Result<String> {
    let repository = repository();
    let source = repository.join("tests/machine/guest/bench.c");
    let to = machine.directory().join("bench");
    let includes = [&*repository.join("driver/uapi")];
    prepared(progress)?.build_c(&source, Bits::B64, &includes, &to)?;
    let bytes = std::fs::read(&to).context("the program was not built")?;
    let program = "/tmp/bench".to_owned();
    machine.guest()?.create(&program, &bytes, 0o755)?;
    Ok(program)
}
