// SPDX-License-Identifier: GPL-2.0

//! Do mainline's BIOS attributes bear witness of what milspecctl changes, and is it said when they
//! do not? In the simulated firmware an attribute that is linked to tokens is another view of the
//! same cells; one that is not has a store of its own, as after a change that waits for the boot.

use crate::common::{machine, milspecctl, Test};
use crate::witness_attributes::SYSMAN;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::layout::*;
use serde_json::Value;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("attributes_bear_witness_of_a_change", witness),
    ("attributes_that_vanished_are_explained", vanished),
];

/// What a document says of one control.
fn said<'a>(document: &'a Value, control: &str) -> Result<&'a Value> {
    let all = document["attributes"]["witnesses"].as_array();
    let mut all = all.into_iter().flatten();
    all.find(|witness| witness["control"] == control)
        .with_context(|| format!("no attribute beside {control}: {document:#}"))
}

fn expect(witness: &Value, value: &str, verdict: &str, cause: Option<&str>) -> Result<()> {
    ensure!(
        witness["value"] == value
            && witness["verdict"] == verdict
            && witness["cause"].as_str() == cause,
        "expected {value}, {verdict}, {cause:?}: {witness:#}"
    );
    Ok(())
}

fn check(machine: &Machine) -> Result<(Value, Value)> {
    let doctor = milspecctl(machine, &["doctor"])?;
    let checks = doctor["checks"].as_array();
    let mut checks = checks.into_iter().flatten();
    let mine = checks.find(|check| check["id"] == "bios-attributes");
    Ok((mine.context("no such check")?.clone(), doctor.clone()))
}

/// Reads the attribute itself, past milspecctl.
fn attribute(machine: &Machine, name: &str) -> Result<String> {
    machine.read(&format!("{SYSMAN}/attributes/{name}/current_value"))
}

