// SPDX-License-Identifier: GPL-2.0

//! A machine out of a report of `milspecctl report` or dmidecode: whatever token table its owner's
//! machine has.
//!
//! Taken are the token table, and of what DMI says the model, BIOS and chassis. Serial number,
//! service and asset tag, UUID and everything else of a report stay where they are.
//!
//! | form | is |
//! |---|---|
//! | text | `dmidecode`, also with `-u` or `-t 218` |
//! | binary | `dmidecode --dump-bin`, or `/sys/firmware/dmi/tables/DMI` |
//! | JSON | `milspecctl report`, see `report/own.rs`: it has what locations read as well |
//!
//! A report says nothing of ACPI: the firmware around the table is the one of `dell.toml`.

mod own;

use crate::profile::{self, Dmi, Profile};
use crate::table;
use anyhow::{bail, Context, Result};
use std::path::Path;

/// A report is some ten kilobytes long; this is no report.
const MOST: u64 = 4 << 20;

/// What is taken out of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Report {
    vendor: String,
    product: String,
    family: String,
    bios_version: String,
    bios_date: String,
    chassis_type: u8,
    oem_strings: Vec<String>,
    structures: Vec<Vec<u8>>,
    /// What locations read, where that is known.
    readings: Vec<[u16; 2]>,
    /// Who made it.
    by: &'static str,
}

/// The machine of a report.
pub fn profile(path: &Path) -> Result<Profile> {
    let name = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {name}"))?;
    if size.len() > MOST {
        bail!("{name} is no report: it has {} bytes", size.len());
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let report = parse(&bytes).with_context(|| format!("{name} cannot be used"))?;
    make(&report, &format!("dmi:{name}"))
}

fn make(report: &Report, name: &str) -> Result<Profile> {
    let count: usize = report
        .structures
        .iter()
        .map(|s| table::tokens(s).count())
        .sum();
    let or = |text: &str, other: &str| match text {
        "" => other.to_owned(),
        text => text.to_owned(),
    };
    let mut profile = profile::base("dell")?;
    let defaults = profile.dmi.clone();
    profile.name = name.to_owned();
    profile.dmi = Dmi {
        vendor: or(&report.vendor, &defaults.vendor),
        product: or(&report.product, "Dell of a report"),
        family: or(&report.family, "unknown"),
        bios_version: or(&report.bios_version, "unknown"),
        bios_date: or(&report.bios_date, "01/01/2000"),
        chassis_type: match report.chassis_type {
            0 => defaults.chassis_type,
            chassis => chassis,
        },
        oem_strings: match report.oem_strings.as_slice() {
            [] => defaults.oem_strings.clone(),
            some => some.to_vec(),
        },
        ..defaults
    };
    let read = match report.readings.len() {
        0 => String::new(),
        read => format!(", {read} locations as they read there"),
    };
    profile.summary = format!(
        "{count} tokens in {} structures of a report{read}: {}, BIOS {} of {}",
        report.structures.len(),
        profile.dmi.product,
        profile.dmi.bios_version,
        profile.dmi.bios_date
    );
    profile.source = format!("a report of {}", report.by);
    profile.report = report.structures.clone();
    profile.readings = report.readings.clone();
    Ok(profile)
}

fn parse(bytes: &[u8]) -> Result<Report> {
    let text = String::from_utf8_lossy(bytes);
    let mut report = if text.trim_start().starts_with('{') {
        own::read(bytes)?
    } else if text.contains("DMI type") {
        of_text(&text)?
    } else {
        of_binary(bytes)?
    };
    if report.by.is_empty() {
        report.by = "dmidecode";
    }
    let is_dell = profile::is_dell(&report.vendor, &report.oem_strings);
    if !report.vendor.is_empty() && !is_dell {
        bail!("it is of a machine by {}, not of a Dell", report.vendor);
    }
    if report.structures.is_empty() {
        bail!(
            "it has no structure of type 218 (0xDA), which is where a Dell lists its tokens: is \
             all in it that {} said, and was that run as root?",
            report.by
        );
    }
    Ok(report)
}

/// A dump: an entry point and the table behind it, or the table alone.
fn of_binary(bytes: &[u8]) -> Result<Report> {
    let word = |at: usize| {
        let four = bytes.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*four)).ok()
    };
    // The file's own place of the table, where that is in the file: dmidecode puts it there.
    let place = match bytes {
        [b'_', b'S', b'M', b'3', b'_', ..] => word(0x10),
        [b'_', b'S', b'M', b'_', ..] => word(0x18),
        [b'_', b'D', b'M', b'I', b'_', ..] => word(0x08),
        _ => Some(0),
    };
    let table = place.and_then(|place| bytes.get(place..));
    let table = table.context("it is cut off: where its table should be, it has ended")?;
    let structures = table::walk(table).context("it is neither text of dmidecode nor a dump")?;
    let mut report = Report::default();
    for (area, strings) in structures {
        report.take(area, &strings);
    }
    Ok(report)
}

