// SPDX-License-Identifier: GPL-2.0

//! The journal's chain, ring and limiter. Chain values are compared with those of another
//! implementation, and with two that `sha256sum` gave.

use milspec_posture::journal::{
    chain, extend, verify, Digest, Extent, Flaw, Limiter, Link, Next, Verdict, Verified, Verifier,
    Whence, COVERED,
};
use sha2::{Digest as _, Sha256};

fn hash(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

fn hex(digest: &Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One record of a saved journal.
#[derive(Clone, Debug, PartialEq)]
struct Saved {
    covered: [u8; COVERED],
    chain: Digest,
    lost: Option<u32>,
}

impl Saved {
    fn link(&self) -> Link<'_> {
        Link {
            sequence: u64::from_le_bytes(self.covered[..8].try_into().unwrap()),
            load: self.covered[96..112].try_into().unwrap(),
            lost: self.lost,
            covered: &self.covered,
            chain: self.chain,
        }
    }
}

/// A journal of one load, chained here and not by the code under test.
fn journal(load: u8, count: u64) -> Vec<Saved> {
    let mut before = [0; 32];
    let records = (1..=count).map(|sequence| {
        let mut covered = [0; COVERED];
        covered[..8].copy_from_slice(&sequence.to_le_bytes());
        covered[40] = (sequence * 7) as u8;
        covered[96..112].fill(load);
        let chain = Sha256::new()
            .chain_update(before)
            .chain_update(covered)
            .finalize()
            .into();
        before = chain;
        Saved {
            covered,
            chain,
            lost: None,
        }
    });
    records.collect()
}

/// Stands for records `lost` that a reader did not get.
fn gap(of: &[Saved]) -> Saved {
    let last = of.last().unwrap();
    let mut covered = [0; COVERED];
    covered[..8].copy_from_slice(&last.covered[..8]);
    covered[96..112].copy_from_slice(&last.covered[96..112]);
    Saved {
        covered,
        chain: last.chain,
        lost: Some(of.len() as u32),
    }
}

fn check(journal: &[Saved], last: Option<(u64, Digest)>) -> Result<Verified, (usize, Flaw)> {
    verify(hash, journal.iter().map(Saved::link), last)
}

fn last(journal: &[Saved]) -> Option<(u64, Digest)> {
    let link = journal.last().unwrap().link();
    Some((link.sequence, link.chain))
}

/// Promise: the chain is SHA-256 over 32 zero bytes and 144 bytes of the record. The first value is
/// what `head -c 176 /dev/zero | sha256sum` says, the second what
/// `{ printf FIRST | xxd -r -p; seq 1 1000 | head -c 144; } | sha256sum` says.
#[test]
fn chain_is_what_sha256sum_says() {
    const FIRST: &str = "86d2cf5b090f43ee54d8f7c1dcf746a853951191457ff6dac96269a9d24860b9";
    const SECOND: &str = "d417cd3d9469d93ebc1fc25126d52446dce77b5fbc59d8d0090f712597dd9af1";
    let first = chain(hash, &[0; 32], &[0; COVERED]).unwrap();
    assert_eq!(hex(&first), FIRST);
    let numbers: String = (1..100).map(|n| format!("{n}\n")).collect();
    let second = chain(hash, &first, &numbers.as_bytes()[..COVERED]).unwrap();
    assert_eq!(hex(&second), SECOND);
}

/// Promise: what is not the covered part of a record has no chain value.
#[test]
fn chain_covers_144_bytes_and_no_other_number() {
    for size in (0..400).filter(|size| *size != COVERED) {
        assert_eq!(chain(hash, &[0; 32], &vec![0; size]), None, "{size}");
    }
}

/// Promise: a PCR is extended as `PCR = SHA-256(PCR || SHA-256(record))`. The value is what
/// `{ head -c 32 /dev/zero; seq 1 1000 | head -c 176 | sha256sum | xxd -r -p; } | sha256sum` says.
#[test]
fn extend_is_what_sha256sum_says() {
    const VALUE: &str = "7c33f232af392794257f40d570e24e6bf5236f0475126785c7f10e7731ca76fa";
    let numbers: String = (1..100).map(|n| format!("{n}\n")).collect();
    assert_eq!(
        hex(&extend(hash, &[0; 32], &numbers.as_bytes()[..176])),
        VALUE
    );
}

#[test]
fn an_untouched_journal_holds() {
    for count in [0, 1, 2, 50] {
        let journal = journal(7, count);
        let held = check(&journal, None).unwrap();
        assert_eq!((held.records, held.lost, held.sequence), (count, 0, count));
    }
    let journal = journal(7, 20);
    assert!(check(&journal, last(&journal)).is_ok());
}

/// Promise: every changed bit is found, at the record that it is in.
#[test]
fn every_changed_bit_is_found_at_its_record() {
    let whole = journal(7, 5);
    for at in 0..whole.len() {
        for bit in 0..(COVERED + 32) * 8 {
            let mut changed = whole.clone();
            let flip = 1 << (bit % 8);
            match bit / 8 {
                byte if byte < COVERED => changed[at].covered[byte] ^= flip,
                byte => changed[at].chain[byte - COVERED] ^= flip,
            }
            // The record that says which load it is speaks for the rest.
            let load = (96 * 8..112 * 8).contains(&bit);
            let (position, flaw) = check(&changed, None).unwrap_err();
            assert_eq!(position, at, "bit {bit}: {flaw:?}");
            assert!(
                at == 0 || !load || flaw == Flaw::Load,
                "bit {bit}: {flaw:?}"
            );
        }
    }
}

/// Promise: records taken away at the start are missed at the first that is left.
#[test]
fn truncation_at_the_start_is_found() {
    let whole = journal(7, 12);
    for cut in 1..12 {
        let found = check(&whole[cut..], None);
        assert_eq!(found, Err((0, Flaw::Sequence(1))), "{cut}");
    }
}

/// Promise: records taken away at the end are missed where the end is known from elsewhere: from
/// the driver, or the PCR.
#[test]
fn truncation_at_the_end_is_found() {
    let whole = journal(7, 12);
    for left in 0..12 {
        let found = check(&whole[..left], last(&whole));
        assert_eq!(found, Err((left, Flaw::Missing(left as u64 + 1))));
    }
    let other = journal(8, 12);
    assert_eq!(check(&other, last(&whole)), Err((12, Flaw::End)));
    assert_eq!(check(&whole, last(&whole[..11])), Err((12, Flaw::End)));
}

/// Promise: two records in each other's place, and a record that stands twice, are found at the
/// first that is not where it was.
#[test]
fn reordering_and_duplication_are_found() {
    let whole = journal(7, 10);
    for a in 0..10 {
        for b in a + 1..10 {
            let mut swapped = whole.clone();
            swapped.swap(a, b);
            let found = check(&swapped, None).unwrap_err();
            assert_eq!(found, (a, Flaw::Sequence(a as u64 + 1)));
        }
        for at in a + 1..=10 {
            let mut twice = whole.clone();
            twice.insert(at, whole[a].clone());
            let found = check(&twice, None).unwrap_err();
            assert_eq!(found, (at, Flaw::Sequence(at as u64 + 1)));
        }
        let mut without = whole.clone();
        without.remove(a);
        if a < 9 {
            assert_eq!(
                check(&without, None),
                Err((a, Flaw::Sequence(a as u64 + 1)))
            );
        }
    }
}

/// Promise: the end of one load does not pass for that of another, with its own name or with that
/// of the other.
#[test]
fn splicing_of_two_loads_is_found() {
    let (one, other) = (journal(1, 10), journal(2, 10));
    for cut in 1..10 {
        let mut spliced = [&one[..cut], &other[cut..]].concat();
        assert_eq!(check(&spliced, None), Err((cut, Flaw::Load)));
        for record in &mut spliced[cut..] {
            record.covered[96..112].fill(1);
        }
        assert_eq!(check(&spliced, None), Err((cut, Flaw::Chain)));
    }
}

/// Promise: a gap leads on from the record before it to the one after it, at the start, in the
/// middle and several times; what held says how many are lost.
#[test]
fn gaps_lead_on() {
    let whole = journal(7, 20);
    for from in 0..19 {
        for to in from + 1..=20 {
            let with = [&whole[..from], &[gap(&whole[from..to])], &whole[to..]].concat();
            let held = check(&with, last(&whole)).unwrap();
            assert_eq!((held.lost, held.sequence), ((to - from) as u64, 20));
            assert_eq!(held.records + held.lost, 20);
        }
    }
    let with = [
        &[gap(&whole[..5])],
        &whole[5..9],
        &[gap(&whole[9..12])],
        &[gap(&whole[12..13])],
        &whole[13..],
    ]
    .concat();
    assert_eq!(check(&with, last(&whole)).unwrap().lost, 9);
}

/// Promise: a gap of another size, from elsewhere or with another chain value is found: the first
/// two where it stands, the last, which nothing but the next record can tell, there.
#[test]
fn wrong_gaps_are_found() {
    let whole = journal(7, 10);
    let with = [&whole[..3], &[gap(&whole[3..6])], &whole[6..]].concat();
    assert!(check(&with, None).is_ok());
    for lost in [0, 1, 2, 4, 6, u32::MAX] {
        let mut wrong = with.clone();
        wrong[3].lost = Some(lost);
        assert_eq!(check(&wrong, None), Err((3, Flaw::Gap)), "{lost}");
    }
    let mut wrong = with.clone();
    wrong[3].covered[0] ^= 1;
    assert_eq!(check(&wrong, None), Err((3, Flaw::Gap)));
    for bit in 0..256 {
        let mut wrong = with.clone();
        wrong[3].chain[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(check(&wrong, None), Err((4, Flaw::Chain)));
    }
    let mut wrong = with.clone();
    wrong[3].covered[100] ^= 1;
    assert_eq!(check(&wrong, None), Err((3, Flaw::Load)));
    // A record that is called a gap, and a gap that is called a record.
    let mut wrong = whole.clone();
    wrong[3].lost = Some(2);
    assert_eq!(check(&wrong, None), Err((3, Flaw::Gap)));
    let mut wrong = with;
    wrong[3].lost = None;
    assert_eq!(check(&wrong, None), Err((3, Flaw::Sequence(4))));
}

/// Promise: what has held is told after each record, and is not more after one that does not fit.
#[test]
fn what_has_held_is_told_after_each_record() {
    let whole = journal(7, 3);
    let mut verifier = Verifier::new(hash);
    for record in &whole {
        let link = record.link();
        verifier.take(&link).unwrap();
        let held = Verified {
            sequence: link.sequence,
            chain: link.chain,
            records: link.sequence,
            lost: 0,
        };
        assert_eq!(verifier.held(), held);
        assert!(verifier.take(&link).is_err());
        assert_eq!(verifier.held(), held);
    }
}

/// Promise: numbers at the end of what fits do no harm.
#[test]
fn the_last_sequence_does_no_harm() {
    let mut one = journal(7, 1);
    one[0].covered[..8].fill(0xFF);
    one[0].lost = Some(u32::MAX);
    let mut verifier = Verifier::new(hash);
    assert_eq!(verifier.take(&one[0].link()), Err(Flaw::Gap));
    assert_eq!(verifier.held(), Verified::default());
}

/// Promise: a reader sees every record once, in order, or a gap in its place, for every size, every
/// number of records and every place that it can stand at.
#[test]
fn readers_see_every_record_or_a_gap() {
    for places in [1, 2, 4, 16] {
        for next in 1..40u64 {
            let extent = Extent { next, places };
            let held: Vec<u64> = (1..next).rev().take(places as usize).collect();
            let oldest = held.last().copied().unwrap_or(1);
            assert_eq!(extent.oldest(), oldest);
            assert_eq!(extent.overwritten(), oldest - 1);
            // No two of them lie in the same place.
            let mut taken: Vec<usize> = held.iter().map(|n| extent.place(*n)).collect();
            taken.sort_unstable();
            taken.dedup();
            assert_eq!(taken.len(), held.len());
            assert!(taken.iter().all(|place| *place < places as usize));
            for cursor in 1..next + 2 {
                let expected = if cursor >= next {
                    Next::Nothing
                } else if held.contains(&cursor) {
                    Next::Record(cursor)
                } else {
                    Next::Gap {
                        lost: oldest - cursor,
                        last: oldest - 1,
                    }
                };
                assert_eq!(extent.at(cursor), expected);
            }
        }
    }
}

/// Promise: a seek leads to a record, or behind the last, and nowhere else.
#[test]
fn seeks_stay_within_the_journal() {
    let extent = Extent {
        next: 11,
        places: 4,
    };
    let from_start = |offset| extent.seek(5, Whence::Start, offset);
    assert_eq!(from_start(0), Some(1));
    assert_eq!(from_start(1), Some(1));
    assert_eq!(from_start(10), Some(10));
    assert_eq!(from_start(11), Some(11));
    for offset in [12, i64::MAX, -1, i64::MIN] {
        assert_eq!(from_start(offset), None, "{offset}");
    }
    let on = |offset| extent.seek(5, Whence::Current, offset);
    assert_eq!([on(0), on(6), on(-4)], [Some(5), Some(11), Some(1)]);
    assert_eq!([on(7), on(-6), on(i64::MAX), on(i64::MIN)], [None; 4]);
    let behind = |offset| extent.seek(5, Whence::End, offset);
    assert_eq!(
        [behind(0), behind(-3), behind(-10)],
        [Some(11), Some(8), Some(1)]
    );
    assert_eq!([behind(1), behind(-12), behind(i64::MIN)], [None; 3]);
}

const SECOND: u64 = 1_000_000_000;

/// A ring that somebody writes to, counting.
struct Ring {
    extent: Extent,
    limiter: Limiter,
    refusals: u64,
    told: u64,
}

impl Ring {
    fn new(places: u64) -> Self {
        Self {
            extent: Extent { next: 1, places },
            limiter: Limiter::new(),
            refusals: 0,
            told: 0,
        }
    }

    fn take(&mut self, verdict: Verdict) {
        let records = u64::from(verdict.summary > 0) + u64::from(verdict.record);
        self.extent.next += records;
        self.refusals += records;
        self.told += u64::from(verdict.summary) + u64::from(verdict.record);
    }

    fn refuse(&mut self, now: u64) {
        let verdict = self.limiter.refused(now, &self.extent);
        self.take(verdict);
    }

    fn other(&mut self, now: u64) {
        let summary = self.limiter.before_other(now, &self.extent);
        self.take(Verdict {
            summary,
            record: false,
        });
        self.extent.next += 1;
    }
}

/// Promise: a few refusals are all recorded.
#[test]
fn a_few_refusals_are_recorded() {
    let mut ring = Ring::new(4096);
    for _ in 0..16 {
        ring.refuse(SECOND);
    }
    assert_eq!((ring.refusals, ring.limiter.suppressed()), (16, 0));
    ring.refuse(SECOND);
    assert_eq!((ring.refusals, ring.limiter.suppressed()), (16, 1));
    // A while later one more is, and the one without a record is summed up.
    ring.refuse(12 * SECOND);
    assert_eq!((ring.refusals, ring.told), (18, 18));
}

/// Promise: after the first burst one refusal in ten seconds is recorded, and asking meanwhile does
/// not put that off.
#[test]
fn asking_more_often_does_not_put_the_next_record_off() {
    let mut ring = Ring::new(4096);
    for _ in 0..16 {
        ring.refuse(100 * SECOND);
    }
    let recorded = (101..150u64).filter(|second| {
        let before = ring.refusals;
        ring.refuse(second * SECOND);
        ring.refusals > before
    });
    assert_eq!(recorded.collect::<Vec<_>>(), [110, 120, 130, 140]);
}

/// Promise: an eighth of the ring's places is for refusals, to the last place, and as many again
/// each time that the ring has gone round, no record earlier.
#[test]
fn the_share_of_refusals_is_used_up_before_it_is_refused() {
    let mut ring = Ring::new(64);
    let flood = |ring: &mut Ring, next| {
        ring.extent.next = next;
        (0..16).for_each(|_| ring.refuse(SECOND));
        ring.extent.next - next
    };
    // A token is good for a record and a summary, and nothing waited to be summed up.
    assert_eq!(flood(&mut ring, 1), 4);
    for round in [64, 128] {
        assert_eq!(flood(&mut ring, round - 1), 0);
        // The first brings the summary of those that had no record.
        assert_eq!(flood(&mut ring, round), 5);
    }
}

/// Promise: what others record while no refusal waits takes nothing from those to come.
#[test]
fn other_records_cost_no_refusal() {
    let mut ring = Ring::new(4096);
    for _ in 0..100 {
        ring.other(SECOND);
    }
    for _ in 0..16 {
        ring.refuse(SECOND);
    }
    assert_eq!((ring.refusals, ring.limiter.suppressed()), (16, 0));
}

/// Promise: a flood, however long, fills no more than a quarter of the ring, and every refusal is
/// counted in a record or in what is said to wait.
#[test]
fn a_flood_leaves_most_of_the_ring_to_others() {
    for places in [64, 4096] {
        let mut ring = Ring::new(places);
        // A month, at a refusal a second: more of them come to the same.
        let mut refused = 0;
        for second in 0..86_400 * 30u64 {
            ring.refuse(second * SECOND);
            refused += 1;
        }
        // Claim: cannot push records out of the journal
        assert!(ring.refusals <= places / 4, "{}", ring.refusals);
        assert_eq!(ring.told + u64::from(ring.limiter.suppressed()), refused);
        // With others writing, too: in no stretch as long as the ring are there more.
        let mut written = vec![];
        for second in 0..100_000u64 {
            let before = ring.extent.next;
            ring.refuse(second * SECOND);
            written.extend((before..ring.extent.next).map(|_| true));
            let before = ring.extent.next;
            ring.other(second * SECOND);
            written.extend((before..ring.extent.next - 1).map(|_| true));
            written.push(false);
        }
        let most = written
            .windows(places as usize)
            .step_by(7)
            .map(|stretch| stretch.iter().filter(|refusal| **refusal).count() as u64)
            .max();
        assert!(most.unwrap() <= places / 4, "{most:?}");
    }
}

/// Promise: a summary does not wait for another refusal.
#[test]
fn other_records_bring_the_summary() {
    let mut ring = Ring::new(4096);
    for _ in 0..1000 {
        ring.refuse(SECOND);
    }
    ring.other(SECOND);
    assert_eq!((ring.refusals, ring.limiter.suppressed()), (16, 984));
    ring.other(20 * SECOND);
    assert_eq!((ring.refusals, ring.told), (17, 1000));
    ring.other(40 * SECOND);
    assert_eq!(ring.refusals, 17);
}

/// Promise: a clock that stands still or jumps does no harm.
#[test]
fn strange_clocks_do_no_harm() {
    let mut ring = Ring::new(4096);
    for now in [0, u64::MAX, 0, 1, u64::MAX] {
        for _ in 0..40 {
            ring.refuse(now);
        }
    }
    assert!(ring.refusals <= 64);
}
