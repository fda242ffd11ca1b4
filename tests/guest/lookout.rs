// SPDX-License-Identifier: GPL-2.0

//! What the driver finds out without being asked: after an event of the firmware, after the
//! machine's sleep, and by the clock. And that none of it outlives the driver.

use crate::common::{self, milspecctl, Test, DRIVER};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{sleep_line, Machine, Module, Options};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("lookout_leaves_dell_events_alone", no_dell_event),
    ("lookout_looks_after_a_dell_event_when_told", dell_event),
    ("lookout_hears_no_events_but_dells", foreign_event),
    ("lookout_leaves_events_to_mainline", leaves_events),
    ("lookout_looks_seldom_in_a_flood_of_events", flood),
    ("lookout_looks_after_a_dsml0001_notification", notification),
    ("lookout_looks_by_the_clock_when_told", clock),
    ("lookout_never_looks_by_itself", silent),
    ("lookout_looks_after_sleep", after_sleep),
    ("lookout_sleeps_while_the_machine_does", frozen),
    ("lookout_goes_with_the_module", unload),
    ("lookout_goes_with_dsml0001", unbind),
];

const SYSFS: &str = "/sys/devices/faux/dell_milspec";
/// A Dell event that mainline drops: stealth mode was toggled by its key.
const STEALTH: [u16; 2] = [0x0010, 0x0155];
/// How long a look may be in coming: the driver takes 2 s at most, the rest is the emulation's.
const PATIENCE: Duration = Duration::from_secs(60);

/// A Dell with DSMIL and the driver.
fn rugged() -> Result<Machine> {
    common::machine("rugged", Module::Autoload)
}

/// A machine whose driver looks after Dell's events, at most once in so many seconds.
fn listening(profile: &str, interval: u32) -> Result<Machine> {
    let machine = common::machine(profile, Module::Present)?;
    machine
        .sh(&format!("modprobe dell_milspec event_interval={interval}"))?
        .ok()?;
    Ok(machine)
}

/// The value that the driver shows. Makes no firmware call.
fn shown(machine: &Machine, control: &str) -> Result<Option<String>> {
    let document = milspecctl(machine, &["control", "show", control])?;
    Ok(document["controls"][0]["value"].as_str().map(str::to_owned))
}

/// Waits until the driver shows a value, without asking it to look.
fn wait_shown(machine: &Machine, control: &str, value: &str) -> Result<()> {
    let start = Instant::now();
    loop {
        let shown = shown(machine, control)?;
        if shown.as_deref() == Some(value) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            bail!("{control} is {value}, and after {PATIENCE:?} still shown as {shown:?}");
        }
        sleep(Duration::from_millis(50));
    }
}

/// Moves the camera's cell, which no firmware call and no event tells of.
fn move_camera(machine: &Machine, value: &str) -> Result<()> {
    machine
        .nvram()?
        .set_setting(machine.plan(), "camera", value)
}

/// Waits until no firmware call was made for a while.
fn wait_quiet(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    let mut counts = machine.nvram()?.counts()?;
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        sleep(Duration::from_millis(50));
        let now = machine.nvram()?.counts()?;
        if !now.since(&counts).nonzero().is_empty() {
            counts = now;
            since = Instant::now();
        }
        ensure!(
            start.elapsed() < PATIENCE,
            "it does not cease to make calls"
        );
    }
    Ok(())
}

/// Fails when a key that is pressed costs a look at all locations, though nobody has asked for that.
fn no_dell_event() -> Result<()> {
    let machine = rugged()?;
    wait_quiet(&machine)?;
    let before = machine.nvram()?.counts()?;
    for _ in 0..3 {
        machine.raise_event(&STEALTH)?;
    }
    wait_quiet(&machine)?;
    // The words of the events are fetched, by dell-wmi.
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(
        calls.smbios() + calls.dsml_total() == 0,
        "{:?}",
        calls.nonzero()
    );
    machine.check_kernel_log()
}

/// Fails when the driver looks because another maker's device sends the number of Dell's events.
fn foreign_event() -> Result<()> {
    let machine = listening("latitude-5440", 1)?;
    wait_quiet(&machine)?;
    let before = machine.nvram()?.counts()?;
    machine.foreign_notify()?;
    wait_quiet(&machine)?;
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(calls.nonzero().is_empty(), "{:?}", calls.nonzero());
    move_camera(&machine, "disabled")?;
    machine.raise_event(&STEALTH)?;
    wait_shown(&machine, "camera", "disabled")?;
    machine.check_kernel_log()
}

