// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor run` when the disk is full, journald hangs, it was not let run itself, the clock is
//! set and the machine sleeps; and that it costs nothing where nothing happens.

use crate::access::wait_until;
use crate::apply::ready;
use crate::ask::{self, set};
use crate::common::Test;
use crate::journal::{cause, install, standing};
use crate::monitor::{Told, PATIENCE, SIGTERM};
use crate::monitor_unit::{self, all_told, process, started};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::Machine;
use milspec_machine::prepare::Bits;
use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[("monitor_says_what_it_missed", missed)];

/// What waits for minutes.
pub const LONG: &[Test] = &[
    ("monitor_waits_for_no_journald", no_journald),
    ("monitor_costs_nothing_when_nothing_happens", quiet),
    ("monitor_stays_small", small),
];

const SIGSTOP: i32 = 19;
const SIGCONT: i32 = 18;
/// No more memory than that, in kilobytes, whatever happens: the unit may have 64 MB.
const MOST: u64 = 48 << 10;
/// Where state and lines are: a disk that is soon full.
const DISK: &str = "/tmp/disk";

/// A machine with such a disk, and what causes records.
fn machine() -> Result<Machine> {
    let machine = ready("rugged")?;
    install(&machine, "cause", Bits::B64)?;
    let line =
        format!("mkdir {DISK} && mount -t tmpfs -o size=16m none {DISK} && mkdir {DISK}/state");
    machine.sh(&line)?.ok()?;
    Ok(machine)
}

/// A monitor that goes on, without journald, and has told what there was; `more` says the site.
fn watching<'a>(machine: &'a Machine, more: &str) -> Result<Process<'a>> {
    let site = format!("schema = \"milspec.monitor-site/1\"\nwithout = [\"refusals\"]\n{more}");
    machine
        .guest()?
        .create("/tmp/site.toml", site.as_bytes(), 0o644)?;
    let line = format!(
        "milspecctl monitor run --site /tmp/site.toml --state {DISK}/state --ndjson {DISK}/events --prometheus {DISK}/metrics"
    );
    let monitor = machine.guest()?.spawn(GuestCommand::new(line.split(' ')))?;
    wait_told(machine, "started", |told| {
        told.of_type("note").any(|note| note["note"] == "started")
    })?;
    all_in_file(machine)?;
    Ok(monitor)
}

fn told(machine: &Machine) -> Result<Told> {
    Told::parse(&machine.sh(&format!("cat {DISK}/events"))?.text())
}

/// Waits until what was told fits.
fn wait_told(machine: &Machine, what: &str, fits: impl Fn(&Told) -> bool) -> Result<Told> {
    let start = Instant::now();
    loop {
        let told = told(machine)?;
        if fits(&told) {
            return Ok(told);
        }
        let last = told.0.len().saturating_sub(20);
        ensure!(
            start.elapsed() < 2 * PATIENCE,
            "never: {what}: {:#?}",
            &told.0[last..]
        );
        sleep(Duration::from_millis(200));
    }
}

/// Sequences of the records that were told; those that a gap stands for among them.
fn sequences(told: &Told) -> BTreeSet<u64> {
    let mut all = BTreeSet::new();
    for line in told.of_type("record") {
        let last = line["sequence"].as_u64().unwrap_or(0);
        let count = match line["kind"] == "gap" {
            true => line["count"].as_u64().unwrap_or(1),
            false => 1,
        };
        all.extend(last.saturating_sub(count - 1)..=last);
    }
    all
}

/// Waits until each record that the driver has made so far is told, or told to be lost.
fn all_in_file(machine: &Machine) -> Result<Told> {
    let last = standing(machine)?.next - 1;
    wait_told(machine, "all records", |told| {
        sequences(told).range(1..=last).count() as u64 == last
    })
}

fn notes<'a>(told: &'a Told, word: &'a str) -> usize {
    told.of_type("note")
        .filter(|note| note["note"] == word)
        .count()
}

