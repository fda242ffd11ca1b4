// SPDX-License-Identifier: GPL-2.0

//! What a check is, and what checks need to know.

use crate::failure::Exit;
use crate::root::Root;
use crate::source::Source;
use crate::system::{self, Installed};
use milspec_uapi::{Status, ABI_MAJOR};
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
pub(super) struct About(pub(super) &'static str, pub(super) &'static str);

impl About {
    pub(super) fn check(self, result: Verdict, reason: impl Into<String>) -> Check {
        Check {
            id: self.0,
            title: self.1,
            result,
            reason: reason.into(),
            remedy: None,
            exit: Exit::Failed,
        }
    }

    pub(super) fn ok(self, reason: impl Into<String>) -> Check {
        self.check(Verdict::Ok, reason)
    }

    pub(super) fn not_applicable(self, reason: impl Into<String>) -> Check {
        self.check(Verdict::NotApplicable, reason)
    }

    pub(super) fn warning(self, reason: impl Into<String>, remedy: impl Into<String>) -> Check {
        Check {
            remedy: Some(remedy.into()),
            ..self.check(Verdict::Warning, reason)
        }
    }

    pub(super) fn problem(
        self,
        exit: Exit,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Check {
        Check {
            remedy: Some(remedy.into()),
            exit,
            ..self.check(Verdict::Problem, reason)
        }
    }
}

/// What several checks need to know.
pub(super) struct Context<'a> {
    pub(super) root: &'a Root,
    pub(super) release: Option<String>,
    pub(super) dell: Option<bool>,
    pub(super) loaded: bool,
    pub(super) installed: Installed,
    pub(super) opened: nix::Result<Box<dyn Source + 'a>>,
}

impl Context<'_> {
    /// Whether the module is there, so that building it is no concern.
    pub(super) fn built(&self) -> bool {
        self.loaded || self.installed != Installed::No
    }

    /// How the driver stands; `None` where it cannot be asked, or would not be understood.
    pub(super) fn status(&self) -> Option<Status> {
        let source = self.opened.as_ref().ok()?;
        let info = source.info().ok()?;
        (info.abi_major == ABI_MAJOR).then(|| source.status().ok())?
    }

    /// Why DKMS made no module for the running kernel.
    pub(super) fn skipped(&self) -> Option<String> {
        system::skipped(self.root, self.release.as_ref()?)
    }

    /// The directory of the running kernel's modules.
    pub(super) fn modules(&self) -> Option<String> {
        Some(format!("/lib/modules/{}", self.release.as_ref()?))
    }
}
