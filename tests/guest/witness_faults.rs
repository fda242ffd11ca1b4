// SPDX-License-Identifier: GPL-2.0

//! Does each fault do what it says? Seen from the guest, through mainline's
//! interface: a fault without effect would make the tests that use it pass for
//! nothing.

use crate::common::{machine, Test};
use crate::witness::{call, read, write, ERROR, SENTINEL};
use anyhow::{ensure, Result};
use milspec_machine::nvram::layout::{SPACE_SMBIOS, SYSMAN_SET};
use milspec_machine::table::Token;
use milspec_machine::{Call, Fault, Machine, Module, Wrong};
use std::time::Instant;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("fault_fails_the_nth_call_only", fails_nth),
    ("fault_strikes_one_location_only", one_location),
    ("fault_ignores_a_call", ignores),
    ("fault_reads_back_wrong", wrong_readback),
    ("fault_delays", delays),
    ("fault_lies_about_a_write", lies),
    ("fault_reports_another_status", other_status),
    ("fault_of_sysman", sysman),
    ("faults_add_up_and_can_be_cleared", several),
    ("fault_moves_a_cell", moves_cell),
    ("calls_are_logged_in_order", log),
];

fn start() -> Result<(Machine, Token, Token)> {
    let machine = machine("rugged-5430", Module::Absent)?;
    let enabled = machine.plan().token("camera", "enabled")?;
    let disabled = machine.plan().token("camera", "disabled")?;
    Ok((machine, enabled, disabled))
}

fn fails_nth() -> Result<()> {
    let (machine, camera, _) = start()?;
    let nvram = machine.nvram()?;
    let fault = nvram.fail_call(Call::TOKEN_READ, 2, -2)?;
    let statuses = [
        read(&machine, camera.location)?.0,
        read(&machine, camera.location)?.0,
        read(&machine, camera.location)?.0,
    ];
    ensure!(
        statuses == [0, 0xFFFF_FFFE, 0],
        "statuses are {statuses:x?}"
    );
    ensure!(nvram.hits(fault)? == 1);
    machine.check_kernel_log()
}

fn one_location() -> Result<()> {
    let (machine, camera, _) = start()?;
    let gps = machine.plan().token("gps", "enabled")?;
    let nvram = machine.nvram()?;
    let call = Call::TOKEN_READ.at(u32::from(gps.location));
    let _armed = nvram.arm(Fault::new(call, Wrong::Fail(-1)))?;
    ensure!(
        read(&machine, camera.location)?.0 == 0,
        "it strikes another location"
    );
    ensure!(
        read(&machine, gps.location)?.0 == ERROR,
        "it does not strike its own"
    );
    ensure!(
        write(&machine, gps.location, gps.value, 0)? == 0,
        "it strikes writes"
    );
    machine.check_kernel_log()
}

fn ignores() -> Result<()> {
    let (machine, enabled, disabled) = start()?;
    let nvram = machine.nvram()?;
    let fault = nvram.ignore_call(Call::TOKEN_WRITE)?;
    let [location, value] = [disabled.location, disabled.value].map(|n| n.to_string());
    let preset = SENTINEL.to_string();
    let out = call(
        &machine,
        &["1", "0", &location, &value, "--preset", &preset],
    )?;
    ensure!(
        out == [SENTINEL; 4],
        "firmware touched the buffer: {out:x?}"
    );
    // The trap that the preset is for: a zeroed buffer reads as success.
    ensure!(write(&machine, disabled.location, disabled.value, 0)? == 0);
    ensure!(
        nvram.location(enabled.location)? == enabled.value,
        "an ignored write changed it"
    );
    ensure!(nvram.hits(fault)? == 2);
    nvram.disarm(fault)?;
    ensure!(write(&machine, disabled.location, disabled.value, 0)? == 0);
    ensure!(
        nvram.location(disabled.location)? == disabled.value,
        "the fault is still there"
    );
    machine.check_kernel_log()
}

fn wrong_readback() -> Result<()> {
    let (machine, camera, _) = start()?;
    let nvram = machine.nvram()?;
    let _armed = nvram.wrong_readback(camera.location, 0x77)?;
    ensure!(
        read(&machine, camera.location)? == (0, 0x77),
        "the right value is shown"
    );
    ensure!(
        nvram.location(camera.location)? == camera.value,
        "the cell itself changed"
    );
    machine.check_kernel_log()
}

