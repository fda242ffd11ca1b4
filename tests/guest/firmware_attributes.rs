// SPDX-License-Identifier: GPL-2.0

//! The kernel's class for firmware settings, as its ABI document asks for it, beside mainline's own
//! driver.

use crate::access::wait_until;
use crate::common::{controls, field, kernel_memory, log_lines, machine, milspecctl, Test, DRIVER};
use crate::journal::{cause, events, install, machine_with_cause, of_kind, only};
use crate::modes::SYSFS;
use crate::witness;
use crate::witness_attributes::SYSMAN;
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::{Machine, Module};
use milspec_machine::prepare::Bits;
use milspec_machine::{Call, Fault, Wrong};
use milspec_uapi::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("firmware_attributes_follow_the_kernels_abi", abi),
    ("firmware_attributes_set_what_they_are_told", set),
    ("firmware_attributes_say_why_not", refusals),
    ("firmware_attributes_stand_beside_mainlines", beside),
    ("firmware_attributes_come_and_go_whole", come_and_go),
    ("firmware_attributes_let_a_write_end", unloads),
    ("firmware_attributes_need_a_class_and_say_so", no_class),
];

/// Where they are.
pub const CLASS: &str = "/sys/class/firmware-attributes/dell-milspec";

const PATIENCE: Duration = Duration::from_secs(60);
/// How often a device comes and goes, to see whether memory does not.
const ROUNDS: u64 = 10;

const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const EREMOTEIO: i32 = 121;
const EKEYREJECTED: i32 = 129;

/// Every file of every attribute with what is in it.
fn files(machine: &Machine) -> Result<BTreeMap<String, String>> {
    let listing = machine.sh(&format!("cd {CLASS}/attributes && grep -H '' */*"))?;
    let text = listing.ok()?.text();
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let (file, contents) = line.split_once(':').context("no file name")?;
        let again = files.insert(file.to_owned(), contents.to_owned());
        ensure!(again.is_none(), "{file} has two lines");
    }
    Ok(files)
}

/// The names of attributes among files.
fn names(files: &BTreeMap<String, String>) -> Vec<&str> {
    let mut names: Vec<&str> = files.keys().filter_map(|f| f.split('/').next()).collect();
    names.dedup();
    names
}

/// What an attribute says.
pub fn current(machine: &Machine, name: &str) -> Result<String> {
    machine.read(&format!("{CLASS}/attributes/{name}/current_value"))
}

/// Writes to an attribute, and returns the error number if that fails.
fn write(machine: &Machine, name: &str, value: &str) -> Result<Option<i32>> {
    let file = format!("{CLASS}/attributes/{name}/current_value");
    let written = machine.guest()?.write(&file, value.as_bytes())?;
    Ok(written.err())
}

/// The values of a control that a list of changes may name, as the node says.
pub fn choices(control: &Value) -> Vec<&str> {
    let values = control["values"].as_array().into_iter().flatten();
    let open = values.filter(|value| value["gate"].is_null());
    open.filter_map(|value| value["name"].as_str()).collect()
}

fn refresh(machine: &Machine) -> Result<()> {
    milspecctl(machine, &["status", "--refresh"])?;
    Ok(())
}

