// SPDX-License-Identifier: GPL-2.0

//! The journal: everything that happens is in it, in order, once, and chained; whoever reads it
//! learns what is missing.

use crate::common::{controls, field, kernel_memory, machine, Test};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Output};
use milspec_machine::machine::{prepared, Machine, Module};
use milspec_machine::nvram::fault::Call;
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use milspec_posture::journal::{verify, Digest, Link, Verified};
use milspec_uapi as uapi;
use milspec_uapi::{Event, EVENT_CHAINED, EVENT_SIZE};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::Duration;
use zerocopy::{FromBytes, IntoBytes};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("journal_says_who_did_what", who_did_what),
    ("journal_says_what_became_of_a_failure", failure),
    ("journal_says_what_nobody_asked_for", unasked),
    ("journal_is_read_by_its_rules_64_bit", rules_64),
    ("journal_is_read_by_its_rules_32_bit", rules_32),
    ("journal_overflow_is_a_gap", overflow),
    ("journal_flood_of_refusals_is_summed_up", flood),
    ("journal_refusals_are_audited", audited),
];

/// What takes a crowd of readers to be overtaken. In `make test` journal_overflow_is_a_gap and
/// journal_followed_under_load_loses_nothing hold the same.
pub const LONG: &[Test] = &[("journal_loses_nothing_that_it_does_not_say", crowd)];

/// What is written to change the mode.
pub const MODE: &str = "/sys/devices/faux/dell_milspec/mode";

/// Compiles a C program of this directory and puts it into the guest's `/tmp`.
pub fn install(machine: &Machine, name: &str, bits: Bits) -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Tests run side by side.
    let unique = format!("{name}-{}-{:?}", std::process::id(), machine.directory());
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique.replace(['/', '"'], "-"));
    std::fs::create_dir_all(&directory)?;
    let program = directory.join(name);
    let source = here.join(format!("{name}.c"));
    let includes = [here.join("../../driver/uapi")];
    prepared(&Progress::new())?.build_c(&source, bits, &[&includes[0]], &program)?;
    let bytes = std::fs::read(&program)?;
    std::fs::remove_dir_all(&directory)?;
    machine
        .guest()?
        .create(&format!("/tmp/{name}"), &bytes, 0o755)
}

/// A machine with the program that causes records.
pub fn machine_with_cause(profile: &str, module: Module) -> Result<Machine> {
    let machine = machine(profile, module)?;
    install(&machine, "cause", Bits::B64)?;
    Ok(machine)
}

/// Runs it.
pub fn cause(machine: &Machine, arguments: &str) -> Result<Output> {
    machine.sh(&format!("/tmp/cause {arguments}"))?.ok()
}

/// All records that a new reader gets.
pub fn events(machine: &Machine) -> Result<Vec<Event>> {
    cause(machine, "dump >/tmp/records")?;
    let bytes = match machine.guest()?.read("/tmp/records")? {
        Ok(bytes) => bytes,
        Err(error) => bail!("no records: errno {error}"),
    };
    ensure!(bytes.len() % EVENT_SIZE == 0, "{} bytes", bytes.len());
    let records = bytes.chunks_exact(EVENT_SIZE);
    Ok(records
        .map(|bytes| Event::read_from_bytes(bytes).expect("the size was checked"))
        .collect())
}

