// SPDX-License-Identifier: GPL-2.0

//! The client library of the `dell_milspec` driver.

#![deny(unsafe_code)]

pub mod attestation;
pub mod attributes;
pub mod baseline;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod desired;
#[allow(unsafe_code)]
mod device;
pub mod diagnose;
pub mod doctor;
pub mod facts;
pub mod failure;
#[allow(unsafe_code)]
pub mod interrupt;
pub mod journal;
pub mod json;
pub mod model;
pub mod recording;
pub mod refusal;
pub mod report;
pub mod root;
pub mod smbios;
#[allow(unsafe_code)]
mod smbios_device;
pub mod snapshot;
pub mod source;
pub mod tpm_tools;
pub mod warning;
pub mod wish;
pub mod words;