/// Promise: each control that can be set has one attribute, and the mode has one, with the files that
/// the kernel's ABI document names and nothing else; nothing is beside them but `pending_reboot`, and
/// nothing beside `attributes`, such as `authentication`; what cannot be set has none; what latches is no
/// possible value. Whoever is not root reads what is the same on every machine. Reading makes no
/// firmware call, and does not fail where the firmware does.
fn abi() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let before = nvram.counts()?;
    let files_now = files(&machine)?;
    let all = controls(&machine)?;
    let mut expected: BTreeMap<&str, (String, &str, &str, &str)> = BTreeMap::new();
    for control in &all {
        let values = choices(control);
        if values.len() > 1 {
            let current = control["value"].as_str().unwrap_or("unknown");
            let label = field(control, "label")?;
            let entry = (values.join(";"), current, current, label);
            expected.insert(field(control, "name")?, entry);
        }
    }
    ensure!(expected.len() > 100 && expected.len() < all.len());
    let modes = "baseline;standard;enhanced;paranoid".to_owned();
    let label = "Mode of all security controls";
    expected.insert("mode", (modes, "custom", "baseline", label));
    let mut wanted = BTreeMap::new();
    for (name, (possible, current, default, label)) in &expected {
        for (file, contents) in [
            ("type", "enumeration"),
            ("current_value", *current),
            ("default_value", *default),
            ("possible_values", &**possible),
            ("display_name", *label),
            ("display_name_language_code", "en"),
        ] {
            wanted.insert(format!("{name}/{file}"), contents.to_owned());
        }
    }
    for (file, contents) in &wanted {
        ensure!(
            files_now.get(file) == Some(contents),
            "{file}: {contents}, {:?}",
            files_now.get(file)
        );
    }
    ensure!(files_now.len() == wanted.len(), "{:?}", names(&files_now));
    let whole = machine.run(["ls", CLASS])?.ok()?.text();
    ensure!(whole == "attributes\npower\nsubsystem\nuevent\n", "{whole}");
    let beside = machine.sh(&format!(
        "cd {CLASS}/attributes && find . -maxdepth 1 -type f"
    ))?;
    ensure!(beside.text() == "./pending_reboot\n", "{}", beside.text());
    ensure!(machine.read(&format!("{CLASS}/attributes/pending_reboot"))? == "0");

    // Who may: whoever owns a file, and what it says of this machine is root's to read.
    let modes = machine.sh(&format!(
        "cd {CLASS}/attributes && stat -c '%a %U %n' mode/* gps/* *_reboot"
    ))?;
    for line in modes.ok()?.text().lines() {
        let mode = match line.rsplit_once('/').map(|(_, file)| file) {
            Some("current_value") => "600 root",
            Some("default_value") => "400 root",
            _ => "444 root",
        };
        ensure!(line.starts_with(mode), "{line}");
    }
    let made = nvram.counts()?.since(&before).nonzero();
    ensure!(made.is_empty(), "calls were made: {made:?}");

    // What cannot be read.
    let camera = machine.plan().token("camera", "enabled")?.location;
    let _failing = nvram.arm(Fault::new(
        Call::TOKEN_READ.at(u32::from(camera)),
        Wrong::Fail(-1),
    ))?;
    refresh(&machine)?;
    nvram.clear_faults()?;
    let files_now = files(&machine)?;
    ensure!(
        files_now["camera/current_value"] == "unknown",
        "{}",
        files_now["camera/current_value"]
    );
    ensure!(files_now["camera/possible_values"] == "enabled;disabled");
    ensure!(files_now.len() == wanted.len());
    machine.check_kernel_log()
}

/// A listener to the events of firmware-attributes devices, which has begun.
fn listen(machine: &Machine) -> Result<Process<'_>> {
    install(machine, "uevents", Bits::B64)?;
    let mut listener = machine
        .guest()?
        .spawn(GuestCommand::new(["/tmp/uevents"]))?;
    listener.wait_for("ready", Duration::from_secs(30))?;
    Ok(listener)
}

/// The events of our device that were heard so far: action, and the numbers of directories, of files
/// beside them, and of files in them at that moment.
fn heard(listener: &mut Process<'_>) -> Result<Vec<(String, [u32; 3])>> {
    listener.poll()?;
    let mut heard = Vec::new();
    for line in listener.stdout().lines().skip(1) {
        let mut words = line.split(' ');
        let (action, device) = (words.next().context("no action")?, words.next());
        if device == Some("dell-milspec") {
            let numbers: Vec<u32> = words.map(str::parse).collect::<Result<_, _>>()?;
            let numbers = numbers.try_into().ok().context("not three numbers")?;
            heard.push((action.to_owned(), numbers));
        }
    }
    Ok(heard)
}

