// SPDX-License-Identifier: GPL-2.0

//! Numbers of errors.

use kernel::prelude::*;

/// Returns the positive errno of an error.
pub(crate) fn errno(error: Error) -> u32 {
    error.to_errno().unsigned_abs()
}
