// SPDX-License-Identifier: GPL-2.0

#![no_main]
#![allow(missing_docs)]

libfuzzer_sys::fuzz_target!(|data: &[u8]| milspec_fuzz::monitor_rules::check(data));
