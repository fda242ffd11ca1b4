// SPDX-License-Identifier: GPL-2.0

//! The next snapshot, while it is made. All memory is taken when a draft is made, so that what
//! happens in the firmware meanwhile can always be shown.

use super::{
    ledger::Ledger,
    snapshot::{
        FamilyState,
        Interface,
        Part,
        Snapshot, //
    }, //
};
use crate::{
    posture::{
        fact::{
            Fact,
            Policy,
            DEPENDS, //
        },
        plan::{
            self,
            Line,
            Want, //
        },
        standing, //
    },
    provider::{
        errno,
        Control,
        FamilyReading, //
    }, //
};
use kernel::{
    prelude::*,
    sync::UniqueArc,
    time::{
        BootTime,
        ClockSource, //
    }, //
};

/// One family of the next snapshot.
#[derive(Default)]
pub(super) struct PartDraft {
    state: FamilyState,
    controls: Option<UniqueArc<KVVec<Control>>>,
}

impl PartDraft {
    /// A family that is there but of no use.
    pub(super) fn failed(error: Error) -> Self {
        Self {
            state: FamilyState {
                present: true,
                error: errno(error),
                ..FamilyState::default()
            },
            controls: None,
        }
    }

    /// A family as just read.
    pub(super) fn read(reading: FamilyReading) -> Result<Self> {
        Ok(Self {
            state: FamilyState {
                present: true,
                error: reading.error.map_or(0, errno),
                ..FamilyState::default()
            },
            controls: Some(UniqueArc::new(reading.controls, GFP_KERNEL)?),
        })
    }

    /// A family as it was.
    pub(super) fn copy(part: &Part) -> Result<Self> {
        let controls = match part.controls() {
            [] => None,
            known => {
                let mut controls = KVVec::with_capacity(known.len(), GFP_KERNEL)?;
                controls.extend_from_slice(known, GFP_KERNEL)?;
                Some(UniqueArc::new(controls, GFP_KERNEL)?)
            }
        };
        Ok(Self {
            state: part.state,
            controls,
        })
    }

    fn controls(&self) -> &[Control] {
        self.controls.as_ref().map_or(&[], |controls| controls)
    }

    fn controls_mut(&mut self) -> &mut [Control] {
        match &mut self.controls {
            Some(controls) => controls,
            None => &mut [],
        }
    }

    fn finish(mut self, firmware_calls: u64) -> Part {
        let unreadable = self.controls().iter().filter(|c| c.current().is_none());
        self.state.unreadable = u32::try_from(unreadable.count()).unwrap_or(u32::MAX);
        self.state.firmware_calls = firmware_calls;
        Part::new(self.state, self.controls.map(Into::into))
    }
}

/// Firmware calls made for each family since it was found.
#[derive(Clone, Copy, Default)]
pub(super) struct Calls {
    pub(super) platform: u64,
    pub(super) dsmil: u64,
}

/// The next snapshot.
pub(super) struct Draft {
    platform: PartDraft,
    dsmil: PartDraft,
    interface: Option<Interface>,
    facts: KVVec<Fact>,
    wants: KVVec<Want>,
}

impl Draft {
    pub(super) fn new(
        platform: PartDraft,
        dsmil: PartDraft,
        interface: Option<Interface>,
    ) -> Result<Self> {
        let count = platform
            .controls()
            .len()
            .checked_add(dsmil.controls().len())
            .ok_or(EOVERFLOW)?;
        Ok(Self {
            platform,
            dsmil,
            interface,
            facts: KVVec::with_capacity(count, GFP_KERNEL)?,
            wants: KVVec::from_elem(Want::Nothing, count, GFP_KERNEL)?,
        })
    }

    /// The machine as it was, ready to decide on.
    pub(super) fn copy(snapshot: &Snapshot) -> Result<Self> {
        let platform = PartDraft::copy(&snapshot.platform)?;
        let dsmil = PartDraft::copy(&snapshot.dsmil)?;
        let mut this = Self::new(platform, dsmil, snapshot.interface)?;
        this.collect_facts();
        Ok(this)
    }

