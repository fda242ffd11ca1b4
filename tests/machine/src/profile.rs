// SPDX-License-Identifier: GPL-2.0

//! Machine profiles: what a simulated machine is, as data.
//!
//! A profile is a TOML file in `profiles/`; `profiles/README.md` explains the
//! keys. A profile may start from another one (`base = "dell"`): tables are
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
    /// Whose token table it is; empty where there is none. Where the profile changes the table, it
    /// says so.
    #[serde(default)]
    pub source: String,
    /// What DMI says.
    pub dmi: Dmi,
    /// What firmware offers.
    #[serde(default)]
    pub firmware: Firmware,
    /// SMBIOS tokens.
    #[serde(default)]
    pub tokens: Tokens,
    /// The token table of a report, structure by structure, instead of the one in `tokens`.
    #[serde(skip)]
    pub report: Vec<Vec<u8>>,
    /// What locations of a report read, [location, value]: they count more than what is inferred of
    /// the table, and than what settings hold at first.
    #[serde(skip)]
    pub readings: Vec<[u16; 2]>,
    /// What settings hold when the machine leaves the factory, where it is not what
    /// `initial.toml` says.
    #[serde(default)]
    pub initial: BTreeMap<String, String>,
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

/// One structure of a token table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Its tokens, in the notation of `table.rs`.
    pub tokens: String,
}

/// SMBIOS tokens, and what may be wrong with their table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// Port that a call by SMI is written to.
    pub port: u16,
    /// What is written there.
    pub code: u8,
    /// Supported classes, a bit mask.
    pub classes: u32,
    /// The table, structure by structure.
    #[serde(rename = "structure")]
    pub structures: Vec<Structure>,
    /// Locations that refuse writes, besides those of settings that nothing can change.
    pub read_only: Vec<u16>,
    /// What locations hold at first, whatever token that makes active: [location, value].
    pub cells: Vec<[u16; 2]>,
    /// Ids to leave out.
    pub omit: Vec<u16>,
    /// Tokens that stand instead of the first of their id.
    pub replace: String,
    /// Further tokens, in structures of their own.
    pub extra: String,
    /// So many further tokens, ids from 0x5000 on.
    pub filler: u16,
    /// No 0xDA structure at all.
    pub absent: bool,
    /// Laid out anew, so many tokens in a structure.
    pub per_structure: Option<usize>,
    /// Mark the end of structures.
    pub terminator: bool,
    /// Cut so many bytes off the end of each structure.
    pub truncate: usize,
}