/// Promise: writing sets one control, or a mode, by the one transaction that every interface has; the
/// NVRAM, mainline and milspecctl agree, the record names the interface and who it was. A change
/// that waits for the next boot is said by `pending_reboot`, and an event when that changes.
fn set() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let mut listener = listen(&machine)?;
    let pending = || machine.read(&format!("{CLASS}/attributes/pending_reboot"));
    let changes = |listener: &mut Process<'_>| -> Result<usize> {
        let heard = heard(listener)?;
        ensure!(
            heard.iter().all(|(action, _)| action == "change"),
            "{heard:?}"
        );
        Ok(heard.len())
    };

    // A setting.
    let file = format!("{CLASS}/attributes/camera/current_value");
    let line = format!("echo disabled >{file}; echo $$");
    let pid: u32 = machine.sh(&line)?.ok()?.text().trim().parse()?;
    ensure!(nvram.setting(machine.plan(), "camera")?.as_deref() == Some("disabled"));
    let token = machine.plan().token("camera", "disabled")?;
    let (status, read) = witness::read(&machine, token.location)?;
    ensure!(
        status == 0 && read == u32::from(token.value),
        "{status} {read}"
    );
    let shown = milspecctl(&machine, &["control", "show", "camera"])?;
    ensure!(shown["controls"][0]["value"] == "disabled", "{shown:#}");
    ensure!(current(&machine, "camera")? == "disabled");
    let own = machine.read(&format!("{CLASS}/attributes/camera/default_value"))?;
    ensure!(own == "enabled", "what it was before: {own}");
    let records = events(&machine)?;
    for kind in [KIND_APPLY_BEGUN, KIND_STEP, KIND_APPLY_ENDED] {
        let record = only(&records, kind)?;
        ensure!(record.origin == ORIGIN_FIRMWARE_ATTRIBUTES, "{record:?}");
        ensure!(record.pid == pid && record.uid == 0, "{record:?}");
    }
    let said = milspecctl(&machine, &["events"])?;
    let of_word = |word: &str| said.to_string().matches(word).count();
    ensure!(of_word("\"firmware-attributes\"") == 3, "{said:#}");

    // It waits for the next boot, until it is taken back.
    ensure!(pending()? == "1");
    wait_until("an event", || Ok(changes(&mut listener)? == 1))?;
    for (name, value) in [
        ("nfc", "disabled"),
        ("nfc", "enabled"),
        ("camera", "disabled"),
    ] {
        ensure!(write(&machine, name, value)?.is_none(), "{name} {value}");
    }
    ensure!(write(&machine, "camera", "enabled")?.is_none());
    ensure!(pending()? == "0");
    wait_until("another event", || Ok(changes(&mut listener)? == 2))?;

    // A device.
    ensure!(write(&machine, "DSMIL0D5", "inactive\n")?.is_none());
    ensure!(nvram.dsmil_state(5)?.state == 0 && current(&machine, "DSMIL0D5")? == "inactive");
    ensure!(
        pending()? == "0",
        "a device is at once what it was told to be"
    );

    // A mode, and back.
    ensure!(write(&machine, "mode", "paranoid")?.is_none());
    ensure!(current(&machine, "mode")? == "paranoid");
    ensure!(machine.read(&format!("{SYSFS}/mode"))? == "paranoid");
    ensure!(nvram.setting(machine.plan(), "camera")?.as_deref() == Some("disabled"));
    ensure!(write(&machine, "mode", "baseline")?.is_none());
    ensure!(current(&machine, "camera")? == "enabled");
    machine.check_kernel_log()
}

/// Promise: what is not done is refused with an error number that says why, changes nothing, and is
/// recorded where it was somebody without the right.
fn refusals() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let nvram = machine.nvram()?;
    let camera = || nvram.setting(machine.plan(), "camera");
    let mut before = nvram.counts()?;
    let expect = |name: &str, value: &str, error: i32| -> Result<()> {
        let found = write(&machine, name, value)?;
        ensure!(
            found == Some(error),
            "{name}={value}: {found:?}, not {error}"
        );
        Ok(())
    };
    for (name, value) in [
        ("camera", "nonsense"),
        ("camera", "Disabled"),
        ("camera", "disabled "),
        ("camera", "disabled\n\n"),
        ("camera", "\n"),
        ("camera", "unknown"),
        ("mode", "paranoid-plus"),
        ("mode", "custom"),
        ("DSMIL0D5", "failed"),
    ] {
        expect(name, value, EINVAL)?;
    }
    let made = nvram.counts()?.since(&before).nonzero();
    ensure!(made.is_empty(), "calls were made: {made:?}");

    // Root, but not of the machine.
    let line = format!("echo disabled >{CLASS}/attributes/camera/current_value");
    let user = ["unshare", "--user", "--map-root-user", "sh", "-c", &line];
    ensure!(!machine.run(user)?.success());
    let stranger = GuestCommand::shell(&line).user(65534, 65534);
    ensure!(!machine.run_command(stranger)?.success());
    let records = events(&machine)?;
    let refused = only(&records, KIND_REFUSED)?;
    ensure!(refused.error == EPERM as u32, "{refused:?}");
    ensure!(refused.origin == ORIGIN_FIRMWARE_ATTRIBUTES, "{refused:?}");

    // A device that another one needs.
    let needed = || -> Result<Option<String>> {
        let all = controls(&machine)?;
        let active = |name: &str| {
            let mut all = all.iter();
            all.any(|it| it["name"] == name && it["value"] == "active")
        };
        let mut needed = None;
        for control in all.iter().filter(|it| it["value"] == "active") {
            let needs = control["depends"].as_array().into_iter().flatten();
            let mut needs = needs.filter_map(Value::as_str);
            needed = needed.or(needs.find(|need| active(need)).map(str::to_owned));
        }
        Ok(needed)
    };
    ensure!(write(&machine, "mode", "enhanced")?.is_none());
    let needed = needed()?.context("no active device needs another one")?;
    expect(&needed, "inactive", EBUSY)?;
    ensure!(write(&machine, "mode", "baseline")?.is_none());

    // Firmware that does not do what it says, and one that wants its password.
    let location = machine.plan().token("camera", "disabled")?.location;
    let lie = Fault::new(Call::TOKEN_WRITE.at(u32::from(location)), Wrong::Lie);
    let _lie = nvram.arm(lie)?;
    expect("camera", "disabled", EREMOTEIO)?;
    nvram.clear_faults()?;
    nvram.set_password("secret", 0x1234)?;
    expect("camera", "disabled", EKEYREJECTED)?;
    nvram.set_password("", 0)?;
    ensure!(camera()?.as_deref() == Some("enabled"));

    // Latched.
    cause(&machine, "latch")?;
    before = nvram.counts()?;
    ensure!(current(&machine, "mode")? == "paranoid-plus");
    expect("camera", "enabled", EACCES)?;
    expect("mode", "standard", EACCES)?;
    let made = nvram.counts()?.since(&before);
    ensure!(made.token_writes() == 0 && made.dsml(5) == 0);
    machine.check_kernel_log()
}

