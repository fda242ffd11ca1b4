// SPDX-License-Identifier: GPL-2.0

//! DSML0001 with bad firmware behind it: the answer is an errno and one line in the kernel log that
//! blames the firmware; never an oops or a hang, and never a value that nobody has read.

use crate::ask;
use crate::common::{self, controls, machine, milspecctl, Test};
use crate::hostile::{blame, blamed_once, names, show};
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::fault::{Call, Fault, Wrong};
use milspec_machine::nvram::layout::{NV_DSML_IDENTITY, NV_DSML_QUERY, NV_DSML_STATE_COUNT};
use milspec_machine::nvram::Nvram;
use serde_json::Value;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("hostile_dsml0001_that_cannot_be_used", unusable),
    ("hostile_dsml0001_that_is_not_there", not_there),
    ("hostile_dsml0001_of_a_later_minor_version", later_minor),
    ("hostile_dsml0001_without_set_if", read_only),
    ("hostile_dsml0001_bad_descriptions", bad_descriptions),
    ("hostile_dsml0001_states_of_other_devices", state_count),
    ("hostile_dsml0001_answers_while_reading", bad_states),
    ("hostile_dsml0001_answers_while_binding", bad_binding),
    ("hostile_dsml0001_late_answers", late),
];

/// Where our driver binds DSML0001.
const DRIVER: &str = "/sys/bus/platform/drivers/dell_milspec";

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
