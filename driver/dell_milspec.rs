// SPDX-License-Identifier: GPL-2.0

//! Driver for the security controls of Dell machines.

use kernel::prelude::*;

mod posture;
mod uapi;

module! {
    type: DellMilspec,
    name: "dell_milspec",
    authors: ["The dell_milspec maintainers"],
    description: "Security controls of Dell machines",
    license: "GPL v2",
}

struct DellMilspec;

impl kernel::Module for DellMilspec {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
