// SPDX-License-Identifier: GPL-2.0

//! `doctor` for people.

use super::Screen;
use crate::cmd::doctor::Doctor;

/// All checks.
pub fn doctor(_screen: &Screen, _doc: &Doctor) -> String {
    String::new()
}
