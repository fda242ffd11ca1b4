// SPDX-License-Identifier: GPL-2.0

//! What firmware offers, and its ACPI tables: compiled from `firmware/*.asl`,
//! kept in the user's cache.

use crate::prepare::{digest, Prepared};
use anyhow::{bail, Context, Result};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// WMI devices that `other.asl` can have.
const OTHERS: u8 = 6;

/// What firmware offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Firmware {
    /// Whether there is a TPM.
    pub tpm: bool,
    /// Whether there is DSML0001.
    pub dsml: bool,
    /// Whether there is a second DSML0001.
    pub dsml_second: bool,
    /// Whether there is a WMI device that is not Dell's and notifies 0xD0 too.
    pub foreign_events: bool,
    /// Further WMI devices with nothing but binary MOF.
    pub other_wmi: u8,
    /// SMBIOS calls and events over WMI.
    pub wmi: Option<Wmi>,
    /// BIOS attributes over WMI.
    pub sysman: Option<Sysman>,
    /// The privacy block.
    pub privacy: Option<Privacy>,
}

impl Default for Firmware {
    fn default() -> Self {
        Self {
            tpm: true,
            dsml: false,
            dsml_second: false,
            foreign_events: false,
            other_wmi: 0,
            wmi: None,
            sysman: None,
            privacy: None,
        }
    }
}

/// SMBIOS calls over WMI: what their descriptor says.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wmi {
    /// Version of the interface.
    pub version: u32,
    /// Bytes of a call.
    pub size: u32,
    /// Hotfix number.
    pub hotfix: u32,
    /// Bytes that a call may have; 0: `size`.
    pub limit: u32,
}

impl Default for Wmi {
    fn default() -> Self {
        Self {
            version: 1,
            size: 0x8000,
            hotfix: 1,
            limit: 0,
        }
    }
}

/// BIOS attributes over WMI.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sysman {
    /// Where ReadOnly stands in an attribute's package.
    pub read_only: ReadOnly,
}

/// Where ReadOnly stands in an attribute's package.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ReadOnly {
    /// Nowhere.
    #[default]
    Absent,
    /// Before all others.
    First,
    /// After all others.
    Last,
}

/// Privacy block; bit 0 microphone, 1 camera, 2 screen.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// What has a switch.
    pub supported: u32,
    /// How the switches stand.
    pub current: u32,
}

/// An ACPI table: a source, and what is defined when it is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    source: &'static str,
    defines: Vec<String>,
}

impl Firmware {
    /// Whether anything of it stands on NVRAM.
    pub fn needs_nvram(&self) -> bool {
        self.dsml
            || self.dsml_second
            || self.wmi.is_some()
            || self.sysman.is_some()
            || self.foreign_events
    }

    /// Its tables, each after those that it stands on. With NVRAM or without.
    pub fn tables(&self, nvram: bool) -> Result<Vec<Table>> {
        if self.other_wmi > OTHERS {
            bail!("other_wmi is at most {OTHERS}");
        }
        if self.privacy.is_some() && self.wmi.is_none() {
            bail!("a privacy block needs [firmware.wmi]: it is in the same device");
        }
        if self.wmi.is_some_and(|wmi| wmi.size < 0x80) {
            bail!("a call has 0x80 bytes at least");
        }
        let wanted = [
            (nvram, "nvram"),
            (self.wmi.is_some() || self.sysman.is_some(), "smm"),
            (self.sysman.is_some(), "smm-attributes"),
            (self.wmi.is_some(), "wmi"),
            (self.sysman.is_some(), "sysman"),
            (self.foreign_events, "foreign"),
            (self.other_wmi > 0, "other"),
            (self.dsml, "dsml"),
            (self.dsml_second, "dsml-second"),
        ];
        let tables = wanted.into_iter().filter(|(wanted, _)| *wanted);
        Ok(tables
            .map(|(_, source)| Table {
                source,
                defines: match source {
                    "other" => (1..=self.other_wmi).map(|n| format!("OTHER_{n}")).collect(),
                    _ => Vec::new(),
                },
            })
            .collect())
    }
}

/// What the compiled form of a table is called in the cache, after what it is made of.
fn name(table: &Table, made_of: [&str; 3]) -> String {
    let defines = table.defines.join(" ");
    let key = digest(made_of.into_iter().chain([&*defines]));
    format!("acpi-{}-{key}", table.source)
}

/// The compiled form of a table.
pub fn compiled(prepared: &Prepared, table: &Table) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("firmware")
        .join(format!("{}.asl", table.source));
    let text = std::fs::read_to_string(&source)
        .with_context(|| format!("no ACPI table {}", source.display()))?;
    // What it includes; read now, as iasl does.
    let layout = source.with_file_name("layout.h");
    let layout = std::fs::read_to_string(&layout)
        .with_context(|| format!("cannot read {}", layout.display()))?;
    // The name of the root says which compiler is in it.
    let root = prepared.root.dir().to_string_lossy();
    let name = name(table, [&*root, &*layout, &*text]);
    let directory = prepared.cache.directory(&name, |to| {
        prepared.iasl(&source, &table.defines, &to.join("table.aml"))
    })?;
    Ok(directory.join("table.aml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<&'static str> {
        let firmware: Firmware = toml::from_str(text).unwrap();
        let tables = firmware.tables(firmware.needs_nvram()).unwrap();
        tables.iter().map(|table| table.source).collect()
    }

    /// Fails when a machine has tables that its keys do not ask for, or lacks
    /// one that they do.
    #[test]
    fn tables_follow_from_the_keys() {
        assert!(sources("tpm = false").is_empty());
        assert_eq!(sources("other_wmi = 2"), ["other"]);
        assert_eq!(sources("[wmi]"), ["nvram", "smm", "wmi"]);
        assert_eq!(sources("dsml = true"), ["nvram", "dsml"]);
        assert_eq!(sources("foreign_events = true"), ["nvram", "foreign"]);
        assert_eq!(
            sources("[wmi]\n[sysman]\nread_only = \"last\""),
            ["nvram", "smm", "smm-attributes", "wmi", "sysman"]
        );
    }

    /// Fails when a table of another compiler, layout, source or definition passes for the one that is
    /// in the cache.
    #[test]
    fn tables_are_called_after_what_they_are_made_of() {
        let table = |defines: &[&str]| Table {
            source: "other",
            defines: defines.iter().map(|name| (*name).to_owned()).collect(),
        };
        let names = [
            name(&table(&[]), ["root", "layout", "source"]),
            name(&table(&[]), ["other", "layout", "source"]),
            name(&table(&[]), ["root", "other", "source"]),
            name(&table(&[]), ["root", "layout", "other"]),
            name(&table(&["OTHER_1"]), ["root", "layout", "source"]),
        ];
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
    }

    /// Fails when firmware that cannot be is taken.
    #[test]
    fn impossible_firmware_is_refused() {
        for text in [
            "other_wmi = 7",
            "[privacy]\nsupported = 1\ncurrent = 1",
            "[wmi]\nsize = 44",
        ] {
            let firmware: Firmware = toml::from_str(text).unwrap();
            assert!(firmware.tables(true).is_err(), "{text}");
        }
        assert!(toml::from_str::<Firmware>("tables = []").is_err());
    }
}
