// SPDX-License-Identifier: GPL-2.0

//! Driver for the security controls of Dell machines.
//!
//! The house, from top to bottom; a layer uses those below it:
//!
//! - `surface`: what user space sees;
//! - `lookout`: what has the engine look at the machine without being asked;
//! - `engine`: what the driver knows of the machine, and the one door for changes;
//! - `journal`: the record of what happened, and its anchor in the TPM;
//! - `provider`: what reads and writes one family of controls;
//! - `kapi`: safe wrappers over C interfaces, all `unsafe` of the driver;
//! - `posture` and `uapi`: pure logic and wire types, compiled on the host as well.
//!
//! Limitations: one `DSML0001` device.

use crate::{
    engine::{
        state,
        Engine, //
    },
    journal::{
        Anchoring,
        Journal, //
    },
    kapi::{
        acpi,
        compat,
        dmi::{
            self,
            Field, //
        },
        notify::Listener,
        params::Params, //
    },
    lookout::{
        DsmilChange,
        Lookout, //
    },
    provider::Dsmil,
    surface::{
        answers::{
            self,
            Answers, //
        },
        attributes::{
            self,
            Attributes, //
        },
        chardev,      //
        sysfs::Sysfs, //
    }, //
};
use kernel::{
    acpi::{
        DeviceId,
        IdTable, //
    },
    device::{
        Bound,
        Core,
        Device, //
    },
    driver::Registration,
    platform,
    prelude::*,
    sync::Arc,
    InPlaceModule, //
};

mod engine;
mod journal;
mod kapi;
mod lookout;
#[expect(
    dead_code,
    unreachable_pub,
    reason = "a crate of its own on the host, with words for people"
)]
mod posture;
mod provider;
mod surface;
#[expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "a crate of its own on the host, with items for clients"
)]
mod uapi;

module! {
    type: DellMilspec,
    name: "dell_milspec",
    authors: ["The dell_milspec maintainers"],
    description: "Security controls of Dell machines",
    license: "GPL v2",
    // Machines with Dell's SMBIOS calls: as a block of WMI, or through the SMM of machines that
    // have no such block. Of these, portables have the chassis types that mainline's dell-laptop
    // names; desktops and workstations have names, because servers have the same chassis types.
    // DSML0001 has an alias of its own, from `ACPI_TABLE`.
    alias: [
        "wmi:A80593CE-A997-11DA-B012-B622A1EF5492*",
        "dmi*:svnDellInc.:*:ct8:*",
        "dmi*:svnDellInc.:*:ct9:*",
        "dmi*:svnDellInc.:*:ct10:*",
        "dmi*:svnDellInc.:*:ct30:*",
        "dmi*:svnDellInc.:*:ct31:*",
        "dmi*:svnDellInc.:*:ct32:*",
        "dmi*:svnDellInc.:pnOptiPlex*:*",
        "dmi*:svnDellInc.:pnPrecision*:*",
    ],
}

/// Tells whether the machine calls itself a Dell.
fn is_dell() -> bool {
    dmi::text(Field::Vendor).is_some_and(|vendor| vendor.to_bytes() == b"Dell Inc.")
}

#[pin_data]
struct DellMilspec {
    // Fields are dropped in this order, also when a later one cannot be initialised.
    //
    // When the initialisation fails, the kernel frees the module whatever references to it there
    // are (do_init_module()): an open descriptor would be left with functions that are gone. So
    // /dev/milspec comes last, when nothing can fail any more, and goes first: no descriptor is
    // open then, because each holds a reference to the module.
    //
    // Then the lookout goes, so that nothing is under way that nobody asked for. Then the attributes
    // go, which came after the DSML0001 driver, so that they were there at once. Then the DSML0001
    // driver, so that nothing adds to the engine any more; what its listener hears until then kicks
    // a worker that has ended. The faux device may come early, because its open files hold nothing
    // of the module: to take it back waits for calls under way, and lets none begin. With it the
    // last callback that looks for the engine is gone, and nothing is recorded any more: what waits
    // for the TPM is handed to it. Then the engine itself goes, and with it the reference to
    // dell-smbios.
    #[pin]
    _chardev: chardev::Registration,
    _answers: answers::place::Guard,
    #[pin]
    _lookout: Lookout,
    _attributes: Option<Attributes>,
    #[pin]
    _dsmil: Registration<platform::Adapter<DsmilDriver>>,
    _sysfs: Sysfs,
    _anchoring: Anchoring,
    _state: state::Guard,
}

