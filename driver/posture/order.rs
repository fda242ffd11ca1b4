// SPDX-License-Identifier: GPL-2.0

//! In which order controls are changed, and what cannot be changed for what it needs.
//!
//! Devices of the family `dsmil` are deactivated before those that they need and activated after
//! them. The graph of what needs what is the firmware's word: it may be of any shape.

use super::control::{Family, Reading};
use super::dsmil::DEVICES;
use super::fact::{Fact, Reason, Refusal, Want, ACTIVE};
use super::setting::same;
use super::settings::SETTINGS;

/// Settings that put others to work at the moment when they are switched: the `stealth-` settings
/// say what happens on entry. They are switched off first and switched on last.
const ENTRIES: &[&str] = &["stealth", "unobtrusive"];

/// Turns in which platform settings are changed.
pub const TURNS: [u8; 3] = [0, 1, 2];

/// In which of the [`TURNS`] a platform setting is changed to the value `to`.
pub fn turn(fact: &Fact, to: u8) -> u8 {
    match ENABLES.get(fact.number()) {
        Some(Some(enabled)) if *enabled == to => 2,
        Some(Some(_)) => 0,
        Some(None) | None => 1,
    }
}

/// Of each setting that is one of [`ENTRIES`], the index of its value `enabled`. Worked out at
/// compile time, where indexing is checked.
static ENABLES: [Option<u8>; SETTINGS.len()] = {
    let mut all = [None; SETTINGS.len()];
    let mut n = 0;
    while n < ENTRIES.len() {
        let mut setting = 0;
        while !same(SETTINGS[setting].name, ENTRIES[n]) {
            setting += 1;
        }
        let mut value = 0;
        while !same(SETTINGS[setting].values[value].name, "enabled") {
            value += 1;
        }
        all[setting] = Some(value as u8);
        n += 1;
    }
    all
};

/// Works out the order in which the devices among the facts become what is wanted of them.
pub struct Order<'a> {
    facts: &'a [Fact],
    /// Devices that are active, as far as [`run`](Self::run) has come.
    active: Set,
    /// Devices that wait to be activated.
    up: Set,
    /// Devices that wait to be deactivated.
    down: Set,
    looks: u32,
}

impl<'a> Order<'a> {
    /// Begins with how the facts are. One of which that is not known waits like any other.
    pub fn new(facts: &'a [Fact], wants: &[Want]) -> Self {
        let mut order = Self {
            facts,
            active: Set::default(),
            up: Set::default(),
            down: Set::default(),
            looks: 0,
        };
        for (at, (fact, want)) in facts.iter().zip(wants).enumerate() {
            if fact.is_active() {
                order.active.insert(at);
            }
            match want {
                _ if fact.family != Family::Dsmil => {}
                Want::Value(value) if fact.reading == Reading::Known(*value) => {}
                Want::Value(ACTIVE) => order.up.insert(at),
                Want::Value(_) => order.down.insert(at),
                Want::Nothing | Want::OutOfReach(..) => {}
            }
        }
        order
    }

    /// Hands the position of each device to `step` when it is its turn.
    ///
    /// Of two passes but the last ones at least one gets a device done, so that there are never more
    /// than three passes over the devices for each of them, whatever the graph is.
    pub fn run(&mut self, mut step: impl FnMut(usize)) {
        let mut progress = true;
        while progress {
            progress = false;
            let mut needed = Set::default();
            for at in self.active.iter() {
                self.look();
                self.needs(at).for_each(|need| needed.insert(need));
            }
            for at in self.down.iter() {
                self.look();
                if !needed.contains(at) {
                    self.down.remove(at);
                    self.active.remove(at);
                    step(at);
                    progress = true;
                }
            }
        }
        // From the first to the last and back: a chain of them takes two passes, whichever way it goes.
        loop {
            let forth = self.activate(self.up.iter(), &mut step);
            let back = self.activate(self.up.iter().rev(), &mut step);
            if !forth && !back {
                return;
            }
        }
    }

    /// One pass over devices that wait to be activated; says whether it got anything done.
    fn activate(
        &mut self,
        waiting: impl Iterator<Item = usize>,
        step: &mut impl FnMut(usize),
    ) -> bool {
        let mut progress = false;
        for at in waiting {
            self.look();
            if self.needs(at).all(|need| self.active.contains(need)) {
                self.up.remove(at);
                self.active.insert(at);
                step(at);
                progress = true;
            }
        }
        progress
    }

    /// Hands the position of each device that still waits after [`run`](Self::run), and why it
    /// does, to `take`.
    pub fn stuck(&mut self, mut take: impl FnMut(usize, Reason)) {
        for at in self.up.iter() {
            self.look();
            if let Some(need) = self.missing(at) {
                take(at, self.reason(at, need));
            }
        }
        let mut unnamed = self.down;
        for other in self.holders() {
            self.look();
            for need in self.needs(other).filter(|need| unnamed.contains(*need)) {
                take(need, self.reason(need, other));
            }
            self.needs(other).for_each(|need| unnamed.remove(need));
        }
    }

