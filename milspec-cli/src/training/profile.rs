// SPDX-License-Identifier: GPL-2.0

//! What the copy of a training is made of.

use super::devices::{self, Description};
use crate::change::Assignment;
use crate::failure::{Failure, Result};
use crate::model::Control;
use crate::refusal::{self, near};
use crate::report::{self, Report};
use crate::source::TrainingRequest;
use crate::{catalogue, Snapshot};
use milspec_posture::control::Class;
use milspec_posture::dsmil::STATES;
use milspec_posture::setting::Setting;
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::{Token, TYPE};
use milspec_uapi::{Target, FAMILY_PLATFORM, TRAINING_START};
use std::path::{Path, PathBuf};

/// A profile, by its name or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The machine's own controls, as they are.
    Machine,
    /// The machine's settings, and the 84 DSMIL devices, all inactive.
    Dsmil,
    /// Every setting that a mode could ask for, and the 84 devices: the same on every machine.
    Full,
    /// The settings of the machine that a report is of, as they were there.
    Report(PathBuf),
}

/// The names.
pub const NAMES: [&str; 3] = ["machine", "dsmil", "full"];

impl Profile {
    /// By its name; a word with a dot or a slash in it is a file.
    pub fn named(word: &str) -> std::result::Result<Self, String> {
        match word {
            "machine" => Ok(Self::Machine),
            "dsmil" => Ok(Self::Dsmil),
            "full" => Ok(Self::Full),
            file if file.contains(['/', '.']) => Ok(Self::Report(file.into())),
            other => {
                let near = near(other, NAMES.into_iter()).join(", ");
                let near = if near.is_empty() {
                    NAMES.join(", ")
                } else {
                    near
                };
                Err(format!(
                    "it is {near}, or a file that \"milspecctl report\" made"
                ))
            }
        }
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Machine => "machine".into(),
            Self::Dsmil => "dsmil".into(),
            Self::Full => "full".into(),
            Self::Report(file) => file.display().to_string(),
        }
    }

    /// What the driver is to make the copy of, with these controls set on a machine that now is like
    /// this.
    pub fn describe(&self, snapshot: &Snapshot, set: &[Assignment]) -> Result<Described> {
        let mut described = match self {
            Self::Machine => Described::default(),
            Self::Dsmil => Described {
                devices: devices::descriptions(),
                ..Described::default()
            },
            Self::Full => Described {
                devices: devices::descriptions(),
                tokens: structures(&all_tokens()),
                targets: flags_off(),
            },
            Self::Report(file) => of_report(&read(file)?),
        };
        for one in set {
            let (control, value) = match self {
                Self::Machine => of_machine(one, &snapshot.controls)?,
                Self::Dsmil => match of_device(one) {
                    Some(found) => found?,
                    None => of_machine(one, &snapshot.controls)?,
                },
                Self::Full => of_device(one).unwrap_or_else(|| of_catalogue(one))?,
                Self::Report(_) => of_catalogue(one)?,
            };
            described.targets.retain(|target| target.control != control);
            described.targets.push(Target {
                control,
                value,
                ..Target::default()
            });
        }
        Ok(described)
    }
}

/// What the driver makes a copy of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// DSMIL devices; none: the machine's.
    pub devices: Vec<Description>,
    /// SMBIOS structures; none: the machine's settings.
    pub tokens: Vec<u8>,
    /// What controls have to begin with.
    pub targets: Vec<Target>,
}

impl Described {
    /// The request to begin with it.
    pub fn request(&self) -> TrainingRequest {
        TrainingRequest {
            operation: TRAINING_START,
            devices: self.devices.clone(),
            tokens: self.tokens.clone(),
            targets: self.targets.clone(),
            ..TrainingRequest::default()
        }
    }
}

/// A control and the index of its value.
type Found = Result<(u32, u8)>;

fn of_machine(one: &Assignment, controls: &[Control]) -> Found {
    let control = refusal::find(&one.name, controls)?;
    match control.value_index(&one.value) {
        Some(value) => Ok((control.id, value)),
        None => Err(refusal::no_such_value(control, &one.value)),
    }
}

