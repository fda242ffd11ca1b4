// SPDX-License-Identifier: GPL-2.0

//! The subcommands: each fetches what it needs and makes one document of it.

pub mod apply;
pub mod attest_enroll;
pub mod attest_quote;
pub mod attest_verify;
pub mod baseline_restore;
pub mod baseline_show;
pub mod completion;
pub mod config_apply;
pub mod config_export;
pub mod config_show;
pub mod confirm;
pub mod control_accept;
pub mod control_list;
pub mod control_set;
pub mod control_show;
pub mod doctor;
pub mod events;
pub mod journal_save;
pub mod journal_verify;
pub mod mode_get;
pub mod mode_list;
pub mod mode_plan;
pub mod mode_set;
pub mod report;
pub mod status;
pub mod watch;

use crate::cli::Global;
use crate::failure::{Failure, FailureDoc, Result};
use crate::output;
use crate::render::{self, Screen};
use crate::root::Root;
use milspec_uapi::Info;
use serde::Serialize;

/// What a command has to say.
pub trait Document: Serialize {
    /// The same for people.
    fn human(&self, screen: &Screen) -> String;

    /// What went wrong, where that is part of the document.
    fn failure(&self) -> Option<&Failure> {
        None
    }

    /// Exit status; 0 unless something went wrong, or the command is there to judge.
    fn exit(&self) -> u8 {
        self.failure().map_or(0, |failure| failure.exit as u8)
    }
}

/// Version of an ABI in a document.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Abi {
    /// Versions with different numbers here do not understand each other.
    pub major: u16,
    /// Grows with additions.
    pub minor: u16,
}

impl Abi {
    /// That of the driver.
    pub fn of(info: &Info) -> Self {
        Self {
            major: info.abi_major,
            minor: info.abi_minor,
        }
    }

    /// That of this program.
    pub const OWN: Self = Self {
        major: milspec_uapi::ABI_MAJOR,
        minor: milspec_uapi::ABI_MINOR,
    };
}

/// The end of a command that shows one document after the other: with `--json`, a failure is one of
/// them.
pub fn ended(global: &Global, result: Result<u8>) -> Result<u8> {
    match result {
        Err(failure) if global.json => {
            output::stdout(&render::line(&FailureDoc::new(&failure)))?;
            Ok(failure.exit as u8)
        }
        result => result,
    }
}

/// Where a recording is from; `None` on the live machine.
pub fn recording(root: &Root) -> Option<String> {
    root.note().map(|note| note.from.clone())
}
