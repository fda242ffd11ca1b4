// SPDX-License-Identifier: GPL-2.0

//! Journals: what is saved, what somebody has changed in it, and what a power cut left of it.

mod power_cut;

use crate::input::Bytes;
use crate::memory::limited;
use milspec::journal::chain::{self, gap, hash, Chains};
use milspec::journal::file::{parse, Saved};
use milspec::journal::judge::judge;
use milspec::journal::live::{Anchor, Live};
use milspec::journal::replay::{since_boot, Replay};
use milspec::journal::verdict::LoadDoc;
use milspec::model::{Event as Doc, Naming};
use milspec_posture::journal::{chain as chained, Digest};
use milspec_uapi::{
    Event, EVENT_CHAINED, EVENT_SIZE, EVENT_TRAINING, KIND_GAP, ORIGIN_FIRMWARE_ATTRIBUTES,
    SEVERITY_INFO,
};
use zerocopy::IntoBytes;

/// Bytes before the records: what is to be done, where the journal is split, what is changed.
pub const HEAD: usize = 8;

/// Most records of an input.
const RECORDS: usize = 400;

/// The first byte says whether the records are to be made a journal that holds: else they are as they
/// come.
pub fn check(data: &[u8]) {
    let mut head = Bytes(data);
    let (how, second) = (head.byte(), head.byte());
    let (split, at, bit) = (head.word(), head.word(), head.word());
    let bytes = head.0;
    let (mut events, torn) = parse(bytes);
    assert_eq!(torn, bytes.len() % EVENT_SIZE);
    let whole = bytes.len() - torn;
    assert_eq!(events.as_slice().as_bytes(), &bytes[..whole]);
    events.truncate(RECORDS);
    let length = events.len() * EVENT_SIZE;
    if how & 1 == 0 {
        limited(length, 100, || as_it_comes(&events));
        power_cut::anything(bytes, &events);
        return;
    }
    made_whole(&mut events);
    if events.is_empty() {
        return;
    }
    limited(length, 100, || as_it_comes(&events));
    let chains = chain::verify([&events[..]]);
    assert!(chains.broken.is_none(), "{:?}", chains.broken);
    in_parts(&events, usize::from(split) % (events.len() + 1), how);
    let at = usize::from(at) % events.len();
    match second % 5 {
        0 => flipped(&events, at, usize::from(bit)),
        1 => taken_out(&events, at),
        2 => moved(&events, at),
        3 => power_cut::torn(&events, usize::from(split), how),
        _ => judged(&events, at, usize::from(bit)),
    }
}

/// Gives the records the sequences, the loads and the chain that the driver would have given them.
/// Records of the same load that come together stay together.
fn made_whole(events: &mut Vec<Event>) {
    let mut before = Event::default();
    let mut loads: Vec<u8> = Vec::new();
    events.retain_mut(|event| {
        let load = event.load[0];
        if loads.last() != Some(&load) {
            if loads.contains(&load) {
                return false;
            }
            loads.push(load);
            before = Event::default();
        }
        event.load = [load; 16];
        event.properties &= !EVENT_TRAINING;
        event.severity = event.severity.min(SEVERITY_INFO);
        event.origin = event.origin.min(ORIGIN_FIRMWARE_ATTRIBUTES);
        *event = match event.kind {
            KIND_GAP => {
                let lost = event.count % 5 + 1;
                gap(
                    event.load,
                    before.sequence + u64::from(lost),
                    lost,
                    event.chain,
                )
            }
            _ => {
                event.sequence = before.sequence + 1;
                let covered = &event.as_bytes()[..EVENT_CHAINED];
                let value = chained(hash, &before.chain, covered);
                Event {
                    chain: value.expect("what is covered"),
                    ..*event
                }
            }
        };
        before = *event;
        true
    });
}

/// Promise: what holds is in order, and can be found, and nothing that is made of it fails.
fn as_it_comes(events: &[Event]) {
    let chains = chain::verify([events]);
    match chains.broken {
        Some(broken) => {
            let event = &events[broken.at];
            assert_eq!((broken.part, broken.sequence), (0, event.sequence));
            assert_eq!(held(&chains), broken.at);
        }
        None => assert_eq!(held(&chains), events.len()),
    }
    for load in &chains.loads {
        assert!(load
            .records
            .windows(2)
            .all(|p| p[0].sequence < p[1].sequence));
        for event in load.records.iter().filter(|event| event.kind != KIND_GAP) {
            assert_eq!(load.find(event.sequence), Some(event));
        }
        assert_eq!(load.find(load.last().wrapping_add(1)), None);
        if let Ok(replay) = Replay::of(load) {
            assert!(replay.ends_with(&replay.end()));
        }
    }
    let documents = LoadDoc::all(&chains.loads);
    assert_eq!(documents.len(), chains.loads.len());
    since_boot(&chains.loads);
    chain::verify_training(events);
    for document in Doc::all(events, &Naming::of_training(&[])) {
        let text = serde_json::to_string(&document).expect("JSON");
        assert!(!text.is_empty());
    }
}

