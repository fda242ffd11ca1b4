// SPDX-License-Identifier: GPL-2.0

//! `milspecctl status --watch`

use super::ended;
use crate::cmd::status;
use crate::{output, render};
use milspec::cli::{Global, Refresh};
use milspec::{signals, Result, Root};
use std::time::Duration;

/// Time between two looks. They make no firmware call.
const PERIOD: Duration = Duration::from_secs(2);

/// Shows the status again and again. Ctrl-C is how it is meant to end, and no failure.
pub fn run(root: &Root, global: &Global) -> Result<u8> {
    signals::catch_for("watch")?;
    ended(global, watch(root, global))
}

fn watch(root: &Root, global: &Global) -> Result<u8> {
    loop {
        let status = status::run(root, Refresh { refresh: false })?;
        let text = if global.json {
            render::line(&status)
        } else if global.quiet {
            String::new()
        } else {
            let text = render::text(&output::stdout_screen(global), &status);
            // Where nothing can be overwritten, an empty line keeps them apart.
            match output::clear() {
                Some(clear) => format!("{clear}{text}"),
                None => format!("{text}\n"),
            }
        };
        let read_on = output::write(&text)?;
        if !read_on || !signals::pause(PERIOD) {
            return Ok(0);
        }
    }
}
