// SPDX-License-Identifier: GPL-2.0

//! What the driver promises on a machine whose firmware is well: judged by the NVRAM and by
//! mainline's own view, not by what the driver says of itself.

use crate::access::wait_until;
use crate::ask::{self, ask_one};
use crate::common::{self, controls, machine, milspecctl, Test, DRIVER};
use crate::firmware_attributes::CLASS;
use crate::model::Model;
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use milspec_machine::nvram::layout::SYSMAN_SET;
use milspec_machine::Call;
use serde_json::Value;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("driver_loads_by_itself_on_dells", loads_by_itself),
    ("driver_leaves_servers_alone", leaves_servers),
    ("driver_loads_on_nothing_but_a_dell", refuses_other_machines),
    ("driver_force_loads_it_anyway", force_loads),
    ("driver_needs_dell_smbios_and_says_so", needs_dell_smbios),
    ("driver_loads_dell_smbios_first", after_dell_smbios),
    ("driver_keeps_dell_smbios_loaded", keeps_dell_smbios),
    ("driver_opens_its_node_last", node_comes_last),
    ("driver_blames_no_firmware_for_a_signal", probe_interrupted),
    ("driver_has_attributes_at_bind", attributes_at_bind),
    ("driver_shows_every_dsmil_device", shows_dsmil),
    ("driver_reads_with_the_fewest_calls", fewest_calls),
    ("driver_status_makes_no_firmware_call", status_is_free),
    (
        "driver_refresh_finds_what_changed_and_nothing_else",
        refresh_finds,
    ),
    (
        "driver_refresh_finds_dsmil_changes_and_tamper",
        refresh_finds_dsmil,
    ),
    ("driver_generation_counts_differences", generation_counts),
    ("driver_shows_what_it_cannot_know", unknown_values),
    ("driver_shows_ignored_and_failed_calls", failed_calls),
    ("driver_stays_while_a_descriptor_is_open", busy_while_open),
    ("driver_unloads_and_loads_again", reloads),
    ("driver_unloads_while_read", unloads_while_read),
    ("driver_lets_go_of_an_unbound_dsml0001", unbind),
    ("driver_serves_the_group_and_nobody_else", permissions),
    ("driver_sysfs_is_what_its_abi_says", sysfs),
];

const SYSFS: &str = "/sys/devices/faux/dell_milspec";

