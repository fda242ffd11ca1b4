// SPDX-License-Identifier: GPL-2.0

//! An error in its three lines.

use super::{Mark, Screen};
use crate::failure::{errno_text, Failure};

/// What failed, why, and what to do next.
pub fn error(screen: &Screen, failure: &Failure) -> String {
    let errno = failure
        .errno
        .map(|errno| format!(": {}", errno_text(errno)))
        .unwrap_or_default();
    let what = screen.marked(Mark::Bad, &format!("{}{errno}", failure.what));
    format!(
        "milspecctl: {what}\n  why:  {}\n  next: {}\n",
        failure.why, failure.next
    )
}
