// SPDX-License-Identifier: GPL-2.0

//! `milspecctl attest enroll`

use crate::output;
use milspec::attestation::key;
use milspec::input::is_standard;
use milspec::journal::chain::hash;
use milspec::{tpm_tools, Failure, Result, Root};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// `milspec.attest-enroll/1`
#[derive(Debug, Serialize)]
pub struct AttestEnrollDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where the key is in the TPM.
    pub handle: &'static str,
    /// Whether it was made now; else it was there already.
    pub made: bool,
    /// The file with the public key.
    pub file: String,
    /// SHA-256 of that file.
    pub sha256: String,
}

/// Makes the key where there is none, and writes its public part.
pub fn run(root: &Root, file: &Path) -> Result<AttestEnrollDoc> {
    live(root, "attest enroll")?;
    tpm_tools::find_tpm()?;
    let made = !key::is_there()?;
    if made {
        key::make()?;
    }
    let pem = key::public()?;
    match is_standard(file) {
        true => drop(output::write(&pem)?),
        false => write(file, &pem).map_err(|error| not_written(file, &error))?,
    }
    Ok(AttestEnrollDoc {
        schema: "milspec.attest-enroll/1",
        handle: key::HANDLE,
        made,
        file: output::name(file),
        sha256: hex::encode(hash(&pem)),
    })
}

/// Has it on disk when it returns.
fn write(path: &Path, pem: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(pem)?;
    match file.metadata()?.is_file() {
        true => file.sync_all(),
        false => Ok(()),
    }
}

fn not_written(file: &Path, error: &io::Error) -> Failure {
    Failure::new(
        "file-not-written",
        format!("cannot write {}", file.display()),
        "the file or the disk it is on cannot be written",
        "name a file in a directory that exists: the key is there, and stays",
    )
    .with_error(error)
}

/// Refuses to take a recording for a machine with a TPM.
pub fn live(root: &Root, command: &str) -> Result<()> {
    match root.note() {
        None => Ok(()),
        Some(_) => Err(Failure::new(
            "unsupported",
            format!("cannot {command} on a recording"),
            "a recording has no TPM that could sign",
            "run it on a machine, without --root",
        )),
    }
}
