// SPDX-License-Identifier: GPL-2.0

//! What each control was before the first change. The driver remembers that until it is unloaded;
//! here it is kept on disk, in a [`Record`], until it is restored.
//!
//! The first value that was recorded of a control stays: what comes later is not what the machine
//! had before. [`mod@file`] says how the disk is written.

pub mod file;

use crate::clock;
use crate::failure::{Exit, Failure};
use crate::model::{Control, Step};
use crate::root::Root;
use crate::system;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name and major version of the file.
const SCHEMA: &str = "milspec.baseline-file/1";

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
            let half = digest.iter().take(16);
            half.map(|byte| format!("{byte:02x}")).collect()
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
}

impl Record {
    /// An empty one, of the machine below `root`.
    pub fn new(root: &Root) -> Self {
        Self {
            schema: SCHEMA.into(),
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

    /// Refuses to have to do with the record of another machine.
    pub fn check(&self, root: &Root) -> Result<(), Failure> {
        if self.machine.fits(&Identity::of(root)) {
            return Ok(());
        }
        let product = self.machine.product.as_deref().unwrap_or("unknown");
        Err(Failure {
            code: "baseline-of-another-machine",
            exit: Exit::Refused,
            errno: None,
            what: "the recorded baseline is of another machine".into(),
            why: format!(
                "{} is of a {product} with another name or service tag",
                file::PATH
            ),
            next: "if this disk moved here for good, move that file away".into(),
        })
    }
}
