// SPDX-License-Identifier: GPL-2.0

//! Machine profiles: what a simulated machine is, as data.
//!
//! A profile is a TOML file in `profiles/`; `profiles/README.md` explains the
//! keys. A profile may start from another one (`base = "latitude"`): tables are
//! merged key by key, everything else is replaced.

use crate::firmware::{Firmware, Table};
use anyhow::{bail, Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name: the file's, without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// One line for people.
    pub summary: String,
    /// What DMI says.
    pub dmi: Dmi,
    /// What firmware offers.
    #[serde(default)]
    pub firmware: Firmware,
    /// SMBIOS tokens.
    #[serde(default)]
    pub tokens: Tokens,
    /// Factory value of each setting that the machine has.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Administrator password.
    #[serde(default)]
    pub password: Password,
    /// dell-wmi-sysman attributes.
    #[serde(default)]
    pub attribute: Vec<Attribute>,
    /// DSML0001.
    #[serde(default)]
    pub dsmil: Dsmil,
}

/// What DMI says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dmi {
    /// Vendor of system and BIOS.
    pub vendor: String,
    /// Product name.
    pub product: String,
    /// Product family.
    pub family: String,
    /// SKU number.
    pub sku: String,
    /// Serial number, on a Dell the service tag.
    pub serial: String,
    /// BIOS version.
    pub bios_version: String,
    /// BIOS date.
    pub bios_date: String,
    /// Chassis type (3 desktop, 10 notebook).
    pub chassis_type: u8,
    /// OEM strings (type 11).
    pub oem_strings: Vec<String>,
}

/// How the tokens of a setting are laid over locations.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// All tokens of a setting name one location and differ in value.
    #[default]
    Shared,
    /// The location is the token's id; all of a setting show one cell and
    /// differ in value.
    Alias,
    /// Each token has a location of its own and is active when that holds 1.
    OneHot,
}

/// SMBIOS tokens, and what may be wrong with their table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Supported classes, a bit mask.
    pub classes: u32,
    /// Layout of settings that `layouts` does not name.
    pub layout: Layout,
    /// Layout by setting.
    pub layouts: BTreeMap<String, Layout>,
    /// No 0xDA structure at all.
    pub absent: bool,
    /// Tokens per structure, 39 at most.
    pub per_structure: usize,
    /// End each structure with 0xFFFF.
    pub terminator: bool,
    /// Cut so many bytes off the end of each structure.
    pub truncate: usize,
    /// Tokens to leave out, "setting/value".
    pub omit: Vec<String>,
    /// Further tokens: [id, location, value].
    pub extra: Vec<[u16; 3]>,
    /// So many further tokens, ids from 0x5000 on.
    pub filler: u16,
    /// Shared location by setting, to make settings share one.
    pub locations: BTreeMap<String, u16>,
    /// Location contents that no token stands for: [location, value].
    pub cells: Vec<[u16; 2]>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            classes: 0x4037_1F5F,
            layout: Layout::default(),
            layouts: BTreeMap::new(),
            absent: false,
            per_structure: 39,
            terminator: true,
            truncate: 0,
            omit: Vec::new(),
            extra: Vec::new(),
            filler: 0,
            locations: BTreeMap::new(),
            cells: Vec::new(),
        }
    }
}

/// Administrator password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Password {
    /// The password; empty: none is installed.
    pub admin: String,
    /// The security key that it yields.
    pub key: u16,
    /// Wrong answers before the right one is refused as well.
    pub max_tries: u32,
    /// Refuse writes without the key but report success.
    pub silent: bool,
}

impl Default for Password {
    fn default() -> Self {
        Self {
            admin: String::new(),
            key: 0x5EC5,
            max_tries: 3,
            silent: false,
        }
    }
}

/// Kinds of dell-wmi-sysman attributes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeKind {
    /// One of a few values.
    Enumeration,
    /// A number.
    Integer,
    /// A text.
    String,
    /// A password object; the name must be Admin or System.
    Password,
}

/// A dell-wmi-sysman attribute.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: AttributeKind,
    /// Name for people.
    #[serde(default)]
    pub display: String,
    /// Factory value.
    #[serde(default)]
    pub default: String,
    /// Possible values of an enumeration.
    #[serde(default)]
    pub values: Vec<String>,
    /// Smallest number, shortest text.
    #[serde(default)]
    pub min: u32,
    /// Largest number, longest text.
    #[serde(default)]
    pub max: u32,
    /// Step of a number.
    #[serde(default)]
    pub step: u32,
    /// Firmware refuses to change it.
    #[serde(default)]
    pub read_only: bool,
    /// The setting that it is another view of: values in the same order as
    /// `values` here.
    #[serde(default)]
    pub setting: String,
    /// Values of that setting, in the order of `values`.
    #[serde(default)]
    pub setting_values: Vec<String>,
}