impl InPlaceModule for DellMilspec {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let params = Params::get();
        let parameters = lookout::Parameters {
            verify_interval: params.verify_interval,
            event_interval: params.event_interval,
        };
        // Fields are initialised in this order, each when all that it uses is there.
        try_pin_init!(Self {
            _state: start(params)?,
            _anchoring: anchor()?,
            _sysfs: Sysfs::register()?,
            _dsmil <- Registration::new(c"dell_milspec", module),
            _attributes: Attributes::register()?,
            _lookout <- Lookout::new(parameters),
            _answers: answer()?,
            _chardev <- chardev::Registration::new(),
        })
    }
}

/// Brings the engine up, on a Dell.
fn start(params: Params) -> Result<state::Guard> {
    let forced = !is_dell();
    if forced && !params.force {
        pr_err!("this machine is not a Dell: not loaded (force=1 loads it anyway)\n");
        return Err(ENODEV);
    }
    let journal = Journal::new(params.pcr)?;
    let parameters = engine::Parameters {
        filter: params.filter,
        allow_restricted: params.allow_restricted,
        require_tpm: params.require_tpm,
        forced,
    };
    let engine = Engine::new(journal, parameters)?;
    let controls = engine.snapshot().platform.controls;
    pr_info!("{controls} platform controls\n");
    state::install(engine)
}

/// Has answers ready for descriptors.
fn answer() -> Result<answers::place::Guard> {
    let engine = state::get().ok_or(ENODEV)?;
    answers::place::install(Answers::new(engine)?)
}

/// Hands what is recorded to the TPM.
fn anchor() -> Result<Anchoring> {
    let engine = state::get().ok_or(ENODEV)?;
    Anchoring::new(engine.journal().journal().clone())
}

/// Binds to the ACPI device `DSML0001`.
struct DsmilDriver {
    // Dropped in this order: nothing comes from a device that the engine does not have.
    _listener: Option<Listener<DsmilChange>>,
    _attached: Attached,
}

/// The engine has the devices of `DSML0001` for as long as this exists.
struct Attached(Arc<Engine>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.detach();
        attributes::renew();
    }
}

/// The ACPI id.
const DSML0001: &CStr = c"DSML0001";

compat::acpi_device_table!(
    ACPI_TABLE,
    <DsmilDriver as platform::Driver>::IdInfo,
    [(DeviceId::new(DSML0001), ())]
);

/// Has the driver core try again. That memory lacks, or that whoever loads the module is killed, says
/// nothing of the firmware: nothing is taken in, and the next device that any driver binds to leads
/// to another try, in a kernel thread, which nobody kills. Whoever has asked for the binding through
/// sysfs is told `EAGAIN` instead.
fn put_off(device: &Device<Bound>, error: Error) -> Error {
    dev_info!(device, "DSML0001 is looked at later: {error:?}\n");
    EPROBE_DEFER
}

impl platform::Driver for DsmilDriver {
    type IdInfo = ();
    type Data<'bound> = Self;
    const ACPI_ID_TABLE: Option<IdTable<Self::IdInfo>> = Some(&ACPI_TABLE);

    fn probe<'bound>(
        device: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self, Error> + 'bound {
        let device = device.as_ref();
        // `ENODEV` keeps the driver core from calling it a failure. Neither of the two is one.
        if !acpi::is_first(device, DSML0001)? {
            dev_info!(device, "ignored: the machine's DSML0001 is the first\n");
            return Err(ENODEV);
        }
        let enabled = acpi::is_enabled(device);
        if enabled == Ok(false) {
            dev_info!(device, "DSML0001 is switched off in the firmware\n");
            return Err(ENODEV);
        }
        let engine = state::get().ok_or(ENODEV)?;
        // Before the first read, so that no change falls between the two.
        let listener = match Listener::of(device) {
            Ok(listener) => Some(listener),
            Err(ENOMEM) => return Err(put_off(device, ENOMEM)),
            Err(error) => {
                dev_warn!(device, "cannot listen to changes: {error:?}\n");
                None
            }
        };
        let dsmil = match enabled.and_then(|_| Dsmil::discover(device)) {
            Err(error @ (ENOMEM | EINTR)) => return Err(put_off(device, error)),
            found => found,
        };
        let error = dsmil.as_ref().err().copied();
        engine.attach(dsmil).map_err(|error| match error {
            ENOMEM | EINTR => put_off(device, error),
            _ => error,
        })?;
        attributes::renew();
        match error {
            None => {
                let controls = engine.snapshot().dsmil.controls;
                dev_info!(device, "{controls} DSMIL devices\n");
                Ok(Self {
                    _listener: listener,
                    _attached: Attached(engine),
                })
            }
            // The engine shows why. `ENODEV` keeps the driver core from saying it once more.
            Some(error) => {
                dev_err!(device, "firmware bug: DSML0001 cannot be used: {error:?}\n");
                Err(ENODEV)
            }
        }
    }
}
