// SPDX-License-Identifier: GPL-2.0

//! What `milspecctl monitor run` finds: each rule, in records that the driver has made of something that
//! was done to the machine.

use crate::apply::{ready, EACCES, ECANCELED, EIO};
use crate::ask::{self, one, set};
use crate::common::{field, milspecctl, Test};
use crate::journal::{self, cause, wait_for};
use anyhow::{ensure, Context, Result};
use milspec::monitor::rule;
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::Machine;
use milspec_machine::prepare::Bits;
use milspec_machine::{Call, Fault, Wrong};
use milspec_uapi as uapi;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("monitor_finds_what_people_do", people),
    ("monitor_finds_what_the_firmware_does", firmware),
    ("monitor_finds_what_another_load_hides", loads),
    ("monitor_finds_wrong_bios_passwords", keys),
    ("monitor_has_a_test_for_each_rule", each_rule),
];

/// How long something may be in coming.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Where the monitor of a test keeps its state.
const STATE: &str = "/tmp/watch";
const DRIVER: &str = "/sys/bus/platform/drivers/dell_milspec";
/// How a monitor is told to end.
pub const SIGTERM: i32 = 15;
/// A device that nobody may switch.
const WIPE: &str = "DSMIL0D9";
/// Somebody who has logged in.
const LOGIN: &str = "echo 1000 >/proc/self/loginuid && ";

/// What a monitor has told.
#[derive(Debug)]
pub struct Told(pub Vec<Value>);

impl Told {
    /// Takes its lines apart; fails when one is none of a monitor.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            ensure!(line["schema"] == "milspec.monitor-line/1", "{line}");
            Ok(line)
        });
        Ok(Self(lines.collect::<Result<_>>()?))
    }

    /// The lines of a type: `record`, `finding`, `checkpoint`, `note`.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |line| line["type"] == kind)
    }

    /// The names of the rules that have found something, each with its control, in order.
    pub fn found(&self) -> Result<Vec<String>> {
        let findings = self.of_type("finding").map(|line| {
            let rule = field(line, "rule")?;
            Ok(match line["control"].as_str() {
                Some(control) => format!("{rule} {control}"),
                None => rule.to_owned(),
            })
        });
        let mut found: Vec<String> = findings.collect::<Result<_>>()?;
        found.sort();
        Ok(found)
    }

    /// The first finding of a rule.
    pub fn finding(&self, rule: &str) -> Result<&Value> {
        let mut findings = self.of_type("finding");
        let finding = findings.find(|line| line["rule"] == rule);
        finding.with_context(|| format!("no {rule}: {:#?}", self.0))
    }
}

/// A machine with what causes records.
fn watched(profile: &str) -> Result<Machine> {
    let machine = ready(profile)?;
    journal::install(&machine, "cause", Bits::B64)?;
    machine.sh(&format!("mkdir {STATE}"))?.ok()?;
    // How it stands, and what the driver has recorded so far, is nothing to find.
    finds(&machine, "", &[])?;
    Ok(machine)
}

/// Has a monitor tell what there is to tell since it did so last; `more` are options.
fn tell(machine: &Machine, more: &str) -> Result<Told> {
    let line = format!(
        "milspecctl monitor run --once --state {STATE} --ndjson - {more} >/tmp/told && cat /tmp/told"
    );
    let told = Told::parse(&machine.sh(&line)?.ok()?.text())?;
    let last = told.0.last().context("nothing was told")?;
    ensure!(last["type"] == "checkpoint", "{last}");
    Ok(told)
}

/// The same; fails unless rules have found this, named in order, and nothing else.
fn finds(machine: &Machine, more: &str, expected: &[&str]) -> Result<Told> {
    let told = tell(machine, more)?;
    let found = told.found()?;
    ensure!(
        found == expected,
        "found {found:?}, expected {expected:?}: {:#?}",
        told.0
    );
    Ok(told)
}

