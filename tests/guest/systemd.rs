// SPDX-License-Identifier: GPL-2.0

//! What `make install` installs, on a system that runs systemd and keeps its disk.

use crate::access::wait_until;
use crate::common::{milspecctl, Test};
use crate::journal::MODE;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::Machine;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[("systemd_boots_what_is_installed", boots)];

/// What boots as often again.
pub const LONG: &[Test] = &[("systemd_keeps_the_journal_whatever_happens", keeps_journal)];

const UNIT: &str = "milspec-journal.service";
const ENFORCE: &str = "milspec-enforce.service";
/// What it brings about.
const CONFIG: &str = "schema = \"milspec.config/1\"\n[controls]\nbluetooth = \"disabled\"\n\
                      [if-present]\ncamera = \"disabled\"\n";
const FILE: &str = "/var/lib/milspec/journal";

/// Fails when a unit has, or has not been started.
pub fn is_running(machine: &Machine) -> Result<()> {
    let state = machine.run(["systemctl", "is-system-running"])?.text();
    let failed = machine.sh("systemctl --failed --plain; journalctl -b -p err --no-pager")?;
    ensure!(state.trim() == "running", "{state}{}", failed.text());
    machine.check_kernel_log()
}

/// Promise: with the package installed systemd starts all it should, and udev loads the module, at
/// once as well as at a boot; the device belongs to the group that sysusers has made, whose members
/// may read. A BIOS update that takes a setting away takes its control away and nothing else. The unit
/// that enforces a file does nothing before it is enabled; then it brings the file about at once and,
/// in its sandbox, at each boot, whatever has changed in between, and its timer waits. During a
/// training it is skipped.
fn boots() -> Result<()> {
    let mut machine = Machine::with_systemd("rugged")?;
    installed(&machine)?;
    let guest = machine.guest()?;
    // The file may come after the timer has been enabled.
    let timer = ["systemctl", "enable", "--now", "milspec-enforce.timer"];
    machine.run(timer)?.ok()?;
    let timer = machine.run(["systemctl", "is-active", "milspec-enforce.timer"])?;
    ensure!(timer.text().trim() == "active", "{}", timer.text());
    machine.sh("mkdir -p /etc/milspec")?.ok()?;
    guest.create("/etc/milspec/config.toml", CONFIG.as_bytes(), 0o644)?;
    let said = machine.journal(ENFORCE)?;
    ensure!(!said.contains("Start"), "it was enabled: {said}");
    let enable = [
        "systemctl",
        "enable",
        "--now",
        ENFORCE,
        "milspec-enforce.timer",
    ];
    machine.run(enable)?.ok()?;
    // Everybody sees whether a change waits to be confirmed, and nothing more.
    let dir = machine.run(["stat", "-c", "%a", "/var/lib/milspecctl"])?;
    ensure!(dir.ok()?.text().trim() == "711");
    let is = |machine: &Machine, control: &str| -> Result<String> {
        let output = machine.run(["milspecctl", "control", "get", control])?;
        Ok(output.ok()?.text().trim().to_owned())
    };
    for control in ["bluetooth", "camera"] {
        ensure!(is(&machine, control)? == "disabled", "{control}");
    }
    // Nothing of a training is enforced, and the unit has not failed.
    machine.run(["milspecctl", "training", "start"])?.ok()?;
    machine.run(["systemctl", "start", ENFORCE])?;
    let said = machine.journal(ENFORCE)?;
    let failed = machine.run(["systemctl", "is-failed", ENFORCE])?;
    let skipped = said.contains("TRAINING: ") && said.matches("Finished ").count() == 1;
    ensure!(skipped && !failed.success(), "{said}");
    machine.run(["milspecctl", "training", "stop"])?.ok()?;
    machine
        .nvram()?
        .set_setting(machine.plan(), "bluetooth", "enabled")?;
    let before = milspecctl(&machine, &["control", "list"])?["total"].clone();
    let camera = |machine: &Machine| machine.run(["milspecctl", "control", "show", "camera"]);
    camera(&machine)?.ok()?;
    let tokens = machine.plan().by_name.iter();
    let ids = tokens.filter(|((setting, _), _)| setting == "camera");
    let ids: Vec<u16> = ids.map(|(_, token)| token.id).collect();
    machine.update_bios(|profile| profile.tokens.omit = ids)?;
    machine.run(["systemctl", "--no-block", "reboot"])?.ok()?;
    machine.wait_reboot(Duration::from_secs(120))?;
    installed(&machine)?;
    let after = milspecctl(&machine, &["control", "list"])?["total"].clone();
    ensure!(after.as_u64() < before.as_u64(), "{before} and {after}");
    ensure!(!camera(&machine)?.success(), "the camera is still there");
    // The device starts it, whenever that comes.
    let finished = |said: &str| said.matches("Finished ").count() == 2;
    wait_until("enforced", || Ok(finished(&machine.journal(ENFORCE)?)))?;
    let said = machine.journal(ENFORCE)?;
    ensure!(said.contains("not on this machine: camera"), "{said}");
    ensure!(is(&machine, "bluetooth")? == "disabled", "{said}");
    let timer = machine.run(["systemctl", "is-active", "milspec-enforce.timer"])?;
    ensure!(timer.text().trim() == "active", "{}", timer.text());
    Ok(())
}

