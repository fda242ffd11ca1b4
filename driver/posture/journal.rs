// SPDX-License-Identifier: GPL-2.0

//! The journal: how records hang together, where they lie, and who may fill it.
//!
//! What a record says is the wire's matter; here it is its place and its bytes.

/// SHA-256, and what it makes.
pub type Hash = fn(&[u8]) -> Digest;

/// What SHA-256 makes.
pub type Digest = [u8; 32];

/// How many bytes of a record its chain value covers.
pub const COVERED: usize = 144;

/// Chain value of a record: over that of the record before it, zeros for the first, and what is
/// covered of the record itself. `None` when that is not [`COVERED`] bytes.
pub fn chain(hash: Hash, before: &Digest, covered: &[u8]) -> Option<Digest> {
    (covered.len() == COVERED).then(|| hash(&joined::<{ 32 + COVERED }>(before, covered)))
}

/// Value of a PCR of the SHA-256 bank after `record` was extended into it.
pub fn extend(hash: Hash, pcr: &Digest, record: &[u8]) -> Digest {
    hash(&joined::<64>(pcr, &hash(record)))
}

fn joined<const N: usize>(head: &[u8], tail: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    for (to, from) in all.iter_mut().zip(head.iter().chain(tail)) {
        *to = *from;
    }
    all
}

/// A record, as far as verifying it goes.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Its number, from 1.
    pub sequence: u64,
    /// Which load of the module it belongs to.
    pub load: [u8; 16],
    /// For a gap, which is no record: how many are lost, up to `sequence`.
    pub lost: Option<u32>,
    /// The bytes that `chain` covers.
    pub covered: &'a [u8],
    /// Its chain value.
    pub chain: Digest,
}

/// Why a record does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not the record that follows: this one would.
    Sequence(u64),
    /// It belongs to another load of the module.
    Load,
    /// It is not what was recorded, or does not stand where it was recorded.
    Chain,
    /// It is a gap that does not lead from the record before it to the one after it.
    Gap,
    /// There is nothing where this record should be.
    Missing(u64),
    /// The last record is not the one that is known to be the last.
    End,
}

/// What held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Sequence of the last record.
    pub sequence: u64,
    /// Its chain value.
    pub chain: Digest,
    /// Number of records.
    pub records: u64,
    /// Number of records that gaps stand for. Nothing proves a gap: it may stand where somebody
    /// has taken records out.
    pub lost: u64,
}

/// Verifies the records of one load of the module, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    hash: Hash,
    load: Option<[u8; 16]>,
    held: Verified,
}

impl Verifier {
    /// Begins before the first record.
    pub fn new(hash: Hash) -> Self {
        Self {
            hash,
            load: None,
            held: Verified::default(),
        }
    }

    /// Takes the next record, or says why that does not fit.
    pub fn take(&mut self, link: &Link<'_>) -> Result<(), Flaw> {
        let next = self.held.sequence.saturating_add(1);
        if self.load.is_some_and(|load| load != link.load) {
            return Err(Flaw::Load);
        }
        match link.lost {
            Some(lost) => {
                let end = self.held.sequence.checked_add(lost.into());
                if lost == 0 || end != Some(link.sequence) {
                    return Err(Flaw::Gap);
                }
                self.held.lost = self.held.lost.saturating_add(lost.into());
            }
            None => {
                if link.sequence != next {
                    return Err(Flaw::Sequence(next));
                }
                if chain(self.hash, &self.held.chain, link.covered) != Some(link.chain) {
                    return Err(Flaw::Chain);
                }
                self.held.records = self.held.records.saturating_add(1);
            }
        }
        self.load = Some(link.load);
        self.held.sequence = link.sequence;
        self.held.chain = link.chain;
        Ok(())
    }

    /// What has held so far.
    pub fn held(&self) -> Verified {
        self.held
    }

    /// Tells whether these were all, where the sequence and the chain value of the last record are
    /// known from elsewhere. The chain itself does not say where it ends.
    pub fn finish(&self, last: Option<(u64, Digest)>) -> Result<Verified, Flaw> {
        match last {
            Some((sequence, _)) if sequence > self.held.sequence => {
                Err(Flaw::Missing(self.held.sequence.saturating_add(1)))
            }
            Some(last) if last != (self.held.sequence, self.held.chain) => Err(Flaw::End),
            _ => Ok(self.held),
        }
    }
}

/// Verifies the records of one load of the module: what held, or the position of the first that
/// does not fit, and why. For `last` see [`Verifier::finish`]; when that does not fit, the position
/// is the number of records.
pub fn verify<'a>(
    hash: Hash,
    links: impl IntoIterator<Item = Link<'a>>,
    last: Option<(u64, Digest)>,
) -> Result<Verified, (usize, Flaw)> {
    let mut verifier = Verifier::new(hash);
    let mut count = 0usize;
    for link in links {
        verifier.take(&link).map_err(|flaw| (count, flaw))?;
        count = count.saturating_add(1);
    }
    verifier.finish(last).map_err(|flaw| (count, flaw))
}

