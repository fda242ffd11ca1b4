// SPDX-License-Identifier: GPL-2.0

//! A report's words as the driver's answers again.

use super::{Control, Driver, Family, Status, Value, NAMED, READINGS};
use crate::model::{
    access_word, class_word, family_word, mode_word, presence_word, reason_word, Word,
};
use crate::source::Listing;
use milspec_posture::settings::SETTINGS;
use milspec_uapi as uapi;
use zerocopy::{FromZeros, IntoBytes};

impl Driver {
    /// The answers again: INFO, STATUS at this time since boot, and CONTROLS.
    pub fn answers(
        &self,
        [vendor, product, bios]: [&str; 3],
        now: u64,
        simulated: bool,
    ) -> (uapi::Info, uapi::Status, Listing) {
        let mut info = uapi::Info::new_zeroed();
        info.head.size = size_of::<uapi::Info>() as u32;
        (info.abi_major, info.abi_minor) = (self.abi_major, self.abi_minor);
        put(&mut info.driver_version, &self.version);
        put(&mut info.vendor, vendor);
        put(&mut info.product, product);
        put(&mut info.bios_version, bios);
        let mut status = self.status.answer(now);
        if simulated && status.dsmil_major != 0 {
            put(&mut status.dsmil_implementation, "SIMULATED");
        }
        let listing = Listing {
            generation: status.generation,
            controls: self.controls.iter().map(Control::answer).collect(),
        };
        (info, status, listing)
    }
}

impl Listing {
    /// The bytes of the answer, as a recording keeps them.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = uapi::Controls::new_zeroed();
        head.head.size = size_of::<uapi::Controls>() as u32;
        head.count = u32::try_from(self.controls.len()).unwrap_or(u32::MAX);
        head.capacity = head.count;
        head.stride = size_of::<uapi::Control>() as u32;
        head.generation = self.generation;
        let mut bytes = head.as_bytes().to_vec();
        for control in &self.controls {
            bytes.extend(control.as_bytes());
        }
        bytes
    }
}

impl Status {
    fn answer(&self, now: u64) -> uapi::Status {
        let ago = self.read_ms_ago.map(|ms| ms.saturating_mul(1_000_000));
        let refreshed = ago.map_or(0, |ago| now.saturating_sub(ago));
        let mode = self.mode.as_deref();
        let mut wire = uapi::Status {
            refreshed_ns: refreshed,
            mode: mode.map_or(uapi::MODE_NONE, |mode| number(mode, |n| Some(mode_word(n)))),
            platform: self.platform.answer(refreshed),
            dsmil: self.dsmil.answer(refreshed),
            ..Default::default()
        };
        wire.head.size = size_of::<uapi::Status>() as u32;
        copy_status!(self, wire);
        wire
    }
}

impl Family {
    fn answer(&self, refreshed_ns: u64) -> uapi::FamilyStatus {
        let mut wire = uapi::FamilyStatus {
            refreshed_ns: if self.controls == 0 { 0 } else { refreshed_ns },
            ..Default::default()
        };
        copy_family!(self, wire);
        wire
    }
}

impl Control {
    fn answer(&self) -> uapi::Control {
        let index = |name: &Option<String>| {
            let name = name.as_ref()?;
            let at = self.values.iter().position(|value| value.name == *name)?;
            u8::try_from(at).ok()
        };
        let index = |name| index(name).unwrap_or(uapi::INDEX_NONE);
        let some = |of: fn(u8) -> Word| move |n| Some(of(n));
        let reading = READINGS.iter().find(|(_, word)| *word == self.reading);
        let label = SETTINGS.iter().find(|known| known.name == self.name);
        let mut wire = uapi::Control::new_zeroed();
        wire.id = self.id;
        put(&mut wire.name, &self.name);
        put(
            &mut wire.label,
            label.map_or(&self.name, |known| known.label),
        );
        wire.family = number(&self.family, some(family_word));
        wire.control_class = number(&self.class, some(class_word));
        wire.access = number(&self.access, some(access_word));
        wire.presence = number(&self.presence, some(presence_word));
        wire.reading = reading.map_or(uapi::READING_UNKNOWN, |(number, _)| *number);
        wire.current = index(&self.value);
        wire.error = self.error;
        wire.properties = self.properties;
        wire.group = self.group;
        wire.changed = self.changed;
        wire.baseline = index(&self.baseline);
        wire.written = index(&self.written);
        wire.wanted = index(&self.wanted);
        wire.unreached_reason = reason(&self.unreached);
        wire.unreached_needs = self.needs;
        for (to, from) in wire.depends.iter_mut().zip(&self.depends) {
            *to = *from;
            wire.depend_count += 1;
        }
        for (to, from) in wire.values.iter_mut().zip(&self.values) {
            *to = from.answer();
            wire.value_count += 1;
        }
        wire
    }
}

impl Value {
    fn answer(&self) -> uapi::ControlValue {
        let bit = |is: bool, bit: u16| if is { bit } else { 0 };
        let mut wire = uapi::ControlValue {
            token: self.token,
            location: self.location,
            expected: self.expected.unwrap_or(0),
            properties: bit(self.present, uapi::VALUE_PRESENT)
                | bit(self.active, uapi::VALUE_ACTIVE)
                | bit(self.read.is_some(), uapi::VALUE_READ)
                | (self.properties & !NAMED),
            read: self.read.unwrap_or(0),
            value_class: number(&self.class, |n| Some(class_word(n))),
            gate: reason(&self.gate),
            ..Default::default()
        };
        put(&mut wire.name, &self.name);
        wire
    }
}

/// The number behind a word; the last of all where there is none.
fn number(word: &str, of: impl Fn(u8) -> Option<Word>) -> u8 {
    let mut numbers = 0..=u8::MAX;
    numbers
        .find(|number| of(*number).is_some_and(|known| known == word))
        .unwrap_or(u8::MAX)
}

fn reason(word: &Option<String>) -> u8 {
    let word = word.as_ref();
    word.map_or(uapi::REASON_NONE, |word| number(word, reason_word))
}

/// As much of a text as there is room for.
fn put(field: &mut [u8], text: &str) {
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
}