fn installed(machine: &Machine) -> Result<()> {
    is_running(machine)?;
    let device = machine.run(["stat", "-c", "%U %G %a", "/dev/milspec"])?;
    let device = device.ok()?.text();
    ensure!(device.trim() == "root milspec 640", "{device}");
    let group = machine.sh("grep ^milspec: /etc/group | cut -d: -f3")?;
    let group: u32 = group.text().trim().parse().context("no group milspec")?;
    ensure!(group < 1000, "{group} is no system group");
    let status = |group| GuestCommand::new(["milspecctl", "status"]).user(65534, group);
    machine.run_command(status(group))?.ok()?;
    ensure!(!machine.run_command(status(65534))?.success());
    let module = machine.run(["modinfo", "-n", "dell_milspec"])?.ok()?.text();
    ensure!(module.contains("/updates/dell_milspec.ko"), "{module}");
    Ok(())
}

/// Changes something, and waits until the files have it, of which there are so many loads then.
fn change(machine: &Machine, files: &[&str], loads: usize) -> Result<()> {
    let line = format!("echo enhanced >{MODE} && echo baseline >{MODE}");
    machine.sh(&line)?.ok()?;
    verified(machine, files, loads)
}

/// Waits until the files have all that the driver has, of so many loads, and the TPM agrees.
pub fn verified(machine: &Machine, files: &[&str], loads: usize) -> Result<()> {
    let start = Instant::now();
    loop {
        let argv = [&["milspecctl", "--json", "journal", "verify"], files].concat();
        let output = machine.run(argv)?;
        let found = output.json()?;
        if found["result"] != "wrong" && found["driver"]["newer"] == 0 {
            ensure!(found["tpm"]["result"] == "matches", "{found:#}");
            let all = found["loads"].as_array().context("no loads")?;
            ensure!(all.len() == loads, "{found:#}");
            // Of boots before this one nothing but the chain is left.
            let last = all.last().context("no load")?;
            ensure!(last["proven_to"] == last["last"], "{found:#}");
            output.exits(if loads == 1 { 0 } else { 7 })?;
            return Ok(());
        }
        let said = || machine.journal(UNIT).unwrap_or_default();
        let late = start.elapsed() > Duration::from_secs(60);
        ensure!(!late, "not kept: {found:#}\n{}", said());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Promise: once enabled, the unit keeps one journal, which is verified against driver and TPM, from
/// boot to boot: after a reboot, and after a power cut that has torn its last record. While it runs
/// the module stays; when it is stopped the module can go, and both come back together. logrotate
/// moves it away under it.
fn keeps_journal() -> Result<()> {
    let mut machine = Machine::with_systemd("rugged")?;
    machine.run(["systemctl", "enable", "--now", UNIT])?.ok()?;
    change(&machine, &[FILE], 1)?;
    machine.reboot()?;
    is_running(&machine)?;
    change(&machine, &[FILE], 2)?;
    let said = machine.journal(UNIT)?;
    ensure!(said.matches("Started ").count() == 2, "{said}");

    // It is started anew after 30 s only.
    machine
        .run(["systemctl", "kill", "-s", "KILL", UNIT])?
        .ok()?;
    // The begin of a record, as a write that was not finished leaves it.
    let torn = format!("head -c 57 {FILE} >/tmp/torn && cat /tmp/torn >>{FILE} && sync");
    machine.sh(&torn)?.ok()?;
    let found = machine.run(["milspecctl", "--json", "journal", "verify", FILE])?;
    ensure!(found.json()?["broken"]["code"] == "cut-off");
    // A cut is one: what was not flushed is lost.
    let unflushed = "/var/lib/milspec/unflushed";
    machine.sh(&format!("echo something >{unflushed}"))?.ok()?;
    machine.power_cycle()?;
    is_running(&machine)?;
    ensure!(machine.run(["test", "-s", unflushed])?.code == 1);
    change(&machine, &[FILE], 3)?;

    ensure!(!machine.run(["rmmod", "dell_milspec"])?.success());
    machine.run(["systemctl", "stop", UNIT])?.ok()?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let rotation = "/etc/logrotate.d/milspec-journal";
    machine.run(["logrotate", "--force", rotation])?.ok()?;
    change(&machine, &[&format!("{FILE}.1"), FILE], 4)?;
    is_running(&machine)
}
