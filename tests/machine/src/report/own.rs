// SPDX-License-Identifier: GPL-2.0

//! What `milspecctl report` has made: JSON of schema `milspec.report/1`. Beside the table it has what
//! locations read, and those are what they read in the simulated machine at first.

use super::Report;
use crate::table::{self, Command, TERMINATOR};
use anyhow::{bail, ensure, Context, Result};
use serde::Deserialize;

/// Behind the BIOS version of every simulated machine.
const MARK: &str = "-simulated";

/// What is taken out of it.
#[derive(Deserialize)]
struct Own {
    machine: Machine,
    token_table: Option<Table>,
    readings: Readings,
}

#[derive(Deserialize)]
struct Machine {
    vendor: Option<String>,
    product: Option<String>,
    bios_version: Option<String>,
    bios_date: Option<String>,
    chassis_type: Option<u8>,
}

#[derive(Deserialize)]
struct Table {
    structures: Vec<Structure>,
}

#[derive(Deserialize)]
struct Structure {
    port: Option<u16>,
    code: Option<u8>,
    classes: Option<u32>,
    end: String,
    tokens: String,
}

#[derive(Deserialize)]
struct Readings {
    driver: String,
    kernel: String,
}

/// Only to say what else it is.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

/// Reads one.
pub fn read(bytes: &[u8]) -> Result<Report> {
    let head: Head = serde_json::from_slice(bytes).context("it is no report: not JSON")?;
    match head.schema.as_deref() {
        Some("milspec.report/1") => {}
        Some(other) => bail!("it is no report of milspecctl, but {other:?}"),
        None => bail!("it is no report of milspecctl: it does not say what it is"),
    }
    let own: Own = serde_json::from_slice(bytes).context("it is not as milspecctl makes it")?;
    let table = own.token_table.context(
        "it has no token table: the report says why under \"unread\"; as root, milspecctl reads it",
    )?;
    let machine = own.machine;
    let bios = machine.bios_version.unwrap_or_default();
    let mut structures = Vec::new();
    for (number, structure) in table.structures.iter().enumerate() {
        let made = structure.bytes(number);
        structures.push(made.with_context(|| format!("structure {number} is malformed"))?);
    }
    // What the driver has read is the older of the two, and of other locations.
    let mut readings = Vec::new();
    for word in own
        .readings
        .driver
        .split_whitespace()
        .chain(own.readings.kernel.split_whitespace())
    {
        readings.push(reading(word)?);
    }
    Ok(Report {
        vendor: machine.vendor.unwrap_or_default(),
        product: machine.product.unwrap_or_default(),
        family: String::new(),
        // A report may be of a simulated machine, which is marked anew.
        bios_version: bios.trim_end_matches(MARK).to_owned(),
        bios_date: machine.bios_date.unwrap_or_default(),
        chassis_type: machine.chassis_type.unwrap_or_default() & 0x7F,
        oem_strings: Vec::new(),
        structures,
        readings,
        by: "milspecctl",
    })
}

impl Structure {
    fn bytes(&self, number: usize) -> Result<Vec<u8>> {
        let tokens = table::parse(&self.tokens)?;
        let command = Command {
            port: self.port.unwrap_or(0xB2),
            code: self.code.unwrap_or(0),
            // What most real tables have.
            classes: self.classes.unwrap_or(0x50B6_1FFF),
        };
        let end: &[u8] = match self.end.as_str() {
            "terminated" => &TERMINATOR,
            "unterminated" => &[],
            "truncated" => &[0; 3],
            "short" => {
                ensure!(tokens.is_empty(), "it is short, and has tokens");
                &[]
            }
            other => bail!("it ends {other:?}, which is unknown"),
        };
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let mut bytes = table::structure(number, command, &tokens, end)?;
        if self.end == "short" {
            bytes.truncate(table::FIXED - 1);
            bytes[1] = bytes.len() as u8;
        }
        Ok(bytes)
    }
}

/// `LOCATION=VALUE`.
fn reading(text: &str) -> Result<[u16; 2]> {
    let read = || {
        let (location, value) = text.split_once('=')?;
        let location = u16::from_str_radix(location, 16).ok()?;
        Some((location, value.parse::<u32>().ok()?))
    };
    let (location, value) = read().with_context(|| format!("{text:?} is no reading"))?;
    let value = u16::try_from(value).ok().with_context(|| {
        format!("location {location:#06x} reads {value}, and cells of the simulation have 16 bits")
    })?;
    Ok([location, value])
}

#[cfg(test)]
mod tests {
    use super::super::{make, parse};
    use crate::cells;
    use crate::table::{self, Token};
    use crate::tokens::Plan;
    use crate::{smbios, Profile};
    use milspec::report::cells as theirs;

    /// As milspecctl makes it.
    fn report_of(profile: &Profile, readings: &str) -> String {
        let structures = smbios::calling_interface(profile).unwrap();
        let structures: Vec<serde_json::Value> = structures
            .iter()
            .map(|s| {
                let tokens: Vec<String> = table::tokens(s).map(|t| t.to_string()).collect();
                serde_json::json!({
                    "port": u16::from_le_bytes([s[4], s[5]]),
                    "code": s[6],
                    "classes": u32::from_le_bytes([s[7], s[8], s[9], s[10]]),
                    "end": "terminated",
                    "tokens": tokens.join(" "),
                })
            })
            .collect();
        serde_json::json!({
            "schema": "milspec.report/1",
            "machine": {
                "vendor": "Dell Inc.", "product": profile.dmi.product, "chassis_type": 10,
                "bios_version": "1.25.1-simulated", "bios_date": "02/05/2024",
            },
            "token_table": {"from": "smbios", "structures": structures},
            "readings": {"driver": readings, "kernel": "", "unread": []},
        })
        .to_string()
    }

