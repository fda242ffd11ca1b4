// SPDX-License-Identifier: GPL-2.0

//! Training: a copy of the machine takes its place, and no firmware is written to.

use crate::access::{member, wait_until};
use crate::ask::{self, ask, ask_one, install, lines, request, Line};
use crate::common::{log_lines, machine, milspecctl, Test, DRIVER};
use crate::delay::{wait_in, IOCTL, POLL};
use crate::firmware_attributes::CLASS;
use crate::journal_anchor::settle;
use crate::modes::SYSFS;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::layout;
use milspec_machine::prepare::Bits;
use milspec_machine::Call;
use milspec_posture::dsmil::function;
use milspec_uapi::*;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("training_shows_a_copy_and_says_so", shows),
    ("training_writes_no_firmware", writes_nothing),
    (
        "training_tells_user_space_ten_times_a_second_at_most",
        few_events,
    ),
    ("training_is_followed_by_who_asks", follows),
    ("training_is_for_who_may_open_the_device", rights),
    ("training_turns_away_what_was_on_its_way", on_the_way),
    ("training_leaves_nothing_behind", leaves_nothing),
];

const EPERM: u64 = 1;
const EBADF: u64 = 9;
const EAGAIN: u64 = 11;
const EBUSY: u64 = 16;
/// The PCR that the driver extends.
const PCR: &str = "/sys/class/tpm/tpm0/pcr-sha256/13";
/// How long what waits may take.
const PATIENCE: Duration = Duration::from_secs(60);
const ENODEV: u64 = 19;
const EINVAL: u64 = 22;

/// `ask train` with these words, which must end with `result`.
pub fn train(machine: &Machine, words: &str, result: u64) -> Result<Line> {
    let line = ask_one(machine, &format!("train {words}"))?;
    ensure!(line.number("result")? == result, "{words}: {line:?}");
    Ok(line)
}

pub fn start(machine: &Machine) -> Result<Line> {
    train(machine, "op=1", 0)
}

pub fn stop(machine: &Machine) -> Result<Line> {
    train(machine, "op=2", 0)
}

pub fn status(machine: &Machine) -> Result<Line> {
    ask_one(machine, "status")
}

pub fn is_training(status: &Line) -> Result<bool> {
    Ok(status.number("properties")? & u64::from(STATUS_TRAINING) != 0)
}

/// The controls as the driver says them, each with its id and what it has.
pub fn values(machine: &Machine) -> Result<Vec<(String, u64, u64)>> {
    let lines = ask(machine, "controls")?;
    let of = |line: &Line| -> Result<(String, u64, u64)> {
        let name = line.text("name")?.to_owned();
        Ok((name, line.number("id")?, line.number("current")?))
    };
    lines
        .iter()
        .filter(|l| l.word == "control")
        .map(of)
        .collect()
}

pub fn control(machine: &Machine, name: &str) -> Result<(u64, u64)> {
    let all = values(machine)?;
    let found = all.iter().find(|(known, ..)| known == name);
    let (_, id, value) = found.with_context(|| format!("no {name}"))?;
    Ok((*id, *value))
}

/// What a firmware keeps: all of the file but what it counts and logs.
fn kept(machine: &Machine) -> Result<Vec<u8>> {
    let nvram = machine.nvram()?;
    let mut bytes = vec![0; 0x10_0000 - layout::NV_DSML_STA as usize];
    nvram.read(layout::NV_DSML_STA, &mut bytes)?;
    Ok(bytes)
}

/// The records that there are.
fn records(machine: &Machine) -> Result<Vec<Line>> {
    let mut lines = ask(machine, "train op=4 -- records")?;
    lines.retain(|line| line.word == "record");
    Ok(lines)
}

fn of_training(record: &Line) -> Result<bool> {
    Ok(record.number("properties")? & u64::from(EVENT_TRAINING) != 0)
}

/// The records of the training, and those of the machine.
pub fn both(machine: &Machine) -> Result<(Vec<Line>, Vec<Line>)> {
    let mut training = Vec::new();
    let mut real = Vec::new();
    for record in records(machine)? {
        match of_training(&record)? {
            true => training.push(record),
            false => real.push(record),
        }
    }
    Ok((training, real))
}