fn loads_by_itself() -> Result<()> {
    // By its chassis type, by its name, and by neither: by its SMBIOS calls over WMI.
    for profile in ["latitude-7490", "optiplex-gx620", "xps-18"] {
        let machine = machine(profile, Module::Autoload)?;
        ensure!(
            machine.exists("/sys/module/dell_milspec")?,
            "{profile}: not loaded"
        );
        ensure!(
            machine.exists("/dev/milspec")?,
            "{profile}: no /dev/milspec"
        );
        // DMI alone would not load it on each of them.
        let dmi = machine.read("/sys/class/dmi/id/modalias")?;
        let found = machine.run(["modprobe", "--resolve-alias", &dmi])?.text();
        ensure!(
            found.lines().any(|name| name == "dell_milspec") == (profile != "xps-18"),
            "{profile}: {dmi} is an alias of {found:?}"
        );
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// A server has the maker's name, and nothing that the driver is for.
fn leaves_servers() -> Result<()> {
    let machine = machine("poweredge", Module::Autoload)?;
    ensure!(
        !machine.exists("/sys/module/dell_milspec")?,
        "it was loaded by itself"
    );
    // Whoever wants it there can have it.
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["driver"]["forced"] == false, "{status:#}");
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

fn refuses_other_machines() -> Result<()> {
    let machine = machine("not-dell", Module::Autoload)?;
    ensure!(
        !machine.exists("/sys/module/dell_milspec")?,
        "it was loaded by itself"
    );
    let modprobe = machine.run(["modprobe", "dell_milspec"])?;
    ensure!(modprobe.code != 0, "modprobe succeeded");
    ensure!(
        modprobe.error_text().contains("No such device"),
        "{}",
        modprobe.error_text()
    );
    let lines = common::log_lines(&machine)?;
    ensure!(
        lines.len() == 1 && lines[0].contains("not a Dell"),
        "kernel log: {lines:#?}"
    );
    machine.check_kernel_log()
}

fn force_loads() -> Result<()> {
    let machine = machine("not-dell", Module::Present)?;
    machine.run(["modprobe", "dell_milspec", "force=1"])?.ok()?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["driver"]["forced"] == true, "{status:#}");
    ensure!(controls(&machine)?.is_empty(), "controls out of nowhere");
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

fn needs_dell_smbios() -> Result<()> {
    let machine = machine("latitude-7490", Module::Present)?;
    let line = "modprobe -r dell_laptop dell_wmi dell_smbios; at=$(modinfo -n dell_smbios); \
                echo $at; mv $at /tmp/";
    let at = machine.sh(line)?.ok()?.text();
    ensure!(
        !machine.exists("/sys/module/dell_smbios")?,
        "dell_smbios is still loaded"
    );
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let lines = common::log_lines(&machine)?;
    ensure!(
        lines.iter().any(|line| line.contains("no dell-smbios")),
        "kernel log: {lines:#?}"
    );
    let status = milspecctl(&machine, &["status"])?;
    let platform = common::family(&status, "platform")?;
    ensure!(platform["state"] == "failed", "{platform:#}");
    ensure!(
        controls(&machine)?.is_empty(),
        "controls that nobody has read"
    );
    ensure!(!machine.exists(CLASS)?, "there is nothing to set");
    // It looks for it again, and asks for no module by itself.
    machine
        .sh(&format!("mv /tmp/dell?smbios.ko* {}", at.trim()))?
        .ok()?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(common::family(&status, "platform")?["state"] == "failed");
    machine.run(["modprobe", "dell_smbios"])?.ok()?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        common::family(&status, "platform")?["state"] == "ready",
        "{status:#}"
    );
    let values = common::expected_values(&machine)?;
    ensure!(controls(&machine)?.len() == values.len());
    wait_until("what can be set now is offered", || machine.exists(CLASS))?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Fails when `modprobe` does not know that `dell-smbios` comes first. The driver itself can ask
/// for it only where the kernel may start a program for that.
fn after_dell_smbios() -> Result<()> {
    let machine = machine("latitude-7490", Module::Present)?;
    machine
        .sh("modprobe -r dell_laptop dell_wmi dell_smbios; echo /bin/false >/proc/sys/kernel/modprobe")?
        .ok()?;
    ensure!(!machine.exists("/sys/module/dell_smbios")?);
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(
        common::family(&status, "platform")?["state"] == "ready",
        "{status:#}"
    );
    machine.check_kernel_log()
}

/// Fails when the device node can be opened while something can still fail: the kernel frees a
/// module that cannot be initialised under the feet of who has it open.
fn node_comes_last() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    let nvram = machine.nvram()?;
    let held = nvram.hold(Call::dsml(1), 1)?;
    let load = machine
        .guest()?
        .spawn(GuestCommand::new(["modprobe", "dell_milspec"]))?;
    wait_until("DSML0001 is asked", || nvram.is_held(&held))?;
    ensure!(machine.exists(SYSFS)?, "a test of nothing");
    ensure!(
        !machine.exists("/dev/milspec")?,
        "it can be opened, and DSML0001 is not probed yet"
    );
    ensure!(nvram.is_held(&held)?, "too late");
    nvram.release(held)?;
    load.wait(Duration::from_secs(60))?.ok()?;
    machine.sh("udevadm settle")?.ok()?;
    ensure!(machine.exists("/dev/milspec")?);
    ensure!(controls(&machine)?.len() > 84);
    machine.check_kernel_log()
}

/// Fails when firmware is blamed for a caller who did not want to wait for it.
fn probe_interrupted() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    let nvram = machine.nvram()?;
    let _strikes = nvram.delay(Call::dsml(2), 100)?;
    let before = nvram.counts()?;
    let load = machine
        .guest()?
        .spawn(GuestCommand::new(["modprobe", "dell_milspec"]))?;
    wait_until("DSML0001 describes its devices", || {
        Ok(nvram.counts()?.since(&before).dsml(2) > 3)
    })?;
    load.signal(15)?;
    load.wait(Duration::from_secs(60))?;
    ensure!(nvram.counts()?.since(&before).dsml(2) < 84, "too late");
    nvram.clear_faults()?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(
        common::family(&status, "dsmil")?["state"] == "absent",
        "{status:#}"
    );
    let lines = common::log_lines(&machine)?;
    ensure!(
        !lines.iter().any(|line| line.contains("firmware bug")),
        "{lines:#?}"
    );
    machine
        .sh("echo DSML0001:00 >/sys/bus/platform/drivers/dell_milspec/bind")?
        .ok()?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(common::family(&status, "dsmil")?["controls"] == 84);
    machine.check_kernel_log()
}

