// SPDX-License-Identifier: GPL-2.0

//! An error in its three lines.

use crate::screen::{wrap, Mark, Screen};
use milspec::failure::{errno_name, errno_text, Failure};

/// Before what failed.
const PROGRAM: &str = "milspecctl: ";

/// Columns before the "why" and the "next".
const LEAD: usize = 8;

/// What failed, why, and what to do next. Each is a line, unless names of controls make the latter
/// two longer than a line may be.
pub fn error(screen: &Screen, failure: &Failure) -> String {
    let mut what = screen.foreign(&failure.what);
    if let Some(errno) = failure.errno {
        // What an errno means is said where there is room for it: the "why" explains it anyway.
        let text = errno_text(errno);
        let room = screen
            .columns()
            .saturating_sub(PROGRAM.len() + what.len() + 2);
        let text = if text.len() <= room {
            text
        } else {
            errno_name(errno as i32)
        };
        what.push_str(&format!(": {text}"));
    }
    let columns = screen.columns().saturating_sub(LEAD);
    let indented =
        |text: &str| wrap(&screen.foreign(text), columns).join(&format!("\n{:LEAD$}", ""));
    format!(
        "{PROGRAM}{}\n  why:  {}\n  next: {}\n",
        screen.marked(Mark::Bad, &what),
        indented(&failure.why),
        indented(&failure.next)
    )
}
