// SPDX-License-Identifier: GPL-2.0

//! `milspecctl doctor`

use super::{recording, Document};
use crate::render::{self, Screen};
use crate::root::Root;
use serde::Serialize;

/// `milspec.doctor/1`
#[derive(Debug, Serialize)]
pub struct Doctor {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
}

/// Makes all checks.
pub fn run(root: &Root) -> Doctor {
    Doctor {
        schema: "milspec.doctor/1",
        recording: recording(root),
    }
}

impl Document for Doctor {
    fn human(&self, screen: &Screen) -> String {
        render::doctor(screen, self)
    }
}
