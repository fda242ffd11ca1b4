// SPDX-License-Identifier: GPL-2.0

//! milspecctl with the journal of a real driver and a TPM: following it, keeping it on disk, and
//! finding what was done to it.

use crate::common::{machine, milspecctl, Test};
use crate::journal::{cause, events, machine_with_cause, MODE};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Output, Process};
use milspec_machine::machine::{Machine, Module};
use milspec_uapi::{Event, EVENT_SIZE};
use serde_json::Value;
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, IntoBytes};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("journal_followed_under_load_loses_nothing", followed),
    ("journal_kept_on_disk_is_whole", kept),
    ("journal_verify_says_what_does_not_fit", verified),
];

const UNIT: &str = include_str!("../../packaging/systemd/milspec-journal.service");
const FILE: &str = "/var/lib/milspec/journal";
const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;

/// What the driver has.
fn driver(machine: &Machine) -> Result<Vec<Event>> {
    events(machine)
}

fn saved(machine: &Machine, path: &str) -> Result<Vec<Event>> {
    let bytes = machine.guest()?.read(path)?;
    let bytes = bytes.map_err(|errno| anyhow::anyhow!("{path}: errno {errno}"))?;
    ensure!(bytes.len() % EVENT_SIZE == 0, "{path}: {}", bytes.len());
    let records = bytes.chunks_exact(EVENT_SIZE);
    Ok(records
        .map(|bytes| Event::read_from_bytes(bytes).expect("the size is right"))
        .collect())
}

fn flip(machine: &Machine) -> Result<Output> {
    machine
        .sh(&format!("echo enhanced >{MODE} && echo baseline >{MODE}"))?
        .ok()
}

fn verify(machine: &Machine, files: &[&str], exit: i32) -> Result<Value> {
    let argv = [&["milspecctl", "--json", "journal", "verify"], files].concat();
    machine.run(argv)?.exits(exit)?.json()
}

/// Promise: whoever follows gets each record once and in order, while two change the machine; what a
/// flood overwrites before it is read is a line that says how much.
fn followed() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let follow = "exec milspecctl --json events --follow >/tmp/followed";
    let follower = machine.guest()?.spawn(GuestCommand::shell(follow))?;
    let writers = format!(
        "for i in 1 2; do (for j in 1 2 3; do echo enhanced >{MODE}; echo baseline >{MODE}; done) & \
         done; wait"
    );
    machine.sh(&writers)?;
    let calm = driver(&machine)?;
    ensure!(calm.len() > 150, "{} records are no load", calm.len());
    caught_up(&machine, calm.len() as u64)?;
    let lines = lines(&machine)?;
    ensure!(lines.iter().all(|line| line["kind"] != "gap"), "a loss");
    cause(&machine, "stale 6000")?;
    let last = driver(&machine)?.last().map_or(0, |event| event.sequence);
    caught_up(&machine, last)?;
    follower.signal(SIGTERM)?;
    follower.wait(Duration::from_secs(30))?.ok()?;

    let mut next = 1;
    for line in self::lines(&machine)? {
        let sequence = line["sequence"].as_u64().context("no sequence")?;
        let lost = match line["kind"] == "gap" {
            true => line["count"].as_u64().context("no count")?,
            false => 1,
        };
        ensure!(sequence + 1 == next + lost, "{line} after {}", next - 1);
        next = sequence + 1;
    }
    ensure!(next == last + 1, "{} of {last}", next - 1);
    machine.check_kernel_log()
}