pub fn kinds(records: &[Line]) -> Result<Vec<u64>> {
    records.iter().map(|record| record.number("kind")).collect()
}

/// Promise: while a training is on, status, controls, sysfs, events and log lines are of a copy and say
/// so; a change of it is a change of nothing else. The device of class firmware-attributes is away as
/// soon as the training has begun, and there as soon as it has ended. Afterwards everything is the
/// machine's again, with what has happened to it meanwhile.
fn shows() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    let before = status(&machine)?;
    ensure!(!is_training(&before)?);
    let real = values(&machine)?;
    ensure!(machine.read(&format!("{SYSFS}/training"))? == "0");
    ensure!(machine.exists(CLASS)?);
    let state = train(&machine, "op=0", 0)?;
    ensure!(state.number("session")? == 0 && state.number("properties")? == 0);

    let listen = ["udevadm", "monitor", "--kernel", "--property"];
    let mut listener = machine.guest()?.spawn(GuestCommand::new(listen))?;
    listener.wait_for("KERNEL - the kernel uevent", PATIENCE)?;
    let mut heard = 0;
    let mut next = |expected: &[&str]| -> Result<()> {
        let mut event = String::new();
        wait_until("an event", || {
            listener.poll()?;
            let text = listener.stdout();
            let mut all = text.split("\n\n").filter(|e| e.contains("MILSPEC_MODE="));
            event = all.nth(heard).unwrap_or_default().to_owned();
            Ok(event.contains("MILSPEC_PENDING_REBOOT="))
        })?;
        heard += 1;
        for line in expected {
            ensure!(event.lines().any(|l| l == *line), "no {line} in\n{event}");
        }
        Ok(())
    };

    let begun = start(&machine)?;
    next(&["MILSPEC_TRAINING=1", "MILSPEC_MODE=custom"])?;
    ensure!(
        !machine.exists(CLASS)?,
        "firmware-attributes is still there"
    );
    ensure!(begun.number("properties")? == u64::from(TRAINING_ON));
    ensure!(begun.number("session")? == 1);
    let now = status(&machine)?;
    ensure!(is_training(&now)? && now.number("calls")? == 0, "{now:?}");
    ensure!(now.number("generation")? > before.number("generation")?);
    ensure!(machine.read(&format!("{SYSFS}/training"))? == "1");
    ensure!(values(&machine)? == real, "the copy is another machine");
    train(&machine, "op=1", EBUSY)?;

    // What was decided before it began is stale.
    let old = before.number("generation")?;
    let stale = request(&machine, &format!("apply mode=4 generation={old}"))?;
    ensure!(stale[0].result == 11, "{stale:?}");
    // Nor is what is meant for the machine done to the copy.
    for words in ["apply mode=4 machine", "plan mode=4 machine"] {
        ensure!(request(&machine, words)?[0].result == EAGAIN);
        let both = request(&machine, &format!("{words} training"))?;
        ensure!(both[0].result == EINVAL, "{both:?}");
    }
    std::thread::sleep(Duration::from_millis(200));
    let applied = request(&machine, "apply mode=4")?;
    applied[0].clone().ends(0, OUTCOME_DONE)?;
    ensure!(applied[0].steps.len() > 20);
    next(&["MILSPEC_TRAINING=1", "MILSPEC_MODE=paranoid"])?;
    let again = request(&machine, "apply mode=4 training")?;
    ensure!(again[0].clone().ends(0, OUTCOME_DONE)?.steps.is_empty());
    let words = "apply mode=4 -- plan mode=3 -- refresh -- controls";
    for line in ask(&machine, words)? {
        let marked = ["apply", "plan", "refresh", "controls"].contains(&&*line.word);
        ensure!(!marked || line.number("training")? == 1, "{line:?}");
    }
    let shown = milspecctl(&machine, &["control", "show", "camera"])?;
    ensure!(shown.to_string().contains("\"present\":true"), "{shown:#}");
    ensure!(machine.read(&format!("{SYSFS}/mode"))? == "paranoid");
    let practised = values(&machine)?;
    ensure!(practised != real);

    // Meanwhile somebody changes the machine, and the driver looks.
    let state = machine.nvram()?.dsmil_state(3)?.state;
    machine.dsmil_change(3, 1 - state, 0)?;
    let noticed = || {
        let (_, real) = both(&machine)?;
        Ok(kinds(&real)?.contains(&u64::from(KIND_OUTSIDE_CHANGE)))
    };
    wait_until("the change of the machine", noticed)?;
    next(&["MILSPEC_TRAINING=0", "MILSPEC_OUTSIDE_CHANGES=1"])?;
    ensure!(values(&machine)? == practised, "it has come to the copy");

    let (training, real_records) = both(&machine)?;
    let sequences: Result<Vec<u64>> = training.iter().map(|r| r.number("sequence")).collect();
    ensure!(sequences?.into_iter().eq(1..=training.len() as u64));
    let begins = kinds(&training)?;
    ensure!(begins[0] == u64::from(KIND_TRAINING_BEGUN), "{begins:?}");
    ensure!(begins.contains(&u64::from(KIND_STEP)));
    let load = begun.text("load")?;
    for record in &training {
        ensure!(record.text("load")? == load, "{record:?}");
    }
    let applies = |records: &[Line]| -> Result<usize> {
        let kinds = kinds(records)?;
        let mut of_apply = vec![KIND_APPLY_BEGUN, KIND_STEP, KIND_APPLY_ENDED];
        of_apply.push(KIND_TAMPER);
        Ok(kinds
            .iter()
            .filter(|k| of_apply.iter().any(|a| u64::from(*a) == **k))
            .count())
    };
    ensure!(applies(&real_records)? == 0, "{real_records:#?}");
    let told = real_records.iter().filter(|r| {
        r.number("kind")
            .is_ok_and(|k| k == u64::from(KIND_TRAINING_BEGUN))
    });
    let told: Vec<&Line> = told.collect();
    ensure!(
        told.len() == 1 && told[0].text("extra")? == load,
        "{told:?}"
    );

    ensure!(told[0].number("generation")? <= before.number("generation")?);
    let silent = ask(&machine, "records")?;
    let unasked: Result<Vec<bool>> = silent.iter().map(of_training).collect();
    ensure!(!unasked?.contains(&true), "nobody has asked for these");

    let ended = stop(&machine)?;
    next(&["MILSPEC_TRAINING=0", "MILSPEC_MODE=custom"])?;
    ensure!(machine.exists(CLASS)?, "firmware-attributes is still away");
    ensure!(ended.number("properties")? == 0 && ended.number("session")? == 1);
    let after = status(&machine)?;
    ensure!(!is_training(&after)?);
    ensure!(after.number("generation")? > now.number("generation")?);
    for of_last in ["last_request", "last_sequence", "last_outcome", "last_pid"] {
        ensure!(
            after.text(of_last)? == before.text(of_last)?,
            "{of_last}: {after:?}"
        );
    }
    ensure!(machine.read(&format!("{SYSFS}/training"))? == "0");
    let changed: Vec<_> = values(&machine)?
        .into_iter()
        .zip(real)
        .filter(|(now, before)| now != before)
        .collect();
    ensure!(changed.len() == 1, "{changed:?}");
    // What was practised can still be read, to its end.
    let (kept, _) = both(&machine)?;
    ensure!(kinds(&kept)?.last() == Some(&u64::from(KIND_TRAINING_ENDED)));
    train(&machine, "op=2", ENODEV)?;
    let meant = request(&machine, "apply mode=4 training")?;
    ensure!(meant[0].result == ENODEV, "{meant:?}");
    let log = log_lines(&machine)?;
    ensure!(
        !log.iter().any(|line| line.contains("paranoid")),
        "{log:#?}"
    );
    let marks = log.iter().filter(|line| line.contains("training: "));
    ensure!(marks.count() == 2, "{log:#?}");
    machine.check_kernel_log()
}

