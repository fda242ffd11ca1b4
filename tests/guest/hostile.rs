// SPDX-License-Identifier: GPL-2.0

//! Bad firmware and bad callers: the answer is an errno and, where firmware is at fault, one line
//! in the kernel log; never an oops, a hang or a leak, and never a value that nobody has read.

use crate::common::{self, controls, field, machine, milspecctl, Test};
use crate::model::Image;
use anyhow::{ensure, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("hostile_smbios_without_tokens", no_tokens),
    ("hostile_smbios_header_only", header_only),
    ("hostile_smbios_truncated", truncated),
    ("hostile_smbios_unterminated", unterminated),
    ("hostile_smbios_duplicate_ids", duplicate_ids),
    ("hostile_location_that_refuses_writes", refusing_location),
    ("hostile_smbios_strange_ids", strange_ids),
    ("hostile_smbios_thousands_of_tokens", many_tokens),
    (
        "hostile_smbios_one_location_for_several_settings",
        shared_location,
    ),
    ("hostile_smbios_partial_settings", partial_settings),
    (
        "hostile_smbios_values_that_no_token_stands_for",
        unknown_values,
    ),
    ("hostile_callers_64_bit", abuse_64),
    ("hostile_callers_32_bit", abuse_32),
];

/// The names of the controls of one family.
pub fn names(machine: &Machine, family: &str) -> Result<Vec<String>> {
    let controls = controls(machine)?;
    let mine = controls
        .iter()
        .filter(|control| control["family"] == family);
    mine.map(|control| Ok(field(control, "name")?.to_owned()))
        .collect()
}

/// One control, as milspecctl shows it.
pub fn show(machine: &Machine, name: &str) -> Result<Value> {
    Ok(milspecctl(machine, &["control", "show", name])?["controls"][0].clone())
}

/// Lines of the driver's that blame the firmware.
pub fn blame(machine: &Machine) -> Result<Vec<String>> {
    let lines = common::log_lines(machine)?;
    Ok(lines
        .into_iter()
        .filter(|line| line.contains("firmware bug"))
        .collect())
}

/// Fails unless one line blames the firmware.
pub fn blamed_once(machine: &Machine) -> Result<()> {
    let lines = blame(machine)?;
    ensure!(
        lines.len() == 1,
        "{} lines blame the firmware: {lines:#?}",
        lines.len()
    );
    Ok(())
}

fn no_tokens() -> Result<()> {
    let machine = machine("bad/no-tokens", Module::Autoload)?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        common::family(&status, "platform")?["state"] == "absent",
        "{status:#}"
    );
    ensure!(controls(&machine)?.is_empty() && blame(&machine)?.is_empty());
    machine.check_kernel_log()
}

fn header_only() -> Result<()> {
    let machine = machine("bad/header-only", Module::Autoload)?;
    ensure!(controls(&machine)?.is_empty());
    blamed_once(&machine)?;
    machine.check_kernel_log()
}

fn truncated() -> Result<()> {
    let machine = machine("bad/truncated-tokens", Module::Autoload)?;
    blamed_once(&machine)?;
    let all = common::expected_values(&machine)?;
    let shown = names(&machine, "platform")?;
    ensure!(shown.len() > all.len() / 2 && shown.iter().all(|name| all.contains_key(name)));
    // Each structure has lost its last token: what is left of these settings must not be whole.
    let controls = controls(&machine)?;
    let partial: Vec<&Value> = controls
        .iter()
        .filter(|control| control["presence"] == "partial")
        .collect();
    ensure!(!partial.is_empty(), "nothing is missing");
    for control in partial {
        let values = control["values"].as_array().into_iter().flatten();
        let left = values.filter(|value| value["present"] == true).count();
        // Changing takes a value to change to, and one to go back to.
        ensure!(left > 1 || control["access"] == "read-only", "{control:#}");
    }
    // Claim: cannot harm the kernel with tables
    machine.check_kernel_log()
}

/// A missing terminator costs no token: the driver, which looks for it, keeps the last one of each
/// structure, which mainline takes for it.
fn unterminated() -> Result<()> {
    let machine = machine("bad/unterminated", Module::Autoload)?;
    blamed_once(&machine)?;
    for (name, value) in common::expected_values(&machine)? {
        let control = show(&machine, &name)?;
        ensure!(
            control["value"].as_str() == value.as_deref(),
            "{name} is {value:?}: {control:#}"
        );
    }
    machine.check_kernel_log()
}

/// What firmware does not let be written fails, and nothing is changed.
fn refusing_location() -> Result<()> {
    let machine = machine("bad/read-only-location", Module::Autoload)?;
    let before = Image::of(machine.nvram()?)?;
    for change in [
        &["control", "set", "camera=disabled"][..],
        &["mode", "set", "paranoid"],
    ] {
        let argv = [&["milspecctl", "--json"], change].concat();
        let document = machine.run(argv)?.exits(1)?.json()?;
        ensure!(document["outcome"] == "undone", "{document:#}");
        let changed = before.differs(&Image::of(machine.nvram()?)?);
        ensure!(changed.is_empty(), "{changed:?}");
    }
    machine.check_kernel_log()
}

fn duplicate_ids() -> Result<()> {
    let machine = machine("bad/duplicate-ids", Module::Autoload)?;
    for name in ["camera", "bluetooth"] {
        let control = show(&machine, name)?;
        ensure!(control["presence"] == "contradictory", "{control:#}");
        ensure!(
            control["access"] == "read-only" && control["value"].is_null(),
            "{control:#}"
        );
    }
    ensure!(
        show(&machine, "wlan")?["presence"] == "full",
        "others suffer"
    );
    blamed_once(&machine)?;
    machine.check_kernel_log()
}

