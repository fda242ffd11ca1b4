// SPDX-License-Identifier: GPL-2.0

//! What a plan and an apply do with lists, exceptions and generations, and what they refuse.

use crate::ask::{self, ask, ask_one, id, one, request, set};
use crate::common::{machine, Test, DRIVER};
use crate::model::{check_calls, Image, Model};
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::{Machine, Module};
use milspec_posture::mode::Mode;
use milspec_uapi::*;
use std::fmt::Write;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("apply_lists_and_exceptions", lists),
    ("apply_refuses_stale_generations_and_small_arrays", stale),
    ("apply_refuses_with_the_reason", refuses),
    ("apply_refuses_what_tables_or_models_forbid", refuses_tables),
    ("apply_refuses_circles_of_devices", refuses_circles),
    (
        "apply_restricted_when_opened_and_not_locked_down",
        restricted,
    ),
];

/// Errnos of the guest.
pub const EINTR: i32 = 4;
/// A stale generation.
pub const EAGAIN: i32 = 11;
/// A refusal.
pub const EACCES: i32 = 13;
/// Undone.
pub const ECANCELED: i32 = 125;
/// The firmware wants its password's key.
pub const EKEYREJECTED: i32 = 129;
/// Degraded.
pub const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// A machine with the driver and the client.
pub fn ready(profile: &str) -> Result<Machine> {
    let machine = machine(profile, Module::Autoload)?;
    ask::install(&machine)?;
    Ok(machine)
}

/// Makes requests, and fails when they change anything, or call anything but for so many looks at
/// everything.
fn without_effect(machine: &Machine, requests: &str, looks: u32) -> Result<Vec<ask::Answer>> {
    let nvram = machine.nvram()?;
    let expected = Model::new(machine)?.look().map(|calls| looks * calls);
    let (image, counts) = (Image::of(nvram)?, nvram.counts()?);
    let answers = request(machine, requests)?;
    let made = nvram.counts()?.since(&counts);
    check_calls(&made, expected).with_context(|| requests.to_owned())?;
    let changed = image.differs(&Image::of(nvram)?);
    ensure!(changed.is_empty(), "{requests}: {changed:?}");
    Ok(answers)
}

/// Fails when a list or an exception reaches another control, or costs another call.
fn lists() -> Result<()> {
    let machine = ready("bad/mixed-layouts")?;
    let nvram = machine.nvram()?;
    let model = Model::new(&machine)?;
    let change = |name: &str, from: &str, to: &str| -> (String, String, String) {
        (name.to_owned(), from.to_owned(), to.to_owned())
    };
    // A list alone: an alias, a location of its own, a device.
    let changes = [
        change("camera", "enabled", "disabled"),
        change("thunderbolt", "enabled", "disabled"),
        change("DSMIL0D1", "inactive", "active"),
    ];
    let expected = model.image(&Image::of(nvram)?, &changes)?;
    let before = nvram.counts()?;
    let words = format!(
        "apply {} {} {}",
        set("camera", "disabled")?,
        set("thunderbolt", "disabled")?,
        set("DSMIL0D1", "active")?
    );
    let answer = one(&machine, &words)?.ends(0, OUTCOME_DONE)?;
    ensure!(answer.steps.len() == 3, "{answer:?}");
    check_calls(&nvram.counts()?.since(&before), model.calls(&changes)?)?;
    let wrong = expected.differs(&Image::of(nvram)?);
    ensure!(wrong.is_empty(), "{wrong:?}");
    let again = one(&machine, &words)?.ends(0, OUTCOME_DONE)?;
    // A repeat looks, and writes nothing.
    let look: u32 = model.look().iter().sum();
    ensure!(
        again.steps.is_empty() && again.number("calls")? == u64::from(look),
        "{again:?}"
    );

    // A mode with a control left alone, one with another value than the mode's, one from outside.
    let mut model = Model::new(&machine)?;
    model.made(&changes);
    let now = model.values(nvram)?;
    let mut then = model.target(Mode::Standard, &now);
    let left = now["strong-password"].clone();
    then.insert("strong-password".to_owned(), left);
    then.insert("wake-on-lan".to_owned(), "enabled".to_owned());
    then.insert("camera".to_owned(), "disabled".to_owned());
    let changes = Model::changes(&now, &then);
    let expected = model.image(&Image::of(nvram)?, &changes)?;
    let words = format!(
        "apply {} set={}:255 {} {}",
        ask::mode(Mode::Standard),
        id("strong-password")?,
        set("wake-on-lan", "enabled")?,
        set("camera", "disabled")?
    );
    one(&machine, &words)?.ends(0, OUTCOME_DONE)?;
    let wrong = expected.differs(&Image::of(nvram)?);
    ensure!(wrong.is_empty(), "{wrong:?}");
    let mode = machine.read(&format!("{SYSFS}/mode"))?;
    let deviations = machine.read(&format!("{SYSFS}/mode_deviations"))?;
    ensure!(mode == "standard", "it is in {mode}");
    let mut named: Vec<&str> = deviations.split(' ').collect();
    named.sort_unstable();
    ensure!(
        named == ["camera", "strong-password", "wake-on-lan"],
        "deviations: {deviations}"
    );
    machine.check_kernel_log()
}

