// SPDX-License-Identifier: GPL-2.0

//! Where the answers of the driver come from: the device, or a recording of it.

use crate::device::Device;
use crate::diagnose;
use crate::failure::Result;
use crate::recording::Recording;
use crate::root::Root;
use milspec_uapi::{Control, Info, Refresh, Status};

/// All controls, and the generation at which they were copied.
pub struct Listing {
    /// [`Status::generation`] of the copy.
    pub generation: u64,
    /// The controls, in the driver's order.
    pub controls: Vec<Control>,
}

/// The requests of `/dev/milspec`. An error is the errno of the call, to be explained by
/// [`diagnose`].
pub trait Source {
    /// `IOC_INFO`
    fn info(&self) -> nix::Result<Info>;
    /// `IOC_STATUS`
    fn status(&self) -> nix::Result<Status>;
    /// `IOC_CONTROLS`
    fn controls(&self) -> nix::Result<Listing>;
    /// `IOC_REFRESH`
    fn refresh(&mut self) -> nix::Result<Refresh>;
}

/// What a [`Source`] is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only what makes no firmware call.
    Read,
    /// [`Source::refresh`] too.
    Refresh,
}

/// Opens the device, or the recording below `root`.
pub fn open(root: &Root, access: Access) -> Result<Box<dyn Source + '_>> {
    try_open(root, access).map_err(|errno| diagnose::open(root, access, errno))
}

/// [`open`], with the bare errno.
pub fn try_open(root: &Root, access: Access) -> nix::Result<Box<dyn Source + '_>> {
    Ok(match root.note() {
        Some(note) => Box::new(Recording::open(root, note)?),
        None => Box::new(Device::open(root, access)?),
    })
}