fn delays() -> Result<()> {
    let (machine, camera, _) = start()?;
    let _armed = machine.nvram()?.delay(Call::class(0), 2000)?;
    let start = Instant::now();
    ensure!(read(&machine, camera.location)? == (0, u32::from(camera.value)));
    let took = start.elapsed();
    ensure!(took.as_millis() >= 1900, "it took {took:?}");
    machine.check_kernel_log()
}

fn lies() -> Result<()> {
    let (machine, enabled, disabled) = start()?;
    let nvram = machine.nvram()?;
    let _armed = nvram.arm(Fault::new(Call::TOKEN_WRITE, Wrong::Lie))?;
    ensure!(
        write(&machine, disabled.location, disabled.value, 0)? == 0,
        "no success reported"
    );
    ensure!(
        read(&machine, enabled.location)?.1 == u32::from(enabled.value),
        "it was written"
    );
    machine.check_kernel_log()
}

fn other_status() -> Result<()> {
    let (machine, _, disabled) = start()?;
    let nvram = machine.nvram()?;
    let _armed = nvram.arm(Fault::new(Call::TOKEN_WRITE, Wrong::Status(-1)).times(1))?;
    ensure!(
        write(&machine, disabled.location, disabled.value, 0)? == ERROR,
        "success reported"
    );
    ensure!(
        nvram.location(disabled.location)? == disabled.value,
        "it was not written"
    );
    machine.check_kernel_log()
}

fn sysman() -> Result<()> {
    let (machine, _, _) = start()?;
    let path = "/sys/class/firmware-attributes/dell-wmi-sysman/attributes/Asset/current_value";
    let nvram = machine.nvram()?;
    let before = nvram.counts()?;
    let _armed = nvram.arm(Fault::new(Call::SYSMAN_SET, Wrong::Fail(4)).nth(1))?;
    let refused = machine.guest()?.write(path, b"NEW")?;
    ensure!(refused == Err(95), "EOPNOTSUPP was asked for: {refused:?}");
    ensure!(machine.read(path)? == "Asset Tag", "it was set");
    ensure!(
        machine.guest()?.write(path, b"NEW")?.is_ok(),
        "the second is refused as well"
    );
    ensure!(
        nvram.counts()?.since(&before).sysman(SYSMAN_SET) == 2,
        "miscounted"
    );
    machine.check_kernel_log()
}

fn several() -> Result<()> {
    let (machine, camera, _) = start()?;
    let nvram = machine.nvram()?;
    for n in [1, 3] {
        let _armed = nvram.fail_call(Call::TOKEN_READ, n, -1)?;
    }
    // A spent fault leaves its place to the next.
    for _ in 0..20 {
        let fault = nvram.arm(Fault::new(Call::class(30), Wrong::Fail(-1)))?;
        nvram.disarm(fault)?;
    }
    // The second fault counts calls that the first one left alone.
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(read(&machine, camera.location)?.0);
    }
    ensure!(
        statuses == [ERROR, 0, 0, ERROR, 0],
        "statuses are {statuses:x?}"
    );
    let _armed = nvram.arm(Fault::new(Call::SMBIOS, Wrong::Fail(-1)))?;
    ensure!(read(&machine, camera.location)?.0 == ERROR);
    nvram.clear_faults()?;
    ensure!(
        read(&machine, camera.location)?.0 == 0,
        "faults were not cleared"
    );
    machine.check_kernel_log()
}

fn moves_cell() -> Result<()> {
    let (machine, camera, _) = start()?;
    let nvram = machine.nvram()?;
    let before = nvram.counts()?;
    nvram.set_setting(machine.plan(), "camera", "disabled")?;
    ensure!(nvram.counts()? == before, "the poke was counted as a call");
    ensure!(
        read(&machine, camera.location)?.1 != u32::from(camera.value),
        "nothing moved"
    );
    machine.check_kernel_log()
}

fn log() -> Result<()> {
    let (machine, enabled, disabled) = start()?;
    let nvram = machine.nvram()?;
    let position = nvram.log_position()?;
    read(&machine, enabled.location)?;
    write(&machine, disabled.location, disabled.value, 0)?;
    call(&machine, &["0", "2", &enabled.location.to_string()])?;
    let calls: Vec<_> = nvram
        .log_since(position)?
        .iter()
        .map(|e| (e.space, e.key, e.select, e.argument))
        .collect();
    let [read_at, written_at] = [enabled, disabled].map(|token| u32::from(token.location));
    let expected = [
        (SPACE_SMBIOS, 0, 0, read_at),
        (SPACE_SMBIOS, 1, 0, written_at),
        (SPACE_SMBIOS, 0, 2, read_at),
    ];
    ensure!(calls == expected, "logged were {calls:x?}");
    machine.check_kernel_log()
}
