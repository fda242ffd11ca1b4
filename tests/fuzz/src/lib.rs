// SPDX-License-Identifier: GPL-2.0

//! What is fuzzed, and what has to hold for any input: one module for each kind of input, with a
//! function that takes the bytes and panics where a promise is broken.
//!
//! `targets/` hands these functions to libFuzzer; [`seeds`] makes what it begins with of the files of
//! this repository.

pub mod attestation;
pub mod attestation_list;
pub mod config;
pub mod dsmil_answers;
pub mod exceptions;
pub mod input;
pub mod journal;
pub mod machine;
pub mod memory;
pub mod monitor_rules;
pub mod recording;
pub mod report;
pub mod scenario;
pub mod seeds;
pub mod token_table;
