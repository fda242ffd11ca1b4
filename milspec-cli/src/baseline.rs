// SPDX-License-Identifier: GPL-2.0

//! What each control was before the first change. The driver remembers that until it is unloaded;
//! here it is kept on disk, in a [`Record`], until it is restored.
//!
//! The first value that was recorded of a control stays: what comes later is not what the machine
//! had before.

use crate::failure::{Failure, Result};
use crate::kept::Kept;
use crate::model::{Control, Step};
use crate::root::Root;
use crate::{clock, system};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Its file. Root's alone: it tells what somebody could switch on again.
pub const FILE: Kept = Kept {
    path: "/var/lib/milspecctl/baseline.json",
    schema: "milspec.baseline-file/1",
    of: "the baseline",
};

/// `milspec.baseline-file/1`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Name and major version.
    pub schema: String,
    /// The machine that it is of.
    pub machine: Identity,
    /// What was recorded, in the order in which it was.
    pub controls: Vec<Recorded>,
}

/// A machine, well enough to notice that a disk is now in another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// DMI product name; null where the machine tells none.
    pub product: Option<String>,
    /// Half a SHA-256 of the service tag; null where it tells none.
    pub service_tag_hash: Option<String>,
}

/// The value that a control had before the first change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Name of the control.
    pub name: String,
    /// Name of the value.
    pub value: String,
    /// When this was written down, in UTC.
    pub recorded_at: String,
}

impl Identity {
    /// The machine below `root`.
    pub fn of(root: &Root) -> Self {
        let hash = |tag: String| {
            let digest = Sha256::digest(format!("milspecctl:{tag}"));
            hex::encode(digest.get(..16).unwrap_or_default())
        };
        Self {
            product: system::dmi(root, "product_name"),
            service_tag_hash: system::dmi(root, "product_serial").map(hash),
        }
    }

    /// Whether both may be the same machine: what one of them does not tell, differs from nothing.
    pub fn fits(&self, other: &Self) -> bool {
        let fits = |a: &Option<String>, b: &Option<String>| a.is_none() || b.is_none() || a == b;
        fits(&self.product, &other.product) && fits(&self.service_tag_hash, &other.service_tag_hash)
    }

    /// Refuses to have to do with the record of another machine.
    pub fn check(&self, root: &Root, kept: &Kept) -> Result<()> {
        if self.fits(&Self::of(root)) {
            return Ok(());
        }
        let product = self.product.as_deref().unwrap_or("unknown");
        Err(Failure::new(
            "record-of-another-machine",
            format!("the record of {} is of another machine", kept.of),
            format!(
                "{} is of a {product} with another name or service tag",
                kept.path
            ),
            "if this disk moved here for good, move that file away",
        ))
    }
}

impl Record {
    /// An empty one, of the machine below `root`.
    pub fn new(root: &Root) -> Self {
        Self {
            schema: FILE.schema.into(),
            machine: Identity::of(root),
            controls: Vec::new(),
        }
    }

    /// Whether there is something about this control.
    pub fn knows(&self, control: &str) -> bool {
        self.controls.iter().any(|known| known.name == control)
    }

    /// Adds what each control was before it was first changed, as far as that is known and not
    /// recorded yet: by the driver, or because a step is about to change it. Returns how many were
    /// added.
    pub fn merge(&mut self, controls: &[Control], steps: &[Step]) -> usize {
        let before = self.controls.len();
        let now = clock::now();
        for control in controls.iter().filter(|control| control.is_changed()) {
            if let Some(baseline) = &control.baseline {
                self.add(&control.name, baseline, &now);
            }
        }
        // What is not changed has the value of before, whether the driver remembers it or not.
        for step in steps {
            self.add(&step.control, &step.from, &now);
        }
        self.controls.len() - before
    }

    fn add(&mut self, name: &str, value: &str, now: &str) {
        if self.knows(name) {
            return;
        }
        self.controls.push(Recorded {
            name: name.into(),
            value: value.into(),
            recorded_at: now.into(),
        });
    }

    /// The record of this machine; `None` where there is none.
    pub fn load(root: &Root) -> Result<Option<Self>> {
        let record: Option<Self> = FILE.load(root)?;
        if let Some(record) = &record {
            record.machine.check(root, &FILE)?;
        }
        Ok(record)
    }
}
