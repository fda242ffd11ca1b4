// SPDX-License-Identifier: GPL-2.0

//! The token tables of real machines: mainline, the driver and the profile must say the same of
//! every token, every setting must stand as its cells do, and a mode must lead there and back.

use crate::ask;
use crate::common::{controls, expected_values, field, known_locations, machine, Test};
use crate::model::Image;
use crate::modes::Traveller;
use anyhow::{ensure, Context, Result};
use milspec_machine::cells::NOWHERE;
use milspec_machine::machine::Module;
use milspec_machine::nvram::layout::SPACE_SMBIOS;
use milspec_machine::tokens::{self, Plan};
use milspec_machine::{smbios, Machine, Profile};
use milspec_posture::mode::Mode;
use milspec_posture::token_table;
use milspec_uapi::{OUTCOME_DONE, OUTCOME_REFUSED, REASON_UNREADABLE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tests of this file: one for each kind of real machine.
pub const TESTS: &[Test] = &[
    ("real_inspiron_5515", || check("inspiron-5515")),
    ("real_latitude_7490", || check("latitude-7490")),
    ("real_latitude_d630", || check("latitude-d630")),
    ("real_latitude_e6440", || check("latitude-e6440")),
    ("real_optiplex_780", || check("optiplex-780")),
    ("real_optiplex_7090", || check("optiplex-7090")),
    ("real_optiplex_gx620", || check("optiplex-gx620")),
    ("real_precision_3650", || check("precision-3650")),
    ("real_rugged_5430", || check("rugged-5430")),
    ("real_rugged_7212", || check("rugged-7212")),
    ("real_xps_18", || check("xps-18")),
    ("real_value_outside_the_catalogue", unlisted_value),
    ("real_report_of_dmidecode", report),
];

/// The same on machines that are like one of those.
pub const LONG: &[Test] = &[
    ("real_latitude_3500", || check("latitude-3500")),
    ("real_latitude_5440", || check("latitude-5440")),
    ("real_precision_3581", || check("precision-3581")),
    ("real_precision_5530", || check("precision-5530")),
    ("real_precision_m4800", || check("precision-m4800")),
    ("real_rugged_5404", || check("rugged-5404")),
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
    let machine = machine(profile, Module::Present)?;
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

    let position = machine.nvram()?.log_position()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    reads_nothing_else(&machine, position)?;
    let shown = controls(&machine)?;
    let shown: Vec<&Value> = shown.iter().filter(|c| c["family"] == "platform").collect();
    as_mainline_says(&shown, &mainline)?;
    as_cells_say(&machine, &shown)?;
    there_and_back(machine)
}

/// Fails when the driver shows a token that mainline does not list, or at another location, or
/// leaves one out.
fn as_mainline_says(shown: &[&Value], mainline: &Listing) -> Result<()> {
    // Mainline also lists placeholders, and what stands for a number or an action.
    let mut mainline = mainline.clone();
    mainline.retain(|_, (location, value)| *location != NOWHERE && *value != NOWHERE);
    let mut compared = BTreeSet::new();
    for control in shown {
        let (mut listed_values, mut all) = (0, 0);
        for value in control["values"].as_array().into_iter().flatten() {
            let Some(token) = value["token"].as_u64() else {
                continue;
            };
            let token = u16::try_from(token)?;
            let listed = mainline.get(&token);
            compared.insert(token);
            all += 1;
            listed_values += usize::from(listed.is_some());
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
        let presence = field(control, "presence")?;
        let expected = if listed_values == all {
            "full"
        } else {
            "partial"
        };
        ensure!(
            presence == expected || presence == "contradictory",
            "{expected}: {control:#}"
        );
    }
    let known: BTreeSet<u16> = tokens::known()?.iter().map(|known| known.id).collect();
    let left: Vec<_> = mainline.keys().filter(|id| known.contains(id)).collect();
    let left: Vec<_> = left.iter().filter(|id| !compared.contains(id)).collect();
    ensure!(left.is_empty(), "listed and not shown: {left:x?}");
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
fn reads_nothing_else(machine: &Machine, position: u32) -> Result<()> {
    let allowed = known_locations(machine)?;
    let log = machine.nvram()?.log_since(position)?;
    let reads = log
        .iter()
        .filter(|call| call.space == SPACE_SMBIOS && call.key == 0);
    for call in reads {
        let location = u16::try_from(call.argument)?;
        ensure!(
            allowed.contains(&location),
            "the driver reads location {location:#06x}, which is no setting's"
        );
    }
    Ok(())
}

/// Fails when `paranoid` does not come about as the tables of modes and tokens say, or leaves
/// something when it is taken back.
fn there_and_back(machine: Machine) -> Result<()> {
    let mut traveller = Traveller::on(machine)?;
    let factory = Image::of(traveller.machine.nvram()?)?;
    if !traveller.can_change(Mode::ParanoidPlus)? {
        // A machine without a line of any mode is in none.
        let answer = ask::one(&traveller.machine, "apply mode=4")?.ends(0, OUTCOME_DONE)?;
        ensure!(answer.steps.is_empty(), "{answer:?}");
        return traveller.machine.check_kernel_log();
    }
    traveller.go(Mode::Paranoid)?;
    traveller.go(Mode::Baseline)?;
    let left = factory.differs(&Image::of(traveller.machine.nvram()?)?);
    ensure!(left.is_empty(), "baseline leaves {left:#?}");
    traveller.machine.check_kernel_log()
}

/// Fails when one value that the catalogue lacks keeps every mode from the machine. More than half
/// of the business machines of 2019 and later list it.
fn unlisted_value() -> Result<()> {
    let machine = machine("bad/unlisted-value", Module::Autoload)?;
    ask::install(&machine)?;
    let plan = ask::one(&machine, "plan mode=2")?;
    ensure!(
        plan.outcome != OUTCOME_REFUSED || plan.reason != REASON_UNREADABLE,
        "standard is refused for what cannot be read: {plan:?}"
    );
    there_and_back(machine)
}

/// Fails when a machine does not boot with the table that a report has: what dmidecode says in the
/// guest, in any of its forms, makes the same machine again.
fn report() -> Result<()> {
    let first = machine("optiplex-780", Module::Absent)?;
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = directory.join(format!("report-{}", std::process::id()));
    let name = format!("dmi:{}", file.display());
    for (form, command) in [
        ("table", "cp /sys/firmware/dmi/tables/DMI /tmp/report"),
        (
            "dump",
            "cd /tmp && rm report && dmidecode --dump-bin report",
        ),
        ("-u", "dmidecode -u >/tmp/report"),
        ("text", "dmidecode >/tmp/report"),
    ] {
        first.sh(command)?.ok()?;
        let report = first.guest()?.read("/tmp/report")?;
        let report = report.map_err(|errno| anyhow::anyhow!("{form}: error {errno}"))?;
        std::fs::write(&file, report)?;
        let profile = Profile::load(&name).with_context(|| form.to_owned())?;
        ensure!(
            Plan::of(&profile)?.tokens == first.plan().tokens,
            "{form}: other tokens"
        );
        let (there, here) = (&profile.dmi, &first.profile().dmi);
        ensure!(
            (&there.product, there.chassis_type) == (&here.product, here.chassis_type),
            "{form}: {there:?}"
        );
    }
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
