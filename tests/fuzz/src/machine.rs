// SPDX-License-Identifier: GPL-2.0

//! Recorded machines with the token tables of `tests/machine/profiles`, read with the driver's own
//! rules.

use crate::seeds::repository;
use milspec::root::{Files, Root};
use milspec_posture::control::{Class, Presence, Reading};
use milspec_posture::listed::{entangle, Cells, Listed, Model};
use milspec_posture::setting::{Listing, Listings};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::{Token, TYPE};
use milspec_uapi as uapi;
use std::fs;
use zerocopy::{FromZeros, IntoBytes};

/// Bytes before the first token of a structure.
pub const FIXED: usize = 11;

/// The structures of a profile's token table, without texts; none where it lists none itself.
pub fn structures(profile: &toml::Table) -> Vec<Vec<u8>> {
    let listed = profile
        .get("tokens")
        .and_then(|tokens| tokens.get("structure"))
        .and_then(toml::Value::as_array);
    let tokens = |structure: &toml::Value| {
        let words = structure.get("tokens").and_then(toml::Value::as_str);
        let tokens = words.unwrap_or_default().split_whitespace().map(token);
        tokens.collect::<Option<Vec<Token>>>()
    };
    let all = listed.into_iter().flatten().filter_map(tokens);
    all.map(|tokens| structure(&tokens)).collect()
}

/// `ID=VALUE`, or `ID@LOCATION=VALUE`.
fn token(text: &str) -> Option<Token> {
    let (place, value) = text.split_once('=')?;
    let (id, location) = place.split_once('@').unwrap_or((place, place));
    Some(Token {
        id: u16::from_str_radix(id, 16).ok()?,
        location: u16::from_str_radix(location, 16).ok()?,
        value: value.parse().ok()?,
    })
}

/// A structure as firmware writes it.
pub fn structure(tokens: &[Token]) -> Vec<u8> {
    let length = FIXED + 6 * (tokens.len() + 1);
    let mut bytes = vec![TYPE, u8::try_from(length).unwrap_or(u8::MAX)];
    bytes.extend([0x00, 0xDA, 0xB2, 0x00, 0x01, 0xFF, 0x7F, 0x00, 0x00]);
    bytes.extend(tokens.iter().flat_map(encode));
    bytes.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    bytes
}

/// A token as it stands in a structure.
pub fn encode(token: &Token) -> [u8; 6] {
    let [a, b] = token.id.to_le_bytes();
    let [c, d] = token.location.to_le_bytes();
    let [e, f] = token.value.to_le_bytes();
    [a, b, c, d, e, f]
}

/// The settings that a machine with these tokens has.
pub fn listed(tokens: &[Token], model: &Model<'_>) -> Vec<Listed> {
    let mut listings = vec![Listings::default(); SETTINGS.len()];
    for token in tokens {
        for (listings, setting) in listings.iter_mut().zip(SETTINGS) {
            listings.take(setting, *token);
        }
    }
    let all = (1 << 16..).zip(SETTINGS).zip(listings);
    let all = all.filter_map(|((id, setting), of)| Listed::new(id, setting, of, model));
    let mut listed: Vec<Listed> = all.collect();
    entangle(&mut listed);
    listed
}

/// A setting as the driver tells it, when every location reads `read`.
fn control(listed: &Listed, read: u32) -> uapi::Control {
    let setting = listed.setting;
    let mut control = uapi::Control::new_zeroed();
    control.id = listed.id;
    control.family = uapi::FAMILY_PLATFORM;
    control.control_class = match listed.class {
        Class::Safe => uapi::CLASS_SAFE,
        Class::Monitored => uapi::CLASS_MONITORED,
        Class::Restricted => uapi::CLASS_RESTRICTED,
        Class::ReadOnly => uapi::CLASS_READ_ONLY,
        Class::Quarantined => uapi::CLASS_QUARANTINED,
    };
    control.access = u8::from(listed.is_writable());
    control.presence = match listed.presence {
        Presence::Full => uapi::PRESENCE_FULL,
        Presence::Partial => uapi::PRESENCE_PARTIAL,
        Presence::Contradictory => uapi::PRESENCE_CONTRADICTORY,
    };
    let mut cells = Cells::Unseen;
    let Ok(answers) = listed.read::<()>(&mut cells, None, |_| Ok(Ok(read))) else {
        unreachable!("nothing fails");
    };
    (control.reading, control.current) = match listed.reading(&answers) {
        Reading::Known(at) => (uapi::READING_KNOWN, at),
        Reading::Ambiguous => (uapi::READING_AMBIGUOUS, uapi::INDEX_NONE),
        Reading::Unknown | Reading::Failed(_) => (uapi::READING_UNKNOWN, uapi::INDEX_NONE),
    };
    control.baseline = uapi::INDEX_NONE;
    control.written = uapi::INDEX_NONE;
    control.wanted = uapi::INDEX_NONE;
    control.changed = 1;
    control.name = uapi::field(setting.name.as_bytes());
    control.label = uapi::field(setting.label.as_bytes());
    control.value_count = setting.values.len() as u8;
    let values = control.values.iter_mut().zip(setting.values).enumerate();
    for (at, (to, value)) in values {
        to.name = uapi::field(value.name.as_bytes());
        to.token = value.token;
        to.value_class = control.control_class;
        if let Some(Listing::Listed { location, value }) = listed.listings.0.get(at) {
            (to.location, to.expected, to.read) = (*location, *value, read);
            to.properties = uapi::VALUE_PRESENT | uapi::VALUE_READ;
            if u32::from(*value) == read {
                to.properties |= uapi::VALUE_ACTIVE;
            }
        }
    }
    control
}