/// Fails when a rule of udev cannot read the attributes where docs/ABI says that it can.
fn attributes_at_bind() -> Result<()> {
    let machine = machine("latitude-7490", Module::Present)?;
    let rule = "ACTION==\"bind\", SUBSYSTEM==\"faux\", KERNEL==\"dell_milspec\", \
                ATTR{mode}==\"?*\", RUN+=\"/usr/bin/touch /run/seen\"";
    machine.run(["mkdir", "-p", "/run/udev/rules.d"])?.ok()?;
    machine
        .guest()?
        .create("/run/udev/rules.d/99-test.rules", rule.as_bytes(), 0o644)?;
    machine
        .sh("udevadm control --reload --ping && modprobe dell_milspec && udevadm settle")?
        .ok()?;
    ensure!(machine.exists("/run/seen")?, "no attributes at bind");
    machine.check_kernel_log()
}

fn keeps_dell_smbios() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    machine.sh("modprobe -r dell_laptop dell_wmi")?;
    let removed = machine.run(["rmmod", "dell_smbios"])?;
    ensure!(
        removed.code != 0,
        "dell_smbios was unloaded under the driver"
    );
    milspecctl(&machine, &["status", "--refresh"])?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.sh("modprobe -r dell_smbios")?;
    ensure!(
        !machine.exists("/sys/module/dell_smbios")?,
        "a reference was leaked"
    );
    machine.check_kernel_log()
}

fn shows_dsmil() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let shown: Vec<Value> = controls(&machine)?
        .into_iter()
        .filter(|control| control["family"] == "dsmil")
        .collect();
    let rows: Vec<Vec<&str>> = include_str!("../data/dsmil-devices.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    ensure!(
        rows.len() == 84 && shown.len() == 84,
        "{} shown",
        shown.len()
    );
    for (control, row) in shown.iter().zip(&rows) {
        let &[name, group, _, function, class, depends] = row.as_slice() else {
            bail!("{row:?}");
        };
        ensure!(
            control["name"] == name && control["label"] == function,
            "{name}: {control:#}"
        );
        ensure!(
            control["group"] == group.parse::<u64>()?,
            "{name}: {control:#}"
        );
        ensure!(control["class"] == class, "{name}: {control:#}");
        let access = match class {
            "quarantined" => "read-only",
            _ => "read-write",
        };
        ensure!(control["access"] == access, "{name}: {control:#}");
        let needed: Vec<&str> = depends.split_whitespace().collect();
        ensure!(
            control["depends"] == serde_json::json!(needed),
            "{name}: {control:#}"
        );
        let active = ["DSMIL0D0", "DSMIL0D5", "DSMIL0D8", "DSMIL1D0"].contains(&name);
        let value = if active { "active" } else { "inactive" };
        ensure!(control["value"] == value, "{name}: {control:#}");
    }
    Ok(())
}

/// One read for each distinct location, one STATE_ALL; at discovery one QUERY, one IDENTITY and a
/// DESCRIBE for each device.
fn fewest_calls() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    let nvram = machine.nvram()?;
    let locations = common::known_locations(&machine)?.len() as u32;

    let before = nvram.counts()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let load = nvram.counts()?.since(&before);
    ensure!(
        load.token_reads() == locations,
        "{} reads, {locations} places",
        load.token_reads()
    );
    ensure!(
        load.smbios() == locations,
        "calls other than reads: {:?}",
        load.nonzero()
    );
    for (function, calls) in [(0, 1), (1, 1), (2, 84), (3, 0), (4, 1), (5, 0)] {
        ensure!(
            load.dsml(function) == calls,
            "function {function}: {:?}",
            load.nonzero()
        );
    }

    // Later one read for each setting: of several locations that show one cell, one.
    let [_, look, ..] = Model::new(&machine)?.look();
    ensure!(look < locations && look <= 60 + 4, "{look} reads");
    let before = nvram.counts()?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    let refresh = nvram.counts()?.since(&before);
    ensure!(refresh.token_reads() == look && refresh.smbios() == look);
    ensure!(
        refresh.dsml(4) == 1 && refresh.dsml_total() == 1,
        "{:?}",
        refresh.nonzero()
    );
    ensure!(
        status["refresh"]["firmware_calls"] == look + 1,
        "{status:#}"
    );
    Ok(())
}

