// SPDX-License-Identifier: GPL-2.0

//! `milspecctl`: shows how a Dell machine is hardened, through the `dell_milspec` driver.

fn main() {}
