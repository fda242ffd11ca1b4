// SPDX-License-Identifier: GPL-2.0

//! What the firmware should hold, worked out from the tables of modes and the machine's profile
//! without any code of the driver, and what it does hold, cell by cell.

use crate::common::known_locations;
use anyhow::{ensure, Result};
use milspec_machine::dsmil::{self, Device};
use milspec_machine::nvram::controls::Counts;
use milspec_machine::nvram::layout::*;
use milspec_machine::tokens::Plan;
use milspec_machine::{Machine, Nvram};
use milspec_posture::control::Class;
use milspec_posture::mode::{Mode, GROUPS, LINES};
use milspec_posture::settings::SETTINGS;
use std::collections::{BTreeMap, BTreeSet};

/// Controls and their values, by name.
pub type Values = BTreeMap<String, String>;

/// A control that is to change: name, from, to.
pub type Change = (String, String, String);

/// Every cell that holds a setting or a device, bit by bit.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    locations: Vec<u8>,
    dsmil: Vec<u8>,
}

impl Image {
    /// What the NVRAM holds now.
    pub fn of(nvram: &Nvram) -> Result<Self> {
        let mut this = Self {
            locations: vec![0; 0x1_0000 * NV_LOCATION_SIZE as usize],
            dsmil: vec![0; 2 * NV_DSML_MAX as usize],
        };
        nvram.read(NV_LOCATIONS, &mut this.locations)?;
        nvram.read(NV_DSML_STATE, &mut this.dsmil)?;
        Ok(this)
    }

