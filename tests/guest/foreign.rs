// SPDX-License-Identifier: GPL-2.0

//! What somebody else changes, before an apply, in the middle of one, and under the driver's hands:
//! the driver's word must hold all the same, and nothing that is theirs is taken back.

use crate::access::wait_until;
use crate::apply::{EAGAIN, ECANCELED, EIO};
use crate::ask::{self, ask, ask_one, id, one, set, value, Answer};
use crate::common::{log_lines, Test, DRIVER};
use crate::journal::{cause, events, machine_with_cause, of_kind, verified};
use crate::model::{check_calls, device, Image, Model};
use crate::modes::SYSFS;
use crate::witness;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::{Machine, Module};
use milspec_machine::{Call, Fault, Held, Wrong};
use milspec_posture::mode::Mode;
use milspec_posture::settings::SETTINGS;
use milspec_uapi::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("foreign_change_that_nobody_told_of_is_put_right", unseen),
    (
        "foreign_change_leads_to_no_latch_over_a_false_claim",
        no_false_latch,
    ),
    ("foreign_change_makes_a_generation_stale", stale),
    ("foreign_change_before_an_apply_is_not_undone", not_undone),
    ("foreign_change_in_mid_apply_is_a_conflict", conflict),
    ("foreign_change_in_mid_undo_is_left_alone", undo),
    (
        "foreign_change_that_firmware_has_compared_is_not_reverted",
        compared,
    ),
    ("foreign_change_of_what_was_never_written_is_told", told),
    ("drift_is_not_what_the_driver_has_left", no_false_drift),
    (
        "degraded_requirements_keep_what_needs_them_off",
        dependencies,
    ),
    ("driver_says_when_the_firmware_was_read", read_when),
    ("latch_does_not_outlive_a_forced_unload", forced_out),
];

const EBUSY: i32 = 16;
const PATIENCE: Duration = Duration::from_secs(60);

fn ready(profile: &str) -> Result<Machine> {
    let machine = machine_with_cause(profile, Module::Autoload)?;
    ask::install(&machine)?;
    Ok(machine)
}

fn shown(machine: &Machine, file: &str) -> Result<String> {
    machine.read(&format!("{SYSFS}/{file}"))
}

fn setting(machine: &Machine, name: &str) -> Result<String> {
    let value = machine.nvram()?.setting(machine.plan(), name)?;
    value.with_context(|| format!("{name} has no value"))
}

