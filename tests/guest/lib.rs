// SPDX-License-Identifier: GPL-2.0

//! Nothing to link: the tests are in `main.rs`.
