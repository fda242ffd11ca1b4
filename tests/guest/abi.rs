// SPDX-License-Identifier: GPL-2.0

//! What clients of `/dev/milspec` rely on beyond single requests: an outcome that could not be
//! copied out is not lost, what is out of reach is named, and what is said of a value is what
//! becomes of it.

use crate::apply::{ready, EACCES, EAGAIN};
use crate::ask::{self, answers, ask, ask_one, id, one, set, value, Line};
use crate::common::Test;
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::nvram::fault::Call;
use milspec_posture::mode::Mode;
use milspec_uapi::*;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("abi_outcome_is_not_lost", outcome),
    ("abi_unreached_is_named", unreached),
    ("abi_gates_are_what_a_plan_says", gates),
];

/// Errno of memory that is not there.
const EFAULT: u64 = 14;

/// Fails unless the last request ended like this, and was made by the process that asks.
fn last(status: &Line, number: u64, outcome: u8, error: u64) -> Result<()> {
    let is = (
        status.number("last_request")?,
        status.number("last_outcome")?,
        status.number("last_error")?,
    );
    ensure!(is == (number, outcome.into(), error), "{status:?}");
    ensure!(
        status.number("last_pid")? == status.number("pid")?,
        "{status:?}"
    );
    Ok(())
}

/// The status among lines.
fn status(lines: &[Line]) -> Result<&Line> {
    let mut lines = lines.iter();
    lines
        .rfind(|line| line.word == "status")
        .context("no status")
}

/// Fails when a caller whose memory is gone cannot learn what became of its request.
fn outcome() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let first = ask_one(&machine, "status")?;
    for field in ["request", "sequence", "outcome", "control", "error", "pid"] {
        ensure!(first.number(&format!("last_{field}"))? == 0, "{first:?}");
    }

    // The memory for the steps goes while the firmware is at work.
    let slow = nvram.delay(Call::class(1), 2000)?;
    let words = format!("apply {} lose -- status", set("camera", "disabled")?);
    let lines = ask(&machine, &words)?;
    nvram.disarm(slow)?;
    let answer = &answers(&lines)?[0];
    ensure!(
        answer.result == EFAULT && answer.outcome == OUTCOME_NONE,
        "{answer:?}"
    );
    ensure!(answer.number("request")? == 1, "{answer:?}");
    let now = status(&lines)?;
    last(now, 1, OUTCOME_DONE, 0)?;
    // The record of its end is the last one of it.
    let ended = now.number("last_sequence")?;
    ensure!(0 < ended && ended < now.number("next")?, "{now:?}");
    let camera = one(&machine, &format!("plan {}", set("camera", "disabled")?))?;
    ensure!(camera.steps.is_empty(), "it was not done: {camera:?}");

    // Each way in which a request can end is there, through each interface.
    let lines = ask(&machine, "apply mode=5 -- status")?;
    last(status(&lines)?, 2, OUTCOME_REFUSED, 0)?;
    ensure!(status(&lines)?.number("last_reason")? == u64::from(REASON_UNCONFIRMED));
    ensure!(status(&lines)?.number("last_mode")? == u64::from(MODE_PARANOID_PLUS));
    let lines = ask(&machine, "apply mode=2 generation=1000000 -- status")?;
    last(status(&lines)?, 3, OUTCOME_NONE, EAGAIN as u64)?;
    ensure!(status(&lines)?.number("last_sequence")? == 0);
    let refused = machine.sh(&format!("echo paranoid-plus >{SYSFS}/mode"))?;
    ensure!(!refused.success(), "a file has accepted a latch");
    let now = ask_one(&machine, "status")?;
    ensure!(now.number("last_request")? == 4);
    ensure!(now.number("last_outcome")? == u64::from(OUTCOME_REFUSED));
    // A plan is no request for a change, and neither is a request without the right to one.
    ask(&machine, "plan mode=2")?;
    ask(&machine, "user 65534 -- apply mode=2")?;
    let now = ask_one(&machine, "status")?;
    ensure!(now.number("last_request")? == 4, "{now:?}");
    let done = one(&machine, "apply mode=2")?.ends(0, OUTCOME_DONE)?;
    ensure!(done.number("request")? == 5, "{done:?}");
    let refused = one(&machine, "apply mode=5")?.ends(EACCES, OUTCOME_REFUSED)?;
    ensure!(refused.number("request")? == 6, "{refused:?}");
    machine.check_kernel_log()
}