/// Fails unless the NVRAM holds just this.
fn holds(machine: &Machine, expected: &Image) -> Result<()> {
    let wrong = expected.differs(&Image::of(machine.nvram()?)?);
    ensure!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

/// The records of changes that nobody asked the driver for: control, from, to, and whether the
/// driver had set it.
fn outside(records: &[Event]) -> Vec<(u32, u8, u8, bool)> {
    of_kind(records, KIND_OUTSIDE_CHANGE)
        .iter()
        .map(|event| {
            (
                event.control,
                event.from,
                event.to,
                event.properties & EVENT_DRIFT != 0,
            )
        })
        .collect()
}

/// Enables the camera by mainline's own interface, without any event.
fn enable_camera(machine: &Machine) -> Result<()> {
    let token = machine.plan().token("camera", "enabled")?;
    let status = witness::write(machine, token.location, token.value, 0)?;
    ensure!(status == 0 && setting(machine, "camera")? == "enabled");
    Ok(())
}

/// Fails when a mode is said to be reached on the word of an old reading: something else has enabled
/// the camera, and nothing has told the driver.
fn unseen() -> Result<()> {
    let machine = ready("rugged")?;
    let file = format!("{SYSFS}/mode");
    machine.sh(&format!("echo paranoid >{file}"))?.ok()?;
    let paranoid = Image::of(machine.nvram()?)?;
    let camera = id("camera")?;
    let (enabled, disabled) = (value("camera", "enabled")?, value("camera", "disabled")?);
    for by_mainline in [true, false] {
        let before = events(&machine)?.len();
        match by_mainline {
            true => enable_camera(&machine)?,
            false => machine
                .nvram()?
                .set_setting(machine.plan(), "camera", "enabled")?,
        }
        machine.sh(&format!("echo paranoid >{file}"))?.ok()?;
        holds(&machine, &paranoid)?;
        ensure!(
            shown(&machine, "mode")? == "paranoid"
                && shown(&machine, "mode_deviations")?.is_empty()
        );
        ensure!(shown(&machine, "drifted_controls")?.is_empty());
        // Who reads the journal learns both: what was found, and what was done about it.
        let records = events(&machine)?;
        verified(&records)?;
        let new = &records[before..];
        ensure!(
            outside(new) == [(camera, disabled, enabled, true)],
            "{new:?}"
        );
        let steps = of_kind(new, KIND_STEP);
        let told: Vec<_> = steps
            .iter()
            .map(|e| (e.control, e.from, e.to, e.step))
            .collect();
        ensure!(told == [(camera, enabled, disabled, STEP_DONE)], "{told:?}");
        ensure!(of_kind(new, KIND_OUTSIDE_CHANGE)[0].sequence < steps[0].sequence);
    }
    machine.check_kernel_log()
}

/// Fails when the latch closes, or a record of it is extended into the TPM, while the camera that
/// something else has enabled is on.
fn no_false_latch() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    enable_camera(&machine)?;
    // It cannot be disabled again: then there is nothing to latch.
    let camera = machine.plan().token("camera", "disabled")?.location;
    let fault = nvram.arm(Fault::new(
        Call::TOKEN_WRITE.at(camera.into()),
        Wrong::Fail(-1),
    ))?;
    one(&machine, "apply mode=5 confirm")?.ends(ECANCELED, OUTCOME_UNDONE)?;
    ensure!(nvram.hits(fault)? > 0);
    ensure!(setting(&machine, "camera")? == "enabled" && shown(&machine, "latched")? == "0");
    ensure!(shown(&machine, "mode_deviations")?
        .split(' ')
        .any(|name| name == "camera"));
    ensure!(of_kind(&events(&machine)?, KIND_LATCH).is_empty());
    nvram.clear_faults()?;

    let model = Model::new(&machine)?;
    let now = model.values(nvram)?;
    let then = model.target(Mode::ParanoidPlus, &now);
    ensure!(then["camera"] == "disabled");
    let expected = model.image(&Image::of(nvram)?, &Model::changes(&now, &then))?;
    one(&machine, "apply mode=5 confirm")?.ends(0, OUTCOME_DONE)?;
    holds(&machine, &expected)?;
    let records = events(&machine)?;
    let latches = of_kind(&records, KIND_LATCH);
    ensure!(latches.len() == 1 && shown(&machine, "latched")? == "1");
    let done = of_kind(&records, KIND_STEP);
    let camera = id("camera")?;
    let done = done
        .iter()
        .rfind(|e| e.control == camera)
        .context("no step")?;
    ensure!(
        done.step == STEP_DONE && done.sequence < latches[0].sequence,
        "{done:?}"
    );
    machine.check_kernel_log()
}

/// Fails when a caller who has decided on a state is served on another, which only the look of the
/// apply itself finds.
fn stale() -> Result<()> {
    let machine = ready("latitude-7490")?;
    let nvram = machine.nvram()?;
    let model = Model::new(&machine)?;
    let now = one(&machine, "plan mode=4")?.number("generation")?;
    nvram.set_setting(machine.plan(), "camera", "disabled")?;
    let before = (Image::of(nvram)?, nvram.counts()?);
    let answer = one(&machine, &format!("apply mode=4 generation={now}"))?;
    ensure!(
        answer.result == EAGAIN as u64 && answer.outcome == OUTCOME_NONE,
        "{answer:?}"
    );
    check_calls(
        &nvram.counts()?.since(&before.1),
        model.look_after(&["camera"]),
    )?;
    holds(&machine, &before.0)?;
    // What was found is committed: the next plan is one of what is.
    let planned = one(&machine, "plan mode=4")?;
    ensure!(planned.number("generation")? > now, "{planned:?}");
    ensure!(!planned
        .plan()
        .iter()
        .any(|(control, ..)| Ok(*control) == id("camera").map_err(|_| ())));
    machine.check_kernel_log()
}