fn status_is_free() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let before = machine.nvram()?.counts()?;
    milspecctl(&machine, &["status"])?;
    milspecctl(&machine, &["control", "list"])?;
    machine
        .sh(&format!(
            "cat {SYSFS}/[a-z]*s {SYSFS}/generation {SYSFS}/abi_version"
        ))?
        .ok()?;
    let calls = machine.nvram()?.counts()?.since(&before);
    // Claim: nor cause a firmware call
    ensure!(calls.nonzero().is_empty(), "{:?}", calls.nonzero());
    // For a BIOS attribute, which is root's to read, mainline's driver asks, and nobody else.
    milspecctl(&machine, &["control", "show", "camera"])?;
    let calls = machine.nvram()?.counts()?.since(&before);
    ensure!(
        calls.smbios() == 0 && calls.dsml_total() == 0 && calls.sysman(SYSMAN_SET) == 0,
        "{:?}",
        calls.nonzero()
    );
    Ok(())
}

fn refresh_finds() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    for (setting, value) in [
        ("camera", "disabled"),
        ("bluetooth", "disabled"),
        ("thunderbolt", "disabled"),
    ] {
        let old = milspecctl(&machine, &["control", "show", setting])?;
        ensure!(old["controls"][0]["value"] == "enabled", "{old:#}");
        nvram.set_setting(machine.plan(), setting, value)?;
        let unread = milspecctl(&machine, &["control", "show", setting])?;
        ensure!(
            unread["controls"][0] == old["controls"][0],
            "without a refresh: {unread:#}"
        );
        let status = milspecctl(&machine, &["status", "--refresh"])?;
        let changed: Vec<&Value> = status["refresh"]["changed"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        ensure!(
            changed.len() == 1 && changed[0]["name"] == setting,
            "{status:#}"
        );
        let new = milspecctl(&machine, &["control", "show", setting])?;
        ensure!(new["controls"][0]["value"] == value, "{new:#}");
        ensure!(
            new["controls"][0]["changed_generation"] == status["generation"],
            "{new:#}"
        );
    }
    machine.check_kernel_log()
}

fn refresh_finds_dsmil() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    machine.nvram()?.dsmil_set_state(6, 1, 1)?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(status["refresh"]["changed_count"] == 1, "{status:#}");
    ensure!(
        status["tamper"] == serde_json::json!(["DSMIL0D6"]),
        "{status:#}"
    );
    let shown = milspecctl(&machine, &["control", "show", "DSMIL0D6"])?;
    ensure!(shown["controls"][0]["value"] == "active", "{shown:#}");
    ensure!(shown["controls"][0]["tamper"] == true, "{shown:#}");
    machine.check_kernel_log()
}

fn generation_counts() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    let generation = |arguments: &[&str]| -> Result<u64> {
        milspecctl(&machine, arguments)?["generation"]
            .as_u64()
            .context("no generation")
    };
    let first = generation(&["status"])?;
    ensure!(
        generation(&["status", "--refresh"])? == first,
        "it grew though nothing changed"
    );
    machine
        .nvram()?
        .set_setting(machine.plan(), "camera", "disabled")?;
    ensure!(
        generation(&["status", "--refresh"])? == first + 1,
        "one change is one step"
    );
    Ok(())
}