/// Where the records of a ring are. Sequences begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Sequence of the record that comes next.
    pub next: u64,
    /// Number of places, a power of two.
    pub places: u64,
}

/// What a reader comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing new.
    Nothing,
    /// The record with this sequence.
    Record(u64),
    /// Records that were overwritten before the reader came to them.
    Gap {
        /// How many.
        lost: u64,
        /// Sequence of the last one.
        last: u64,
    },
}

/// Where a reader goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// To this sequence.
    Start,
    /// So many records on.
    Current,
    /// So many records behind the last.
    End,
}

impl Extent {
    /// Sequence of the oldest record that is still there.
    pub fn oldest(&self) -> u64 {
        self.next.saturating_sub(self.places).max(1)
    }

    /// Number of records that are not there any more.
    pub fn overwritten(&self) -> u64 {
        self.oldest().saturating_sub(1)
    }

    /// Place of a record.
    pub fn place(&self, sequence: u64) -> usize {
        // Below the number of places, which is that of a slice.
        (sequence & self.places.saturating_sub(1)) as usize
    }

    /// What a reader that stands before `cursor` comes to.
    pub fn at(&self, cursor: u64) -> Next {
        let oldest = self.oldest();
        if cursor >= self.next {
            Next::Nothing
        } else if cursor < oldest {
            Next::Gap {
                lost: oldest.saturating_sub(cursor.max(1)),
                last: oldest.saturating_sub(1),
            }
        } else {
            Next::Record(cursor)
        }
    }

    /// Where a reader that stands before `cursor` stands after a seek, if there is such a place:
    /// between before the first record and behind the last.
    pub fn seek(&self, cursor: u64, whence: Whence, offset: i64) -> Option<u64> {
        let from = match whence {
            Whence::Start => 0,
            Whence::Current => cursor,
            Whence::End => self.next,
        };
        // 0 stands before the first record, as in a file.
        let to = from.checked_add_signed(offset)?.max(1);
        (to <= self.next).then_some(to)
    }
}

/// How many refusals are recorded at once.
const BURST: u32 = 16;

/// How long it takes until one more may be, in nanoseconds.
const REFILL_NS: u64 = 10_000_000_000;

/// In as many records as a ring has places, so many times fewer can be of refusals. A ring holds
/// the end of one such stretch and the beginning of another, so at most twice that.
const SHARE: u64 = 8;

/// Decides which refused requests of callers without a right get a record. They are the only
/// records that somebody without rights can cause, so that both their rate and their share of the
/// ring are limited: however long that goes on, most of the ring is for others.
#[derive(Clone, Copy, Debug)]
pub struct Limiter {
    tokens: u32,
    refilled_ns: u64,
    suppressed: u32,
    /// Sequence at which the share was last counted from.
    window: u64,
    used: u64,
}

/// What is recorded of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many refusals before it have no record and are summed up now, 0 for no summary.
    pub summary: u32,
    /// It has a record of its own.
    pub record: bool,
}

impl Limiter {
    /// Begins with all tokens.
    pub const fn new() -> Self {
        Self {
            tokens: BURST,
            refilled_ns: 0,
            suppressed: 0,
            window: 0,
            used: 0,
        }
    }

    /// How many refusals have no record yet.
    pub fn suppressed(&self) -> u32 {
        self.suppressed
    }

    fn take_token(&mut self, now_ns: u64, extent: &Extent) -> bool {
        if extent.next.saturating_sub(self.window) >= extent.places {
            self.window = extent.next;
            self.used = 0;
        }
        let earned = now_ns.saturating_sub(self.refilled_ns) / REFILL_NS;
        if earned > 0 {
            let earned = u32::try_from(earned).unwrap_or(BURST);
            self.tokens = self.tokens.saturating_add(earned).min(BURST);
            self.refilled_ns = now_ns;
        }
        // Each token is good for a summary and a record.
        let used = self.used.saturating_add(2);
        if self.tokens == 0 || used > extent.places / SHARE {
            return false;
        }
        self.tokens = self.tokens.saturating_sub(1);
        self.used = used;
        true
    }

    /// A request is refused.
    pub fn refused(&mut self, now_ns: u64, extent: &Extent) -> Verdict {
        if self.take_token(now_ns, extent) {
            Verdict {
                summary: core::mem::take(&mut self.suppressed),
                record: true,
            }
        } else {
            self.suppressed = self.suppressed.saturating_add(1);
            Verdict {
                summary: 0,
                record: false,
            }
        }
    }

    /// Something else is about to be recorded: how many refusals are to be summed up before it, 0
    /// for no summary. So a summary does not wait for the next refusal.
    pub fn before_other(&mut self, now_ns: u64, extent: &Extent) -> u32 {
        if self.suppressed > 0 && self.take_token(now_ns, extent) {
            core::mem::take(&mut self.suppressed)
        } else {
            0
        }
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}
