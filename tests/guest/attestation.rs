// SPDX-License-Identifier: GPL-2.0

//! An attestation, taken apart and put together again: unchanged, changed, or signed by hand. The
//! binding is computed from what docs/attestation.md says of it.

use crate::common::field;
use crate::journal::hash;
use anyhow::{ensure, Result};
use base64::prelude::{Engine, BASE64_STANDARD};
use milspec_machine::machine::Machine;
use milspec_posture::journal::chain;
use milspec_uapi::{Event, EVENT_CHAINED, EVENT_SIZE};
use serde_json::{json, Value};
use zerocopy::{FromBytes, IntoBytes};

/// Where milspecctl keeps the key.
pub const HANDLE: &str = "0x81018D51";

/// An attestation that was taken apart, to be put together again otherwise.
#[derive(Clone)]
pub struct Attestation {
    /// The document; its records are in the other field.
    pub document: Value,
    /// The records.
    pub records: Vec<Event>,
}

impl Attestation {
    /// Takes it apart.
    pub fn new(document: Value) -> Result<Self> {
        let bytes = BASE64_STANDARD.decode(field(&document["journal"], "records")?)?;
        let records = bytes.chunks_exact(EVENT_SIZE);
        let records = records.map(|bytes| Event::read_from_bytes(bytes).expect("of that size"));
        Ok(Self {
            records: records.collect(),
            document,
        })
    }

    /// As a file.
    pub fn text(&self) -> String {
        let mut document = self.document.clone();
        document["journal"]["records"] = json!(BASE64_STANDARD.encode(self.records.as_bytes()));
        document.to_string()
    }

    /// What docs/attestation.md says that the TPM signs, in hexadecimal digits.
    pub fn binding(&self) -> Result<String> {
        let nonce = bytes(field(&self.document, "nonce")?)?;
        let mut all = b"milspec.attestation/1\0".to_vec();
        all.extend(hash(&nonce));
        all.extend(hash(field(&self.document, "state")?.as_bytes()));
        all.extend(hash(self.records.as_bytes()));
        Ok(hex(&hash(&all)))
    }

    /// A part of the quote.
    pub fn quoted(&self, part: &str) -> Result<Vec<u8>> {
        Ok(BASE64_STANDARD.decode(field(&self.document["quote"], part)?)?)
    }

    /// With one bit of a part of the quote changed.
    pub fn flipped(mut self, part: &str, at: usize) -> Result<Self> {
        let mut bytes = self.quoted(part)?;
        bytes[at] ^= 1;
        self.document["quote"][part] = json!(BASE64_STANDARD.encode(bytes));
        Ok(self)
    }

    /// With the text of the state changed.
    pub fn stated(mut self, from: &str, to: &str) -> Result<Self> {
        let state = field(&self.document, "state")?;
        ensure!(state.contains(from), "no {from}");
        self.document["state"] = json!(state.replacen(from, to, 1));
        Ok(self)
    }

    /// Computes the chain anew, as who changed a record would.
    pub fn chained(mut self) -> Self {
        let mut before = [0; 32];
        for event in &mut self.records {
            let covered = &event.as_bytes()[..EVENT_CHAINED];
            before = chain(hash, &before, covered).expect("the right length");
            event.chain = before;
        }
        self
    }

    /// As root of the machine would sign it who has the TPM sign whatever he likes.
    pub fn signed(mut self, machine: &Machine, pcrs: &[u8]) -> Result<Self> {
        let list: Vec<String> = pcrs.iter().map(u8::to_string).collect();
        let line = format!(
            "cd /tmp && tpm2_quote -Q -c {HANDLE} -l sha256:{} -q {} -g sha256 -m message \
             -s signature -o values -F values",
            list.join(","),
            self.binding()?
        );
        machine.sh(&line)?.ok()?;
        self = self.with_signed(machine)?;
        let values = file(machine, "/tmp/values")?;
        let values = values.chunks(32).map(hex);
        let pcrs = pcrs.iter().map(u8::to_string).zip(values.map(Value::from));
        self.document["quote"]["pcrs"] = Value::Object(pcrs.collect());
        Ok(self)
    }

    /// With what is in `/tmp/message` and `/tmp/signature`.
    pub fn with_signed(mut self, machine: &Machine) -> Result<Self> {
        for part in ["message", "signature"] {
            let bytes = file(machine, &format!("/tmp/{part}"))?;
            self.document["quote"][part] = json!(BASE64_STANDARD.encode(bytes));
        }
        Ok(self)
    }
}

/// Hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal digits.
pub fn bytes(text: &str) -> Result<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| Ok(u8::from_str_radix(&text[at..at + 2], 16)?))
        .collect()
}

/// The bytes of a file of a machine.
pub fn file(machine: &Machine, path: &str) -> Result<Vec<u8>> {
    let bytes = machine.guest()?.read(path)?;
    bytes.map_err(|error| anyhow::anyhow!("{path}: errno {error}"))
}