/// `None` for what is none of the 84 devices.
fn of_device(one: &Assignment) -> Option<Found> {
    let id = devices::id(&one.name)?;
    let state = STATES.iter().position(|state| *state == one.value);
    Some(match state {
        Some(state) => Ok((id, state as u8)),
        None => Err(no_value(one)),
    })
}

fn of_catalogue(one: &Assignment) -> Found {
    let Some(number) = SETTINGS.iter().position(|known| known.name == one.name) else {
        let near = near(&one.name, catalogue::names()).join(", ");
        return Err(Failure::new(
            "no-such-control",
            format!("the profile has no control \"{}\"", one.name),
            "none of its controls has this name",
            match near.is_empty() {
                true => "see docs/controls.md for all names".to_string(),
                false => format!("did you mean {near}?"),
            },
        ));
    };
    let values = catalogue::values(&one.name);
    match values.iter().position(|value| *value == one.value) {
        Some(value) => Ok((setting_id(number), value as u8)),
        None => Err(no_value(one)),
    }
}

fn no_value(one: &Assignment) -> Failure {
    Failure::new(
        "no-such-value",
        format!("{} has no value \"{}\"", one.name, one.value),
        format!("its values are {}", catalogue::values(&one.name).join(", ")),
        "name one of them",
    )
}

fn setting_id(number: usize) -> u32 {
    u32::from(FAMILY_PLATFORM) << 16 | number as u32
}

/// The settings of the full profile, with their numbers.
fn settings() -> impl Iterator<Item = (usize, &'static Setting)> {
    let all = SETTINGS.iter().enumerate();
    all.filter(|(_, setting)| matches!(setting.class, Class::Safe | Class::Monitored))
}

/// Each setting at a location of its own, where each value reads its place.
fn all_tokens() -> Vec<Token> {
    let mut tokens = Vec::new();
    for (number, setting) in settings() {
        for (at, value) in setting.values.iter().enumerate() {
            tokens.push(Token {
                id: value.token,
                location: LOCATIONS + number as u16,
                value: at as u16 + 1,
            });
        }
    }
    tokens
}

/// Where the locations of the full profile begin.
const LOCATIONS: u16 = 0x1000;

/// A setting that is a flag is not set to begin with.
fn flags_off() -> Vec<Target> {
    let flags = settings().filter(|(_, setting)| setting.otherwise().is_some());
    let off = |(number, _): (usize, &Setting)| Target {
        control: setting_id(number),
        value: 1,
        ..Target::default()
    };
    flags.map(off).collect()
}

/// Tokens that one structure holds: its length is one byte.
const MOST: usize = 39;

/// SMBIOS structures of type 0xDA with these tokens, without texts.
pub fn structures(tokens: &[Token]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, tokens) in tokens.chunks(MOST).enumerate() {
        let length = 11 + 6 * (tokens.len() + 1);
        bytes.extend([TYPE, length as u8]);
        bytes.extend((0xDA00 + at as u16).to_le_bytes());
        // Port, code and classes of calls: there is no firmware to call.
        bytes.extend([0; 7]);
        for token in tokens {
            for word in [token.id, token.location, token.value] {
                bytes.extend(word.to_le_bytes());
            }
        }
        bytes.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    }
    bytes
}

fn read(file: &Path) -> Result<Report> {
    let root = report::root(file)?;
    let report = report::of(&root);
    report
        .filter(|report| report.token_table.is_some())
        .ok_or_else(|| {
            Failure::new(
                "bad-recording",
                format!("cannot make a copy of {}", file.display()),
                "there is no token table in this report",
                "have it made as root: \"milspecctl report\"",
            )
        })
}

fn of_report(report: &Report) -> Described {
    let tokens = report.token_table.as_ref().map(|table| table.tokens());
    let controls = report
        .driver
        .as_ref()
        .map(|driver| driver.controls.as_slice());
    let settings = controls.unwrap_or_default().iter();
    let settings = settings.filter(|control| control.family == "platform");
    let had = |control: &Control| {
        Some(Target {
            control: control.id,
            value: control.value_index(control.value.as_deref()?)?,
            ..Target::default()
        })
    };
    Described {
        devices: Vec::new(),
        tokens: structures(&tokens.unwrap_or_default()),
        targets: settings.filter_map(had).collect(),
    }
}