/// Fails when the undo of an apply switches on what somebody had switched off before it.
fn not_undone() -> Result<()> {
    for profile in ["latitude-7490", "rugged"] {
        let machine = ready(profile)?;
        let nvram = machine.nvram()?;
        one(&machine, "apply mode=2")?.ends(0, OUTCOME_DONE)?;
        let token = machine.plan().token("camera", "disabled")?;
        ensure!(setting(&machine, "camera")? == "enabled");
        let status = witness::write(&machine, token.location, token.value, 0)?;
        ensure!(status == 0 && setting(&machine, "camera")? == "disabled");
        let theirs = Image::of(nvram)?;
        // A late step fails.
        let steps = one(&machine, "plan mode=4")?.ends(0, OUTCOME_PLANNED)?;
        let tokens = steps
            .plan()
            .iter()
            .filter(|(control, ..)| control >> 16 == 1)
            .count();
        let fault = nvram.fail_call(Call::TOKEN_WRITE, tokens as u32 - 1, -1)?;
        let answer = one(&machine, "apply mode=4")?.ends(ECANCELED, OUTCOME_UNDONE)?;
        ensure!(nvram.hits(fault)? == 1);
        let camera = id("camera")?;
        ensure!(
            answer.steps.iter().all(|step| step.control != camera),
            "{answer:?}"
        );
        let undone = answer.steps.iter().filter(|step| step.state == STEP_UNDONE);
        ensure!(undone.count() + 2 == tokens, "{answer:?}");
        holds(&machine, &theirs)?;
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// Makes a request of which the `n`-th call of a kind is held back, and waits until it is.
fn held<'a>(
    machine: &'a Machine,
    request: &str,
    call: Call,
    n: u32,
) -> Result<(Process<'a>, Held)> {
    let held = machine.nvram()?.hold(call, n)?;
    let process = ask::start(machine, request)?;
    wait_until("a firmware call is held back", || {
        machine.nvram()?.is_held(&held)
    })?;
    Ok((process, held))
}

/// Lets a held call go, and takes the answer.
fn let_go(machine: &Machine, process: Process<'_>, held: Held) -> Result<Answer> {
    ensure!(machine.nvram()?.is_held(&held)?, "it came too late");
    machine.nvram()?.release(held)?;
    let output = process.wait(PATIENCE)?.ok()?;
    let answers = ask::answers(&ask::lines(&output.text()))?;
    answers.into_iter().next().context("no answer")
}

/// Changes a control behind the driver's back, and in what is expected.
fn change(machine: &Machine, expected: &mut Image, control: u32, to: &str) -> Result<()> {
    let name = ask::name(control);
    expected.set(machine.plan(), &name, to)?;
    match device(&name)? {
        Some(device) => machine
            .nvram()?
            .dsmil_set_state(device.index, u8::from(to == "active"), 0),
        None => machine.nvram()?.set_setting(machine.plan(), &name, to),
    }
}

/// Fails when an apply that is overtaken by somebody else goes on, overwrites what they have done, or
/// does not name it: they put back a control that it has set, give another one a third value, and
/// change one that it has not come to.
fn conflict() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let factory = Image::of(nvram)?;
    for of_devices in [false, true] {
        let plan = one(&machine, "plan mode=4")?
            .ends(0, OUTCOME_PLANNED)?
            .plan();
        let first = plan
            .iter()
            .filter(|(control, ..)| control >> 16 == 1)
            .count();
        let mut expected = Image::of(nvram)?;
        // One that has a third value.
        let third = plan.iter().enumerate().find_map(|(at, step)| {
            let (control, from, to) = *step;
            let setting = SETTINGS.get((control & 0xFFFF) as usize)?;
            let values = (0u8..)
                .zip(setting.values)
                .filter(|(n, _)| *n != from && *n != to);
            let mut values =
                values.filter(|(_, v)| machine.plan().token(setting.name, v.name).is_ok());
            let (n, found) = values.next().filter(|_| control >> 16 == 1)?;
            Some((at, (control, to, n, found.name)))
        });
        let (third_at, third) = third.context("no control with a third value")?;
        // The step at which it is stopped, and those that somebody else is faster or slower at.
        let (call, at) = match of_devices {
            false => (Call::TOKEN_WRITE, third_at + 4),
            true => (Call::dsml(5), first + 5),
        };
        let nth = if of_devices { at - first } else { at } as u32 + 1;
        ensure!(
            of_devices || at < first,
            "{third_at} of {first} settings: {plan:?}"
        );
        let put_back = plan[at - 2];
        let later = plan[at + 3];
        let records = events(&machine)?.len();
        let (process, held) = held(&machine, "apply mode=4", call, nth)?;
        let (put, back, _) = put_back;
        change(&machine, &mut expected, put, ask::value_name(put, back))?;
        change(&machine, &mut expected, third.0, third.3)?;
        change(
            &machine,
            &mut expected,
            later.0,
            ask::value_name(later.0, later.2),
        )?;
        let answer = let_go(&machine, process, held)?.ends(EBUSY, OUTCOME_CONFLICT)?;
        holds(&machine, &expected)?;

        let state = |control: u32| answer.steps.iter().find(|step| step.control == control);
        let moved = |control| -> Result<_> {
            let step = state(control).context("no step")?;
            ensure!(step.state == STEP_MOVED, "{step:?}");
            Ok(step.now)
        };
        ensure!(
            moved(later.0)? == later.2 && moved(third.0)? == third.2,
            "{answer:?}"
        );
        ensure!(
            state(put).context("no step")?.state == STEP_UNDONE,
            "{answer:?}"
        );
        let named = answer.number("control")? as u32;
        ensure!([later.0, third.0].contains(&named), "{answer:?}");
        for (n, step) in answer.steps.iter().enumerate() {
            let expected = match n {
                _ if [later.0, third.0].contains(&step.control) => STEP_MOVED,
                n if n < at + 3 => STEP_UNDONE,
                _ => STEP_PLANNED,
            };
            ensure!(step.state == expected, "step {n}: {answer:?}");
        }
        // Each of the three is told, and none of the driver's own.
        let new = events(&machine)?;
        verified(&new)?;
        let mut told = outside(&new[records..]);
        told.sort_unstable();
        let mut foreign = vec![
            (put, put_back.2, put_back.1),
            (third.0, third.1, third.2),
            (later.0, later.1, later.2),
        ];
        foreign.sort_unstable();
        let told: Vec<_> = told
            .into_iter()
            .map(|(c, from, to, _)| (c, from, to))
            .collect();
        ensure!(told == foreign, "told {told:?}, was {foreign:?}");
        let log = log_lines(&machine)?;
        ensure!(
            log.iter()
                .any(|line| line.contains("paranoid: something else has changed")),
            "{log:#?}"
        );
        ensure!(shown(&machine, "degraded_controls")?.is_empty());
        // What they have done is the start of whatever comes next, and nobody takes it back.
        one(&machine, "apply mode=1")?.ends(0, OUTCOME_DONE)?;
        holds(&machine, &expected)?;
        one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
        machine.check_kernel_log()?;
        machine.run(["rmmod", "dell_milspec"])?.ok()?;
        factory.put_back(nvram)?;
        machine.run(["modprobe", "dell_milspec"])?.ok()?;
    }
    Ok(())
}