/// DSML0001.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dsmil {
    /// Devices that are active when the machine leaves the factory.
    pub active: Vec<String>,
    /// Without SET_IF.
    pub read_only: bool,
    /// Instead of the right version: [major, minor].
    pub version: Option<[u16; 2]>,
    /// Instead of the right number of devices, in IDENTITY.
    pub device_count: Option<u16>,
    /// Instead of the right number of groups, in IDENTITY.
    pub group_count: Option<u16>,
    /// Instead of the right number of devices, in STATE_ALL.
    pub state_count: Option<u16>,
    /// Instead of the right mask, in QUERY.
    pub query: Option<u8>,
    /// Bytes to put into descriptors: device name to [offset, value] pairs.
    pub descriptor_bytes: BTreeMap<String, Vec<[u8; 2]>>,
    /// `_STA` of the device.
    pub sta: Option<u32>,
}

impl Profile {
    /// Loads a profile by name, `bad/NAME` for the ones with bad input.
    pub fn load(name: &str) -> Result<Self> {
        let value = load_value(name, 0)?;
        let mut profile: Profile = value
            .try_into()
            .with_context(|| format!("profile {name} is malformed"))?;
        profile.name = name.to_owned();
        Ok(profile)
    }

    /// Names of all profiles, those with bad input last.
    pub fn names() -> Result<Vec<String>> {
        let mut names = Vec::new();
        for prefix in ["", "bad/"] {
            let dir = directory().join(prefix);
            let mut found = Vec::new();
            for entry in std::fs::read_dir(&dir)
                .with_context(|| format!("cannot list profiles in {}", dir.display()))?
            {
                let path = entry.context("cannot list profiles")?.path();
                if path.extension().is_some_and(|e| e == "toml") {
                    if let Some(stem) = path.file_stem().and_then(|s| s.to_str()) {
                        found.push(format!("{prefix}{stem}"));
                    }
                }
            }
            found.sort();
            names.extend(found);
        }
        Ok(names)
    }

    /// Whether there is NVRAM behind its firmware: whether it is one of Dell's.
    pub fn has_nvram(&self) -> bool {
        let makers = ["Dell", "Alienware"];
        self.firmware.needs_nvram() || makers.iter().any(|m| self.dmi.vendor.starts_with(m))
    }

    /// Its ACPI tables, each after those that it stands on.
    pub fn tables(&self) -> Result<Vec<Table>> {
        let tables = self.firmware.tables(self.has_nvram());
        tables.with_context(|| format!("profile {}", self.name))
    }
}

/// Where the profiles are.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")
}

fn load_value(name: &str, depth: u32) -> Result<toml::Value> {
    if depth > 4 {
        bail!("profile {name}: too many bases, or one is based on itself");
    }
    let path = directory().join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("no profile {name} ({})", path.display()))?;
    let mut value: toml::Table = text
        .parse()
        .with_context(|| format!("{} is not TOML", path.display()))?;
    match value.remove("base") {
        None => Ok(value.into()),
        Some(toml::Value::String(base)) => {
            let mut merged = load_value(&base, depth + 1)?;
            merge(&mut merged, value.into());
            Ok(merged)
        }
        Some(_) => bail!("{}: base must be a name", path.display()),
    }
}

fn merge(into: &mut toml::Value, from: toml::Value) {
    match (into, from) {
        (toml::Value::Table(into), toml::Value::Table(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails when a profile in the tree cannot be used.
    #[test]
    fn every_profile_is_complete() {
        let names = Profile::names().unwrap();
        for wanted in ["latitude", "rugged", "optiplex", "not-dell"] {
            assert!(names.iter().any(|n| n == wanted), "{wanted} is missing");
        }
        for name in names {
            let profile = Profile::load(&name).unwrap();
            profile.tables().unwrap();
            let tokens = crate::tokens::Plan::of(&profile).unwrap();
            crate::nvram::factory::image(&profile, &tokens).unwrap();
            crate::smbios::structures(&profile, &tokens).unwrap();
        }
    }
}
