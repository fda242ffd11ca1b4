// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor`: what happens to the machine, told to whoever watches it.
//!
//! A [`Line`] is one thing to tell: a record of the journal, a finding, a checkpoint of the chain, or a
//! note of the monitor about itself. `docs/monitoring.md` has what they say, and what nobody can see.

pub mod alive;
pub mod compare;
pub mod counters;
pub mod counts;
pub mod direction;
pub mod judge;
pub mod line;
pub mod metric;
pub mod metrics;
pub mod observation;
pub mod outlets;
pub mod report;
pub mod rule;
pub mod sink;
pub mod site;
pub mod standing;
pub mod state;
pub mod told;
mod unit;
pub mod watch;

pub use counters::Counters;
pub use counts::{Counts, Surprise};
pub use direction::Direction;
pub use line::{Checkpoint, Finding, Line, Note, Record, What};

/// Where `milspec-monitor.service` keeps its place, the last state of the controls and what it has counted.
pub const STATE_DIR: &str = "/var/lib/milspec-monitor";
/// Where it says how it is doing, for everybody to read: `status` and `doctor` do.
pub const ALIVE: &str = "/run/milspec-monitor/alive.json";
/// What a site has to say about the rules.
pub const SITE: &str = "/etc/milspecctl/monitor.toml";
