// SPDX-License-Identifier: GPL-2.0

//! The ring's own check: what the debug kernel is there to report, it reports. And the order in which
//! locks are taken.

use crate::ask;
use crate::common::{machine, rebind_line, Test};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::image::repository;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::progress::Progress;
use milspec_uapi::OUTCOME_DONE;
use std::collections::BTreeSet;

/// The tests of this file, for the debug kernel alone.
pub const TESTS: &[Test] = &[
    ("debug_kernel_reports_a_use_after_free", use_after_free),
    ("debug_kernel_reports_out_of_bounds", out_of_bounds),
    ("debug_kernel_reports_a_sleep_under_a_spinlock", sleep),
    ("debug_kernel_reports_a_lock_inversion", inversion),
    ("debug_kernel_reports_nothing_else", nothing),
    ("debug_locks_are_taken_in_the_documented_order", locks),
];

/// Where the module with faults is in the guest.
const PLANTED: &str = "/tmp/planted.ko";

/// Loads the module with this fault into a machine of its own: after a report, lockdep is off.
fn planted(fault: &str) -> Result<Machine> {
    let prepared = prepared(&Progress::new())?;
    ensure!(
        prepared.debug,
        "only the debug kernel reports it: MILSPEC_KERNEL=debug"
    );
    let module = prepared.build_planted(&repository(), &Progress::new())?;
    let machine = machine("rugged", Module::Absent)?;
    let bytes = std::fs::read(&module).with_context(|| format!("read {}", module.display()))?;
    machine.guest()?.create(PLANTED, &bytes, 0o644)?;
    let argument = format!("fault={fault}");
    machine.run(["insmod", PLANTED, &argument])?.ok()?;
    Ok(machine)
}

/// Fails when the kernel log of a machine with this fault passes, or fails for another reason.
fn reports(fault: &str, report: &str) -> Result<()> {
    let machine = planted(fault)?;
    let Err(error) = machine.check_kernel_log() else {
        bail!(
            "{fault} passes for a clean kernel log:\n{}",
            machine.dmesg()?
        );
    };
    let text = format!("{error:#}");
    ensure!(text.contains(report), "{fault} is reported as:\n{text}");
    println!("figure: planted fault: {fault}: reported: {report}");
    Ok(())
}

/// Fails when a Rust module reads what it has freed, and the ring passes.
fn use_after_free() -> Result<()> {
    reports("use-after-free", "KASAN: slab-use-after-free")
}

/// Fails when a Rust module reads behind its vector, and the ring passes.
fn out_of_bounds() -> Result<()> {
    reports("out-of-bounds", "KASAN: slab-out-of-bounds")
}

/// Fails when a Rust module sleeps under a spinlock, and the ring passes.
fn sleep() -> Result<()> {
    reports(
        "sleep-under-spinlock",
        "sleeping function called from invalid context",
    )
}

/// Fails when a Rust module takes two locks in both orders, and the ring passes.
fn inversion() -> Result<()> {
    reports(
        "lock-inversion",
        "possible circular locking dependency detected",
    )
}

/// Fails when the ring fails for a module that does nothing wrong.
fn nothing() -> Result<()> {
    planted("none")?.check_kernel_log()
}

/// The heading in docs/architecture.md under which the order stands, as `outer -> inner` lines.
const HEADING: &str = "## Locks";

/// Fails when a lock of the driver is taken under another one in a way that docs/architecture.md does not
/// name, or when it names one that is never seen.
fn locks() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    ask::install(&machine)?;
    // All that takes locks: changes, readers that wait, a look after an event, a training, unbinding.
    let (off, on) = (
        ask::set("camera", "disabled")?,
        ask::set("camera", "enabled")?,
    );
    ask::one(&machine, &format!("apply {off} -- status -- controls"))?.ends(0, OUTCOME_DONE)?;
    ask::one(&machine, &format!("apply {on}"))?.ends(0, OUTCOME_DONE)?;
    machine.dsmil_change(0, 1, 0)?;
    ask::one(
        &machine,
        &format!("train op=1 -- apply {off} -- train op=2"),
    )?
    .ends(0, OUTCOME_DONE)?;
    machine
        .sh("timeout 1 cat /dev/milspec >/dev/null; cat /sys/devices/faux/dell_milspec/* >/dev/null 2>&1; true")?
        .ok()?;
    machine.sh(&rebind_line())?.ok()?;
    let seen = edges(&machine.read("/proc/lockdep")?);
    let architecture = std::fs::read_to_string(repository().join("docs/architecture.md"))?;
    let section = architecture
        .split(HEADING)
        .nth(1)
        .context("no section on locks")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let named: BTreeSet<String> = section
        .lines()
        .filter(|line| line.contains(" -> "))
        .map(|line| line.trim().to_owned())
        .collect();
    ensure!(
        seen == named,
        "not documented: {:?}; documented, and not seen: {:?}",
        seen.difference(&named).collect::<Vec<_>>(),
        named.difference(&seen).collect::<Vec<_>>()
    );
    println!(
        "figure: locks: {} pairs taken, each of them documented, and none besides",
        seen.len()
    );
    machine.check_kernel_log()
}

/// The pairs of locks of ours in /proc/lockdep, the inner taken while the outer is held.
fn edges(lockdep: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut outer = None;
    for line in lockdep.lines() {
        // A class: "address FD: 1 BD: 1 +.+.: name"; below it " -> [address] name".
        if let Some((_, inner)) = line
            .strip_prefix(" -> [")
            .and_then(|rest| rest.split_once("] "))
        {
            if let (Some(outer), Some(inner)) = (&outer, ours(inner)) {
                found.insert(format!("{outer} -> {inner}"));
            }
        } else {
            outer = line.rsplit_once(": ").and_then(|(_, name)| ours(name));
        }
    }
    found
}

/// The name of a lock, where it is one of the driver's.
fn ours(name: &str) -> Option<String> {
    let name = name.trim();
    let types = ["Engine::", "Journal::", "Reader::", "PLACE", "Worker"];
    types
        .iter()
        .any(|of| name.starts_with(of))
        .then(|| name.to_owned())
}
