// SPDX-License-Identifier: GPL-2.0

//! The commands that go on until Ctrl-C: one document after the other.

pub mod events;
pub mod journal;
pub mod monitor;
pub mod status;
pub mod training;

use crate::{output, render};
use milspec::cli::Global;
use milspec::failure::FailureDoc;
use milspec::Result;

/// The end of a command that shows one document after the other: with `--json`, a failure is one of
/// them.
fn ended(global: &Global, result: Result<u8>) -> Result<u8> {
    match result {
        Err(failure) if global.json => {
            output::stdout(&render::line(&FailureDoc::new(&failure)))?;
            Ok(failure.exit as u8)
        }
        result => result,
    }
}
