// SPDX-License-Identifier: GPL-2.0

//! The simulated Dell: prepares it, boots it, drives it.
//!
//! A test gets a machine, does something in the guest as a user would, does
//! something to the firmware behind the guest's back, and looks at both:
//!
//! ```no_run
//! use milspec_machine::{Call, Fault, Machine, Module, Options, Wrong};
//!
//! # fn main() -> anyhow::Result<()> {
//! let machine = Machine::from_snapshot("rugged", &Options::module(Module::Present))?;
//! machine.run(["modprobe", "dell_milspec"])?.ok()?;
//!
//! // Move a cell behind the driver's back.
//! let nvram = machine.nvram()?;
//! nvram.set_setting(machine.plan(), "camera", "disabled")?;
//! machine.run(["milspecctl", "status", "--refresh"])?.ok()?;
//!
//! // Count calls, and make the second token read from now fail.
//! let before = nvram.counts()?;
//! let fault = nvram.arm(Fault::new(Call::TOKEN_READ, Wrong::Fail(-1)).nth(2))?;
//! machine.run(["milspecctl", "status", "--refresh"])?;
//! assert_eq!(nvram.hits(fault)?, 1);
//! assert!(nvram.counts()?.since(&before).token_reads() > 1);
//!
//! // An oops anywhere fails the test.
//! machine.check_kernel_log()
//! # }
//! ```
//!
//! | to do | is |
//! |---|---|
//! | boot, restore, reboot | [`Machine::boot`], [`Machine::from_snapshot`], [`Machine::reboot`] |
//! | the same with systemd and a disk | [`Machine::with_systemd`], [`Machine::power_cycle`], [`Machine::wait_reboot`], [`Machine::update_bios`], [`Machine::journal`] |
//! | the same under Secure Boot | [`Options::secure_boot`], [`Machine::reboot_and_manage_keys`], [`uefi`] |
//! | run in the guest | [`Machine::run`], [`Machine::sh`], [`GuestCommand`], [`guest::Guest::spawn`] |
//! | files of the guest | [`Machine::read`], [`guest::Guest::write`] |
//! | cells, password, intrusion, DSMIL states | [`nvram::controls`] |
//! | faults | [`Fault`], [`Call`], [`Wrong`], [`nvram::fault`] |
//! | counts and the log of calls | [`nvram::Nvram::counts`], [`nvram::Nvram::log_since`] |
//! | events and notifications | [`Machine::raise_event`], [`Machine::foreign_notify`], [`Machine::dsmil_change`] |
//! | tokens of a profile | [`tokens::Plan`] |
//!
//! Dropping a [`Machine`] switches it off and removes its files, also when a
//! test panics or a person presses Ctrl-C.

pub mod bench;
pub mod cells;
pub mod children;
pub mod coverage;
pub mod dsmil;
pub mod findings;
pub mod firmware;
pub mod guest;
pub mod image;
pub mod klog;
pub mod kvm;
pub mod machine;
pub mod nvram;
pub mod options;
pub mod prepare;
pub mod profile;
pub mod progress;
pub mod proto;
pub mod qemu;
pub mod qmp;
pub mod report;
pub mod running;
pub mod smbios;
pub mod snapshot;
pub mod table;
pub mod tokens;
pub mod tpm;
pub mod trial;
pub mod uefi;
pub mod walk;

pub use guest::{GuestCommand, Output};
pub use machine::Machine;
pub use nvram::fault::{Armed, Call, Fault, Held, Wrong};
pub use nvram::Nvram;
pub use options::{prepared, Clock, Module, Options};
pub use profile::Profile;
