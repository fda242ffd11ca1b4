// SPDX-License-Identifier: GPL-2.0

//! `/sys/class/firmware-attributes/dell-milspec/`, as `docs/firmware-attributes.md` documents it.
//!
//! A device never changes which attributes it has: when other controls can be set than before, it is
//! taken away and another one is registered, so that whoever hears of a device sees all that it
//! has. `state` is held for that. It is never taken by who has the engine's mutex, and callbacks of
//! files, which taking a device away waits for, never take it: they may wait for that mutex.

use super::entry;
use crate::{
    engine::{
        state,
        Ending,
        Engine,
        Request,
        Snapshot,
        CUSTOM, //
    },
    journal::Origin,
    kapi::{
        firmware_attributes::{
            files,
            Class,
            File,
            Registration,
            Store, //
        },
        global::global,
        sysfs::Page,
        worker::{
            worker,
            Running,
            Worker, //
        }, //
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
    new_mutex,
    prelude::*,
    str::CString,
    sync::{
        Arc,
        Mutex, //
    }, //
};

/// Name of the device.
const NAME: &CStr = c"dell-milspec";

/// Looks whether there is something new.
static WORKER: Worker = worker!(renew, c"attributes::WORKER");

global! {
    /// The device, for the worker and for who binds DSML0001.
    static place: Shown;
}

/// What is shown.
#[pin_data]
struct Shown {
    engine: Arc<Engine>,
    class: Arc<Class>,
    #[pin]
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    device: Option<Registration>,
    /// Names of its attributes.
    names: KVVec<CString>,
    /// Whether it has said that a change waits for the next boot.
    pending: bool,
}

/// The device exists for as long as this does.
pub(crate) struct Attributes {
    // Dropped in this order: nothing looks any more when the device goes.
    _running: Running,
    _place: place::Guard,
    _told: Told,
}

/// The engine kicks `WORKER`.
struct Told(Arc<Engine>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.tell(None);
    }
}

impl Attributes {
    /// Registers the device, where the kernel has the class and there is something to set; later,
    /// where that comes later.
    pub(crate) fn register() -> Result<Option<Self>> {
        let engine = state::get().ok_or(ENODEV)?;
        let class = match Class::get() {
            Ok(class) => class,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => {
                pr_info!("no firmware-attributes: the kernel has no such class ({error:?})\n");
                return Ok(None);
            }
        };
        engine.tell(Some(&WORKER));
        let told = Told(engine.clone());
        let shown = Arc::pin_init(
            pin_init!(Shown {
                engine,
                class,
                state <- new_mutex!(State::default(), "attributes::Shown::state"),
            }),
            GFP_KERNEL,
        )?;
        shown.renew();
        Ok(Some(Self {
            _place: place::install(shown)?,
            _running: WORKER.start()?,
            _told: told,
        }))
    }
}

/// Registers another device, or none, where other controls can be set than before, and says so
/// where a change waits for the next boot that did not before. Does nothing before there can be a
/// device, and after.
pub(crate) fn renew() {
    if let Some(shown) = place::get() {
        shown.renew();
    }
}

impl Shown {
    fn renew(&self) {
        let mut state = self.state.lock();
        let snapshot = self.engine.snapshot();
        let renewed = names(&snapshot).and_then(|names| state.show(&self.class, names));
        if let Err(error) = renewed {
            pr_warn!("firmware-attributes cannot be shown: {error:?}\n");
        }
        let pending = is_pending(&snapshot);
        let was = core::mem::replace(&mut state.pending, pending);
        let device = state.device.as_ref().filter(|_| pending != was);
        if let Some(Err(error)) = device.map(Registration::announce_change) {
            pr_warn!("no event sent: {error:?}\n");
        }
    }
}

impl State {
    /// Shows attributes of these names from now on.
    fn show(&mut self, class: &Arc<Class>, names: KVVec<CString>) -> Result {
        let same = names
            .iter()
            .map(|name| &**name)
            .eq(self.names.iter().map(|name| &**name));
        if same && (self.device.is_some() || names.is_empty()) {
            return Ok(());
        }
        // The old one first: they have the same name.
        self.device = None;
        self.names = KVVec::new();
        if !names.is_empty() {
            let class = class.clone();
            let device = Registration::new(class, NAME, &BESIDE, &FILES, &names)?;
            self.device = Some(device);
            self.names = names;
        }
        Ok(())
    }
}

/// The names of the attributes: of the controls that can be set, and of the mode where there are
/// any.
fn names(snapshot: &Snapshot) -> Result<KVVec<CString>> {
    let policy = policy(snapshot);
    let mut names = KVVec::new();
    let settable = snapshot
        .controls()
        .filter(|(fact, _)| fact.is_settable(&policy));
    for (_, details) in settable {
        let name = uapi::text(&details.name).unwrap_or_default();
        names.push(CString::try_from_fmt(fmt!("{name}"))?, GFP_KERNEL)?;
    }
    if !names.is_empty() {
        names.push(CString::try_from_fmt(fmt!("{MODE}"))?, GFP_KERNEL)?;
    }
    Ok(names)
}

/// What was allowed when the snapshot was made, but for what passes.
fn policy(snapshot: &Snapshot) -> Policy {
    Policy {
        restricted_allowed: snapshot.restricted_allowed,
        ..Policy::default()
    }
}

fn is_pending(snapshot: &Snapshot) -> bool {
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
    static FILES = [
        CurrentValue,
        DefaultValue,
        DisplayName,
        DisplayNameLanguageCode,
        PossibleValues,
        Type,
    ];
}

files! {
    static BESIDE = [PendingReboot];
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
