// SPDX-License-Identifier: GPL-2.0

//! The journal: records as the driver gives them, read from it or from a file.

pub mod chain;
pub mod file;
pub mod judge;
pub mod live;
pub mod replay;
pub mod verdict;

use crate::diagnose;
use crate::failure::Result;
use crate::source::{Source, Wait};
use milspec_uapi::{Event, EVENT_TRAINING};

/// The records of the machine: of those of a training nothing has happened to it.
pub fn of_machine(mut records: Vec<Event>) -> Vec<Event> {
    records.retain(|event| event.properties & EVENT_TRAINING == 0);
    records
}

/// Everything that the driver has and this source has not yet given. Call it on a source that was
/// just opened for all there is.
pub fn read(source: &mut dyn Source) -> Result<Vec<Event>> {
    let mut all = Vec::new();
    loop {
        let batch = source.records(Wait::No).map_err(diagnose::journal)?;
        if batch.is_empty() {
            return Ok(all);
        }
        all.extend(batch);
    }
}
