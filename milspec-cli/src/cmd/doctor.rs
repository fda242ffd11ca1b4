// SPDX-License-Identifier: GPL-2.0

//! `milspecctl doctor`

use super::{recording, Document};
use crate::attributes::{self, Attributes, Other};
use crate::checks::{self, Check, Verdict};
use crate::facts;
use crate::model::simulated_because;
use crate::render::{self, Screen};
use crate::report::Report;
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
    /// What the BIOS attributes say of the controls.
    pub attributes: Attributes,
    /// The BIOS attributes that matter for security and that no control stands beside.
    pub others: Vec<Other>,
    /// Whether the driver was asked which controls there are.
    #[serde(skip)]
    pub asked: bool,
}

/// Makes all checks.
pub fn run(root: &Root) -> Doctor {
    let controls = checks::controls(root);
    let (attributes, others) = attributes::all(root, controls.as_deref());
    let mut checks = checks::all(root, &attributes);
    if let Some(report) = root.report() {
        as_reported(&mut checks, report);
    }
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
        exit: match root.report() {
            Some(report) => report.doctor.exit,
            None => checks::exit(&checks),
        },
        checks,
        attributes,
        others,
        asked: controls.is_some(),
    }
}

/// What the checks said on the machine of a report: of that it has the outcomes only, and what is
/// not in it cannot be checked again.
fn as_reported(checks: &mut Vec<Check>, report: &Report) {
    checks.retain(|check| report.doctor.checks.iter().any(|said| said.id == check.id));
    for check in checks {
        let mut said = report.doctor.checks.iter();
        let Some(said) = said.find(|said| said.id == check.id) else {
            continue;
        };
        check.result = said.result;
        check.reason = "as the report has it".into();
        check.remedy = match said.result {
            Verdict::Warning | Verdict::Problem => {
                Some("run \"milspecctl doctor\" on the machine for the reason".into())
            }
            Verdict::Ok | Verdict::NotApplicable => None,
        };
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