/// Fails when a stale generation, or an array that is too small, still changes something.
fn stale() -> Result<()> {
    let machine = ready("rugged")?;
    let status = ask_one(&machine, "status")?;
    let now = status.number("generation")?;
    for stale in [now - 1, now + 1, u64::MAX] {
        let words = format!("mode=3 generation={stale}");
        let both = without_effect(&machine, &format!("plan {words} -- apply {words}"), 0)?;
        for answer in both {
            ensure!(answer.result == EAGAIN as u64 && answer.outcome == OUTCOME_NONE);
        }
    }
    let planned = one(&machine, "plan mode=3")?.ends(0, OUTCOME_PLANNED)?;
    let short = planned.steps.len() - 1;
    let both = without_effect(
        &machine,
        &format!("plan mode=3 room={short} -- apply mode=3 room={short}"),
        1,
    )?;
    for answer in both {
        ensure!(answer.result == ENOSPC as u64, "{answer:?}");
        ensure!(
            answer.number("count")? == planned.steps.len() as u64,
            "{answer:?}"
        );
    }
    // What was planned for is what is done, and the next one's generation is in the answer.
    let words = format!("apply mode=3 generation={now}");
    let done = one(&machine, &words)?.ends(0, OUTCOME_DONE)?;
    ensure!(done.plan() == planned.plan(), "{planned:?}\n{done:?}");
    let then = done.number("generation")?;
    one(&machine, &format!("apply mode=2 generation={then}"))?.ends(0, OUTCOME_DONE)?;
    // Steps are not asked for.
    one(&machine, "apply mode=1 room=0")?.ends(0, OUTCOME_DONE)?;
    machine.check_kernel_log()
}

/// A request that must be refused: its words, the reason, the control, what that needs.
type Refused = (String, u8, u32, u32);

/// Plans and applies each; fails when one is not refused alike by both, or has any effect.
fn all_refused(machine: &Machine, cases: &[Refused], table: &mut String) -> Result<()> {
    for (words, reason, control, needs) in cases {
        // An apply looks, unless what it looks at changes nothing about the refusal.
        let looks = u32::from(![REASON_LATCHED, REASON_UNCONFIRMED].contains(reason));
        let answers = without_effect(machine, &format!("plan {words} -- apply {words}"), looks)?;
        ensure!(answers.len() == 2, "{answers:?}");
        for (answer, result) in answers.into_iter().zip([0, EACCES]) {
            let told = answer.ends(result, OUTCOME_REFUSED)?.refused(*reason)?;
            ensure!(
                told.number("control")? == u64::from(*control)
                    && told.number("needs")? == u64::from(*needs),
                "{words}: {told:?}"
            );
        }
        writeln!(table, "  reason {reason:>2}  {words}")?;
    }
    Ok(())
}