/// Promise: what was overwritten while the monitor was not let run is told to be lost, and nothing else
/// is lost with it; a clock that is set while it watches, and what was changed during a sleep, is found,
/// after which the chain is told; on a full disk it goes on, and when there is space again all is in its
/// file, in whole lines.
fn missed() -> Result<()> {
    let machine = machine()?;
    let mut monitor = watching(&machine, "")?;
    monitor.signal(SIGSTOP)?;
    cause(&machine, "stale 5000")?;
    monitor.signal(SIGCONT)?;
    let told = all_in_file(&machine)?;
    let told = match told.found()?.is_empty() {
        true => wait_told(&machine, "lost records", |told| !told.0.is_empty())?,
        false => told,
    };
    ensure!(told.found()? == ["records-lost"], "{:?}", told.found());
    ensure!(
        notes(&told, "lines-lost") == 0,
        "lines were lost that had a place"
    );

    let most = number(&machine, monitor.pid, "VmHWM")?;
    ensure!(most < MOST, "it took {most} kB for a full ring");

    let set_clock = "date -s @$(($(date +%s) + 7200))";
    machine.sh(set_clock)?.ok()?;
    cause(&machine, "stale 1")?;
    wait_told(&machine, "a moved clock", |told| {
        told.finding("clock-moved").is_ok()
    })?;

    let checkpoints = |told: &Told| told.of_type("checkpoint").count();
    let before = checkpoints(&self::told(&machine)?);
    let plan = machine.plan();
    machine.nvram()?.set_setting(plan, "camera", "disabled")?;
    ask::ask(&machine, "refresh")?;
    machine.nvram()?.set_setting(plan, "camera", "enabled")?;
    machine.sleep("freezer", 1)?;
    let woken = wait_told(&machine, "the sleep", |told| {
        told.finding("weaker-outside").is_ok() && checkpoints(told) > before
    })?;
    let resumed = woken
        .of_type("record")
        .filter(|line| line["kind"] == "resume");
    ensure!(resumed.count() == 1);
    let expected = ["clock-moved", "records-lost", "weaker-outside camera"];
    ensure!(woken.found()? == expected, "{:?}", woken.found());

    let fill = format!("dd if=/dev/zero of={DISK}/full bs=4k; df {DISK} | tail -n 1");
    let full = machine.sh(&fill)?.text();
    ensure!(full.contains("100%"), "{full}");
    cause(&machine, "stale 300")?;
    let start = Instant::now();
    let fails = ["ndjson takes nothing", "the state cannot be kept"];
    while !fails.iter().all(|text| monitor.stderr().contains(text)) {
        ensure!(monitor.poll()?.is_none(), "it ended: {}", monitor.stderr());
        ensure!(start.elapsed() < PATIENCE, "{}", monitor.stderr());
        sleep(Duration::from_millis(100));
    }
    machine.sh(&format!("rm {DISK}/full"))?.ok()?;
    cause(&machine, "stale 1")?;
    let told = all_in_file(&machine)?;
    wait_told(&machine, "that it works", |told| {
        notes(told, "sink-works") == 1
    })?;
    ensure!(notes(&told, "lines-lost") == 0);
    ensure!(told.found()? == expected, "{:?}", told.found());

    // What was kept is whole: a new one goes on where the old one was.
    let count = told.of_type("record").count();
    monitor.signal(SIGTERM)?;
    monitor.wait(PATIENCE)?.ok()?;
    let _again = watching(&machine, "")?;
    let records = self::told(&machine)?.of_type("record").count();
    ensure!(records == count, "{count} records, then {records}");
    machine.check_kernel_log()
}

