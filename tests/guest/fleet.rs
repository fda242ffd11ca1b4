// SPDX-License-Identifier: GPL-2.0

//! One file for a fleet, brought about by what milspec-enforce.service runs.

use crate::common::{field, machine, milspecctl, Test};
use crate::model::Image;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::Output;
use milspec_machine::machine::{Machine, Module};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("fleet_file_holds_on_two_models", || {
        holds(&["latitude-7490", "precision-3650"])
    }),
    ("fleet_file_stops_at_a_bios_password", password),
];

/// One more, that has the rugged machines' settings.
pub const LONG: &[Test] = &[("fleet_file_holds_on_a_rugged", || holds(&["rugged-5430"]))];

const FILE: &str = include_str!("../../packaging/examples/kiosks.toml");
const UNIT: &str = include_str!("../../packaging/systemd/milspec-enforce.service");

/// Has the unit do what it runs, one after the other, with that file.
fn enforce(machine: &Machine) -> Result<Output> {
    machine.sh("mkdir -p /etc/milspec")?.ok()?;
    let guest = machine.guest()?;
    guest.create("/etc/milspec/config.toml", FILE.as_bytes(), 0o644)?;
    let lines = UNIT.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        key.starts_with("ExecStart").then_some(value)
    });
    let lines: Vec<&str> = lines.collect();
    ensure!(lines.len() == 2, "{lines:?}");
    machine.sh(&lines.join(" && "))
}

/// A fleet file applies on the tables of a notebook and of a desktop: what they have
/// of it is so in the NVRAM, what they lack is named, and the second time nothing is written. What
/// something else changes is changed back, and said.
fn holds(profiles: &[&str]) -> Result<()> {
    for &profile in profiles {
        let machine = machine(profile, Module::Autoload)?;
        machine
            .guest()?
            .create("/tmp/kiosks.toml", FILE.as_bytes(), 0o644)?;
        let image = || Image::of(machine.nvram()?);
        let diff = ["config", "diff", "/tmp/kiosks.toml"];
        let plan = milspecctl(&machine, &diff)?;
        let steps = plan["steps"].as_array().context("no steps")?;
        let skipped = plan["skipped"].as_array().context("nothing skipped")?;
        ensure!(
            !steps.is_empty() && !skipped.is_empty(),
            "{profile}: {plan:#}"
        );
        let before = image()?;
        let text = enforce(&machine)?.ok()?.text();
        for step in steps {
            ensure!(text.contains(field(step, "control")?), "{profile}: {text}");
        }
        ensure!(text.contains("not on this machine: "), "{profile}: {text}");
        let after = image()?;
        ensure!(!after.differs(&before).is_empty(), "{profile}");
        let exit = [&["milspecctl"][..], &diff, &["--exit-code"]].concat();
        machine.run(exit)?.ok()?;
        let text = enforce(&machine)?.ok()?.text();
        ensure!(text.contains("Nothing to do"), "{profile}: {text}");
        ensure!(image()?.differs(&after).is_empty(), "{profile}: wrote");

        let (control, from) = (field(&steps[0], "control")?, field(&steps[0], "from")?);
        machine
            .nvram()?
            .set_setting(machine.plan(), control, from)?;
        ensure!(!image()?.differs(&after).is_empty(), "{profile}: no drift");
        let text = enforce(&machine)?.ok()?.text();
        ensure!(text.contains("Done: 1 step"), "{profile}: {text}");
        ensure!(image()?.differs(&after).is_empty(), "{profile}: not back");
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// Where the firmware wants its administrator password, the unit fails with a line that says so, and
/// nothing is written.
fn password() -> Result<()> {
    let machine = machine("optiplex-7090", Module::Autoload)?;
    let before = Image::of(machine.nvram()?)?;
    let output = enforce(&machine)?.exits(1)?;
    let said = output.error_text();
    let said: Vec<&str> = said.split_whitespace().collect();
    let said = said.join(" ");
    ensure!(
        said.contains("needs the BIOS administrator password"),
        "{said}"
    );
    ensure!(
        Image::of(machine.nvram()?)?.differs(&before).is_empty(),
        "{said}"
    );
    machine.check_kernel_log()
}
