// SPDX-License-Identifier: GPL-2.0

//! What the monitor finds of what the firmware does, or what was done while nobody saw it.

use crate::apply::EIO;
use crate::ask::{self, one, set};
use crate::common::{field, Test, DRIVER};
use crate::journal::{cause, wait_for};
use crate::monitor::{
    finds, look, move_cell, site, tell, watched, Told, LOGIN, PATIENCE, SIGTERM, STATE,
};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::{Call, Fault, Wrong};
use milspec_uapi as uapi;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("monitor_finds_what_the_firmware_does", firmware),
    ("monitor_finds_what_another_load_hides", loads),
];

/// Promise: tampering, a change that went wrong half way, devices that are let go, and firmware that
/// cannot be read, are found, and nothing else with them: that values
/// are not known meanwhile is no change of them.
fn firmware() -> Result<()> {
    let machine = watched("rugged")?;
    let nvram = machine.nvram()?;
    let state = nvram.dsmil_state(5)?.state;
    machine.dsmil_change(5, state, 1)?;
    wait_for(&machine, uapi::KIND_TAMPER)?;
    finds(&machine, "", &["tamper DSMIL0D5"])?;
    nvram.dsmil_set_state(5, state, 0)?;

    let tokens = &machine.plan().by_name;
    let camera = tokens.get(&("camera".to_owned(), "enabled".to_owned()));
    let location = camera.context("no such token")?.location;
    let before = nvram.location(location)?;
    nvram.set_location(location, 0x7F7F)?;
    look(&machine)?;
    finds(&machine, "", &["unknown-outside camera"])?;
    nvram.set_location(location, before)?;
    look(&machine)?;
    finds(&machine, "", &[])?;

    // From the third write on it takes none, and so does not take back the first two.
    let broken = Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)).nth(3);
    let armed = nvram.arm(broken.times(u32::MAX))?;
    let request = ["camera", "microphone", "gps", "nfc"].map(|control| set(control, "disabled"));
    let request = request.into_iter().collect::<Result<Vec<_>>>()?.join(" ");
    let answer = one(&machine, &format!("apply {request}"))?.ends(EIO, uapi::OUTCOME_DEGRADED)?;
    nvram.disarm(armed)?;
    let steps = answer.steps.iter();
    let left = steps.filter(|step| step.state == uapi::STEP_DEGRADED);
    let mut left: Vec<String> = left
        .map(|step| format!("degraded {}", ask::name(step.control)))
        .collect();
    left.sort();
    ensure!(left.len() == 2, "{answer:?}");
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    finds(&machine, "", &left)?;

    // A monitor that goes on watching: what it does not know, it looks at twice.
    let fault = nvram.arm(Fault::new(Call::dsml(4), Wrong::Nothing))?;
    let line = format!("milspecctl monitor run --state {STATE} --ndjson -");
    let command = GuestCommand::new(line.split(' '));
    let mut monitor = machine.guest()?.spawn(command)?;
    monitor.wait_for("\"started\"", PATIENCE)?;
    look(&machine)?;
    cause(&machine, "stale 1")?;
    monitor.wait_for("look-fails", PATIENCE)?;
    cause(&machine, "stale 1")?;
    ensure!(nvram.hits(fault)? > 0, "the fault did not strike");
    nvram.clear_faults()?;
    look(&machine)?;
    cause(&machine, "stale 1")?;
    wait_records(&mut monitor, "refused", 3)?;
    monitor.signal(SIGTERM)?;
    let told = Told::parse(&monitor.wait(PATIENCE)?.text())?;
    ensure!(told.found()? == ["look-fails"], "{:?}", told.found());

    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
        .ok()?;
    finds(&machine, "", &["device-let-go"])?;
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?
        .ok()?;
    finds(&machine, "", &[])?;
    machine.check_kernel_log()
}

/// Waits until a monitor has told of so many records of a kind.
fn wait_records(monitor: &mut Process<'_>, kind: &str, count: usize) -> Result<()> {
    let start = Instant::now();
    let text = format!("\"kind\":\"{kind}\"");
    loop {
        monitor.poll()?;
        let told = monitor.stdout();
        if told.matches(&text).count() >= count {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "{told}{}", monitor.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Promise: what was changed while the module was not loaded is found, each control by which way it went,
/// and that the module was loaded again, or with its guard down; so is a journal that is not the one that
/// was read before, records that nobody has read in time, and a TPM that takes none.
fn loads() -> Result<()> {
    let mut machine = watched("rugged")?;
    // The chain value is the last of a record, and so of its base64.
    let path = format!("{STATE}/state.json");
    let mut state: Value = serde_json::from_str(&machine.read(&path)?)?;
    let last = field(&state, "last")?.to_owned();
    let at = 4 * uapi::EVENT_CHAINED / 3;
    let other = if last[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    state["last"] = format!("{}{other}{}", &last[..at], &last[at + 1..]).into();
    machine
        .guest()?
        .create(&path, state.to_string().as_bytes(), 0o600)?;
    finds(&machine, "", &["chain-broken"])?;
    finds(&machine, "", &[])?;

    let login = |words: &str| machine.sh(&format!("{LOGIN}milspecctl control set {words}"));
    login("camera=disabled")?.ok()?;
    finds(&machine, "", &[])?;
    let load = |more: &str, moved: [(&str, &str); 2]| -> Result<()> {
        machine.sh("rmmod dell_milspec")?.ok()?;
        for (control, value) in moved {
            move_cell(&machine, control, value)?;
        }
        machine.sh(&format!("modprobe dell_milspec {more}"))?.ok()?;
        Ok(())
    };
    load("", [("camera", "enabled"), ("gps", "disabled")])?;
    let expected = [
        "changed-since-boot gps",
        "loaded-again",
        "weaker-since-boot camera",
    ];
    let told = finds(&machine, "", &expected)?;
    let finding = told.finding("weaker-since-boot")?;
    ensure!(finding["bios_before"] == finding["bios_after"] && finding["bios_after"].is_string());
    finds(&machine, "", &[])?;
    load(
        "allow_restricted=1",
        [("camera", "enabled"), ("gps", "disabled")],
    )?;
    finds(&machine, "", &["loaded-again", "unguarded"])?;

    // Of so many refusals each fifth would be a finding.
    let without = site(&machine, "without = [\"refusals\"]")?;
    cause(&machine, "stale 5000")?;
    let told = finds(&machine, &without, &["records-lost"])?;
    let gap = told.of_type("record").find(|line| line["kind"] == "gap");
    let lost = gap.context("no gap")?["count"].as_u64();
    let records = told
        .of_type("record")
        .filter(|line| line["kind"] == "refused");
    let told_of = records.count() as u64;
    ensure!(
        told_of + lost.unwrap_or(0) == 5000,
        "{told_of} and {lost:?}"
    );
    let notes: Vec<&Value> = told.of_type("note").collect();
    ensure!(notes.len() == 1, "lines were lost: {notes:?}");

    machine.check_kernel_log()?;
    machine.tpm()?.kill()?;
    machine
        .sh(&format!("{LOGIN}milspecctl control set nfc=disabled"))?
        .ok()?;
    wait_for(&machine, uapi::KIND_ANCHOR_FAILED)?;
    let told = tell(&machine, "")?;
    let mut found = told.found()?;
    found.dedup();
    ensure!(found == ["anchor-failed"], "{found:?}");
    Ok(())
}
