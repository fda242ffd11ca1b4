// SPDX-License-Identifier: GPL-2.0

//! Attestations: what a machine says of itself, in a form that its TPM vouches for. The format is
//! defined to the byte in docs/attestation.md.

pub mod check;
pub mod key;
pub mod quote;
mod state;

pub use state::State;

use crate::failure::{Failure, Result};
use crate::input;
use crate::journal::chain::hash;
use crate::journal::file;
use crate::words::shown;
use base64::prelude::{Engine, BASE64_STANDARD};
use hex::FromHex;
use milspec_posture::journal::Digest;
use milspec_uapi::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use zerocopy::IntoBytes;

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.attestation/1";

/// More than an attestation with all records that the driver keeps.
const LENGTH_MAX: u64 = 16 << 20;

/// `milspec.attestation/1`
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attestation {
    /// Name and major version of this document.
    pub schema: String,
    /// The nonce of who asked for it, in hexadecimal digits.
    pub nonce: String,
    /// What the machine says of itself: the text of a JSON document, [`State`]. What is bound are
    /// its bytes, so it is kept as a text.
    pub state: String,
    /// The journal.
    pub journal: Journal,
    /// What the TPM signed.
    pub quote: Quote,
}

/// The journal in an [`Attestation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    /// Number of the PCR that records are extended into.
    pub pcr: u8,
    /// The records as the driver gives them, in base64.
    pub records: String,
}

/// What the TPM signed, in an [`Attestation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quote {
    /// TPMS_ATTEST, in base64.
    pub message: String,
    /// TPMT_SIGNATURE, in base64.
    pub signature: String,
    /// What each quoted PCR held in the SHA-256 bank, by its number, in hexadecimal digits.
    pub pcrs: BTreeMap<u8, String>,
}

/// The parts of an attestation, decoded.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The nonce.
    pub nonce: Vec<u8>,
    /// The text that the state is.
    pub text: String,
    /// What it says.
    pub state: State,
    /// The PCR of the journal.
    pub pcr: u8,
    /// The records.
    pub records: Vec<Event>,
    /// TPMS_ATTEST.
    pub message: Vec<u8>,
    /// TPMT_SIGNATURE.
    pub signature: Vec<u8>,
    /// The PCRs.
    pub pcrs: BTreeMap<u8, Digest>,
}

impl Parts {
    /// As a document.
    pub fn encode(&self) -> Attestation {
        let value = |(number, value): (&u8, &Digest)| (*number, hex::encode(value));
        Attestation {
            schema: SCHEMA.into(),
            nonce: hex::encode(&self.nonce),
            state: self.text.clone(),
            journal: Journal {
                pcr: self.pcr,
                records: BASE64_STANDARD.encode(self.records.as_bytes()),
            },
            quote: Quote {
                message: BASE64_STANDARD.encode(&self.message),
                signature: BASE64_STANDARD.encode(&self.signature),
                pcrs: self.pcrs.iter().map(value).collect(),
            },
        }
    }

    /// Reads a file, or standard input for `-`.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &input::read(path, LENGTH_MAX)?)
    }

    /// Those in what was read from `path`.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        decode(bytes).map_err(|why| {
            Failure::new(
                "attestation-invalid",
                format!("{} is no attestation", input::name(path)),
                shown(&why),
                "name what \"milspecctl attest quote\" printed, whole and unchanged",
            )
        })
    }

    /// What the TPM has to sign: nonce, state and records, so that none of them can be changed.
    pub fn binding(&self) -> Digest {
        binding(&self.nonce, &self.text, &self.records)
    }
}

/// What ties a nonce, a state and records to a quote.
pub fn binding(nonce: &[u8], state: &str, records: &[Event]) -> Digest {
    // A label, so that these bytes mean nothing in any other protocol; then parts of one length, so
    // that none of them can lend bytes to the next.
    let parts = [nonce, state.as_bytes(), records.as_bytes()].map(hash);
    hash(&[SCHEMA.as_bytes(), b"\0", parts.as_flattened()].concat())
}

fn decode(text: &[u8]) -> std::result::Result<Parts, String> {
    let document: Attestation = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if document.schema != SCHEMA {
        return Err(format!("its schema is \"{}\"", document.schema));
    }
    let base64 = |field: &str, text: &str| {
        let bytes = BASE64_STANDARD.decode(text);
        bytes.map_err(|error| format!("{field}: {error}"))
    };
    let (records, torn) = file::parse(&base64("journal.records", &document.journal.records)?);
    if torn > 0 {
        return Err("journal.records: the last record is cut off".into());
    }
    let pcr = |(number, text): (&u8, &String)| {
        let value = Digest::from_hex(text);
        let value = value.map_err(|error| format!("quote.pcrs: PCR {number}: {error}"));
        Ok::<_, String>((*number, value?))
    };
    let state: State =
        serde_json::from_str(&document.state).map_err(|error| format!("state: {error}"))?;
    if state.schema != state::SCHEMA {
        return Err(format!("state: its schema is \"{}\"", state.schema));
    }
    Ok(Parts {
        nonce: hex::decode(&document.nonce).map_err(|error| format!("nonce: {error}"))?,
        state,
        pcr: document.journal.pcr,
        records,
        message: base64("quote.message", &document.quote.message)?,
        signature: base64("quote.signature", &document.quote.signature)?,
        pcrs: document
            .quote
            .pcrs
            .iter()
            .map(pcr)
            .collect::<std::result::Result<_, _>>()?,
        text: document.state,
    })
}

/// Whether this is an attestation, by what it says of itself.
pub fn is_one(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Option<Head> = serde_json::from_slice(bytes).ok();
    head.is_some_and(|head| head.schema == SCHEMA)
}

/// A public key in PEM.
pub fn read_key(path: &Path) -> Result<Vec<u8>> {
    let bytes = input::read(path, LENGTH_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start().starts_with("-----BEGIN PUBLIC KEY-----") {
        return Ok(bytes);
    }
    Err(Failure::new(
        "key-invalid",
        format!("{} is no public key", input::name(path)),
        "it does not begin as a public key in PEM does",
        "name the file that \"milspecctl attest enroll\" wrote",
    ))
}