/// Fails when the driver does not look after an event though told to, or looks before one.
fn dell_event() -> Result<()> {
    let machine = listening("rugged", 1)?;
    for value in ["disabled", "enabled"] {
        let before = shown(&machine, "camera")?;
        move_camera(&machine, value)?;
        ensure!(
            before != Some(value.to_owned()) && shown(&machine, "camera")? == before,
            "seen without any reason"
        );
        machine.raise_event(&STEALTH)?;
        wait_shown(&machine, "camera", value)?;
    }
    machine.check_kernel_log()
}

/// Fails when an event does not arrive at mainline, or without its words: before the driver is
/// loaded, with it, and after.
fn leaves_events() -> Result<()> {
    let machine = common::machine("rugged", Module::Present)?;
    let listen = GuestCommand::new(["milspec-agent", "events", "300", "Dell WMI hotkeys"]);
    let mut listener = machine.guest()?.spawn(listen)?;
    listener.wait_for("listening", PATIENCE)?;
    for (step, number) in [
        ("true", 1),
        ("modprobe dell_milspec event_interval=1", 2),
        ("rmmod dell_milspec", 3),
    ] {
        machine.sh(step)?.ok()?;
        machine.raise_event(&[0x0000, 0x0150])?;
        let start = Instant::now();
        // EV_KEY KEY_MICMUTE pressed.
        while listener.stdout().matches("1 248 1").count() != number {
            ensure!(
                start.elapsed() < PATIENCE,
                "after {step}: {}",
                listener.stdout()
            );
            ensure!(listener.poll()?.is_none(), "the listener ended");
            sleep(Duration::from_millis(20));
        }
    }
    machine.check_kernel_log()
}

/// Fails when two looks of a flood of events come close together, or when its last event leads to
/// none.
fn flood() -> Result<()> {
    let machine = listening("rugged", 6)?;
    // Of the guest's clock, so that a slow host changes nothing.
    let mut looks: Vec<u64> = Vec::new();
    let start = Instant::now();
    while looks.len() < 4 {
        machine.raise_event(&STEALTH)?;
        let look = machine.read(&format!("{SYSFS}/refreshed_ns"))?.parse()?;
        if looks.last() != Some(&look) {
            looks.push(look);
        }
        ensure!(start.elapsed() < PATIENCE, "looks at {looks:?} and no more");
    }
    // The first is the one of the load.
    for pair in looks[1..].windows(2) {
        ensure!(pair[1] - pair[0] >= 4_000_000_000, "looks at {looks:?}");
    }
    move_camera(&machine, "disabled")?;
    machine.raise_event(&STEALTH)?;
    wait_shown(&machine, "camera", "disabled")?;
    machine.check_kernel_log()
}

/// Fails when the driver does not look after "state changed" or "tamper", or looks after a number
/// that is reserved.
fn notification() -> Result<()> {
    let machine = rugged()?;
    machine.dsmil_change(6, 1, 0)?;
    wait_shown(&machine, "DSMIL0D6", "active")?;
    machine.dsmil_change(7, 1, 1)?;
    wait_shown(&machine, "DSMIL0D7", "active")?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(
        status["tamper"] == serde_json::json!(["DSMIL0D7"]),
        "{status:#}"
    );
    wait_quiet(&machine)?;
    let before = machine.nvram()?.counts()?;
    machine.dsmil_notify(0x82)?;
    machine.dsmil_notify(0xD0)?;
    wait_quiet(&machine)?;
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(calls.nonzero().is_empty(), "{:?}", calls.nonzero());
    machine.check_kernel_log()
}

/// Fails when the driver does not look by the clock though told to.
fn clock() -> Result<()> {
    let machine = common::machine("rugged", Module::Present)?;
    machine
        .run(["modprobe", "dell_milspec", "verify_interval=1"])?
        .ok()?;
    for value in ["disabled", "enabled"] {
        move_camera(&machine, value)?;
        wait_shown(&machine, "camera", value)?;
    }
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    let before = machine.nvram()?.counts()?;
    sleep(Duration::from_secs(3));
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(
        calls.nonzero().is_empty(),
        "after it went: {:?}",
        calls.nonzero()
    );
    machine.check_kernel_log()
}