/// A reproducible sequence of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Promise: a thousand operations of all interfaces in a training, many at once among them, write nothing
/// to any firmware, by the firmware's own count and by what it keeps, though hundreds of changes of the copy
/// are made; and however many records they are, the machine's own journal has all of its own.
fn writes_nothing() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    start(&machine)?;
    let ids: Vec<u64> = values(&machine)?.into_iter().map(|(_, id, _)| id).collect();
    let counts = machine.nvram()?.counts()?;
    let bytes = kept(&machine)?;
    let mut numbers = Numbers(0x5eed_1234_5678_9abc);
    let (mut operations, mut done) = (0, 0);
    for round in 0..10 {
        let mut words = String::new();
        for _ in 0..100 {
            let id = ids[numbers.below(ids.len() as u64) as usize];
            let value = numbers.below(3);
            let word = match numbers.below(8) {
                0 => format!("apply mode={}", 1 + numbers.below(4)),
                1 => format!("apply mode={} set={id}:255", 1 + numbers.below(4)),
                2 => format!("train op=3 inject={} count=2", [1, 2, 3][value as usize]),
                3 => format!("train op=3 inject=4 control={id} value={value} after={value}"),
                4 => "train op=3 inject=7".to_owned(),
                5 => "refresh".to_owned(),
                _ => format!("apply set={id}:{value}"),
            };
            words.push_str(&format!("{word} -- "));
            operations += 1;
        }
        let lines = ask(&machine, words.trim_end_matches(" -- "))?;
        ensure!(lines.len() >= 100, "{} answers", lines.len());
        let steps = lines.iter().filter(|line| line.word == "step");
        done += steps
            .filter(|step| step.text("state").is_ok_and(|s| s == "1"))
            .count();
        let line = "for mode in standard enhanced baseline; do echo $mode; done >mode";
        machine.sh(&format!("cd {SYSFS} && {line}"))?;
        machine.run(["milspecctl", "mode", "set", "standard", "--yes"])?;
        match round {
            3 => {
                let crowd = ask_one(&machine, "crowd 3 2 2 3 4")?;
                ensure!(crowd.number("bad")? == 0, "{crowd:?}");
                ensure!(crowd.number("applied")? > 0, "{crowd:?}");
            }
            6 => {
                for what in ["unbind", "bind"] {
                    let line = format!("echo DSML0001:00 >{DRIVER}/{what}");
                    machine.sh(&line)?.ok()?;
                }
                ensure!(!machine.exists(CLASS)?, "binding has brought it back");
            }
            _ => {}
        }
    }
    ensure!(
        operations == 1000 && done > 300,
        "{operations} operations, {done} steps"
    );
    request(&machine, "apply mode=5 confirm")?;
    ensure!(machine.read(&format!("{SYSFS}/latched"))? == "1");
    let since = machine.nvram()?.counts()?.since(&counts);
    // Claim: nothing else
    ensure!(since.token_writes() == 0, "{:?}", since.nonzero());
    ensure!(since.dsml(function::SET_IF) == 0, "{:?}", since.nonzero());
    ensure!(
        kept(&machine)? == bytes,
        "the firmware keeps something else"
    );
    let (training, real) = both(&machine)?;
    let last = training.last().context("no records")?.number("sequence")?;
    ensure!(
        last > 4096 && kinds(&training)?[0] == u64::from(KIND_GAP),
        "{last} records"
    );
    println!("\n1000 operations of a training: {done} steps, {last} records");
    let expected = [
        KIND_LOAD,
        KIND_BIND,
        KIND_TRAINING_BEGUN,
        KIND_UNBIND,
        KIND_BIND,
    ];
    ensure!(kinds(&real)? == expected.map(u64::from), "{real:#?}");
    stop(&machine)?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(status["mode"]["name"] != "paranoid-plus", "{status:#}");
    ensure!(machine.read(&format!("{SYSFS}/latched"))? == "0");
    machine.check_kernel_log()
}