/// Fails when a control that a mode cannot reach is not named, for the reason that a plan gives; when
/// one that cannot be made out, or a device that has failed, keeps the mode from the others; and when
/// a list that names it is not refused.
fn unreached() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let mode = Mode::Paranoid;
    nvram.set_location(machine.plan().token("nfc", "enabled")?.location, 0x77)?;
    let failed = crate::model::device("DSMIL1D1")?.context("no such device")?;
    nvram.dsmil_set_state(failed.index, 2, 0)?;
    one(&machine, &format!("apply {}", ask::mode(mode)))?.ends(0, OUTCOME_DONE)?;
    let lines = ask(
        &machine,
        &format!("plan mode={} lines -- controls -- status", mode.number()),
    )?;
    let plan = &answers(&lines)?[0];
    let mut planned: Vec<u32> = plan
        .steps
        .iter()
        .filter(|step| step.state == STEP_OUT_OF_REACH)
        .map(|step| step.control)
        .collect();
    ensure!(planned.contains(&id("system-password-lock")?), "{plan:?}");
    let controls = lines.iter().filter(|line| line.word == "control");
    let mut marked = Vec::new();
    let mut names = Vec::new();
    for control in controls {
        let bits = control.number("properties")? as u32;
        let reason = control.number("unreached")?;
        ensure!(
            (bits & CONTROL_UNREACHED != 0) == (reason != 0),
            "{control:?}"
        );
        if reason == 0 {
            continue;
        }
        ensure!(bits & CONTROL_DEVIATES == 0, "{control:?}");
        ensure!(
            control.number("wanted")? != u64::from(INDEX_NONE),
            "{control:?}"
        );
        ensure!(
            control.number("wanted")? != control.number("current")?,
            "{control:?}"
        );
        marked.push(control.number("id")? as u32);
        names.push(control.text("name")?.to_owned());
        if ["nfc", "DSMIL1D1"].contains(&control.text("name")?) {
            ensure!(reason == u64::from(REASON_UNKNOWN), "{control:?}");
        }
        if control.text("name")? == "system-password-lock" {
            ensure!(reason == u64::from(REASON_RESTRICTED), "{control:?}");
            ensure!(
                control.number("wanted")? == u64::from(value("system-password-lock", "locked")?)
            );
        }
    }
    for (name, value) in [("nfc", "disabled"), ("DSMIL1D1", "active")] {
        ensure!(names.iter().any(|unreached| unreached == name), "{names:?}");
        one(&machine, &format!("apply {}", set(name, value)?))?
            .ends(EACCES, OUTCOME_REFUSED)?
            .refused(REASON_UNKNOWN)?;
    }
    ensure!(
        nvram.dsmil_state(failed.index)?.state == 2,
        "it was written to"
    );
    planned.sort_unstable();
    let mut sorted = marked.clone();
    sorted.sort_unstable();
    ensure!(sorted == planned, "controls: {marked:?}, plan: {planned:?}");
    ensure!(status(&lines)?.number("unreached")? == marked.len() as u64);
    let file = machine.read(&format!("{SYSFS}/mode_unreached"))?;
    ensure!(file == names.join(" "), "{file}");
    ensure!(machine.read(&format!("{SYSFS}/mode"))? == "paranoid");
    let shown = crate::common::milspecctl(&machine, &["mode", "get"])?;
    let unreached = shown["mode"]["unreached"].as_array().context("unreached")?;
    ensure!(unreached.len() == names.len(), "{shown:#}");
    machine.check_kernel_log()
}

/// Fails when what CONTROLS says of a value is not what a plan of just that value says.
fn gates() -> Result<()> {
    let machine = ready("rugged")?;
    let controls = ask(&machine, "controls")?;
    let mut requests = Vec::new();
    let mut gates = Vec::new();
    for control in controls.iter().filter(|line| line.word == "control") {
        let numbers = |field: &str| -> Result<Vec<u8>> {
            let all = control.text(field)?.split(';');
            all.map(|number| Ok(number.parse()?)).collect()
        };
        let id = control.number("id")?;
        for (value, gate) in numbers("gates")?.into_iter().enumerate() {
            requests.push(format!("plan set={id}:{value}"));
            gates.push((control.text("name")?.to_owned(), value, gate));
        }
        for class in numbers("classes")? {
            let own = u64::from(class) == control.number("class")?;
            ensure!(own || class == CLASS_QUARANTINED, "{control:?}");
        }
    }
    let lines = ask(&machine, &requests.join(" -- "))?;
    let answers = answers(&lines)?;
    ensure!(
        answers.len() == gates.len() && gates.len() > 200,
        "{}",
        gates.len()
    );
    let mut seen = std::collections::BTreeSet::new();
    for (answer, (name, value, gate)) in answers.iter().zip(gates) {
        // What takes other controls into account, a plan says alone.
        let reason = match answer.reason {
            REASON_DEPENDENCY | REASON_NEEDED | REASON_CYCLE => REASON_NONE,
            reason => reason,
        };
        ensure!(
            reason == gate,
            "{name}, value {value}: {gate}, but {answer:?}"
        );
        seen.insert(gate);
    }
    // The token that switches Secure Boot off is forbidden by itself.
    let boot = controls
        .iter()
        .find(|c| c.text("name").is_ok_and(|n| n == "secure-boot"));
    ensure!(boot.context("no secure-boot")?.text("classes")? == "4;3");
    for gate in [
        REASON_NONE,
        REASON_RESTRICTED,
        REASON_READ_ONLY,
        REASON_QUARANTINED,
    ] {
        ensure!(seen.contains(&gate), "no value with gate {gate}: {seen:?}");
    }
    machine.check_kernel_log()
}
