// SPDX-License-Identifier: GPL-2.0

//! The subcommands that use a machine, one per file.

pub mod bench;
mod bench_clients;
pub mod demo;
pub mod nvram;
pub mod profiles;
pub mod run;
pub mod shell;
pub mod tables;
pub mod which;
