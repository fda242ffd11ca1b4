// SPDX-License-Identifier: GPL-2.0

//! What the guest tests share.

use anyhow::{ensure, Context, Result};
use milspec_machine::cells::NOWHERE;
use milspec_machine::machine::{Machine, Module, Options};
use milspec_machine::table::Token;
use milspec_machine::tokens;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A test: its name, which says what it guards, and its code.
pub type Test = (&'static str, fn() -> Result<()>);

/// The driver of DSML0001.
pub const DRIVER: &str = "/sys/bus/platform/drivers/dell_milspec";

/// The line of shell that unbinds DSML0001 and binds it again; it fails where one of the two does.
pub fn rebind_line() -> String {
    format!("echo DSML0001:00 >{DRIVER}/unbind && echo DSML0001:00 >{DRIVER}/bind")
}

/// A machine that has just booted.
pub fn machine(profile: &str, module: Module) -> Result<Machine> {
    Machine::from_snapshot(profile, &Options::module(module))
}

/// Runs `milspecctl --json` as root and returns its document.
pub fn milspecctl(machine: &Machine, arguments: &[&str]) -> Result<Value> {
    let argv = [&["milspecctl", "--json"], arguments].concat();
    machine.run(argv)?.ok()?.json()
}

/// All controls, as the CLI lists them.
pub fn controls(machine: &Machine) -> Result<Vec<Value>> {
    let list = milspecctl(machine, &["control", "list"])?;
    let controls = list["controls"].as_array().context("no list of controls")?;
    ensure!(
        list["total"] == controls.len(),
        "total is not the length of the list"
    );
    Ok(controls.clone())
}

/// A text field.
pub fn field<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no text {name} in {value:#}"))
}

/// A family of a status document.
pub fn family<'a>(status: &'a Value, name: &str) -> Result<&'a Value> {
    let mut families = status["families"].as_array().into_iter().flatten();
    families
        .find(|family| family["name"] == name)
        .with_context(|| format!("no {name}: {status:#}"))
}

/// What the driver has written to the kernel log. What the module loader says of any module that is
/// built out of tree is not the driver's.
pub fn log_lines(machine: &Machine) -> Result<Vec<String>> {
    let log = machine.dmesg()?;
    let lines = log
        .lines()
        .filter(|line| line.contains("dell_milspec") && !line.contains("taint"));
    Ok(lines.map(str::to_owned).collect())
}

/// The locations of all listed tokens that stand for a setting that the driver knows. A token at
/// location 0xFFFF is not there; of one that is listed twice, differently, nothing is known.
pub fn known_locations(machine: &Machine) -> Result<BTreeSet<u16>> {
    let known: BTreeSet<u16> = tokens::known()?.iter().map(|known| known.id).collect();
    let tokens = || machine.plan().tokens.iter();
    let once = |token: &&Token| {
        let mut same = tokens().filter(|other| other.id == token.id);
        same.all(|other| other == *token)
    };
    Ok(tokens()
        .filter(|token| known.contains(&token.id))
        .filter(|token| token.location != NOWHERE && token.value != NOWHERE)
        .filter(once)
        .map(|token| token.location)
        .collect())
}

/// The value of each setting, worked out from the NVRAM: the one whose token is active, if there
/// is exactly one. Of a flag only `yes` has a token; of two values of which the machine lists one,
/// the other is in force when that is not.
pub fn expected_values(machine: &Machine) -> Result<BTreeMap<String, Option<String>>> {
    let mut values = BTreeMap::new();
    for (setting, _) in machine.plan().by_name.keys() {
        if !values.contains_key(setting) {
            let value = machine.nvram()?.setting(machine.plan(), setting)?;
            values.insert(setting.clone(), value);
        }
    }
    Ok(values)
}

/// Kernel memory in use: slab and vmalloc, in bytes.
pub fn kernel_memory(machine: &Machine) -> Result<u64> {
    // Lazily freed memory comes back first.
    machine
        .sh("sync; echo 3 >/proc/sys/vm/drop_caches; sleep 0.3")?
        .ok()?;
    let meminfo = machine.read("/proc/meminfo")?;
    let kilobytes = |name: &str| -> Result<u64> {
        let line = meminfo.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .with_context(|| format!("no {name}"))?
            .parse()
            .context("no number")
    };
    Ok(1024 * (kilobytes("SUnreclaim:")? + kilobytes("VmallocUsed:")?))
}
