// SPDX-License-Identifier: GPL-2.0

//! What only shows after many times: binding, loading, sleeping, a journal that wraps, days of clock.
//!
//! `MILSPEC_ENDURANCE=N` makes it N percent of what is written below.

use crate::ask;
use crate::common::{kernel_memory, machine, rebind_line, Test};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::progress::Progress;
use milspec_uapi::EVENT_SIZE;
use std::time::Duration;

/// The tests of this file: all of them take long.
pub const LONG: &[Test] = &[
    ("endurance_binding_10000_times", binding),
    ("endurance_loading_1000_times", loading),
    ("endurance_sleeping_1000_times", sleeping),
    ("endurance_journal_wraps_100_times", wrapping),
    ("endurance_week_of_clock", week),
];

/// Records that the driver keeps.
const RING: u64 = 4096;
/// So many bytes of kernel memory may be there more than after a tenth of all rounds: less than one
/// small object for every two rounds.
const GROWTH: u64 = 300_000;

/// This many of `whole`.
fn of(whole: u64) -> Result<u64> {
    let percent = match std::env::var("MILSPEC_ENDURANCE") {
        Ok(text) => text.parse().context("MILSPEC_ENDURANCE")?,
        Err(_) if prepared(&Progress::new())?.debug => 2,
        Err(_) => 100,
    };
    Ok((whole * percent / 100).max(10))
}

/// Objects in kmalloc's caches that a function of our module has allocated, where the kernel knows.
fn objects(machine: &Machine) -> Result<Option<u64>> {
    if !prepared(&Progress::new())?.debug {
        return Ok(None);
    }
    // What KASAN holds back counts as in use until its quarantine is emptied.
    let line = "for n in 1 2; do for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done; done
                cat /sys/kernel/debug/slab/kmalloc-*/alloc_traces | awk '
                    /^ *[0-9]+ / { count = $1 } /\\[dell_milspec\\]/ { if (count) sum += count; count = 0 }
                    END { print sum + 0 }'";
    let sum = machine.sh(line)?.ok()?.text().trim().parse();
    Ok(Some(sum.context("no number of objects")?))
}

/// Runs a line of shell so many times, a tenth of them first, and fails when memory grows from there.
fn many(name: &str, machine: &Machine, times: u64, line: &str) -> Result<()> {
    let run = |times: u64| -> Result<()> {
        let mut left = times;
        while left > 0 {
            let some = left.min(100);
            let all = format!("i=0; while [ $i -lt {some} ]; do {line}; i=$((i + 1)); done");
            machine
                .run_command(GuestCommand::shell(&all).timeout(Duration::from_secs(900)))?
                .ok()?;
            left -= some;
        }
        Ok(())
    };
    let warm = times / 10;
    run(warm)?;
    let (memory, ours) = (kernel_memory(machine)?, objects(machine)?);
    run(times - warm)?;
    let (after, still) = (kernel_memory(machine)?, objects(machine)?);
    println!(
        "figure: {name}: {times} times: {memory} bytes of kernel memory after {warm}, {after} at the \
         end; objects of ours {ours:?}, {still:?}"
    );
    ensure!(
        after < memory + GROWTH,
        "kernel memory: {memory} after {warm} times, {after} after {times}"
    );
    if let (Some(ours), Some(still)) = (ours, still) {
        ensure!(still <= ours + 8, "{ours} objects of ours, then {still}");
    }
    machine.check_kernel_log()
}

/// Fails when binding and unbinding DSML0001 loses memory, or once does not work.
fn binding() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let line = format!("{} || exit 1", rebind_line());
    many("binding", &machine, of(10_000)?, &line)
}

/// Fails when loading and unloading loses memory, or once does not work.
fn loading() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let line = "rmmod dell_milspec && modprobe dell_milspec || exit 1";
    many("loading", &machine, of(1_000)?, line)
}

/// Fails when going to sleep and waking up loses memory, or leaves a control degraded.
fn sleeping() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    ask::install(&machine)?;
    machine
        .sh("echo 0 >/sys/module/suspend/parameters/pm_test_delay; echo freezer >/sys/power/pm_test")?
        .ok()?;
    many(
        "sleeping",
        &machine,
        of(1_000)?,
        "echo freeze >/sys/power/state || exit 1",
    )?;
    let status = ask::ask_one(&machine, "status")?;
    ensure!(status.number("degraded")? == 0, "{status:?}");
    Ok(())
}

/// Fails when a journal that has wrapped many times has a gap that it does not report, or a chain that
/// does not verify.
fn wrapping() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    ask::install(&machine)?;
    let start = ask::ask_one(&machine, "status")?.number("next")?;
    let wanted = RING * of(100)?.min(100);
    let (on, off) = (
        ask::set("camera", "disabled")?,
        ask::set("camera", "enabled")?,
    );
    let requests = vec![format!("apply {on} -- apply {off}"); 50].join(" -- ");
    let mut next = start;
    while next < start + wanted {
        ask::ask(&machine, &requests)?;
        next = ask::ask_one(&machine, "status")?.number("next")?;
    }
    let status = ask::ask_one(&machine, "status")?;
    let overwritten = status.number("overwritten")?;
    ensure!(next - 1 - overwritten <= RING, "{status:?}");
    let verify = machine
        .run(["milspecctl", "--json", "journal", "verify"])?
        .ok()?
        .json()?;
    println!(
        "figure: journal: {} records of {EVENT_SIZE} bytes; verified: {verify}",
        next - start
    );
    machine.check_kernel_log()
}

/// Fails when a week in which the clock goes on by an hour at a time leaves a chain that does not verify.
fn week() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    ask::install(&machine)?;
    let (on, off) = (
        ask::set("camera", "disabled")?,
        ask::set("camera", "enabled")?,
    );
    for hour in 0..of(168)? {
        let set = if hour % 2 == 0 { &on } else { &off };
        machine
            .sh(&format!(
                "date -s @$(($(date +%s) + 3600)) >/dev/null && {} apply {set}",
                ask::ASK
            ))?
            .ok()?;
    }
    machine.run(["milspecctl", "journal", "verify"])?.ok()?;
    machine.check_kernel_log()
}