    /// Fails when the machine of a report has another table than the machine that it is of, or reads
    /// otherwise.
    #[test]
    fn a_report_is_the_same_machine() {
        for name in [
            "rugged-5430",
            "latitude-d630",
            "optiplex-780",
            "inspiron-5515",
        ] {
            let profile = Profile::load(name).unwrap();
            let plan = Plan::of(&profile).unwrap();
            let readings: Vec<String> = plan
                .locations
                .keys()
                .map(|at| format!("{at:04X}={}", cells::read(&plan.locations, *at).unwrap()))
                .collect();
            let text = report_of(&profile, &readings.join(" "));
            let made = make(&parse(text.as_bytes()).unwrap(), name).unwrap();
            assert_eq!(made.dmi.bios_version, "1.25.1");
            let again = Plan::of(&made).unwrap();
            assert_eq!(again.tokens, plan.tokens, "{name}");
            assert_eq!(again.locations, plan.locations, "{name}");
        }
    }

    /// Fails when a machine that contradicts what is inferred of its table reads as inferred.
    #[test]
    fn what_was_read_counts_more_than_what_is_inferred() {
        let profile = Profile::load("rugged-5430").unwrap();
        let inferred = Plan::of(&profile).unwrap().locations;
        assert_eq!(inferred[&0x0286].cell, 0x0285);
        let text = report_of(&profile, "0285=1 0286=7 0055=6");
        let plan = Plan::of(&make(&parse(text.as_bytes()).unwrap(), "x").unwrap()).unwrap();
        let reads = |at| cells::read(&plan.locations, at);
        assert_eq!((reads(0x0285), reads(0x0286)), (Some(1), Some(7)));
        // Where nothing contradicts it, one reading is that of the whole cell.
        assert_eq!((reads(0x0055), reads(0x006D)), (Some(6), Some(6)));
    }

    /// Fails when the rules of milspecctl find another layout than those of the simulated machine.
    #[test]
    fn milspecctl_infers_the_same() {
        let names = Profile::names().unwrap();
        let real = names.iter().filter(|name| !name.starts_with("bad/"));
        let mut several = 0;
        for name in real {
            let plan = Plan::of(&Profile::load(name).unwrap()).unwrap();
            let tokens: Vec<_> = plan.tokens.iter().map(as_theirs).collect();
            for group in theirs::groups(&tokens) {
                let mut cells: Vec<u16> = group
                    .tokens
                    .iter()
                    .map(|token| plan.locations[&token.location].cell)
                    .collect();
                cells.sort_unstable();
                cells.dedup();
                let ring = group
                    .tokens
                    .iter()
                    .all(|token| plan.locations[&token.location].next != token.location);
                match group.layout {
                    theirs::Layout::OneCell => assert_eq!(cells.len(), 1, "{name} {}", group.name),
                    theirs::Layout::CellEach => assert!(ring, "{name} {}", group.name),
                    theirs::Layout::Unclear => assert!(!ring, "{name} {}", group.name),
                    theirs::Layout::OneLocation => continue,
                }
                several += 1;
            }
        }
        assert!(several > 500, "only {several} groups at several locations");
    }

    fn as_theirs(token: &Token) -> milspec_posture::token_table::Token {
        milspec_posture::token_table::Token {
            id: token.id,
            location: token.location,
            value: token.value,
        }
    }

    /// Fails when what is no report of milspecctl, or has no table, is taken for one, or damage makes
    /// the parser panic.
    #[test]
    fn what_is_no_report_is_refused() {
        let profile = Profile::load("latitude-7490").unwrap();
        let whole = report_of(&profile, "0285=1");
        for (text, why) in [
            ("{".to_owned(), "not JSON"),
            ("{}".to_owned(), "does not say what it is"),
            (
                "{\"schema\": \"milspec.status/1\"}".to_owned(),
                "but \"milspec.status/1\"",
            ),
            (
                "{\"schema\": \"milspec.report/1\"}".to_owned(),
                "as milspecctl makes it",
            ),
            (whole.replace("0285=1\"", "0285=65536\""), "16 bits"),
            (whole.replace("0285=1\"", "0285\""), "no reading"),
            (whole.replace("terminated", "somehow"), "unknown"),
            (whole.replacen("001E=", "1E=", 1), "is not a token"),
            (whole.replace("Dell Inc.", "HP"), "by HP"),
        ] {
            let error = format!("{:#}", parse(text.as_bytes()).unwrap_err());
            assert!(error.contains(why), "{why}: {error}");
        }
        let mut none: serde_json::Value = serde_json::from_str(&whole).unwrap();
        none["token_table"] = serde_json::Value::Null;
        let error = format!("{:#}", parse(none.to_string().as_bytes()).unwrap_err());
        assert!(error.contains("no token table"), "{error}");
        for cut in (0..whole.len()).step_by(11) {
            let _ = parse(&whole.as_bytes()[..cut]);
        }
    }
}
