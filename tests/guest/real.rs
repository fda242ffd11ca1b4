// SPDX-License-Identifier: GPL-2.0

//! The token tables of real machines: mainline, the driver and the profile must say the same of
//! every token, every setting must stand as its cells do, and a mode must lead there and back.

use crate::common::{controls, expected_values, field, known_locations, machine, Test};
use crate::model::Image;
use crate::modes::Traveller;
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::Module;
use milspec_machine::nvram::layout::SPACE_SMBIOS;
use milspec_machine::{smbios, Machine};
use milspec_posture::mode::Mode;
use milspec_posture::token_table;
use serde_json::Value;
use std::collections::BTreeMap;

/// The tests of this file: one for each real machine.
pub const TESTS: &[Test] = &[
    ("real_inspiron_5515", || check("inspiron-5515")),
    ("real_latitude_3500", || check("latitude-3500")),
    ("real_latitude_5440", || check("latitude-5440")),
    ("real_latitude_7490", || check("latitude-7490")),
    ("real_latitude_d630", || check("latitude-d630")),
    ("real_latitude_e6440", || check("latitude-e6440")),
    ("real_optiplex_780", || check("optiplex-780")),
    ("real_optiplex_7090", || check("optiplex-7090")),
    ("real_optiplex_gx620", || check("optiplex-gx620")),
    ("real_precision_3581", || check("precision-3581")),
    ("real_precision_3650", || check("precision-3650")),
    ("real_precision_5530", || check("precision-5530")),
    ("real_precision_m4800", || check("precision-m4800")),
    ("real_rugged_5404", || check("rugged-5404")),
    ("real_rugged_5430", || check("rugged-5430")),
    ("real_rugged_7212", || check("rugged-7212")),
    ("real_xps_18", || check("xps-18")),
    ("real_value_outside_the_catalogue", unlisted_value),
    ("real_report_of_dmidecode", report),
];

/// Where mainline lists tokens.
const TOKENS: &str = "/sys/devices/platform/dell-smbios.0/tokens";

/// Location and value of each token.
type Listing = BTreeMap<u16, (u16, u16)>;

/// What mainline lists.
pub fn mainline(machine: &Machine) -> Result<Listing> {
    let listing = machine.sh(&format!("cd {TOKENS} && grep -H '' *"))?;
    let mut halves: BTreeMap<(u16, &str), u16> = BTreeMap::new();
    let text = listing.text();
    for line in text.lines() {
        let parse = || {
            let (file, number) = line.split_once(':')?;
            let (id, what) = file.split_once('_')?;
            let id = u16::from_str_radix(id, 16).ok()?;
            Some(((id, what), u16::from_str_radix(number, 16).ok()?))
        };
        let (key, number) = parse().with_context(|| format!("mainline lists {line:?}"))?;
        halves.insert(key, number);
    }
    let locations = halves.iter().filter(|((_, what), _)| *what == "location");
    let tokens = locations.map(|((id, _), location)| {
        let value = halves.get(&(*id, "value"));
        Some((*id, (*location, *value?)))
    });
    let tokens: Option<Listing> = tokens.collect();
    let tokens = tokens.context("a location without a value")?;
    ensure!(
        halves.len() == 2 * tokens.len(),
        "a value without a location"
    );
    Ok(tokens)
}

/// What the driver's own parser makes of the table: the first token of each id.
fn parsed(machine: &Machine) -> Result<Listing> {
    let mut found = Listing::new();
    for structure in smbios::calling_interface(machine.profile())? {
        let take = |token: token_table::Token| {
            found
                .entry(token.id)
                .or_insert((token.location, token.value));
        };
        let result = token_table::parse(&structure, take);
        ensure!(result.is_ok(), "{result:?}");
    }
    // Mainline leaves out what has no number.
    found.remove(&0);
    Ok(found)
}

fn check(profile: &str) -> Result<()> {
    let machine = machine(profile, Module::Autoload)?;
    let mainline = mainline(&machine)?;
    let ours = smbios::as_mainline_lists(machine.profile())?;
    let ours: Listing = ours
        .into_iter()
        .map(|t| (t.id, (t.location, t.value)))
        .collect();
    ensure!(
        mainline == ours,
        "mainline: {mainline:x?}\nthe profile: {ours:x?}"
    );
    let parsed = parsed(&machine)?;
    ensure!(
        mainline == parsed,
        "mainline: {mainline:x?}\nthe driver: {parsed:x?}"
    );

    let shown = controls(&machine)?;
    let shown: Vec<&Value> = shown.iter().filter(|c| c["family"] == "platform").collect();
    as_mainline_says(&shown, &mainline)?;
    as_cells_say(&machine, &shown)?;
    reads_nothing_else(&machine)?;
    machine.check_kernel_log()?;
    drop(machine);
    there_and_back(profile)
}