fn refuses() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    // What is none of the known values cannot be put back, and what cannot be read neither.
    let nfc = machine.plan().token("nfc", "enabled")?.location;
    let known = nvram.location(nfc)?;
    nvram.set_location(nfc, 0x77)?;
    ask(&machine, "refresh")?;
    let about = |words: String, reason, name: &str| -> Result<Refused> {
        Ok((words, reason, id(name)?, 0))
    };
    let both = |first: &str, second: &str| format!("{first} {second}");
    let camera = set("camera", "disabled")?;
    let wipe = id("DSMIL0D9")?;
    let locked = set("system-password-lock", "locked")?;
    let cases = [
        ("set=0x1ffff:0".to_owned(), REASON_NO_CONTROL, 0x1_FFFF, 0),
        ("set=0:0".to_owned(), REASON_NO_CONTROL, 0, 0),
        about(
            format!("set={}:7", id("camera")?),
            REASON_NO_VALUE,
            "camera",
        )?,
        about(
            format!("set={}:2", id("DSMIL0D1")?),
            REASON_NO_VALUE,
            "DSMIL0D1",
        )?,
        about(both(&camera, &camera), REASON_TWICE, "camera")?,
        about(format!("set={wipe}:1"), REASON_QUARANTINED, "DSMIL0D9")?,
        about(format!("set={wipe}:0"), REASON_QUARANTINED, "DSMIL0D9")?,
        about(
            both(&camera, &format!("set={wipe}:1")),
            REASON_QUARANTINED,
            "DSMIL0D9",
        )?,
        about(
            format!("mode=4 set={wipe}:1"),
            REASON_QUARANTINED,
            "DSMIL0D9",
        )?,
        about(
            set("secure-boot", "disabled")?,
            REASON_READ_ONLY,
            "secure-boot",
        )?,
        about(
            format!("set={}:0", id("tpm-owned")?),
            REASON_READ_ONLY,
            "tpm-owned",
        )?,
        about(locked.clone(), REASON_RESTRICTED, "system-password-lock")?,
        about(
            both("mode=4", &locked),
            REASON_RESTRICTED,
            "system-password-lock",
        )?,
        about(set("nfc", "disabled")?, REASON_UNKNOWN, "nfc")?,
        about(
            both("mode=4", &set("nfc", "disabled")?),
            REASON_UNKNOWN,
            "nfc",
        )?,
        about(format!("set={}:254", id("nfc")?), REASON_UNKNOWN, "nfc")?,
        (
            set("DSMIL2D1", "active")?,
            REASON_DEPENDENCY,
            id("DSMIL2D1")?,
            id("DSMIL2D0")?,
        ),
        (
            set("DSMIL0D0", "inactive")?,
            REASON_NEEDED,
            id("DSMIL0D0")?,
            id("DSMIL1D0")?,
        ),
        ("mode=5".to_owned(), REASON_UNCONFIRMED, 0, 0),
    ];
    let mut table = String::new();
    all_refused(&machine, &cases, &mut table)?;
    // What cannot be read may be anything: no mode that speaks of it can say that it is reached.
    nvram.set_location(nfc, known)?;
    nvram.set_present(nfc, false)?;
    ask(&machine, "refresh")?;
    let cases = [
        about(set("nfc", "disabled")?, REASON_UNREADABLE, "nfc")?,
        about(ask::mode(Mode::Paranoid), REASON_UNREADABLE, "nfc")?,
        about(format!("set={}:254", id("nfc")?), REASON_UNREADABLE, "nfc")?,
    ];
    all_refused(&machine, &cases, &mut table)?;
    nvram.set_present(nfc, true)?;
    println!("\nrugged: refused by plan and apply alike, without a write\n{table}");
    // The file says the same in its own way.
    let mode = format!("{SYSFS}/mode");
    for (text, errno) in [("paranoid-plus", EACCES), ("off", 22), ("", 22)] {
        let written = machine.guest()?.write(&mode, text.as_bytes())?;
        ensure!(
            text.is_empty() || written == Err(errno),
            "{text:?}: {written:?}"
        );
    }
    machine.check_kernel_log()
}

fn refuses_tables() -> Result<()> {
    let mut table = String::new();
    let machine = ready("bad/shared-location")?;
    let cases = [("camera", "disabled"), ("camera", "enabled")];
    for (name, value) in cases {
        let case = (set(name, value)?, REASON_READ_ONLY, id(name)?, 0);
        all_refused(&machine, &[case], &mut table)?;
    }
    // A mode leaves out what it cannot have, and does the rest.
    let before = machine.nvram()?.setting(machine.plan(), "camera")?;
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    let after = machine.nvram()?.setting(machine.plan(), "camera")?;
    ensure!(before == after, "the shared location was written");
    machine.check_kernel_log()?;

    let machine = ready("bad/fragile-model")?;
    let case = (set("gps", "disabled")?, REASON_DENIED, id("gps")?, 0);
    all_refused(&machine, &[case], &mut table)?;
    let answers = without_effect(&machine, "apply mode=4", 1)?;
    // Claim: denied on this model
    ensure!(
        answers.iter().all(|answer| answer.steps.is_empty()),
        "{answers:?}"
    );
    println!("\nshared-location, fragile-model: refused\n{table}");
    machine.check_kernel_log()
}

