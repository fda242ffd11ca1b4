// SPDX-License-Identifier: GPL-2.0

//! `milspecctl attest quote`

use super::attest_enroll::live;
use crate::ui::Ui;
use milspec::attestation::quote::Quote;
use milspec::attestation::{binding, key, Attestation, Parts, State};
use milspec::cli::AttestQuote;
use milspec::journal::live::{Anchor, Live, WAITS};
use milspec::{diagnose, driver, tpm_tools, Access, Failure, Result, Root, Snapshot};

const CANNOT: &str = "cannot attest the journal";

/// How often to begin again where something changed meanwhile.
const ATTEMPTS: u32 = 5;

/// Makes an attestation.
pub fn run(root: &Root, ui: &Ui, asked: &AttestQuote) -> Result<Attestation> {
    live(root, "attest quote")?;
    // Without a driver nothing else matters.
    driver::open(root, Access::Read)?;
    tpm_tools::find_tpm()?;
    if !key::is_there()? {
        return Err(Failure::new(
            "not-enrolled",
            "cannot get a quote",
            format!("the TPM has no attestation key at {}", key::HANDLE),
            "run \"milspecctl attest enroll --out FILE\" first, as root",
        ));
    }
    key::public()?;
    let mut failure = changing();
    for _ in 0..ATTEMPTS {
        match attempt(root, ui, asked)? {
            Attempt::Done(attestation) => return Ok(attestation),
            Attempt::Changing => failure = changing(),
            Attempt::Failed(why) => failure = why,
        }
    }
    Err(failure)
}

/// What became of an attempt.
enum Attempt {
    Done(Attestation),
    /// State, journal and quote do not belong together.
    Changing,
    /// There was no quote. tpm2_quote fails, too, when a PCR is extended while it works.
    Failed(Failure),
}

fn attempt(root: &Root, ui: &Ui, asked: &AttestQuote) -> Result<Attempt> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let live = Live::read(root, source.as_mut(), &|| ui.say(WAITS))?;
    let (pcr, value) = match live.anchor {
        Anchor::Holds(pcr, value) => (pcr, value),
        Anchor::None => {
            return Err(Failure::new(
                "no-tpm",
                CANNOT,
                "the driver found no TPM when it was loaded: no record is in a PCR",
                "switch the TPM on in the firmware's setup, and reload the module",
            ))
        }
        Anchor::Silent(_) => {
            return Err(Failure::new(
                "tpm-failed",
                CANNOT,
                "the TPM does not say what the PCR of the journal holds",
                "see \"dmesg | grep -i tpm\"",
            ))
        }
        Anchor::Busy(_) => return Ok(Attempt::Changing),
    };
    let state = State::new(root, &snapshot);
    // The documents have nothing that JSON has no words for.
    let text = serde_json::to_string(&state).unwrap_or_default();
    let binding = binding(&asked.nonce.0, &text, &live.records);
    let quote = match Quote::make(pcr, &binding) {
        Ok(quote) => quote,
        Err(failure) => return Ok(Attempt::Failed(failure)),
    };
    let after = source.status().map_err(|e| diagnose::read("status", e))?;
    let last = live.records.last().map_or(0, |event| event.sequence);
    let same = after.generation == snapshot.status.generation
        && after.journal_next == last.saturating_add(1)
        && quote.pcrs.get(&pcr) == Some(&value);
    if !same {
        return Ok(Attempt::Changing);
    }
    let parts = Parts {
        nonce: asked.nonce.0.clone(),
        text,
        state,
        pcr,
        records: live.records,
        message: quote.message,
        signature: quote.signature,
        pcrs: quote.pcrs,
    };
    Ok(Attempt::Done(parts.encode()))
}

fn changing() -> Failure {
    Failure::new(
        "changing",
        CANNOT,
        "each time, something was recorded or extended while the TPM signed",
        "run it again once changes are over; see \"milspecctl events\"",
    )
}
