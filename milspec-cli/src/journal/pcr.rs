// SPDX-License-Identifier: GPL-2.0

//! What a PCR holds, as the kernel reads it from the TPM.

use crate::root::Root;
use hex::FromHex;
use milspec_posture::journal::Digest;

/// The SHA-256 bank of the first TPM: the one that the driver uses.
const BANK: &str = "/sys/class/tpm/tpm0/pcr-sha256";

/// Reads a PCR; `None` where there is no TPM, or where it does not answer.
pub fn read(root: &Root, number: u8) -> Option<Digest> {
    let digits = root.text(&format!("{BANK}/{number}"))?;
    Digest::from_hex(digits).ok()
}
