// SPDX-License-Identifier: GPL-2.0

//! `milspecctl confirm`

use crate::apply::confirm;
use milspec::failure::Result;
use milspec::root::Root;
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
        recording: root.recording(),
        kept: confirm::confirm(root)?,
    })
}
