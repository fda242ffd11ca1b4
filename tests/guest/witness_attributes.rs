// SPDX-License-Identifier: GPL-2.0

//! Are the simulated Dell's BIOS attributes built as real machines' are? Judged
//! by mainline's dell-wmi-sysman, in the variants that real machines have.

use crate::common::Test;
use crate::witness::plain;
use crate::witness_firmware::blocks;
use anyhow::{ensure, Result};
use milspec_machine::nvram::factory;
use milspec_machine::nvram::layout::*;
use milspec_machine::profile::AttributeKind;
use milspec_machine::Machine;
use std::collections::BTreeMap;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("witness_read_only_absent_last_first", read_only),
    ("witness_too_many_values", too_many_values),
    ("witness_instances_of_passwords_and_strings", instances),
];

/// Where mainline shows attributes.
pub const SYSMAN: &str = "/sys/class/firmware-attributes/dell-wmi-sysman";

/// Loads dell-wmi-sysman anew and returns every file of every attribute with
/// what is in it.
fn attributes(machine: &Machine) -> Result<BTreeMap<String, String>> {
    machine
        .sh("modprobe -r dell_wmi_sysman && modprobe dell_wmi_sysman")?
        .ok()?;
    sysman_files(machine)
}

/// Every file of every attribute with what is in it.
pub fn sysman_files(machine: &Machine) -> Result<BTreeMap<String, String>> {
    let listing = machine.sh(&format!("cd {SYSMAN}/attributes && grep -H '' */*"))?;
    let text = listing.text();
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    Ok(lines
        .map(|(file, contents)| (file.to_owned(), contents.to_owned()))
        .collect())
}

/// The names of attributes among files.
fn names(files: &BTreeMap<String, String>) -> Vec<&str> {
    let mut names: Vec<&str> = files.keys().filter_map(|f| f.split('/').next()).collect();
    names.dedup();
    names
}

/// Fails when ReadOnly at the end of a package changes what mainline shows, or
/// ReadOnly at its beginning does not have it drop every attribute.
fn read_only() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let mut expected: Vec<&str> = Vec::new();
    for attribute in factory::present(machine.profile(), machine.plan()) {
        if attribute.kind != AttributeKind::Password {
            expected.push(&attribute.name);
        }
    }
    expected.sort_unstable();
    let absent = attributes(&machine)?;
    ensure!(names(&absent) == expected, "absent: {:?}", names(&absent));
    ensure!(absent.len() > 5 * expected.len());
    nvram.write_u32(NV_SYSMAN_READ_ONLY, READ_ONLY_LAST)?;
    let last = attributes(&machine)?;
    ensure!(last == absent, "last: {last:#?}\nabsent: {absent:#?}");
    nvram.write_u32(NV_SYSMAN_READ_ONLY, READ_ONLY_FIRST)?;
    let first = attributes(&machine)?;
    ensure!(first.is_empty(), "first: {first:#?}");
    let left = machine.run(["ls", &format!("{SYSMAN}/attributes")])?.text();
    ensure!(left == "pending_reboot\nreset_bios\n", "{left}");
    machine.check_kernel_log()
}

/// Fails when an enumeration with more values than a package has room for does
/// not end mainline's enumeration there, or one that just fits does.
fn too_many_values() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let all = attributes(&machine)?;
    let enumerations: Vec<&str> = machine
        .profile()
        .attribute
        .iter()
        .filter(|a| a.kind == AttributeKind::Enumeration)
        .map(|a| a.name.as_str())
        .collect();
    let set = |values: u32| nvram.write_u32(NV_ATTRS + 2 * NV_ATTR_SIZE + ATTR_VALUES, values);
    for (read_only, fits) in [(READ_ONLY_ABSENT, 17), (READ_ONLY_LAST, 16)] {
        nvram.write_u32(NV_SYSMAN_READ_ONLY, read_only)?;
        set(fits)?;
        let found = attributes(&machine)?;
        ensure!(names(&found) == names(&all), "{fits} values: {found:#?}");
        for values in [fits + 1, ATTR_VALUE_MAX] {
            set(values)?;
            let found = attributes(&machine)?;
            for name in names(&all) {
                let place = enumerations.iter().position(|e| *e == name);
                let wanted = place.is_none_or(|place| place < 2);
                ensure!(
                    names(&found).contains(&name) == wanted,
                    "{values} values, {name}: {found:#?}"
                );
            }
        }
    }
    ensure!(machine.dmesg()?.contains("AE_AML_PACKAGE_LIMIT"));
    machine.check_kernel_log()
}

/// Fails when three password objects are not three, or a block with more than
/// 127 instances has fewer.
fn instances() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let passwords = NV_ATTR_RANGES + ATTR_PASSWORD * 8;
    let shown = |machine: &Machine| -> Result<String> {
        Ok(machine
            .run(["ls", &format!("{SYSMAN}/authentication")])?
            .text())
    };
    ensure!(
        shown(&machine)? == "Admin\nSystem\n",
        "{}",
        shown(&machine)?
    );
    let third = NV_ATTRS + (nvram.read_u32(passwords)? + 2) * NV_ATTR_SIZE;
    nvram.write(third + ATTR_NAME, b"Third")?;
    nvram.write_u32(passwords + 4, 3)?;
    nvram.write_u32(NV_ATTR_RANGES + ATTR_STR * 8 + 4, 200)?;
    let bus = "/sys/bus/platform/drivers/acpi-wmi";
    machine
        .sh(&format!(
            "set -e; modprobe -r dell_wmi_sysman; for d in PNP0C14:01 PNP0C14:02; do \
             echo $d >{bus}/unbind; echo $d >{bus}/bind; done"
        ))?
        .ok()?;
    let found = blocks(&machine)?;
    let count = |guid: &str| found.get(guid).map(|block| block.2);
    ensure!(
        count("F1DDEE52-063C-4784-A11E-8A06684B9BF9") == Some(200),
        "{found:#?}"
    );
    ensure!(
        count("0894B8D6-44A6-4719-97D7-6AD24108BFD4") == Some(3),
        "{found:#?}"
    );
    machine.run(["modprobe", "dell_wmi_sysman"])?.ok()?;
    ensure!(
        shown(&machine)? == "Admin\nSystem\nThird\n",
        "{}",
        shown(&machine)?
    );
    machine.check_kernel_log()
}
