// SPDX-License-Identifier: GPL-2.0

//! Attestations of other machines: `milspec.attestation/1`. Who signed them is for tpm2-tools to say.

use crate::input::{assert_shown, document, with_file};
use crate::machine::Machine;
use crate::memory::limited;
use crate::seeds;
use milspec::attestation::{is_one, Attestation, Parts, State};
use milspec::compliance::facts::of_attested_journal;
use milspec::compliance::{judge, Subject, REGISTRY};
use milspec::journal::chain;
use milspec::journal::live::Anchor;
use milspec::journal::verdict::{LoadDoc, Pcr};
use milspec::Snapshot;
use milspec_uapi::Event;
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;
use zerocopy::IntoBytes;

/// An attestation of a machine, with every record that a journal has.
static GOOD: LazyLock<Value> = LazyLock::new(|| {
    let root = Machine::of_profile("latitude-d630").root();
    let snapshot = Snapshot::take(&root, false).expect("a machine");
    let state = State::new(&root, &snapshot);
    let parts = Parts {
        nonce: vec![7; 16],
        text: serde_json::to_string(&state).expect("JSON"),
        state,
        pcr: 13,
        records: seeds::journal(),
        message: vec![1; 100],
        signature: vec![2; 70],
        pcrs: (0..=7).chain([13]).map(|pcr| (pcr, [pcr; 32])).collect(),
    };
    serde_json::to_value(parts.encode()).expect("JSON")
});

/// The input is the attestation, or what is to be changed in a good one; in the latter, as the second
/// byte says, in the document or in the state within.
pub fn check(data: &[u8]) {
    let text = match data {
        [0, 1, ..] => {
            let state = document(data, |_| {
                let state = GOOD["state"].as_str().unwrap_or_default();
                serde_json::from_str(state).expect("a state")
            });
            let mut whole = GOOD.clone();
            whole["state"] = String::from_utf8_lossy(&state).into();
            whole.to_string().into_bytes()
        }
        _ => document(data, |_| GOOD.clone()),
    };
    limited(text.len(), 600, || read(&text));
}

fn read(text: &[u8]) {
    let read = Parts::parse(Path::new("attestation.json"), text);
    if read.is_ok() {
        assert!(is_one(text), "read, and yet none");
    }
    let parts = match read {
        Ok(parts) => parts,
        // Promise: what is wrong is told in text that can be shown.
        Err(failure) => return assert_shown(&failure.why),
    };
    written_again(&parts);
    all_of_it(&parts, text);
    bound(&parts);
    let subject = Subject::attested(&parts.state, of_attested_journal(0, false, false));
    assert!(!judge(&REGISTRY, &subject).is_empty());
    let chains = chain::verify([&parts.records[..]]);
    let loads = LoadDoc::all(&chains.loads);
    assert_eq!(loads.len(), chains.loads.len());
    for load in &chains.loads {
        let value = parts.pcrs.get(&parts.pcr).copied().unwrap_or_default();
        let compared = Pcr::compare(load, Anchor::Holds(parts.pcr, value));
        assert_shown(&compared.why);
    }
}

/// Promise: what was parsed, and is written again, parses to the same.
fn written_again(parts: &Parts) {
    let document: Attestation = parts.encode();
    let text = serde_json::to_vec(&document).expect("JSON");
    let again = with_file(&text, Parts::read).expect("what was written");
    assert_eq!(
        (&again.nonce, &again.text, again.pcr),
        (&parts.nonce, &parts.text, parts.pcr)
    );
    assert!(again.records == parts.records);
    assert_eq!(
        (&again.message, &again.signature),
        (&parts.message, &parts.signature)
    );
    assert_eq!(
        (&again.pcrs, again.binding()),
        (&parts.pcrs, parts.binding())
    );
    let state = |parts: &Parts| serde_json::to_string(&parts.state).expect("JSON");
    assert_eq!(state(&again), state(parts));
}

/// Promise: nothing that the document has is left out or taken for something else.
fn all_of_it(parts: &Parts, text: &[u8]) {
    let there: Attestation = serde_json::from_slice(text).expect("JSON, for it was read");
    let read = parts.encode();
    assert!(read.nonce.eq_ignore_ascii_case(&there.nonce));
    assert_eq!(
        (&read.state, read.journal.pcr),
        (&there.state, there.journal.pcr)
    );
    assert_eq!(read.journal.records, there.journal.records);
    assert_eq!(read.quote.message, there.quote.message);
    assert_eq!(read.quote.signature, there.quote.signature);
    for (number, value) in there.quote.pcrs {
        assert!(read.quote.pcrs[&number].eq_ignore_ascii_case(&value));
    }
}

/// Promise: nonce, state and records are all bound: another of any of them is another binding.
fn bound(parts: &Parts) {
    let mut others = vec![parts.clone(), parts.clone(), parts.clone(), parts.clone()];
    others[0].nonce.push(0);
    others[1].text.push(' ');
    others[2].records.push(Event::default());
    // What goes from one part to the next.
    let moved = parts.text.chars().next().expect("a document");
    others[3].text.remove(0);
    others[3].nonce.extend(moved.to_string().bytes());
    if let Some(first) = parts.records.first() {
        let mut changed = parts.clone();
        let mut event = *first;
        event.as_mut_bytes()[0] ^= 1;
        changed.records[0] = event;
        others.push(changed);
    }
    for other in others {
        assert_ne!(other.binding(), parts.binding());
    }
}
