// SPDX-License-Identifier: GPL-2.0

//! fwupd from Debian, which knows nothing of us: it speaks the kernel's class for firmware settings.

use crate::access::wait_until;
use crate::common::{controls, field, milspecctl, Test, DRIVER};
use crate::firmware_attributes::{choices, current, CLASS};
use crate::modes::SYSFS;
use crate::witness;
use crate::witness_attributes::SYSMAN;
use crate::witness_tokens::filtered;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module, Options};
use milspec_machine::{dsmil, Output};
use milspec_posture::dsmil::STATES;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The tests of this file.
pub const TESTS: &[Test] = &[("fwupd_lists_and_sets_beside_mainline", sets)];

/// A second for each control, and starts of its daemon, which take ten.
pub const LONG: &[Test] = &[
    ("fwupd_sets_every_control", every),
    ("fwupd_security_differs_in_one_line", security),
    ("fwupd_lists_what_comes_late", late),
];

/// Its answer to a request that it was not to carry out.
const FAILED: i32 = 1;
/// And where there is nothing to do.
const NOTHING: i32 = 2;
/// Its name for whether the kernel is tainted.
const TAINTED: &str = "org.fwupd.hsi.Kernel.Tainted";

/// A machine on which its daemon runs. D-Bus would start it, and waits for that 25 s: not enough for
/// an emulated processor that has others beside it.
fn ready() -> Result<Machine> {
    let machine = Machine::with_systemd("rugged")?;
    machine.run(["systemctl", "start", "fwupd"])?.ok()?;
    Ok(machine)
}

/// A machine on which our module was not loaded yet, and mainline's was.
fn without() -> Result<Machine> {
    let options = Options {
        module: Module::Present,
        systemd: true,
        ..Options::default()
    };
    let machine = Machine::from_snapshot("rugged", &options)?;
    ensure!(machine.exists(SYSMAN)? && !machine.exists("/sys/module/dell_milspec")?);
    Ok(machine)
}

/// What sets a setting by its whole name.
fn line<'a>(id: &'a str, value: &'a str) -> [&'a str; 5] {
    [
        "fwupdmgr",
        "--no-reboot-check",
        "set-bios-setting",
        id,
        value,
    ]
}

/// Sets one of ours.
fn set(machine: &Machine, setting: &str, value: &str) -> Result<Output> {
    machine.run(line(&format!("com.dell-milspec.{setting}"), value))
}

/// Fails unless it says this, and that it has failed.
fn refuses(output: &Output, text: &str) -> Result<()> {
    let said = format!("{}{}", output.text(), output.error_text());
    ensure!(
        output.code == FAILED && said.contains(text),
        "{}: {said}",
        output.code
    );
    Ok(())
}

/// The settings that it lists.
fn settings(machine: &Machine) -> Result<Vec<Value>> {
    let output = machine
        .run(["fwupdmgr", "--json", "get-bios-settings"])?
        .ok()?;
    let document = output.json()?;
    let all = document["BiosSettings"].as_array();
    Ok(all.context("no settings")?.clone())
}

/// Fails unless NVRAM, mainline's token read, milspecctl and the attribute say that the setting has
/// the value. Some tokens mainline does not read for anybody.
fn agree(machine: &Machine, setting: &str, value: &str) -> Result<()> {
    let nvram = machine.nvram()?.setting(machine.plan(), setting)?;
    ensure!(
        nvram.as_deref() == Some(value),
        "NVRAM: {setting} is {nvram:?}"
    );
    let token = machine.plan().token(setting, value)?;
    if !filtered(machine, token.location)? {
        let (status, read) = witness::read(machine, token.location)?;
        ensure!(
            (status, read) == (0, token.value.into()),
            "{setting}: {status}, {read}"
        );
    }
    says(machine, setting, value)
}

/// Fails unless milspecctl and the attribute say so.
fn says(machine: &Machine, control: &str, value: &str) -> Result<()> {
    let output = machine.run(["milspecctl", "control", "get", control])?;
    let said = output.ok()?.text();
    ensure!(said.trim() == value, "{control} is {said}");
    ensure!(current(machine, control)? == value, "{control}");
    Ok(())
}

