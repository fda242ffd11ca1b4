// SPDX-License-Identifier: GPL-2.0

//! What firmware that takes its time holds up, and what it must not. A firmware call is held back,
//! so that nothing here depends on how fast anything is: what has answered while it is held has
//! answered before it has returned.

use crate::access::wait_until;
use crate::apply::ready;
use crate::ask::{self, ask_one, one};
use crate::common::{milspecctl, Test};
use crate::modes::SYSFS;
use anyhow::{ensure, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::{Call, Held, Machine};
use milspec_posture::mode::Mode;
use milspec_uapi::OUTCOME_DONE;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("delay_readers_answer_while_firmware_does_not", readers),
    ("delay_who_waits_for_the_engine_can_be_killed", killed),
    ("delay_who_waits_for_the_engine_is_no_hung_task", watched),
];

/// How long what is asked may take before it is killed. Less than a call is held at most.
const AT_ONCE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a request of which the `n`-th call of a kind is held back, and waits until it is.
pub fn begin<'a>(
    machine: &'a Machine,
    request: &str,
    call: Call,
    n: u32,
) -> Result<(Process<'a>, Held)> {
    let nvram = machine.nvram()?;
    let held = nvram.hold(call, n)?;
    let process = ask::start(machine, request)?;
    wait_until("a firmware call is held back", || nvram.is_held(&held))?;
    Ok((process, held))
}

/// The sequence of the last record of the journal, by polls and reads.
fn last_record(machine: &Machine) -> Result<u64> {
    ask_one(machine, "events")?.number("last")
}

/// Fails when STATUS, INFO, CONTROLS, PLAN, a file of sysfs, or an event that is there waits for
/// the firmware.
fn readers() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    let files = format!(
        "cd {SYSFS} && for f in *; do \
         [ ! -f $f ] || [ $f = uevent ] || echo \"$f=$(cat $f)\"; done"
    );
    println!("\nrugged: answered while a firmware call was held back");
    for (request, call, n) in [
        ("refresh", Call::TOKEN_READ, 5),
        ("refresh", Call::DSML, 1),
        ("apply mode=4", Call::TOKEN_WRITE, 3),
        ("apply mode=2", Call::dsml(5), 7),
    ] {
        let record = last_record(&machine)?;
        let (client, held) = begin(&machine, request, call, n)?;

        let words = "status -- controls -- plan mode=4 -- events";
        let output = machine.run_command(ask::command(words).timeout(AT_ONCE))?;
        let lines = ask::lines(&output.ok()?.text());
        let of = |word: &str| lines.iter().filter(|line| line.word == word).count();
        for word in ["status", "controls", "plan"] {
            let line = lines.iter().find(|line| line.word == word);
            let result = line.and_then(|line| line.number("result").ok());
            ensure!(result == Some(0), "{word}: {lines:?}");
        }
        ensure!(of("control") > 100, "{lines:?}");
        let events = lines.iter().find(|line| line.word == "events");
        let last = events.map(|line| line.number("last")).transpose()?;
        // An apply is recorded when it begins, and each step when it is done.
        let expected = record + u64::from(request.starts_with("apply"));
        ensure!(last >= Some(expected), "{last:?}, {expected} before");

        let shown = machine.run_command(GuestCommand::shell(&files).timeout(AT_ONCE))?;
        let shown = shown.ok()?.text();
        ensure!(shown.lines().count() >= 14, "{shown}");
        ensure!(
            shown.lines().all(|line| line.contains('=')) && shown.contains("\nmode="),
            "{shown}"
        );
        let status = milspecctl(&machine, &["status"])?;
        ensure!(status["families"].is_array(), "{status:#}");

        ensure!(
            nvram.is_held(&held)?,
            "{request}: the answers came when the firmware call had returned"
        );
        nvram.release(held)?;
        let lines = ask::lines(&client.wait(PATIENCE)?.ok()?.text());
        ensure!(
            lines
                .first()
                .map(|line| line.number("result"))
                .transpose()?
                == Some(0),
            "{request}: {lines:?}"
        );
        println!(
            "  {request:<13} STATUS, CONTROLS of {}, PLAN, {} files of sysfs, records up to {}, milspecctl status",
            of("control"),
            shown.lines().count(),
            last.unwrap_or_default()
        );
    }
    machine.check_kernel_log()
}

