// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance` with the real driver: each check passes and fails with what the driver and the
//! kernel of a simulated machine say, and nothing edits an answer.

use crate::common::{controls, field, machine, milspecctl, Test};
use crate::journal::{cause, machine_with_cause};
use anyhow::{ensure, Context, Result};
use milspec::compliance::registry::{Check, Term};
use milspec::compliance::REGISTRY;
use milspec_machine::machine::{Machine, Module};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("compliance_follows_a_mode_over_a_boot", over_a_boot),
    ("compliance_checks_of_facts_pass_and_fail", facts),
];

/// Machines of many ages, for every control that one of them has.
pub const LONG: &[Test] = &[("compliance_checks_of_controls_pass_and_fail", every_control)];

/// Result and reason of each check: `satisfied`, `not-satisfied value`.
fn results(machine: &Machine) -> Result<BTreeMap<String, String>> {
    let document = milspecctl(machine, &["compliance"])?;
    of_document(&document)
}

fn of_document(document: &Value) -> Result<BTreeMap<String, String>> {
    let of = &document["assessments"][0];
    ensure!(of["simulated"] == true, "not marked: {of:#}");
    let checks = of["checks"].as_array().context("no checks")?;
    let came = |check: &Value| {
        let reason = check["reason"].as_str().map(|word| format!(" {word}"));
        let reason = reason.unwrap_or_default();
        Ok((
            field(check, "id")?.into(),
            format!("{}{reason}", field(check, "result")?),
        ))
    };
    checks.iter().map(came).collect()
}

/// Holds checks to what they should come to.
fn expect(machine: &Machine, when: &str, wanted: &[(&str, &str)]) -> Result<()> {
    let results = results(machine)?;
    let came = |check: &str| results.get(check).map(String::as_str);
    let wrong = wanted
        .iter()
        .filter(|(check, result)| came(check) != Some(result));
    let wrong: Vec<_> = wrong.map(|(check, _)| (check, came(check))).collect();
    ensure!(wrong.is_empty(), "{when}: {wrong:?}, of {results:#?}");
    Ok(())
}

/// Fails when what a mode writes is said to be in force before the boot, is not said to be after it, when
/// something is satisfied that no mode touched, or when judging makes a firmware call of the driver's.
fn over_a_boot() -> Result<()> {
    let mut machine = machine("latitude-7490", Module::Autoload)?;
    let before = [
        ("camera-off", "not-satisfied value"),
        ("bluetooth-off", "not-satisfied value"),
        ("firewire-off", "not-applicable"),
        ("no-drift", "satisfied"),
        ("journal-anchored", "satisfied"),
        ("changes-recorded", "satisfied"),
        ("tpm-usable", "satisfied"),
        ("setup-locked", "not-satisfied out-of-reach"),
    ];
    expect(&machine, "before", &before)?;
    let counts = machine.nvram()?.counts()?;
    let document = milspecctl(
        &machine,
        &["compliance", "--framework", "800-53", "--baseline", "low"],
    )?;
    let since = machine.nvram()?.counts()?.since(&counts);
    ensure!(
        since.token_reads() == 0 && since.token_writes() == 0,
        "it asked the firmware"
    );
    ensure!(of_document(&document)?.contains_key("camera-off"));
    milspecctl(&machine, &["mode", "set", "paranoid"])?;
    let waits = [
        ("camera-off", "not-satisfied pending-reboot"),
        ("bluetooth-off", "not-satisfied pending-reboot"),
        ("no-drift", "satisfied"),
        ("journal-anchored", "satisfied"),
    ];
    expect(&machine, "before the boot", &waits)?;
    machine.reboot()?;
    let after = [
        ("camera-off", "satisfied"),
        ("bluetooth-off", "satisfied"),
        ("setup-locked", "not-satisfied out-of-reach"),
    ];
    expect(&machine, "after the boot", &after)?;
    // A report of the machine says the same of its settings.
    machine
        .sh("rm -f /tmp/report.json; milspecctl report --yes -o /tmp/report.json")?
        .ok()?;
    let reported = milspecctl(&machine, &["compliance", "--file", "/tmp/report.json"])?;
    let (live, reported) = (results(&machine)?, of_document(&reported)?);
    let told = ["module-signatures", "bios-password", "audit"];
    for check in &REGISTRY.checks {
        let untold = check
            .terms
            .iter()
            .any(|term| term.fact().is_some_and(|fact| told.contains(&fact)));
        ensure!(
            untold || live[&check.id] == reported[&check.id],
            "{}: {live:?} {reported:?}",
            check.id
        );
    }
    for (form, mark) in [
        ("csv", "simulated"),
        ("html", "simulated machine"),
        ("oscal", "simulated"),
    ] {
        let output = machine
            .run(["milspecctl", "compliance", "--format", form])?
            .ok()?;
        ensure!(output.text().contains(mark), "{form} is not marked");
    }
    machine.check_kernel_log()
}