/// Promise: of many changes of a copy no more than ten in a second are events for user space, and the end
/// of the training is one however many there were.
fn few_events() -> Result<()> {
    const TURNS: usize = 100;
    let machine = machine("latitude-7490", Module::Autoload)?;
    install(&machine)?;
    let listen = ["udevadm", "monitor", "--kernel", "--property"];
    let mut listener = machine.guest()?.spawn(GuestCommand::new(listen))?;
    listener.wait_for("KERNEL - the kernel uevent", PATIENCE)?;
    start(&machine)?;
    request(&machine, "apply mode=2")?[0]
        .clone()
        .ends(0, OUTCOME_DONE)?;
    let (camera, now) = control(&machine, "camera")?;
    // Each is a deviation more, or one less.
    let turn = format!(
        "apply set={camera}:{} -- apply set={camera}:{now} -- ",
        1 - now
    );
    let words = turn.repeat(TURNS);
    let begun = Instant::now();
    let answers = request(&machine, words.trim_end_matches(" -- "))?;
    let tenths = begun.elapsed().as_millis() as usize / 100;
    let made = answers
        .iter()
        .filter(|answer| answer.steps.len() == 1)
        .count();
    ensure!(made == 2 * TURNS, "{made} changes");
    stop(&machine)?;
    let last = |event: &&str| {
        event.contains("MILSPEC_TRAINING=0") && event.contains("MILSPEC_PENDING_REBOOT=")
    };
    wait_until("the event of the end", || {
        listener.poll()?;
        Ok(listener.stdout().split("\n\n").any(|event| last(&event)))
    })?;
    let text = listener.stdout();
    let told = text.matches("MILSPEC_TRAINING=1").count();
    // Two more: of the begin, and of the mode.
    let most = tenths + 1 + 2;
    ensure!(
        (3..=most).contains(&told),
        "{told} events in {tenths} tenths of a second"
    );
    ensure!(
        told < made,
        "too slow to be too many: {told} events of {made} changes"
    );
    println!("\n{made} changes of a copy in {tenths} tenths of a second: {told} events");
    machine.check_kernel_log()
}

