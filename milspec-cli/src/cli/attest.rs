// SPDX-License-Identifier: GPL-2.0

//! `attest ...`

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `attest ...`
#[derive(Debug, Subcommand)]
pub enum AttestCommand {
    /// Make the attestation key, and write its public part to a file
    ///
    /// The TPM makes the key and keeps it, at handle 0x81018D51; its private part never leaves the
    /// TPM. Where the key is there already, it is only written to the file.
    ///
    /// All trust rests on this file: take it from the machine while you trust the machine, and keep
    /// it where attestations are verified. Needs access to the TPM, but no driver.
    Enroll {
        /// Where to write the public key, in PEM, or - for standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print an attestation: journal, state, and a quote of the TPM that ties them together
    ///
    /// Covers PCRs 0 to 7 (firmware and Secure Boot) and the PCR of the journal. Makes no firmware
    /// call, and changes nothing. Needs access to driver and TPM.
    Quote {
        /// What whoever asks has drawn by lot, in hexadecimal digits: 8 to 64 bytes
        #[arg(long, value_name = "HEX", value_parser = nonce)]
        nonce: Nonce,
    },
    /// Check an attestation of another machine
    ///
    /// Needs the public key of that machine and the nonce that was sent to it, but neither a TPM
    /// nor the driver. Says for each check whether it holds. The PCRs of the firmware are shown with
    /// --verbose: what they should hold, only you know.
    Verify(AttestVerify),
}

/// `attest verify`
#[derive(Args, Clone, Debug)]
pub struct AttestVerify {
    /// The attestation, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The public key of the machine, from attest enroll, or - for standard input
    #[arg(long, value_name = "PEM")]
    pub key: PathBuf,
    /// The nonce that was sent to the machine
    ///
    /// Never the one in the file: an old attestation has its own.
    #[arg(long, value_name = "HEX", value_parser = nonce)]
    pub nonce: Nonce,
    /// The PCR of the journal, where the module is loaded with another one
    ///
    /// Say what you expect: by another PCR, root could begin a journal that knows nothing.
    #[arg(long, value_name = "NUMBER", default_value_t = 13, value_parser = clap::value_parser!(u8).range(8..=15))]
    pub pcr: u8,
    /// A saved journal of the machine, with loads before that of the attestation
    ///
    /// May be given several times, the oldest first. What was saved after the attestation is left
    /// out.
    #[arg(long, value_name = "FILE")]
    pub journal: Vec<PathBuf>,
}

/// A nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(pub Vec<u8>);

pub(super) fn nonce(text: &str) -> Result<Nonce, String> {
    match hex::decode(text) {
        Ok(bytes) if (8..=64).contains(&bytes.len()) => Ok(Nonce(bytes)),
        _ => Err("16 to 128 hexadecimal digits are needed, an even number of them".into()),
    }
}