/// Fails when a check of the kernel, the TPM, the password, the journal or tampering does not come to what
/// the machine is.
fn facts() -> Result<()> {
    let machine = machine_with_cause("rugged-5430", Module::Autoload)?;
    let bad = [
        ("kernel-lockdown", "not-satisfied value"),
        ("modules-signed", "not-satisfied value"),
        ("bios-password-set", "not-satisfied value"),
        ("kernel-audit-on", "not-satisfied value"),
        ("secure-boot-on", "not-satisfied value"),
    ];
    let good = [
        ("tpm-usable", "satisfied"),
        ("no-tamper", "satisfied"),
        ("no-drift", "satisfied"),
        ("changes-recorded", "satisfied"),
        ("journal-anchored", "satisfied"),
        ("journal-complete", "satisfied"),
    ];
    expect(&machine, "as it starts", &bad)?;
    expect(&machine, "as it starts", &good)?;
    milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    machine.nvram()?.set_password("Tr0ub4dor", 0x5EC5)?;
    machine.nvram()?.trip_intrusion(machine.plan())?;
    machine
        .nvram()?
        .set_setting(machine.plan(), "camera", "enabled")?;
    milspecctl(&machine, &["status", "--refresh"])?;
    machine
        .sh("echo integrity >/sys/kernel/security/lockdown")?
        .ok()?;
    cause(&machine, "stale 5000")?;
    let turned = [
        ("kernel-lockdown", "satisfied"),
        ("modules-signed", "satisfied"),
        ("bios-password-set", "satisfied"),
        ("no-tamper", "not-satisfied value"),
        ("no-drift", "not-satisfied value"),
        ("journal-complete", "not-satisfied value"),
    ];
    expect(&machine, "after all that", &turned)?;
    machine.check_kernel_log()?;
    let without = crate::common::machine("bad/no-tpm", Module::Autoload)?;
    let none = [
        ("tpm-usable", "not-satisfied value"),
        ("journal-anchored", "not-satisfied value"),
    ];
    expect(&without, "without a TPM", &none)?;
    // Where there is no driver, nothing is proven of what it would say.
    without.sh("milspecctl report --yes -o /tmp/with.json && rmmod dell_milspec && milspecctl report --yes -o /tmp/without.json")?.ok()?;
    let document = milspecctl(&without, &["compliance", "--file", "/tmp/without.json"])?;
    let unread = of_document(&document)?;
    for check in ["changes-recorded", "no-drift", "camera-off"] {
        ensure!(
            unread[check] == "not-satisfied unread",
            "{check}: {}",
            unread[check]
        );
    }
    Ok(())
}

/// Puts a value in force that is wanted, or one that is not. `None` where the machine has none.
fn turn(machine: &Machine, term: &Term, good: bool) -> Result<Option<()>> {
    let (plan, nvram) = (machine.plan(), machine.nvram()?);
    let listed = plan.setting(&term.name);
    let is_wanted = |value: &str| term.wanted.iter().any(|wanted| wanted == value);
    if let Some((value, _)) = listed.iter().find(|(value, _)| is_wanted(value) == good) {
        nvram.set_setting(plan, &term.name, value)?;
        return Ok(Some(()));
    }
    // The value that has no token is in force when no token is active.
    if listed.len() != 1 {
        return Ok(None);
    }
    for (_, token) in listed {
        let idle = plan
            .locations
            .get(&token.location)
            .map_or(0, |location| location.idle);
        nvram.set_location(token.location, idle)?;
    }
    Ok(Some(()))
}

/// Has the driver find the machine as it is, as after a boot: what changes under it waits for one.
fn reload(machine: &Machine) -> Result<()> {
    machine
        .sh("rmmod dell_milspec && modprobe dell_milspec")?
        .ok()?;
    Ok(())
}

/// Whether a check is about controls alone.
fn of_controls(check: &Check) -> bool {
    check.terms.iter().all(|term| term.fact().is_none())
}

/// Fails when a check of controls does not pass or does not fail on any machine, each time with values that
/// the driver has read.
fn every_control() -> Result<()> {
    const PROFILES: [&str; 7] = [
        "rugged-5430",
        "rugged-7212",
        "latitude-e6440",
        "latitude-d630",
        "optiplex-7090",
        "precision-5530",
        "xps-18",
    ];
    let (mut passed, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for profile in PROFILES {
        let machine = machine(profile, Module::Autoload)?;
        let names: BTreeSet<String> = controls(&machine)?
            .iter()
            .map(|control| field(control, "name").map(str::to_owned))
            .collect::<Result<_>>()?;
        for round in [true, false] {
            for check in REGISTRY.checks.iter().filter(|check| of_controls(check)) {
                for term in check.terms.iter().filter(|term| names.contains(&term.name)) {
                    turn(&machine, term, round)?;
                }
            }
            // An exception from a port is about one that is shut.
            if !round && names.contains("thunderbolt") {
                machine
                    .nvram()?
                    .set_setting(machine.plan(), "thunderbolt", "disabled")?;
            }
            reload(&machine)?;
            for (check, came) in results(&machine)? {
                match came.as_str() {
                    "satisfied" => passed.insert(check),
                    "not-satisfied value" | "not-satisfied out-of-reach" => failed.insert(check),
                    _ => true,
                };
            }
            if !round && names.contains("thunderbolt") {
                machine
                    .nvram()?
                    .set_setting(machine.plan(), "thunderbolt", "enabled")?;
                reload(&machine)?;
                for (check, came) in results(&machine)? {
                    if came == "not-satisfied value" {
                        failed.insert(check);
                    }
                }
            }
        }
    }
    let all = REGISTRY.checks.iter().filter(|check| of_controls(check));
    let all: BTreeSet<String> = all.map(|check| check.id.clone()).collect();
    let never = |came: &BTreeSet<String>| all.difference(came).cloned().collect::<Vec<_>>();
    ensure!(
        never(&passed).is_empty(),
        "never satisfied: {:?}",
        never(&passed)
    );
    ensure!(
        never(&failed).is_empty(),
        "never not satisfied: {:?}",
        never(&failed)
    );
    Ok(())
}