/// Promise: fwupd lists every control that can be set, beside mainline's attributes, and sets them;
/// NVRAM, mainline and milspecctl agree, and the record names its daemon. What it cannot set it
/// says, and leaves as it is: a value that is none, a device that another one needs, a setting that
/// the BIOS password guards, and whatever a user asks for whom polkit does not know. Its policy of
/// values is brought about, and does not hide from the mode. What it sets by mainline's name is a
/// change from outside.
fn sets() -> Result<()> {
    let machine = ready()?;
    let nvram = machine.nvram()?;
    // A real fwupd answers what doctor asks it, with the options that it is asked with.
    let doctor = milspecctl(&machine, &["doctor"])?;
    let mut checks = doctor["checks"].as_array().into_iter().flatten();
    let bios = checks.find(|check| check["id"] == "bios");
    let reason = field(bios.context("no BIOS in it")?, "reason")?;
    ensure!(reason.ends_with("fwupd knows no newer one"), "{reason}");
    let listed = settings(&machine)?;
    let ids = listed
        .iter()
        .map(|it| field(it, "BiosSettingId").map(str::to_owned));
    let ids: BTreeSet<String> = ids.collect::<Result<_>>()?;
    let all = controls(&machine)?;
    let mut mine: BTreeSet<String> = BTreeSet::new();
    for control in all.iter().filter(|control| choices(control).len() > 1) {
        mine.insert(format!("com.dell-milspec.{}", field(control, "name")?));
    }
    mine.insert("com.dell-milspec.mode".to_owned());
    let theirs = machine.sh(&format!(
        "ls -d {SYSMAN}/attributes/*/ | xargs -n1 basename"
    ))?;
    let theirs = theirs.ok()?.text();
    mine.extend(
        theirs
            .lines()
            .map(|name| format!("com.dell-wmi-sysman.{name}")),
    );
    let missing: Vec<&String> = mine.difference(&ids).collect();
    ensure!(missing.is_empty(), "not listed: {missing:?}");
    ensure!(mine.len() > 130 && !theirs.is_empty());
    let of_mode = listed
        .iter()
        .find(|it| it["BiosSettingId"] == "com.dell-milspec.mode");
    let values = &of_mode.context("no mode")?["BiosSettingPossibleValues"];
    ensure!(*values == serde_json::json!(["baseline", "standard", "enhanced", "paranoid"]));

    // One of each kind.
    set(&machine, "camera", "disabled")?.ok()?;
    agree(&machine, "camera", "disabled")?;
    set(&machine, "camera", "disabled")?.exits(NOTHING)?;
    set(&machine, "DSMIL0D5", "inactive")?.ok()?;
    ensure!(nvram.dsmil_state(5)?.state == 0);
    says(&machine, "DSMIL0D5", "inactive")?;

    // What it does not do.
    refuses(
        &set(&machine, "camera", "nonsense")?,
        "doesn't map to any possible values",
    )?;
    refuses(
        &set(&machine, "DSMIL0D0", "inactive")?,
        "Device or resource busy",
    )?;
    refuses(
        &set(&machine, "mode", "paranoid-plus")?,
        "doesn't map to any possible values",
    )?;
    let argv = line("com.dell-milspec.camera", "enabled");
    let stranger = GuestCommand::new(argv).user(65534, 65534);
    refuses(&machine.run_command(stranger)?, "Failed to obtain auth")?;
    agree(&machine, "camera", "disabled")?;
    nvram.set_password("secret", 0x1234)?;
    refuses(
        &set(&machine, "camera", "enabled")?,
        "Key was rejected by service",
    )?;
    nvram.set_password("", 0)?;
    agree(&machine, "camera", "disabled")?;

    // It does not look again at what a mode has changed.
    set(&machine, "mode", "enhanced")?.ok()?;
    ensure!(milspecctl(&machine, &["status"])?["mode"]["name"] == "enhanced");
    agree(&machine, "wake-on-lan", "disabled")?;
    let events = milspecctl(&machine, &["events"])?;
    let ends = events["events"].as_array().into_iter().flatten();
    let mut ends = ends.filter(|event| event["kind"] == "apply-ended");
    // One of them was undone: it wanted the password.
    ensure!(ends.clone().count() == 4, "{events:#}");
    ensure!(ends.all(by_fwupd), "{events:#}");

    policy(&machine)?;
    machine.check_kernel_log()
}

