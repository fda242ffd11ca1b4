// SPDX-License-Identifier: GPL-2.0

//! Bad firmware and bad callers: the answer is an errno and, where firmware is at fault, one line
//! in the kernel log; never an oops, a hang or a leak, and never a value that nobody has read.

use crate::ask;
use crate::common::{self, controls, field, machine, milspecctl, Test};
use crate::model::Image;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::nvram::fault::{Call, Fault, Wrong};
use milspec_machine::nvram::layout::{NV_DSML_IDENTITY, NV_DSML_QUERY, NV_DSML_STATE_COUNT};
use milspec_machine::nvram::Nvram;
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
    ("hostile_dsml0001_that_cannot_be_used", unusable),
    ("hostile_dsml0001_that_is_not_there", not_there),
    ("hostile_dsml0001_of_a_later_minor_version", later_minor),
    ("hostile_dsml0001_without_set_if", read_only),
    ("hostile_dsml0001_bad_descriptions", bad_descriptions),
    ("hostile_dsml0001_states_of_other_devices", state_count),
    ("hostile_dsml0001_answers_while_reading", bad_states),
    ("hostile_dsml0001_answers_while_binding", bad_binding),
    ("hostile_dsml0001_late_answers", late),
    ("hostile_callers_64_bit", abuse_64),
    ("hostile_callers_32_bit", abuse_32),
];

/// Where our driver binds DSML0001.
const DRIVER: &str = "/sys/bus/platform/drivers/dell_milspec";

/// The names of the controls of one family.
fn names(machine: &Machine, family: &str) -> Result<Vec<String>> {
    let controls = controls(machine)?;
    let mine = controls
        .iter()
        .filter(|control| control["family"] == family);
    mine.map(|control| Ok(field(control, "name")?.to_owned()))
        .collect()
}

fn show(machine: &Machine, name: &str) -> Result<Value> {
    Ok(milspecctl(machine, &["control", "show", name])?["control"].clone())
}

/// Lines of the driver's that blame the firmware.
fn blame(machine: &Machine) -> Result<Vec<String>> {
    let lines = common::log_lines(machine)?;
    Ok(lines
        .into_iter()
        .filter(|line| line.contains("firmware bug"))
        .collect())
}

fn blamed_once(machine: &Machine) -> Result<()> {
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

/// A machine with other firmware behind DSML0001, and the driver loaded after that.
fn loaded_on(poke: impl FnOnce(&Nvram) -> Result<()>) -> Result<Machine> {
    let machine = machine("rugged", Module::Present)?;
    poke(machine.nvram()?)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    Ok(machine)
}

/// Has the driver let go of DSML0001, if it has bound it, and try again with other firmware.
fn bind_anew(machine: &Machine, poke: impl FnOnce(&Nvram) -> Result<()>) -> Result<()> {
    let bound = format!("{DRIVER}/DSML0001:00");
    if machine.exists(&bound)? {
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
            .ok()?;
    }
    ensure!(!machine.exists(&bound)?, "it is still bound");
    poke(machine.nvram()?)?;
    machine.sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?;
    Ok(())
}

/// Where version, number of devices and number of groups stand in the answer of IDENTITY.
const VERSION: u8 = 8;
const DEVICES: u8 = 12;
const GROUPS: u8 = 14;

fn unusable() -> Result<()> {
    type Poke = fn(&Nvram) -> Result<()>;
    let cases: [(&str, Poke, &str); 5] = [
        (
            "another major version",
            |nvram| nvram.dsmil_patch_identity(VERSION, &[2, 0]),
            "EPROTONOSUPPORT",
        ),
        (
            "without STATE_ALL",
            |nvram| nvram.write_u32(NV_DSML_QUERY, 0x0F),
            "EPROTO",
        ),
        (
            "no devices",
            |nvram| nvram.dsmil_patch_identity(DEVICES, &[0, 0]),
            "ERANGE",
        ),
        (
            "10000 devices",
            |nvram| nvram.dsmil_patch_identity(DEVICES, &10_000_u16.to_le_bytes()),
            "ERANGE",
        ),
        (
            "200 groups",
            |nvram| nvram.dsmil_patch_identity(GROUPS, &[200, 0]),
            "ERANGE",
        ),
    ];
    let machine = machine("rugged", Module::Present)?;
    let mut good = [0; 36];
    machine.nvram()?.read(NV_DSML_IDENTITY, &mut good)?;
    for (what, poke, errno) in cases {
        let blamed = blame(&machine)?.len();
        // The first is there when the driver is loaded, the others come later.
        match machine.exists("/sys/module/dell_milspec")? {
            true => bind_anew(&machine, poke)?,
            false => {
                poke(machine.nvram()?)?;
                machine.run(["modprobe", "dell_milspec"])?.ok()?;
            }
        }
        let status = milspecctl(&machine, &["status", "--refresh"])?;
        let dsmil = common::family(&status, "dsmil")?;
        ensure!(dsmil["state"] == "failed", "{what}: {dsmil:#}");
        ensure!(dsmil["error"]["name"] == errno, "{what}: {dsmil:#}");
        let lines = blame(&machine)?;
        ensure!(lines.len() == blamed + 1, "{what}: {lines:#?}");
        ensure!(
            names(&machine, "dsmil")?.is_empty(),
            "{what}: devices of unusable firmware"
        );
        ensure!(
            names(&machine, "platform")?.len() > 20,
            "{what}: tokens suffer"
        );
        machine.nvram()?.write(NV_DSML_IDENTITY, &good)?;
        machine.nvram()?.write_u32(NV_DSML_QUERY, 0x3F)?;
    }
    bind_anew(&machine, |_| Ok(()))?;
    ensure!(names(&machine, "dsmil")?.len() == 84, "it does not recover");
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

fn not_there() -> Result<()> {
    let machine = machine("bad/dsml-absent", Module::Autoload)?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        common::family(&status, "dsmil")?["state"] == "absent",
        "{status:#}"
    );
    ensure!(
        machine.nvram()?.counts()?.dsml_total() == 0,
        "it was called"
    );
    ensure!(blame(&machine)?.is_empty());
    machine.check_kernel_log()
}

fn later_minor() -> Result<()> {
    let machine = loaded_on(|nvram| nvram.dsmil_patch_identity(VERSION + 2, &[7, 0]))?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        common::family(&status, "dsmil")?["state"] == "ready",
        "{status:#}"
    );
    ensure!(names(&machine, "dsmil")?.len() == 84 && blame(&machine)?.is_empty());
    machine.check_kernel_log()
}

