// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! `IOC_INFO`.

use super::Head;
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// [`Info::properties`]: the module was loaded with `force` on a machine that is not a Dell.
pub const INFO_FORCED: u32 = 1;

/// Answer of [`IOC_INFO`](super::IOC_INFO). Constant from load to unload.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Info {
    /// Size and flags of this request.
    pub head: Head,
    /// [`ABI_MAJOR`](super::ABI_MAJOR) of the driver.
    pub abi_major: u16,
    /// [`ABI_MINOR`](super::ABI_MINOR) of the driver.
    pub abi_minor: u16,
    /// `INFO_` bits.
    pub properties: u32,
    /// Version of the driver.
    pub driver_version: [u8; 16],
    /// DMI system vendor.
    pub vendor: [u8; 32],
    /// DMI product name.
    pub product: [u8; 64],
    /// DMI BIOS version.
    pub bios_version: [u8; 32],
}

impl Info {
    /// The size in version 1.0.
    pub const SIZE_MIN: u32 = 160;
}

const _: () = assert!(size_of::<Info>() == Info::SIZE_MIN as usize);