fn unknown_values() -> Result<()> {
    let machine = machine("bad/mixed-layouts", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let shared = machine.plan().token("bluetooth", "enabled")?;
    let hot = [
        machine.plan().token("thunderbolt", "enabled")?,
        machine.plan().token("thunderbolt", "disabled")?,
    ];
    nvram.set_location(shared.location, 0x77)?;
    nvram.set_location(hot[0].location, hot[0].value)?;
    nvram.set_location(hot[1].location, hot[1].value)?;
    nvram.dsmil_set_state(3, 0x42, 0)?;
    let status = milspecctl(&machine, &["status", "--refresh"])?;
    ensure!(status["refresh"]["changed_count"] == 3, "{status:#}");
    for (name, reading) in [
        ("bluetooth", "unknown"),
        ("thunderbolt", "ambiguous"),
        ("DSMIL0D3", "unknown"),
    ] {
        let shown = milspecctl(&machine, &["control", "show", name])?;
        let control = &shown["controls"][0];
        ensure!(
            control["reading"] == reading && control["value"].is_null(),
            "{shown:#}"
        );
    }
    let shown = milspecctl(&machine, &["control", "show", "bluetooth"])?;
    ensure!(
        shown["controls"][0]["values"][0]["read"] == 0x77,
        "the raw answer: {shown:#}"
    );
    machine.check_kernel_log()
}

fn failed_calls() -> Result<()> {
    use milspec_machine::nvram::fault::{Call, Fault, Wrong};

    let machine = machine("latitude-7490", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let location = u32::from(machine.plan().token("bluetooth", "enabled")?.location);
    let cases = [
        (Wrong::Ignore, "ENODATA"),
        (Wrong::Fail(-1), "EIO"),
        (Wrong::Fail(-2), "ENXIO"),
        (Wrong::Fail(-6), "EINVAL"),
        (Wrong::Fail(2), "EINVAL"),
    ];
    for (wrong, errno) in cases {
        let fault = nvram.arm(Fault::new(Call::TOKEN_READ.at(location), wrong))?;
        milspecctl(&machine, &["status", "--refresh"])?;
        ensure!(nvram.hits(fault)? == 1, "{wrong:?} did not strike");
        let shown = milspecctl(&machine, &["control", "show", "bluetooth"])?;
        let control = &shown["controls"][0];
        ensure!(control["reading"] == "failed", "{wrong:?}: {shown:#}");
        ensure!(control["error"]["name"] == errno, "{wrong:?}: {shown:#}");
        ensure!(control["value"].is_null(), "{wrong:?}: {shown:#}");
        let other = milspecctl(&machine, &["control", "show", "camera"])?;
        ensure!(
            other["controls"][0]["reading"] == "known",
            "one fault spoils another: {other:#}"
        );
        nvram.clear_faults()?;
        milspecctl(&machine, &["status", "--refresh"])?;
        let shown = milspecctl(&machine, &["control", "show", "bluetooth"])?;
        ensure!(
            shown["controls"][0]["value"] == "enabled",
            "it does not recover: {shown:#}"
        );
    }
    machine.check_kernel_log()
}

fn busy_while_open() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let guest = machine.guest()?;
    let open = GuestCommand::shell("exec 3</dev/milspec; echo open; read line");
    let mut holder = guest.spawn(open.user(65534, group(&machine)?))?;
    holder.wait_for("open", Duration::from_secs(20))?;
    let removed = machine.run(["rmmod", "dell_milspec"])?;
    // Claim: keep the module loaded by keeping it open
    ensure!(removed.code != 0, "rmmod succeeded");
    ensure!(
        removed.error_text().contains("in use"),
        "{}",
        removed.error_text()
    );
    milspecctl(&machine, &["status", "--refresh"])?;
    holder.feed(b"\n")?;
    holder.wait(Duration::from_secs(20))?.ok()?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    ensure!(
        !machine.exists("/dev/milspec")?,
        "/dev/milspec is still there"
    );
    ensure!(!machine.exists(SYSFS)?, "{SYSFS} is still there");
    machine.check_kernel_log()
}

fn reloads() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    ask::install(&machine)?;
    let reload = || -> Result<()> {
        machine.run(["modprobe", "dell_milspec"])?.ok()?;
        let line = ask_one(&machine, "refresh")?;
        ensure!(line.number("result")? == 0, "{line:?}");
        machine.run(["rmmod", "dell_milspec"])?.ok()?;
        Ok(())
    };
    // The first loads fill caches of the kernel that stay, in all over 400 kB.
    for _ in 0..3 {
        reload()?;
    }
    let before = common::kernel_memory(&machine)?;
    for _ in 0..6 {
        reload()?;
    }
    // One load allocates over 60 kB, and as many loads differ by about 20 kB without any leak.
    let after = common::kernel_memory(&machine)?;
    ensure!(
        after < before + 100_000,
        "kernel memory in use: {before} bytes before, {after} after"
    );
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    ensure!(controls(&machine)?.len() > 84);
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Readers of sysfs and of the device hold on to nothing that unloading frees.
fn unloads_while_read() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let guest = machine.guest()?;
    let line = format!(
        "while [ ! -e /tmp/stop ]; do cat {SYSFS}/*s {SYSFS}/generation >/dev/null 2>&1; \
         true </dev/milspec; done 2>/dev/null; echo done"
    );
    let reader = guest.spawn(GuestCommand::shell(&line))?;
    for _ in 0..6 {
        machine
            .sh("while ! rmmod dell_milspec 2>/dev/null; do :; done")?
            .ok()?;
        machine.run(["modprobe", "dell_milspec"])?.ok()?;
    }
    machine.run(["touch", "/tmp/stop"])?.ok()?;
    reader.wait(Duration::from_secs(30))?.ok()?;
    milspecctl(&machine, &["status"])?;
    machine.check_kernel_log()
}

