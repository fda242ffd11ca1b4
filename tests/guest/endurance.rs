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
use milspec_uapi::{EVENT_SIZE, OUTCOME_DONE};
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
/// So many bytes of kernel memory may be there more than after a tenth of all rounds: what the kernel's
/// caches of tasks, stacks and files differ by.
const NOISE: u64 = 300_000;
/// So many objects of kmalloc, and one for every four rounds: a leak in each round is more.
const OTHERS: u64 = 200;

/// This many of `whole`.
fn of(whole: u64) -> Result<u64> {
    let percent = match std::env::var("MILSPEC_ENDURANCE") {
        Ok(text) => text.parse().context("MILSPEC_ENDURANCE")?,
        Err(_) if prepared(&Progress::new())?.debug => 2,
        Err(_) => 100,
    };
    Ok((whole * percent / 100).max(10))
}

/// Kernel memory in use.
struct Memory {
    /// Slab and vmalloc, in bytes.
    bytes: u64,
    /// Objects in kmalloc's caches.
    objects: u64,
    /// Those of them that a function of our module has allocated, where the kernel knows. Of a module that
    /// has gone it does not.
    ours: Option<u64>,
}

impl Memory {
    fn of(machine: &Machine) -> Result<Self> {
        let bytes = kernel_memory(machine)?;
        // Only then are objects counted exactly that a processor keeps for itself. What KASAN holds back
        // counts as in use until its quarantine is emptied.
        let line = "for n in 1 2; do for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done; done
                    awk '/^kmalloc-/ { sum += $2 } END { print sum + 0 }' /proc/slabinfo";
        let number = |line: &str| -> Result<u64> {
            let text = machine.sh(line)?.ok()?.text();
            text.trim()
                .parse()
                .with_context(|| format!("no number of objects: {text}"))
        };
        let objects = number(line)?;
        ensure!(objects > 0, "kmalloc has no objects");
        let ours = match prepared(&Progress::new())?.debug {
            true => Some(number(
                "cat /sys/kernel/debug/slab/kmalloc-*/alloc_traces | awk '
                    /^ *[0-9]+ / { count = $1 } /\\[dell_milspec\\]/ { if (count) sum += count; count = 0 }
                    END { print sum + 0 }'",
            )?),
            false => None,
        };
        Ok(Self {
            bytes,
            objects,
            ours,
        })
    }
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
            // What it says would be gone at the end.
            machine.check_kernel_log()?;
            left -= some;
        }
        Ok(())
    };
    let warm = times / 10;
    run(warm)?;
    let before = Memory::of(machine)?;
    run(times - warm)?;
    let after = Memory::of(machine)?;
    println!(
        "figure: {name}: {times} times: after {warm} and at the end {} and {} bytes of kernel memory, {} and \
         {} objects of kmalloc, of ours {:?} and {:?}",
        before.bytes, after.bytes, before.objects, after.objects, before.ours, after.ours
    );
    ensure!(
        after.bytes < before.bytes + NOISE,
        "kernel memory: {} bytes after {warm} times, {} after {times}",
        before.bytes,
        after.bytes
    );
    let rest = (times - warm) / 4;
    ensure!(
        after.objects < before.objects + OTHERS + rest,
        "kmalloc: {} objects after {warm} times, {} after {times}",
        before.objects,
        after.objects
    );
    if let (Some(ours), Some(still)) = (before.ours, after.ours) {
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
        let now = ask::ask_one(&machine, "status")?.number("next")?;
        ensure!(now > next, "a hundred applies leave no record");
        next = now;
    }
    let status = ask::ask_one(&machine, "status")?;
    let overwritten = status.number("overwritten")?;
    ensure!(next - 1 - overwritten <= RING, "{status:?}");
    // The journal that the driver still has does not begin with the load, and so is whole, and is not
    // proven by the PCR: docs/security.md.
    let verify = machine
        .run(["milspecctl", "--json", "journal", "verify"])?
        .exits(7)?
        .json()?;
    let load = &verify["loads"][0];
    ensure!(
        verify["broken"].is_null() && load["lost"] == overwritten,
        "{overwritten} records were overwritten: {verify:#}"
    );
    println!(
        "figure: journal: {} records of {EVENT_SIZE} bytes, {overwritten} of them overwritten; the chain of \
         the others is whole",
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
    let hours = of(168)?;
    for hour in 0..hours {
        let set = if hour % 2 == 0 { &on } else { &off };
        let line = "date -s @$(($(date +%s) + 3600)) >/dev/null";
        machine.sh(line)?.ok()?;
        ask::one(&machine, &format!("apply {set}"))?.ends(0, OUTCOME_DONE)?;
    }
    let verify = machine
        .run(["milspecctl", "--json", "journal", "verify"])?
        .ok()?
        .json()?;
    println!("figure: clock: {hours} hours, a change in each; verified: {verify}");
    machine.check_kernel_log()
}