/// Fails when the driver shows a token that mainline does not list, or at another location, or
/// leaves one out.
fn as_mainline_says(shown: &[&Value], mainline: &Listing) -> Result<()> {
    for control in shown {
        for value in control["values"].as_array().into_iter().flatten() {
            let Some(token) = value["token"].as_u64() else {
                continue;
            };
            let listed = mainline.get(&u16::try_from(token)?);
            // Of what is listed twice, the driver shows nothing.
            if control["presence"] == "contradictory" && value["present"] == false {
                continue;
            }
            ensure!(value["present"] == listed.is_some(), "{value:#}");
            if let Some((location, expected)) = listed {
                ensure!(
                    value["location"] == *location && value["expected"] == *expected,
                    "{value:#}"
                );
            }
        }
    }
    Ok(())
}

/// Fails when a setting is missing, is there without being listed, or has another value than its
/// cells.
fn as_cells_say(machine: &Machine, shown: &[&Value]) -> Result<()> {
    let expected = expected_values(machine)?;
    let mut names: Vec<&str> = shown
        .iter()
        .map(|c| field(c, "name"))
        .collect::<Result<_>>()?;
    names.sort_unstable();
    let listed: Vec<&str> = expected.keys().map(String::as_str).collect();
    ensure!(names == listed, "shown: {names:?}\nlisted: {listed:?}");
    for control in shown {
        let name = field(control, "name")?;
        let value = &expected[name];
        if control["presence"] == "contradictory" {
            ensure!(control["value"].is_null(), "{control:#}");
            continue;
        }
        ensure!(
            control["value"].as_str() == value.as_deref(),
            "{name} is {value:?}: {control:#}"
        );
        let known = control["reading"] == "known";
        ensure!(known == value.is_some(), "{name} is {value:?}: {control:#}");
    }
    Ok(())
}

/// Fails when the driver has read a location of no setting.
fn reads_nothing_else(machine: &Machine) -> Result<()> {
    let allowed = known_locations(machine)?;
    let log = machine.nvram()?.log_since(0)?;
    let reads = log
        .iter()
        .filter(|call| call.space == SPACE_SMBIOS && call.key == 0);
    for call in reads {
        ensure!(
            allowed.contains(&u16::try_from(call.argument)?),
            "{call:x?}"
        );
    }
    Ok(())
}

/// Fails when `paranoid` does not come about as the tables of modes and tokens say, or leaves
/// something when it is taken back.
fn there_and_back(profile: &str) -> Result<()> {
    let mut traveller = Traveller::new(profile)?;
    let factory = Image::of(traveller.machine.nvram()?)?;
    traveller.go(Mode::Paranoid)?;
    traveller.go(Mode::Baseline)?;
    let left = factory.differs(&Image::of(traveller.machine.nvram()?)?);
    ensure!(left.is_empty(), "baseline leaves {left:#?}");
    traveller.machine.check_kernel_log()
}

/// Fails when one value that the catalogue lacks keeps every mode from the machine. More than half
/// of the business machines of 2019 and later list it.
fn unlisted_value() -> Result<()> {
    there_and_back("bad/unlisted-value")
}

/// Fails when a machine does not boot with the table that a report has: what the guest's own
/// SMBIOS shows, taken for a report, makes the same machine.
fn report() -> Result<()> {
    let first = machine("optiplex-780", Module::Absent)?;
    let table = first.guest()?.read("/sys/firmware/dmi/tables/DMI")?;
    let table = table.map_err(|errno| anyhow::anyhow!("no table: error {errno}"))?;
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = directory.join("report.bin");
    std::fs::write(&file, table)?;
    let name = format!("dmi:{}", file.display());
    let second = machine(&name, Module::Autoload)?;
    ensure!(
        mainline(&second)? == mainline(&first)?,
        "they list other tokens"
    );
    let product = second.read("/sys/class/dmi/id/product_name")?;
    ensure!(product == first.profile().dmi.product, "it is a {product}");
    let version = second.read("/sys/class/dmi/id/bios_version")?;
    ensure!(version.ends_with("-simulated"), "its BIOS is {version}");
    ensure!(!controls(&second)?.is_empty(), "the driver shows nothing");
    second.check_kernel_log()
}
