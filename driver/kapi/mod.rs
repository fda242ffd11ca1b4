// SPDX-License-Identifier: GPL-2.0

//! Safe wrappers over C interfaces for which the kernel has no Rust abstraction.
//!
//! All `unsafe` of this driver is below this module, one file per matter.

pub(crate) mod acpi;
pub(crate) mod actor;
pub(crate) mod audit;
pub(crate) mod chardev;
pub(crate) mod compat;
pub(crate) mod crypto;
pub(crate) mod dell_smbios;
pub(crate) mod dmi;
pub(crate) mod error;
pub(crate) mod faux;
pub(crate) mod firmware_attributes;
pub(crate) mod global;
pub(crate) mod lock;
pub(crate) mod module;
pub(crate) mod notify;
pub(crate) mod params;
pub(crate) mod power;
pub(crate) mod privilege;
pub(crate) mod signal;
pub(crate) mod sysfs;
pub(crate) mod tpm;
pub(crate) mod uevent;
mod wmi;
pub(crate) mod worker;
