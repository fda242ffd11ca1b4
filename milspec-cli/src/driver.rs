// SPDX-License-Identifier: GPL-2.0

//! The way to the driver, live or recorded.

use crate::device::Device;
use crate::diagnose;
use crate::failure::Result;
use crate::recording::Recording;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{Access, Source};

/// Opens the device, or the recording below `root`.
pub fn open(root: &Root, access: Access) -> Result<Box<dyn Source + '_>> {
    try_open(root, access).map_err(|errno| diagnose::open(root, access, errno))
}

/// [`open`] for what makes firmware calls. In a training there are none to make: what may be read may
/// be changed.
pub fn open_to_change(root: &Root, access: Access) -> Result<Box<dyn Source + '_>> {
    if let Ok(source) = try_open(root, Access::Read) {
        if Snapshot::read(source.as_ref()).is_ok_and(|snapshot| snapshot.is_training()) {
            return Ok(source);
        }
    }
    open(root, access)
}

/// [`open`], with the bare errno.
pub fn try_open(root: &Root, access: Access) -> nix::Result<Box<dyn Source + '_>> {
    Ok(match root.note() {
        Some(note) => Box::new(Recording::open(root, note)?),
        None => Box::new(Device::open(root, access)?),
    })
}
