// SPDX-License-Identifier: GPL-2.0

//! Everything at once.

use crate::access::wait_until;
use crate::ask::{self, ask, ask_one, one};
use crate::common::{kernel_memory, rebind_line, Test, DRIVER};
use crate::model::{check_writes, Image};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module, Options};
use milspec_posture::mode::Mode;
use milspec_uapi::OUTCOME_DONE;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[("stress_readers_appliers_refresh_and_unbind", stress)];

/// How long the crowd works. A quarter of a minute of the emulated machine sees a dozen applies and
/// unbinds; what more would add to the chance of finding a race is not worth its time in every run.
/// `MILSPEC_STRESS_SECONDS` says otherwise: `make test-long` has it at 60.
const SECONDS: u64 = 15;
const READERS: u32 = 16;
/// So many bytes more of kernel memory are not what a crowd leaves behind.
const LEAK: u64 = 400_000;

/// Fails when 16 readers see half a state, when one of two appliers or a refresh fails without a
/// reason, and when state, kernel log or memory are not in order afterwards.
fn stress() -> Result<()> {
    let seconds = match std::env::var("MILSPEC_STRESS_SECONDS") {
        Ok(text) => text.parse().context("MILSPEC_STRESS_SECONDS")?,
        Err(_) => SECONDS,
    };
    // The second processor is what lets two of them be in the driver at once.
    let options = Options {
        processors: 2,
        ..Options::module(Module::Autoload)
    };
    let machine = Machine::from_snapshot("rugged", &options)?;
    ask::install(&machine)?;
    let nvram = machine.nvram()?;
    let factory = Image::of(nvram)?;
    // What as large a crowd takes once, in caches of both processors, is taken before it counts:
    // growth from here on is growth with time. (Seen: 0.7 MB in 30 s, 0.6 MB in 120 s, all of it
    // at the beginning.)
    let patience = Duration::from_secs(seconds + 240);
    let work = |requests: &str| -> Result<()> {
        let command = ask::command(requests).timeout(patience);
        machine.run_command(command)?.ok().map(drop)
    };
    work(&format!("crowd 15 {READERS} 2 3 -- apply mode=1"))?;
    machine.sh(&rebind_line())?.ok()?;
    let memory = kernel_memory(&machine)?;
    let writes = nvram.counts()?;

    let requests = format!("crowd {seconds} {READERS} 2 3");
    let crowd = machine
        .guest()?
        .spawn(ask::command(&requests).timeout(patience))?;
    wait_until("the crowd has begun", || {
        Ok(nvram.counts()?.since(&writes).token_writes() > 0)
    })?;
    // Not all the time: what is bound for no time at all can never be applied.
    let rounds = machine.run_command(
        GuestCommand::shell(&format!(
            "n=0; end=$(($(cut -d. -f1 /proc/uptime) + {seconds} - 4)); \
             while [ $n -eq 0 ] || [ $(cut -d. -f1 /proc/uptime) -lt $end ]; do \
             echo DSML0001:00 >{DRIVER}/unbind || exit 1; sleep 0.3; \
             echo DSML0001:00 >{DRIVER}/bind || exit 1; sleep 1; n=$((n + 1)); done; echo $n"
        ))
        .timeout(patience),
    )?;
    let rounds = rounds.ok()?.text();
    let output = crowd.wait(patience)?.ok()?;
    let lines = ask::lines(&output.text());
    let told = lines.last().context("no word of the crowd")?;
    ensure!(told.number("bad")? == 0, "{told:?}");
    // How much of it there is, is the host's speed; the crowd goes on until there is as much as this.
    for (work, least) in [("reads", 500), ("applied", 2), ("refreshed", 1)] {
        ensure!(told.number(work)? > least, "{work}: {told:?}");
    }
    ensure!(rounds.trim().parse::<u32>()? > 0, "{rounds} rounds");

    let position = nvram.log_position()?;
    check_writes(&machine, position.saturating_sub(1000))?;
    let mut after = kernel_memory(&machine)?;
    // Caches grow now and then, and then no more; what leaks grows each time.
    let mut round = [memory, after];
    for _ in 0..2 {
        if round[1] < round[0] + LEAK {
            break;
        }
        work(&requests)?;
        round = [round[1], kernel_memory(&machine)?];
        after = round[1];
    }
    ensure!(
        round[1] < round[0] + LEAK,
        "kernel memory: {memory} before, {after} after, and still growing"
    );

    // What the driver believes is what is, and every way leads back.
    let before = ask_one(&machine, "status")?;
    ask(&machine, "refresh")?;
    let status = ask_one(&machine, "status")?;
    ensure!(
        status.number("generation")? == before.number("generation")?,
        "a look finds what the driver did not know: {before:?}, {status:?}"
    );
    for nothing in ["drifted", "degraded", "step", "steps"] {
        ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
    }
    one(&machine, &format!("apply {}", ask::mode(Mode::Baseline)))?.ends(0, OUTCOME_DONE)?;
    let left = factory.differs(&Image::of(nvram)?);
    ensure!(left.is_empty(), "baseline leaves {left:?}");
    println!(
        "\nrugged, 2 processors, {seconds} s: {READERS} readers, 2 appliers, a refresher\n  \
         {} reads, {} applies done, {} undone, {} refused, {} refreshes, {} unbinds; \
         kernel memory {memory} before, {after} after",
        told.number("reads")?,
        told.number("applied")?,
        told.number("undone")?,
        told.number("refused")?,
        told.number("refreshed")?,
        rounds.trim(),
    );
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}
