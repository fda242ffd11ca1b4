// SPDX-License-Identifier: GPL-2.0

//! The attestation key: a key of the TPM with which it signs only what it has made itself.

use crate::failure::{Failure, Result};
use crate::tpm_tools::{ask_tpm, value, Scratch};

/// Where the key is in the TPM. Handles of the endorsement hierarchy are 0x8101xxxx; endorsement keys
/// are at the first of them, by TCG's registry of reserved handles, and keys of others from
/// 0x81018000 on. The last digits are ours, so that nobody else's are the same.
pub const HANDLE: &str = "0x81018D51";

/// What `tpm2_readpublic` says of a key that we would have made.
const PUBLIC: [(&str, &str); 5] = [
    ("type", "ecc"),
    ("curve-id", "NIST p256"),
    ("scheme", "ecdsa"),
    ("scheme-halg", "sha256"),
    (
        "attributes",
        "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign",
    ),
];

/// Whether there is something at [`HANDLE`].
pub fn is_there() -> Result<bool> {
    const WHAT: &str = "cannot ask the TPM for its keys";
    let text = ask_tpm(WHAT, "tpm2_getcap", "handles-persistent")?;
    let lines = text.lines().map(str::trim);
    let mut handles = lines.filter_map(|line| line.strip_prefix("- "));
    Ok(handles.any(|handle| handle.eq_ignore_ascii_case(HANDLE)))
}

/// Makes the key, and has the TPM keep it.
pub fn make() -> Result<()> {
    const WHAT: &str = "cannot make an attestation key";
    const KEEP: &str = "cannot keep the attestation key";
    let endorsement = Scratch::new()?;
    let attestation = Scratch::new()?;
    let (parent, key) = (endorsement.path(), attestation.path());
    ask_tpm(WHAT, "tpm2_createek", &format!("-Q -G ecc -c {parent}"))?;
    let made = format!("-Q -C {parent} -c {key} -G ecc -g sha256 -s ecdsa");
    ask_tpm(WHAT, "tpm2_createak", &made)?;
    let keep = format!("-Q -C o -c {key} {HANDLE}");
    ask_tpm(KEEP, "tpm2_evictcontrol", &keep)?;
    Ok(())
}

/// The public key in PEM. Fails where something else is at [`HANDLE`].
pub fn public() -> Result<Vec<u8>> {
    const WHAT: &str = "cannot read the attestation key";
    let pem = Scratch::new()?;
    let asked = format!("-c {HANDLE} -f pem -o {}", pem.path());
    let said = ask_tpm(WHAT, "tpm2_readpublic", &asked)?;
    let other = |(key, wanted): &&(&str, &str)| value(&said, key) != Some(wanted);
    match PUBLIC.iter().find(other) {
        None => pem.read(),
        Some((key, wanted)) => Err(Failure::new(
            "handle-taken",
            format!("what the TPM keeps at {HANDLE} is not an attestation key"),
            format!("its {key} is not {wanted}: somebody else has put it there"),
            "ask who uses this handle; milspecctl never overwrites one",
        )),
    }
}