/// Promise: where dell-wmi-sysman offers the same setting by its own name, both may be used; a change
/// by one is seen by the other, by ours at the next look, as a change from outside.
fn beside() -> Result<()> {
    let machine = machine_with_cause("rugged-5430", Module::Autoload)?;
    let nvram = machine.nvram()?;
    machine.sh("modprobe dell_wmi_sysman")?.ok()?;
    let theirs = format!("{SYSMAN}/attributes/Camera/current_value");
    let value = || nvram.setting(machine.plan(), "camera");
    ensure!(write(&machine, "camera", "disabled")?.is_none());
    ensure!(machine.read(&theirs)? == "Disabled");
    machine.sh(&format!("echo Enabled >{theirs}"))?.ok()?;
    ensure!(value()?.as_deref() == Some("enabled"));
    ensure!(
        current(&machine, "camera")? == "disabled",
        "nobody has looked"
    );
    refresh(&machine)?;
    ensure!(current(&machine, "camera")? == "enabled");
    ensure!(machine.read(&format!("{SYSFS}/drifted_controls"))? == "camera");
    // The look that a change begins with finds it as well.
    machine.sh(&format!("echo Disabled >{theirs}"))?.ok()?;
    ensure!(write(&machine, "bluetooth", "disabled")?.is_none());
    ensure!(current(&machine, "camera")? == "disabled");
    let records = events(&machine)?;
    let outside = of_kind(&records, KIND_OUTSIDE_CHANGE);
    let seen: Vec<bool> = outside
        .iter()
        .map(|event| event.properties & EVENT_DRIFT != 0)
        .collect();
    ensure!(outside.len() == 2 && seen == [true, false], "{outside:#?}");
    // By the name of each, to the same value.
    ensure!(write(&machine, "camera", "enabled")?.is_none());
    ensure!(machine.read(&theirs)? == "Enabled");
    ensure!(
        machine.read(&format!(
            "{SYSMAN}/attributes/BluetoothDevice/current_value"
        ))? == "Disabled"
    );
    machine.check_kernel_log()
}

