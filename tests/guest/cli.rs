// SPDX-License-Identifier: GPL-2.0

//! milspecctl on machines where something is missing. What it prints in each case is the subject of
//! its own tests, on recorded machines; here the machines are real guests.

use crate::common::{machine, milspecctl, Test};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use serde_json::Value;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("cli_without_the_module", without_module),
    ("cli_on_another_machine", another_machine),
    ("cli_without_permission", without_permission),
    (
        "cli_doctor_finds_nothing_wrong_on_a_rugged",
        doctor_is_content,
    ),
    ("cli_says_that_the_machine_is_simulated", says_simulated),
];

/// Runs it, expects an exit status and returns its one document.
fn fails(machine: &Machine, arguments: &[&str], exit: i32) -> Result<Value> {
    let argv = [&["milspecctl", "--json"], arguments].concat();
    machine.run(argv)?.exits(exit)?.json()
}

/// A check of doctor's document.
fn check<'a>(doctor: &'a Value, name: &str) -> Result<&'a Value> {
    let mut checks = doctor["checks"].as_array().into_iter().flatten();
    checks
        .find(|check| check["id"] == name)
        .with_context(|| format!("no {name}: {doctor:#}"))
}

fn without_module() -> Result<()> {
    let machine = machine("latitude", Module::Absent)?;
    for arguments in [
        &["status"][..],
        &["control", "list"],
        &["control", "show", "camera"],
    ] {
        let document = fails(&machine, arguments, 3)?;
        ensure!(document["error"]["code"] == "no-driver", "{document:#}");
    }
    let doctor = fails(&machine, &["doctor"], 3)?;
    ensure!(check(&doctor, "machine")?["result"] == "ok", "{doctor:#}");
    Ok(())
}

fn another_machine() -> Result<()> {
    let machine = machine("not-dell", Module::Present)?;
    let document = fails(&machine, &["status"], 3)?;
    ensure!(document["error"]["code"] == "no-driver", "{document:#}");
    let doctor = fails(&machine, &["doctor"], 3)?;
    ensure!(check(&doctor, "machine")?["result"] != "ok", "{doctor:#}");
    Ok(())
}

fn without_permission() -> Result<()> {
    let machine = machine("latitude", Module::Autoload)?;
    let argv = ["milspecctl", "--json", "status"];
    let output = machine
        .run_command(GuestCommand::new(argv).user(65534, 65534))?
        .exits(4)?;
    ensure!(
        output.json()?["error"]["errno"] == "EACCES",
        "{:#}",
        output.json()?
    );
    Ok(())
}

fn doctor_is_content() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let doctor = milspecctl(&machine, &["doctor"])?;
    for name in [
        "machine",
        "dell-smbios",
        "module-loaded",
        "device-node",
        "permission",
        "abi",
        "dsmil",
        "families",
        "tpm",
    ] {
        ensure!(
            check(&doctor, name)?["result"] == "ok",
            "{name}: {doctor:#}"
        );
    }
    Ok(())
}

fn says_simulated() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["simulated"] == true, "{status:#}");
    let text = machine.run(["milspecctl", "status"])?.ok()?.text();
    ensure!(text.contains("simulated"), "{text}");
    let text = machine.run(["milspecctl", "control", "list"])?.ok()?.text();
    ensure!(text.contains("simulated"), "{text}");
    Ok(())
}