/// Promise: who follows trainings is woken by a record of one, comes to those of the next one when
/// that begins, and goes through both by lseek().
fn follows() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    install(&machine)?;
    start(&machine)?;
    let words = "train op=4 -- records -- await -- halt -- records";
    let reader = ask::start(&machine, words)?;
    wait_in(&machine, &reader, POLL)?;
    let (camera, now) = control(&machine, "camera")?;
    request(&machine, &format!("apply set={camera}:{}", 1 - now))?;
    let state = format!("/proc/{}/status", reader.pid);
    wait_until("it was woken", || {
        Ok(machine.read(&state)?.contains("T (stopped)"))
    })?;
    stop(&machine)?;
    let second = start(&machine)?;
    reader.signal(18)?;
    let text = reader.wait(PATIENCE)?.ok()?.text();
    let (woken, then) = text
        .split_once("await result=1")
        .context("it was not woken")?;
    ensure!(woken.matches("properties=32").count() == 1, "{text}");
    let of_second: Vec<&str> = then
        .lines()
        .filter(|l| l.contains("properties=32"))
        .collect();
    let load = format!("load={}", second.text("load")?);
    ensure!(
        of_second.len() == 1 && of_second[0].contains(&load),
        "{text}"
    );
    let words = "train op=4 -- records -- seek 0 1 -- records -- seek 1 0 -- records -- seek 0 2 -- records";
    let all = ask(&machine, words)?;
    let parts: Vec<usize> = all
        .split(|line| line.word == "seek")
        .map(<[Line]>::len)
        .collect();
    // The answer; of the machine the load, and the begins and ends of trainings; of the second training its
    // begin.
    ensure!(parts == [1 + 5, 0, 5, 0], "{parts:?} {all:#?}");
    let second: Vec<&Line> = all
        .iter()
        .filter(|line| of_training(line).is_ok_and(|is| is))
        .collect();
    ensure!(
        second
            .iter()
            .all(|r| r.number("sequence").is_ok_and(|s| s == 1)),
        "{second:?}"
    );
    // Who waits by epoll hears of what a move has made readable.
    let heard = ask(&machine, "records -- hear 0 0")?;
    let heard = heard.last().context("no answer")?;
    ensure!(
        heard.number("before")? == 0 && heard.number("after")? == 1,
        "{heard:?}"
    );
    machine.check_kernel_log()
}

