// SPDX-License-Identifier: GPL-2.0

//! What was last committed. Never changed once made; readers share it.

use crate::{
    posture::{
        control::Family,
        fact::Fact,
        standing::Standing, //
    },
    provider::Details, //
};
use kernel::{
    prelude::*,
    sync::UniqueArc, //
};

/// How one family stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FamilyState {
    /// This machine has it.
    pub(crate) present: bool,
    /// Positive errno of a failure of the whole family, 0 without one.
    pub(crate) error: u32,
    /// Number of controls.
    pub(crate) controls: u32,
    /// Controls without a known value.
    pub(crate) unreadable: u32,
    /// Firmware calls made for it since it was found.
    pub(crate) firmware_calls: u64,
    /// When all of it was last read, in nanoseconds of `CLOCK_BOOTTIME`; 0 for never.
    pub(crate) read_ns: u64,
}

/// Version of the `DSML0001` firmware interface.
#[derive(Clone, Copy)]
pub(crate) struct Interface {
    pub(crate) major: u16,
    pub(crate) minor: u16,
    /// Who made the firmware, in its own words.
    pub(crate) implementation: [u8; 16],
}

/// Everything, as last committed.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// Grows whenever anything is different: a reading, a mark, the mode.
    pub(crate) generation: u64,
    /// Controls of which something else was read than at the commit before.
    pub(crate) changed: u32,
    pub(crate) platform: FamilyState,
    pub(crate) dsmil: FamilyState,
    pub(crate) interface: Option<Interface>,
    /// Which mode the machine is in.
    pub(crate) standing: Standing,
    /// Latched in `paranoid-plus` until the next boot.
    pub(crate) latched: bool,
    /// Controls of class restricted could be changed when this was made.
    pub(crate) restricted_allowed: bool,
    facts: KVVec<Fact>,
    details: KVVec<Details>,
}

impl Snapshot {
    /// One with room for `count` controls, so that [`fill`](Self::fill) cannot fail.
    pub(super) fn with_room(count: usize) -> Result<UniqueArc<Self>> {
        let snapshot = Self {
            facts: KVVec::from_elem(Fact::NEW, count, GFP_KERNEL)?,
            details: KVVec::from_elem(Details::NONE, count, GFP_KERNEL)?,
            ..Self::default()
        };
        Ok(UniqueArc::new(snapshot, GFP_KERNEL)?)
    }

    /// Copies controls, for as many of which there is room.
    pub(super) fn fill(&mut self, facts: &[Fact], details: &[Details]) {
        for (to, from) in self.facts.iter_mut().zip(facts) {
            *to = *from;
        }
        for (to, from) in self.details.iter_mut().zip(details) {
            to.clone_from(from);
        }
    }

    /// Tells whether a family that the machine has could not be read as a whole, or is of no use.
    pub(crate) fn is_blind(&self) -> bool {
        let mut families = [&self.platform, &self.dsmil].into_iter();
        families.any(|family| family.error != 0)
    }

    /// The controls that are there, from the lowest id to the highest.
    pub(crate) fn controls(&self) -> impl Iterator<Item = (&Fact, &Details)> {
        let all = self.facts.iter().zip(&self.details);
        all.filter(|(fact, _)| !fact.gone)
    }

    /// All of them, also those that are not there any more.
    pub(super) fn facts_and_details(&self) -> impl Iterator<Item = (&Fact, &Details)> {
        self.facts.iter().zip(&self.details)
    }

    /// What plans are decided on: also those that are not there any more.
    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Number of controls of which `is` holds.
    pub(crate) fn count(&self, is: fn(&Fact) -> bool) -> u32 {
        let count = self.controls().filter(|(fact, _)| is(fact)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The control `id`.
    pub(crate) fn fact(&self, id: u32) -> Option<&Fact> {
        let at = self.facts.binary_search_by_key(&id, |fact| fact.id).ok()?;
        self.facts.get(at)
    }

    /// How a family stands.
    pub(super) fn family_mut(&mut self, family: Family) -> &mut FamilyState {
        match family {
            Family::Platform => &mut self.platform,
            Family::Dsmil => &mut self.dsmil,
        }
    }

    /// When everything was last read, in nanoseconds of `CLOCK_BOOTTIME`: of the family of which
    /// that is longest ago. 0 where nothing was.
    pub(crate) fn read_ns(&self) -> u64 {
        let families = [&self.platform, &self.dsmil].into_iter();
        let there = families.filter(|family| family.present);
        there.map(|family| family.read_ns).min().unwrap_or(0)
    }

    /// Number of firmware calls made for all families since each was found.
    pub(crate) fn firmware_calls(&self) -> u64 {
        let [platform, dsmil] = [&self.platform, &self.dsmil].map(|family| family.firmware_calls);
        platform.saturating_add(dsmil)
    }
}
