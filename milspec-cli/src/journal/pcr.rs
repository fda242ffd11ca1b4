// SPDX-License-Identifier: GPL-2.0

//! What a PCR holds, as the kernel reads it from the TPM.

use crate::root::Root;
use milspec_posture::journal::Digest;

/// The SHA-256 bank of the first TPM: the one that the driver uses.
const BANK: &str = "/sys/class/tpm/tpm0/pcr-sha256";

/// Reads a PCR; `None` where there is no TPM, or where it does not answer.
pub fn read(root: &Root, number: u8) -> Option<Digest> {
    parse(&root.text(&format!("{BANK}/{number}"))?)
}

/// 32 bytes from hexadecimal digits.
pub fn parse(text: &str) -> Option<Digest> {
    let mut value = Digest::default();
    let text = text.trim();
    if text.len() != value.len() * 2 || !text.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in value.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(value)
}
