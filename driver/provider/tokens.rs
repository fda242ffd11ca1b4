// SPDX-License-Identifier: GPL-2.0

//! The family `platform`: Dell's SMBIOS tokens, through mainline's `dell-smbios`.

use super::{
    errno,
    training,
    Details,
    FamilyReading,
    Provider,
    Readout,
    Value, //
};
use crate::{
    kapi::{
        compat::enodata,
        dell_smbios::{
            self,
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
            Answer,
            Presence,
            Reading, //
        },
        deny,
        fact::Fact,
        listed::{
            entangle,
            Cells,
            Listed,
            Model, //
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
    /// What was seen of the cells of each setting.
    cells: KVec<Cells>,
    calls: Atomic<u64>,
}

impl Tokens {
    /// Looks for the settings that this machine lists. Makes no firmware call.
    ///
    /// Returns `None` when the machine lists none. `filter` says that those which mainline keeps from
    /// user space are restricted.
    ///
    /// # Errors
    ///
    /// `ENOENT` without `dell-smbios`, `ENOMEM`.
    pub(crate) fn discover(filter: bool) -> Result<Option<Self>> {
        let settings = listed(filter)?;
        if settings.is_empty() {
            return Ok(None);
        }
        Self::new(DellSmbios::get()?, settings).map(Some)
    }

    /// As [`Tokens::discover`], but loads no module: somebody may have done so since.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn rediscover(filter: bool) -> Result<Option<Self>> {
        let smbios = DellSmbios::find()?;
        match listed(filter)? {
            settings if settings.is_empty() => Ok(None),
            settings => Self::new(smbios, settings).map(Some),
        }
    }

    fn new(smbios: DellSmbios, settings: KVec<Listed>) -> Result<Self> {
        Ok(Self {
            cells: KVec::from_elem(Cells::Unseen, settings.len(), GFP_KERNEL)?,
            smbios,
            settings,
            calls: Atomic::new(0),
        })
    }

    /// Waits until `dell-smbios` has found its way into the firmware, if it is going to: at boot
    /// both drivers may be loaded before its devices are probed. Must not be called with a lock
    /// that a probe may want, nor in a probe.
    pub(crate) fn wait_for_backend() {
        dell_smbios::wait_for_backend();
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
        self.smbios.call(&mut buffer).map_err(|error| match error {
            // Dell's firmware does not compare, so it cannot have found another value.
            EAGAIN => EIO,
            error => error,
        })?;
        let [status, answer, _, _] = buffer.output;
        match status as i32 {
            0 => Ok(answer),
            -1 => Err(EIO),
            -2 => Err(ENXIO),
            -3 => Err(enodata()),
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

/// What a token table says of each setting that the driver knows.
struct Table {
    listings: KVec<Listings>,
    /// What is wrong with it first.
    fault: Option<token_table::Fault>,
}

impl Table {
    fn new() -> Result<Self> {
        Ok(Self {
            listings: KVec::from_elem(Listings::default(), SETTINGS.len(), GFP_KERNEL)?,
            fault: None,
        })
    }

    fn take(&mut self, structure: &[u8]) {
        let parsed = token_table::parse(structure, |token| {
            for (listings, setting) in self.listings.iter_mut().zip(SETTINGS) {
                listings.take(setting, token);
            }
        });
        self.fault = self.fault.or(parsed.err());
    }
}

/// Settings for a copy, as SMBIOS structures of type 0xDA list them, one behind the other. What this
/// model of machine is known not to survive is denied to the copy as well.
///
/// # Errors
///
/// `EINVAL` for what are no such structures, `ENOMEM`.
pub(crate) fn described(structures: &[u8], filter: bool) -> Result<KVVec<(Fact, Details)>> {
    let mut table = Table::new()?;
    let whole = token_table::structures(structures, |structure| table.take(structure));
    // Of one that nothing ends, what is there is good: machines have such tables.
    let good = matches!(table.fault, None | Some(token_table::Fault::Unterminated));
    if whole.is_none() || !good {
        return Err(EINVAL);
    }
    let mut controls = KVVec::new();
    let (settings, _) = settings(table.listings, filter)?;
    for listed in &settings {
        let (fact, details) = (listed.fact(), details(listed));
        controls.push((training::described(fact, &details), details), GFP_KERNEL)?;
    }
    Ok(controls)
}

/// Takes the token table of this machine.
///
/// # Errors
///
/// `ENOMEM`.
fn listed(filter: bool) -> Result<KVec<Listed>> {
    let mut table = Table::new()?;
    let walked = dmi::walk(token_table::TYPE, |structure| table.take(structure));
    if let Some(fault) = table.fault {
        pr_warn!("firmware bug: SMBIOS structure of type 0xDA: {fault:?}\n");
    }
    match walked {
        Err(ENXIO) => pr_warn!("there are no SMBIOS tables\n"),
        // A table that could not be mapped may list anything.
        walked => walked?,
    }
    let (listed, entangled) = settings(table.listings, filter)?;
    if entangled > 0 {
        pr_warn!("firmware bug: {entangled} settings share a location with another one\n");
    }
    let contradictory = |listed: &&Listed| listed.presence == Presence::Contradictory;
    let contradictory = listed.iter().filter(contradictory).count();
    if contradictory > 0 {
        pr_warn!("firmware bug: {contradictory} settings have contradictory tokens\n");
    }
    Ok(listed)
}

/// The settings that a table lists, as a machine of this model has them, and how many of them share a
/// location with another one.
fn settings(all: KVec<Listings>, filter: bool) -> Result<(KVec<Listed>, u32)> {
    let text = |field| dmi::text(field).map_or(&[][..], CStr::to_bytes);
    let model = Model {
        product: text(Field::Product),
        portable: deny::is_portable(text(Field::ChassisType)),
        filtered: filter,
    };
    let mut listed = KVec::new();
    for ((id, setting), listings) in (FIRST_ID..).zip(SETTINGS).zip(all) {
        if let Some(found) = Listed::new(id, setting, listings, &model) {
            listed.push(found, GFP_KERNEL)?;
        }
    }
    let entangled = entangle(&mut listed);
    Ok((listed, entangled))
}

/// What is shown of a setting, before anything is read.
fn details(listed: &Listed) -> Details {
    let mut values = [Value::NONE; VALUES];
    let known = listed.setting.values.iter().zip(listed.listings.0);
    for (to, (value, listing)) in values.iter_mut().zip(known) {
        to.name = value.name;
        to.token = value.token;
        to.cuts_network = value.cuts_network;
        if let Listing::Listed { location, .. } = listing {
            to.location = location;
        }
    }
    if let (Some(name), [_, no, ..]) = (listed.setting.otherwise(), &mut values) {
        no.name = name;
    }
    Details {
        id: listed.id,
        presence: listed.presence,
        name: uapi::field(listed.setting.name.as_bytes()),
        label: uapi::field(listed.setting.label.as_bytes()),
        values,
        value_count: listed.value_count(),
        ..Details::NONE
    }
}

/// A setting as it stands by these answers.
fn readout(listed: &Listed, answers: [Answer; VALUES]) -> Readout {
    Readout {
        id: listed.id,
        reading: listed.reading(&answers),
        // A setting has nothing that could report it.
        tamper: Some(false),
        answers,
    }
}

impl Provider for Tokens {
    fn describe(&self, take: &mut dyn FnMut(Fact, Details) -> Result) -> Result {
        let mut settings = self.settings.iter();
        settings.try_for_each(|listed| take(listed.fact(), details(listed)))
    }

    fn read(
        &mut self,
        known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<FamilyReading> {
        // What was read this time: settings can have a location in common.
        let mut answers: KVec<(u16, Result<u32, u32>)> = KVec::new();
        let mut error = None;
        let mut cells = core::mem::take(&mut self.cells);
        let mut ask = |there: u16| -> Result<Result<u32, u32>> {
            let mut before = answers.iter();
            if let Some((_, answer)) = before.find(|(location, _)| *location == there) {
                return Ok(*answer);
            }
            go_on()?;
            // Without a way into the firmware the next call fails as this one did.
            let answer = match error {
                Some(error) => Err(error),
                None => self.read_location(there),
            };
            match answer {
                Err(ENODEV) => error = Some(ENODEV),
                // The kernel's failure, not an answer of the firmware: there is no reading.
                Err(ENOMEM) => return Err(ENOMEM),
                _ => {}
            }
            let answer = answer.map_err(errno);
            answers.push((there, answer), GFP_KERNEL)?;
            Ok(answer)
        };
        let mut read = || {
            let mut controls = KVVec::with_capacity(self.settings.len(), GFP_KERNEL)?;
            for (listed, cells) in self.settings.iter().zip(&mut cells) {
                let answers = listed.read(cells, known(listed.id), &mut ask)?;
                controls.push(readout(listed, answers), GFP_KERNEL)?;
            }
            Ok(controls)
        };
        let controls: Result<KVVec<Readout>> = read();
        self.cells = cells;
        Ok(FamilyReading {
            controls: controls?,
            error,
        })
    }

    fn write(&self, id: u32, _from: u8, to: u8, key: u16) -> Result {
        let (location, value) = self.find(id)?.write(to).ok_or(EPERM)?;
        self.call(TOKEN_WRITE, [location.into(), value.into(), key.into(), 0])
            .map(|_| ())
    }

    fn read_back(&self, control: &Details) -> Readout {
        let mut answers = control.answers();
        let Ok(listed) = self.find(control.id) else {
            return Readout {
                id: control.id,
                reading: Reading::Failed(errno(ENOENT)),
                tamper: Some(false),
                answers,
            };
        };
        for there in listed.concerned() {
            let read = self.read_location(there).map_err(errno);
            for (index, answer) in listed.answers_at(there, read) {
                if let Some(place) = answers.get_mut(index) {
                    *place = answer;
                }
            }
        }
        listed.imply(&mut answers);
        readout(listed, answers)
    }

    fn asks_for_key(&self) -> bool {
        self.call(ADMIN_INSTALLED, [0; 4]).is_ok()
    }

    fn firmware_calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}