/// A site's file; the option that names it.
fn site(machine: &Machine, lines: &str) -> Result<String> {
    let text = format!("schema = \"milspec.monitor-site/1\"\n{lines}\n");
    machine
        .guest()?
        .create("/tmp/site.toml", text.as_bytes(), 0o644)?;
    Ok("--site /tmp/site.toml".to_owned())
}

/// Moves a setting's cell behind the driver's back.
fn move_cell(machine: &Machine, control: &str, value: &str) -> Result<()> {
    machine
        .nvram()?
        .set_setting(machine.plan(), control, value)
}

/// Has the driver look.
fn look(machine: &Machine) -> Result<()> {
    milspecctl(machine, &["status", "--refresh"]).map(|_| ())
}

/// Promise: what is weakened past the driver, or through it while nobody has logged in or out of hours,
/// is found, and so is who tries what is refused, and who sets the clock; somebody who has logged in and
/// does the same is left alone, and so is what hardens.
fn people() -> Result<()> {
    let machine = watched("rugged")?;
    let by_login = |words: &str| -> Result<()> {
        machine
            .sh(&format!("{LOGIN}milspecctl control set {words}"))?
            .ok()
            .map(|_| ())
    };
    move_cell(&machine, "camera", "disabled")?;
    look(&machine)?;
    finds(&machine, "", &[])?;
    move_cell(&machine, "camera", "enabled")?;
    look(&machine)?;
    let told = finds(&machine, "", &["weaker-outside camera"])?;
    let finding = told.finding("weaker-outside")?;
    ensure!((&finding["from"], &finding["to"]) == (&"disabled".into(), &"enabled".into()));

    by_login("microphone=disabled")?;
    by_login("microphone=enabled")?;
    finds(&machine, "", &[])?;
    let root = "milspecctl control set bluetooth=disabled";
    machine.sh(root)?.ok()?;
    finds(&machine, "", &[])?;
    machine
        .sh("milspecctl control set bluetooth=enabled")?
        .ok()?;
    finds(&machine, "", &["weakened-unattended bluetooth"])?;

    // Hours that are not now.
    let day = machine.sh("date +%u")?.ok()?.text();
    let day: usize = day.trim().parse().context("no day")?;
    let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let hours = |day: usize| format!("hours = \"{} 00:00-23:59\"", names[day % 7]);
    by_login("gps=disabled")?;
    by_login("gps=enabled")?;
    let off = site(&machine, &hours(day + 2))?;
    finds(&machine, &off, &["weakened-out-of-hours gps"])?;

    for _ in 0..2 {
        by_login("nfc=disabled")?;
        by_login("nfc=enabled")?;
    }
    let told = finds(&machine, "", &["flapping nfc"])?;
    let counted = told.finding("flapping")?["sequences"].as_array();
    ensure!(counted.is_some_and(|all| all.len() == 4), "{told:?}");

    one(&machine, &format!("apply {}", set(WIPE, "active")?))?.refused(uapi::REASON_QUARANTINED)?;
    finds(&machine, "", &[&format!("forbidden-tried {WIPE}")])?;
    for number in 1..=5 {
        one(&machine, "apply mode=5")?
            .ends(EACCES, uapi::OUTCOME_REFUSED)?
            .refused(uapi::REASON_UNCONFIRMED)?;
        let expected: &[&str] = if number < 5 { &[] } else { &["refusals"] };
        finds(&machine, "", expected)?;
    }
    // The driver sums up what comes too fast, and says so when the next refusal is due.
    cause(&machine, "flood 100")?;
    std::thread::sleep(Duration::from_secs(11));
    cause(&machine, "stale 1")?;
    let told = tell(&machine, "")?;
    let mut found = told.found()?;
    found.dedup();
    ensure!(found == ["refusals", "refusals-suppressed"], "{found:?}");

    // The date that it was meanwhile counts for nothing.
    let moved = |by: &str| machine.sh(&format!("date -s @$(($(date +%s) {by}))"));
    moved("+ 240")?.ok()?;
    finds(&machine, "", &[])?;
    moved("- 3600")?.ok()?;
    let told = finds(&machine, "", &["clock-moved"])?;
    let message = field(told.finding("clock-moved")?, "message")?;
    ensure!(message.contains("back by 3"), "{message}");
    machine.check_kernel_log()
}