/// Fails when fwupd cannot bring about what its policy says, which it does whenever a device of the
/// class comes, and when it is not seen that this is not what the mode asks for; or when what it
/// changes by mainline's name is not found.
fn policy(machine: &Machine) -> Result<()> {
    set(machine, "mode", "paranoid")?.ok()?;
    let argv = ["fwupdmgr", "--json", "get-bios-settings", "camera"];
    let setting = machine.run(argv)?.ok()?.text();
    let is = "\"BiosSettingCurrentValue\" : \"disabled\"";
    ensure!(setting.contains(is), "{setting}");
    let wanted = setting.replace(is, &is.replace("disabled", "enabled"));
    let file = "/etc/fwupd/bios-settings.d/camera.json";
    machine.guest()?.create(file, wanted.as_bytes(), 0o644)?;
    let anew = format!("cd {DRIVER} && echo DSML0001:00 >unbind && echo DSML0001:00 >bind");
    machine.sh(&anew)?.ok()?;
    wait_until("the policy is brought about", || {
        let camera = machine.nvram()?.setting(machine.plan(), "camera")?;
        Ok(camera.as_deref() == Some("enabled"))
    })?;
    // Its mode is the one that was asked for last, and it says what is not as that asks.
    let status = milspecctl(machine, &["status"])?;
    let mode = &status["mode"];
    ensure!(mode["name"] == "paranoid", "{mode:#}");
    ensure!(
        mode["deviations"] == serde_json::json!(["camera"]),
        "{mode:#}"
    );
    let events = milspecctl(machine, &["events"])?;
    let steps = events["events"].as_array().into_iter().flatten();
    let mut steps = steps.filter(|event| event["kind"] == "step");
    let last = steps.next_back().context("no step")?;
    ensure!(by_fwupd(last) && last["to"] == "enabled", "{last:#}");
    machine.run(["rm", file])?.ok()?;

    // Past us, by mainline's name.
    machine
        .run(line("com.dell-wmi-sysman.Camera", "Disabled"))?
        .ok()?;
    milspecctl(machine, &["status", "--refresh"])?;
    agree(machine, "camera", "disabled")?;
    ensure!(machine.read(&format!("{SYSFS}/drifted_controls"))? == "camera");
    let events = milspecctl(machine, &["events"])?;
    let last = events["events"].as_array().and_then(|all| all.last());
    let last = last.context("no event")?;
    ensure!(
        last["kind"] == "outside-change" && last["drift"] == true,
        "{last:#}"
    );
    Ok(())
}

/// Whether a record is of something that fwupd has asked for.
fn by_fwupd(event: &Value) -> bool {
    event["origin"] == "firmware-attributes" && event["actor"]["command"] == "fwupd"
}

/// Promise: what fwupd says of the machine's security is the same with and without us, but for one
/// line: a module from out of the tree taints the kernel.
fn security() -> Result<()> {
    let machine = without()?;
    // It says nothing of a machine that is simulated; so this one does not look it.
    let hidden = "sed 's/ hypervisor / /' /proc/cpuinfo >/run/cpuinfo && \
                  mount --bind /run/cpuinfo /proc/cpuinfo";
    machine.sh(hidden)?.ok()?;
    let security = || -> Result<BTreeMap<String, Value>> {
        machine.run(["systemctl", "restart", "fwupd"])?.ok()?;
        let output = machine.run(["fwupdmgr", "--json", "security"])?.ok()?;
        let document = output.json()?;
        let all = document["SecurityAttributes"].as_array();
        let mut attributes = BTreeMap::new();
        for attribute in all.context("no attributes")? {
            let id = field(attribute, "AppstreamId")?.to_owned();
            let mut attribute = attribute.clone();
            attribute["Created"].take();
            ensure!(attributes.insert(id, attribute).is_none(), "{document:#}");
        }
        ensure!(attributes.len() > 10, "{document:#}");
        Ok(attributes)
    };
    ensure!(machine.read("/proc/sys/kernel/tainted")? == "0");
    let mut before = security()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let mut with = security()?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    let after = security()?;
    ensure!(with == after, "{with:#?}\n{after:#?}");
    let tainted = |all: &mut BTreeMap<String, Value>| all.remove(TAINTED);
    let (was, is) = (tainted(&mut before), tainted(&mut with));
    let result = |it: &Option<Value>| it.as_ref().map(|it| it["HsiResult"].clone());
    ensure!(result(&was) == Some("not-tainted".into()), "{was:#?}");
    ensure!(result(&is) == Some("tainted".into()), "{is:#?}");
    ensure!(before == with, "{before:#?}\n{with:#?}");
    machine.check_kernel_log()
}

