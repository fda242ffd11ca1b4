// SPDX-License-Identifier: GPL-2.0

//! The subcommands: each fetches what it needs and makes one document of it.

pub mod control_list;
pub mod control_show;
pub mod doctor;
pub mod status;

use crate::render::Screen;
use crate::root::Root;
use milspec_uapi::Info;
use serde::Serialize;

/// What a command has to say.
pub trait Document: Serialize {
    /// The same for people.
    fn human(&self, screen: &Screen) -> String;

    /// Exit status; 0 unless the command is there to judge.
    fn exit(&self) -> u8 {
        0
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

/// Where a recording is from; `None` on the live machine.
fn recording(root: &Root) -> Option<String> {
    root.note().map(|note| note.from.clone())
}
