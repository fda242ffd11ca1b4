// SPDX-License-Identifier: GPL-2.0

//! What `milspecctl monitor run` finds: each rule, in records that the driver has made of something that
//! was done to the machine.

use crate::apply::{ready, EACCES, ECANCELED};
use crate::ask::{one, set};
use crate::common::{field, milspecctl, Test};
use crate::journal::{self, cause};
use anyhow::{ensure, Context, Result};
use milspec::monitor::rule;
use milspec_machine::machine::Machine;
use milspec_machine::prepare::Bits;
use milspec_uapi as uapi;
use serde_json::Value;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("monitor_finds_what_people_do", people),
    ("monitor_finds_wrong_bios_passwords", keys),
    ("monitor_has_a_test_for_each_rule", each_rule),
];

/// How long something may be in coming.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Where the monitor of a test keeps its state.
pub const STATE: &str = "/tmp/watch";
/// How a monitor is told to end.
pub const SIGTERM: i32 = 15;
/// A device that nobody may switch.
const WIPE: &str = "DSMIL0D9";
/// Somebody who has logged in.
pub const LOGIN: &str = "echo 1000 >/proc/self/loginuid && ";

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
pub fn watched(profile: &str) -> Result<Machine> {
    let machine = ready(profile)?;
    journal::install(&machine, "cause", Bits::B64)?;
    machine.sh(&format!("mkdir {STATE}"))?.ok()?;
    // How it stands, and what the driver has recorded so far, is nothing to find.
    finds(&machine, "", &[])?;
    Ok(machine)
}

/// Has a monitor tell what there is to tell since it did so last; `more` are options.
pub fn tell(machine: &Machine, more: &str) -> Result<Told> {
    let line = format!(
        "milspecctl monitor run --once --state {STATE} --ndjson - {more} >/tmp/told && cat /tmp/told"
    );
    let told = Told::parse(&machine.sh(&line)?.ok()?.text())?;
    let last = told.0.last().context("nothing was told")?;
    ensure!(last["type"] == "checkpoint", "{last}");
    Ok(told)
}

/// The same; fails unless rules have found this, named in order, and nothing else.
pub fn finds(machine: &Machine, more: &str, expected: &[&str]) -> Result<Told> {
    let told = tell(machine, more)?;
    let found = told.found()?;
    ensure!(
        found == expected,
        "found {found:?}, expected {expected:?}, in {} lines",
        told.0.len()
    );
    Ok(told)
}

/// A site's file; the option that names it.
pub fn site(machine: &Machine, lines: &str) -> Result<String> {
    let text = format!("schema = \"milspec.monitor-site/1\"\n{lines}\n");
    machine
        .guest()?
        .create("/tmp/site.toml", text.as_bytes(), 0o644)?;
    Ok("--site /tmp/site.toml".to_owned())
}

/// Moves a setting's cell behind the driver's back.
pub fn move_cell(machine: &Machine, control: &str, value: &str) -> Result<()> {
    machine.nvram()?.set_setting(machine.plan(), control, value)
}

/// Has the driver look.
pub fn look(machine: &Machine) -> Result<()> {
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

/// Promise: three tries without the right BIOS password are found, two are not.
fn keys() -> Result<()> {
    let machine = watched("optiplex-7090")?;
    let words = set("media-card", "disabled")?;
    for number in 1..=3 {
        one(&machine, &format!("apply {words} key={number}"))?
            .ends(ECANCELED, uapi::OUTCOME_UNDONE)?;
        let expected: &[&str] = if number < 3 {
            &[]
        } else {
            &["keys-rejected media-card"]
        };
        finds(&machine, "", expected)?;
    }
    machine.check_kernel_log()
}

/// Promise: no rule is shipped that no record of the driver has ever led to. What only a fault of the
/// driver could lead to is left to tests of recordings.
fn each_rule() -> Result<()> {
    let tests = [
        include_str!("monitor.rs"),
        include_str!("monitor_faults.rs"),
        include_str!("monitor_machine.rs"),
        include_str!("monitor_unit.rs"),
    ]
    .concat();
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
