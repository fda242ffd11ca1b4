// SPDX-License-Identifier: GPL-2.0

//! `milspec-monitor.service` on a system that runs systemd: in its sandbox, killed, and over boots.

use crate::access::wait_until;
use crate::common::{field, milspecctl, Test};
use crate::journal::{cause, install, standing};
use crate::monitor::{Told, PATIENCE};
use crate::systemd::{is_running, verified};
use anyhow::{ensure, Context, Result};
use base64::prelude::{Engine, BASE64_STANDARD};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::Machine;
use milspec_machine::prepare::Bits;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The tests of this file.
pub const TESTS: &[Test] = &[("monitor_unit_tells_all_and_is_nobody", unit)];

/// What boots twice more.
pub const LONG: &[Test] = &[("monitor_unit_compares_over_boots", boots)];

const UNIT: &str = "milspec-monitor.service";
const FILE: &str = "/var/log/milspec-monitor/events.ndjson";
const SITE: &str =
    "schema = \"milspec.monitor-site/1\"\nunattended = [\"milspec-enforce.service\"]\n";
const CONFIG: &str = "schema = \"milspec.config/1\"\n[controls]\nbluetooth = \"enabled\"\n";

/// A machine whose monitor has started.
pub fn started() -> Result<Machine> {
    let machine = Machine::with_systemd("rugged")?;
    install(&machine, "cause", Bits::B64)?;
    machine.sh("mkdir -p /etc/milspec /etc/milspecctl")?.ok()?;
    let guest = machine.guest()?;
    guest.create("/etc/milspecctl/monitor.toml", SITE.as_bytes(), 0o644)?;
    guest.create("/etc/milspec/config.toml", CONFIG.as_bytes(), 0o644)?;
    machine.run(["systemctl", "enable", "--now", UNIT])?.ok()?;
    Ok(machine)
}

/// Changes a control, as somebody who has logged in.
pub fn login(machine: &Machine, words: &str) -> Result<()> {
    let line = format!("echo 1000 >/proc/self/loginuid && milspecctl control set {words}");
    machine.sh(&line)?.ok().map(|_| ())
}

/// What the monitor has written to its file so far.
pub fn told(machine: &Machine) -> Result<Told> {
    Told::parse(&machine.sh(&format!("cat {FILE}"))?.ok()?.text())
}

