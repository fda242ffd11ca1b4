// SPDX-License-Identifier: GPL-2.0

//! What the driver knows about controls: pure logic, no kernel, no allocation.
//!
//! Compiled into the module and, as a crate of its own, on the host, where its tests run.

pub mod attributes;
pub mod control;
pub mod deny;
pub mod dsmil;
pub mod errno;
pub mod fact;
pub mod gate;
pub mod journal;
pub mod listed;
pub mod machine;
pub mod mode;
pub mod names;
pub mod number;
pub mod order;
pub mod plan;
pub mod setting;
pub mod settings;
pub mod standing;
pub mod token_table;
pub mod training;
pub mod transaction;
