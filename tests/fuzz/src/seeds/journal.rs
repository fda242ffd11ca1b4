// SPDX-License-Identifier: GPL-2.0

//! Journals.

use crate::journal as journals;
use milspec::journal::chain::hash;
use milspec_posture::journal::{chain, Digest};
use milspec_uapi as uapi;
use milspec_uapi::{Event, EVENT_CHAINED};
use zerocopy::IntoBytes;

/// A journal of two loads: a change, one that the TPM was too busy for, and a record of each other kind.
pub fn journal() -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for load in [7, 8] {
        let mut before = Digest::default();
        let kinds = [
            uapi::KIND_LOAD,
            uapi::KIND_APPLY_BEGUN,
            uapi::KIND_STEP,
            uapi::KIND_STEP,
        ];
        let kinds = kinds
            .into_iter()
            .chain(uapi::KIND_APPLY_ENDED..=uapi::KIND_TRAINING_ENDED);
        for (kind, sequence) in kinds.zip(1..) {
            let mut event = Event {
                sequence,
                kind,
                load: [load; 16],
                boot_ns: sequence * 1_000_000_000,
                wall_ns: 1_795_507_200_000_000_000 + sequence * 1_000_000_000,
                severity: uapi::SEVERITY_NOTICE,
                origin: uapi::ORIGIN_IOCTL,
                control: 1 << 16,
                properties: match kind {
                    uapi::KIND_LOAD => uapi::EVENT_PCR,
                    uapi::KIND_STEP | uapi::KIND_APPLY_ENDED => uapi::EVENT_ANCHORED,
                    _ => 0,
                },
                pcr: 13,
                ..Event::default()
            };
            if kind == uapi::KIND_ANCHOR_FAILED {
                (event.about, event.count, event.error) = (3, 1, 5);
            }
            let covered = &event.as_bytes()[..EVENT_CHAINED];
            event.chain = chain(hash, &before, covered).unwrap_or_default();
            before = event.chain;
            all.push(event);
        }
    }
    all
}

/// That journal, for each thing that is tried with one, and one of which the TPM took nothing for sure.
pub fn records() -> Vec<Vec<u8>> {
    let mut doubtful = Vec::new();
    for number in 0..60 {
        let (kind, properties) = match number {
            0 => (uapi::KIND_LOAD, uapi::EVENT_PCR),
            1..=30 => (uapi::KIND_STEP, uapi::EVENT_ANCHORED),
            _ => (uapi::KIND_ANCHOR_FAILED, 0),
        };
        doubtful.push(Event {
            kind,
            properties,
            pcr: 13,
            about: number % 20,
            count: 1,
            error: 5,
            ..Event::default()
        });
    }
    let whole = journal();
    let mut found = Vec::new();
    for how in [0u8, 1, 3, 5, 7] {
        for second in 0..5u8 {
            for at in [1u8, 9] {
                let head = [how, second, at, 0, at + 1, 0, at, 2];
                assert_eq!(head.len(), journals::HEAD);
                found.push([&head, whole.as_slice().as_bytes()].concat());
            }
        }
    }
    for few in 1..20 {
        let head = [1, 4, 1, 0, 1, 0, 0, 0];
        let tail = &doubtful[31..31 + few];
        let records = [&doubtful[..31], tail].concat();
        found.push([&head, records.as_slice().as_bytes()].concat());
    }
    found
}
