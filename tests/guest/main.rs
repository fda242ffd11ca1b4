// SPDX-License-Identifier: GPL-2.0

//! Tests on the simulated Dell: what an administrator sees, judged by independent witnesses.
//!
//! `cargo test -p milspec-guest-tests -- NAME` runs those whose name contains NAME, `--list` lists
//! them. The last line is `N passed, N failed`.

mod cli;
mod common;
mod driver;
mod hostile;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests = [driver::TESTS, hostile::TESTS, cli::TESTS];
    let trials = tests.iter().flat_map(|tests| tests.iter()).map(|&(name, test)| {
        Trial::test(name, move || test().map_err(|error| Failed::from(format!("{error:?}"))))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if !arguments.list {
        let Conclusion { num_passed, num_failed, .. } = conclusion;
        println!("{num_passed} passed, {num_failed} failed");
    }
    conclusion.exit_code()
}
