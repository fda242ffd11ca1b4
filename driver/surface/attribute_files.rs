// SPDX-License-Identifier: GPL-2.0

//! What the files of the device `dell-milspec` of the class `firmware-attributes` say, and what is
//! written to them.

use super::entry;
use crate::{
    engine::{
        state,
        Ending,
        Request,
        Snapshot,
        CUSTOM, //
    },
    journal::Origin,
    kapi::{
        firmware_attributes::{
            files,
            File,
            Store, //
        },
        sysfs::Page, //
    },
    posture::{
        attributes::{
            self,
            modes,
            MODE,
            MODE_LABEL,
            UNKNOWN, //
        },
        control::Reading,
        fact::{
            Fact,
            Policy, //
        },
        mode::Mode, //
    },
    provider::Details,
    uapi, //
};
use kernel::{
    prelude::*,
    sync::Arc, //
};

/// What was allowed when the snapshot was made, but for what passes.
pub(super) fn policy(snapshot: &Snapshot) -> Policy {
    Policy {
        restricted_allowed: snapshot.restricted_allowed,
        ..Policy::default()
    }
}

pub(super) fn is_pending(snapshot: &Snapshot) -> bool {
    snapshot.count(Fact::is_pending) > 0
}

/// The control that a directory belongs to.
fn control<'a>(snapshot: &'a Snapshot, directory: &[u8]) -> Option<(&'a Fact, &'a Details)> {
    let named = |details: &Details| uapi::text(&details.name).map(str::as_bytes) == Some(directory);
    let mut controls = snapshot.controls();
    controls.find(|(_, details)| named(details))
}

/// The name of a value, if it is known which one it is.
fn name(details: &Details, value: Option<u8>) -> &'static str {
    let value = value.and_then(|value| details.values().get(usize::from(value)));
    value.map_or(UNKNOWN, |value| value.name)
}

/// The values of a control that can be asked for, with their numbers.
fn offered<'a>(
    fact: &'a Fact,
    details: &'a Details,
    policy: &'a Policy,
) -> impl Iterator<Item = (u8, &'static str)> + 'a {
    let all = (0u8..).zip(details.values());
    let offered = all.filter(|(number, _)| fact.offers(*number, policy));
    offered.map(|(number, value)| (number, value.name))
}

fn is_mode(directory: &[u8]) -> bool {
    directory == MODE.as_bytes()
}

fn snapshot() -> Result<Arc<Snapshot>> {
    Ok(state::get().ok_or(ENODEV)?.snapshot())
}

files! {
    /// Those of each attribute.
    pub(super) static FILES = [
        CurrentValue,
        DefaultValue,
        DisplayName,
        DisplayNameLanguageCode,
        PossibleValues,
        Type,
    ];
}

files! {
    /// Those beside the attributes.
    pub(super) static BESIDE = [PendingReboot];
}

struct CurrentValue;

impl File for CurrentValue {
    const NAME: &'static CStr = c"current_value";
    const PRIVATE: bool = true;
    const STORE: Option<Store> = Some(set);

    fn show(directory: &[u8], out: &mut Page<'_>) -> Result {
        let snapshot = snapshot()?;
        let shown = match control(&snapshot, directory) {
            Some((fact, details)) => match fact.reading {
                Reading::Known(value) => name(details, Some(value)),
                _ => UNKNOWN,
            },
            None if is_mode(directory) => snapshot.standing.mode.map_or(CUSTOM, Mode::name),
            None => UNKNOWN,
        };
        out.write(fmt!("{shown}\n"))
    }
}

struct DefaultValue;

impl File for DefaultValue {
    const NAME: &'static CStr = c"default_value";
    const PRIVATE: bool = true;

    fn show(directory: &[u8], out: &mut Page<'_>) -> Result {
        let snapshot = snapshot()?;
        let shown = match control(&snapshot, directory) {
            Some((fact, details)) => name(details, fact.own()),
            None if is_mode(directory) => Mode::Baseline.name(),
            None => UNKNOWN,
        };
        out.write(fmt!("{shown}\n"))
    }
}

struct DisplayName;

impl File for DisplayName {
    const NAME: &'static CStr = c"display_name";

    fn show(directory: &[u8], out: &mut Page<'_>) -> Result {
        let snapshot = snapshot()?;
        let label = match control(&snapshot, directory) {
            Some((_, details)) => uapi::text(&details.label).unwrap_or_default(),
            None if is_mode(directory) => MODE_LABEL,
            None => UNKNOWN,
        };
        out.write(fmt!("{label}\n"))
    }
}

struct DisplayNameLanguageCode;

impl File for DisplayNameLanguageCode {
    const NAME: &'static CStr = c"display_name_language_code";

    fn show(_directory: &[u8], out: &mut Page<'_>) -> Result {
        out.push("en\n")
    }
}

struct PossibleValues;

impl File for PossibleValues {
    const NAME: &'static CStr = c"possible_values";

    fn show(directory: &[u8], out: &mut Page<'_>) -> Result {
        let snapshot = snapshot()?;
        let policy = policy(&snapshot);
        let mut separator = "";
        let mut add = |name| {
            let before = core::mem::replace(&mut separator, ";");
            out.write(fmt!("{before}{name}"))
        };
        match control(&snapshot, directory) {
            Some((fact, details)) => {
                offered(fact, details, &policy).try_for_each(|(_, name)| add(name))?;
            }
            None if is_mode(directory) => modes().try_for_each(|mode| add(mode.name()))?,
            None => {}
        }
        out.push("\n")
    }
}

struct Type;

impl File for Type {
    const NAME: &'static CStr = c"type";

    fn show(_directory: &[u8], out: &mut Page<'_>) -> Result {
        out.push("enumeration\n")
    }
}

struct PendingReboot;

impl File for PendingReboot {
    const NAME: &'static CStr = c"pending_reboot";

    fn show(_directory: &[u8], out: &mut Page<'_>) -> Result {
        out.write(fmt!("{}\n", u8::from(is_pending(&*snapshot()?))))
    }
}

/// Gives a control, or the machine, the value or the mode that is named.
fn set(directory: &[u8], text: &[u8]) -> Result {
    let engine = state::get().ok_or(ENODEV)?;
    let right = entry::admit(&engine, Origin::FirmwareAttributes, None)?;
    let (mode, target) = if is_mode(directory) {
        let mode = modes().find(|mode| mode.name().as_bytes() == text);
        (Some(mode.ok_or(EINVAL)?), None)
    } else {
        let snapshot = engine.snapshot();
        let (fact, details) = control(&snapshot, directory).ok_or(ENODEV)?;
        let policy = policy(&snapshot);
        let named = offered(fact, details, &policy).find(|(_, name)| name.as_bytes() == text);
        let (value, _) = named.ok_or(EINVAL)?;
        (None, Some((fact.id, value)))
    };
    let request = Request {
        mode,
        list: target.as_slice(),
        ..Request::new(Origin::FirmwareAttributes)
    };
    let applied = entry::change(&engine, &right, &request, |_| Ok(()))?;
    let error = match applied.ending {
        Ending::Planned | Ending::Done => return Ok(()),
        Ending::Refused(refusal) => attributes::refused(refusal.reason),
        Ending::Undone { error, .. } => attributes::undone(error),
        ending @ (Ending::NoRoom | Ending::Conflict { .. } | Ending::Degraded { .. }) => {
            return entry::result(&ending);
        }
    };
    Err(Error::from_errno((error as i32).wrapping_neg()))
}