    /// What is decided on, one for each control.
    pub(super) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What was last wanted of each control.
    pub(super) fn wants(&self) -> &[Want] {
        &self.wants
    }

    /// All that was last wanted, and how that stands.
    pub(super) fn overview(&self) -> Result<KVVec<Line>> {
        let mut lines = KVVec::with_capacity(self.facts.len(), GFP_KERNEL)?;
        for line in plan::overview(&self.facts, &self.wants) {
            lines.push(line, GFP_KERNEL)?;
        }
        Ok(lines)
    }

    /// Facts, and room for what is wanted of each.
    pub(super) fn facts_and_wants(&mut self) -> (&[Fact], &mut [Want]) {
        (&self.facts, &mut self.wants)
    }

    /// The control `id`, to take in how it reads.
    pub(super) fn control_mut(&mut self, id: u32) -> Option<&mut Control> {
        self.controls_mut().find(|control| control.id == id)
    }

    fn controls_mut(&mut self) -> impl Iterator<Item = &mut Control> {
        let platform = self.platform.controls_mut().iter_mut();
        Iterator::chain(platform, self.dsmil.controls_mut())
    }

    fn controls(&self) -> impl Iterator<Item = &Control> {
        let platform = self.platform.controls().iter();
        Iterator::chain(platform, self.dsmil.controls())
    }

    /// Works the facts out anew. There is room for all of them from the start.
    fn collect_facts(&mut self) {
        let mut facts = core::mem::replace(&mut self.facts, KVVec::new());
        facts.clear();
        for control in self.controls() {
            let _ = facts.push(self.fact(control), GFP_KERNEL);
        }
        self.facts = facts;
    }

    fn fact(&self, control: &Control) -> Fact {
        let mut depends = [None; DEPENDS];
        for (place, id) in depends.iter_mut().zip(control.depends()) {
            let position = self.controls().position(|other| other.id == *id);
            *place = position.and_then(|position| u16::try_from(position).ok());
        }
        Fact {
            id: control.id,
            family: control.family,
            class: control.class,
            writable: control.writable,
            denied: control.denied,
            group: control.group,
            reading: control.reading,
            values: control.settable(),
            depends,
            baseline: control.mark.baseline,
        }
    }

    /// Makes the snapshot that follows `old`: says what changed, and which mode the machine is in.
    pub(super) fn finish(
        mut self,
        old: &Snapshot,
        ledger: &Ledger,
        policy: &Policy,
        calls: Calls,
    ) -> Snapshot {
        let next = old.generation.saturating_add(1);
        for control in self.controls_mut() {
            control.mark = ledger.mark(control.id);
        }
        self.collect_facts();
        let standing = standing::derive(&self.facts, policy, ledger.applied, &mut self.wants);

        let mut changed = 0u32;
        let mut same = true;
        let wants = core::mem::replace(&mut self.wants, KVVec::new());
        for (control, want) in self.controls_mut().zip(&wants) {
            (control.wanted, control.unreached) = match *want {
                Want::Nothing => (None, None),
                Want::Value(value) => (Some(value), None),
                // What it has already it does not lack.
                Want::OutOfReach(value, reason) => (
                    Some(value),
                    (control.current() != Some(value)).then_some(reason),
                ),
            };
            let known = old.controls().find(|known| known.id == control.id);
            match known {
                Some(known) if known.reads_like(control) => control.changed = known.changed,
                _ => {
                    control.changed = next;
                    changed = changed.saturating_add(1);
                }
            }
            same &= known.is_some_and(|known| {
                known.reads_like(control)
                    && known.mark == control.mark
                    && known.wanted == control.wanted
                    && known.unreached == control.unreached
            });
        }
        let platform = self.platform.finish(calls.platform);
        let dsmil = self.dsmil.finish(calls.dsmil);
        let latched = ledger.is_latched();
        same &= platform.stands_like(&old.platform)
            && dsmil.stands_like(&old.dsmil)
            && latched == old.latched
            && standing == old.standing;
        Snapshot {
            generation: if same { old.generation } else { next },
            changed,
            refreshed_ns: BootTime::ktime_get().max(0).unsigned_abs(),
            platform,
            dsmil,
            interface: self.interface,
            standing,
            latched,
        }
    }
}
