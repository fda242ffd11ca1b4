// SPDX-License-Identifier: GPL-2.0

//! Tests on the simulated Dell.
//!
//! `cargo test -p milspec-guest-tests -- FILTER` runs those whose name contains
//! the filter, `-- --list` names them. One more runs at once than there are processors, unless
//! `--test-threads` says otherwise: a machine is one thread of emulation, and some of them wait.
//! Without a filter, the smoke ring runs each time; the others take turns, by commit, and what
//! docs/security.md names comes three times as often as the rest: MILSPEC_TURN=0 to 14 chooses,
//! MILSPEC_TURN=all runs all of them.
//! What takes long for what it adds is ignored: `-- --include-ignored` runs it too, and
//! `make test-long`.
//! With MILSPEC_SERIES set to a kernel series that is not the newest, and without a
//! filter, only the smoke ring runs; with MILSPEC_KERNEL=debug, on the debug kernel, the debug ring.

use anyhow::Context;
use common::Test;
use libtest_mimic::{Arguments, Failed, Trial};
use milspec_machine::image::repository;
use milspec_machine::prepare::{wants_debug, Config};
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

mod abi;
mod access;
mod apply;
mod ask;
mod attest;
mod attestation;
mod attributes;
mod cli;
mod cli_everywhere;
mod collected;
mod common;
mod compliance;
mod confirm;
mod cut;
mod debug;
mod delay;
mod driver;
mod endurance;
mod failing;
mod faults;
mod firmware_attributes;
mod fleet;
mod foreign;
mod fuzzed;
mod fuzzed_cover;
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
mod monitor_episodes;
mod monitor_faults;
mod monitor_machine;
mod monitor_player;
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

/// What `make test-long` runs on the debug kernel of those that the stock kernel has: what makes and
/// unmakes objects of the kernel, takes locks in its own order, or meets hostile input.
const DEBUG_LONG: &[&str] = &[
    "driver_lets_go_of_an_unbound_dsml0001",
    "faults_signal_undoes",
    "driver_stays_while_a_descriptor_is_open",
    "firmware_attributes_set_what_they_are_told",
    "journal_pcr_is_the_replay",
    "training_run_goes_on_where_it_was",
    "fuzzed_calls_millions_64_bit",
    "fuzzed_calls_millions_32_bit",
    "hostile_callers_64_bit",
    "hostile_callers_32_bit",
    "driver_unloads_and_loads_again",
    "modes_some_transitions_on_rugged",
    "endurance_binding_10000_times",
    "endurance_loading_1000_times",
    "stress_readers_appliers_refresh_and_unbind",
];

/// The page whose promises are tested more often than the rest.
const PROMISES: &str = include_str!("../../docs/security.md");
/// So many turns are taken by what is neither named there nor in [`SMOKE`].
const TURNS: u64 = 15;
/// So many by what is named there.
const PROMISE_TURNS: u64 = 5;
/// So many by the tests for the debug kernel alone.
const DEBUG_TURNS: u64 = 3;
/// The variable that chooses the turn.
const TURN_VARIABLE: &str = "MILSPEC_TURN";

/// Which of the tests that take turns are run.
#[derive(Clone, Copy)]
enum Turn {
    All,
    One(u64),
}

impl Turn {
    /// What the variable says, else what the commit says that is checked out; of a tree without git, the
    /// day.
    fn wanted() -> anyhow::Result<Self> {
        let number = match std::env::var(TURN_VARIABLE).as_deref() {
            Ok("all") => return Ok(Self::All),
            Ok(text) => text
                .parse()
                .ok()
                .filter(|turn| *turn < TURNS)
                .with_context(|| format!("{TURN_VARIABLE}={text}: 0 to {} or all", TURNS - 1))?,
            Err(_) => Self::of_commit()? % TURNS,
        };
        Ok(Self::One(number))
    }

    fn of_commit() -> anyhow::Result<u64> {
        let mut git = std::process::Command::new("git");
        git.current_dir(repository()).args(["rev-parse", "HEAD"]);
        let output = git.output().ok().filter(|output| output.status.success());
        let commit = output.and_then(|output| {
            let text = String::from_utf8(output.stdout).ok()?;
            u64::from_str_radix(text.get(..8)?, 16).ok()
        });
        match commit {
            Some(number) => Ok(number),
            None => Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86400),
        }
    }

    /// Whether it is the turn of what has this place among those that take so many turns.
    fn has(self, place: u64, turns: u64) -> bool {
        match self {
            Self::One(turn) => place % turns == turn % turns,
            Self::All => true,
        }
    }
}

/// Hands out places: by them those that stand together, and take about as long, come at different times.
struct Places {
    turn: Turn,
    promises: u64,
    others: u64,
}