/// SHA-256, not the kernel's.
pub fn hash(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// Verifies the chain of records.
pub fn verified(events: &[Event]) -> Result<Verified> {
    let links = events.iter().map(|event| Link {
        sequence: event.sequence,
        load: event.load,
        lost: (event.kind == uapi::KIND_GAP).then_some(event.count),
        covered: &event.as_bytes()[..EVENT_CHAINED],
        chain: event.chain,
    });
    let verified = verify(hash, links, None);
    verified.map_err(|(at, flaw)| anyhow::anyhow!("{flaw:?}: {:#?}", events.get(at)))
}

/// What `STATUS` says of the journal.
pub struct Standing {
    pub next: u64,
    pub anchored: u64,
    pub pending: u64,
    pub failures: u64,
    pub error: u64,
    pub suppressed: u64,
    pub anchor: u64,
    pub pcr: u64,
}

/// What `STATUS` says of the journal.
pub fn standing(machine: &Machine) -> Result<Standing> {
    let text = cause(machine, "status")?.text();
    let numbers: Vec<u64> = text.lines().map(str::parse).collect::<Result<_, _>>()?;
    let [next, _, anchored, pending, failures, error, suppressed, anchor, pcr] = numbers[..] else {
        bail!("{text}");
    };
    Ok(Standing {
        next,
        anchored,
        pending,
        failures,
        error,
        suppressed,
        anchor,
        pcr,
    })
}

/// The records of one kind.
pub fn of_kind(events: &[Event], kind: u16) -> Vec<&Event> {
    events.iter().filter(|event| event.kind == kind).collect()
}

/// The only record of a kind.
pub fn only(events: &[Event], kind: u16) -> Result<&Event> {
    match of_kind(events, kind)[..] {
        [event] => Ok(event),
        ref found => bail!("{} records of kind {kind}", found.len()),
    }
}

fn comm(event: &Event) -> &str {
    uapi::text(&event.comm).unwrap_or("not text")
}

fn who_did_what() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Present)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let pid: u32 = machine
        .sh(&format!("echo enhanced >{MODE}; echo $$"))?
        .ok()?
        .text()
        .trim()
        .parse()?;
    machine.sh(&format!(
        "echo 1000 >/proc/self/loginuid; echo paranoid-plus >{MODE}"
    ))?;
    let events = events(&machine)?;
    ensure!(verified(&events)?.records == events.len() as u64);

    let load = &events[0];
    ensure!(load.kind == uapi::KIND_LOAD && load.sequence == 1);
    ensure!(comm(load) == "modprobe" && load.uid == 0, "{load:?}");
    ensure!(load.load != [0; 16] && events.iter().all(|event| event.load == load.load));
    let bind = only(&events, uapi::KIND_BIND)?;
    ensure!((bind.count, bind.error) == (84, 0), "{bind:?}");

    let begun = only(&events, uapi::KIND_APPLY_BEGUN)?;
    ensure!(begun.mode == uapi::MODE_ENHANCED, "{begun:?}");
    ensure!(begun.origin == uapi::ORIGIN_SYSFS);
    // Claim: without a record that names process, user
    ensure!((begun.pid, begun.uid, comm(begun)) == (pid, 0, "sh"));
    ensure!(begun.login_uid == uapi::LOGIN_UID_NONE);
    let ended = only(&events, uapi::KIND_APPLY_ENDED)?;
    ensure!(ended.outcome == uapi::OUTCOME_DONE && ended.count == begun.count);
    let steps = of_kind(&events, uapi::KIND_STEP);
    ensure!(steps.len() as u32 == begun.count && begun.count > 10);
    let known = controls(&machine)?;
    for step in &steps {
        ensure!(step.about == begun.sequence && step.step == uapi::STEP_DONE);
        ensure!(step.from != step.to && step.error == 0, "{step:?}");
        ensure!(known.iter().any(|control| control["id"] == step.control));
        ensure!((begun.sequence..ended.sequence).contains(&step.sequence));
        ensure!(step.properties == uapi::EVENT_ANCHORED && step.pcr == 13);
    }
    ensure!(ended.about == begun.sequence);

    // A file has no place for a confirmation.
    let refused = only(&events, uapi::KIND_REFUSED)?;
    ensure!(refused.reason == uapi::REASON_UNCONFIRMED && refused.error == 0);
    // Claim: the user who logged in
    ensure!(refused.mode == uapi::MODE_PARANOID_PLUS && refused.login_uid == 1000);
    for pair in events.windows(2) {
        ensure!(pair[0].boot_ns <= pair[1].boot_ns, "{pair:?}");
        ensure!(pair[0].wall_ns > 1_600_000_000_000_000_000, "{pair:?}");
    }
    machine.check_kernel_log()
}

/// Promise: a step that fails, those that are undone and those that cannot be are in the journal.
fn failure() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let before = standing(&machine)?.next;
    let fault = machine.nvram()?.fail_call(Call::TOKEN_WRITE, 4, -1)?;
    ensure!(!machine.sh(&format!("echo enhanced >{MODE}"))?.success());
    machine.nvram()?.disarm(fault)?;
    let events = events(&machine)?;
    verified(&events)?;
    let new = &events[before as usize - 1..];
    let states: Vec<u8> = of_kind(new, uapi::KIND_STEP)
        .iter()
        .map(|step| step.step)
        .collect();
    let failed = states.iter().position(|state| *state == uapi::STEP_FAILED);
    let failed = failed.context("no step failed")?;
    // Claim: cannot change anything through the driver without a record
    ensure!(failed > 0 && states.len() == 2 * failed + 1, "{states:?}");
    ensure!(states[..failed].iter().all(|s| *s == uapi::STEP_DONE));
    ensure!(states[failed + 1..].iter().all(|s| *s == uapi::STEP_UNDONE));
    let ended = only(new, uapi::KIND_APPLY_ENDED)?;
    ensure!(ended.outcome == uapi::OUTCOME_UNDONE && ended.error != 0 && ended.count == 0);
    let culprit = of_kind(new, uapi::KIND_STEP)[failed];
    ensure!(culprit.control == ended.control && culprit.error != 0);
    // It may have taken effect for a while: who wants to know later must not depend on the ring.
    let steps = of_kind(new, uapi::KIND_STEP);
    ensure!(steps
        .iter()
        .all(|step| step.properties == uapi::EVENT_ANCHORED));
    machine.check_kernel_log()
}

