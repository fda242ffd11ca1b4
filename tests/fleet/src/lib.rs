// SPDX-License-Identifier: GPL-2.0

//! A simulated fleet: what happens on machines that nobody attacks, attacks on them, and what a monitor
//! makes of it. All of it is made up; `tests/measured` says what comes of it, and a test of the guest plays
//! some of it to the real driver.

pub mod attack;
pub mod benign;
pub mod lot;
pub mod monitor;
pub mod told;
pub mod unseen;