impl Places {
    fn of(turn: Turn) -> Self {
        Self {
            turn,
            promises: 0,
            others: 0,
        }
    }

    /// Whether a test of the stock kernel's is run.
    fn take(&mut self, name: &str) -> bool {
        if SMOKE.contains(&name) {
            return true;
        }
        let (place, turns) = match PROMISES.contains(&format!("`{name}`")) {
            true => (&mut self.promises, PROMISE_TURNS),
            false => (&mut self.others, TURNS),
        };
        *place += 1;
        self.turn.has(*place, turns)
    }
}

/// Which tests run without a filter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ring {
    /// All, but those for the debug kernel alone.
    Stock,
    /// [`SMOKE`].
    Smoke,
    /// Those for the debug kernel alone, by turns, and [`DEBUG_LONG`].
    Debug,
}

impl Ring {
    fn wanted() -> anyhow::Result<Self> {
        Ok(match (wants_debug()?, is_older_series()?) {
            (true, _) => Self::Debug,
            (false, true) => Self::Smoke,
            (false, false) => Self::Stock,
        })
    }

    /// What of all tests it has, in the usual run and in the long one besides; `None` is everything.
    fn names(self) -> Option<(&'static [&'static str], &'static [&'static str])> {
        match self {
            Self::Stock => None,
            Self::Smoke => Some((SMOKE, SMOKE_LONG)),
            Self::Debug => Some((&[], DEBUG_LONG)),
        }
    }
}

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
        // The debug kernel never waits: it has enough to do.
        let more = usize::from(!matches!(wants_debug(), Ok(true)));
        arguments.test_threads = Some(processors + more);
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
        endurance::LONG,
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
        monitor_episodes::LONG,
        hostile_dsml::LONG,
        journal::LONG,
        fleet::LONG,
        secure_boot::LONG,
        fwupd::LONG,
        training_scenarios::LONG,
    ]
    .concat();
    let (ring, turn) = match Ring::wanted().and_then(|ring| Ok((ring, Turn::wanted()?))) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let all: Vec<(Test, bool)> = tests
        .concat()
        .into_iter()
        .map(|test| (test, false))
        .chain(long.into_iter().map(|test| (test, true)))
        .collect();
    for (names, long) in [Ring::Smoke, Ring::Debug].map(|ring| ring.names().unwrap_or_default()) {
        for name in names.iter().chain(long) {
            let there = all.iter().any(|((test, _), _)| test == name);
            assert!(there, "a ring names {name}, which is not there");
        }
    }
    // A filter names its tests itself.
    let named = ring.names().filter(|_| arguments.filter.is_none());
    let chosen =
        |name: &str| named.is_none_or(|(names, more)| [names, more].concat().contains(&name));
    let is_long = |name: &str| named.is_some_and(|(_, more)| more.contains(&name));
    let before = all.len();
    let filtered = arguments.filter.is_some();
    let mut places = Places::of(turn);
    let mut takes_part = |name: &str| ring != Ring::Stock || filtered || places.take(name);
    let all = all
        .into_iter()
        .filter(|((name, _), long)| *long || takes_part(name));
    let mut chosen: Vec<(Test, bool)> = all
        .filter(|((name, _), _)| chosen(name))
        .map(|(test, long)| (test, long || is_long(test.0)))
        .collect();
    if ring == Ring::Debug {
        let own = [debug::TESTS, failing::TESTS].concat();
        let own = (0..)
            .zip(own)
            .filter(|(place, _)| filtered || turn.has(*place, DEBUG_TURNS));
        chosen.extend(own.map(|(_, test)| (test, false)));
        chosen.extend(failing::LONG.iter().map(|test| (*test, true)));
    }
    let taking_part = chosen.len();
    let left: Vec<&str> = chosen
        .iter()
        .filter(|(_, long)| *long)
        .map(|((name, _), _)| *name)
        .collect();
    let trials = chosen
        .into_iter()
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
        match ring {
            Ring::Stock => {
                if let (Turn::One(turn), None) = (turn, &arguments.filter) {
                    println!(
                        "{} tests had not their turn: this was {TURN_VARIABLE}={turn} of {TURNS}, \
                         {TURN_VARIABLE}=all runs all",
                        before - taking_part
                    );
                }
            }
            Ring::Smoke => {
                println!("only the smoke ring was run: this series is not the newest");
            }
            Ring::Debug => println!(
                "the debug ring was run, on the debug kernel; its own tests take {DEBUG_TURNS} turns, \
                 {TURN_VARIABLE}=all runs all"
            ),
        }
        if conclusion.num_ignored > 0 {
            println!("not run here, left to make test-long:");
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