/// Promise: when other controls can be set than before, the device goes and another one comes, and
/// whoever hears of that sees all of its attributes at that moment. It goes with the
/// module, and leaves no memory behind.
fn come_and_go() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    let mut listener = listen(&machine)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let count = |machine: &Machine| -> Result<u32> {
        let line = format!("ls -d {CLASS}/attributes/*/ | wc -l");
        Ok(machine.sh(&line)?.ok()?.text().trim().parse()?)
    };
    let all = count(&machine)?;
    let mut turn = |what: &str, events: usize| -> Result<Vec<(String, [u32; 3])>> {
        machine
            .sh(&format!("echo DSML0001:00 >{DRIVER}/{what}"))?
            .ok()?;
        wait_until("its events", || Ok(heard(&mut listener)?.len() >= events))?;
        heard(&mut listener)
    };
    turn("unbind", 3)?;
    let without = count(&machine)?;
    ensure!(without > 10 && all > without + 50, "{all} and {without}");
    ensure!(!machine.exists(&format!("{CLASS}/attributes/DSMIL0D5"))?);
    let heard_now = turn("bind", 5)?;
    ensure!(count(&machine)? == all, "as soon as it is bound");
    let order: Vec<&str> = heard_now.iter().map(|(action, _)| &**action).collect();
    ensure!(
        order == ["add", "remove", "add", "remove", "add"],
        "{order:?}"
    );
    let added = heard_now.iter().filter(|(action, _)| action == "add");
    let added: Vec<[u32; 3]> = added.map(|(_, numbers)| *numbers).collect();
    let whole = |count: u32| [count, 1, 6 * count];
    ensure!(
        added == [all, without, all].map(whole),
        "{heard_now:?}, {all} and {without}"
    );

    // Nothing stays in memory. What is kept for the next time is there after the first rounds.
    let rounds = format!(
        "cd {DRIVER}; for i in $(seq {ROUNDS}); do \
         echo DSML0001:00 >unbind; echo DSML0001:00 >bind; done"
    );
    machine.sh(&rounds)?.ok()?;
    let used = kernel_memory(&machine)?;
    machine.sh(&rounds)?.ok()?;
    let grown = kernel_memory(&machine)?.saturating_sub(used);
    println!("\n{ROUNDS} times unbound and bound, {all} attributes: {grown} bytes more");
    ensure!(grown < ROUNDS * 4096, "{grown} bytes more");

    let readers = format!("while :; do cat {CLASS}/attributes/*/*_value; done >/dev/null 2>&1");
    let mut reader = machine.guest()?.spawn(GuestCommand::shell(&readers))?;
    for _ in 0..2 {
        machine.run(["rmmod", "dell_milspec"])?.ok()?;
        ensure!(!machine.exists(CLASS)?);
        machine.run(["modprobe", "dell_milspec"])?.ok()?;
    }
    if let Some(code) = reader.poll()? {
        bail!("the reader has ended with {code}");
    }
    reader.signal(9)?;
    machine.check_kernel_log()
}

/// Promise: taking the module away waits for a write under way, which is carried out; who has a file
/// open then is told that it has gone. Nobody holds on to the class after that.
fn unloads() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    let nvram = machine.nvram()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let file = format!("{CLASS}/attributes/camera/current_value");
    let line = format!(
        "exec 3<>{CLASS}/attributes/nfc/current_value; echo open; read go; \
         cat <&3; echo disabled | cat >&3"
    );
    let mut holder = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    holder.wait_for("open", PATIENCE)?;
    let held = nvram.hold(Call::TOKEN_WRITE, 1)?;
    let line = format!("echo disabled >{file}");
    let mut writer = machine.guest()?.spawn(GuestCommand::shell(&line))?;
    wait_until("a firmware call is held back", || nvram.is_held(&held))?;
    let remover = GuestCommand::new(["rmmod", "dell_milspec"]);
    let mut remover = machine.guest()?.spawn(remover)?;
    let stack = format!("/proc/{}/stack", remover.pid);
    wait_until("the removal waits for files", || {
        Ok(machine.read(&stack)?.contains("kernfs_drain"))
    })?;
    ensure!(remover.poll()?.is_none() && writer.poll()?.is_none());
    ensure!(nvram.is_held(&held)?);
    nvram.release(held)?;
    writer.wait(PATIENCE)?.ok()?;
    remover.wait(PATIENCE)?.ok()?;
    ensure!(nvram.setting(machine.plan(), "camera")?.as_deref() == Some("disabled"));
    ensure!(!machine.exists(CLASS)?);
    holder.feed(b"\n")?;
    let told = holder.wait(PATIENCE)?;
    let told = (told.text(), told.error_text());
    ensure!(told.0 == "open\n", "{told:?}");
    ensure!(told.1.matches("No such device").count() == 2, "{told:?}");
    ensure!(nvram.setting(machine.plan(), "nfc")?.as_deref() == Some("enabled"));
    // Mainline's holds it as well.
    machine
        .sh("rmmod dell_wmi_sysman && rmmod firmware_attributes_class")?
        .ok()?;
    machine.check_kernel_log()
}

/// Promise: a kernel that was built without the class has all else of the driver, and its log says
/// what it has not.
fn no_class() -> Result<()> {
    let machine = machine("latitude-7490", Module::Present)?;
    let hidden = "at=$(modinfo -n firmware_attributes_class) && mv $at /tmp/ && \
                  ! grep -q firmware_attributes_class /proc/modules && modprobe dell_milspec";
    machine.sh(hidden)?.ok()?;
    ensure!(!machine.exists(CLASS)?);
    let lines = log_lines(&machine)?;
    let said = |line: &&String| line.contains("no firmware-attributes");
    ensure!(lines.iter().filter(said).count() == 1, "{lines:#?}");
    let set = milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    ensure!(set["outcome"] == "done", "{set:#}");
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.check_kernel_log()
}
