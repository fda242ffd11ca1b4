// SPDX-License-Identifier: GPL-2.0

//! The simulated Dell: prepares it, boots it, drives it.

pub mod children;
pub mod dsmil;
pub mod firmware;
pub mod guest;
pub mod image;
pub mod klog;
pub mod kvm;
pub mod machine;
pub mod nvram;
pub mod prepare;
pub mod profile;
pub mod progress;
pub mod proto;
pub mod qemu;
pub mod qmp;
pub mod smbios;
pub mod snapshot;
pub mod tokens;
pub mod tpm;
