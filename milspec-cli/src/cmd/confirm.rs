// SPDX-License-Identifier: GPL-2.0

//! `milspecctl confirm`

use super::{recording, Document};
use crate::confirm;
use crate::failure::Result;
use crate::render::{self, Screen};
use crate::root::Root;
use serde::Serialize;

/// `milspec.confirm/1`
#[derive(Debug, Serialize)]
pub struct ConfirmDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// The change that is kept, in a few words.
    pub kept: String,
}

/// Confirms the change that waits.
pub fn run(root: &Root) -> Result<ConfirmDoc> {
    Ok(ConfirmDoc {
        schema: "milspec.confirm/1",
        recording: recording(root),
        kept: confirm::confirm(root)?,
    })
}

impl Document for ConfirmDoc {
    fn human(&self, screen: &Screen) -> String {
        render::confirm(screen, self)
    }
}
