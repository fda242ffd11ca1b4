// SPDX-License-Identifier: GPL-2.0

//! Lots that are the same for the same seed, everywhere: SplitMix64.

/// Draws lots.
#[derive(Clone)]
pub struct Lot(u64);

impl Lot {
    /// Of a seed, and of what it is for: others have others.
    pub fn new(seed: u64, of: &str, number: u64) -> Self {
        let mut lot = Self(seed);
        for part in of.bytes().map(u64::from).chain([number]) {
            lot.0 = lot.next() ^ part;
        }
        lot
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Between two numbers.
    pub fn between(&mut self, from: f64, to: f64) -> f64 {
        from + self.share() * (to - from)
    }

    /// From the first number to the last.
    pub fn number(&mut self, first: u64, last: u64) -> u64 {
        first + (self.share() * (last - first + 1) as f64) as u64
    }

    /// Whether it happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// How often it happens, where that is so often on average. By Knuth's way: only for small numbers.
    pub fn times(&mut self, average: f64) -> u64 {
        let (end, mut product) = ((-average).exp(), self.share());
        let mut times = 0;
        while product > end {
            product *= self.share();
            times += 1;
        }
        times
    }

    /// One of these.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.number(0, of.len() as u64 - 1) as usize]
    }
}
