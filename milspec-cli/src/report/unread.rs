// SPDX-License-Identifier: GPL-2.0

//! What could not be read, and why.

use crate::failure::errno_name;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Unread {
    /// What was not read, and why.
    pub fn new(what: &str, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// What a failed call says.
pub fn errno_of(number: i32) -> String {
    format!("it failed with {}", errno_name(number))
}

/// Why a file could not be read.
pub fn denied(path: &str, error: &std::io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EACCES | Errno::EPERM) => format!("{path} is root's: run it as root"),
        Some(Errno::ENOENT) => format!("there is no {path}"),
        Some(errno) => format!("{path}: {}", errno_name(errno as i32)),
        None => format!("{path} cannot be read"),
    }
}
