// SPDX-License-Identifier: GPL-2.0

//! A check for a fleet agent: says how the machine is hardened and what needs attention, and ends
//! with 1 where something does. An argument names a recording to look at instead of the machine.

use milspec::model::{names, Standing};
use milspec::{machine, Failure, Snapshot};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match check() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}; {}", failure.next);
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn check() -> Result<bool, Failure> {
    let recording = std::env::args_os().nth(1).map(PathBuf::from);
    let machine = machine::open(recording.as_deref())?;
    let now = Snapshot::take(&machine, false)?;
    let mode = Standing::new(&now.status, &now.controls);
    println!("mode: {}", mode.in_words());
    let drifted = names(&now.controls, |control| control.drifted);
    println!("drifted: {}", drifted.join(" "));
    Ok(mode.standing == "exact" && drifted.is_empty())
}