/// Promise: what comes beside mainline's while fwupd runs is listed, and so is what takes its place;
/// what has gone stays listed until fwupd is started anew.
fn late() -> Result<()> {
    let machine = without()?;
    // It comes later.
    let of_device = "/sys/bus/platform/devices/DSML0001:00/driver_override";
    machine.sh(&format!("echo none >{of_device}"))?.ok()?;
    machine.run(["systemctl", "start", "fwupd"])?.ok()?;
    let listed = || -> Result<(usize, usize)> {
        let all = settings(&machine)?;
        let of = |driver: &str| {
            let ids = all.iter().filter_map(|it| it["BiosSettingId"].as_str());
            ids.filter(|id| id.starts_with(driver)).count()
        };
        Ok((of("com.dell-wmi-sysman."), of("com.dell-milspec.")))
    };
    // It takes `pending_reboot` for one of them.
    let shown = || -> Result<usize> {
        let line = format!("ls {CLASS}/attributes | wc -l");
        Ok(machine.sh(&line)?.ok()?.text().trim().parse()?)
    };
    let (theirs, none) = listed()?;
    ensure!(theirs > 0 && none == 0, "{theirs} and {none}");
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let some = shown()?;
    ensure!(some > 10);
    wait_until("it is listed", || Ok(listed()? == (theirs, some)))?;
    let bind = format!("echo >{of_device}; echo DSML0001:00 >{DRIVER}/bind");
    machine.sh(&bind)?.ok()?;
    let all = shown()?;
    ensure!(all > some + 50, "{some} and {all}");
    wait_until("all are listed", || Ok(listed()? == (theirs, all)))?;
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    // Time for it to hear of that.
    machine.sh("udevadm settle; sleep 3")?.ok()?;
    let found = listed()?;
    ensure!(found == (theirs, all), "{found:?}");
    machine.run(["systemctl", "try-restart", "fwupd"])?.ok()?;
    ensure!(listed()? == (theirs, 0));
    machine.check_kernel_log()
}

/// Promise: fwupd sets every control that it lists to every other value that it lists, by the name of
/// the value, and all of them back by the mode; each time NVRAM, milspecctl, and mainline where it
/// knows the control, agree.
fn every() -> Result<()> {
    let machine = ready()?;
    let (mut settings, mut devices) = (0, 0);
    let values = |machine: &Machine| -> Result<BTreeMap<String, Value>> {
        let all = controls(machine)?.into_iter();
        all.map(|it| Ok((field(&it, "name")?.to_owned(), it["value"].clone())))
            .collect()
    };
    let before = values(&machine)?;
    for control in controls(&machine)? {
        let values = choices(&control);
        let (name, now) = (field(&control, "name")?, control["value"].as_str());
        if values.len() < 2 {
            continue;
        }
        for value in values.into_iter().filter(|value| Some(*value) != now) {
            let output = set(&machine, name, value)?;
            if control["family"] == "platform" {
                output.ok().with_context(|| format!("{name}={value}"))?;
                agree(&machine, name, value)?;
                settings += 1;
                continue;
            }
            // Not what others need, nor what needs others.
            match output.code {
                0 => {
                    is_device(&machine, name, value)?;
                    devices += 1;
                }
                NOTHING => is_device(&machine, name, value)?,
                _ => refuses(&output, "Device or resource busy")?,
            }
        }
    }
    println!("\nrugged: {settings} times a setting, {devices} times a device");
    ensure!(settings > 50 && devices > 20);
    set(&machine, "mode", "baseline")?.ok()?;
    agree(&machine, "camera", "enabled")?;
    let after = values(&machine)?;
    ensure!(before == after, "{before:#?}\n{after:#?}");
    machine.check_kernel_log()
}

/// Fails unless NVRAM, milspecctl and the attribute say that a DSMIL device is in the state.
fn is_device(machine: &Machine, name: &str, state: &str) -> Result<()> {
    let device = dsmil::devices()?.into_iter().find(|it| it.name == name);
    let device = device.with_context(|| format!("no device {name}"))?;
    let found = machine.nvram()?.dsmil_state(device.index)?.state;
    let wanted = STATES.iter().position(|it| *it == state);
    ensure!(
        wanted == Some(found.into()),
        "NVRAM: {name} is in state {found}"
    );
    says(machine, name, state)
}
