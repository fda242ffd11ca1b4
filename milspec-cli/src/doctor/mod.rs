// SPDX-License-Identifier: GPL-2.0

//! The checks of `doctor`. None of them needs the driver, and none makes a firmware call; for the
//! value of a BIOS attribute, which is root's to read, the kernel's own driver makes one, and fwupd,
//! which may have to start to be asked, makes its own.

mod attributes;
mod audited;
pub mod check;
mod device;
mod kept;
mod kernel;
mod machine;
mod module;
mod watched;

pub use check::{Check, Verdict};
pub use kept::JOURNAL as KEPT_JOURNAL;

use crate::attributes::{Attributes, Other};
use crate::driver;
use crate::failure::Exit;
use crate::model::Provenance;
use crate::report::{self, Report};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::Access;
use crate::system::{self, Installed, MODULE};
use check::Context;
use serde::Serialize;

/// What the driver says; `None` where it cannot be asked.
pub fn asked(root: &Root) -> Option<Snapshot> {
    let source = driver::try_open(root, Access::Read).ok()?;
    Snapshot::read(source.as_ref()).ok()
}

/// Makes all checks, in the order in which things have to work.
pub fn all(root: &Root, attributes: &Attributes) -> Vec<Check> {
    let release = system::release(root);
    let context = Context {
        root,
        dell: system::is_dell(root),
        loaded: system::loaded(root, MODULE),
        installed: release.as_ref().map_or(Installed::No, |release| {
            system::installed(root, release, MODULE)
        }),
        opened: driver::try_open(root, Access::Read),
        release,
    };
    vec![
        machine::vendor(&context),
        machine::bios(&context),
        kernel::version(&context),
        kernel::rust(&context),
        kernel::headers(&context),
        module::installed(&context),
        module::signature(&context),
        module::loaded(&context),
        device::node(&context),
        device::permission(&context),
        device::abi(&context),
        device::training(&context),
        machine::smbios(&context),
        machine::dsmil(&context),
        machine::families(&context),
        machine::reported(&context),
        attributes::attributes(&context, attributes),
        machine::tpm(&context),
        machine::anchor(&context),
        kept::tools(&context),
        kept::changes(&context),
        kept::record(&context),
        kept::journal(&context),
        kept::space(&context),
        machine::confirmation(&context),
        watched::monitor(&context),
        watched::look(&context),
        audited::rules(&context),
        watched::npu(&context),
    ]
}

/// Exit status that the checks ask for: the first thing that has to be put right decides.
pub fn exit(checks: &[Check]) -> u8 {
    let wanted = |exit: Exit| {
        checks
            .iter()
            .any(|check| check.result == Verdict::Problem && check.exit == exit)
    };
    [Exit::Unsupported, Exit::Permission, Exit::Abi, Exit::Failed]
        .into_iter()
        .find(|exit| wanted(*exit))
        .map_or(0, |exit| exit as u8)
}

/// `milspec.doctor/1`
#[derive(Debug, Serialize)]
pub struct Doctor {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
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
    let asked = asked(root);
    let training = asked.as_ref().map(Snapshot::is_training);
    // Of the machine's, nothing is known in a training.
    let controls = asked.filter(|asked| !asked.is_training());
    let controls = controls.map(|asked| asked.controls);
    let (attributes, others) = crate::attributes::all(root, controls.as_deref());
    let mut checks = all(root, &attributes);
    let report = report::of(root);
    if let Some(report) = &report {
        as_reported(&mut checks, report);
    }
    let worst = [Verdict::Problem, Verdict::Warning]
        .into_iter()
        .find(|verdict| checks.iter().any(|check| check.result == *verdict));
    Doctor {
        schema: "milspec.doctor/1",
        // The driver may not be there to be asked.
        from: Provenance {
            training,
            ..Provenance::of_dmi(root)
        },
        result: worst.unwrap_or(Verdict::Ok),
        exit: match &report {
            Some(report) => report.doctor.exit,
            None => exit(&checks),
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
