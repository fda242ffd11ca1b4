// SPDX-License-Identifier: GPL-2.0

//! The client library of the `dell_milspec` driver: for monitors, fleet agents and whoever else wants
//! to know how a Dell machine is hardened, or to change that.
//!
//! - [`machine::open`] is the machine: the live one, or a recording that stands in for it.
//! - [`snapshot::Snapshot`] is everything that the driver says, at one moment; [`model`] has it in
//!   words.
//! - [`change::Change`] is what shall be changed; its plan says what that takes and what is refused.
//!   [`source::Source::apply`] makes the change. It needs root, and the generation of the plan.
//! - [`journal`] reads, keeps and verifies the driver's records, [`attestation`] checks what another
//!   machine says of itself.
//! - [`doctor`] finds out why something does not work, [`report`] tells the project about a machine.
//!
//! Every error is a [`failure::Failure`]: what failed, why, and what to do, in words for people, with
//! a stable name. Remedies name commands of `milspecctl`, which is made of this library and is in the
//! same package. Nothing here prints, asks or exits. Names and meanings of controls, values and modes
//! are in `docs/modes.md` and `docs/controls.md`.
//!
//! Without the feature `cli`, which is on by default, the arguments of `milspecctl` are left out, and
//! clap with them.
//!
//! ```no_run
//! use milspec::{machine, model::Standing, Snapshot};
//!
//! let snapshot = Snapshot::take(&machine::open(None)?, false)?;
//! let mode = Standing::new(&snapshot.status, &snapshot.controls);
//! println!("{}", mode.in_words());
//! # Ok::<(), milspec::Failure>(())
//! ```

#![deny(unsafe_code)]

pub mod attestation;
pub mod attributes;
pub mod baseline;
pub mod catalogue;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clock;
pub mod compliance;
pub mod config;
#[allow(unsafe_code)]
mod device;
pub mod diagnose;
pub mod doctor;
pub mod driver;
pub mod failure;
pub mod fwupd;
pub mod input;
pub mod journal;
pub mod kept;
pub mod machine;
pub mod model;
pub mod monitor;
pub mod program;
pub mod recording;
pub mod refusal;
pub mod report;
pub mod root;
#[allow(unsafe_code)]
pub mod signals;
pub mod smbios;
#[allow(unsafe_code)]
mod smbios_device;
pub mod snapshot;
pub mod source;
pub mod system;
pub mod systemd;
pub mod tpm_tools;
pub mod training;
pub mod unconfirmed;
pub mod warning;
pub mod words;

pub use change::Change;
pub use failure::{Exit, Failure, Result};
pub use root::Root;
pub use snapshot::Snapshot;
pub use source::{Access, Source};
pub use warning::Warning;