/// Promise: in a training, who may open the device may change the copy, even latch it, and no more: not
/// end the training, not have the copy do anything, and outside of a training nothing. A latched copy
/// keeps neither the training going nor the module loaded. A latched machine has no training.
fn rights() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    let trainee = |requests: &str| -> Result<Vec<Line>> {
        let command = member(&machine, &format!("read-only -- {requests}"))?;
        Ok(lines(&machine.run_command(command)?.ok()?.text()))
    };
    let (camera, _) = control(&machine, "camera")?;
    let change = format!("apply set={camera}:1");
    let result =
        |lines: &[Line]| -> Result<u64> { lines.first().context("no answer")?.number("result") };
    ensure!(result(&trainee(&change)?)? == EBADF);
    ensure!(result(&trainee("refresh")?)? == EBADF);
    ensure!(result(&trainee("train op=1")?)? == EBADF);
    ensure!(result(&trainee(&format!("{change} training"))?)? == EBADF);
    ensure!(result(&trainee("train op=0")?)? == 0);
    ensure!(result(&trainee("train op=4")?)? == 0);

    start(&machine)?;
    // Claim: in a training, changes a copy
    ensure!(result(&trainee(&change)?)? == 0);
    ensure!(result(&trainee("refresh")?)? == 0);
    for act in ["op=1", "op=2", "op=3 inject=7", "op=3 inject=1"] {
        ensure!(
            result(&trainee(&format!("train {act}"))?)? == EBADF,
            "{act}"
        );
    }
    ensure!(result(&trainee("apply mode=5 confirm")?)? == 0);
    ensure!(machine.read(&format!("{SYSFS}/latched"))? == "1");
    ensure!(result(&trainee("apply mode=2")?)? == 13, "it is latched");
    let (training, _) = both(&machine)?;
    let by = training
        .iter()
        .filter(|r| r.number("kind").is_ok_and(|k| k == u64::from(KIND_LATCH)));
    let by: Vec<&Line> = by.collect();
    ensure!(by.len() == 1 && by[0].number("uid")? == 65534, "{by:?}");
    stop(&machine)?;
    ensure!(machine.read(&format!("{SYSFS}/latched"))? == "0");
    ensure!(result(&trainee(&change)?)? == EBADF);

    start(&machine)?;
    request(&machine, "apply mode=5 confirm")?[0]
        .clone()
        .ends(0, OUTCOME_DONE)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let fresh = status(&machine)?;
    ensure!(
        !is_training(&fresh)? && fresh.number("mode")? == 0,
        "{fresh:?}"
    );

    request(&machine, "apply mode=5 confirm")?[0]
        .clone()
        .ends(0, OUTCOME_DONE)?;
    train(&machine, "op=1", EPERM)?;
    machine.check_kernel_log()
}

