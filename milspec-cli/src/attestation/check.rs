// SPDX-License-Identifier: GPL-2.0

//! What is checked of an attestation, and what each check gave.

use crate::failure::{case, Failure};
use crate::journal::verdict::{Broken, Pcr};
use serde::Serialize;

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// `signature`, `nonce`, `binding`, `pcrs`, `chain` or `journal`.
    pub id: &'static str,
    /// `holds`, `fails` or `not-checked`.
    pub result: &'static str,
    /// What that means.
    pub why: String,
    /// The same as an error, where it is one.
    #[serde(skip)]
    pub failure: Option<Failure>,
}

impl Check {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.result == "holds"
    }

    /// The key made the signature, over a quote; else, in words, why not.
    pub fn signature(wrong: Option<String>) -> Self {
        let (id, next) = ("signature", "name the key of the machine that was asked");
        match wrong {
            None => held(id, "the key signed it, and it is a quote of a TPM"),
            Some(words) => {
                let why = format!("tpm2-tools say: {words}");
                failed(id, "attest-signature", why, next)
            }
        }
    }

    /// The nonce is the one that was sent.
    pub fn nonce(same: bool) -> Self {
        match same {
            true => held("nonce", "it is the one that was sent"),
            false => not("nonce"),
        }
    }

    /// Nonce, state and records are those that were signed; `None` where nothing was.
    pub fn binding(same: Option<bool>) -> Self {
        let good = "nonce, state and records are those that were signed";
        signed("binding", same, good)
    }

    /// The values of the PCRs are those that were signed, and of the PCRs that there should be.
    pub fn pcrs(same: Option<bool>) -> Self {
        let good = "the values of the PCRs are those that were signed";
        signed("pcrs", same, good)
    }

    /// No record was changed, taken out or put in.
    pub fn chain(records: usize, broken: Option<&Broken>) -> Self {
        match broken {
            Some(broken) => Self {
                failure: Some(broken.failure()),
                ..failed("chain", "", broken.why.clone(), "")
            },
            None if records == 0 => not("chain"),
            None => held("chain", "no record was changed, taken out or put in"),
        }
    }

    /// The records lead to what the PCR holds; `None` where PCRs or chain say nothing.
    pub fn journal(compared: Option<&Pcr>) -> Self {
        let Some(pcr) = compared else {
            return not_checked("journal", "the PCRs or the chain do not hold");
        };
        let number = pcr.number.unwrap_or_default();
        let why = format!("PCR {number} {}", pcr.why);
        match (pcr.result, pcr.failure()) {
            ("matches", _) => held("journal", why),
            (_, Some(failure)) => Self {
                failure: Some(failure),
                ..failed("journal", "", why, "")
            },
            _ => {
                let next = "add the saved journal with --journal, where that has what is missing";
                let why = format!("it says nothing of PCR {number}: {}", pcr.why);
                failed("journal", "attest-journal", why, next)
            }
        }
    }
}

fn signed(id: &'static str, same: Option<bool>, good: &str) -> Check {
    match same {
        Some(true) => held(id, good),
        Some(false) => not(id),
        None => not_checked(id, "there is no quote"),
    }
}

/// It does not hold, in the words that failures of this check have.
fn not(id: &'static str) -> Check {
    let [code, why, next] = case("attested", id);
    failed(id, code, why, next)
}

fn held(id: &'static str, why: impl Into<String>) -> Check {
    Check {
        id,
        result: "holds",
        why: why.into(),
        failure: None,
    }
}

fn not_checked(id: &'static str, why: &str) -> Check {
    Check {
        result: "not-checked",
        ..held(id, why)
    }
}

fn failed(id: &'static str, code: &'static str, why: impl Into<String>, next: &str) -> Check {
    let why = why.into();
    Check {
        result: "fails",
        failure: Some(Failure::new(
            code,
            format!("the attestation does not hold: {id}"),
            why.clone(),
            next,
        )),
        ..held(id, why)
    }
}