/// Fails when the undo of a step that failed writes to a control that somebody else has changed
/// since, with the driver's hands on another one.
fn undo() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let plan = one(&machine, "plan mode=4")?
        .ends(0, OUTCOME_PLANNED)?
        .plan();
    let mut expected = Image::of(nvram)?;
    // The sixth write is held, and then fails: its location refuses. The third has a third value.
    let (refusing, _, to) = plan[5];
    let name = ask::name(refusing);
    let location = machine
        .plan()
        .token(&name, ask::value_name(refusing, to))?
        .location;
    let (process, held) = held(&machine, "apply mode=4", Call::TOKEN_WRITE, 6)?;
    nvram.set_read_only(location, true)?;
    let (back, from, _) = plan[2];
    change(&machine, &mut expected, back, ask::value_name(back, from))?;
    let written = nvram.log_position()?;
    let answer = let_go(&machine, process, held)?.ends(ECANCELED, OUTCOME_UNDONE)?;
    ensure!(
        answer.number("control")? == u64::from(refusing),
        "{answer:?}"
    );
    nvram.set_read_only(location, false)?;
    holds(&machine, &expected)?;
    // It was as it was to be: nothing was written there.
    let theirs = machine.plan().setting(&ask::name(back));
    let theirs: Vec<u32> = theirs
        .iter()
        .map(|(_, token)| token.location.into())
        .collect();
    let writes = nvram.log_since(written)?;
    let mut writes = writes
        .iter()
        .filter(|call| (call.space, call.key) == (0, 1));
    ensure!(
        !writes.any(|call| theirs.contains(&call.argument)),
        "{theirs:?}"
    );
    machine.check_kernel_log()
}

