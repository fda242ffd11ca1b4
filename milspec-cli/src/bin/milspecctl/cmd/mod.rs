// SPDX-License-Identifier: GPL-2.0

//! The subcommands: each fetches what it needs and makes one document of it.

pub mod attest_enroll;
pub mod attest_quote;
pub mod attest_verify;
pub mod baseline_show;
pub mod completion;
pub mod config_apply;
pub mod config_export;
pub mod config_show;
pub mod confirm;
pub mod control_accept;
pub mod control_get;
pub mod control_list;
pub mod control_set;
pub mod control_show;
pub mod events;
pub mod journal_save;
pub mod journal_verify;
pub mod mode_get;
pub mod mode_list;
pub mod mode_plan;
pub mod mode_set;
pub mod status;

use milspec_uapi::Info;
use serde::Serialize;

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
