// SPDX-License-Identifier: GPL-2.0

//! The simulated Dell: prepares it, boots it, drives it.

pub mod prepare;
pub mod progress;