/// Fails when milspecctl, after a change, does not say what the attribute says: the same where it is
/// a view of the same cells, otherwise where it has a store of its own, not readable for who is not
/// root; or when it writes to an attribute.
fn witness() -> Result<()> {
    let machine = machine("rugged-5430", Module::Autoload)?;
    let nvram = machine.nvram()?;
    machine.sh("modprobe dell_wmi_sysman")?.ok()?;
    let before = nvram.counts()?;
    let list = milspecctl(&machine, &["control", "list", "--attributes"])?;
    ensure!(list["attributes"]["state"] == "present", "{list:#}");
    expect(said(&list, "camera")?, "Enabled", "agrees", None)?;
    expect(said(&list, "bluetooth")?, "Enabled", "agrees", None)?;
    expect(said(&list, "secure-boot")?, "Enabled", "agrees", None)?;
    ensure!(
        said(&list, "intrusion-reporting")?["evidence"] == "derived",
        "{list:#}"
    );
    let set = milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    ensure!(set["outcome"] == "done", "{set:#}");
    expect(said(&set, "camera")?, "Disabled", "agrees", None)?;
    ensure!(attribute(&machine, "Camera")? == "Disabled");
    let (found, doctor) = check(&machine)?;
    ensure!(found["result"] == "ok", "{found:#}");
    let others = doctor["others"].as_array().context("no others")?;
    let beside = others.iter().find(|it| it["attribute"] == "BiosRcvrFrmHdd");
    ensure!(beside.is_none(), "it has a control: {others:#?}");

    // From here on the first two, Camera and BluetoothDevice, have stores of their own: of the one
    // the factory's value is left, and the other is set there.
    let first = NV_ATTRS + nvram.read_u32(NV_ATTR_RANGES + ATTR_ENUM * 8)? * NV_ATTR_SIZE;
    let second = first + NV_ATTR_SIZE;
    nvram.write_u32(first + ATTR_FLAGS, 0)?;
    nvram.write_u32(second + ATTR_FLAGS, 0)?;
    nvram.write(second + ATTR_CURRENT, b"Disabled")?;
    ensure!(attribute(&machine, "Camera")? == "Enabled");
    let list = milspecctl(&machine, &["control", "list", "--attributes"])?;
    let (camera, bluetooth) = (said(&list, "camera")?, said(&list, "bluetooth")?);
    expect(camera, "Enabled", "disagrees", Some("pending-reboot"))?;
    expect(bluetooth, "Disabled", "disagrees", Some("used-differently"))?;
    milspecctl(&machine, &["control", "set", "camera=enabled"])?;
    let set = milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    ensure!(
        set["outcome"] == "done" && set["error"].is_null(),
        "{set:#}"
    );
    let waits = Some("pending-reboot");
    expect(said(&set, "camera")?, "Enabled", "disagrees", waits)?;
    let warnings = set["warnings"].as_array().into_iter().flatten();
    let mine = warnings.filter(|warning| warning["code"] == "attribute-disagrees");
    ensure!(mine.count() == 1, "{set:#}");
    let (found, _) = check(&machine)?;
    ensure!(found["result"] == "warning", "{found:#}");

    // Who is not root hears that it is not readable, not that it agrees.
    let group = machine.sh("sed -n 's/^milspec:[^:]*:\\([0-9]*\\):.*/\\1/p' /etc/group")?;
    let group: u32 = group.ok()?.text().trim().parse()?;
    let list = ["milspecctl", "--json", "control", "list", "--attributes"];
    let queries = nvram.counts()?;
    let list = machine.run_command(GuestCommand::new(list).user(65534, group))?;
    let list = list.ok()?.json()?;
    for control in ["camera", "bluetooth"] {
        let witness = said(&list, control)?;
        ensure!(
            witness["cause"] == "not-readable" && witness["verdict"] == "not-compared",
            "{witness:#}"
        );
    }
    let made = nvram.counts()?.since(&queries);
    ensure!(made.nonzero().is_empty(), "{:?}", made.nonzero());

    let made = nvram.counts()?.since(&before);
    ensure!(made.sysman(SYSMAN_SET) == 0, "an attribute was set");
    ensure!(machine.read(&format!("{SYSMAN}/attributes/pending_reboot"))? == "0");
    machine.check_kernel_log()
}

/// Fails when attributes that a BIOS update made vanish, or that no driver shows, are taken for a
/// machine that has none, or for ones that agree; and when those of a machine without are not none.
fn vanished() -> Result<()> {
    let machine = machine("rugged-5430", Module::Autoload)?;
    machine
        .nvram()?
        .write_u32(NV_SYSMAN_READ_ONLY, READ_ONLY_FIRST)?;
    machine
        .sh("modprobe -r dell_wmi_sysman && modprobe dell_wmi_sysman")?
        .ok()?;
    for (state, result) in [("vanished", "warning"), ("not-bound", "warning")] {
        let (found, doctor) = check(&machine)?;
        let attributes = &doctor["attributes"];
        ensure!(
            attributes["state"] == state && attributes["count"].is_null(),
            "{attributes:#}"
        );
        ensure!(
            found["result"] == result && found["remedy"].is_string(),
            "{found:#}"
        );
        let set = milspecctl(&machine, &["control", "set", "camera=disabled"])?;
        ensure!(set["attributes"].is_null() || set["attributes"]["state"] == state);
        ensure!(!doctor.to_string().contains("agrees"), "{doctor:#}");
        machine.sh("modprobe -r dell_wmi_sysman")?.ok()?;
    }
    machine.check_kernel_log()?;
    let old = crate::common::machine("latitude-7490", Module::Autoload)?;
    let (found, doctor) = check(&old)?;
    ensure!(
        doctor["attributes"]["state"] == "absent" && doctor["attributes"]["count"] == 0,
        "{doctor:#}"
    );
    ensure!(found["result"] == "not-applicable", "{found:#}");
    old.check_kernel_log()
}
