// SPDX-License-Identifier: GPL-2.0

//! `milspecctl attest verify`

use milspec::attestation::check::Check;
use milspec::attestation::quote::{self, Boot};
use milspec::attestation::{self, Parts, State};
use milspec::cli::AttestVerify;
use milspec::journal::chain::{self, hash};
use milspec::journal::file::{self, Saved};
use milspec::journal::live::Anchor;
use milspec::journal::replay::since_boot;
use milspec::journal::verdict::{Broken, LoadDoc, Pcr};
use milspec::{input, Failure, Result, Warning};
use milspec_posture::journal::Digest;
use milspec_uapi::Event;
use serde::Serialize;
use std::collections::BTreeMap;

/// `milspec.attestation-verify/1`
#[derive(Debug, Default, Serialize)]
pub struct AttestVerifyDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// The attestation.
    pub file: String,
    /// SHA-256 of the file with the public key.
    pub key_sha256: String,
    /// What was checked, in the order in which one check rests on the one before it.
    pub checks: Vec<Check>,
    /// What the machine says of itself; null where that may have been changed on its way.
    pub state: Option<State>,
    /// What the quoted PCRs hold; null where that may have been changed on its way.
    pub pcrs: Option<BTreeMap<u8, String>>,
    /// How often the TPM was reset; null where that may have been changed on its way.
    pub boot: Option<Boot>,
    /// The loads of the module whose records hold, the oldest first.
    pub loads: Vec<LoadDoc>,
    /// The first record that does not fit.
    pub broken: Option<Broken>,
    /// Whether the records lead from a PCR that was zero to the quoted one: nothing that was
    /// extended since the boot is missing.
    pub since_boot: bool,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// The first check that does not hold.
    pub error: Option<Failure>,
}

/// Verifies. Takes neither driver nor TPM.
pub fn run(verify: &AttestVerify) -> Result<AttestVerifyDoc> {
    of(&Parts::read(&verify.file)?, verify)
}

/// Verifies what was read from that file.
pub fn of(parts: &Parts, verify: &AttestVerify) -> Result<AttestVerifyDoc> {
    let key = attestation::read_key(&verify.key)?;
    let saved = verify.journal.iter().map(|path| file::read(path));
    let saved = saved.collect::<Result<Vec<Saved>>>()?;
    let mut files = until(saved, parts.records.last());
    files.push(Saved {
        name: input::name(&verify.file),
        events: parts.records.clone(),
        torn: 0,
    });
    let mut document = AttestVerifyDoc {
        schema: "milspec.attestation-verify/1",
        file: input::name(&verify.file),
        key_sha256: hex::encode(hash(&key)),
        ..Default::default()
    };
    document.check_quote(parts, &key, verify)?;
    document.check_journal(parts, &files);
    document.error = document
        .checks
        .iter()
        .find_map(|check| check.failure.clone());
    Ok(document)
}

impl AttestVerifyDoc {
    /// Whether the TPM has signed this quote, for this nonce, with this state and these records.
    fn check_quote(&mut self, parts: &Parts, key: &[u8], verify: &AttestVerify) -> Result<()> {
        let quoted = quote::Quoted::read(&parts.message)?;
        let signed = match &quoted {
            Ok(quoted) => quote::check(key, &parts.message, &parts.signature, quoted)?,
            Err(words) => Err(words.clone()),
        };
        let quoted = quoted.ok();
        let signature = Check::signature(signed.err());
        let binding = quoted
            .as_ref()
            .map(|quoted| quoted.qualifying == parts.binding());
        let binding = Check::binding(binding);
        let covered = quote::covered(verify.pcr);
        let pcrs = quoted.as_ref().map(|quoted| {
            parts.pcr == verify.pcr && quoted.numbers == covered && quoted.holds(&parts.pcrs)
        });
        let pcrs = Check::pcrs(pcrs);
        // What was not signed is not passed on as if it were.
        if signature.holds() && binding.holds() {
            self.state = Some(parts.state.clone());
        }
        if signature.holds() && pcrs.holds() {
            let value = |(number, value): (&u8, &Digest)| (*number, hex::encode(value));
            self.pcrs = Some(parts.pcrs.iter().map(value).collect());
        }
        self.boot = quoted
            .filter(|_| signature.holds())
            .map(|quoted| quoted.boot);
        let nonce = Check::nonce(parts.nonce == verify.nonce.0);
        self.checks = vec![signature, nonce, binding, pcrs];
        Ok(())
    }

    /// Whether the records are all of them, and lead to the PCR.
    fn check_journal(&mut self, parts: &Parts, files: &[Saved]) {
        let chains = chain::verify(files.iter().map(|saved| saved.events.as_slice()));
        self.broken = Broken::first(&chains, files);
        self.loads = LoadDoc::all(&chains.loads);
        let chain = Check::chain(parts.records.len(), self.broken.as_ref());
        let load = chains.loads.last().filter(|_| chain.holds());
        let value = parts.pcrs.get(&parts.pcr).filter(|_| self.pcrs.is_some());
        let compared = load.zip(value);
        let compared =
            compared.map(|(load, value)| Pcr::compare(load, Anchor::Holds(parts.pcr, *value)));
        let journal = Check::journal(compared.as_ref());
        if let (true, true, Some(load)) = (journal.holds(), self.state.is_some(), load) {
            LoadDoc::prove(&mut self.loads, load.last());
        }
        self.since_boot = journal.holds() && since_boot(&chains.loads);
        if journal.holds() && !self.since_boot {
            self.warnings.push(Warning::new(
                "not-since-boot",
                format!(
                    "PCR {} was not zero before the first record: the module had been loaded \
                     before, or somebody else had extended it",
                    parts.pcr
                ),
                "add the saved journal of the loads before it with --journal",
            ));
        }
        self.checks.extend([chain, journal]);
    }
}

/// Leaves out what was saved after the attestation was made, whose last record this is.
fn until(mut saved: Vec<Saved>, last: Option<&Event>) -> Vec<Saved> {
    let attested = |event: &Event| {
        last.is_some_and(|last| event.load == last.load && event.sequence <= last.sequence)
    };
    let mut files = saved.iter().enumerate().rev();
    let end = files.find_map(|(file, s)| Some((file, s.events.iter().rposition(attested)?)));
    if let Some((file, at)) = end {
        saved.truncate(file + 1);
        if let Some(saved) = saved.last_mut() {
            saved.events.truncate(at + 1);
            saved.torn = 0;
        }
    }
    saved
}