/// Fails when what somebody else has done between the last reading and SET_IF is reverted: the
/// firmware has compared, so that this change is not the driver's.
fn compared() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let index = device("DSMIL0D1")?.context("no such device")?.index;
    let control = id("DSMIL0D1")?;
    let request = format!("apply {}", set("DSMIL0D1", "active")?);
    let before = Image::of(nvram)?;

    // They were first, with the same wish.
    let records = events(&machine)?.len();
    let sets = nvram.counts()?.dsml(5);
    let (process, held_back) = held(&machine, &request, Call::dsml(5), 1)?;
    nvram.dsmil_set_state(index, 1, 0)?;
    let answer = let_go(&machine, process, held_back)?.ends(EBUSY, OUTCOME_CONFLICT)?;
    let step = answer.steps.first().context("no step")?;
    ensure!((step.state, step.now) == (STEP_MOVED, 1), "{answer:?}");
    ensure!(
        answer.number("control")? == u64::from(control),
        "{answer:?}"
    );
    ensure!(
        nvram.dsmil_state(index)?.state == 1,
        "what they have done was reverted"
    );
    ensure!(
        nvram.counts()?.dsml(5) - sets == 1,
        "SET_IF was called once more"
    );
    ensure!(outside(&events(&machine)?[records..]) == [(control, 0, 1, false)]);
    // It is theirs: no mode below takes it back, because the driver has never changed it.
    one(&machine, "apply mode=1")?.ends(0, OUTCOME_DONE)?;
    ensure!(nvram.dsmil_state(index)?.state == 1);

    // The device has failed meanwhile: that is nothing that anybody could put back.
    nvram.dsmil_set_state(index, 0, 0)?;
    let (process, held_back) = held(&machine, &request, Call::dsml(5), 1)?;
    nvram.dsmil_set_state(index, 2, 0)?;
    let answer = let_go(&machine, process, held_back)?.ends(ECANCELED, OUTCOME_UNDONE)?;
    ensure!(answer.error == EAGAIN as u64, "{answer:?}");
    ensure!(nvram.dsmil_state(index)?.state == 2, "it was written to");
    nvram.dsmil_set_state(index, 0, 0)?;
    holds(&machine, &before)?;
    machine.check_kernel_log()
}

/// Fails when a change that nobody asked the driver for, of a control that it never wrote, is found
/// without an event, a record and a line in the log, or is called drift.
fn told() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let listen = ["udevadm", "monitor", "--kernel", "--property"];
    let mut listener = machine.guest()?.spawn(GuestCommand::new(listen))?;
    listener.wait_for("KERNEL - the kernel uevent", Duration::from_secs(30))?;
    let device = device("DSMIL1D3")?.context("no such device")?;
    for (n, (name, from, to)) in [
        ("camera", "enabled", "disabled"),
        ("secure-boot", "enabled", "disabled"),
        ("DSMIL1D3", "inactive", "active"),
    ]
    .into_iter()
    .enumerate()
    {
        let records = events(&machine)?.len();
        match name == device.name {
            true => nvram.dsmil_set_state(device.index, 1, 0)?,
            false => {
                ensure!(setting(&machine, name)? == from);
                nvram.set_setting(machine.plan(), name, to)?;
            }
        }
        // Twice: what is found is told once.
        ask(&machine, "refresh -- refresh")?;
        let found = outside(&events(&machine)?[records..]);
        let expected = (id(name)?, value(name, from)?, value(name, to)?, false);
        ensure!(found == [expected], "{name}: {found:?}");
        let line = format!("{name}: something else has changed it from {from} to {to}");
        let log = log_lines(&machine)?;
        ensure!(
            log.iter().filter(|l| l.contains(&line)).count() == 1,
            "{log:#?}"
        );
        ensure!(shown(&machine, "drifted_controls")?.is_empty());
        wait_until("an event", || {
            listener.poll()?;
            let text = listener.stdout();
            let heard = text
                .split("\n\n")
                .filter(|e| e.contains("MILSPEC_OUTSIDE_CHANGES=1\n"));
            Ok(heard.filter(|e| e.contains("MILSPEC_DRIFTED=0")).count() == n + 1)
        })
        .with_context(|| name.to_owned())?;
    }
    machine.check_kernel_log()
}

