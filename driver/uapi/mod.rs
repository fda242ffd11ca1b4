// SPDX-License-Identifier: GPL-2.0

//! Wire types of `/dev/milspec`.
