// SPDX-License-Identifier: GPL-2.0

//! Failing memory: `failing.c` makes each call again and again, with one allocation after the other
//! failing, on the debug kernel.

use crate::ask;
use crate::common::{machine, milspecctl, Test, DRIVER};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use milspec_posture::mode::Mode;
use milspec_uapi::OUTCOME_DONE;
use std::path::Path;
use std::time::Duration;

/// The tests of this file, for the debug kernel alone.
pub const TESTS: &[Test] = &[
    ("failing_memory_in_what_is_read", in_reads),
    ("failing_memory_in_a_change", in_changes),
    ("failing_memory_in_load_and_unload", in_load),
];

/// Those that `make test-long` runs there besides.
pub const LONG: &[Test] = &[
    ("failing_memory_in_everything", in_everything),
    ("failing_memory_in_workers", in_workers),
];

/// Where it is in the guest.
const PROGRAM: &str = "/tmp/failing";
/// A machine with few tokens: everything is read at each change, and a call takes a tenth of a second.
const SMALL: &str = "latitude-d630";
const MODULE: &str = "/tmp/dell_milspec.ko";
const FILES: &str = "/sys/devices/faux/dell_milspec";

fn guest(profile: &str) -> Result<Machine> {
    let machine = machine(profile, Module::Autoload)?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failing");
    std::fs::create_dir_all(&directory)?;
    let to = directory.join("failing");
    let includes = [&*here.join("../../driver/uapi")];
    prepared(&Progress::new())?.build_c(&here.join("failing.c"), Bits::B64, &includes, &to)?;
    machine
        .guest()?
        .create(PROGRAM, &std::fs::read(&to)?, 0o755)?;
    ask::install(&machine)?;
    Ok(machine)
}

/// More allocations than are made.
const MANY: u64 = 1_000_000;

/// How far it was tried.
#[derive(Debug)]
struct Tried {
    places: u64,
    failed: u64,
    whole: bool,
}

/// Makes this call for at most so many seconds, with every `stride`th place failing.
fn fail(machine: &Machine, seconds: u64, stride: u32, call: &[&str]) -> Result<Tried> {
    let (seconds_text, stride) = (seconds.to_string(), stride.to_string());
    let argv = [&[PROGRAM, &seconds_text, &stride], call].concat();
    // A call that was begun in time has its own time, and so have the first ones.
    let patience = Duration::from_secs(seconds + 600);
    let output = machine.run_command(GuestCommand::new(argv).timeout(patience))?;
    let text = output.text();
    ensure!(output.success(), "{call:?}:\n{text}{}", output.error_text());
    let line = text.lines().last().context("it says nothing")?;
    println!("figure: failing memory: {line}");
    let number = |name: &str| -> Result<u64> {
        let mut words = line.split_whitespace();
        let word = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.with_context(|| format!("no {name}: {line}"))?
            .parse()
            .with_context(|| line.to_owned())
    };
    Ok(Tried {
        places: number("places")?,
        failed: number("nomem")?,
        whole: number("whole")? == 1,
    })
}

/// As [`fail`], with all places there are.
fn fail_all(machine: &Machine, seconds: u64, call: &[&str]) -> Result<u64> {
    let tried = fail(machine, seconds, 1, call)?;
    ensure!(
        tried.whole,
        "{call:?}: {seconds} s are too few for {tried:?}"
    );
    Ok(tried.places)
}

/// A control and two of its values, as `failing` takes them.
fn list(control: &str, first: &str, second: &str) -> Result<[String; 3]> {
    let value = |name| ask::value(control, name).map(|index| index.to_string());
    Ok([ask::id(control)?.to_string(), value(first)?, value(second)?])
}

/// What is left when all is done: nothing of what was asked for, and a clean log.
fn leaves_nothing(machine: &Machine) -> Result<()> {
    let status = ask::ask_one(machine, "status")?;
    for nothing in ["drifted", "degraded", "step", "steps"] {
        ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
    }
    machine.check_kernel_log()
}

/// Fails when a request that only reads ends in anything but its answer or ENOMEM, whichever of its
/// allocations fails, or when the next one does not work.
fn in_reads() -> Result<()> {
    let machine = guest("rugged")?;
    for call in [&["info"][..], &["status"], &["controls"], &["poll"]] {
        fail_all(&machine, 60, call)?;
    }
    // These allocate: otherwise nothing was tried.
    for call in [&["open"][..], &["plan", "3"], &["read"]] {
        let places = fail_all(&machine, 60, call)?;
        ensure!(places > 0, "{call:?}: no allocation has failed");
    }
    leaves_nothing(&machine)
}

/// Fails when an apply whose memory fails ends otherwise than undone or refused, leaves something half
/// done, or blames the firmware.
fn in_changes() -> Result<()> {
    let machine = guest(SMALL)?;
    let [control, off, on] = list("wake-on-lan", "disabled", "enabled")?;
    let tried = fail(&machine, 45, 11, &["list", &control, &off, &on])?;
    // How many there is time for is the host's speed. None at all is a test of nothing.
    ensure!(tried.places > 3, "{tried:?}");
    leaves_nothing(&machine)
}

