// SPDX-License-Identifier: GPL-2.0

//! The checks of `doctor`. None of them needs the driver, and none makes a firmware call; for the
//! value of a BIOS attribute, which is root's to read, the kernel's own driver makes one.

mod attributes;
mod device;
mod kernel;
mod machine;
mod module;

use crate::attributes::Attributes;
use crate::facts::{self, Installed, MODULE};
use crate::failure::Exit;
use crate::model::Control;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{self, Access, Source};
use serde::{Deserialize, Serialize};

/// Outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but not all of it, or not for long.
    Warning,
    /// Keeps the driver or the CLI from working.
    Problem,
    /// Does not matter here, or cannot be told yet.
    NotApplicable,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Stable name for scripts.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Outcome.
    pub result: Verdict,
    /// Why.
    pub reason: String,
    /// What to do about it; null where nothing is to be done.
    pub remedy: Option<String>,
    /// The exit status that a problem asks for.
    #[serde(skip)]
    pub exit: Exit,
}

/// Name of a check, from which its outcomes are made.
#[derive(Clone, Copy)]
struct About(&'static str, &'static str);

impl About {
    fn check(self, result: Verdict, reason: impl Into<String>) -> Check {
        Check {
            id: self.0,
            title: self.1,
            result,
            reason: reason.into(),
            remedy: None,
            exit: Exit::Failed,
        }
    }

    fn ok(self, reason: impl Into<String>) -> Check {
        self.check(Verdict::Ok, reason)
    }

    fn not_applicable(self, reason: impl Into<String>) -> Check {
        self.check(Verdict::NotApplicable, reason)
    }

    fn warning(self, reason: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check {
            remedy: Some(remedy.into()),
            ..self.check(Verdict::Warning, reason)
        }
    }

    fn problem(self, exit: Exit, reason: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check {
            remedy: Some(remedy.into()),
            exit,
            ..self.check(Verdict::Problem, reason)
        }
    }
}

/// What several checks need to know.
struct Context<'a> {
    root: &'a Root,
    release: Option<String>,
    dell: Option<bool>,
    loaded: bool,
    installed: Installed,
    opened: nix::Result<Box<dyn Source + 'a>>,
}

impl Context<'_> {
    /// Whether the module is there, so that building it is no concern.
    fn built(&self) -> bool {
        self.loaded || self.installed != Installed::No
    }

    /// The directory of the running kernel's modules.
    fn modules(&self) -> Option<String> {
        Some(format!("/lib/modules/{}", self.release.as_ref()?))
    }
}

/// The controls of this machine; `None` where the driver cannot be asked.
pub fn controls(root: &Root) -> Option<Vec<Control>> {
    let source = source::try_open(root, Access::Read).ok()?;
    let snapshot = Snapshot::read(source.as_ref()).ok()?;
    Some(snapshot.controls)
}

/// Makes all checks, in the order in which things have to work.
pub fn all(root: &Root, attributes: &Attributes) -> Vec<Check> {
    let release = facts::release(root);
    let context = Context {
        root,
        dell: facts::is_dell(root),
        loaded: facts::loaded(root, MODULE),
        installed: release.as_ref().map_or(Installed::No, |release| {
            facts::installed(root, release, MODULE)
        }),
        opened: source::try_open(root, Access::Read),
        release,
    };
    vec![
        machine::vendor(&context),
        kernel::version(&context),
        kernel::rust(&context),
        kernel::headers(&context),
        module::installed(&context),
        module::signature(&context),
        module::loaded(&context),
        device::node(&context),
        device::permission(&context),
        device::abi(&context),
        machine::smbios(&context),
        machine::dsmil(&context),
        machine::families(&context),
        machine::reported(&context),
        attributes::attributes(&context, attributes),
        machine::tpm(&context),
        machine::anchor(&context),
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
