// SPDX-License-Identifier: GPL-2.0

//! What the driver knows about controls: pure logic, no kernel, no allocation.
