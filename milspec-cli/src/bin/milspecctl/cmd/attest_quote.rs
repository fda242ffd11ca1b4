// SPDX-License-Identifier: GPL-2.0

//! `milspecctl attest quote`

use super::attest_enroll::live;
use crate::ui::Ui;
use milspec::attestation::quote::Quote;
use milspec::attestation::{binding, key, Attestation, Parts, State};
use milspec::cli::Nonce;
use milspec::failure::case;
use milspec::journal::live::{Anchor, Live, WAITS};
use milspec::{diagnose, driver, refusal, tpm_tools, Access, Failure, Result, Root, Snapshot};

/// How often to begin again where something changed meanwhile.
const ATTEMPTS: u32 = 5;

/// Makes an attestation.
pub fn run(root: &Root, ui: &Ui, nonce: &Nonce) -> Result<Attestation> {
    live(root, "attest quote")?;
    // Without a driver nothing else matters.
    let source = driver::open(root, Access::Read)?;
    Snapshot::read(source.as_ref())?.of_machine("attest the machine")?;
    drop(source);
    tpm_tools::find_tpm()?;
    if !key::is_there()? {
        let failure = cannot("not-enrolled");
        return Err(Failure {
            what: "cannot get a quote".into(),
            why: failure.why.replace("{handle}", key::HANDLE),
            ..failure
        });
    }
    key::public()?;
    let mut failure = cannot("changing");
    for _ in 0..ATTEMPTS {
        match attempt(root, ui, nonce)? {
            Attempt::Done(attestation) => return Ok(attestation),
            Attempt::Changing => failure = cannot("changing"),
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

fn attempt(root: &Root, ui: &Ui, nonce: &Nonce) -> Result<Attempt> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let live = Live::read(root, source.as_mut(), &|| ui.say(WAITS))?;
    let (pcr, value) = match live.anchor {
        Anchor::Holds(pcr, value) => (pcr, value),
        Anchor::None => return Err(cannot("no-tpm")),
        Anchor::Silent(_) => return Err(cannot("silent")),
        Anchor::Training => return Err(refusal::in_training("attest the machine")),
        Anchor::Busy(_) => return Ok(Attempt::Changing),
    };
    let state = State::new(root, &snapshot);
    // The documents have nothing that JSON has no words for.
    let text = serde_json::to_string(&state).unwrap_or_default();
    let binding = binding(&nonce.0, &text, &live.records);
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
        nonce: nonce.0.clone(),
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

fn cannot(why: &str) -> Failure {
    let [code, why, next] = case("quote", why);
    Failure::new(code, "cannot attest the journal", why, next)
}
