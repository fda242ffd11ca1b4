// SPDX-License-Identifier: GPL-2.0

//! `paranoid-plus` holds until the next boot, and drift is seen and repaired.

use crate::apply::{ready, EACCES};
use crate::ask::{self, ask, ask_one, one, set};
use crate::common::{Test, DRIVER};
use crate::model::{check_calls, Image, Model, Values};
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::Machine;
use milspec_posture::mode::Mode;
use milspec_uapi::*;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("latch_holds_until_the_next_boot", latch),
    ("drift_is_named_and_repaired", drift),
];

fn shown(machine: &Machine, file: &str) -> Result<String> {
    machine.read(&format!("{SYSFS}/{file}"))
}

/// Fails when the latch closes without consent, or opens before a boot, in any of the ways that
/// somebody with every right could try.
fn latch() -> Result<()> {
    let mut machine = ready("rugged")?;
    let factory = Image::of(machine.nvram()?)?;
    one(&machine, "apply mode=5")?
        .ends(EACCES, OUTCOME_REFUSED)?
        .refused(REASON_UNCONFIRMED)?;
    ensure!(shown(&machine, "latched")? == "0" && factory == Image::of(machine.nvram()?)?);
    // A failed apply does not latch.
    let fault = machine
        .nvram()?
        .fail_call(milspec_machine::Call::TOKEN_WRITE, 3, -1)?;
    one(&machine, "apply mode=5 confirm")?.ends(125, OUTCOME_UNDONE)?;
    ensure!(machine.nvram()?.hits(fault)? == 1 && shown(&machine, "latched")? == "0");
    machine.nvram()?.clear_faults()?;
    ensure!(factory == Image::of(machine.nvram()?)?);
    one(&machine, "plan mode=5 confirm")?.ends(0, OUTCOME_PLANNED)?;
    ensure!(shown(&machine, "latched")? == "0", "a plan latches");

    one(&machine, "apply mode=5 confirm")?.ends(0, OUTCOME_DONE)?;
    let latched = Image::of(machine.nvram()?)?;
    ensure!(shown(&machine, "latched")? == "1");
    let properties = ask_one(&machine, "status")?.number("properties")?;
    ensure!(properties & u64::from(STATUS_LATCHED) != 0);
    let holds = |machine: &Machine| -> Result<()> {
        let list = set("nfc", "enabled")?;
        let mut requests: Vec<String> = (1..5).map(|n| format!("mode={n}")).collect();
        requests.extend([
            list.clone(),
            format!("mode=4 {list}"),
            "mode=1 confirm".to_owned(),
        ]);
        let before = machine.nvram()?.counts()?;
        for words in requests {
            one(machine, &format!("plan {words}"))?.ends(0, OUTCOME_REFUSED)?;
            one(machine, &format!("apply {words}"))?
                .ends(EACCES, OUTCOME_REFUSED)?
                .refused(REASON_LATCHED)?;
        }
        for mode in ["baseline", "standard", "enhanced", "paranoid"] {
            let written = machine
                .guest()?
                .write(&format!("{SYSFS}/mode"), mode.as_bytes())?;
            ensure!(written == Err(EACCES), "{mode}: {written:?}");
        }
        let made = machine.nvram()?.counts()?.since(&before).nonzero();
        ensure!(made.is_empty(), "calls were made: {made:?}");
        let removed = machine.run(["rmmod", "dell_milspec"])?;
        // Claim: nor unload the driver
        ensure!(
            removed.error_text().contains("in use"),
            "{}",
            removed.error_text()
        );
        // Claim: cannot leave `paranoid-plus`
        ensure!(shown(machine, "latched")? == "1");
        ensure!(
            latched == Image::of(machine.nvram()?)?,
            "the NVRAM was changed"
        );
        Ok(())
    };
    holds(&machine)?;
    for line in ["unbind", "bind"] {
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/{line}"))?
            .ok()?;
        holds(&machine)?;
    }
    // With exceptions it is no mode at all, and nothing of it is done.
    let excepted = one(
        &machine,
        &format!("apply mode=5 confirm {}", set("nfc", "enabled")?),
    )?;
    ensure!(excepted.result == 22, "{excepted:?}");

    // What something else opened is closed again: by the mode itself, without a new consent, and
    // by the file, which can give none.
    for by_file in [false, true] {
        let nvram = machine.nvram()?;
        nvram.set_setting(machine.plan(), "camera", "enabled")?;
        nvram.dsmil_set_state(1, 0, 0)?;
        ask(&machine, "refresh")?;
        ensure!(shown(&machine, "drifted_controls")? == "camera DSMIL0D1");
        match by_file {
            false => {
                one(&machine, "apply mode=5")?.ends(0, OUTCOME_DONE)?;
            }
            true => {
                let file = format!("{SYSFS}/mode");
                let written = machine.guest()?.write(&file, b"paranoid-plus")?;
                ensure!(written.is_ok(), "{written:?}");
            }
        }
        ensure!(shown(&machine, "drifted_controls")?.is_empty());
        let wrong = latched.differs(&Image::of(nvram)?);
        ensure!(wrong.is_empty(), "{wrong:?}");
    }
    machine.check_kernel_log()?;

    machine.reboot()?;
    ask::install(&machine)?;
    ensure!(
        latched == Image::of(machine.nvram()?)?,
        "the reboot changed the NVRAM"
    );
    ensure!(
        shown(&machine, "latched")? == "0",
        "it is latched after a reboot"
    );
    ensure!(shown(&machine, "mode")? == "paranoid-plus");
    ensure!(shown(&machine, "pending_reboot")? == "0");
    one(&machine, &format!("apply {}", set("nfc", "enabled")?))?.ends(0, OUTCOME_DONE)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Moves each of some controls behind the driver's back, and has the driver see it.
fn disturb(machine: &Machine, model: &mut Model, moved: &[(&str, &str)]) -> Result<()> {
    for (name, value) in moved {
        model.is_theirs(name);
        match crate::model::device(name)? {
            Some(device) => {
                let state = u8::from(*value == "active");
                machine.nvram()?.dsmil_set_state(device.index, state, 0)?;
            }
            None => machine.nvram()?.set_setting(machine.plan(), name, value)?,
        }
    }
    ask(machine, "refresh")?;
    Ok(())
}

/// Fails when drift is not seen, is seen where there is none, is not repaired by a mode that names
/// the control, or goes away by itself; and when a mode that does not name a control takes back what
/// something else has made of it.
fn drift() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let mut model = Model::new(&machine)?;
    let go = |model: &mut Model, mode: Mode| -> Result<(usize, Values)> {
        let now = model.values(nvram)?;
        let changes = Model::changes(&now, &model.target(mode, &now));
        let expected = model.image(&Image::of(nvram)?, &changes)?;
        let before = nvram.counts()?;
        one(&machine, &format!("apply {}", ask::mode(mode)))?.ends(0, OUTCOME_DONE)?;
        check_calls(&nvram.counts()?.since(&before), model.calls(&changes)?)?;
        let wrong = expected.differs(&Image::of(nvram)?);
        ensure!(wrong.is_empty(), "{wrong:?}");
        model.made(&changes);
        Ok((changes.len(), now))
    };
    // What nobody has changed drifts from nothing.
    disturb(&machine, &mut model, &[("camera", "disabled")])?;
    ensure!(shown(&machine, "drifted_controls")?.is_empty());
    disturb(&machine, &mut model, &[("camera", "enabled")])?;

    go(&mut model, Mode::Enhanced)?;
    go(&mut model, Mode::Standard)?;
    // `standard` has no line for the docks and the SD card, and put them back.
    let moved = [
        ("bios-downgrade", "allowed"),
        ("dell-docks-always-allowed", "disabled"),
        ("DSMIL1D3", "active"),
    ];
    disturb(&machine, &mut model, &moved)?;
    let named = shown(&machine, "drifted_controls")?;
    let all = moved
        .iter()
        .all(|(name, _)| named.split(' ').any(|n| n == *name));
    // Claim: it is found at the next look
    ensure!(all && named.split(' ').count() == 3, "drifted: {named}");
    // Of the others the mode says nothing.
    ensure!(shown(&machine, "mode")? == "standard");
    ensure!(shown(&machine, "mode_deviations")? == "bios-downgrade");
    let lines = ask(&machine, "status -- controls")?;
    ensure!(lines[0].number("drifted")? == 3, "{:?}", lines[0]);
    let bit = u64::from(CONTROL_DRIFTED);
    for line in lines.iter().filter(|line| line.word == "control") {
        let drifted = line.number("properties")? & bit != 0;
        let name = line.text("name")?;
        ensure!(drifted == moved.iter().any(|(n, _)| *n == name), "{line:?}");
    }
    let (steps, _) = go(&mut model, Mode::Standard)?;
    // The mode repairs what it names, and leaves alone what is theirs, which stays shown.
    let theirs = "dell-docks-always-allowed DSMIL1D3";
    ensure!(steps == 1, "{steps} steps");
    ensure!(shown(&machine, "mode_deviations")?.is_empty());
    ensure!(shown(&machine, "drifted_controls")? == theirs);
    ask(&machine, "refresh")?;
    ensure!(shown(&machine, "drifted_controls")? == theirs);

    // Somebody else puts a control where it should be: that is no drift any more.
    disturb(&machine, &mut model, &[("bios-downgrade", "allowed")])?;
    let named = shown(&machine, "drifted_controls")?;
    ensure!(
        named == "dell-docks-always-allowed bios-downgrade DSMIL1D3",
        "{named}"
    );
    disturb(&machine, &mut model, &[("bios-downgrade", "denied")])?;
    ensure!(shown(&machine, "drifted_controls")? == theirs);

    // One is accepted: that writes nothing, and no mode that does not name it ever changes it.
    let before = nvram.counts()?;
    let argv = ["milspecctl", "control", "accept", "DSMIL1D3"];
    machine.run(argv)?.ok()?;
    check_calls(&nvram.counts()?.since(&before), model.look())?;
    ensure!(shown(&machine, "drifted_controls")? == "dell-docks-always-allowed");
    go(&mut model, Mode::Baseline)?;
    ensure!(
        nvram
            .dsmil_state(
                crate::model::device("DSMIL1D3")?
                    .context("no device")?
                    .index
            )?
            .state
            == 1
    );
    ensure!(shown(&machine, "drifted_controls")? == "dell-docks-always-allowed");
    // Drift that a mode asks for is none either, and takes no step.
    go(&mut model, Mode::Enhanced)?;
    ensure!(shown(&machine, "drifted_controls")?.is_empty());
    go(&mut model, Mode::Baseline)?;
    ensure!(shown(&machine, "mode")? == "baseline");
    ensure!(
        nvram
            .setting(machine.plan(), "dell-docks-always-allowed")?
            .as_deref()
            == Some("disabled")
    );
    machine.check_kernel_log()
}
