// SPDX-License-Identifier: GPL-2.0

//! Tests on the simulated Dell.
//!
//! `cargo test -p milspec-guest-tests -- FILTER` runs those whose name contains
//! the filter, `-- --list` names them. Two run at once unless `--test-threads`
//! says otherwise: a machine is one thread of emulation.

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

mod access;
mod apply;
mod ask;
mod attest;
mod attestation;
mod cli;
mod cli_everywhere;
mod common;
mod cut;
mod driver;
mod faults;
mod hostile;
mod journal;
mod journal_anchor;
mod journal_cli;
mod latch;
mod model;
mod modes;
mod monitor;
mod stress;
mod witness;
mod witness_attributes;
mod witness_faults;
mod witness_firmware;
mod witness_tokens;

/// How long each test took. All of them together have some minutes: these are where to look first.
static TOOK: Mutex<Vec<(Duration, &str)>> = Mutex::new(Vec::new());
const SHOWN: usize = 12;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    if arguments.test_threads.is_none() {
        arguments.test_threads = Some(2);
    }
    let tests = [
        witness::TESTS,
        witness_tokens::TESTS,
        witness_faults::TESTS,
        witness_firmware::TESTS,
        witness_attributes::TESTS,
        driver::TESTS,
        hostile::TESTS,
        modes::TESTS,
        apply::TESTS,
        access::TESTS,
        faults::TESTS,
        cut::TESTS,
        latch::TESTS,
        stress::TESTS,
        journal::TESTS,
        journal_anchor::TESTS,
        journal_cli::TESTS,
        monitor::TESTS,
        attest::TESTS,
        cli::TESTS,
        cli_everywhere::TESTS,
    ];
    let trials = tests
        .concat()
        .into_iter()
        .map(|(name, test)| {
            Trial::test(name, move || {
                let start = Instant::now();
                let result = test();
                let mut took = TOOK.lock().unwrap_or_else(PoisonError::into_inner);
                took.push((start.elapsed(), name));
                result.map_err(|error| Failed::from(format!("{error:#}")))
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        let mut took = TOOK.lock().unwrap_or_else(PoisonError::into_inner);
        took.sort();
        println!("the longest, in seconds:");
        for (time, name) in took.iter().rev().take(SHOWN) {
            println!("{:6.1}  {name}", time.as_secs_f64());
        }
        println!(
            "{} passed, {} failed",
            conclusion.num_passed, conclusion.num_failed
        );
    }
    conclusion.exit_code()
}