/// Promise: drift, tamper, the latch and the loss of DSML0001 are in the journal.
fn unasked() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    machine.sh(&format!("echo enhanced >{MODE}"))?.ok()?;
    let known = controls(&machine)?;
    let events_before = events(&machine)?;
    let changed = of_kind(&events_before, uapi::KIND_STEP);
    let platform = changed
        .iter()
        .find(|step| step.control >> 16 == u32::from(uapi::FAMILY_PLATFORM))
        .context("no platform control was changed")?;
    let control = known.iter().find(|c| c["id"] == platform.control);
    let control = control.context("no such control")?;
    let old = field(&control["values"][usize::from(platform.from)], "name")?;
    let name = field(control, "name")?;
    machine.nvram()?.set_setting(machine.plan(), name, old)?;
    let state = machine.nvram()?.dsmil_state(5)?.state;
    machine.dsmil_change(5, state, 1)?;
    wait_for(&machine, uapi::KIND_TAMPER)?;
    machine
        .sh("echo DSML0001:00 >/sys/bus/platform/drivers/dell_milspec/unbind")?
        .ok()?;
    cause(&machine, "latch")?;

    let events = events(&machine)?;
    verified(&events)?;
    let drift = only(&events, uapi::KIND_OUTSIDE_CHANGE)?;
    ensure!(drift.control == platform.control, "{drift:?}");
    ensure!((drift.from, drift.to) == (platform.to, platform.from));
    // Claim: as a change from outside
    ensure!(drift.properties == uapi::EVENT_DRIFT, "{drift:?}");
    // The firmware's notice has had the driver look.
    ensure!(drift.origin == uapi::ORIGIN_DRIVER, "{drift:?}");
    // Claim: its record names who has looked
    ensure!(
        comm(drift).starts_with("kworker") && drift.uid == 0,
        "{drift:?}"
    );
    let tamper = only(&events, uapi::KIND_TAMPER)?;
    ensure!(tamper.severity == uapi::SEVERITY_ERROR);
    only(&events, uapi::KIND_UNBIND)?;
    let latch = only(&events, uapi::KIND_LATCH)?;
    ensure!(latch.mode == uapi::MODE_PARANOID_PLUS);
    ensure!(latch.properties == uapi::EVENT_ANCHORED);
    machine.check_kernel_log()
}

/// Waits for a record of a kind.
pub fn wait_for(machine: &Machine, kind: u16) -> Result<()> {
    for _ in 0..100 {
        if !of_kind(&events(machine)?, kind).is_empty() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("no record of kind {kind}")
}

fn rules_64() -> Result<()> {
    program("journal", Bits::B64, 44)
}

fn rules_32() -> Result<()> {
    program("journal", Bits::B32, 44)
}

fn crowd() -> Result<()> {
    program("journal crowd", Bits::B64, 2)
}

/// Runs a program that says itself what holds.
fn program(line: &str, bits: Bits, promises: usize) -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    install(&machine, "journal", bits)?;
    // What is loaded at the first call is no leak.
    cause(&machine, "stale 1")?;
    let before = kernel_memory(&machine)?;
    let command = GuestCommand::shell(&format!("/tmp/{line}"));
    let output = machine.run_command(command.timeout(Duration::from_secs(300)))?;
    // Claim: cannot hold up a change by reading slowly, or not at all
    ensure!(output.success(), "{}{}", output.text(), output.error_text());
    let text = output.text();
    let held = text.lines().filter(|line| line.starts_with("ok ")).count();
    ensure!(held >= promises, "{held} promises: {text}");
    let after = kernel_memory(&machine)?;
    ensure!(
        after < before + 400_000,
        "{before} bytes before, {after} after"
    );
    verified(&events(&machine)?)?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Promise: what was overwritten is one record that says how many, and lets the chain go on.
fn overflow() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    cause(&machine, "stale 5000")?;
    let events = events(&machine)?;
    ensure!(events.len() == 4097, "{} records", events.len());
    let gap = &events[0];
    ensure!(gap.kind == uapi::KIND_GAP && gap.properties == uapi::EVENT_UNCHAINED);
    let next = standing(&machine)?.next;
    ensure!(u64::from(gap.count) == next - 1 - 4096 && gap.sequence == u64::from(gap.count));
    let held = verified(&events)?;
    ensure!((held.records, held.lost) == (4096, u64::from(gap.count)));
    ensure!(held.sequence == next - 1);
    machine.check_kernel_log()
}

