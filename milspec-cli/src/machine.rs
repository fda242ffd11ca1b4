// SPDX-License-Identifier: GPL-2.0

//! The machine to look at.

use crate::failure::Result;
use crate::report;
use crate::root::Root;
use std::path::Path;

/// The live machine without `path`; else what stands in for one: the recorded tree in a directory,
/// or the report in a file.
pub fn open(path: Option<&Path>) -> Result<Root> {
    match path {
        Some(path) if path.is_file() => report::root(path),
        path => Root::open(path),
    }
}
