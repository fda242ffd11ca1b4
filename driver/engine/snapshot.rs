// SPDX-License-Identifier: GPL-2.0

//! What was read last. Never changed once made; readers share it.

use crate::{
    posture::control::Reading,
    provider::{
        errno,
        Control,
        FamilyReading, //
    }, //
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
    /// A family that is there but of no use.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            state: FamilyState {
                present: true,
                error: errno(error),
                ..FamilyState::default()
            },
            controls: None,
        }
    }

    /// A family as just read. Controls that read as in `old` keep the generation at which they
    /// changed, the others get `generation`. Returns the number of the others as well.
    pub(crate) fn new(
        reading: FamilyReading,
        firmware_calls: u64,
        old: &Self,
        generation: u64,
    ) -> Result<(Self, u32)> {
        let FamilyReading {
            mut controls,
            error,
        } = reading;
        let mut changed = 0u32;
        let mut unreadable = 0u32;
        for control in controls.iter_mut() {
            if !matches!(control.reading, Reading::Known(_)) {
                unreadable = unreadable.saturating_add(1);
            }
            match old.controls().iter().find(|old| old.id == control.id) {
                Some(old) if old.reads_like(control) => control.changed = old.changed,
                _ => {
                    control.changed = generation;
                    changed = changed.saturating_add(1);
                }
            }
        }
        let part = Self {
            state: FamilyState {
                present: true,
                error: error.map_or(0, errno),
                unreadable,
                firmware_calls,
            },
            controls: Some(Arc::new(controls, GFP_KERNEL)?),
        };
        Ok((part, changed))
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

    /// Writes one line to the kernel log when more is wrong than in `old`.
    pub(crate) fn log(&self, old: &Self, family: &str) {
        let FamilyState {
            error, unreadable, ..
        } = self.state;
        if error != 0 && error != old.state.error {
            let error = Error::from_errno((error as i32).wrapping_neg());
            pr_warn!("{family}: the firmware cannot be read: {error:?}\n");
        } else if error == 0 && unreadable > 0 && unreadable != old.state.unreadable {
            let all = self.controls().len();
            pr_warn!("{family}: {unreadable} of {all} controls have no known value\n");
        }
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
    /// Grows whenever a read finds anything different.
    pub(crate) generation: u64,
    /// When it was read, in nanoseconds of `CLOCK_BOOTTIME`.
    pub(crate) refreshed_ns: u64,
    pub(crate) platform: Part,
    pub(crate) dsmil: Part,
    pub(crate) interface: Option<Interface>,
}

impl Snapshot {
    /// All controls, family by family.
    pub(crate) fn controls(&self) -> impl Iterator<Item = &Control> {
        Iterator::chain(self.platform.controls().iter(), self.dsmil.controls())
    }

    /// Number of firmware calls made for all families since each was found.
    pub(crate) fn firmware_calls(&self) -> u64 {
        let of = |part: &Part| part.state.firmware_calls;
        of(&self.platform).saturating_add(of(&self.dsmil))
    }
}
