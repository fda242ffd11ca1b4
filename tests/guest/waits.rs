// SPDX-License-Identifier: GPL-2.0

//! Who waits while the firmware takes its time, and for whom: nobody hangs, and nobody waits for
//! what no one has asked for.

use crate::access::wait_until;
use crate::ask;
use crate::common::{self, milspecctl, Test, DRIVER};
use crate::model::Model;
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use milspec_machine::Call;
use std::path::Path;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("driver_lets_who_waits_be_killed", killed),
    ("driver_never_wakes_the_watchdog", watchdog),
    ("driver_is_not_interrupted_by_io_uring", io_uring),
    ("lookout_gives_way_to_who_asks", gives_way),
    ("lookout_gives_way_to_an_unload", unloads),
];

const PATIENCE: Duration = Duration::from_secs(60);

fn rugged() -> Result<Machine> {
    let machine = common::machine("rugged", Module::Autoload)?;
    ask::install(&machine)?;
    Ok(machine)
}

/// Waits until token reads are under way.
fn wait_reads(machine: &Machine, more: u32) -> Result<()> {
    let before = machine.nvram()?.counts()?;
    wait_until("the firmware is read", || {
        let counts = machine.nvram()?.counts()?;
        Ok(counts.since(&before).token_reads() >= more)
    })
}

/// Fails when a process that waits for the engine does not die at once.
fn killed() -> Result<()> {
    let machine = rugged()?;
    let nvram = machine.nvram()?;
    let [_, locations, ..] = Model::new(&machine)?.look();
    let _strikes = nvram.delay(Call::TOKEN_READ, 500)?;
    let before = nvram.counts()?;
    let first = ask::start(&machine, "refresh")?;
    wait_reads(&machine, 1)?;
    let mut waiting = vec![
        ("a refresh", ask::start(&machine, "refresh")?),
        ("an apply", ask::start(&machine, "apply mode=2")?),
    ];
    let line = format!("exec sh -c 'echo paranoid >{SYSFS}/mode'");
    let file = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    waiting.push(("a write to sysfs", file));
    // Time for all of them to come to the lock.
    wait_reads(&machine, 3)?;
    for (who, process) in waiting {
        process.signal(9)?;
        let output = process.wait(PATIENCE).context(who)?;
        ensure!(output.code == 128 + 9, "{who}: {output:?}");
    }
    let read = nvram.counts()?.since(&before).token_reads();
    ensure!(
        read < locations,
        "they died after the {read} reads of what they waited for"
    );
    nvram.clear_faults()?;
    first.wait(PATIENCE)?.ok()?;
    // Nothing of what they wanted was done.
    let status = milspecctl(&machine, &["status"])?;
    ensure!(
        nvram.counts()?.since(&before).token_writes() == 0,
        "{status:#}"
    );
    machine.check_kernel_log()
}

/// Fails when the kernel says that somebody hangs, while a device is taken away and others wait.
fn watchdog() -> Result<()> {
    let machine = rugged()?;
    let nvram = machine.nvram()?;
    machine
        .sh("echo 4 >/proc/sys/kernel/hung_task_timeout_secs")?
        .ok()?;
    let _strikes = nvram.delay(Call::TOKEN_READ, 400)?;
    let first = ask::start(&machine, "refresh")?;
    wait_reads(&machine, 1)?;
    let second = ask::start(&machine, "refresh")?;
    let line = format!("echo DSML0001:00 >{DRIVER}/unbind");
    let unbind = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    // The watchdog looks once in four seconds, and speaks when it sees the same twice.
    wait_reads(&machine, 30)?;
    nvram.clear_faults()?;
    first.wait(PATIENCE)?.ok()?;
    second.wait(PATIENCE)?.ok()?;
    unbind.wait(PATIENCE)?.ok()?;
    let log = machine.dmesg()?;
    ensure!(!log.contains("blocked for more than"), "{log}");
    machine.check_kernel_log()
}

/// Fails when work that io_uring has for a task undoes the change that the task is making.
fn io_uring() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("uring");
    std::fs::create_dir_all(&directory)?;
    let program = directory.join("uring");
    prepared(&Progress::new())?.build_c(&here.join("uring.c"), Bits::B64, &[], &program)?;

    let machine = rugged()?;
    let bytes = std::fs::read(&program)?;
    machine.guest()?.create("/tmp/uring", &bytes, 0o755)?;
    let _strikes = machine.nvram()?.delay(Call::TOKEN_WRITE, 60)?;
    let file = format!("{SYSFS}/mode");
    let command = GuestCommand::new(["/tmp/uring", &file, "paranoid"]);
    let told = machine.run_command(command)?.ok()?.text();
    let told = told.trim();
    ensure!(told.starts_with("error=0 "), "{told}");
    ensure!(!told.ends_with("fired=0"), "{told}: a test of nothing");
    ensure!(machine.read(&file)? == "paranoid");
    machine.check_kernel_log()
}

/// Fails when somebody waits for a look that nobody has asked for, or when that look is lost.
fn gives_way() -> Result<()> {
    let machine = rugged()?;
    let nvram = machine.nvram()?;
    let [_, locations, ..] = Model::new(&machine)?.look();
    let _strikes = nvram.delay(Call::TOKEN_READ, 300)?;
    nvram.set_setting(machine.plan(), "camera", "disabled")?;
    let before = nvram.counts()?;
    machine.dsmil_notify(0x80)?;
    wait_until("the driver looks", || {
        Ok(nvram.counts()?.since(&before).token_reads() > 0)
    })?;
    // It takes the engine, and makes no firmware call itself.
    let line = format!("echo DSML0001:00 >{DRIVER}/unbind");
    machine.sh(&line)?.ok()?;
    let read = nvram.counts()?.since(&before).token_reads();
    ensure!(
        read < locations,
        "it waited for all the {read} reads of the look"
    );
    nvram.clear_faults()?;
    wait_until("the look comes after all", || {
        let camera = milspecctl(&machine, &["control", "show", "camera"])?;
        Ok(camera["controls"][0]["value"] == "disabled")
    })?;
    machine.check_kernel_log()
}

/// Fails when whoever unloads the module waits for all of a look that nobody has asked for.
fn unloads() -> Result<()> {
    let machine = rugged()?;
    let nvram = machine.nvram()?;
    let [_, locations, ..] = Model::new(&machine)?.look();
    let _strikes = nvram.delay(Call::TOKEN_READ, 300)?;
    let before = nvram.counts()?;
    machine.dsmil_notify(0x80)?;
    wait_until("the driver looks", || {
        Ok(nvram.counts()?.since(&before).token_reads() > 0)
    })?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    let read = nvram.counts()?.since(&before).token_reads();
    ensure!(
        read < locations,
        "it waited for all the {read} reads of the look"
    );
    nvram.clear_faults()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}