/// Fails when the driver makes firmware calls though nothing happens.
fn silent() -> Result<()> {
    let machine = rugged()?;
    let before = machine.nvram()?.counts()?;
    sleep(Duration::from_secs(5));
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(calls.nonzero().is_empty(), "{:?}", calls.nonzero());
    Ok(())
}

/// Fails when the driver does not look after the machine's sleep.
fn after_sleep() -> Result<()> {
    let machine = rugged()?;
    for (level, value) in [("devices", "disabled"), ("freezer", "enabled")] {
        move_camera(&machine, value)?;
        machine.sleep(level, 1)?;
        wait_shown(&machine, "camera", value)?;
    }
    let slept = machine.dmesg()?.matches("PM: suspend exit").count();
    ensure!(slept == 2, "it slept {slept} times");
    machine.check_kernel_log()
}

/// Fails when the driver begins a firmware call between the freezing of user space and its thaw.
fn frozen() -> Result<()> {
    // A second processor: one waits for the end of the test, one would make the calls.
    let options = Options {
        processors: 2,
        ..Options::module(Module::Present)
    };
    let machine = Machine::from_snapshot("rugged", &options)?;
    machine
        .run(["modprobe", "dell_milspec", "verify_interval=1"])?
        .ok()?;
    let sleeper = machine
        .guest()?
        .spawn(GuestCommand::shell(&sleep_line("freezer", 12)))?;
    // Awake it looks each second.
    wait_quiet(&machine)?;
    let before = machine.nvram()?.counts()?;
    sleeper.wait(PATIENCE)?.ok()?;
    let start = Instant::now();
    while machine
        .nvram()?
        .counts()?
        .since(&before)
        .nonzero()
        .is_empty()
    {
        ensure!(start.elapsed() < PATIENCE, "it does not wake up");
        sleep(Duration::from_millis(50));
    }
    machine.check_kernel_log()
}

/// Keeps events and notifications coming while a line of shell runs in the guest.
fn besieged(machine: &Machine, line: &str) -> Result<()> {
    let mut busy = machine.guest()?.spawn(GuestCommand::shell(line))?;
    let start = Instant::now();
    let mut rounds = 0;
    while busy.poll()?.is_none() {
        machine.raise_event(&STEALTH)?;
        machine.dsmil_notify(0x80 + (rounds % 2) as u8)?;
        rounds += 1;
        ensure!(
            start.elapsed() < 4 * PATIENCE,
            "after {rounds} rounds it is not done: {}",
            machine.console()
        );
    }
    busy.wait(PATIENCE)?.ok()?;
    ensure!(rounds >= 20, "{rounds} rounds are no siege");
    Ok(())
}

/// Fails when something of the driver is called after it was unloaded.
fn unload() -> Result<()> {
    let machine = rugged()?;
    besieged(
        &machine,
        "set -e; for i in 1 2 3 4 5 6 7 8; do rmmod dell_milspec; \
         modprobe dell_milspec verify_interval=1 event_interval=1; sleep 0.$i; done; rmmod dell_milspec",
    )?;
    machine.raise_event(&STEALTH)?;
    machine.dsmil_notify(0x80)?;
    machine.sleep("freezer", 1)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    machine.dsmil_change(6, 1, 0)?;
    wait_shown(&machine, "DSMIL0D6", "active")?;
    machine.check_kernel_log()
}

/// Fails when a notification reaches a driver that has let go of the device, or none that has it
/// again.
fn unbind() -> Result<()> {
    let machine = rugged()?;
    besieged(
        &machine,
        &format!(
            "set -e; cd {DRIVER}; for i in 1 2 3 4 5 6 7 8; do \
             echo DSML0001:00 >unbind; sleep 0.$i; echo DSML0001:00 >bind; sleep 0.$i; done"
        ),
    )?;
    machine.dsmil_change(6, 1, 0)?;
    wait_shown(&machine, "DSMIL0D6", "active")?;
    // What nobody listens to leads to nothing.
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
        .ok()?;
    wait_quiet(&machine)?;
    let before = machine.read(&format!("{SYSFS}/refreshed_ns"))?;
    machine.dsmil_notify(0x80)?;
    wait_quiet(&machine)?;
    let after = machine.read(&format!("{SYSFS}/refreshed_ns"))?;
    ensure!(before == after, "a look for a device that is not ours");
    machine
        .run(["rmmod", "dell_milspec"])?
        .ok()
        .context("after unbind")?;
    machine.check_kernel_log()
}
