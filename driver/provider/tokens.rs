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
        control::{
            reading,
            Answer,
            Class,
            Family,
            Presence,
            Reading, //
        },
        deny::{
            self,
            Gate, //
        },
        fact::DEPENDS,
        setting::{
            Listing,
            Listings,
            Setting,
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

/// One setting that this machine lists.
struct Listed {
    id: u32,
    setting: &'static Setting,
    listings: Listings,
    presence: Presence,
    /// It has a location that another setting has as well: to write the one is to write the other.
    entangled: bool,
    /// This model is known not to survive a change of it.
    denied: bool,
}

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
        let Some(presence) = listings.presence(setting) else {
            continue;
        };
        if presence == Presence::Contradictory {
            contradictory = contradictory.saturating_add(1);
        }
        listed.push(
            Listed {
                id,
                setting,
                listings,
                presence,
                entangled: false,
                denied: deny::model(product, setting.name),
            },
            GFP_KERNEL,
        )?;
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

/// Marks the settings that have a location in common with another one. Returns their number.
fn entangle(settings: &mut [Listed]) -> u32 {
    let mut count = 0u32;
    let mut rest = &mut *settings;
    while let Some((first, others)) = rest.split_first_mut() {
        for other in others.iter_mut() {
            let shared = first.listings.locations().any(|location| {
                let mut locations = other.listings.locations();
                locations.any(|there| there == location)
            });
            if shared {
                first.entangled = true;
                other.entangled = true;
            }
        }
        if first.entangled {
            count = count.saturating_add(1);
        }
        rest = others;
    }
    count
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

/// What a reading of a token's location says of the value that it stands for.
fn answer(read: Result<u32, u32>, expected: u16) -> Answer {
    match read {
        Ok(read) => Answer::Read { read, expected },
        Err(errno) => Answer::Failed(errno),
    }
}

impl Listed {
    /// Makes the control out of what was read at each location.
    fn control(&self, read: impl Fn(u16) -> Result<u32, u32>) -> Control {
        let mut values = [Value::NONE; VALUES];
        let known = self.setting.values.iter().zip(self.listings.0);
        for (to, (value, listing)) in values.iter_mut().zip(known) {
            let (location, answer) = match listing {
                Listing::Listed { location, value } => (location, answer(read(location), value)),
                Listing::Absent | Listing::Contradictory => (0, Answer::Absent),
            };
            *to = Value {
                name: value.name,
                token: value.token,
                location,
                answer,
            };
        }
        let mut value_count = self.setting.values.len();
        if let (Some(name), [token, no, ..]) = (self.setting.otherwise(), &mut values) {
            let answered = matches!(token.answer, Answer::Read { .. });
            *no = Value {
                name,
                answer: Answer::Implied(answered && !token.answer.is_active()),
                ..Value::NONE
            };
            value_count = 2;
        }
        let listed = self.listings.0.iter();
        let listed = listed.filter(|listing| matches!(listing, Listing::Listed { .. }));
        Control {
            id: self.id,
            family: Family::Platform,
            class: self.setting.class,
            // Changing takes a value to change to, and one to go back to.
            writable: self.setting.class != Class::ReadOnly
                && self.presence != Presence::Contradictory
                && !self.entangled
                && listed.count() > 1,
            presence: self.presence,
            reading: self.reading(values.iter().take(value_count)),
            tamper: false,
            group: 0,
            name: uapi::field(self.setting.name.as_bytes()),
            label: uapi::field(self.setting.label.as_bytes()),
            values,
            value_count,
            depends: [0; DEPENDS],
            depend_count: 0,
            changed: 0,
            denied: self.denied,
            mark: Mark::default(),
            wanted: None,
        }
    }

    fn reading<'a>(&self, values: impl Iterator<Item = &'a Value>) -> Reading {
        match reading(values.map(|value| value.answer)) {
            // Nothing that such a table says of the setting can be relied on.
            Reading::Known(_) if self.presence == Presence::Contradictory => Reading::Ambiguous,
            reading => reading,
        }
    }

    /// The token of the value with this index, as the machine lists it: id, location, value.
    fn token(&self, index: u8) -> Result<(u16, u16, u16)> {
        let index = usize::from(index);
        let listing = self.listings.0.get(index).ok_or(ENOENT)?;
        let id = self.setting.values.get(index).ok_or(ENOENT)?.token;
        match *listing {
            Listing::Listed { location, value } => Ok((id, location, value)),
            Listing::Absent | Listing::Contradictory => Err(ENOENT),
        }
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
            controls.push(listed.control(read), GFP_KERNEL)?;
        }
        Ok(FamilyReading { controls, error })
    }

    fn write(&self, id: u32, _from: u8, to: u8, key: u16) -> Result {
        let (token, location, value) = self.find(id)?.token(to)?;
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
        let at = |index| listed.token(index).map(|(_, location, _)| location).ok();
        let (written, left) = (at(to), at(from).filter(|left| Some(*left) != at(to)));
        for there in [written, left].into_iter().flatten() {
            let read = self.read_location(there).map_err(errno);
            for (index, listing) in listed.listings.0.iter().enumerate() {
                let Listing::Listed { location, value } = *listing else {
                    continue;
                };
                if location == there {
                    control.take_answer(index, answer(read, value));
                }
            }
        }
        control.reading = listed.reading(control.values().iter());
    }

    fn asks_for_key(&self) -> bool {
        self.call(ADMIN_INSTALLED, [0; 4]).is_ok()
    }

    fn firmware_calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}
