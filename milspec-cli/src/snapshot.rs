// SPDX-License-Identifier: GPL-2.0

//! Everything that the driver says, fetched so that it belongs together.

use crate::failure::Result;
use crate::model::{diff, Control, Difference, Machine, Provenance};
use crate::root::Root;
use crate::source::{Access, Source};
use crate::{clock, diagnose, driver, refusal};
use milspec_uapi::{
    Info, Status, ABI_MAJOR, STATUS_LATCHED, STATUS_RESTRICTED_ALLOWED, STATUS_TRAINING,
};
use serde::Serialize;
use std::time::Duration;

/// What a refresh did.
#[derive(Clone, Debug, Serialize)]
pub struct Refreshed {
    /// How many controls the driver found changed.
    pub changed_count: u32,
    /// Firmware calls that this took.
    pub firmware_calls: u32,
    /// Which controls differ from before.
    pub changed: Vec<Difference>,
}

/// One consistent view of the driver.
pub struct Snapshot {
    /// Answer of `IOC_INFO`.
    pub info: Info,
    /// Answer of `IOC_STATUS`.
    pub status: Status,
    /// The controls.
    pub controls: Vec<Control>,
    /// What the refresh did, if one was asked for.
    pub refreshed: Option<Refreshed>,
}

impl Snapshot {
    /// Opens the source and reads everything; with `refresh`, the firmware is read first.
    pub fn take(root: &Root, refresh: bool) -> Result<Self> {
        if !refresh {
            return Self::read(driver::open(root, Access::Read)?.as_ref());
        }
        let mut source = driver::open_to_change(root, Access::Refresh)?;
        let before = Self::read(source.as_ref())?;
        let answer = source.refresh().map_err(diagnose::refresh)?;
        let mut after = Self::read(source.as_ref())?;
        after.refreshed = Some(Refreshed {
            changed_count: answer.changed,
            firmware_calls: answer.firmware_calls,
            changed: diff(&before.controls, &after.controls),
        });
        Ok(after)
    }

    /// The machine.
    pub fn machine(&self) -> Machine {
        Machine::new(&self.info, &self.status)
    }

    /// Which machine it is of.
    pub fn provenance(&self, root: &Root) -> Provenance {
        Provenance {
            training: Some(self.is_training()),
            ..Provenance::new(root, self.machine().simulated_because)
        }
    }

    /// Whether all of this is said of the copy of a training, and not of the machine.
    pub fn is_training(&self) -> bool {
        self.status.properties & STATUS_TRAINING != 0
    }

    /// How long ago the driver read the firmware, in milliseconds, where that is known.
    pub fn read_age_ms(&self, root: &Root) -> Option<u64> {
        let read = Some(self.status.refreshed_ns).filter(|read| *read != 0)?;
        Some(root.boottime_ns()?.saturating_sub(read) / 1_000_000)
    }

    /// When that was; `None` where a recording stands in for the machine.
    pub fn read_at(&self, root: &Root) -> Option<String> {
        let age = Duration::from_millis(self.read_age_ms(root)?);
        let read = root
            .note()
            .is_none()
            .then(|| clock::wall().saturating_sub(age))?;
        Some(clock::utc(u64::try_from(read.as_nanos()).ok()?))
    }

    /// The snapshot, where it is of the machine: for what has to be true of that.
    pub fn of_machine(self, what: &str) -> Result<Self> {
        match self.is_training() {
            true => Err(refusal::in_training(what)),
            false => Ok(self),
        }
    }

    /// Those of these controls that BIOS attributes can be put beside: they say what the machine has,
    /// and nothing of a copy.
    pub fn witnessed<'a>(&self, controls: Vec<&'a Control>) -> Vec<&'a Control> {
        match self.is_training() {
            true => Vec::new(),
            false => controls,
        }
    }

    /// Whether controls of class restricted may be changed.
    pub fn is_restricted_allowed(&self) -> bool {
        self.status.properties & STATUS_RESTRICTED_ALLOWED != 0
    }

    /// Whether the machine is latched until the next boot.
    pub fn is_latched(&self) -> bool {
        self.status.properties & STATUS_LATCHED != 0
    }

    /// Reads everything from an open source.
    pub fn read(source: &dyn Source) -> Result<Self> {
        // INFO comes first: with another major version nothing else can be understood.
        let info = source.info().map_err(diagnose::info)?;
        if info.abi_major != ABI_MAJOR {
            return Err(diagnose::abi(&info));
        }
        let (status, controls) = matching(source)?;
        Ok(Self {
            info,
            status,
            controls,
            refreshed: None,
        })
    }
}

/// Status and controls of one generation. Firmware can change between the two requests; after a few
/// attempts the latest answers are as good as any.
fn matching(source: &dyn Source) -> Result<(Status, Vec<Control>)> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let status = source.status().map_err(|e| diagnose::read("status", e))?;
        let listing = source
            .controls()
            .map_err(|e| diagnose::read("controls", e))?;
        if listing.generation == status.generation || attempts == 4 {
            return Ok((status, listing.controls));
        }
    }
}
