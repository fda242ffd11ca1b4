// SPDX-License-Identifier: GPL-2.0

//! `/sys/class/firmware-attributes/dell-milspec/`, as `docs/firmware-attributes.md` documents it.
//!
//! A device never changes which attributes it has: when other controls can be set than before, it is
//! taken away and another one is registered, so that whoever hears of a device sees all that it
//! has. `state` is held for that. It is never taken by who has the engine's mutex, and callbacks of
//! files, which taking a device away waits for, never take it: they may wait for that mutex.

use super::attribute_files::{
    is_pending,
    policy,
    BESIDE,
    FILES, //
};
use crate::{
    engine::{
        state,
        Engine,
        Snapshot, //
    },
    kapi::{
        firmware_attributes::{
            Class,
            Registration, //
        },
        global::global,
        worker::{
            worker,
            Running,
            Worker, //
        }, //
    },
    posture::attributes::MODE,
    uapi, //
};
use kernel::{
    new_mutex,
    prelude::*,
    str::CString,
    sync::{
        Arc,
        Mutex, //
    },
    time::Msecs, //
};

/// Name of the device.
const NAME: &CStr = c"dell-milspec";

/// When to try again after a failure.
const RETRY: Msecs = 5000;

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
    /// Whether the device could not be registered, which was said.
    failed: bool,
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
        let place = place::install(shown.clone())?;
        let running = WORKER.start()?;
        shown.renew();
        Ok(Some(Self {
            _running: running,
            _place: place,
            _told: told,
        }))
    }
}

/// Registers another device, or none, where a training begins or ends or other controls can be set
/// than before, and says so where a change waits for the next boot that did not before. Does nothing
/// before there can be a device, and after.
pub(crate) fn renew() {
    if let Some(shown) = place::get() {
        shown.renew();
    }
}

impl Shown {
    fn renew(&self) {
        let mut state = self.state.lock();
        let snapshot = self.engine.snapshot();
        // Nobody is to take a copy for the machine who cannot see which of the two it is.
        let names = match self.engine.has_copy() {
            true => Ok(KVVec::new()),
            false => names(&snapshot),
        };
        let renewed = names.and_then(|names| state.show(&self.class, names));
        let failed = core::mem::replace(&mut state.failed, renewed.is_err());
        if let Err(error) = renewed {
            if !failed {
                pr_warn!("firmware-attributes cannot be shown: {error:?}\n");
            }
            WORKER.again(RETRY);
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
        self.names = KVVec::new();
        let old = self.device.take();
        if !names.is_empty() {
            let class = class.clone();
            let device = Registration::new(class, NAME, &BESIDE, &FILES, &names, old)?;
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