/// How many records and gaps hold.
fn held(chains: &Chains) -> usize {
    chains.loads.iter().map(|load| load.records.len()).sum()
}

/// The records that hold, without gaps.
fn records(chains: &Chains) -> Vec<&Event> {
    let all = chains.loads.iter().flat_map(|load| &load.records);
    all.filter(|event| event.kind != KIND_GAP).collect()
}

/// How many are told to be lost.
fn lost(chains: &Chains) -> u64 {
    chains.loads.iter().map(|load| load.lost).sum()
}

/// Promise: files that follow each other are as good as one: where they overlap, and where the second
/// begins with a gap that stands for the first.
fn in_parts(events: &[Event], at: usize, how: u8) {
    let (first, second) = events.split_at(at);
    let second = match (how >> 1 & 3, first.last()) {
        (0, _) | (_, None) => second.to_vec(),
        (1, Some(last)) => [&[chain::stand_in(last)], second].concat(),
        // It begins with a record again: a file that begins with a gap counts it from the first.
        (back, Some(_)) => {
            let again = events[..at].iter().rev().take(usize::from(back));
            let same = |e: &&Event| e.kind != KIND_GAP && e.load == first[at - 1].load;
            let again = again.take_while(same).count();
            events[at - again..].to_vec()
        }
    };
    let starts_with_gap = second.first().is_some_and(|event| event.kind == KIND_GAP);
    if starts_with_gap && how >> 1 & 3 != 1 {
        return;
    }
    let (one, two) = (chain::verify([events]), chain::verify([first, &second]));
    assert!(two.broken.is_none(), "{:?}", two.broken);
    assert_eq!(records(&one), records(&two));
    assert_eq!(lost(&one), lost(&two));
}

/// Promise: a journal in which a bit of a record was changed never verifies as whole: nothing holds that
/// was not recorded. A record that has become a gap is told to be lost.
fn flipped(events: &[Event], at: usize, bit: usize) {
    if events[at].kind == KIND_GAP {
        return;
    }
    let mut changed = events.to_vec();
    let bit = bit % (EVENT_SIZE * 8);
    changed[at].as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
    nothing_new(events, &changed, at);
}

fn nothing_new(events: &[Event], changed: &[Event], at: usize) {
    let (before, after) = (chain::verify([events]), chain::verify([changed]));
    let there = records(&after);
    let recorded: Vec<&Event> = events.iter().filter(|e| e.kind != KIND_GAP).collect();
    let mut rest = recorded.iter();
    let all = there.iter().all(|event| rest.any(|one| one == event));
    assert!(
        all,
        "a record holds that was never recorded: {at} was changed"
    );
    if after.broken.is_none() {
        assert!(
            there.len() < recorded.len(),
            "{at} was changed, and nothing is seen"
        );
        assert!(
            lost(&after) > lost(&before),
            "{at} was changed, and nothing is lost"
        );
    }
}

/// Promise: a record that was taken out from between two others is missed.
fn taken_out(events: &[Event], at: usize) {
    let next = events.get(at + 1);
    let leads_on = next.is_some_and(|n| n.load == events[at].load && n.kind != KIND_GAP);
    if leads_on {
        let changed = [&events[..at], &events[at + 1..]].concat();
        let broken = chain::verify([&changed[..]])
            .broken
            .expect("one is missing");
        assert_eq!(broken.at, at);
    }
}

/// Promise: two records that have changed places are noticed.
fn moved(events: &[Event], at: usize) {
    if at + 1 < events.len() && events[at].load == events[at + 1].load {
        let mut changed = events.to_vec();
        changed.swap(at, at + 1);
        assert!(chain::verify([&changed[..]]).broken.is_some());
    }
}

/// Promise: a saved journal is proven only where it has what driver and TPM have.
fn judged(events: &[Event], at: usize, bit: usize) {
    let Some(last) = chain::verify([events]).loads.pop() else {
        return;
    };
    let pcr = Replay::of(&last).map(|replay| (replay.pcr, replay.end()));
    let (pcr, value) = pcr.unwrap_or((13, Digest::default()));
    let live = Live {
        records: last.records.clone(),
        anchor: Anchor::Holds(pcr, value),
    };
    let saved = |events: &[Event]| Saved {
        name: "saved".into(),
        events: events.to_vec(),
        torn: 0,
    };
    let good = judge(&[saved(events)], Ok(&live));
    assert_ne!(good.result, "wrong", "{:?}", good.error);
    let mut changed = events.to_vec();
    let bit = bit % (EVENT_SIZE * 8);
    changed[at].as_mut_bytes()[bit / 8] ^= 1 << (bit % 8);
    let verdict = judge(&[saved(&changed)], Ok(&live));
    if events[at].kind != KIND_GAP {
        assert_ne!(verdict.result, "proven", "record {at} was changed");
    }
    assert_eq!(verdict.error.is_none(), verdict.result == "proven");
}
