// SPDX-License-Identifier: GPL-2.0

//! An error in its three lines.

use crate::page::Page;
use crate::screen::{Mark, Screen};
use milspec::failure::{errno_name, errno_text};
use milspec::Failure;

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
        let room = screen
            .columns()
            .saturating_sub(PROGRAM.len() + what.len() + 2);
        let text = Some(errno_text(errno)).filter(|text| text.len() <= room);
        let text = text.unwrap_or_else(|| errno_name(errno as i32));
        what.push_str(&format!(": {text}"));
    }
    let mut page = Page::new(screen);
    page.line(format!("{PROGRAM}{}", screen.marked(Mark::Bad, &what)));
    page.hang("  why:  ", LEAD, Mark::Plain, &[&failure.why]);
    page.hang("  next: ", LEAD, Mark::Plain, &[&failure.next]);
    page.finish()
}