impl Tokens {
    /// Whether the table is another one than the structures make.
    fn is_changed(&self) -> bool {
        let added = !self.replace.is_empty() || !self.extra.is_empty() || self.filler > 0;
        let cut = !self.omit.is_empty() || self.absent || !self.terminator || self.truncate > 0;
        added || cut || self.per_structure.is_some()
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            port: 0xB2,
            code: 0,
            // What most real tables have.
            classes: 0x50B6_1FFF,
            structures: Vec::new(),
            read_only: Vec::new(),
            cells: Vec::new(),
            omit: Vec::new(),
            replace: String::new(),
            extra: String::new(),
            filler: 0,
            absent: false,
            per_structure: None,
            terminator: true,
            truncate: 0,
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
    /// `_STA` of the device.
    pub sta: Option<u32>,
}

/// OEM strings by which mainline's drivers know a Dell.
pub const OEM_STRINGS: [&str; 3] = ["Dell System", "www.dell.com", "Alienware"];

/// Whether a machine is a Dell, by what DMI says. Before 2005 the maker was "Dell Computer
/// Corporation"; Alienware is Dell's.
pub fn is_dell(vendor: &str, oem_strings: &[String]) -> bool {
    let makers = ["Dell", "Alienware"];
    makers.iter().any(|maker| vendor.starts_with(maker))
        || oem_strings
            .iter()
            .any(|text| OEM_STRINGS.contains(&text.as_str()))
}

/// What profiles start from, as a machine.
pub(crate) fn base(name: &str) -> Result<Profile> {
    let mut value = load_value(name, 0)?;
    let rest = "summary = ''\n[dmi]\nproduct = ''\nbios_version = ''\nbios_date = ''\n";
    merge(&mut value, rest.parse::<toml::Table>()?.into());
    value
        .try_into()
        .with_context(|| format!("{name} is malformed"))
}

impl Profile {
    /// Loads a profile by name: `bad/NAME` for the ones with bad input, `dmi:FILE` for the
    /// machine of a report; with `+dsml` behind it, DSML0001 is added.
    pub fn load(name: &str) -> Result<Self> {
        let is_file = |name: &str| {
            name.strip_prefix("dmi:")
                .is_some_and(|f| Path::new(f).exists())
        };
        if let Some(other) = name.strip_suffix("+dsml").filter(|_| !is_file(name)) {
            let mut profile = Self::load(other)?;
            profile.name = name.to_owned();
            profile.summary += "; DSML0001 added";
            profile.firmware.dsml = true;
            return Ok(profile);
        }
        if let Some(file) = name.strip_prefix("dmi:") {
            return crate::report::profile(Path::new(file));
        }
        let value = load_value(name, 0)?;
        let mut profile: Profile = value
            .try_into()
            .with_context(|| format!("profile {name} is malformed"))?;
        profile.name = name.to_owned();
        if profile.tokens.is_changed() {
            profile.source = format!("made up, out of {}", profile.source);
        }
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
                let stem = path.file_stem().and_then(|s| s.to_str());
                match stem.filter(|stem| !NO_PROFILES.contains(stem)) {
                    Some(stem) if path.extension().is_some_and(|e| e == "toml") => {
                        found.push(format!("{prefix}{stem}"));
                    }
                    _ => {}
                }
            }
            found.sort();
            names.extend(found);
        }
        Ok(names)
    }

    /// Whether it has anything of Dell's.
    pub fn is_dell(&self) -> bool {
        is_dell(&self.dmi.vendor, &self.dmi.oem_strings)
    }

    /// Whether there is NVRAM behind its firmware.
    pub fn has_nvram(&self) -> bool {
        self.firmware.needs_nvram() || self.is_dell()
    }

    /// Its ACPI tables, each after those that it stands on.
    pub fn tables(&self) -> Result<Vec<Table>> {
        let tables = self.firmware.tables(self.has_nvram());
        tables.with_context(|| format!("profile {}", self.name))
    }
}

/// What stands beside profiles without being one: what they have in common, and what settings
/// hold where they do not say it.
const NO_PROFILES: [&str; 3] = ["dell", "sysman", "initial"];

/// Where the profiles are.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")
}

fn load_value(name: &str, depth: u32) -> Result<toml::Value> {
    if depth > 8 {
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
        for wanted in ["latitude-7490", "rugged-5430", "optiplex-7090", "not-dell"] {
            assert!(names.iter().any(|n| n == wanted), "{wanted} is missing");
        }
        for name in names {
            let profile = Profile::load(&name).unwrap();
            profile.tables().unwrap();
            let tokens = crate::tokens::Plan::of(&profile).unwrap();
            crate::nvram::factory::image(&profile, &tokens).unwrap();
            crate::smbios::structures(&profile).unwrap();
            let real = !profile.source.is_empty();
            assert_eq!(
                real,
                !profile.tokens.structures.is_empty(),
                "{name}: a table and its source go together"
            );
        }
    }

    /// Fails when fewer real machines are at hand than are promised.
    #[test]
    fn ten_real_machines_and_more() {
        let names = Profile::names().unwrap();
        let real = names.iter().filter(|name| !name.starts_with("bad/"));
        let real = real.map(|name| Profile::load(name).unwrap());
        let tables = real.filter(|p| !p.source.is_empty() && p.firmware.wmi.is_some());
        assert!(tables.count() >= 10);
    }
}
