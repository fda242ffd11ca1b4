// SPDX-License-Identifier: GPL-2.0

//! `milspecctl doctor`

use super::{recording, Document};
use crate::checks::{self, Check, Verdict};
use crate::facts;
use crate::model::simulated_because;
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
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
    /// How that was recognised; for people, in the document of `status` for programs.
    #[serde(skip)]
    pub simulated_because: Option<String>,
    /// The worst of all outcomes; a check that is not applicable does not count.
    pub result: Verdict,
    /// The exit status of this command.
    pub exit: u8,
    /// The checks, in the order in which things have to work.
    pub checks: Vec<Check>,
}

/// Makes all checks.
pub fn run(root: &Root) -> Doctor {
    let checks = checks::all(root);
    let worst = [Verdict::Problem, Verdict::Warning]
        .into_iter()
        .find(|verdict| checks.iter().any(|check| check.result == *verdict));
    // The driver may not be there to be asked: only DMI can tell.
    let dmi = |name| facts::dmi(root, name).unwrap_or_default();
    let because = simulated_because(&dmi("product_name"), &dmi("bios_version"), "");
    Doctor {
        schema: "milspec.doctor/1",
        recording: recording(root),
        simulated: because.is_some(),
        simulated_because: because,
        result: worst.unwrap_or(Verdict::Ok),
        exit: checks::exit(&checks),
        checks,
    }
}

impl Document for Doctor {
    fn human(&self, screen: &Screen) -> String {
        render::doctor(screen, self)
    }

    fn exit(&self) -> u8 {
        self.exit
    }
}