/// Fails when the driver accuses somebody else of what it has left itself: its undo has failed.
fn no_false_drift() -> Result<()> {
    let machine = ready("latitude-7490")?;
    let nvram = machine.nvram()?;
    // It has written all of them once.
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    let records = events(&machine)?.len();
    let fault = nvram.arm(
        Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1))
            .nth(4)
            .times(u32::MAX),
    )?;
    let answer = one(&machine, "apply mode=2")?.ends(EIO, OUTCOME_DEGRADED)?;
    ensure!(nvram.hits(fault)? > 3);
    let degraded = answer
        .steps
        .iter()
        .filter(|step| step.state == STEP_DEGRADED);
    let degraded: Vec<String> = degraded.map(|step| ask::name(step.control)).collect();
    ensure!(degraded.len() == 3, "{answer:?}");
    let judge = |when: &str| -> Result<()> {
        let drifted = shown(&machine, "drifted_controls")?;
        ensure!(drifted.is_empty(), "{when}, drifted: {drifted}");
        let told = outside(&events(&machine)?[records..]);
        ensure!(told.is_empty(), "{when}, told: {told:?}");
        let named = shown(&machine, "degraded_controls")?;
        let all = degraded
            .iter()
            .all(|name| named.split(' ').any(|n| n == name));
        ensure!(
            all && named.split(' ').count() == 3,
            "{when}, degraded: {named}"
        );
        Ok(())
    };
    judge("at once")?;
    ask(&machine, "refresh")?;
    judge("after a look")?;
    nvram.clear_faults()?;
    ask(&machine, "refresh -- refresh")?;
    judge("when the firmware is well")?;
    let log = log_lines(&machine)?;
    ensure!(
        !log.iter().any(|line| line.contains("something else")),
        "{log:#?}"
    );
    // Taken as they are, they are no burden any more.
    let accepted: Vec<String> = degraded
        .iter()
        .map(|name| Ok(format!("set={}:254", id(name)?)))
        .collect::<Result<_>>()?;
    let counts = nvram.counts()?;
    let before = events(&machine)?.len();
    one(&machine, &format!("apply {}", accepted.join(" ")))?.ends(0, OUTCOME_DONE)?;
    ensure!(nvram.counts()?.since(&counts).token_writes() == 0);
    // Who looks at the journal later sees what was accepted.
    let records = events(&machine)?;
    let told = of_kind(&records[before..], KIND_ACCEPTED);
    let told: BTreeSet<String> = told.iter().map(|event| ask::name(event.control)).collect();
    ensure!(told == degraded.iter().cloned().collect(), "{told:?}");
    let shown_as = machine.run(["milspecctl", "events"])?.ok()?.text();
    let lines = shown_as.lines().filter(|line| line.ends_with(" accepted"));
    ensure!(lines.count() == 3, "{shown_as}");
    ensure!(shown(&machine, "degraded_controls")?.is_empty());
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    ensure!(shown(&machine, "mode_deviations")?.is_empty());
    machine.check_kernel_log()
}

/// Fails when an undo activates a device while what that needs could not be activated again.
fn dependencies() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    // The one needs the other.
    let (first, needed) = ("DSMIL2D6", "DSMIL2D0");
    let [one_index, needed_index] =
        [first, needed].map(|name| device(name).map(|d| d.map(|d| d.index)));
    let (one_index, needed_index) = (one_index?.context("none")?, needed_index?.context("none")?);
    let all = |to| -> Result<String> { Ok(format!("{} {}", set(first, to)?, set(needed, to)?)) };
    one(&machine, &format!("apply {}", all("active")?))?.ends(0, OUTCOME_DONE)?;
    let last = "DSMIL3D0";
    let words = format!("{} {}", all("inactive")?, set(last, "active")?);
    let steps = one(&machine, &format!("plan {words}"))?.plan();
    let order: Vec<String> = steps
        .iter()
        .map(|(control, ..)| ask::name(*control))
        .collect();
    ensure!(order == [first, needed, last], "{order:?}");
    let last_index = device(last)?.context("none")?.index;
    let set_if = |index: u16| Fault::new(Call::dsml(5).at(index.into()), Wrong::Fail(7));
    let fails = nvram.arm(set_if(last_index))?;
    let stays = nvram.arm(set_if(needed_index).nth(2).times(u32::MAX))?;
    let sets = nvram.log_position()?;
    let answer = one(&machine, &format!("apply {words}"))?.ends(EIO, OUTCOME_DEGRADED)?;
    ensure!(nvram.hits(fails)? > 0 && nvram.hits(stays)? > 0);
    let states: Vec<u8> = answer.steps.iter().map(|step| step.state).collect();
    ensure!(
        states == [STEP_DEGRADED, STEP_DEGRADED, STEP_FAILED],
        "{answer:?}"
    );
    ensure!(answer.steps[0].error == EBUSY as u32, "{answer:?}");
    let calls = nvram.log_since(sets)?;
    let tried = calls
        .iter()
        .filter(|c| c.key == 5 && c.argument == u32::from(one_index));
    ensure!(
        tried.count() == 1,
        "it was activated, or that was tried: {calls:?}"
    );
    for index in [one_index, needed_index, last_index] {
        ensure!(nvram.dsmil_state(index)?.state == 0, "{index}");
    }
    ensure!(shown(&machine, "degraded_controls")? == format!("{needed} {first}"));
    nvram.clear_faults()?;
    one(&machine, &format!("apply {}", all("active")?))?.ends(0, OUTCOME_DONE)?;
    ensure!(shown(&machine, "degraded_controls")?.is_empty());
    machine.check_kernel_log()
}