/// Promise: tampering, a change that went wrong half way, devices that are let go, and firmware that
/// cannot be read, or that nobody has read for long, are found, and nothing else with them: that values
/// are not known meanwhile is no change of them.
fn firmware() -> Result<()> {
    let machine = watched("rugged")?;
    let nvram = machine.nvram()?;
    let state = nvram.dsmil_state(5)?.state;
    machine.dsmil_change(5, state, 1)?;
    wait_for(&machine, uapi::KIND_TAMPER)?;
    finds(&machine, "", &["tamper DSMIL0D5"])?;
    nvram.dsmil_set_state(5, state, 0)?;

    let age = site(&machine, "look-age = \"1s\"")?;
    std::thread::sleep(Duration::from_secs(2));
    finds(&machine, &age, &["look-old"])?;

    // From the third write on it takes none, and so does not take back the first two.
    let broken = Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)).nth(3);
    let armed = nvram.arm(broken.times(u32::MAX))?;
    let request = ["camera", "microphone", "gps", "nfc"].map(|control| set(control, "disabled"));
    let request = request.into_iter().collect::<Result<Vec<_>>>()?.join(" ");
    let answer = one(&machine, &format!("apply {request}"))?.ends(EIO, uapi::OUTCOME_DEGRADED)?;
    nvram.disarm(armed)?;
    let steps = answer.steps.iter();
    let left = steps.filter(|step| step.state == uapi::STEP_DEGRADED);
    let mut left: Vec<String> = left
        .map(|step| format!("degraded {}", ask::name(step.control)))
        .collect();
    left.sort();
    ensure!(left.len() == 2, "{answer:?}");
    let left: Vec<&str> = left.iter().map(String::as_str).collect();
    finds(&machine, "", &left)?;

    // A monitor that goes on watching: what it does not know, it looks at twice.
    let fault = nvram.arm(Fault::new(Call::dsml(4), Wrong::Nothing))?;
    let line = format!("milspecctl monitor run --state {STATE} --ndjson -");
    let command = GuestCommand::new(line.split(' '));
    let mut monitor = machine.guest()?.spawn(command)?;
    monitor.wait_for("\"started\"", PATIENCE)?;
    look(&machine)?;
    cause(&machine, "stale 1")?;
    monitor.wait_for("look-fails", PATIENCE)?;
    cause(&machine, "stale 1")?;
    ensure!(nvram.hits(fault)? > 0, "the fault did not strike");
    nvram.clear_faults()?;
    look(&machine)?;
    cause(&machine, "stale 1")?;
    wait_records(&mut monitor, "refused", 3)?;
    monitor.signal(SIGTERM)?;
    let told = Told::parse(&monitor.wait(PATIENCE)?.text())?;
    ensure!(told.found()? == ["look-fails"], "{:?}", told.found());

    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
        .ok()?;
    finds(&machine, "", &["device-let-go"])?;
    machine
        .sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?
        .ok()?;
    finds(&machine, "", &[])?;
    machine.check_kernel_log()
}

