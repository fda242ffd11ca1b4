// SPDX-License-Identifier: GPL-2.0

//! `/sys/devices/faux/dell_milspec/`, as `docs/ABI/testing/sysfs-devices-faux-dell_milspec`
//! documents it.

use super::entry;
use crate::{
    engine::{
        state,
        Engine,
        Request,
        Snapshot,
        CUSTOM, //
    },
    journal::Origin,
    kapi::{
        faux::{
            attributes,
            Attribute,
            Registration, //
        },
        sysfs::{
            Page,
            TEXT, //
        }, //
    },
    posture::{
        fact::Fact,
        mode::{
            Mode,
            MODES, //
        },
        names, //
    },
    uapi, //
};
use kernel::{
    fmt,
    prelude::*,
    sync::Arc, //
};

/// The device with its attributes. Events of the engine are its events.
pub(crate) struct Sysfs {
    engine: Arc<Engine>,
    _device: Registration,
}

impl Sysfs {
    /// Registers the device.
    pub(crate) fn register() -> Result<Self> {
        let engine = state::get().ok_or(ENODEV)?;
        let device = Registration::new(c"dell_milspec", &ATTRIBUTES)?;
        engine.announce_by(Some(device.announcer()));
        Ok(Self {
            engine,
            _device: device,
        })
    }
}

impl Drop for Sysfs {
    fn drop(&mut self) {
        self.engine.announce_by(None);
    }
}

attributes! {
    static ATTRIBUTES = [
        AbiVersion,
        AvailableModes,
        DegradedControls,
        DriftedControls,
        DsmilControls,
        FirmwareCalls,
        Generation,
        Latched,
        ModeAttribute,
        ModeDeviations,
        ModeUnreached,
        PendingReboot,
        PlatformControls,
        RefreshedNs,
        Training,
        UnreadableControls,
    ];
}

/// What the files speak of: the machine, or the copy that takes its place.
fn shown() -> Result<Arc<Engine>> {
    Ok(Engine::shown(&state::get().ok_or(ENODEV)?))
}

/// Declares an attribute that shows something of the latest snapshot.
macro_rules! shown {
    ($type:ident, $name:literal, |$snapshot:ident| $shown:expr) => {
        struct $type;

        impl Attribute for $type {
            const NAME: &'static CStr = $name;

            fn show(out: &mut Page<'_>) -> Result {
                let $snapshot: Arc<Snapshot> = shown()?.snapshot();
                out.write(fmt!("{}\n", $shown))
            }
        }
    };
}

/// The names of those controls of which something holds, with spaces between them; at the end the
/// number of those for which a file has no room.
struct Names<'a>(&'a Snapshot, fn(&Fact) -> bool);

impl fmt::Display for Names<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = || {
            let named = self.0.controls().filter(|(fact, _)| (self.1)(fact));
            named.map(|(_, details)| uapi::text(&details.name).unwrap_or_default())
        };
        // The end of the line needs room as well.
        names::write(out, names, TEXT.saturating_sub(1))
    }
}

struct AbiVersion;

impl Attribute for AbiVersion {
    const NAME: &'static CStr = c"abi_version";

    fn show(out: &mut Page<'_>) -> Result {
        out.write(fmt!("{}.{}\n", uapi::ABI_MAJOR, uapi::ABI_MINOR))
    }
}

struct AvailableModes;

impl Attribute for AvailableModes {
    const NAME: &'static CStr = c"available_modes";

    fn show(out: &mut Page<'_>) -> Result {
        let [a, b, c, d, e] = MODES.map(Mode::name);
        out.write(fmt!("{a} {b} {c} {d} {e}\n"))
    }
}

struct Training;

impl Attribute for Training {
    const NAME: &'static CStr = c"training";

    fn show(out: &mut Page<'_>) -> Result {
        out.write(fmt!("{}\n", u8::from(shown()?.is_copy())))
    }
}

struct ModeAttribute;

impl Attribute for ModeAttribute {
    const NAME: &'static CStr = c"mode";
    const STORE: Option<fn(&[u8]) -> Result> = Some(set_mode);

    fn show(out: &mut Page<'_>) -> Result {
        let snapshot = shown()?.snapshot();
        out.push(snapshot.standing.mode.map_or(CUSTOM, Mode::name))?;
        out.push("\n")
    }
}

/// Applies the mode that is named. `paranoid-plus` is refused: a file has no place for the
/// confirmation that it asks for, unless it is latched already.
fn set_mode(text: &[u8]) -> Result {
    let machine = state::get().ok_or(ENODEV)?;
    let right = entry::admit(&machine, Origin::Sysfs, None)?;
    let engine = Engine::shown(&machine);
    let request = Request {
        mode: Some(Mode::from_name(text).ok_or(EINVAL)?),
        ..Request::new(Origin::Sysfs)
    };
    let applied = entry::change(&engine, &right, &request, |_| Ok(()))?;
    entry::result(&applied.ending)
}

shown!(ModeDeviations, c"mode_deviations", |snapshot| Names(
    &snapshot,
    Fact::deviates
));
shown!(ModeUnreached, c"mode_unreached", |snapshot| Names(
    &snapshot,
    |fact| fact.unreached.is_some()
));
shown!(DriftedControls, c"drifted_controls", |snapshot| Names(
    &snapshot,
    Fact::has_drifted
));
shown!(DegradedControls, c"degraded_controls", |snapshot| Names(
    &snapshot,
    |fact| fact.mark.degraded
));
shown!(Latched, c"latched", |snapshot| u8::from(snapshot.latched));
shown!(PendingReboot, c"pending_reboot", |snapshot| u8::from(
    snapshot.count(Fact::is_pending) > 0
));
shown!(DsmilControls, c"dsmil_controls", |snapshot| snapshot
    .dsmil
    .controls);
shown!(FirmwareCalls, c"firmware_calls", |snapshot| snapshot
    .firmware_calls());
shown!(Generation, c"generation", |snapshot| snapshot.generation);
shown!(PlatformControls, c"platform_controls", |snapshot| snapshot
    .platform
    .controls);
shown!(RefreshedNs, c"refreshed_ns", |snapshot| snapshot.read_ns());
shown!(UnreadableControls, c"unreadable_controls", |snapshot| {
    let [platform, dsmil] = [&snapshot.platform, &snapshot.dsmil];
    platform.unreadable.saturating_add(dsmil.unreadable)
});
