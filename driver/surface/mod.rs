// SPDX-License-Identifier: GPL-2.0

//! What user space sees. Translates, decides nothing.

pub(crate) mod chardev;
mod request;
pub(crate) mod sysfs;
mod wire;
