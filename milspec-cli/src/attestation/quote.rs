// SPDX-License-Identifier: GPL-2.0

//! Quotes: a TPM signs what PCRs hold, and a few bytes of who asks.

use super::key::HANDLE;
use crate::failure::Result;
use crate::journal::chain::hash;
use crate::tpm_tools::{ask_tpm, run, value, Said, Scratch};
use milspec_posture::journal::Digest;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The PCRs of firmware and Secure Boot.
const FIRMWARE: std::ops::RangeInclusive<u8> = 0..=7;

/// TPM_ST_ATTEST_QUOTE.
const QUOTE: &str = "8018";

/// The PCRs that a quote covers.
pub fn covered(journal: u8) -> BTreeSet<u8> {
    FIRMWARE.chain([journal]).collect()
}

/// A quote, as the TPM gave it.
pub struct Quote {
    /// TPMS_ATTEST.
    pub message: Vec<u8>,
    /// TPMT_SIGNATURE.
    pub signature: Vec<u8>,
    /// What the PCRs held.
    pub pcrs: BTreeMap<u8, Digest>,
}

impl Quote {
    /// Has the TPM make one, in the SHA-256 bank.
    pub fn make(journal: u8, qualifying: &Digest) -> Result<Self> {
        let numbers = covered(journal);
        let list: Vec<String> = numbers.iter().map(u8::to_string).collect();
        let list = format!("sha256:{}", list.join(","));
        let (message, signature, values) = (Scratch::new()?, Scratch::new()?, Scratch::new()?);
        let asked = format!(
            "-Q -c {HANDLE} -g sha256 -l {list} -q {}",
            hex::encode(qualifying)
        );
        let answer = format!("-m {} -s {}", message.path(), signature.path());
        let held = format!("-F values -o {}", values.path());
        let arguments = format!("{asked} {answer} {held}");
        ask_tpm("cannot get a quote", "tpm2_quote", &arguments)?;
        let values = values.read()?;
        let values = values.chunks_exact(size_of::<Digest>());
        let values = values.filter_map(|value| Digest::try_from(value).ok());
        Ok(Self {
            message: message.read()?,
            signature: signature.read()?,
            pcrs: numbers.into_iter().zip(values).collect(),
        })
    }
}

/// What stands in a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The bytes of who asked.
    pub qualifying: Vec<u8>,
    /// The PCRs of the SHA-256 bank that it covers.
    pub numbers: BTreeSet<u8>,
    /// SHA-256 over what they held.
    pub digest: Vec<u8>,
    /// How often the TPM was reset, which zeroes PCRs.
    pub boot: Boot,
}

/// Counters of the TPM. While they stay, no PCR was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Boot {
    /// Grows with each boot.
    pub reset_count: u32,
    /// Grows when the machine wakes from hibernation or sleep; zero after a boot.
    pub restart_count: u32,
}

impl Quoted {
    /// Takes a TPMS_ATTEST apart; fails, in words, where it is no quote.
    pub fn read(message: &[u8]) -> Result<std::result::Result<Self, String>> {
        let file = Scratch::with(message)?;
        let said = run("tpm2_print", &format!("-t TPMS_ATTEST {}", file.path()))?;
        Ok(said.and_then(|text| {
            Self::parse(&text).ok_or_else(|| "it is no quote of the SHA-256 bank".into())
        }))
    }

    /// What `tpm2_print` prints.
    fn parse(text: &str) -> Option<Self> {
        let one_bank = value(text, "count")? == "1" && value(text, "hash")? == "11 (sha256)";
        if value(text, "type")? != QUOTE || !one_bank {
            return None;
        }
        let mask = hex::decode(value(text, "pcrSelect")?).ok()?;
        let has = |number: &u8| {
            let byte = mask.get(usize::from(number / 8));
            byte.is_some_and(|byte| byte >> (number % 8) & 1 == 1)
        };
        Some(Self {
            qualifying: hex::decode(value(text, "extraData")?).ok()?,
            numbers: (0..=u8::MAX).filter(has).collect(),
            digest: hex::decode(value(text, "pcrDigest")?).ok()?,
            boot: Boot {
                reset_count: value(text, "resetCount")?.parse().ok()?,
                restart_count: value(text, "restartCount")?.parse().ok()?,
            },
        })
    }

    /// Whether these are the values that were quoted.
    pub fn holds(&self, pcrs: &BTreeMap<u8, Digest>) -> bool {
        let values: Vec<Digest> = pcrs.values().copied().collect();
        self.numbers.iter().eq(pcrs.keys()) && self.digest == hash(values.as_flattened())
    }
}

/// Whether this key signed this quote, as `tpm2_checkquote` judges it.
pub fn check(key: &[u8], message: &[u8], signature: &[u8], quoted: &Quoted) -> Result<Said> {
    let (key, message) = (Scratch::with(key)?, Scratch::with(message)?);
    let signature = Scratch::with(signature)?;
    let signed = format!("-m {} -s {}", message.path(), signature.path());
    let qualifying = hex::encode(&quoted.qualifying);
    let arguments = format!("-u {} {signed} -q {qualifying}", key.path());
    run("tpm2_checkquote", &arguments)
}
