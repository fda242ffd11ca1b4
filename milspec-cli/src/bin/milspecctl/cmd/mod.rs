// SPDX-License-Identifier: GPL-2.0

//! The subcommands: each fetches what it needs and makes one document of it.

pub mod attest_enroll;
pub mod attest_quote;
pub mod attest_verify;
pub mod baseline_show;
pub mod change;
pub mod completion;
pub mod compliance;
pub mod config_export;
pub mod config_show;
pub mod confirm;
pub mod control_get;
pub mod control_list;
pub mod control_show;
pub mod events;
pub mod journal_save;
pub mod journal_verify;
pub mod mode_get;
pub mod mode_list;
pub mod monitor;
pub mod status;
pub mod training;

use milspec::model::Provenance;
use milspec::{Root, Snapshot};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// What documents about one reading of the controls begin with.
#[derive(Debug, Serialize)]
pub struct Head {
    /// Name and major version of the document.
    pub schema: &'static str,
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
    /// Generation of the reading.
    pub generation: u64,
}

impl Head {
    /// Of a document of this schema.
    pub fn new(schema: &'static str, root: &Root, snapshot: &Snapshot) -> Self {
        Self {
            schema,
            from: snapshot.provenance(root),
            generation: snapshot.status.generation,
        }
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

impl Display for Abi {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
