// SPDX-License-Identifier: GPL-2.0

//! What was read last. Never changed once made; readers share it.

use crate::{
    posture::standing::Standing,
    provider::Control, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// How one family stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct FamilyState {
    /// This machine has it.
    pub(crate) present: bool,
    /// Positive errno of a failure of the whole family, 0 without one.
    pub(crate) error: u32,
    /// Controls without a known value.
    pub(crate) unreadable: u32,
    /// Firmware calls made for it since it was found.
    pub(crate) firmware_calls: u64,
}

/// One family, as last read.
#[derive(Clone, Default)]
pub(crate) struct Part {
    pub(crate) state: FamilyState,
    controls: Option<Arc<KVVec<Control>>>,
}

impl Part {
    pub(super) fn new(state: FamilyState, controls: Option<Arc<KVVec<Control>>>) -> Self {
        Self { state, controls }
    }

    /// Its controls.
    pub(crate) fn controls(&self) -> &[Control] {
        match &self.controls {
            Some(controls) => controls,
            None => &[],
        }
    }

    /// Tells whether the whole of it stands like `other`, single readings aside.
    pub(crate) fn stands_like(&self, other: &Self) -> bool {
        self.state.present == other.state.present
            && self.state.error == other.state.error
            && self.controls().len() == other.controls().len()
    }
}

/// Version of the `DSML0001` firmware interface.
#[derive(Clone, Copy)]
pub(crate) struct Interface {
    pub(crate) major: u16,
    pub(crate) minor: u16,
    /// Who made the firmware, in its own words.
    pub(crate) implementation: [u8; 16],
}

/// Everything, as last read.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    /// Grows whenever anything is different: a reading, a mark, the mode.
    pub(crate) generation: u64,
    /// Controls whose reading differs from the snapshot before.
    pub(crate) changed: u32,
    /// When it was read, in nanoseconds of `CLOCK_BOOTTIME`.
    pub(crate) refreshed_ns: u64,
    pub(crate) platform: Part,
    pub(crate) dsmil: Part,
    pub(crate) interface: Option<Interface>,
    /// Which mode the machine is in.
    pub(crate) standing: Standing,
    /// Latched in `paranoid-plus` until the next boot.
    pub(crate) latched: bool,
}

impl Snapshot {
    /// All controls, family by family.
    pub(crate) fn controls(&self) -> impl Iterator<Item = &Control> {
        Iterator::chain(self.platform.controls().iter(), self.dsmil.controls())
    }

    /// Number of controls of which `is` holds.
    pub(crate) fn count(&self, is: fn(&Control) -> bool) -> u32 {
        let count = self.controls().filter(|control| is(control)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Number of firmware calls made for all families since each was found.
    pub(crate) fn firmware_calls(&self) -> u64 {
        let of = |part: &Part| part.state.firmware_calls;
        of(&self.platform).saturating_add(of(&self.dsmil))
    }
}