    /// The refusal of a device that still waits after [`run`](Self::run): of one that waits for
    /// what does not wait itself, or else of one whose dependencies lead back to itself.
    pub fn refusal(&mut self) -> Option<Refusal> {
        let mut root = None;
        for at in self.up.iter() {
            self.look();
            let missing = self.missing(at).filter(|need| !self.up.contains(*need));
            root = root.or(missing.map(|need| (at, need)));
        }
        let down = self.down;
        for other in self.active.iter().filter(|at| !down.contains(*at)) {
            self.look();
            let held = self.needs(other).find(|need| down.contains(*need));
            root = held.map(|at| (at, other)).or(root);
        }
        if let Some((at, other)) = root {
            let reason = self.reason(at, other);
            return Some(self.refuse(at, reason));
        }
        // Each that waits is kept by another that waits. From one to the next, until one comes up
        // again.
        let mut at = self.down.iter().next().or(self.up.iter().next())?;
        let mut seen = Set::default();
        while !seen.contains(at) {
            self.look();
            seen.insert(at);
            at = match self.up.contains(at) {
                true => self.missing(at)?,
                false => self
                    .holders()
                    .find(|other| self.needs(*other).any(|need| need == at))?,
            };
        }
        Some(self.refuse(at, Reason::Cycle))
    }

    /// How often a device was looked at so far: what all of it costs.
    pub fn looks(&self) -> u32 {
        self.looks
    }

    fn look(&mut self) {
        self.looks = self.looks.saturating_add(1);
    }

    /// Positions of what the device at `at` needs.
    fn needs(&self, at: usize) -> impl Iterator<Item = usize> + 'a {
        let places = self
            .facts
            .get(at)
            .into_iter()
            .flat_map(|fact| &fact.depends);
        places.flatten().map(|need| usize::from(*need))
    }

    /// What the device at `at` needs and is not active, rather what does not wait itself.
    fn missing(&self, at: usize) -> Option<usize> {
        let missing = || self.needs(at).filter(|need| !self.active.contains(*need));
        let root = missing().find(|need| !self.up.contains(*need));
        root.or_else(|| missing().next())
    }

    /// What is active, first what stays so.
    fn holders(&self) -> impl Iterator<Item = usize> {
        let (active, down) = (self.active, self.down);
        let stay = active.iter().filter(move |at| !down.contains(*at));
        stay.chain(down.iter().filter(move |at| active.contains(*at)))
    }

    fn reason(&self, at: usize, other: usize) -> Reason {
        let id = self.facts.get(other).map_or(0, |fact| fact.id);
        match self.up.contains(at) {
            _ if at == other => Reason::Cycle,
            true => Reason::Dependency(id),
            false => Reason::Needed(id),
        }
    }

    fn refuse(&self, at: usize, reason: Reason) -> Refusal {
        let id = self.facts.get(at).map_or(0, |fact| fact.id);
        Refusal { id, reason }
    }
}

/// Most facts that can be ordered.
pub const FACTS: usize = 1024;

const _: () = assert!(SETTINGS.len() + DEVICES as usize <= FACTS);

/// A set of positions below [`FACTS`].
#[derive(Clone, Copy, Default)]
pub(super) struct Set([u64; FACTS / 64]);

impl Set {
    pub(super) fn contains(&self, at: usize) -> bool {
        let word = self.0.get(at / 64);
        word.is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    pub(super) fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    /// The positions in it now, from the lowest. Does not see what changes meanwhile.
    fn iter(&self) -> Positions {
        Positions {
            rest: *self,
            word: 0,
            last: (FACTS / 64).saturating_sub(1),
        }
    }
}

/// Positions in a set.
struct Positions {
    rest: Set,
    word: usize,
    last: usize,
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let word = self.rest.0.get_mut(self.word)?;
            if *word == 0 {
                self.word = self.word.saturating_add(1);
                continue;
            }
            let bit = word.trailing_zeros() as usize;
            // Clears the lowest bit.
            *word &= word.wrapping_sub(1);
            return Some(self.word.saturating_mul(64).saturating_add(bit));
        }
    }
}

impl DoubleEndedIterator for Positions {
    fn next_back(&mut self) -> Option<usize> {
        loop {
            let word = self.rest.0.get_mut(self.last)?;
            if let Some(bit) = word.checked_ilog2() {
                *word ^= 1u64.checked_shl(bit)?;
                let bit = usize::try_from(bit).ok()?;
                return Some(self.last.saturating_mul(64).saturating_add(bit));
            }
            self.last = self.last.checked_sub(1)?;
        }
    }
}
