// SPDX-License-Identifier: GPL-2.0

//! DSML0001 with bad firmware behind it: the answer is an errno and one line in the kernel log that
//! blames the firmware; never an oops or a hang, and never a value that nobody has read.

use crate::access::wait_until;
use crate::apply::{ready, EACCES, EAGAIN, ECANCELED, EIO};
use crate::ask;
use crate::common::{self, controls, machine, milspecctl, Test, DRIVER};
use crate::hostile::{blame, blamed_once, names, show};
use crate::journal::{events, machine_with_cause, of_kind};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::fault::{Call, Fault, Wrong};
use milspec_machine::nvram::layout::{
    NV_DSML_IDENTITY, NV_DSML_QUERY, NV_DSML_STA, NV_DSML_STATE_COUNT,
};
use milspec_machine::nvram::Nvram;
use milspec_uapi::{KIND_TAMPER, OUTCOME_DONE, OUTCOME_UNDONE, REASON_QUARANTINED};
use serde_json::Value;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("hostile_dsml0001_that_cannot_be_used", unusable),
    ("hostile_dsml0001_that_is_not_there", not_there),
    ("hostile_dsml0001_of_a_later_minor_version", later_minor),
    ("hostile_dsml0001_without_set_if", read_only),
    ("hostile_dsml0001_bad_descriptions", bad_descriptions),
    ("hostile_dsml0001_states_of_other_devices", state_count),
    ("hostile_dsml0001_some_answers_while_reading", || {
        bad_states(&SOME)
    }),
    ("hostile_dsml0001_answers_while_binding", bad_binding),
    ("hostile_dsml0001_late_answers", late),
    ("hostile_dsml0001_that_is_not_enabled", not_enabled),
    ("hostile_dsml0001_twice", twice),
    ("hostile_dsml0001_refusals_of_a_change", refusals),
    ("hostile_dsml0001_tamper_while_it_cannot_be_read", tamper),
    ("hostile_dsml0001_busy", busy),
];

/// More of the same.
pub const LONG: &[Test] = &[
    ("hostile_dsml0001_all_answers_while_reading", || {
        bad_states(&ALL)
    }),
    ("hostile_dsml0001_signals_while_binding", signals),
];

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
    // Claim: cannot harm the kernel with tables or answers
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
const BAD: [(&str, u8, &[u8]); 13] = [
    ("DSMIL1D1", 10, &[99]),         // a group outside the limits
    ("DSMIL1D2", 11, &[99]),         // a position outside the limits
    ("DSMIL1D3", 24, &[0; 12]),      // no name
    ("DSMIL1D4", 24, &[0x80]),       // a name that is not ASCII
    ("DSMIL1D5", 16, &[0xE8, 0x03]), // depends on device 1000
    ("DSMIL1D6", 16, &[18, 0]),      // depends on itself
    ("DSMIL1D8", 0, &[7]),           // DESCRIBE fails
    ("DSMIL1DA", 8, &[0]),           // describes another index
    ("DSMIL1DB", 4, &[0xFF, 0xFF]),  // longer than the Buffer
    ("DSMIL3D1", 36, &[0x7F]),       // a function that is not printable
    ("DSMIL3D2", 36, &[0]),          // a function with bytes after the padding
    ("DSMIL3D3", 24, b"A\0B"),       // a name with bytes after the padding
    ("DSMIL3D4", 16, &[0xFF, 0xFF]), // a used place after an unused one
];
/// A class that nobody knows is quarantined.
const STRANGE: (&str, u8, &[u8]) = ("DSMIL1D7", 12, &[77]);
/// What stands in the place of a quarantined device is quarantined, safe and harmless as it may be.
const WIPE: &str = "DSMIL0D9";
const DISGUISE: [(u8, &[u8]); 2] = [(12, &[0]), (24, b"HARMLESS")];

