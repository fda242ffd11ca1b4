// SPDX-License-Identifier: GPL-2.0

//! The family `platform`: Dell's SMBIOS tokens, through mainline's `dell-smbios`.

use super::{
    errno,
    Control,
    FamilyReading,
    Mark,
    Provider,
    Value, //
};
use crate::{
    kapi::{
        dell_smbios::{
            wait_for_backend,
            Buffer,
            DellSmbios, //
        },
        dmi::{
            self,
            Field, //
        }, //
    },
    posture::{
        control::Presence,
        deny::{
            self,
            Gate, //
        },
        fact::DEPENDS,
        listed::{
            entangle,
            Listed, //
        },
        setting::{
            Listing,
            Listings,
            VALUES, //
        },
        settings::SETTINGS,
        token_table, //
    },
    uapi, //
};
use kernel::{
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    }, //
};

/// Ids of this family begin here.
const FIRST_ID: u32 = (uapi::FAMILY_PLATFORM as u32) << 16;

/// `CLASS_TOKEN_READ` and `SELECT_TOKEN_STD` of `drivers/platform/x86/dell/dell-smbios.h`.
const TOKEN_READ: (u16, u16) = (0, 0);

/// `CLASS_TOKEN_WRITE` and `SELECT_TOKEN_STD`.
const TOKEN_WRITE: (u16, u16) = (1, 0);

/// `CLASS_ADMIN_PROP`, select 0: is an administrator password installed? Status 0 says yes.
const ADMIN_INSTALLED: (u16, u16) = (10, 0);

/// Status that firmware gives for a call that it did not carry out (libsmbios). Preset in the
/// answer, because a zeroed one reads as success when firmware ignores the call.
const NOT_EXECUTED: u32 = -3i32 as u32;

/// The tokens of this machine that stand for settings that the driver knows.
pub(crate) struct Tokens {
    smbios: DellSmbios,
    settings: KVec<Listed>,
    /// The distinct locations of all these tokens.
    locations: KVec<u16>,
    calls: Atomic<u64>,
    /// Waited for `dell-smbios` to find its way into the firmware.
    waited: Atomic<bool>,
}

impl Tokens {
    /// Looks for the settings that this machine lists. Makes no firmware call.
    ///
    /// Returns `None` when the machine lists none.
    ///
    /// # Errors
    ///
    /// `ENOENT` without `dell-smbios`, `ENOMEM`.
    pub(crate) fn discover() -> Result<Option<Self>> {
        let settings = listed()?;
        if settings.is_empty() {
            return Ok(None);
        }
        let smbios = DellSmbios::get()?;
        Ok(Some(Self {
            locations: locations(&settings)?,
            smbios,
            settings,
            calls: Atomic::new(0),
            waited: Atomic::new(false),
        }))
    }

    /// Makes a firmware call. `Err` is an errno, `Ok` what the firmware answered.
    ///
    /// # Errors
    ///
    /// `ENODEV` without a way into the firmware, `ENODATA` when the firmware ignored the call,
    /// `EIO`, `ENXIO`, `EINVAL` as `dell_smbios_error()` has them.
    fn call(&self, (class, select): (u16, u16), input: [u32; 4]) -> Result<u32> {
        let mut buffer = Buffer {
            class,
            select,
            input,
            output: [NOT_EXECUTED, 0, 0, 0],
        };
        self.calls.fetch_add(1, Relaxed);
        self.smbios.call(&mut buffer)?;
        let [status, answer, _, _] = buffer.output;
        match status as i32 {
            0 => Ok(answer),
            -1 => Err(EIO),
            -2 => Err(ENXIO),
            -3 => Err(ENODATA),
            _ => Err(EINVAL),
        }
    }

    /// Reads what is kept at `location`.
    fn read_location(&self, location: u16) -> Result<u32> {
        self.call(TOKEN_READ, [location.into(), 0, 0, 0])
    }

    fn find(&self, id: u32) -> Result<&Listed> {
        let mut settings = self.settings.iter();
        settings.find(|listed| listed.id == id).ok_or(ENOENT)
    }
}