/// Promise: requests of users without rights are recorded, but for a flood of them: that is one
/// record with their number, and pushes nothing out.
fn flood() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let before = standing(&machine)?.next;
    cause(&machine, "flood 5000")?;
    ensure!(standing(&machine)?.suppressed > 19_000);
    // Not before the next is due.
    std::thread::sleep(Duration::from_secs(11));
    cause(&machine, "stale 1")?;
    ensure!(standing(&machine)?.suppressed == 0);
    let events = events(&machine)?;
    verified(&events)?;
    // Claim: cannot push records out of the journal
    ensure!(events[0].kind == uapi::KIND_LOAD, "records were pushed out");
    let new = &events[before as usize - 1..];
    let refused = of_kind(new, uapi::KIND_REFUSED);
    let (stale, refused): (Vec<&Event>, _) =
        refused.into_iter().partition(|event| event.error == 11);
    ensure!(stale.len() == 1 && (16..40).contains(&refused.len()));
    for event in &refused {
        ensure!(event.uid == 65534 && comm(event) == "cause", "{event:?}");
        ensure!([1, 9].contains(&event.error), "{event:?}");
    }
    let ways = |origin, error| {
        let mut refused = refused.iter();
        refused.any(|event| (event.origin, event.error) == (origin, error))
    };
    ensure!(ways(uapi::ORIGIN_IOCTL, 1) && ways(uapi::ORIGIN_IOCTL, 9));
    ensure!(ways(uapi::ORIGIN_SYSFS, 1));
    let summed: u64 = of_kind(new, uapi::KIND_SUPPRESSED)
        .iter()
        .map(|event| u64::from(event.count))
        .sum();
    ensure!(summed + refused.len() as u64 == 20_000, "{summed}");
    machine.check_kernel_log()
}

/// The number that the kernel has given to a line of its audit log.
fn serial(line: &str) -> Result<u64> {
    let stamp = line
        .split_once("audit(")
        .and_then(|(_, rest)| rest.split_once(')'));
    let serial = stamp.and_then(|(stamp, _)| stamp.rsplit_once(':'));
    let (_, serial) = serial.with_context(|| format!("no number: {line}"))?;
    Ok(serial.parse()?)
}

/// Promise: where the kernel audits, refused requests are among what it tells, those of
/// administrators too; a flood is not.
fn audited() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    cause(&machine, "flood 1")?;
    ensure!(
        !machine.dmesg()?.contains("op=dell_milspec"),
        "nobody audits"
    );
    cause(&machine, "audit")?;
    cause(&machine, "flood 100")?;
    // Without an audit daemon the kernel log has them, ten in five seconds at most.
    std::thread::sleep(Duration::from_secs(6));
    let write = format!("echo paranoid-plus >{MODE}");
    ensure!(!machine.sh(&write)?.success());
    let log = machine.dmesg()?;
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("op=dell_milspec"))
        .collect();
    for parts in [
        [
            "interface=ioctl",
            "error=-1 ",
            "uid=65534",
            "comm=\"cause\"",
        ],
        [
            "interface=ioctl",
            "error=-9 ",
            "uid=65534",
            "comm=\"cause\"",
        ],
        [
            "interface=sysfs",
            "error=-1 ",
            "uid=65534",
            "comm=\"cause\"",
        ],
        ["interface=sysfs", "error=-13 ", "uid=0", "comm=\"sh\""],
    ] {
        let has = |line: &&str| parts.iter().all(|part| line.contains(part));
        ensure!(lines.iter().any(has), "no {parts:?}: {lines:#?}");
    }
    ensure!(lines.iter().all(|line| line.contains("type=1316")));
    // What the kernel log has no room for has taken a number as well.
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    ensure!(last.contains("error=-13 "), "{lines:#?}");
    let told = serial(last)? - serial(first)? + 1;
    ensure!((4..40).contains(&told), "{told}: {lines:#?}");
    println!("\nof 401 refusals {told} were audited");
    machine.check_kernel_log()
}