fn bad_descriptions() -> Result<()> {
    let machine = loaded_on(|nvram| {
        let disguise = DISGUISE.map(|(offset, bytes)| (WIPE, offset, bytes));
        for (name, offset, bytes) in BAD.iter().chain([&STRANGE]).chain(&disguise) {
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
    ensure!(show(&machine, "HARMLESS")?["class"] == "quarantined");
    ask::install(&machine)?;
    let sets = machine.nvram()?.counts()?.dsml(5);
    ask::one(&machine, &format!("apply {}", ask::set(WIPE, "active")?))?
        .refused(REASON_QUARANTINED)?;
    ensure!(
        machine.nvram()?.counts()?.dsml(5) == sets,
        "SET_IF was called"
    );
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

/// What firmware may answer when it is asked for states, and what the driver says of it.
const ALL: [(Wrong, &str); 19] = [
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

/// One of each kind.
const SOME: [(Wrong, &str); 5] = [ALL[2], ALL[8], ALL[9], ALL[11], ALL[18]];

fn bad_states(cases: &[(Wrong, &str)]) -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    ask::install(&machine)?;
    for &(wrong, errno) in cases {
        let fault = nvram.arm(Fault::new(Call::dsml(4), wrong))?;
        let lines = common::log_lines(&machine)?.len();
        ask::ask(&machine, "refresh -- refresh")?;
        // Who says BUSY is asked four times more.
        let each = match wrong {
            Wrong::Fail(6) => 5,
            _ => 1,
        };
        ensure!(
            nvram.hits(fault)? == 2 * each,
            "{wrong:?} did not strike twice"
        );
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
    // Claim: cannot harm the kernel with tables or answers
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

/// The family as status shows it.
fn family_state(machine: &Machine) -> Result<Value> {
    let status = milspecctl(machine, &["status", "--refresh"])?;
    Ok(common::family(&status, "dsmil")?["state"].clone())
}

/// What doctor says of DSML0001.
fn doctor(machine: &Machine) -> Result<Value> {
    let document = machine.run(["milspecctl", "--json", "doctor"])?.json()?;
    let mut checks = document["checks"].as_array().into_iter().flatten();
    let check = checks.find(|check| check["id"] == "dsmil");
    Ok(check.context("no such check")?.clone())
}

/// The driver core calls no binding a failure.
fn no_failed_probe(machine: &Machine) -> Result<()> {
    let log = machine.dmesg()?;
    let failed = log
        .lines()
        .find(|line| line.contains("DSML0001") && line.contains("fail"));
    ensure!(failed.is_none(), "{failed:?}");
    ensure!(blame(machine)?.is_empty(), "{:#?}", blame(machine)?);
    Ok(())
}

/// Fails when the driver uses a device that is present and not enabled, or when doctor judges it
/// otherwise than the driver does.
fn not_enabled() -> Result<()> {
    let machine = loaded_on(|nvram| nvram.write_u32(NV_DSML_STA, 0x09))?;
    let nvram = machine.nvram()?;
    ensure!(family_state(&machine)? == "absent");
    ensure!(nvram.counts()?.dsml_total() == 0, "it was called");
    let check = doctor(&machine)?;
    ensure!(check["result"] == "not-applicable", "{check:#}");
    no_failed_probe(&machine)?;
    // Whoever asks for it is told that there is no such device.
    let bound = machine.sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?;
    ensure!(bound.code != 0 && nvram.counts()?.dsml_total() == 0);
    bind_anew(&machine, |nvram| nvram.write_u32(NV_DSML_STA, 0x0F))?;
    ensure!(names(&machine, "dsmil")?.len() == 84, "it does not recover");
    ensure!(doctor(&machine)?["result"] == "ok");
    machine.check_kernel_log()
}

/// Fails when the driver does anything with a second device, or takes it for the first where that
/// is of no use; or when doctor judges another one than the driver does.
fn twice() -> Result<()> {
    let machine = machine("bad/dsml-second", Module::Present)?;
    let nvram = machine.nvram()?;
    ensure!(machine.exists("/sys/bus/platform/devices/DSML0001:01")?);
    type Poke = fn(&Nvram) -> Result<()>;
    let cases: [(&str, Poke, &str, &str, usize); 3] = [
        ("a good one", |_| Ok(()), "ready", "ok", 84),
        (
            "one that is switched off",
            |nvram| nvram.write_u32(NV_DSML_STA, 0x09),
            "absent",
            "not-applicable",
            0,
        ),
        (
            "one that is of no use",
            |nvram| nvram.write_u32(NV_DSML_QUERY, 0x0F),
            "failed",
            "warning",
            0,
        ),
    ];
    for (what, poke, state, result, devices) in cases {
        nvram.write_u32(NV_DSML_STA, 0x0F)?;
        poke(nvram)?;
        machine.run(["modprobe", "dell_milspec"])?.ok()?;
        ensure!(family_state(&machine)? == state, "{what}");
        ensure!(names(&machine, "dsmil")?.len() == devices, "{what}");
        let check = doctor(&machine)?;
        ensure!(check["result"] == result, "{what}: {check:#}");
        let bound = machine.sh(&format!("echo DSML0001:01 >{DRIVER}/bind"))?;
        ensure!(bound.code != 0, "{what}: the second is bound");
        ensure!(nvram.counts()?.dsml_second() == 0, "{what}: it was called");
        let failed = machine.dmesg()?;
        let failed = failed
            .lines()
            .find(|line| line.contains("DSML0001:01") && line.contains("fail"));
        ensure!(failed.is_none(), "{what}: {failed:?}");
        machine.run(["rmmod", "dell_milspec"])?.ok()?;
    }
    machine.check_kernel_log()
}

/// Fails when a status of SET_IF becomes another errno than the page says, or when an answer that
/// must describe the device and does not is used.
fn refusals() -> Result<()> {
    const EBUSY: i32 = 16;
    const EINVAL: i32 = 22;
    const EPROTO: i32 = 71;
    const EOPNOTSUPP: i32 = 95;
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let cases = [
        (Wrong::Fail(4), EAGAIN),
        (Wrong::Fail(5), EACCES),
        (Wrong::Fail(6), EBUSY),
        (Wrong::Fail(7), EIO),
        (Wrong::Fail(99), EIO),
        (Wrong::Bare(1), EOPNOTSUPP),
        (Wrong::Bare(2), EINVAL),
        (Wrong::Bare(3), EINVAL),
        (Wrong::Bare(4), EPROTO),
        (Wrong::Bare(5), EPROTO),
        (Wrong::Bare(6), EPROTO),
        (Wrong::Bare(7), EPROTO),
        (Wrong::Bare(99), EPROTO),
    ];
    let request = format!("apply {}", ask::set("DSMIL0D1", "active")?);
    for (wrong, errno) in cases {
        let _strikes = nvram.arm(Fault::new(Call::dsml(5), wrong))?;
        let answer = ask::one(&machine, &request)?.ends(ECANCELED, OUTCOME_UNDONE)?;
        ensure!(answer.error == errno as u64, "{wrong:?}: {answer:?}");
        ensure!(nvram.dsmil_state(1)?.state == 0, "{wrong:?}");
        nvram.clear_faults()?;
    }
    ask::one(&machine, &request)?.ends(0, OUTCOME_DONE)?;
    machine.check_kernel_log()
}

/// Fails when tampering is told of twice because the firmware could not be read in between, or
/// shown as present when nobody knows.
fn tamper() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    ask::install(&machine)?;
    let nvram = machine.nvram()?;
    let told = |expected: usize, when: &str| -> Result<()> {
        let records = of_kind(&events(&machine)?, KIND_TAMPER).len();
        let lines = common::log_lines(&machine)?;
        let lines = lines.iter().filter(|line| line.contains("tampering"));
        ensure!(records == expected, "{when}: {records} records");
        ensure!(lines.count() == expected, "{when}: in the kernel log");
        Ok(())
    };
    nvram.dsmil_set_state(5, 1, 1)?;
    ask::ask(&machine, "refresh")?;
    told(1, "at first")?;
    ensure!(show(&machine, "DSMIL0D5")?["tamper"] == true);

    for wrong in [Wrong::Fail(7), Wrong::Nothing] {
        let fault = nvram.arm(Fault::new(Call::dsml(4), wrong))?;
        ask::ask(&machine, "refresh -- refresh")?;
        ensure!(nvram.hits(fault)? == 2, "{wrong:?} did not strike");
        let shown = show(&machine, "DSMIL0D5")?;
        ensure!(
            shown["reading"] == "failed" && shown["tamper"] != true,
            "{shown:#}"
        );
        told(1, "while it cannot be read")?;
        nvram.clear_faults()?;
        ask::ask(&machine, "refresh")?;
        ensure!(show(&machine, "DSMIL0D5")?["tamper"] == true);
        told(1, "when it can be read again")?;
    }

    // What has happened meanwhile is news.
    let _strikes = nvram.arm(Fault::new(Call::dsml(4), Wrong::Fail(7)))?;
    nvram.dsmil_set_state(6, 0, 1)?;
    ask::ask(&machine, "refresh")?;
    nvram.clear_faults()?;
    ask::ask(&machine, "refresh")?;
    told(2, "of another device")?;
    machine.check_kernel_log()
}

/// Fails when the driver gives up at the first BUSY, or does not give up, or asks again for a change
/// that was made in spite of it.
fn busy() -> Result<()> {
    const EBUSY: u64 = 16;
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let lines = || -> Result<usize> { Ok(common::log_lines(&machine)?.len()) };

    let quiet = lines()?;
    let fault = nvram.arm(Fault::new(Call::dsml(4), Wrong::Bare(6)).times(4))?;
    ensure!(family_state(&machine)? == "ready", "four times busy");
    ensure!(nvram.hits(fault)? == 4 && lines()? == quiet);

    let fault = nvram.arm(Fault::new(Call::dsml(4), Wrong::Bare(6)))?;
    ask::ask(&machine, "refresh")?;
    ensure!(nvram.hits(fault)? == 5, "{} calls", nvram.hits(fault)?);
    dsmil_failed(&machine, "EBUSY")?;
    // When it is ready the firmware says so.
    nvram.clear_faults()?;
    machine.dsmil_notify(0x80)?;
    wait_until("a look after the notification", || {
        Ok(show(&machine, "DSMIL0D0")?["value"] == "active")
    })?;

    let set = |value| -> Result<String> { Ok(format!("apply {}", ask::set("DSMIL0D1", value)?)) };
    let changing = nvram.arm(Fault::new(Call::dsml(5), Wrong::Fail(6)).times(4))?;
    let reading = nvram.arm(Fault::new(Call::dsml(3), Wrong::Bare(6)).times(4))?;
    ask::one(&machine, &set("active")?)?.ends(0, OUTCOME_DONE)?;
    ensure!(nvram.hits(changing)? == 4 && nvram.hits(reading)? == 4);
    ensure!(nvram.dsmil_state(1)?.state == 1);
    nvram.clear_faults()?;

    let fault = nvram.arm(Fault::new(Call::dsml(5), Wrong::Fail(6)))?;
    let answer = ask::one(&machine, &set("inactive")?)?.ends(ECANCELED, OUTCOME_UNDONE)?;
    ensure!(
        answer.error == EBUSY && nvram.hits(fault)? == 5,
        "{answer:?}"
    );
    nvram.clear_faults()?;

    // A liar: one call that does it, and one that undoes it.
    let before = nvram.counts()?;
    let fault = nvram.arm(Fault::new(Call::dsml(5), Wrong::Status(6)).nth(1))?;
    let answer = ask::one(&machine, &set("inactive")?)?.ends(ECANCELED, OUTCOME_UNDONE)?;
    let made = nvram.counts()?.since(&before).dsml(5);
    ensure!(
        answer.error == EBUSY && nvram.hits(fault)? == 1 && made == 2,
        "{answer:?}: {made}"
    );
    ensure!(nvram.dsmil_state(1)?.state == 1);
    machine.check_kernel_log()
}

/// Fails when a signal to whoever has the driver bind is taken for a fault of the firmware, or
/// leaves the machine without its devices for good.
fn signals() -> Result<()> {
    const KILL: i32 = 9;
    const TERM: i32 = 15;
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let line = format!("trap : TERM; echo DSML0001:00 >{DRIVER}/bind");
    let strike = |process: &Process<'_>, before: u32, signal| -> Result<()> {
        wait_until("some descriptions", || {
            Ok(nvram.counts()?.dsml(2).wrapping_sub(before) >= 3)
        })?;
        process.signal(signal)
    };
    let slow = || nvram.delay(Call::dsml(2), 200);
    let unbind = || {
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
            .ok()
    };
    let unknown = |what: &str| -> Result<()> {
        ensure!(family_state(&machine)? == "absent", "{what}");
        ensure!(!machine.exists(&format!("{DRIVER}/DSML0001:00"))?, "{what}");
        no_failed_probe(&machine)
    };

    // One that does not kill does not matter.
    unbind()?;
    let _strikes = slow()?;
    let before = nvram.counts()?.dsml(2);
    let process = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    strike(&process, before, TERM)?;
    process.wait(Duration::from_secs(120))?.ok()?;
    ensure!(names(&machine, "dsmil")?.len() == 84, "it was interrupted");

    // Killed, it has found nothing out; whoever asks again is served.
    unbind()?;
    let before = nvram.counts()?.dsml(2);
    let process = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    strike(&process, before, KILL)?;
    process.wait(Duration::from_secs(120))?;
    let made = nvram.counts()?.dsml(2).wrapping_sub(before);
    ensure!(made < 84, "it went on to the end");
    unknown("after the binding was killed")?;

    // Where the module's loading is killed nobody asks again but the driver core, when any driver
    // binds to any device.
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    let before = nvram.counts()?.dsml(2);
    let load = GuestCommand::new(["modprobe", "dell_milspec"]);
    let process = machine.guest()?.spawn(load)?;
    strike(&process, before, KILL)?;
    process.wait(Duration::from_secs(120))?;
    ensure!(machine.exists("/sys/module/dell_milspec")?);
    unknown("after the loading was killed")?;
    nvram.clear_faults()?;
    machine
        .sh("modprobe -r dell_wmi && modprobe dell_wmi")?
        .ok()?;
    wait_until("another try", || Ok(names(&machine, "dsmil")?.len() == 84))?;
    no_failed_probe(&machine)?;
    machine.check_kernel_log()
}
