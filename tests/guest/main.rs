// SPDX-License-Identifier: GPL-2.0

//! Tests on the simulated Dell.
//!
//! `cargo test -p milspec-guest-tests -- FILTER` runs those whose name contains
//! the filter, `-- --list` names them. One more runs at once than there are processors, unless
//! `--test-threads` says otherwise: a machine is one thread of emulation, and some of them wait.
//! What takes long for what it adds is ignored: `-- --include-ignored` runs it too, and
//! `make test-long`.
//! With MILSPEC_SERIES set to a kernel series that is not the newest, and without a
//! filter, only the smoke ring runs.

use libtest_mimic::{Arguments, Failed, Trial};
use milspec_machine::prepare::Config;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

mod abi;
mod access;
mod apply;
mod ask;
mod attest;
mod attestation;
mod attributes;
mod cli;
mod cli_everywhere;
mod common;
mod compliance;
mod confirm;
mod cut;
mod delay;
mod driver;
mod faults;
mod firmware_attributes;
mod fleet;
mod foreign;
mod fuzzed;
mod fuzzed_host;
mod fwupd;
mod hostile;
mod hostile_dsml;
mod installation;
mod journal;
mod journal_anchor;
mod journal_cli;
mod latch;
mod lookout;
mod model;
mod modes;
mod monitor;
mod monitor_faults;
mod monitor_machine;
mod monitor_unit;
mod real;
mod report;
mod secure_boot;
mod stress;
mod systemd;

mod training;
mod training_copy;
mod training_scenarios;
mod waits;
mod witness;
mod witness_attributes;
mod witness_faults;
mod witness_firmware;
mod witness_tokens;

/// What runs on the series before the newest: what touches the kernel's interfaces that differ, and one
/// test of each thing that the driver is for.
const SMOKE: &[&str] = &[
    "driver_loads_by_itself_on_dells",
    "driver_force_loads_it_anyway",
    "driver_loads_dell_smbios_first",
    "driver_shows_every_dsmil_device",
    "driver_stays_while_a_descriptor_is_open",
    "driver_unloads_and_loads_again",
    "driver_lets_go_of_an_unbound_dsml0001",
    "driver_sysfs_is_what_its_abi_says",
    "real_latitude_7490",
    "modes_some_transitions_on_rugged",
    "faults_signal_undoes",
    "firmware_attributes_set_what_they_are_told",
    "journal_says_who_did_what",
    "journal_is_read_by_its_rules_64_bit",
    "journal_pcr_is_the_replay",
];

/// What `make test-long` has there besides.
const SMOKE_LONG: &[&str] = &["secure_boot_takes_what_its_owner_trusts"];

/// Tells whether the kernel series that was asked for is an older one that the driver supports.
fn is_older_series() -> anyhow::Result<bool> {
    let config = Config::load()?;
    Ok(config.series.first().map(String::as_str) != Some(config.wanted_series()?))
}

/// Tests that fail until an issue is settled: their name, what their error says, and what stands in
/// the way. One that passes is a failure, so that nobody forgets to take it off this list, and so
/// is one that fails otherwise.
const KNOWN_FAILURES: &[(&str, &str, &str)] = &[];

/// Those that failed as expected.
static FAILED: Mutex<Vec<(&str, &str)>> = Mutex::new(Vec::new());

/// Turns the result of a known failure round.
fn known_failure(name: &str, result: anyhow::Result<()>) -> anyhow::Result<()> {
    let known = KNOWN_FAILURES.iter().find(|(test, ..)| *test == name);
    match (known, result) {
        (Some((.., why)), Ok(())) => {
            anyhow::bail!("it passes: take it off the list of known failures ({why})")
        }
        (Some((test, text, why)), Err(error)) if format!("{error:#}").contains(text) => {
            let mut failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
            failed.push((test, why));
            Ok(())
        }
        (_, result) => result,
    }
}

