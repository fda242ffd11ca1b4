// SPDX-License-Identifier: GPL-2.0

//! The families of controls: what can be read and changed.

use super::snapshot::{
    FamilyState,
    Interface, //
};
use crate::{
    posture::{
        control,
        dsmil::Identity, //
    },
    provider::{
        errno,
        Dsmil,
        FamilyReading,
        Provider,
        Source,
        Tokens, //
    }, //
};
use kernel::prelude::*;

/// A family: not there, there, or there but of no use.
pub(super) enum Family<P> {
    Absent,
    Found(P),
    Failed(Error),
}

impl<P: Provider> Family<P> {
    /// Reads the family, if it is of use. `known` tells the value that a control was last known to
    /// have; `go_on` is asked before each firmware call.
    pub(super) fn read(
        &mut self,
        known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<Option<FamilyReading>> {
        match self {
            Self::Found(provider) => provider.read(known, go_on).map(Some),
            Self::Absent | Self::Failed(_) => Ok(None),
        }
    }

    /// Returns what reads and changes it.
    ///
    /// # Errors
    ///
    /// `ENODEV` where nothing does.
    pub(super) fn found(&self) -> Result<&P> {
        match self {
            Self::Found(provider) => Ok(provider),
            Self::Absent | Self::Failed(_) => Err(ENODEV),
        }
    }

    /// How it stands, before anything is read.
    pub(super) fn state(&self) -> FamilyState {
        FamilyState {
            present: !matches!(self, Self::Absent),
            error: match self {
                Self::Failed(error) => errno(*error),
                Self::Absent | Self::Found(_) => 0,
            },
            ..FamilyState::default()
        }
    }

    fn firmware_calls(&self) -> u64 {
        self.found().map_or(0, Provider::firmware_calls)
    }
}

impl Family<Source<Dsmil>> {
    /// What the firmware says it is.
    pub(super) fn identity(&self) -> Option<Identity> {
        match self.found().ok()? {
            Source::Machine(dsmil) => Some(*dsmil.identity()),
            Source::Copy(copy) => copy.identity(),
        }
    }

    /// What of that is shown.
    pub(super) fn interface(&self) -> Option<Interface> {
        let identity = self.identity()?;
        Some(Interface {
            major: identity.major,
            minor: identity.minor,
            implementation: identity.implementation,
        })
    }
}

/// What can be read and changed.
pub(super) struct Families {
    pub(super) platform: Family<Source<Tokens>>,
    pub(super) dsmil: Family<Source<Dsmil>>,
}

impl Families {
    /// What reads and changes the controls of a family.
    ///
    /// # Errors
    ///
    /// `ENODEV` where nothing does.
    pub(super) fn provider(&self, family: control::Family) -> Result<&dyn Provider> {
        Ok(match family {
            control::Family::Platform => self.platform.found()?,
            control::Family::Dsmil => self.dsmil.found()?,
        })
    }

    /// Firmware calls made for each family since it was found.
    pub(super) fn calls(&self) -> [u64; 2] {
        [self.platform.firmware_calls(), self.dsmil.firmware_calls()]
    }

    /// Firmware calls made for all families since each was found.
    pub(super) fn all_calls(&self) -> u64 {
        let [platform, dsmil] = self.calls();
        platform.saturating_add(dsmil)
    }
}