/// Waits until a monitor has told of so many records of a kind.
fn wait_records(
    monitor: &mut milspec_machine::guest::Process<'_>,
    kind: &str,
    count: usize,
) -> Result<()> {
    let start = Instant::now();
    let text = format!("\"kind\":\"{kind}\"");
    loop {
        monitor.poll()?;
        let told = monitor.stdout();
        if told.matches(&text).count() >= count {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "{told}{}", monitor.stderr());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Promise: what was changed while the module was not loaded is found, each control by which way it went,
/// and that the module was loaded again, or with its guard down; so is a journal that is not the one that
/// was read before, records that nobody has read in time, and a TPM that takes none.
fn loads() -> Result<()> {
    let mut machine = watched("rugged")?;
    // The chain value is the last of a record, and so of its base64.
    let path = format!("{STATE}/state.json");
    let mut state: Value = serde_json::from_str(&machine.read(&path)?)?;
    let last = field(&state, "last")?.to_owned();
    let at = 4 * uapi::EVENT_CHAINED / 3;
    let other = if last[at..].starts_with('A') { "B" } else { "A" };
    state["last"] = format!("{}{other}{}", &last[..at], &last[at + 1..]).into();
    machine
        .guest()?
        .create(&path, state.to_string().as_bytes(), 0o600)?;
    finds(&machine, "", &["chain-broken"])?;
    finds(&machine, "", &[])?;

    let login = |words: &str| machine.sh(&format!("{LOGIN}milspecctl control set {words}"));
    login("camera=disabled")?.ok()?;
    finds(&machine, "", &[])?;
    let load = |more: &str, moved: [(&str, &str); 2]| -> Result<()> {
        machine.sh("rmmod dell_milspec")?.ok()?;
        for (control, value) in moved {
            move_cell(&machine, control, value)?;
        }
        machine.sh(&format!("modprobe dell_milspec {more}"))?.ok()?;
        Ok(())
    };
    load("", [("camera", "enabled"), ("gps", "disabled")])?;
    let expected = ["changed-since-boot gps", "loaded-again", "weaker-since-boot camera"];
    let told = finds(&machine, "", &expected)?;
    let finding = told.finding("weaker-since-boot")?;
    ensure!(finding["bios_before"] == finding["bios_after"] && finding["bios_after"].is_string());
    finds(&machine, "", &[])?;
    load("allow_restricted=1", [("camera", "enabled"), ("gps", "disabled")])?;
    finds(&machine, "", &["loaded-again", "unguarded"])?;

    // Of so many refusals each fifth would be a finding.
    let without = site(&machine, "without = [\"refusals\"]")?;
    cause(&machine, "stale 5000")?;
    let told = finds(&machine, &without, &["records-lost"])?;
    let gap = told.of_type("record").find(|line| line["kind"] == "gap");
    let lost = gap.context("no gap")?["count"].as_u64();
    let records = told.of_type("record").filter(|line| line["kind"] == "refused");
    let told_of = records.count() as u64;
    ensure!(told_of + lost.unwrap_or(0) == 5000, "{told_of} and {lost:?}");
    let notes: Vec<&Value> = told.of_type("note").collect();
    ensure!(notes.len() == 1, "lines were lost: {notes:?}");

    machine.check_kernel_log()?;
    machine.tpm()?.kill()?;
    machine
        .sh(&format!("{LOGIN}milspecctl control set nfc=disabled"))?
        .ok()?;
    wait_for(&machine, uapi::KIND_ANCHOR_FAILED)?;
    let told = tell(&machine, "")?;
    let mut found = told.found()?;
    found.dedup();
    ensure!(found == ["anchor-failed"], "{found:?}");
    Ok(())
}

/// Promise: three tries without the right BIOS password are found, two are not.
fn keys() -> Result<()> {
    let machine = watched("optiplex-7090")?;
    let words = set("media-card", "disabled")?;
    for number in 1..=3 {
        one(&machine, &format!("apply {words} key={number}"))?
            .ends(ECANCELED, uapi::OUTCOME_UNDONE)?;
        let expected: &[&str] = if number < 3 { &[] } else { &["keys-rejected media-card"] };
        finds(&machine, "", expected)?;
    }
    machine.check_kernel_log()
}

/// Promise: no rule is shipped that no record of the driver has ever led to. What only a fault of the
/// driver could lead to is left to tests of recordings.
fn each_rule() -> Result<()> {
    let tests = [include_str!("monitor.rs"), include_str!("monitor_unit.rs")].concat();
    for rule in rule::ours() {
        let named = [' ', '"'].map(|end| format!("\"{}{end}", rule.id));
        let is_found = named.iter().any(|text| tests.contains(text));
        ensure!(
            is_found || rule.id == "changed-unrecorded",
            "no test finds {}",
            rule.id
        );
    }
    Ok(())
}