/// Fails when the time at which the firmware was read is another than that: it stays when DSML0001
/// comes and goes, and when a request is refused without a look; it grows when an apply looks.
fn read_when() -> Result<()> {
    let machine = ready("rugged")?;
    let read = || -> Result<u64> { Ok(shown(&machine, "refreshed_ns")?.parse()?) };
    let first = read()?;
    for what in [
        format!("echo DSML0001:00 >{DRIVER}/unbind"),
        format!("echo DSML0001:00 >{DRIVER}/bind"),
        format!("{} plan mode=4 -- status -- controls", ask::ASK),
        format!("{} apply mode=5", ask::ASK),
        format!("{} apply mode=2 generation=1000000", ask::ASK),
        format!("echo paranoid-plus >{SYSFS}/mode; true"),
    ] {
        machine.sh(&what)?.ok()?;
        ensure!(
            read()? == first,
            "{what}: {first} before, {} after",
            read()?
        );
    }
    let mut before = first;
    // One that is refused after its look has looked as well.
    for what in [
        "refresh",
        "apply mode=2",
        "apply mode=2",
        "apply set=0x1ffff:0",
    ] {
        ask(&machine, what)?;
        let after = read()?;
        ensure!(after > before, "{what}: {before} before, {after} after");
        before = after;
    }
    machine.check_kernel_log()
}

/// Fails when the latch opens in another way than the document says: root can force the module out,
/// which the kernel remembers, and the next load begins with a PCR that tells of the one before.
fn forced_out() -> Result<()> {
    let machine = ready("rugged")?;
    one(&machine, "apply mode=5 confirm")?.ends(0, OUTCOME_DONE)?;
    let latched = Image::of(machine.nvram()?)?;
    ensure!(!machine.run(["rmmod", "dell_milspec"])?.success());
    let taint = || -> Result<u32> { Ok(machine.read("/proc/sys/kernel/tainted")?.parse()?) };
    // TAINT_FORCED_RMMOD, shown as R.
    const FORCED_OUT: u32 = 1 << 3;
    ensure!(taint()? & FORCED_OUT == 0);
    let old = events(&machine)?;
    ensure!(
        old[0].properties & EVENT_PCR != 0 && old[0].extra == [0; 32],
        "{:?}",
        old[0]
    );
    machine.run(["rmmod", "-f", "dell_milspec"])?.ok()?;
    // Claim: that taints the kernel
    ensure!(taint()? & FORCED_OUT != 0, "the kernel does not say so");
    ensure!(!machine.exists("/dev/milspec")?);

    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    // Claim: the next load is not latched
    ensure!(shown(&machine, "latched")? == "0");
    holds(&machine, &latched)?;
    let new = events(&machine)?;
    verified(&new)?;
    ensure!(
        new[0].kind == KIND_LOAD && new[0].properties & EVENT_PCR != 0,
        "{:?}",
        new[0]
    );
    // Claim: begins with a PCR that is not zero
    ensure!(new[0].extra != [0; 32], "nothing tells of the load before");
    ensure!(new[0].load != old[0].load);
    // What is there is the mode, without its latch.
    ensure!(shown(&machine, "mode")? == "paranoid-plus");
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    cause(&machine, "stale 1")?;
    let status = ask_one(&machine, "status")?;
    ensure!(
        status.number("properties")? & u64::from(STATUS_LATCHED) == 0,
        "{status:?}"
    );
    machine.check_kernel_log()
}