/// How long each test took. All of them together have some minutes: these are where to look first.
/// `MILSPEC_SHOWN=` says how many are listed.
static TOOK: Mutex<Vec<(Duration, &str)>> = Mutex::new(Vec::new());
const SHOWN: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    if arguments.test_threads.is_none() {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        arguments.test_threads = Some(processors + 1);
    }
    // The longest first: at the end nobody would run beside them.
    let tests = [
        confirm::TESTS,
        systemd::TESTS,
        monitor_unit::TESTS,
        secure_boot::TESTS,
        fwupd::TESTS,
        witness::TESTS,
        witness_tokens::TESTS,
        witness_faults::TESTS,
        witness_firmware::TESTS,
        witness_attributes::TESTS,
        attributes::TESTS,
        real::TESTS,
        report::TESTS,
        compliance::TESTS,
        driver::TESTS,
        hostile::TESTS,
        hostile_dsml::TESTS,
        modes::TESTS,
        apply::TESTS,
        abi::TESTS,
        access::TESTS,
        faults::TESTS,
        firmware_attributes::TESTS,
        foreign::TESTS,
        fuzzed::TESTS,
        cut::TESTS,
        delay::TESTS,
        latch::TESTS,
        stress::TESTS,
        training::TESTS,
        training_copy::TESTS,
        waits::TESTS,
        journal::TESTS,
        journal_anchor::TESTS,
        journal_cli::TESTS,
        lookout::TESTS,
        monitor::TESTS,
        monitor_machine::TESTS,
        monitor_faults::TESTS,
        attest::TESTS,
        cli::TESTS,
        cli_everywhere::TESTS,
        fleet::TESTS,
        training_scenarios::TESTS,
    ];
    let long = [
        installation::LONG,
        fuzzed::LONG,
        faults::LONG,
        modes::LONG,
        real::LONG,
        compliance::LONG,
        witness_tokens::LONG,
        cli_everywhere::LONG,
        confirm::LONG,
        systemd::LONG,
        monitor_unit::LONG,
        monitor_faults::LONG,
        hostile_dsml::LONG,
        journal::LONG,
        fleet::LONG,
        secure_boot::LONG,
        fwupd::LONG,
        training_scenarios::LONG,
    ]
    .concat();
    let only_smoke = match is_older_series() {
        Ok(older) => older && arguments.filter.is_none(),
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let smoke = [SMOKE, SMOKE_LONG].concat();
    let all = tests.concat();
    let named = all.iter().filter(|(name, _)| smoke.contains(name)).count();
    assert_eq!(
        named,
        smoke.len(),
        "the smoke ring names a test that is not there"
    );
    let is_long = |name| only_smoke && SMOKE_LONG.contains(&name);
    let all = all.into_iter().map(|test| (test, is_long(test.0)));
    let trials = all
        .chain(long.iter().map(|test| (*test, true)))
        .filter(|((name, _), _)| !only_smoke || smoke.contains(name))
        .map(|((name, test), long)| {
            Trial::test(name, move || {
                let start = Instant::now();
                let result = known_failure(name, test());
                let mut took = TOOK.lock().unwrap_or_else(PoisonError::into_inner);
                took.push((start.elapsed(), name));
                result.map_err(|error| Failed::from(format!("{error:#}")))
            })
            .with_ignored_flag(long)
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        let mut took = TOOK.lock().unwrap_or_else(PoisonError::into_inner);
        took.sort();
        println!("the longest, in seconds:");
        let shown = std::env::var("MILSPEC_SHOWN").ok();
        let shown = shown.and_then(|shown| shown.parse().ok()).unwrap_or(SHOWN);
        for (time, name) in took.iter().rev().take(shown) {
            println!("{:6.1}  {name}", time.as_secs_f64());
        }
        if only_smoke {
            println!("only the smoke ring was run: this series is not the newest");
        }
        if conclusion.num_ignored > 0 {
            println!("not run here, left to make test-long:");
            let left: Vec<&str> = match only_smoke {
                true => SMOKE_LONG.to_vec(),
                false => long.iter().map(|(name, _)| *name).collect(),
            };
            for name in left {
                println!("        {name}");
            }
        }
        let failed = FAILED.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, why) in failed.iter() {
            println!("passed as a known failure: {name}: {why}");
        }
        println!(
            "{} passed, {} failed",
            conclusion.num_passed, conclusion.num_failed
        );
    }
    conclusion.exit_code()
}