fn unbind() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let guest = machine.guest()?;
    let mut holder = guest.spawn(GuestCommand::shell(
        "exec 3</dev/milspec; echo open; read line",
    ))?;
    holder.wait_for("open", Duration::from_secs(20))?;
    let all = controls(&machine)?.len();
    for _ in 0..3 {
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/unbind"))?
            .ok()?;
        let left = controls(&machine)?;
        ensure!(
            left.len() == all - 84,
            "{} controls left of {all}",
            left.len()
        );
        ensure!(left.iter().all(|control| control["family"] == "platform"));
        let status = milspecctl(&machine, &["status", "--refresh"])?;
        ensure!(
            common::family(&status, "dsmil")?["state"] == "absent",
            "{status:#}"
        );
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/bind"))?
            .ok()?;
        ensure!(controls(&machine)?.len() == all, "it does not come back");
    }
    holder.feed(b"\n")?;
    holder.wait(Duration::from_secs(20))?.ok()?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}

/// Number of the group whose members may open the device.
fn group(machine: &Machine) -> Result<u32> {
    let line = "sed -n 's/^milspec:[^:]*:\\([0-9]*\\):.*/\\1/p' /etc/group";
    let number = machine.sh(line)?.ok()?.text();
    number.trim().parse().context("no group milspec")
}

fn permissions() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    let mode = machine
        .run(["stat", "-c", "%a %U %G", "/dev/milspec"])?
        .ok()?
        .text();
    ensure!(mode.trim() == "640 root milspec", "{mode}");
    let group = group(&machine)?;
    milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    let status = |uid, gid, arguments: &[&str]| {
        let argv = [&["milspecctl", "--json"], arguments].concat();
        machine.run_command(GuestCommand::new(argv).user(uid, gid))
    };
    // Claim: can read every control
    status(65534, group, &["status"])?.ok()?;
    let events = status(65534, group, &["events"])?.ok()?.text();
    // Claim: and who changed it
    ensure!(
        events.contains("\"camera\"") && events.contains("\"uid\": 0,"),
        "{events}"
    );
    status(65534, group, &["status", "--refresh"])?.exits(4)?;
    status(65534, 65534, &["status"])?.exits(4)?;
    machine.check_kernel_log()
}

fn sysfs() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let status = milspecctl(&machine, &["status"])?;
    let files = machine
        .sh(&format!(
            "find {SYSFS}/ -maxdepth 1 -type f -perm -444 ! -name uevent"
        ))?
        .ok()?
        .text();
    let mut files: Vec<&str> = files
        .lines()
        .filter_map(|path| path.rsplit('/').next())
        .collect();
    files.sort_unstable();
    let abi = include_str!("../../docs/ABI/testing/sysfs-devices-faux-dell_milspec");
    let documented: Vec<&str> = abi
        .lines()
        .filter_map(|line| line.strip_prefix("What:")?.trim().strip_prefix(SYSFS))
        .filter_map(|file| Some(file.strip_prefix('/')?).filter(|file| !file.is_empty()))
        .collect();
    ensure!(
        files == documented,
        "there: {files:?}\ndocumented: {documented:?}"
    );
    let writable = machine.sh(&format!(
        "find {SYSFS}/ -maxdepth 1 -type f -perm /222 ! -name uevent"
    ))?;
    ensure!(writable.ok()?.text().trim() == format!("{SYSFS}/mode"));
    let number =
        |file: &str| -> Result<u64> { Ok(machine.read(&format!("{SYSFS}/{file}"))?.parse()?) };
    let abi = format!("{}.{}", milspec_uapi::ABI_MAJOR, milspec_uapi::ABI_MINOR);
    ensure!(machine.read(&format!("{SYSFS}/abi_version"))? == abi);
    ensure!(number("generation")? == status["generation"]);
    ensure!(number("refreshed_ns")? == status["read_boottime_ns"]);
    ensure!(number("dsmil_controls")? == 84);
    let platform = common::family(&status, "platform")?;
    ensure!(number("platform_controls")? == platform["controls"]);
    let values = common::expected_values(&machine)?;
    let unknown = values.values().filter(|value| value.is_none()).count();
    ensure!(number("unreadable_controls")? == unknown as u64);
    let calls =
        machine.nvram()?.counts()?.dsml_total() + common::known_locations(&machine)?.len() as u32;
    ensure!(number("firmware_calls")? == u64::from(calls));
    machine.check_kernel_log()
}