impl Report {
    /// Takes in one structure.
    fn take(&mut self, area: &[u8], strings: &[String]) {
        let string = |at: usize| {
            let number = usize::from(area.get(at).copied().unwrap_or(0));
            let text = number.checked_sub(1).and_then(|n| strings.get(n));
            text.cloned().unwrap_or_default()
        };
        match area.first() {
            Some(0) => {
                self.bios_version = string(5);
                self.bios_date = string(8);
            }
            Some(1) => {
                self.vendor = string(4);
                self.product = string(5);
                self.family = string(0x1A);
            }
            Some(3) if self.chassis_type == 0 => {
                self.chassis_type = area.get(5).copied().unwrap_or(0) & 0x7F;
            }
            Some(11) => self.oem_strings = oem(strings.iter().map(String::as_str)),
            Some(&table::TYPE) => self.structures.push(area.to_vec()),
            _ => {}
        }
    }
}

/// The OEM strings by which software knows a Dell. Others may say whose machine it is.
fn oem<'a>(strings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let known = strings.filter(|text| profile::OEM_STRINGS.contains(text));
    let mut known: Vec<String> = known.map(str::to_owned).collect();
    if !known.is_empty() {
        known.push("simulated by dell_milspec tests/machine".to_owned());
    }
    known
}

/// A structure of a text, as far as it is of use.
#[derive(Default)]
struct Block {
    kind: u8,
    bytes: Vec<u8>,
    /// With `-u`, what has come of a string's bytes.
    string: Vec<u8>,
    strings: Vec<String>,
    /// With `-u`, the text of the string whose bytes have just ended comes once more.
    again: bool,
    fields: Vec<(String, String)>,
}

/// The output of dmidecode.
fn of_text(text: &str) -> Result<Report> {
    let mut report = Report::default();
    let mut block: Option<Block> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("Handle ") {
            report.take_block(block.take())?;
            let kind = line.split("DMI type ").nth(1);
            let kind = kind.and_then(|rest| rest.split(',').next()?.trim().parse().ok());
            block = kind.map(|kind| Block {
                kind,
                ..Block::default()
            });
        } else if let Some(block) = &mut block {
            block.take(line);
        }
    }
    report.take_block(block)?;
    Ok(report)
}

