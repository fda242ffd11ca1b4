// SPDX-License-Identifier: GPL-2.0

//! What milspecctl changes, and what it refuses to. What it prints in each case is the subject of
//! its own tests, on recorded machines; here the machines are real guests.

use crate::common::{machine, milspecctl, Test};
use crate::model::{check_calls, Image, Model};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::fault::{Call, Fault, Wrong};
use milspec_posture::mode::Mode;
use serde_json::Value;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("cli_changes_and_restores_a_laptop", changes_and_restores),
    ("cli_turns_the_password_into_the_key", password),
    (
        "cli_gives_no_password_to_a_firmware_without_properties",
        no_properties,
    ),
    ("cli_says_what_a_refused_change_needs", refusals),
    ("cli_undoes_what_nobody_confirms", confirm_within),
];

/// Runs it, expects an exit status and returns its one document.
fn fails(machine: &Machine, arguments: &[&str], exit: i32) -> Result<Value> {
    let argv = [&["milspecctl", "--json"], arguments].concat();
    machine.run(argv)?.exits(exit)?.json()
}

/// A mode, a file and a list are set as the NVRAM shows it, planning and repeating write nothing, with one look for a repeat,
/// and `mode set baseline` leaves every cell as it was before the first of them.
fn changes_and_restores() -> Result<()> {
    const FILE: &str = r#"schema = "milspec.config/1"
mode = "enhanced"
controls = {camera = "disabled", bluetooth = "leave"}"#;
    for profile in ["latitude-7490", "rugged"] {
        let machine = machine(profile, Module::Autoload)?;
        let image = || Image::of(machine.nvram()?);
        let before = image()?;
        machine
            .sh(&format!("cat >/tmp/config.toml <<'E'\n{FILE}\nE"))?
            .ok()?;
        for dry in [
            &["mode", "plan", "enhanced"][..],
            &["mode", "set", "enhanced", "--dry-run"],
            &["config", "diff", "/tmp/config.toml"],
            &["config", "apply", "/tmp/config.toml", "--dry-run"],
        ] {
            milspecctl(&machine, dry)?;
            ensure!(
                image()?.differs(&before).is_empty(),
                "{profile}: {dry:?} wrote"
            );
        }
        for change in [
            &["mode", "set", "standard"][..],
            &["config", "apply", "/tmp/config.toml"],
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
            // It is looked whether all is still so.
            let look = Model::new(&machine)?.look();
            check_calls(&machine.nvram()?.counts()?.since(&counts), look)
                .with_context(|| format!("{profile}: {change:?} again"))?;
        }
        ensure!(
            !image()?.differs(&before).is_empty(),
            "{profile}: nothing was changed"
        );
        milspecctl(&machine, &["mode", "set", "baseline"])?;
        let left = image()?.differs(&before);
        ensure!(left.is_empty(), "{profile}: not restored: {left:?}");
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// With a password in the firmware a change fails and says why; with the right one it is made, with
/// a wrong one it is not, and the password shows up nowhere: a long one, one of eight characters, and
/// one on a machine whose firmware takes calls of 252 bytes and says that it takes more.
fn password() -> Result<()> {
    for (profile, passwords) in [
        ("latitude-7490", ["Tr0ub4dor&3", "hunter22"]),
        ("latitude-e6440", ["Tr0ub4dor&3", "hunter22"]),
    ] {
        let machine = machine(profile, Module::Autoload)?;
        for password in passwords {
            takes(&machine, password).with_context(|| format!("{profile}: {password}"))?;
        }
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// A machine takes this password, and this only.
fn takes(machine: &Machine, password: &str) -> Result<()> {
    machine.nvram()?.set_password(password, 0x5EC5)?;
    let set = "milspecctl --json control set camera=disabled";
    let none = machine.sh(set)?.exits(1)?.json()?;
    // Claim: cannot change settings through the driver without the BIOS administrator password
    ensure!(none["outcome"] == "undone", "{none:#}");
    ensure!(none.to_string().contains("EKEYREJECTED"), "{none:#}");
    let wrong = machine.sh(&format!("echo wrong-one | {set} --bios-password-fd 0"))?;
    let wrong = wrong.exits(4)?.json()?;
    ensure!(wrong["error"]["code"] == "password-wrong", "{wrong:#}");
    for set in [set, "milspecctl --json control set camera=enabled"] {
        let right = machine.sh(&format!("echo '{password}' | {set} --bios-password-fd 0"))?;
        ensure!(right.ok()?.json()?["outcome"] == "done");
    }
    let leaked = machine.sh(&format!("dmesg | grep -c '{password}'"))?;
    ensure!(
        leaked.text().trim() == "0",
        "the password is in the kernel log"
    );
    Ok(())
}

/// Firmware that does not say that it takes characters gets none, and no try is spent.
fn no_properties() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    let nvram = machine.nvram()?;
    nvram.set_password("hunter22", 0x5EC5)?;
    let asked = |select: u16| Fault::new(Call::class(10).select(select), Wrong::Fail(-2));
    let properties = nvram.arm(asked(3))?;
    let checks = [nvram.arm(asked(1))?, nvram.arm(asked(4))?];
    let set = "milspecctl --json control set camera=disabled --bios-password-fd 0";
    let output = machine.sh(&format!("echo hunter22 | {set}"))?;
    let error = &output.exits(3)?.json()?["error"];
    ensure!(error["code"] == "unsupported", "{error:#}");
    ensure!(
        error["why"].to_string().contains("codes of keys"),
        "{error:#}"
    );
    ensure!(nvram.hits(properties)? == 1, "it was not asked");
    for check in checks {
        ensure!(nvram.hits(check)? == 0, "the password was given to it");
    }
    machine.check_kernel_log()
}

/// What must not be changed is refused with exit status 5, without a write.
fn refusals() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let before = Image::of(machine.nvram()?)?;
    for (what, reason) in [
        (&["control", "set", "DSMIL0D9=active"][..], "quarantined"),
        (
            &["control", "set", "system-password-lock=locked"],
            "restricted",
        ),
        (&["mode", "set", "paranoid-plus"], "paranoid-plus"),
    ] {
        let document = fails(&machine, what, 5)?;
        ensure!(document.to_string().contains(reason), "{document:#}");
    }
    // Claim: cannot have the driver write what is quarantined
    ensure!(Image::of(machine.nvram()?)?.differs(&before).is_empty());
    // What was never asked of the driver is not in its journal: a latch that nobody accepted.
    let events = milspecctl(&machine, &["events", "--severity", "warning"])?;
    let refused = events["events"].as_array().into_iter().flatten();
    let refused: Vec<&Value> = refused
        .filter(|event| event["kind"] == "refused" && event["actor"]["command"] == "milspecctl")
        .map(|event| &event["reason"])
        .collect();
    ensure!(refused == ["quarantined", "restricted"], "{events:#}");
    machine.check_kernel_log()
}

/// What nobody confirms is undone, with the password's key, and the NVRAM is as it was; what is
/// confirmed from another process stays, though the session that made it is gone.
fn confirm_within() -> Result<()> {
    let machine = machine("optiplex-7090", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let before = Image::of(nvram)?;
    let model = Model::new(&machine)?;
    let now = model.values(nvram)?;
    let changes = Model::changes(&now, &model.target(Mode::Paranoid, &now));
    let paranoid = model.image(&before, &changes)?;
    machine
        .guest()?
        .create("/tmp/password", b"simulated", 0o600)?;
    let set = |within: &str| {
        GuestCommand::shell(&format!(
            "exec milspecctl mode set paranoid --confirm-within {within} \
             --bios-password-fd 3 3</tmp/password 2>&1"
        ))
    };
    for (within, kept) in [("3s", false), ("1h", true)] {
        let mut process = machine.guest()?.spawn(set(within))?;
        process.wait_for("Keep this?", Duration::from_secs(60))?;
        let made = paranoid.differs(&Image::of(nvram)?);
        ensure!(made.is_empty(), "{within}: {made:?}");
        if kept {
            // SIGHUP
            process.signal(1)?;
            let confirmed = milspecctl(&machine, &["confirm"])?;
            ensure!(confirmed["change"] == "mode paranoid", "{confirmed:#}");
        }
        let output = process.wait(Duration::from_secs(60))?;
        let output = output.exits(i32::from(!kept))?;
        let expected = if kept { &paranoid } else { &before };
        let left = expected.differs(&Image::of(nvram)?);
        ensure!(left.is_empty(), "{within}: {left:?}\n{}", output.text());
    }
    machine.check_kernel_log()
}