fn read_only() -> Result<()> {
    let machine = loaded_on(|nvram| nvram.write_u32(NV_DSML_QUERY, 0x1F))?;
    let controls = controls(&machine)?;
    let dsmil: Vec<&Value> = controls
        .iter()
        .filter(|control| control["family"] == "dsmil")
        .collect();
    ensure!(dsmil.len() == 84, "{} devices", dsmil.len());
    ensure!(dsmil.iter().all(|control| control["access"] == "read-only"));
    ensure!(blame(&machine)?.is_empty());
    machine.check_kernel_log()
}

/// What is wrong with the description of a device, at which offset of the answer of DESCRIBE; the
/// offsets are those of docs/dsmil-interface.md, section 3.4.
const BAD: [(&str, u8, &[u8]); 9] = [
    ("DSMIL1D1", 10, &[99]),         // a group outside the limits
    ("DSMIL1D2", 11, &[99]),         // a position outside the limits
    ("DSMIL1D3", 36, &[0]),          // no name
    ("DSMIL1D4", 36, &[0x80]),       // a name that is not ASCII
    ("DSMIL1D5", 16, &[0xE8, 0x03]), // depends on device 1000
    ("DSMIL1D6", 16, &[18, 0]),      // depends on itself
    ("DSMIL1D8", 0, &[7]),           // DESCRIBE fails
    ("DSMIL1DA", 8, &[0]),           // describes another index
    ("DSMIL1DB", 4, &[0xFF, 0xFF]),  // longer than the Buffer
];
/// A class that nobody knows is quarantined.
const STRANGE: (&str, u8, &[u8]) = ("DSMIL1D7", 12, &[77]);

fn bad_descriptions() -> Result<()> {
    let machine = loaded_on(|nvram| {
        for (name, offset, bytes) in BAD.iter().chain([&STRANGE]) {
            let device = crate::model::device(name)?.context("no such device")?;
            nvram.dsmil_patch_descriptor(device.index, *offset, bytes)?;
        }
        Ok(())
    })?;
    let shown = names(&machine, "dsmil")?;
    for (device, _, _) in BAD {
        ensure!(
            !shown.iter().any(|name| name == device),
            "{device} is shown"
        );
    }
    ensure!(shown.len() == 84 - BAD.len(), "{} shown", shown.len());
    ensure!(show(&machine, STRANGE.0)?["class"] == "quarantined");
    blamed_once(&machine)?;
    milspecctl(&machine, &["status", "--refresh"])?;
    machine.check_kernel_log()
}

fn state_count() -> Result<()> {
    let machine = loaded_on(|nvram| nvram.write_u32(NV_DSML_STATE_COUNT, 80))?;
    dsmil_failed(&machine, "EPROTO")?;
    machine.check_kernel_log()
}