/// Promise: a change that waits for the machine when a training begins, or for the copy when it ends, is
/// turned away and made nowhere; the training begins when what was under way has ended.
fn on_the_way() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    let nvram = machine.nvram()?;
    let (camera, _) = control(&machine, "camera")?;
    let (nfc, _) = control(&machine, "nfc")?;
    let waits = |process: &Process<'_>| wait_in(&machine, process, IOCTL);
    let result = |process: Process<'_>| -> Result<u64> {
        let lines = lines(&process.wait(PATIENCE)?.ok()?.text());
        lines.first().context("no answer")?.number("result")
    };
    let held = nvram.hold(Call::TOKEN_WRITE, 1)?;
    let first = ask::start(&machine, &format!("apply set={camera}:1"))?;
    wait_until("a firmware call is held back", || nvram.is_held(&held))?;
    let training = ask::start(&machine, "train op=1")?;
    waits(&training)?;
    let second = ask::start(&machine, &format!("apply set={nfc}:1"))?;
    waits(&second)?;
    nvram.release(held)?;
    ensure!(result(first)? == 0 && result(training)? == 0);
    ensure!(result(second)? == EAGAIN);
    let setting = |name: &str| nvram.setting(machine.plan(), name);
    ensure!(setting("camera")?.as_deref() == Some("disabled"));
    ensure!(setting("nfc")?.as_deref() == Some("enabled"));
    ensure!(control(&machine, "camera")?.1 == 1, "the copy is of before");
    ensure!(control(&machine, "nfc")?.1 == 0);

    let slow = format!("op=3 inject=6 control={camera} number=1000");
    train(&machine, &slow, 0)?;
    let first = ask::start(&machine, &format!("apply set={camera}:0"))?;
    wait_until("an apply is under way", || {
        Ok(status(&machine)?.number("steps")? > 0)
    })?;
    let end = ask::start(&machine, "train op=2")?;
    waits(&end)?;
    let second = ask::start(&machine, &format!("apply set={nfc}:1"))?;
    waits(&second)?;
    ensure!(result(first)? == 0 && result(end)? == 0);
    ensure!(result(second)? == EAGAIN);
    ensure!(setting("camera")?.as_deref() == Some("disabled"));
    ensure!(setting("nfc")?.as_deref() == Some("enabled"));
    ensure!(control(&machine, "nfc")?.1 == 0);
    machine.check_kernel_log()
}

/// Promise: neither unloading nor a power loss in a training leaves anything of it, in the driver, in the
/// firmware or in the PCR; the records of one training are gone when the next one begins, and what the
/// driver has allocated for all of them is freed.
fn leaves_nothing() -> Result<()> {
    let mut machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    crate::journal::install(&machine, "cause", Bits::B64)?;
    let pcr = || -> Result<String> {
        // STATUS speaks of the copy's anchor while there is a training.
        ensure!(!is_training(&status(&machine)?)?);
        // A worker extends.
        settle(&machine)?;
        machine.read(PCR)
    };
    let before = pcr()?;
    let bytes = kept(&machine)?;
    start(&machine)?;
    request(&machine, "apply mode=4")?
        .remove(0)
        .ends(0, OUTCOME_DONE)?;
    ensure!(status(&machine)?.number("properties")? & u64::from(STATUS_TRAINING) != 0);
    stop(&machine)?;
    ensure!(pcr()? == before, "the PCR was extended");
    let again = start(&machine)?;
    ensure!(again.number("session")? == 2);
    let (training, _) = both(&machine)?;
    ensure!(
        training.len() == 1 && training[0].number("sequence")? == 1,
        "{training:?}"
    );
    stop(&machine)?;

    let turns = "for i in $(seq 30); do /tmp/ask train op=1 -- apply mode=4 -- train op=2; done";
    machine.sh(turns)?.ok()?;
    let used = crate::common::kernel_memory(&machine)?;
    machine.sh(turns)?.ok()?;
    let grown = crate::common::kernel_memory(&machine)?.saturating_sub(used);
    ensure!(grown < 100_000, "{grown} bytes more");

    start(&machine)?;
    request(&machine, "apply mode=4")?
        .remove(0)
        .ends(0, OUTCOME_DONE)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    ensure!(!is_training(&status(&machine)?)?);
    ensure!(kept(&machine)? == bytes);
    start(&machine)?;
    request(&machine, "apply mode=4")?
        .remove(0)
        .ends(0, OUTCOME_DONE)?;
    machine.check_kernel_log()?;
    machine.power_cycle()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    install(&machine)?;
    ensure!(!is_training(&status(&machine)?)?);
    ensure!(kept(&machine)? == bytes);
    // It is the PCR that a change of the machine is in.
    crate::journal::install(&machine, "cause", Bits::B64)?;
    settle(&machine)?;
    let loaded = machine.read(PCR)?;
    request(&machine, "apply mode=4")?
        .remove(0)
        .ends(0, OUTCOME_DONE)?;
    settle(&machine)?;
    ensure!(machine.read(PCR)? != loaded, "another PCR is extended");
    machine.check_kernel_log()
}