/// Tokens that no setting of ours has are not even read.
fn strange_ids() -> Result<()> {
    let machine = machine("bad/strange-ids", Module::Present)?;
    let position = machine.nvram()?.log_position()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let calls = machine.nvram()?.log_since(position)?;
    let allowed = common::known_locations(&machine)?;
    for call in &calls {
        ensure!(allowed.contains(&u16::try_from(call.argument)?), "{call:?}");
    }
    ensure!(calls.len() == allowed.len(), "{} calls", calls.len());
    let expected = common::expected_values(&machine)?;
    let shown = names(&machine, "platform")?;
    let known = |name: &&String| !name.is_empty();
    ensure!(
        shown.len() == expected.keys().filter(known).count(),
        "{shown:?}"
    );
    machine.check_kernel_log()
}

fn many_tokens() -> Result<()> {
    let machine = machine("bad/many-tokens", Module::Autoload)?;
    ensure!(
        machine.plan().tokens.len() > 4000,
        "{} tokens",
        machine.plan().tokens.len()
    );
    for (name, value) in common::expected_values(&machine)? {
        let control = show(&machine, &name)?;
        ensure!(
            control["value"].as_str() == value.as_deref(),
            "{name} is {value:?}: {control:#}"
        );
    }
    ensure!(blame(&machine)?.is_empty());
    machine.check_kernel_log()
}

fn shared_location() -> Result<()> {
    let machine = machine("bad/shared-location", Module::Present)?;
    let before = machine.nvram()?.counts()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let reads = machine.nvram()?.counts()?.since(&before).token_reads();
    let locations = common::known_locations(&machine)?.len() as u32;
    ensure!(reads == locations, "{reads} reads of {locations} locations");
    for name in ["camera", "microphone", "wlan"] {
        let expected = common::expected_values(&machine)?;
        let control = show(&machine, name)?;
        ensure!(
            control["value"].as_str() == expected[name].as_deref(),
            "{name}: {control:#}"
        );
        ensure!(
            control["values"][0]["location"] == 0x0F00,
            "{name}: {control:#}"
        );
    }
    machine.check_kernel_log()
}

fn partial_settings() -> Result<()> {
    let machine = machine("bad/partial-settings", Module::Autoload)?;
    // Changing takes a value to change to, and one to go back to.
    for (name, missing, access) in [
        ("camera", &["disabled"][..], "read-only"),
        ("wlan", &["enabled"], "read-only"),
        ("thunderbolt-security", &["secure"], "read-write"),
        // As the table that it was made of has it.
        ("wake-on-lan", &["add-in-card", "on-board"], "read-write"),
    ] {
        let control = show(&machine, name)?;
        ensure!(control["presence"] == "partial", "{control:#}");
        ensure!(control["access"] == access, "{control:#}");
        for value in control["values"].as_array().into_iter().flatten() {
            let listed = !missing.contains(&field(value, "name")?);
            ensure!(value["present"] == listed, "{control:#}");
        }
    }
    machine.check_kernel_log()
}

fn unknown_values() -> Result<()> {
    let machine = machine("bad/unknown-values", Module::Autoload)?;
    for name in ["camera", "bluetooth", "sd-card-read-only", "thunderbolt"] {
        let control = show(&machine, name)?;
        ensure!(
            control["reading"] == "unknown" && control["value"].is_null(),
            "{control:#}"
        );
    }
    let warnings: Vec<String> = common::log_lines(&machine)?
        .into_iter()
        .filter(|line| line.contains("have no known value"))
        .collect();
    ensure!(warnings.len() == 1, "{warnings:#?}");
    machine.check_kernel_log()
}

fn abuse_64() -> Result<()> {
    abuse(Bits::B64)
}

fn abuse_32() -> Result<()> {
    abuse(Bits::B32)
}

fn abuse(bits: Bits) -> Result<()> {
    let prepared = prepared(&Progress::new())?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("abuse-{bits:?}"));
    std::fs::create_dir_all(&directory)?;
    let program = directory.join("abuse");
    prepared.build_c(
        &here.join("abuse.c"),
        bits,
        &[&here.join("../../driver/uapi")],
        &program,
    )?;

    let machine = machine("rugged", Module::Autoload)?;
    machine
        .guest()?
        .create("/tmp/abuse", &std::fs::read(&program)?, 0o755)?;
    // The records of the last training stay.
    for operation in ["start", "stop"] {
        machine.run(["milspecctl", "training", operation])?.ok()?;
    }
    let before = common::kernel_memory(&machine)?;
    // Some thirty of its requests read the whole firmware. On a busy host that takes its time.
    let command = GuestCommand::new(["/tmp/abuse"]).timeout(Duration::from_secs(400));
    let output = machine.run_command(command)?;
    // Claim: cannot get anything but errors from bytes that are no request
    ensure!(output.success(), "{}{}", output.text(), output.error_text());
    ensure!(
        output
            .text()
            .lines()
            .filter(|line| line.starts_with("ok "))
            .count()
            > 80
    );
    let after = common::kernel_memory(&machine)?;
    ensure!(
        after < before + 400_000,
        "kernel memory in use: {before} bytes before, {after} after"
    );
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}