/// The family has failed with `errno`, and no device shows a value.
fn dsmil_failed(machine: &Machine, errno: &str) -> Result<()> {
    let status = milspecctl(machine, &["status"])?;
    let dsmil = common::family(&status, "dsmil")?;
    ensure!(
        dsmil["state"] == "failed" && dsmil["error"]["name"] == errno,
        "{errno}: {dsmil:#}"
    );
    for control in controls(machine)? {
        let failed = control["reading"] == "failed" && control["value"].is_null();
        ensure!(
            failed == (control["family"] == "dsmil"),
            "{errno}: {control:#}"
        );
    }
    Ok(())
}

fn bad_states() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let cases = [
        (Wrong::Fail(1), "EOPNOTSUPP"),
        (Wrong::Fail(3), "EINVAL"),
        (Wrong::Fail(6), "EBUSY"),
        (Wrong::Fail(7), "EIO"),
        (Wrong::Fail(-1), "EIO"),
        (Wrong::Integer(0), "EIO"),
        (Wrong::String, "EIO"),
        (Wrong::Package, "EIO"),
        (Wrong::Nothing, "EIO"),
        (Wrong::Abort, "EIO"),
        (Wrong::Size(1), "EPROTO"),
        (Wrong::Size(7), "EPROTO"),
        (Wrong::Size(100), "EPROTO"),
        (Wrong::Size(183), "EPROTO"),
        (Wrong::Length(0), "EPROTO"),
        (Wrong::Length(8), "EPROTO"),
        (Wrong::Length(183), "EPROTO"),
        (Wrong::Length(185), "EPROTO"),
        (Wrong::Length(u32::MAX), "EPROTO"),
    ];
    ask::install(&machine)?;
    for (wrong, errno) in cases {
        let fault = nvram.arm(Fault::new(Call::dsml(4), wrong))?;
        let lines = common::log_lines(&machine)?.len();
        ask::ask(&machine, "refresh -- refresh")?;
        ensure!(nvram.hits(fault)? == 2, "{wrong:?} did not strike twice");
        dsmil_failed(&machine, errno).with_context(|| format!("{wrong:?}"))?;
        let lines = common::log_lines(&machine)?.len() - lines;
        ensure!(
            lines == 1,
            "{wrong:?}: {lines} lines in the kernel log for two reads"
        );
        nvram.clear_faults()?;
        ask::ask(&machine, "refresh")?;
        let control = show(&machine, "DSMIL0D0")?;
        ensure!(control["value"] == "active", "after {wrong:?}: {control:#}");
    }
    // A longer answer is one of a later minor version.
    for grow in [1, 64, 1000] {
        let _strikes = nvram.arm(Fault::new(Call::dsml(4), Wrong::Grow(grow)))?;
        let status = milspecctl(&machine, &["status", "--refresh"])?;
        ensure!(
            common::family(&status, "dsmil")?["state"] == "ready",
            "{grow}: {status:#}"
        );
        nvram.clear_faults()?;
    }
    machine.check_kernel_log()
}

fn bad_binding() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
        .ok()?;
    for function in [0, 1] {
        for wrong in [
            Wrong::Nothing,
            Wrong::Integer(0x3F),
            Wrong::Abort,
            Wrong::Size(0),
        ] {
            let fault = nvram.arm(Fault::new(Call::dsml(function), wrong))?;
            let lines = blame(&machine)?.len();
            let bound = machine.sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?;
            ensure!(bound.code != 0, "function {function}, {wrong:?}: bound");
            ensure!(
                nvram.hits(fault)? == 1,
                "function {function}, {wrong:?} did not strike"
            );
            let lines = blame(&machine)?.len() - lines;
            ensure!(lines == 1, "function {function}, {wrong:?}: {lines} lines");
            ensure!(
                names(&machine, "dsmil")?.is_empty(),
                "function {function}, {wrong:?}"
            );
            nvram.clear_faults()?;
        }
    }
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?
        .ok()?;
    ensure!(names(&machine, "dsmil")?.len() == 84, "it does not recover");
    machine.check_kernel_log()
}

fn late() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let _strikes = machine
        .nvram()?
        .arm(Fault::new(Call::dsml(4), Wrong::Delay(1300)).times(2))?;
    machine.nvram()?.dsmil_set_state(1, 1, 0)?;
    milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        show(&machine, "DSMIL0D1")?["value"] == "active",
        "a late answer is an answer"
    );
    milspecctl(&machine, &["status", "--refresh"])?;
    blamed_once(&machine)?;
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
    let before = common::kernel_memory(&machine)?;
    // Some thirty of its requests read the whole firmware. On a busy host that takes its time.
    let command = GuestCommand::new(["/tmp/abuse"]).timeout(Duration::from_secs(400));
    let output = machine.run_command(command)?;
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
