// SPDX-License-Identifier: GPL-2.0

//! How the monitor is doing, for everybody to read.

use super::outlets::Doing;
use super::sink::prometheus;
use super::ALIVE;
use crate::model::Word;
use crate::root::Root;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.monitor-alive/1";
/// It is written at least so often.
pub const EVERY_S: u64 = 60;
/// A monitor that has written nothing for so long does not watch.
const DEAD_NS: u64 = 3 * EVERY_S * 1_000_000_000;

/// How the monitor is doing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alive {
    /// [`SCHEMA`].
    pub schema: Word,
    /// Its process.
    pub pid: u32,
    /// When this was written, in nanoseconds from boot, sleep included.
    pub boottime_ns: u64,
    /// Which load of the module it watches.
    pub load: Option<String>,
    /// The last record that it has seen.
    pub sequence: u64,
    /// Whether its place is on disk.
    pub kept: bool,
    /// How many findings there were, ever.
    pub findings: u64,
    /// The sinks.
    pub sinks: Vec<Doing>,
}

/// What is known of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub enum Monitor {
    /// None says anything: what it has said goes when it stops.
    None,
    /// One has, and has not for minutes, or is not there any more.
    Silent(Alive),
    /// One watches.
    Watches(Alive),
}

impl Alive {
    /// Puts it at this path, whole.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        prometheus::write(path, &serde_json::to_string(self)?)
    }
}

impl Monitor {
    /// What is known of the one that the unit of the package runs.
    pub fn of(root: &Root) -> Self {
        let bytes = root.bytes(ALIVE).unwrap_or_default();
        let Ok(alive) = serde_json::from_slice::<Alive>(&bytes) else {
            return Self::None;
        };
        if alive.schema != SCHEMA {
            return Self::None;
        }
        let now = root.boottime_ns().unwrap_or_default();
        // A file of an earlier boot is gone with that.
        let ago = now.saturating_sub(alive.boottime_ns);
        match ago <= DEAD_NS && (root.note().is_some() || runs(root, alive.pid)) {
            true => Self::Watches(alive),
            false => Self::Silent(alive),
        }
    }
}

fn runs(root: &Root, pid: u32) -> bool {
    root.exists(&format!("/proc/{pid}"))
}