/// What a driver of this version says of a machine with these tokens.
pub struct Machine {
    /// INFO.
    pub info: uapi::Info,
    /// STATUS.
    pub status: uapi::Status,
    /// The elements of CONTROLS.
    pub controls: Vec<uapi::Control>,
    /// SMBIOS, as the kernel shows it.
    pub dmi: Vec<u8>,
}

impl Machine {
    /// The machine of a profile.
    pub fn of_profile(name: &str) -> Self {
        let path = repository().join(format!("tests/machine/profiles/{name}.toml"));
        let text = fs::read_to_string(path).expect("a profile");
        let profile: toml::Table = toml::from_str(&text).expect("a profile in TOML");
        let structures = structures(&profile);
        let mut tokens = Vec::new();
        let mut dmi = Vec::new();
        for structure in &structures {
            let end = milspec_posture::token_table::parse(structure, |token| tokens.push(token));
            assert_eq!(end, Ok(()), "a structure of the profile");
            dmi.extend(structure);
            dmi.extend([0, 0]);
        }
        let model = Model {
            portable: true,
            ..Model::default()
        };
        let listed = listed(&tokens, &model);
        let mut info = uapi::Info::new_zeroed();
        info.head.size = size_of::<uapi::Info>() as u32;
        info.abi_major = uapi::ABI_MAJOR;
        info.driver_version = uapi::field(b"0.9.0");
        info.vendor = uapi::field(b"Dell Inc.");
        info.product = uapi::field(b"Latitude 7490");
        info.bios_version = uapi::field(b"1.9.1");
        let mut status = uapi::Status::new_zeroed();
        status.head.size = size_of::<uapi::Status>() as u32;
        (status.generation, status.refreshed_ns) = (1, 900_000_000_000);
        status.platform.state = uapi::FAMILY_READY;
        status.platform.controls = listed.len() as u32;
        status.journal_next = 1;
        Self {
            info,
            status,
            controls: listed.iter().map(|one| control(one, 1)).collect(),
            dmi,
        }
    }

    /// The answer to CONTROLS, as a recording has it.
    pub fn listing(&self) -> Vec<u8> {
        let mut head = uapi::Controls::new_zeroed();
        head.head.size = size_of::<uapi::Controls>() as u32;
        head.stride = size_of::<uapi::Control>() as u32;
        head.generation = self.status.generation;
        [head.as_bytes(), self.controls.as_slice().as_bytes()].concat()
    }

    /// The files of a recording.
    pub fn files(&self) -> Files {
        let text = |text: &str| text.as_bytes().to_vec();
        let files = [
            ("recording/info.bin", self.info.as_bytes().to_vec()),
            ("recording/status.bin", self.status.as_bytes().to_vec()),
            ("recording/controls.bin", self.listing()),
            ("sys/firmware/dmi/tables/DMI", self.dmi.clone()),
            ("sys/class/dmi/id/sys_vendor", text("Dell Inc.\n")),
            ("sys/class/dmi/id/product_name", text("Latitude 7490\n")),
            ("sys/class/dmi/id/bios_version", text("1.9.1\n")),
            ("sys/class/dmi/id/chassis_type", text("10\n")),
            ("proc/sys/kernel/osrelease", text("7.3.4-test\n")),
            ("proc/uptime", text("1000.25 900.00\n")),
        ];
        let files = files.map(|(path, bytes)| (path.to_string(), bytes));
        files.into()
    }

    /// The recording.
    pub fn root(&self) -> Root {
        Root::of_files("made by a fuzzer".into(), None, self.files())
    }
}
