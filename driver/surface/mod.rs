// SPDX-License-Identifier: GPL-2.0

//! What user space sees. Translates, decides nothing.

pub(crate) mod answers;
mod apply;
mod attribute_files;
pub(crate) mod attributes;
pub(crate) mod chardev;
mod entry;
mod frame;
pub(crate) mod sysfs;
mod training;
mod wire;