/// Promise: a journald that does not listen holds up neither the monitor nor what else it tells; it gets
/// all when it does again.
fn no_journald() -> Result<()> {
    let machine = started()?;
    let signal = |signal: &str| {
        let line = format!("systemctl kill -s {signal} systemd-journald");
        machine.sh(&line)?.ok().map(|_| ())
    };
    signal("STOP")?;
    // More than its socket holds.
    cause(&machine, "stale 900")?;
    all_told(&machine)?;
    let told = monitor_unit::wait_told(&machine, "that journald takes nothing", |told| {
        let mut notes = told.of_type("note");
        Ok(notes.any(|note| note["note"] == "sink-failed" && note["sink"] == "journald"))
    })?;
    ensure!(notes(&told, "lines-lost") == 0);
    signal("CONT")?;
    cause(&machine, "stale 1")?;
    let last = standing(&machine)?.next - 1;
    let start = Instant::now();
    let line = "journalctl -t milspec-monitor -o json --no-pager | grep -o 'MILSPEC_SEQUENCE\":\"[0-9]*' | cut -d'\"' -f3 | sort -un | wc -l";
    loop {
        let count: u64 = machine.sh(line)?.ok()?.text().trim().parse()?;
        if count == last {
            break;
        }
        ensure!(start.elapsed() < 2 * PATIENCE, "{count} of {last} records");
        sleep(Duration::from_millis(500));
    }
    ensure!(process(&machine, "State")?.starts_with('S'));
    Ok(())
}

/// A number of `/proc/PID/status`.
fn number(machine: &Machine, pid: u32, name: &str) -> Result<u64> {
    let text = machine.read(&format!("/proc/{pid}/status"))?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
    let value = lines.find_map(|rest| rest.trim_start_matches(':').split_whitespace().next());
    value
        .with_context(|| format!("no {name}"))?
        .parse()
        .context("no number")
}

/// Processor time that a process has had, in hundredths of a second.
fn time(machine: &Machine, pid: u32) -> Result<u64> {
    let stat = machine.read(&format!("/proc/{pid}/stat"))?;
    let (_, after) = stat.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

/// Promise: where nothing happens the monitor has the firmware called never, and wakes no more than once a
/// minute; that nobody has looked at the firmware for long is found, once.
fn quiet() -> Result<()> {
    const MINUTES: u64 = 3;
    let machine = machine()?;
    let monitor = watching(&machine, "look-age = \"1s\"\n")?;
    // What it has told leads to one more round.
    sleep(Duration::from_secs(5));
    let calls = machine.nvram()?.counts()?;
    let pid = monitor.pid;
    let (woken, had) = (
        number(&machine, pid, "voluntary_ctxt_switches")?,
        time(&machine, pid)?,
    );
    sleep(Duration::from_secs(60 * MINUTES));
    let woken = number(&machine, pid, "voluntary_ctxt_switches")? - woken;
    let had = time(&machine, pid)? - had;
    println!(
        "\nin {MINUTES} minutes: woken {woken} times, {had} hundredths of a second of processor"
    );
    // Each round writes one file, on a disk in memory.
    ensure!(woken <= 3 * (MINUTES + 1), "it was woken {woken} times");
    ensure!(had <= 100 * MINUTES, "it took {had} hundredths of a second");
    let calls = machine.nvram()?.counts()?.since(&calls);
    ensure!(calls.nonzero().is_empty(), "{:?}", calls.nonzero());
    let found = told(&machine)?.found()?;
    ensure!(found == ["look-old"], "{found:?}");
    machine.check_kernel_log()
}

/// Promise: it needs no more memory after thousands of records than after a few.
fn small() -> Result<()> {
    let machine = machine()?;
    let monitor = watching(&machine, "")?;
    let request = set("camera", "disabled")?;
    let back = set("camera", "enabled")?;
    let mut sizes = Vec::new();
    for _ in 0..20 {
        cause(&machine, "stale 200")?;
        ask::ask(&machine, &format!("apply {request} -- apply {back}"))?;
        let last = standing(&machine)?.next - 1;
        let count = format!("grep -c '\"type\":\"record\"' {DISK}/events");
        wait_until("all records", || {
            Ok(machine.sh(&count)?.ok()?.text().trim().parse::<u64>()? >= last)
        })?;
        sizes.push(number(&machine, monitor.pid, "VmRSS")?);
    }
    println!("\nVmRSS in kB, after each 200 records: {sizes:?}");
    ensure!(sizes.iter().all(|size| *size < MOST), "{sizes:?}");
    let (first, last) = (sizes[4], sizes[sizes.len() - 1]);
    ensure!(last < first + first / 10, "it grows: {sizes:?}");
    machine.check_kernel_log()
}