/// Fails when a load that runs out of memory leaves something behind, so that the next one fails, or
/// when an unload needs memory.
fn in_load() -> Result<()> {
    let machine = guest(SMALL)?;
    unload(&machine)?;
    // The first ones are the driver's own, those after them ACPI's, in reading.
    let tried = fail(&machine, 45, 1, &["module", MODULE])?;
    ensure!(tried.places > 3 && tried.failed > 0, "{tried:?}");
    machine.check_kernel_log()
}

/// Puts the module's file where `failing` loads it from, and unloads it.
fn unload(machine: &Machine) -> Result<()> {
    let from = "/usr/lib/modules/$(uname -r)/updates/dell_milspec.ko";
    machine
        .sh(&format!("cp {from} {MODULE} && rmmod dell_milspec"))?
        .ok()?;
    Ok(())
}

/// The same as the three, place by place, and all other calls; for minutes each.
fn in_everything() -> Result<()> {
    let machine = guest("rugged")?;
    let [control, off, on] = list("camera", "disabled", "enabled")?;
    let minutes = |n: u64| 60 * n;
    let mut places = 0;
    let files = machine
        .sh(&format!("find {FILES} -type f -perm -400"))?
        .ok()?;
    ensure!(files.text().lines().count() > 10, "{}", files.text());
    for file in files.text().lines() {
        places += fail_all(&machine, minutes(2), &["file", file])?;
    }
    for call in [
        &["list", &control, &off, &on][..],
        &["refresh"],
        &["apply", "2"],
        &["train"],
        &[
            "toggle",
            &format!("{DRIVER}/unbind"),
            "DSML0001:00",
            &format!("{DRIVER}/bind"),
            "DSML0001:00",
        ],
    ] {
        let first = fail(&machine, minutes(4), 1, call)?;
        ensure!(first.places > 0, "{call:?}: no allocation has failed");
        places += first.places;
        if !first.whole {
            places += fail(&machine, minutes(4), 41, call)?.places;
        }
    }
    leaves_nothing(&machine)?;
    // Lack of memory is no TPM that cannot be read.
    machine
        .sh("rmmod dell_milspec && modprobe dell_milspec require_tpm=1")?
        .ok()?;
    places += fail(&machine, minutes(4), 7, &["list", &control, &off, &on])?.places;
    leaves_nothing(&machine)?;
    unload(&machine)?;
    places += fail(&machine, minutes(10), 1, &["module", MODULE])?.places;
    println!("figure: failing memory: {places} places in all");
    machine.check_kernel_log()
}

/// Fails when memory that fails in the workers, of the TPM and of events, leaves the driver in a state
/// from which a change does not work, or a control degraded.
fn in_workers() -> Result<()> {
    let machine = guest("rugged")?;
    let (off, on) = (
        ask::set("camera", "disabled")?,
        ask::set("camera", "enabled")?,
    );
    // Not the task that asks, which has no failures of its own here: what fails is what functions of
    // modules allocate, at most a few calls below them. What ACPI's interpreter allocates for them lies
    // deeper. When that fails again and again, it goes on to wait for a mutex that it has itself (7.3.4,
    // after "Could not allocate an object descriptor", utcopy), and the test would be about that.
    machine
        .sh(&format!(
            "set -e; cd /sys/kernel/debug
             for kind in failslab fail_page_alloc; do
                 echo N >$kind/ignore-gfp-wait; echo 0 >$kind/verbose; echo N >$kind/task-filter
                 echo 0xffffffffa0000000 >$kind/require-start; echo 0xfffffffffeffffff >$kind/require-end
                 echo 6 >$kind/stacktrace-depth; echo {MANY} >$kind/times; echo 5 >$kind/probability
             done"
        ))?
        .ok()?;
    for round in 0..10 {
        machine.dsmil_change(round % 4, u8::from(round % 2 == 0), 0)?;
        // It may well fail for want of memory; what it says then is checked elsewhere.
        let line = format!("{} apply {off} -- apply {on}; true", ask::ASK);
        let command = GuestCommand::shell(&line).timeout(Duration::from_secs(300));
        machine.run_command(command)?.ok()?;
    }
    let left = machine
        .sh("set -e; cd /sys/kernel/debug
             for kind in failslab fail_page_alloc; do echo 0 >$kind/probability; cat $kind/times; done")?
        .ok()?;
    let left = left
        .text()
        .lines()
        .map(str::parse)
        .collect::<Result<Vec<u64>, _>>()?;
    let failed = (2 * MANY).saturating_sub(left.iter().sum());
    ensure!(failed > 0, "no allocation has failed");
    println!("figure: failing memory: workers: {failed} allocations failed, of each 20 one by lot");
    for mode in [Mode::Standard, Mode::Baseline] {
        ask::one(&machine, &format!("apply {}", ask::mode(mode)))?.ends(0, OUTCOME_DONE)?;
    }
    let status = ask::ask_one(&machine, "status")?;
    ensure!(status.number("degraded")? == 0, "{status:?}");
    // No record was given up for it.
    let anchor = milspecctl(&machine, &["status"])?["anchor"].clone();
    ensure!(
        anchor["failures"] == 0 && anchor["state"] == "ready",
        "{anchor:#}"
    );
    machine.check_kernel_log()
}