impl Block {
    fn take(&mut self, line: &str) {
        if std::mem::take(&mut self.again) {
            return;
        }
        if let Some(hex) = hex_row(line) {
            if !self.is_whole() {
                self.bytes.extend(hex);
                return;
            }
            self.string.extend(hex);
            if self.string.last() == Some(&0) {
                let text = self.string.split_last().map_or(&[][..], |(_, text)| text);
                self.strings
                    .push(String::from_utf8_lossy(text).trim().to_owned());
                self.string.clear();
                self.again = true;
            }
        } else if let Some((name, value)) = line.split_once(": ") {
            self.fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Whether all bytes are there that the structure says it has.
    fn is_whole(&self) -> bool {
        let length = self.bytes.get(1).map(|length| usize::from(*length));
        length.is_some_and(|length| length >= 4 && self.bytes.len() == length)
    }

    fn field(&self, name: &str) -> String {
        let mut fields = self.fields.iter();
        let found = fields.find(|(n, value)| n == name && value != "Not Specified");
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl Report {
    fn take_block(&mut self, block: Option<Block>) -> Result<()> {
        let Some(block) = block else {
            return Ok(());
        };
        if block.is_whole() {
            self.take(&block.bytes, &block.strings);
        } else if block.kind == table::TYPE {
            bail!(
                "a structure of type 218 says that it has {} bytes, and {} are shown",
                block.bytes.get(1).copied().unwrap_or(0),
                block.bytes.len()
            );
        } else {
            self.take_fields(&block);
        }
        Ok(())
    }

    fn take_fields(&mut self, block: &Block) {
        match block.kind {
            0 => {
                self.bios_version = block.field("Version");
                self.bios_date = block.field("Release Date");
            }
            1 => {
                self.vendor = block.field("Manufacturer");
                self.product = block.field("Product Name");
                self.family = block.field("Family");
            }
            3 if self.chassis_type == 0 => {
                let kinds = CHASSIS.iter();
                let mut kind = kinds.filter(|(name, _)| *name == block.field("Type"));
                self.chassis_type = kind.next().map_or(0, |(_, number)| *number);
            }
            11 => self.oem_strings = oem(block.fields.iter().map(|(_, value)| value.as_str())),
            _ => {}
        }
    }
}

/// A row of bytes: two digits each.
fn hex_row(line: &str) -> Option<Vec<u8>> {
    let byte = |word: &str| match word.len() {
        2 => u8::from_str_radix(word, 16).ok(),
        _ => None,
    };
    let bytes: Vec<u8> = line.split_whitespace().map(byte).collect::<Option<_>>()?;
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

/// Names of chassis types that Dells have.
const CHASSIS: [(&str, u8); 17] = [
    ("Desktop", 3),
    ("Low Profile Desktop", 4),
    ("Mini Tower", 6),
    ("Tower", 7),
    ("Portable", 8),
    ("Laptop", 9),
    ("Notebook", 10),
    ("All In One", 13),
    ("Sub Notebook", 14),
    ("Space-saving", 15),
    ("Main Server Chassis", 17),
    ("Rack Mount Chassis", 23),
    ("Tablet", 30),
    ("Convertible", 31),
    ("Detachable", 32),
    ("Mini PC", 35),
    ("Stick PC", 36),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smbios;
    use crate::tokens::Plan;

    /// The structures of a profile as a table of SMBIOS.
    fn table_of(name: &str) -> Vec<u8> {
        let profile = Profile::load(name).unwrap();
        let text = |kind: u8, area: &[u8], strings: &[&str]| {
            let mut s = vec![kind, area.len() as u8 + 4, 1, 0];
            s.extend(area);
            for string in strings {
                s.extend(string.as_bytes());
                s.push(0);
            }
            s.push(0);
            s
        };
        let bios = text(0, &[1, 2, 0, 0, 3], &["Dell Inc.", "1.25.1", "02/05/2024"]);
        let mut system = [0; 0x17];
        system[..4].copy_from_slice(&[1, 2, 0, 3]);
        system[0x16] = 4;
        let strings = ["Dell Inc.", &profile.dmi.product, "SECRET1", "Latitude"];
        let mut table = [bios, text(1, &system, &strings)].concat();
        table.extend(text(11, &[2], &["Dell System", "SECRET2"]));
        for structure in smbios::structures(&profile).unwrap() {
            table.extend(structure);
        }
        table.extend([127, 4, 9, 9, 0, 0]);
        table
    }

    fn hex(bytes: &[u8]) -> String {
        let rows = bytes.chunks(16).map(|row| {
            let row: Vec<String> = row.iter().map(|b| format!("{b:02X}")).collect();
            format!("\t\t{}\n", row.join(" "))
        });
        rows.collect()
    }

    /// As `dmidecode -u` prints it.
    fn dump(table: &[u8]) -> String {
        let mut text = "# dmidecode 3.6\nGetting SMBIOS data from sysfs.\n".to_owned();
        for (area, strings) in table::walk(table).unwrap() {
            let (kind, length) = (area[0], area[1]);
            text += &format!("\nHandle 0x0100, DMI type {kind}, {length} bytes\n");
            text += &format!("\tHeader and Data:\n{}", hex(area));
            if strings.iter().any(|s| !s.is_empty()) {
                text += "\tStrings:\n";
            }
            for string in strings.iter().filter(|s| !s.is_empty()) {
                text += &hex(&[string.as_bytes(), &[0]].concat());
                text += &format!("\t\t{string}\n");
            }
        }
        text
    }

    /// As dmidecode prints it without an option.
    fn text(table: &[u8]) -> String {
        let mut text = "# dmidecode 3.6\nSMBIOS 3.3.0 present.\n\n\
            Handle 0x0000, DMI type 0, 26 bytes\nBIOS Information\n\tVendor: Dell Inc.\n\
            \tVersion: 1.25.1\n\tRelease Date: 02/05/2024\n\n\
            Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\tManufacturer: Dell Inc.\n\
            \tProduct Name: Latitude 5430 Rugged\n\tSerial Number: SECRET1\n\
            \tFamily: Latitude\n\n\
            Handle 0x0003, DMI type 3, 22 bytes\nChassis Information\n\tManufacturer: Dell Inc.\n\
            \tType: Notebook\n\tSerial Number: SECRET1\n\n\
            Handle 0x000B, DMI type 11, 5 bytes\nOEM Strings\n\tString 1: Dell System\n\
            \tString 2: SECRET2\n\n"
            .to_owned();
        for (area, _) in table::walk(table)
            .unwrap()
            .iter()
            .filter(|(a, _)| a[0] == 0xDA)
        {
            text += &format!("Handle 0xDA00, DMI type 218, {} bytes\n", area.len());
            text += &format!("OEM-specific Type\n\tHeader and Data:\n{}\n", hex(area));
        }
        text
    }

    /// Fails when one form of a report yields another machine than the profile that it was made
    /// of, or anything of its owner.
    #[test]
    fn every_form_of_a_report_is_the_same_machine() {
        let table = table_of("rugged-5430");
        let mut entry = b"_SM3_".to_vec();
        entry.resize(32, 0);
        entry[0x10] = 32;
        let mut old = b"_SM_".to_vec();
        old.resize(32, 0);
        old[0x18] = 32;
        let forms: [(&str, Vec<u8>); 5] = [
            ("text", text(&table).into_bytes()),
            ("text -u", dump(&table).into_bytes()),
            ("dump", [entry, table.clone()].concat()),
            ("old dump", [old, table.clone()].concat()),
            ("table", table),
        ];
        let mut expected = Profile::load("rugged-5430").unwrap();
        expected.initial.clear();
        let expected = Plan::of(&expected).unwrap();
        for (form, bytes) in forms {
            let report = parse(&bytes).unwrap_or_else(|error| panic!("{form}: {error:#}"));
            assert!(!format!("{report:?}").contains("SECRET"), "{form}");
            let profile = make(&report, form).unwrap();
            let plan = Plan::of(&profile).unwrap();
            assert_eq!(plan.tokens, expected.tokens, "{form}");
            assert_eq!(plan.locations, expected.locations, "{form}");
            let dmi = &profile.dmi;
            assert_eq!(dmi.product, "Latitude 5430 Rugged", "{form}");
            assert_eq!(
                (&*dmi.bios_version, &*dmi.bios_date),
                ("1.25.1", "02/05/2024"),
                "{form}"
            );
            assert_eq!((dmi.chassis_type, &*dmi.family), (10, "Latitude"), "{form}");
            assert_eq!(dmi.oem_strings[0], "Dell System", "{form}");
            assert!(
                smbios::options(&profile)[0].contains("-simulated"),
                "{form}"
            );
        }
    }

    /// Fails when what is no report of a Dell is taken for one, or a report that is cut off or
    /// damaged makes the parser panic.
    #[test]
    fn what_is_no_report_is_refused() {
        let table = table_of("optiplex-780");
        let whole = text(&table);
        for (bytes, why) in [
            (&b""[..], "no structure of type 218"),
            (
                b"# dmidecode 3.6\nHandle 0x0000, DMI type 1, 27 bytes\n",
                "no structure of type 218",
            ),
            (
                b"Handle 0x1, DMI type 1, 27 bytes\n\tManufacturer: HP\n",
                "by HP",
            ),
            (b"_SM3_", "cut off"),
            (&[218, 2, 0, 0, 0, 0], "neither text"),
        ] {
            let error = format!("{:#}", parse(bytes).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
        let cut = whole.find("DMI type 218").unwrap() + 120;
        let error = format!("{:#}", parse(&whole.as_bytes()[..cut]).unwrap_err());
        assert!(error.contains("are shown"), "{error}");
        for cut in (0..table.len()).step_by(7) {
            let _ = parse(&table[..cut]);
            let _ = parse(&[b"_SM_", &table[..cut]].concat());
            let _ = parse(whole.get(..cut).unwrap_or_default().as_bytes());
        }
    }
}