/// Waits until a process sleeps in this system call.
pub fn wait_in(machine: &Machine, process: &Process<'_>, syscall: &str) -> Result<()> {
    let file = format!("/proc/{}/syscall", process.pid);
    wait_until("it waits in the kernel", || {
        Ok(machine.read(&file)?.starts_with(syscall))
    })
}

/// `ioctl(3` as `/proc/PID/syscall` has it.
pub const IOCTL: &str = "16 0x3 ";
/// `poll(` as `/proc/PID/syscall` has it.
pub const POLL: &str = "7 0x";
/// `write(1`.
pub const WRITE: &str = "1 0x1 ";

/// What waits for the engine, and the call in which it does.
fn waiters() -> [(&'static str, GuestCommand, &'static str); 3] {
    let file = format!("echo enhanced >{SYSFS}/mode");
    [
        ("apply mode=3", ask::command("apply mode=3"), IOCTL),
        ("refresh", ask::command("refresh"), IOCTL),
        ("a write to the file", GuestCommand::shell(&file), WRITE),
    ]
}

/// Fails when slow firmware makes a process that is killed live on, when such a request is carried
/// out after all, and when it harms the one that it waited for.
fn killed() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    one(&machine, "apply mode=2")?.ends(0, OUTCOME_DONE)?;
    let (first, held) = begin(&machine, "apply mode=4", Call::TOKEN_WRITE, 3)?;
    let mut who = Vec::new();
    for (what, command, syscall) in waiters() {
        let mut waiter = machine.guest()?.spawn(command)?;
        wait_in(&machine, &waiter, syscall)?;
        ensure!(nvram.is_held(&held)?, "{what} began to wait too late");
        waiter.signal(9)?;
        let code = loop {
            let code = waiter.poll()?;
            ensure!(
                nvram.is_held(&held)?,
                "{what}, though killed, has waited until the firmware call returned"
            );
            match code {
                Some(code) => break code,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        ensure!(code == 128 + 9, "{what} ended with {code}");
        who.push(what);
    }
    println!(
        "figure: waiting for the engine: killed while a firmware call was held: {}",
        who.join(", ")
    );
    nvram.release(held)?;
    let output = first.wait(PATIENCE)?.ok()?;
    let answers = ask::answers(&ask::lines(&output.text()))?;
    ensure!(
        matches!(&answers[..], [answer] if answer.outcome == OUTCOME_DONE),
        "{answers:?}"
    );
    let status = ask_one(&machine, "status")?;
    let mode = u64::from(Mode::Paranoid.number());
    ensure!(status.number("mode")? == mode, "{status:?}");
    for nothing in ["deviations", "drifted", "degraded", "step", "steps"] {
        ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
    }
    machine.check_kernel_log()
}

/// Fails when the kernel takes who waits for slow firmware for hung.
fn watched() -> Result<()> {
    let machine = ready("rugged")?;
    let nvram = machine.nvram()?;
    // Longer than any of the delays that a held call has, one after the other: it is woken between
    // them. What waits for it is not.
    let seconds = 4;
    machine
        .sh(&format!(
            "echo {seconds} >/proc/sys/kernel/hung_task_timeout_secs"
        ))?
        .ok()?;
    let (first, held) = begin(&machine, "apply mode=4", Call::TOKEN_WRITE, 3)?;
    let mut processes = Vec::new();
    for (_, command, syscall) in waiters() {
        let waiter = machine.guest()?.spawn(command)?;
        wait_in(&machine, &waiter, syscall)?;
        processes.push(waiter);
    }
    // The watchdog looks as often as that.
    let wait = GuestCommand::shell(&format!("sleep {}", 3 * seconds));
    machine.run_command(wait)?.ok()?;
    ensure!(nvram.is_held(&held)?, "nobody has waited so long");
    machine.check_kernel_log()?;
    nvram.release(held)?;
    processes.push(first);
    println!(
        "figure: hung tasks: none named of {} while a firmware call was held for {} s, with a limit of \
         {seconds} s",
        processes.len(),
        3 * seconds
    );
    for process in processes {
        process.wait(PATIENCE)?.ok()?;
    }
    machine.check_kernel_log()
}
