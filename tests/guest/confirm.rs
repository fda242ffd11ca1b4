// SPDX-License-Identifier: GPL-2.0

//! A change that nobody confirms is undone, whatever happens meanwhile: on a system that runs
//! systemd, as installed.

use crate::common::{controls, field, milspecctl, Test};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::machine::Machine;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[("confirm_outlives_who_asks_and_the_boot", outlives)];

/// What boots as often again.
pub const LONG: &[Test] = &[("confirm_undoes_what_a_bios_update_leaves", updated)];

const UNIT: &str = "milspec-confirm.service";
const DIR: &str = "/var/lib/milspecctl";
const RECORD: &str = "/var/lib/milspecctl/unconfirmed.json";

/// The value of each control.
pub fn values(machine: &Machine) -> Result<BTreeMap<String, Value>> {
    let pair = |control: &Value| Ok((field(control, "name")?.to_owned(), control["value"].clone()));
    controls(machine)?.iter().map(pair).collect()
}

/// What `status` says of the change.
fn told(machine: &Machine) -> Result<Value> {
    Ok(milspecctl(machine, &["status"])?["unconfirmed"].clone())
}

/// The record of it.
fn record(machine: &Machine) -> Result<Value> {
    Ok(serde_json::from_str(&machine.read(RECORD)?)?)
}

/// Waits until something is so.
fn until(machine: &Machine, what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so()? {
        if start.elapsed() > Duration::from_secs(150) {
            bail!(
                "never {what}: {:#}\n{}",
                told(machine)?,
                machine.journal(UNIT)?
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn until_undone(machine: &Machine) -> Result<()> {
    until(
        machine,
        "undone",
        || Ok(told(machine)?["state"] == "undone"),
    )
}

/// Sets a mode, which has to be confirmed.
fn set(machine: &Machine, within: &str, more: &[&str]) -> Result<Value> {
    let set = ["mode", "set", "enhanced", "--confirm-within", within];
    let document = milspecctl(machine, &[&set, more].concat())?;
    let confirmation = &document["confirmation"];
    ensure!(confirmation["result"] == "waiting", "{document:#}");
    Ok(document)
}

/// Promise: a change that nobody confirmed is undone although who made it is killed, in the boot
/// after it although the service is killed and the clock jumps, and stays undone after another boot;
/// it cannot be confirmed before the boot from which on it is in force. One that was confirmed after a
/// power cut stays.
fn outlives() -> Result<()> {
    let mut machine = Machine::with_systemd("rugged")?;
    let before = values(&machine)?;
    // Wherever the change is by then: the service waits for its end.
    let killed = format!(
        "milspecctl -q mode set enhanced --confirm-within 3s & pid=$!
         until systemctl -q is-active {UNIT}; do :; done; kill -9 $pid; wait"
    );
    machine.sh(&killed)?;
    until_undone(&machine)?;
    ensure!(values(&machine)? == before, "killed, and not undone");

    set(&machine, "60s", &[])?;
    let changed = values(&machine)?;
    ensure!(changed != before);
    ensure!(told(&machine)?["state"] == "not-in-force");
    let early = machine.run(["milspecctl", "--json", "confirm"])?;
    ensure!(early.code == 1);
    ensure!(early.json()?["error"]["code"] == "not-in-force-yet");
    machine.reboot()?;
    ensure!(values(&machine)? == changed);
    until(&machine, "counting", || {
        Ok(told(&machine)?["left_s"].is_u64())
    })?;
    machine.run(["date", "-s", "2031-01-01"])?.ok()?;
    ensure!(told(&machine)?["state"] == "unconfirmed");
    let first = record(&machine)?["deadline"].clone();
    machine
        .run(["systemctl", "kill", "-s", "KILL", UNIT])?
        .ok()?;
    until(&machine, "started anew", || {
        let deadline = record(&machine)?["deadline"].clone();
        let same = deadline["monotonic_ms"] == first["monotonic_ms"];
        ensure!(same, "{deadline} and {first}");
        Ok(deadline["pid"] != first["pid"])
    })?;
    until_undone(&machine)?;
    ensure!(values(&machine)? == before, "not undone in the next boot");
    let said = machine.journal(UNIT)?;
    ensure!(said.contains("nobody confirmed it within 60 s"), "{said}");
    ensure!(said.contains("in force after the next boot"), "{said}");

    // Nor does the driver take the change for what was before: it was loaded after it.
    let recorded = milspecctl(&machine, &["baseline", "show"])?;
    ensure!(
        recorded["controls"] == Value::Array(Vec::new()),
        "{recorded:#}"
    );

    machine.reboot()?;
    ensure!(values(&machine)? == before, "not undone for good");

    set(&machine, "1h", &[])?;
    machine.power_cycle()?;
    ensure!(told(&machine)?["state"] == "unconfirmed");
    ensure!(milspecctl(&machine, &["confirm"])?["result"] == "kept");
    until(&machine, "at its end", || {
        Ok(machine.run(["systemctl", "is-active", UNIT])?.text().trim() == "inactive")
    })?;
    ensure!(values(&machine)? == changed && told(&machine)?.is_null());
    machine.check_kernel_log()
}

/// Promise: on a full disk nothing is changed. After a BIOS update that took a control away the rest
/// is undone, that one is named, and the machine boots again by itself where that was asked for.
fn updated() -> Result<()> {
    let mut machine = Machine::with_systemd("rugged")?;
    let mut before = values(&machine)?;
    let full = format!(
        "mkdir -p {DIR} && mount -t tmpfs -o size=32k,mode=711 none {DIR} &&
         ! dd if=/dev/zero of={DIR}/fill bs=1k"
    );
    machine.sh(&full)?.ok()?;
    let argv = ["mode", "set", "enhanced", "--confirm-within", "30s"];
    let refused = machine.run([&["milspecctl", "--json"], &argv[..]].concat())?;
    ensure!(refused.json()?["error"]["code"] == "not-recorded");
    ensure!(values(&machine)? == before);
    machine.run(["umount", DIR])?.ok()?;

    let done = set(&machine, "30s", &["--reboot-to-undo"])?;
    let mut steps = done["steps"].as_array().context("no steps")?.iter();
    let setting = steps.find(|step| step["family"] == "platform");
    let gone = field(setting.context("no setting was changed")?, "control")?.to_owned();
    let tokens = machine.plan().by_name.iter();
    let ids = tokens.filter(|((setting, _), _)| *setting == gone);
    let ids: Vec<u16> = ids.map(|(_, token)| token.id).collect();
    machine.update_bios(|profile| profile.tokens.omit.extend(ids))?;
    machine.reboot()?;
    // By itself.
    machine.wait_off(Duration::from_secs(180))?;
    machine.power_cycle()?;
    before.remove(&gone);
    ensure!(values(&machine)? == before);
    ensure!(told(&machine)?["state"] == "undone");
    let said = machine.journal(UNIT)?;
    let named = format!("not on this machine any more: {gone}");
    ensure!(said.contains(&named), "{said}");
    ensure!(said.contains("The machine boots again"), "{said}");
    machine.check_kernel_log()
}