fn refuses_circles() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
        .ok()?;
    // In DESCRIBE's answer: the number of devices that one needs, and the first of them. 2D1 and
    // 2D2 need each other.
    let [one_device, other] = ["DSMIL2D1", "DSMIL2D2"].map(|name| {
        let device = crate::model::device(name)?.context("no such device")?;
        anyhow::Ok(device.index)
    });
    let (one_device, other) = (one_device?, other?);
    for (index, needs) in [(one_device, other), (other, one_device)] {
        nvram.dsmil_patch_descriptor(index, DEPENDENCIES, &needs.to_le_bytes())?;
    }
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?
        .ok()?;
    let words = format!(
        "{} {} {} {}",
        set("DSMIL2D1", "active")?,
        set("DSMIL2D2", "active")?,
        set("DSMIL1D0", "active")?,
        set("DSMIL2D0", "active")?
    );
    let mut table = String::new();
    let case = (words, REASON_CYCLE, id("DSMIL2D1")?, 0);
    all_refused(&machine, &[case], &mut table)?;
    // A mode leaves the circle out.
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    for index in [one_device, other] {
        ensure!(
            nvram.dsmil_state(index)?.state == 0,
            "{index} was activated"
        );
    }
    println!("\nrugged with a circle: refused\n{table}");
    machine.check_kernel_log()
}

/// Where the first of the devices that one needs stands in the answer of DESCRIBE.
const DEPENDENCIES: u8 = 16;

/// Fails when a restricted control can be had without the parameter, not with it, or with it in
/// a kernel that is locked down.
fn restricted() -> Result<()> {
    let machine = machine("latitude-7490", Module::Present)?;
    ask::install(&machine)?;
    machine
        .run(["modprobe", "dell_milspec", "allow_restricted=1"])?
        .ok()?;
    let nvram = machine.nvram()?;
    let mut model = Model::new(&machine)?;
    model.restricted = true;
    let open = u64::from(STATUS_RESTRICTED_ALLOWED);
    ensure!(ask_one(&machine, "status")?.number("properties")? & open != 0);
    let now = model.values(nvram)?;
    let changes = Model::changes(&now, &model.target(Mode::Paranoid, &now));
    let restricted = changes
        .iter()
        .filter(|(name, _, _)| name == "system-password-lock");
    ensure!(
        restricted.count() == 1,
        "the mode does not reach it: {changes:?}"
    );
    let expected = model.image(&Image::of(nvram)?, &changes)?;
    one(&machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
    let wrong = expected.differs(&Image::of(nvram)?);
    ensure!(wrong.is_empty(), "{wrong:?}");
    let listed = set("usb-external", "disabled")?;
    one(&machine, &format!("apply {listed}"))?.ends(0, OUTCOME_DONE)?;

    let line = "echo integrity >/sys/kernel/security/lockdown && cat /sys/kernel/security/lockdown";
    let locked = machine.sh(line)?.ok()?.text();
    ensure!(locked.contains("[integrity]"), "{locked}");
    // As all of STATUS, this is of the last look.
    ask(&machine, "refresh")?;
    ensure!(ask_one(&machine, "status")?.number("properties")? & open == 0);
    let closed = set("system-password-lock", "unlocked")?;
    let case = (closed, REASON_RESTRICTED, id("system-password-lock")?, 0);
    let mut table = String::new();
    all_refused(&machine, &[case], &mut table)?;
    // The others can still be had, and what was changed meanwhile stays as it is.
    one(&machine, "apply mode=1")?.ends(0, OUTCOME_DONE)?;
    ensure!(nvram.setting(machine.plan(), "camera")?.as_deref() == Some("enabled"));
    ensure!(
        nvram
            .setting(machine.plan(), "system-password-lock")?
            .as_deref()
            == Some("locked")
    );
    // The kernel says so, and not again each time that somebody looks at the status.
    ask(&machine, "status -- status -- status")?;
    let log = machine.dmesg()?;
    let said = log.lines().filter(|line| line.contains("Lockdown: "));
    let said = said.filter(|line| line.contains("unsafe module parameters"));
    ensure!(said.count() == 1, "{log}");
    println!("\nlatitude, allow_restricted=1, then locked down: refused\n{table}");
    machine.check_kernel_log()
}
