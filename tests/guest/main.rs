// SPDX-License-Identifier: GPL-2.0

//! Tests on the simulated Dell.

fn main() {}