/// Waits until what was told fits; what was.
pub fn wait_told(
    machine: &Machine,
    what: &str,
    fits: impl Fn(&Told) -> Result<bool>,
) -> Result<Told> {
    let start = Instant::now();
    loop {
        let told = told(machine)?;
        if fits(&told)? {
            return Ok(told);
        }
        if start.elapsed() > 2 * PATIENCE {
            let said = machine.journal(UNIT)?;
            anyhow::bail!("never: {what}: {:#?}\n{said}", told.0);
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// The records of the load that is running by their sequences, each in base64.
fn records(told: &Told) -> BTreeMap<u64, String> {
    let last = told
        .of_type("record")
        .last()
        .map(|line| line["load"].clone());
    let mine = told
        .of_type("record")
        .filter(|line| Some(&line["load"]) == last.as_ref());
    let pairs = mine.filter_map(|line| {
        let record = line["record"].as_str()?;
        Some((line["sequence"].as_u64()?, record.to_owned()))
    });
    pairs.collect()
}

/// Waits until all that the driver has recorded so far is told, without a hole.
pub fn all_told(machine: &Machine) -> Result<Told> {
    let last = standing(machine)?.next - 1;
    let whole = |told: &Told| {
        let sequences: BTreeSet<u64> = records(told).into_keys().collect();
        Ok((1..=last).all(|sequence| sequences.contains(&sequence)))
    };
    wait_told(machine, &format!("all of {last} records"), whole)
}

/// What journald has of it.
fn in_journald(machine: &Machine) -> Result<Vec<Value>> {
    let line = "journalctl -t milspec-monitor -o json --no-pager";
    let text = machine.sh(line)?.ok()?.text();
    let lines = text.lines();
    lines.map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// A line of `/proc/PID/status` of the monitor.
pub fn process(machine: &Machine, name: &str) -> Result<String> {
    let line = format!(
        "sed -n 's/^{name}:[[:space:]]*//p' /proc/$(systemctl show -p MainPID --value {UNIT})/status"
    );
    Ok(machine.sh(&line)?.ok()?.text().trim().to_owned())
}

/// Promise: the unit watches as a user of its own that has no right but to read the device; what it tells
/// is in journald by field, in a file whose records verify, and in metrics, and everybody is told that it
/// watches. What a unit does that the site has named is not found, what root does beside it is. Killed,
/// it comes back by itself and has told of everything.
fn unit() -> Result<()> {
    let machine = started()?;
    let uid = process(&machine, "Uid")?;
    let uid: u32 = uid.split_whitespace().next().context("no user")?.parse()?;
    ensure!((61184..=65519).contains(&uid), "it runs as {uid}");
    ensure!(process(&machine, "CapEff")? == "0000000000000000");
    ensure!(process(&machine, "Seccomp")? == "2" && process(&machine, "NoNewPrivs")? == "1");

    for words in ["camera=disabled", "camera=enabled", "bluetooth=disabled"] {
        login(&machine, words)?;
    }
    let told = all_told(&machine)?;
    ensure!(told.found()?.is_empty(), "{:?}", told.found());
    machine
        .run(["systemctl", "start", "milspec-enforce"])?
        .ok()?;
    let told = all_told(&machine)?;
    let mut steps = told.of_type("record");
    let step = steps.find(|line| line["control"] == "bluetooth" && line["to"] == "enabled");
    let unit = field(step.context("nothing was enforced")?, "unit")?;
    ensure!(unit == "/system.slice/milspec-enforce.service", "{unit}");
    ensure!(told.found()?.is_empty(), "{:?}", told.found());
    machine
        .sh("milspecctl control set gps=disabled && milspecctl control set gps=enabled")?
        .ok()?;
    let told = all_told(&machine)?;
    ensure!(
        told.found()? == ["weakened-unattended gps"],
        "{:?}",
        told.found()
    );

    let lines = in_journald(&machine)?;
    ensure!(lines.len() >= told.0.len(), "{} lines", lines.len());
    let mut steps = lines.iter().filter(|line| line["MILSPEC_KIND"] == "step");
    let step = steps
        .find(|line| line["MILSPEC_TO"] == "enabled")
        .context("no step")?;
    for (name, value) in [
        ("MILSPEC_CONTROL", "camera"),
        ("MILSPEC_FROM", "disabled"),
        ("MILSPEC_DIRECTION", "weaker"),
        ("MILSPEC_LOGIN_UID", "1000"),
        ("MILSPEC_STEP", "done"),
        ("_SYSTEMD_UNIT", UNIT),
        ("PRIORITY", "5"),
    ] {
        ensure!(step[name] == value, "{name} is not {value}: {step:#}");
    }
    let rule = lines
        .iter()
        .find(|line| line["MILSPEC_RULE"] == "weakened-unattended");
    ensure!(rule.context("no finding")?["PRIORITY"] == "4");

    let file: Vec<u8> = records(&told)
        .values()
        .map(|record| Ok(BASE64_STANDARD.decode(record)?))
        .collect::<Result<Vec<_>>>()?
        .concat();
    machine.guest()?.create("/tmp/told.journal", &file, 0o644)?;
    verified(&machine, &["/tmp/told.journal"], 1)?;
    let metrics = machine.read("/run/milspec-monitor/milspec.prom")?;
    for line in [
        "milspec_up 1",
        "milspec_findings_total{rule=\"weakened-unattended\"} 1",
    ] {
        ensure!(
            metrics.lines().any(|other| other == line),
            "no {line}: {metrics}"
        );
    }
    watches(&machine)?;

    machine
        .run(["systemctl", "kill", "-s", "KILL", UNIT])?
        .ok()?;
    cause(&machine, "stale 4")?;
    login(&machine, "nfc=disabled")?;
    let told = all_told(&machine)?;
    let started = told
        .of_type("note")
        .filter(|line| line["note"] == "started");
    ensure!(
        started.count() == 2 && told.found()?.len() == 1,
        "{:?}",
        told.found()
    );
    watches(&machine)?;
    is_running(&machine)
}

/// Fails unless everybody who may read the device is told that a monitor watches, and doctor agrees.
fn watches(machine: &Machine) -> Result<()> {
    let group = machine.sh("grep ^milspec: /etc/group | cut -d: -f3")?;
    let group: u32 = group.text().trim().parse().context("no group milspec")?;
    let status = || -> Result<Value> {
        let status = GuestCommand::new(["milspecctl", "--json", "status"]).user(65534, group);
        machine.run_command(status)?.ok()?.json()
    };
    // It says so after it has told what there was.
    wait_until("it watches", || {
        Ok(status()?["monitor"]["state"] == "watches")
    })?;
    let status = status()?;
    ensure!(status["monitor"]["failing"] == serde_json::json!([]));
    let doctor = machine.run(["milspecctl", "--json", "doctor"])?.json()?;
    let mut checks = doctor["checks"].as_array().into_iter().flatten();
    let check = checks
        .find(|check| check["id"] == "monitor")
        .context("no such check")?;
    ensure!(check["result"] == "ok", "{check:#}");
    Ok(())
}

/// Promise: what was weakened while the machine was off is found at the next boot, with the version of the
/// BIOS before and after, and told apart from what an update of the BIOS may have done.
fn boots() -> Result<()> {
    let mut machine = started()?;
    for words in ["camera=disabled", "gps=disabled"] {
        login(&machine, words)?;
    }
    ensure!(all_told(&machine)?.found()?.is_empty());
    let plan = machine.plan().clone();
    let version = machine.profile().dmi.bios_version.clone();
    machine.reboot_with(|nvram| nvram.set_setting(&plan, "camera", "enabled"))?;
    let found = |rule: &'static str| move |told: &Told| Ok(told.finding(rule).is_ok());
    let told = wait_told(&machine, "weaker since boot", found("weaker-since-boot"))?;
    ensure!(
        told.found()? == ["weaker-since-boot camera"],
        "{:?}",
        told.found()
    );
    let finding = told.finding("weaker-since-boot")?;
    for name in ["bios_before", "bios_after"] {
        ensure!(field(finding, name)?.starts_with(&version), "{finding:#}");
    }
    ensure!((&finding["from"], &finding["to"]) == (&"disabled".into(), &"enabled".into()));
    let stopped = told
        .of_type("note")
        .filter(|line| line["note"] == "stopped");
    ensure!(stopped.count() == 1, "it was not stopped in time");

    machine.update_bios(|profile| profile.dmi.bios_version = "9.99.0".to_owned())?;
    machine.reboot_with(|nvram| nvram.set_setting(&plan, "gps", "enabled"))?;
    let rule = "weaker-since-bios-update";
    let told = wait_told(&machine, "weaker since an update", found(rule))?;
    let expected = ["weaker-since-bios-update gps", "weaker-since-boot camera"];
    ensure!(told.found()? == expected, "{:?}", told.found());
    let finding = told.finding(rule)?;
    ensure!(
        field(finding, "bios_before")?.starts_with(&version),
        "{finding:#}"
    );
    ensure!(
        field(finding, "bios_after")?.starts_with("9.99.0"),
        "{finding:#}"
    );
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["monitor"]["state"] == "watches", "{status:#}");
    is_running(&machine)
}