/// The lines that were followed.
fn lines(machine: &Machine) -> Result<Vec<Value>> {
    let text = machine.read("/tmp/followed")?;
    let lines = text.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

fn caught_up(machine: &Machine, last: u64) -> Result<()> {
    let start = Instant::now();
    while machine
        .sh("tail -n 1 /tmp/followed")?
        .text()
        .split_once("\"sequence\":")
        // A line that is not whole yet has no end.
        .filter(|(_, rest)| rest.trim_end().ends_with('}'))
        .and_then(|(_, rest)| rest.split(',').next()?.parse::<u64>().ok())
        .is_none_or(|sequence| sequence < last)
    {
        ensure!(start.elapsed() < Duration::from_secs(60), "not followed");
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// The command of the unit, as systemd starts it.
fn start(machine: &Machine) -> Result<Process<'_>> {
    let line = UNIT
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let line = line.context("no ExecStart")?;
    let line = line.replace("/usr/bin/milspecctl", "milspecctl");
    machine.sh("mkdir -p -m 700 /var/lib/milspec")?.ok()?;
    machine
        .guest()?
        .spawn(GuestCommand::shell(&format!("exec {line}")).timeout(Duration::from_secs(600)))
}

/// Waits until the last record of the driver is in the file.
fn settled(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    let wanted = driver(machine)?;
    let last = wanted.last().context("no records")?;
    while saved(machine, FILE)
        .ok()
        .and_then(|saved| saved.last().copied())
        != Some(*last)
    {
        ensure!(start.elapsed() < Duration::from_secs(60), "not saved");
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Promise: the unit's journal is whole across rotation, a kill in mid-work, a torn record and
/// another load of the module; all its parts together are what the drivers had and the TPM holds.
fn kept() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    // Whoever reads what it says may go, as journald does: it saves on.
    machine.sh("mkdir -p -m 700 /var/lib/milspec")?.ok()?;
    let line = format!("milspecctl journal save --follow {FILE} | true; echo ended >/tmp/ended");
    let lone = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    flip(&machine)?;
    settled(&machine)?;
    machine.sh("sleep 1; ! test -e /tmp/ended")?.ok()?;
    machine.sh("killall milspecctl")?.ok()?;
    lone.wait(Duration::from_secs(30))?.ok()?;
    let saver = start(&machine)?;
    flip(&machine)?;
    settled(&machine)?;
    machine.run(["mv", FILE, &format!("{FILE}.2")])?.ok()?;
    flip(&machine)?;
    settled(&machine)?;
    ensure!(saved(&machine, FILE)?.len() < driver(&machine)?.len());
    // In mid-work, and as if the power had gone while it wrote.
    let line = format!("echo enhanced >{MODE}; echo baseline >{MODE}");
    let changes = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    machine.sh("sleep 0.1")?.ok()?;
    saver.signal(SIGKILL)?;
    changes.wait(Duration::from_secs(60))?.ok()?;
    let mut next = *saved(&machine, FILE)?.last().context("no records")?;
    next.sequence += 1;
    let torn = &next.as_bytes()[..57];
    machine.guest()?.create("/tmp/torn", torn, 0o600)?;
    machine.sh(&format!("cat /tmp/torn >>{FILE}"))?.ok()?;
    let cut = verify(&machine, &[&format!("{FILE}.2"), FILE], 1)?;
    ensure!(cut["broken"]["code"] == "cut-off", "{cut:#}");
    let saver = start(&machine)?;
    settled(&machine)?;
    let first = driver(&machine)?;
    saver.signal(SIGTERM)?;
    saver.wait(Duration::from_secs(30))?.ok()?;
    machine.run(["mv", FILE, &format!("{FILE}.1")])?.ok()?;

    machine
        .sh("rmmod dell_milspec && modprobe dell_milspec")?
        .ok()?;
    let saver = start(&machine)?;
    flip(&machine)?;
    settled(&machine)?;
    let second = driver(&machine)?;
    let busy = machine.run(["rmmod", "dell_milspec"])?;
    ensure!(!busy.success(), "the module went while it was read");
    saver.signal(SIGTERM)?;
    saver.wait(Duration::from_secs(30))?.ok()?;

    let parts = [&format!("{FILE}.2"), &format!("{FILE}.1"), FILE];
    let whole = verify(&machine, &parts, 0)?;
    let loads = whole["loads"].as_array().context("no loads")?;
    ensure!(loads.len() == 2, "{whole:#}");
    for (load, events) in loads.iter().zip([&first, &second]) {
        ensure!(
            load["records"] == events.len() && load["lost"] == 0,
            "{load:#}"
        );
        ensure!(load["proven_to"].is_u64(), "{load:#}");
    }
    // Claim: which only the lost records lead to
    ensure!(loads[1]["continues"] == true, "{whole:#}");
    ensure!(whole["tpm"]["result"] == "matches", "{whole:#}");
    let mode = machine.sh(&format!("stat -c %a {FILE}"))?.ok()?.text();
    ensure!(mode.trim() == "600", "{mode}");
    machine.check_kernel_log()
}

/// Promise: a changed record, one made up with a chain of its own, a change that the TPM has not
/// seen, records that are missing, and a PCR that somebody else extended are told apart; a TPM that
/// is gone accuses nobody, and proves nothing.
fn verified() -> Result<()> {
    let mut machine = machine("rugged", Module::Present)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    flip(&machine)?;
    milspecctl(&machine, &["journal", "save", "/tmp/journal"])?;
    let good = verify(&machine, &["/tmp/journal"], 0)?;
    ensure!(good["tpm"]["result"] == "matches" && good["driver"]["newer"] == 0);
    // Reading is enough, and that is a right of group milspec.
    let argv = ["milspecctl", "--json", "journal", "verify"];
    let group = machine
        .sh("grep ^milspec: /etc/group | cut -d: -f3")?
        .text();
    let member = GuestCommand::new(argv).user(65534, group.trim().parse()?);
    let member = machine.run_command(member)?.ok()?.json()?;
    ensure!(member["tpm"]["result"] == "matches", "{member:#}");

    let records = saved(&machine, "/tmp/journal")?;
    let put = |records: &[Event]| {
        let bytes: Vec<u8> = records.iter().flat_map(|e| e.as_bytes().to_vec()).collect();
        machine.guest()?.create("/tmp/edited", &bytes, 0o600)
    };
    let mut edited = records.clone();
    edited[10].uid = 1000;
    put(&edited)?;
    let found = verify(&machine, &["/tmp/edited"], 1)?;
    // Claim: cannot change, remove or add a record in a saved journal unnoticed
    ensure!(found["broken"]["record"] == 11 && found["broken"]["code"] == "chain");
    // With a chain that fits.
    for at in 10..edited.len() {
        let before = edited[at - 1].chain;
        let bytes = [&before[..], &edited[at].as_bytes()[..144]].concat();
        edited[at].chain = crate::journal::hash(&bytes);
    }
    put(&edited)?;
    let found = verify(&machine, &["/tmp/edited"], 1)?;
    // Claim: the driver's records
    ensure!(found["broken"]["record"] == 11 && found["broken"]["code"] == "driver");
    put(&records[..20])?;
    let found = verify(&machine, &["/tmp/edited"], 0)?;
    ensure!(found["driver"]["newer"] == records.len() - 20, "{found:#}");
    put(&[])?;
    let found = verify(&machine, &["/tmp/edited"], 1)?;
    ensure!(found["driver"]["missing"] == records.len(), "{found:#}");

    let other = format!("tpm2_pcrextend 13:sha256={}", "ab".repeat(32));
    machine.sh(&other)?.ok()?;
    let found = verify(&machine, &["/tmp/journal"], 1)?;
    // Claim: the PCR, or an attestation then contradict it
    // Claim: That is seen, and forges nothing
    ensure!(found["error"]["code"] == "journal-tpm-differs", "{found:#}");
    machine.tpm()?.kill()?;
    let found = verify(&machine, &["/tmp/journal"], 7)?;
    ensure!(found["result"] == "not-provable", "{found:#}");
    ensure!(found["tpm"]["result"] == "not-compared", "{found:#}");
    machine.check_kernel_log()
}