/// Takes the token table of this machine.
fn listed() -> Result<KVec<Listed>> {
    let mut all: KVec<Listings> = KVec::from_elem(Listings::default(), SETTINGS.len(), GFP_KERNEL)?;
    let mut fault = None;
    let walked = dmi::walk(token_table::TYPE, |structure| {
        let parsed = token_table::parse(structure, |token| {
            for (listings, setting) in all.iter_mut().zip(SETTINGS) {
                listings.take(setting, token);
            }
        });
        fault = fault.or(parsed.err());
    });
    if let Some(fault) = fault {
        pr_warn!("firmware bug: SMBIOS structure of type 0xDA: {fault:?}\n");
    }
    if let Err(error) = walked {
        pr_warn!("cannot read the SMBIOS tables: {error:?}\n");
    }

    let product = dmi::text(Field::Product).map_or(&[][..], CStr::to_bytes);
    let mut listed = KVec::new();
    let mut contradictory = 0u32;
    for ((id, setting), listings) in (FIRST_ID..).zip(SETTINGS).zip(all) {
        let Some(found) = Listed::new(id, setting, listings, product) else {
            continue;
        };
        if found.presence == Presence::Contradictory {
            contradictory = contradictory.saturating_add(1);
        }
        listed.push(found, GFP_KERNEL)?;
    }
    let entangled = entangle(&mut listed);
    if entangled > 0 {
        pr_warn!("firmware bug: {entangled} settings share a location with another one\n");
    }
    if contradictory > 0 {
        pr_warn!("firmware bug: {contradictory} settings have contradictory tokens\n");
    }
    Ok(listed)
}

/// Returns the distinct locations of all tokens.
fn locations(settings: &[Listed]) -> Result<KVec<u16>> {
    let mut locations = KVec::new();
    for location in settings
        .iter()
        .flat_map(|listed| listed.listings.locations())
    {
        if !locations.contains(&location) {
            locations.push(location, GFP_KERNEL)?;
        }
    }
    Ok(locations)
}

/// Makes the control out of what was read at each location.
fn control(listed: &Listed, read: impl Fn(u16) -> Result<u32, u32>) -> Control {
    let answers = listed.answers(read);
    let fact = listed.fact(&answers, None);
    let mut values = [Value::NONE; VALUES];
    for (to, answer) in values.iter_mut().zip(answers) {
        to.answer = answer;
    }
    let known = listed.setting.values.iter().zip(listed.listings.0);
    for (to, (value, listing)) in values.iter_mut().zip(known) {
        to.name = value.name;
        to.token = value.token;
        if let Listing::Listed { location, .. } = listing {
            to.location = location;
        }
    }
    if let (Some(name), [_, no, ..]) = (listed.setting.otherwise(), &mut values) {
        no.name = name;
    }
    Control {
        id: fact.id,
        family: fact.family,
        class: fact.class,
        writable: fact.writable,
        presence: listed.presence,
        reading: fact.reading,
        tamper: false,
        group: fact.group,
        name: uapi::field(listed.setting.name.as_bytes()),
        label: uapi::field(listed.setting.label.as_bytes()),
        values,
        value_count: listed.value_count(),
        depends: [0; DEPENDS],
        depend_count: 0,
        changed: 0,
        denied: fact.denied,
        mark: Mark::default(),
        wanted: None,
        unreached: None,
    }
}

impl Provider for Tokens {
    fn read(&self) -> Result<FamilyReading> {
        let mut answers = KVec::with_capacity(self.locations.len(), GFP_KERNEL)?;
        let mut error = None;
        for location in &self.locations {
            if kernel::current!().signal_pending() {
                return Err(EINTR);
            }
            // Without a way into the firmware the next call fails as this one did.
            let mut answer = match error {
                Some(error) => Err(error),
                None => self.read_location(*location),
            };
            // At boot both drivers may have been loaded before `dell-smbios` was probed.
            if answer == Err(ENODEV) && !self.waited.xchg(true, Relaxed) {
                wait_for_backend();
                answer = self.read_location(*location);
            }
            if let Err(ENODEV) = answer {
                error = Some(ENODEV);
            }
            answers.push((*location, answer.map_err(errno)), GFP_KERNEL)?;
        }
        let read = |location| {
            let answer = answers.iter().find(|(at, _)| *at == location);
            answer.map_or(Err(errno(ENODATA)), |(_, answer)| *answer)
        };
        let mut controls = KVVec::with_capacity(self.settings.len(), GFP_KERNEL)?;
        for listed in &self.settings {
            controls.push(control(listed, read), GFP_KERNEL)?;
        }
        Ok(FamilyReading { controls, error })
    }

    fn write(&self, id: u32, _from: u8, to: u8, key: u16) -> Result {
        let (token, location, value) = self.find(id)?.token(to).ok_or(ENOENT)?;
        if deny::token(token) == Gate::Forbidden {
            return Err(EPERM);
        }
        self.call(TOKEN_WRITE, [location.into(), value.into(), key.into(), 0])
            .map(|_| ())
    }

    fn read_back(&self, control: &mut Control, from: u8, to: u8) {
        let Ok(listed) = self.find(control.id) else {
            return;
        };
        for there in listed.concerned(from, to) {
            let read = self.read_location(there).map_err(errno);
            for (index, answer) in listed.answers_at(there, read) {
                control.take_answer(index, answer);
            }
        }
        control.reading = listed.reading(control.values().iter().map(|value| value.answer));
    }

    fn asks_for_key(&self) -> bool {
        self.call(ADMIN_INSTALLED, [0; 4]).is_ok()
    }

    fn firmware_calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}