    fn put(&mut self, location: u16, value: u16) {
        let at = usize::from(location) * NV_LOCATION_SIZE as usize;
        self.locations[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    /// Makes the NVRAM hold this again, behind the operating system's back.
    pub fn put_back(&self, nvram: &Nvram) -> Result<()> {
        nvram.write(NV_LOCATIONS, &self.locations)?;
        nvram.write(NV_DSML_STATE, &self.dsmil)
    }

    /// What reading a location shows.
    pub fn location(&self, plan: &Plan, location: u16) -> u16 {
        let cell = plan.locations.get(&location).map_or(location, |l| l.cell);
        let at = usize::from(cell) * NV_LOCATION_SIZE as usize;
        u16::from_le_bytes([self.locations[at], self.locations[at + 1]])
    }

    /// The state of a device.
    pub fn device(&self, index: u16) -> u8 {
        self.dsmil[2 * usize::from(index)]
    }

    /// Puts a control to a value, as firmware does.
    pub fn set(&mut self, plan: &Plan, name: &str, value: &str) -> Result<()> {
        if let Some(device) = device(name)? {
            self.dsmil[2 * usize::from(device.index)] = u8::from(value == "active");
            return Ok(());
        }
        let token = plan.token(name, value)?;
        let cell = plan.locations[&token.location].cell;
        for (_, other) in plan.setting(name) {
            let there = plan.locations[&other.location].cell;
            if there != cell {
                self.put(there, 0);
            }
        }
        self.put(cell, token.value);
        Ok(())
    }

    /// Places at which two differ, for messages.
    pub fn differs(&self, other: &Self) -> Vec<String> {
        let places = |what: &str, a: &[u8], b: &[u8], size: usize| -> Vec<String> {
            let pairs = a.chunks(size).zip(b.chunks(size)).enumerate();
            let differing = pairs.filter(|(_, (a, b))| a != b);
            differing
                .map(|(n, (a, b))| format!("{what} {n:#x}: {a:?} {b:?}"))
                .collect()
        };
        let size = NV_LOCATION_SIZE as usize;
        let mut all = places("location", &self.locations, &other.locations, size);
        all.extend(places("device", &self.dsmil, &other.dsmil, 2));
        all
    }
}

/// The device of this name, if it is one.
pub fn device(name: &str) -> Result<Option<Device>> {
    let mut devices = dsmil::devices()?.into_iter();
    Ok(devices.find(|device| device.name == name))
}

/// A machine's controls, and what the driver must have recorded of them.
pub struct Model {
    plan: Plan,
    devices: Vec<Device>,
    /// The locations of all tokens that the driver knows.
    locations: BTreeSet<u16>,
    /// It can be worked with when nothing is plugged in.
    portable: bool,
    /// The class restricted is open.
    pub restricted: bool,
    /// What each control had before the driver changed it first, for as long as nobody else does.
    pub baseline: Values,
    /// What each control had when the driver was loaded.
    first: Values,
}

/// Numbers of firmware calls: writes and reads of tokens, SET_IF, STATE and STATE_ALL.
pub type Calls = [u32; 5];

impl Model {
    /// The controls of a machine on which nothing was changed yet.
    pub fn new(machine: &Machine) -> Result<Self> {
        let mut this = Self {
            plan: machine.plan().clone(),
            devices: match machine.profile().firmware.dsml {
                true => dsmil::devices()?,
                false => Vec::new(),
            },
            locations: known_locations(machine)?,
            portable: [8, 9, 10, 11, 14, 30, 31, 32].contains(&machine.profile().dmi.chassis_type),
            restricted: false,
            baseline: Values::new(),
            first: Values::new(),
        };
        let nvram = machine.nvram()?;
        this.first = this.values(nvram)?;
        // What cannot be read has no value that the driver knows.
        for ((setting, _), token) in &machine.plan().by_name {
            if !nvram.is_present(token.location)? {
                this.first.remove(setting);
            }
        }
        Ok(this)
    }

    /// What the NVRAM holds, by name.
    pub fn values(&self, nvram: &Nvram) -> Result<Values> {
        let mut values = Values::new();
        for setting in SETTINGS {
            if let Some(value) = nvram.setting(&self.plan, setting.name)? {
                values.insert(setting.name.to_owned(), value);
            }
        }
        for device in &self.devices {
            let state = match nvram.dsmil_state(device.index)?.state {
                0 => "inactive",
                1 => "active",
                _ => "other",
            };
            values.insert(device.name.clone(), state.to_owned());
        }
        Ok(values)
    }

    /// Tells whether the table says enough of a setting to change it, and of nothing else: two of
    /// its values, each once, at locations that no other setting has.
    fn is_clear(&self, name: &str) -> bool {
        let mine = self.plan.setting(name);
        let tokens = || self.plan.tokens.iter();
        let once = |id| {
            let mut same = tokens().filter(|token| token.id == id);
            let first = same.next();
            same.all(|token| Some(token) == first)
        };
        let others = self
            .plan
            .by_name
            .iter()
            .filter(|((setting, _), _)| setting != name);
        let places: BTreeSet<u16> = others.map(|(_, token)| token.location).collect();
        let apart = |location| !places.contains(&location);
        mine.len() > 1 && mine.iter().all(|(_, t)| once(t.id) && apart(t.location))
    }

    /// Tells whether a request may change the control.
    fn settable(&self, name: &str) -> bool {
        match SETTINGS.iter().find(|setting| setting.name == name) {
            Some(_) if !self.is_clear(name) => false,
            // The keyboard may be there.
            Some(_) if name.starts_with("usb") && !self.portable => self.restricted,
            Some(setting) => match setting.class {
                Class::Safe | Class::Monitored => true,
                Class::Restricted => self.restricted,
                Class::ReadOnly | Class::Quarantined => false,
            },
            None => self.devices.iter().any(|d| d.name == name && d.class < 3),
        }
    }

    /// What a mode asks of a control that holds `now`.
    fn asked(&self, mode: Mode, name: &str, now: &String) -> Option<String> {
        if let Some(device) = self.devices.iter().find(|device| device.name == name) {
            let groups = GROUPS.iter().filter(|line| line.mode <= mode);
            let mut groups = groups.map(|line| line.group);
            return groups
                .any(|group| group == device.group)
                .then(|| "active".to_owned());
        }
        let lines = LINES.iter().filter(|line| line.setting == name);
        let lines = lines.filter(|line| self.plan.token(name, line.value).is_ok());
        let (mine, higher): (Vec<_>, Vec<_>) = lines.partition(|line| line.mode <= mode);
        let asked = mine.into_iter().max_by_key(|line| line.mode)?.value;
        // What its owner had as tight as a higher mode asks for stays.
        let own = self.baseline.get(name).unwrap_or(now);
        match higher.iter().any(|line| line.value == own) {
            true => Some(own.clone()),
            false => Some(asked.to_owned()),
        }
    }

    /// Whether a mode asks anything of a control that may be changed.
    pub fn reaches(&self, mode: Mode, now: &Values) -> bool {
        let mut all = now.iter();
        all.any(|(name, value)| self.settable(name) && self.asked(mode, name, value).is_some())
    }

    /// How the machine stands after `mode` is applied to `now`.
    pub fn target(&self, mode: Mode, now: &Values) -> Values {
        let after = |(name, value): (&String, &String)| {
            let wanted = self.asked(mode, name, value);
            let wanted = wanted.or_else(|| self.baseline.get(name).cloned());
            // What could not be put back is left alone.
            let value = wanted
                .filter(|_| self.settable(name) && value != "other")
                .unwrap_or(value.clone());
            (name.clone(), value)
        };
        now.iter().map(after).collect()
    }

    /// Controls that differ.
    pub fn changes(now: &Values, then: &Values) -> Vec<Change> {
        let pairs = now.iter().zip(then.values());
        let differing = pairs.filter(|((_, from), to)| from != to);
        differing
            .map(|((name, from), to)| (name.clone(), from.clone(), to.clone()))
            .collect()
    }

    /// Notes changes that were made.
    pub fn made(&mut self, changes: &[Change]) {
        for (name, from, _) in changes {
            self.baseline.entry(name.clone()).or_insert(from.clone());
        }
    }

    /// Notes that something else was seen to have changed a control: it is no business of the
    /// driver's any more what that had before.
    pub fn is_theirs(&mut self, name: &str) {
        self.baseline.remove(name);
    }

    /// The image that changes make of `image`.
    pub fn image(&self, image: &Image, changes: &[Change]) -> Result<Image> {
        let mut image = image.clone();
        for (name, _, to) in changes {
            image.set(&self.plan, name, to)?;
        }
        Ok(image)
    }

    /// Whether something waits for the next boot.
    pub fn pending(&self, now: &Values) -> bool {
        let mut all = self.first.iter();
        all.any(|(name, was)| !name.starts_with("DSMIL") && now.get(name) != Some(was))
    }

    /// The locations that a look reads of a setting. Of several that show one cell it reads one,
    /// unless it was changed since.
    fn read(&self, name: &str, changed: bool) -> BTreeSet<u16> {
        let tokens = self.plan.setting(name);
        let there = tokens.iter().map(|(_, token)| token.location);
        let places: BTreeSet<u16> = there.filter(|at| self.locations.contains(at)).collect();
        let values: BTreeSet<u16> = tokens.iter().map(|(_, token)| token.value).collect();
        let cells = places.iter().map(|at| self.plan.locations[at].cell);
        let one = cells.collect::<BTreeSet<u16>>().len() == 1;
        let apart = places.len() == tokens.len() && values.len() == tokens.len();
        match one && apart && !changed && self.first.contains_key(name) {
            true => places.into_iter().take(1).collect(),
            false => places,
        }
    }

    /// Calls that a look at everything takes: for the settings what each takes, and one for all
    /// devices.
    pub fn look(&self) -> Calls {
        self.look_after(&[])
    }

    /// The same, where somebody else has changed these controls since.
    pub fn look_after(&self, changed: &[&str]) -> Calls {
        let names = SETTINGS.iter().map(|setting| setting.name);
        let read = names.flat_map(|name| self.read(name, changed.contains(&name)));
        let read: BTreeSet<u16> = read.collect();
        [
            0,
            read.len() as u32,
            0,
            0,
            u32::from(!self.devices.is_empty()),
        ]
    }

    /// Calls that a request takes which comes to these changes: a look at everything, and for each
    /// change a reading of what it concerns, a write, and the same reading again.
    pub fn calls(&self, changes: &[Change]) -> Result<Calls> {
        let mut calls = self.look();
        for (name, _, to) in changes {
            if name.starts_with("DSMIL") {
                calls[2] += 1;
                calls[3] += 2;
                continue;
            }
            self.plan.token(name, to)?;
            // All that the setting has: another value than these two may be in force there.
            let places: BTreeSet<u16> = self
                .plan
                .setting(name)
                .iter()
                .map(|(_, t)| t.location)
                .collect();
            calls[0] += 1;
            calls[1] += 2 * places.len() as u32;
        }
        Ok(calls)
    }
}

/// Fails when firmware was called otherwise than so many times. Nothing else may have been called at
/// all.
pub fn check_calls(made: &Counts, expected: Calls) -> Result<()> {
    let found = [
        made.token_writes(),
        made.token_reads(),
        made.dsml(5),
        made.dsml(3),
        made.dsml(4),
    ];
    let sum = |calls: Calls| calls.iter().sum::<u32>();
    ensure!(
        found == expected && made.smbios() + made.dsml_total() == sum(expected),
        "calls (writes, reads, SET_IF, STATE, STATE_ALL): {found:?}, expected {expected:?}; all: {:?}",
        made.nonzero()
    );
    Ok(())
}

/// Fails when a write for a quarantined device, or for a location of no setting, was asked of the
/// firmware since `position` of its log.
pub fn check_writes(machine: &Machine, position: u32) -> Result<()> {
    let settable: BTreeSet<u32> = SETTINGS
        .iter()
        .filter(|setting| setting.class < Class::ReadOnly)
        .flat_map(|setting| machine.plan().setting(setting.name))
        .map(|(_, token)| u32::from(token.location))
        .collect();
    let devices = dsmil::devices()?;
    for entry in machine.nvram()?.log_since(position)? {
        let allowed = match (entry.space, entry.key) {
            (SPACE_SMBIOS, 1) => settable.contains(&entry.argument),
            (SPACE_DSML, 5) => {
                let device = devices
                    .iter()
                    .find(|d| u32::from(d.index) == entry.argument);
                device.is_some_and(|device| device.class < 3)
            }
            _ => true,
        };
        ensure!(allowed, "written to: {entry:?}");
    }
    Ok(())
}
