// SPDX-License-Identifier: GPL-2.0

//! milspecctl on machines where something is missing. What it prints in each case is the subject of
//! its own tests, on recorded machines; here the machines are real guests.

use crate::common::{machine, milspecctl, Test};
use crate::model::Image;
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
    ("cli_changes_and_restores_a_laptop", changes_and_restores),
    ("cli_turns_the_password_into_the_key", password),
    ("cli_says_what_a_refused_change_needs", refusals),
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

/// A mode, a file and a list are set as the NVRAM shows it, planning and repeating write nothing,
/// and `baseline restore` leaves every cell as it was before the first of them.
fn changes_and_restores() -> Result<()> {
    const FILE: &str = r#"{"schema": "milspec.config/1", "mode": "enhanced",
        "controls": {"camera": "disabled", "bluetooth": "leave"}}"#;
    for profile in ["latitude", "rugged"] {
        let machine = machine(profile, Module::Autoload)?;
        let image = || Image::of(machine.nvram()?);
        let before = image()?;
        machine
            .sh(&format!("cat >/tmp/config.json <<'E'\n{FILE}\nE"))?
            .ok()?;
        for dry in [
            &["mode", "plan", "enhanced"][..],
            &["mode", "set", "enhanced", "--dry-run"],
            &["config", "diff", "/tmp/config.json"],
            &["config", "apply", "/tmp/config.json", "--dry-run"],
        ] {
            milspecctl(&machine, dry)?;
            ensure!(
                image()?.differs(&before).is_empty(),
                "{profile}: {dry:?} wrote"
            );
        }
        for change in [
            &["mode", "set", "standard"][..],
            &["config", "apply", "/tmp/config.json"],
            &["control", "set", "camera=enabled"],
        ] {
            let then = image()?;
            let done = milspecctl(&machine, change)?;
            ensure!(done["outcome"] == "done", "{profile}: {done:#}");
            ensure!(
                image()?.differs(&then).is_empty() == (done["changes"] == 0),
                "{profile}: {change:?} says {} changes",
                done["changes"]
            );
            let counts = machine.nvram()?.counts()?;
            let again = milspecctl(&machine, change)?;
            ensure!(again["changes"] == 0, "{profile}: {again:#}");
            let calls = machine.nvram()?.counts()?.since(&counts).smbios();
            ensure!(calls == 0, "{profile}: {change:?} again made {calls} calls");
        }
        ensure!(
            !image()?.differs(&before).is_empty(),
            "{profile}: nothing was changed"
        );
        milspecctl(&machine, &["baseline", "restore"])?;
        let left = image()?.differs(&before);
        ensure!(left.is_empty(), "{profile}: not restored: {left:?}");
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// With a password in the firmware a change fails and says why; with the right one it is made, with
/// a wrong one it is not, and the password shows up nowhere.
fn password() -> Result<()> {
    const PASSWORD: &str = "Tr0ub4dor";
    let machine = machine("latitude", Module::Autoload)?;
    machine.nvram()?.set_password(PASSWORD, 0x5EC5)?;
    let set = "milspecctl --json control set camera=disabled";
    let none = machine.sh(set)?.exits(1)?.json()?;
    ensure!(none["outcome"] == "undone", "{none:#}");
    ensure!(none.to_string().contains("EKEYREJECTED"), "{none:#}");
    machine
        .sh(&format!("echo wrong-one | {set} --bios-password-fd 0"))?
        .exits(4)?;
    let right = machine.sh(&format!("echo {PASSWORD} | {set} --bios-password-fd 0"))?;
    ensure!(right.ok()?.json()?["outcome"] == "done");
    let leaked = machine.sh(&format!("dmesg | grep -c {PASSWORD}"))?;
    ensure!(
        leaked.text().trim() == "0",
        "the password is in the kernel log"
    );
    machine.check_kernel_log()
}

/// What must not be changed is refused with exit status 5, without a write.
fn refusals() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let before = Image::of(machine.nvram()?)?;
    for (what, reason) in [
        (&["control", "set", "DSMIL0D9=active"][..], "quarantined"),
        (&["control", "set", "microphone=disabled"], "restricted"),
        (&["mode", "set", "paranoid-plus"], "paranoid-plus"),
    ] {
        let document = fails(&machine, what, 5)?;
        ensure!(document.to_string().contains(reason), "{document:#}");
    }
    ensure!(Image::of(machine.nvram()?)?.differs(&before).is_empty());
    machine.check_kernel_log()
}
