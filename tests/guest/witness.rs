// SPDX-License-Identifier: GPL-2.0

//! Is the simulated Dell a Dell? Judged by mainline's own drivers and by
//! tpm2-tools, on a stock kernel, without any code of ours in it.

use crate::common::{machine, Test};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::Guest;
use milspec_machine::{GuestCommand, Machine, Module, Output};
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("witness_events", events),
    ("witness_sysman_shows_and_changes", sysman_changes),
    ("witness_sysman_password", sysman_password),
    ("witness_dell_laptop_binds", dell_laptop),
    ("witness_tpm", tpm),
    ("witness_nvram_survives_reboot", survives_reboot),
    ("witness_snapshots_are_independent", snapshots),
    ("witness_dsml_device", dsml_device),
    ("witness_not_a_dell", not_a_dell),
];

/// Where mainline shows attributes.
const SYSMAN: &str = "/sys/class/firmware-attributes/dell-wmi-sysman";
/// -1, completed with an error.
pub const ERROR: u32 = 0xFFFF_FFFF;
/// What a caller presets to see whether firmware answered.
pub const SENTINEL: u32 = 0xFFFF_FFFD;

/// One SMBIOS call through mainline's character device: its four outputs.
pub fn call(machine: &Machine, arguments: &[&str]) -> Result<[u32; 4]> {
    let output = call_output(machine, arguments)?.ok()?;
    let text = output.text();
    let words: Option<Vec<u32>> = text
        .split_whitespace()
        .map(|w| u32::from_str_radix(w, 16).ok())
        .collect();
    words
        .and_then(|words| words.try_into().ok())
        .with_context(|| format!("not four outputs: {text}"))
}

/// The same, refused or not.
pub fn call_output(machine: &Machine, arguments: &[&str]) -> Result<Output> {
    machine.run([&["milspec-agent", "smbios"], arguments].concat())
}

/// Reads a location: status and value.
pub fn read(machine: &Machine, location: u16) -> Result<(u32, u32)> {
    let out = call(machine, &["0", "0", &location.to_string()])?;
    Ok((out[0], out[1]))
}

/// Writes a location: the status.
pub fn write(machine: &Machine, location: u16, value: u16, key: u16) -> Result<u32> {
    let numbers = [location, value, key].map(|n| n.to_string());
    Ok(call(machine, &["1", "0", &numbers[0], &numbers[1], &numbers[2]])?[0])
}

/// A machine without our module.
pub fn plain(profile: &str) -> Result<Machine> {
    machine(profile, Module::Absent)
}

/// A password is checked as characters: class 10, select 4.
pub fn verify(machine: &Machine, password: &str) -> Result<[u32; 4]> {
    call(machine, &["10", "4", "44", "--text", password])
}

/// Fails when an event that the host raises does not arrive as mainline's key,
/// or arrives with other words.
fn events() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let guest: &Guest = machine.guest()?;
    let listen = GuestCommand::new(["milspec-agent", "events", "120", "Dell WMI hotkeys"]);
    let mut listener = guest.spawn(listen)?;
    let patience = Duration::from_secs(30);
    listener.wait_for("listening", patience)?;
    machine.raise_event(&[0x0000, 0x0150])?;
    listener.wait_for("1 248 1", patience)?; // EV_KEY KEY_MICMUTE pressed
    machine.raise_event(&[0x0012, 0x000C, 2])?;
    listener.wait_for("1 594 1", patience)?; // EV_KEY KEY_EPRIVACY_SCREEN_ON
                                             // Stealth mode toggled by its key: mainline knows the code and drops it. Of
                                             // what it does not know it says so.
    for words in [[0x0010, 0x0155], [0x0010, 0x7ABC], [0x0077, 0x0001]] {
        machine.raise_event(&words)?;
    }
    let said = machine.sh("dmesg | grep dell_wmi: | tail -n 5")?.text();
    ensure!(
        said.contains("type 0x0010 and code 0x7abc"),
        "no word of 0x7abc:\n{said}"
    );
    ensure!(
        said.contains("Unknown WMI event type 0x77"),
        "no word of type 0x77:\n{said}"
    );
    ensure!(
        !said.contains("0x0155"),
        "mainline does not know 0x0155:\n{said}"
    );
    machine.check_kernel_log()
}

fn attribute(machine: &Machine, name: &str, file: &str) -> Result<String> {
    machine.read(&format!("{SYSMAN}/attributes/{name}/{file}"))
}

fn set_attribute(machine: &Machine, name: &str, value: &str) -> Result<Result<(), i32>> {
    let path = format!("{SYSMAN}/attributes/{name}/current_value");
    machine.guest()?.write(&path, value.as_bytes())
}

/// Fails when an attribute of one of the kinds is not shown, does not take a
/// value, or takes one that it must not; and when a linked attribute and its
/// token disagree.
fn sysman_changes() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let camera = machine.plan().token("camera", "enabled")?;
    for (name, file, expected) in [
        ("Camera", "type", "enumeration"),
        ("Camera", "current_value", "Enabled"),
        ("Camera", "possible_values", "Enabled;Disabled;"),
        ("AutoOnHr", "type", "integer"),
        ("AutoOnHr", "current_value", "8"),
        ("AutoOnHr", "max_value", "23"),
        ("Asset", "type", "string"),
        ("Asset", "current_value", "Asset Tag"),
        ("Asset", "max_length", "32"),
    ] {
        let shown = attribute(&machine, name, file)?;
        ensure!(shown == expected, "{name}/{file} is {shown:?}");
    }
    for (name, value) in [("Camera", "Disabled"), ("AutoOnHr", "23"), ("Asset", "X-1")] {
        ensure!(
            set_attribute(&machine, name, value)?.is_ok(),
            "{name} = {value} is refused"
        );
        let shown = attribute(&machine, name, "current_value")?;
        ensure!(shown == value, "{name} was set to {value} and is {shown}");
    }
    ensure!(
        read(&machine, camera.location)?.1 != u32::from(camera.value),
        "the token stayed"
    );
    machine
        .nvram()?
        .set_setting(machine.plan(), "camera", "enabled")?;
    ensure!(
        attribute(&machine, "Camera", "current_value")? == "Enabled",
        "the attribute stayed"
    );

    // EINVAL from mainline's own check, EACCES from firmware.
    ensure!(
        set_attribute(&machine, "AutoOnHr", "24")? == Err(22),
        "24 hours"
    );
    ensure!(
        set_attribute(&machine, "BiosRcvrFrmHdd", "Disabled")? == Err(13),
        "read-only"
    );
    ensure!(attribute(&machine, "BiosRcvrFrmHdd", "current_value")? == "Enabled");
    let Ok(()) = machine
        .guest()?
        .write(&format!("{SYSMAN}/attributes/reset_bios"), b"factory")?
    else {
        bail!("factory defaults are refused");
    };
    ensure!(
        attribute(&machine, "Asset", "current_value")? == "Asset Tag",
        "no default"
    );
    machine.check_kernel_log()
}

/// Fails when attributes can be changed without the password, or not with it.
fn sysman_password() -> Result<()> {
    let machine = plain("optiplex-7090")?;
    let admin = format!("{SYSMAN}/authentication/Admin");
    let give = |password: &str| {
        machine
            .guest()?
            .write(&format!("{admin}/current_password"), password.as_bytes())
    };
    ensure!(machine.read(&format!("{admin}/is_enabled"))? == "1");
    ensure!(
        set_attribute(&machine, "AutoOnHr", "9")? == Err(13),
        "changed without a password"
    );
    ensure!(give("wrong")?.is_ok());
    ensure!(
        set_attribute(&machine, "AutoOnHr", "9")? == Err(13),
        "changed with a wrong one"
    );
    ensure!(attribute(&machine, "AutoOnHr", "current_value")? == "8");
    ensure!(give("simulated")?.is_ok());
    ensure!(
        set_attribute(&machine, "AutoOnHr", "9")?.is_ok(),
        "the right one is refused"
    );
    ensure!(attribute(&machine, "AutoOnHr", "current_value")? == "9");

    let new = machine
        .guest()?
        .write(&format!("{admin}/new_password"), b"another one")?;
    ensure!(new.is_ok(), "a new password is refused: {new:?}");
    ensure!(
        verify(&machine, "another one")?[0] == 0,
        "the token interface has the old one"
    );
    ensure!(machine
        .guest()?
        .write(&format!("{admin}/new_password"), b"\n")?
        .is_ok());
    ensure!(
        machine.read(&format!("{admin}/is_enabled"))? == "0",
        "it was not taken away"
    );
    machine.check_kernel_log()
}

/// Fails when dell-laptop does not bind to a portable, or binds to a desktop.
fn dell_laptop() -> Result<()> {
    let driver = "/sys/bus/platform/drivers/dell-laptop/dell-laptop";
    ensure!(
        plain("rugged-5430")?.exists(driver)?,
        "dell-laptop does not bind to a Latitude"
    );
    ensure!(
        !plain("optiplex-7090")?.exists(driver)?,
        "dell-laptop binds to an OptiPlex"
    );
    Ok(())
}

/// Fails when the TPM cannot be used, or its state is lost in a snapshot.
fn tpm() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let pcrs = machine
        .run(["tpm2_pcrread", "sha1:0+sha256:0,10,16+sha384:0+sha512:0"])?
        .ok()?;
    ensure!(pcrs.text().matches("0x").count() == 6, "{}", pcrs.text());
    ensure!(
        !pcrs.text().contains(&format!("0 : 0x{}", "0".repeat(64))),
        "PCR 0 was never used"
    );
    let zero = format!("16: 0x{}", "0".repeat(64));
    ensure!(
        pcrs.text().contains(&zero),
        "PCR 16 is not zero:\n{}",
        pcrs.text()
    );
    let digest = "11".repeat(32);
    machine
        .run(["tpm2_pcrextend", &format!("16:sha256={digest}")])?
        .ok()?;
    let after = machine.run(["tpm2_pcrread", "sha256:16"])?.ok()?;
    ensure!(
        !after.text().contains(&zero),
        "PCR 16 was not extended:\n{}",
        after.text()
    );
    ensure!(
        !plain("bad/no-tpm")?.exists("/dev/tpm0")?,
        "there is a TPM where there is none"
    );
    machine.check_kernel_log()
}

/// Fails when a setting is lost when the machine is switched off.
fn survives_reboot() -> Result<()> {
    let mut machine = plain("rugged-5430")?;
    let camera = machine.plan().token("camera", "disabled")?;
    ensure!(write(&machine, camera.location, camera.value, 0)? == 0);
    ensure!(set_attribute(&machine, "Asset", "KEPT")?.is_ok());
    machine.check_kernel_log()?;
    machine.reboot()?;
    let uptime = machine.read("/proc/uptime")?;
    let seconds: f64 = uptime.split(' ').next().unwrap_or_default().parse()?;
    ensure!(seconds < 120.0, "it did not reboot: up for {seconds} s");
    ensure!(
        read(&machine, camera.location)? == (0, u32::from(camera.value)),
        "camera was reset"
    );
    ensure!(
        attribute(&machine, "Asset", "current_value")? == "KEPT",
        "Asset was reset"
    );
    // A tamper flag stays over a restart, and not without power.
    let nvram = machine.nvram()?.clone();
    nvram.dsmil_set_state(3, 1, 1)?;
    machine.reboot()?;
    ensure!(nvram.dsmil_state(3)?.flags == 1, "the tamper flag is gone");
    machine.power_cycle()?;
    ensure!(nvram.dsmil_state(3)?.flags == 0, "the tamper flag stays");
    ensure!(
        attribute(&machine, "Asset", "current_value")? == "KEPT",
        "Asset was reset"
    );
    machine.check_kernel_log()
}

/// Fails when what one restored machine does shows in another, or when a poke
/// before the guest runs on is lost.
fn snapshots() -> Result<()> {
    let first = plain("rugged-5430")?;
    let camera = first.plan().token("camera", "disabled")?;
    ensure!(write(&first, camera.location, camera.value, 0)? == 0);
    first.sh("echo mine >/root/file")?.ok()?;
    let options = milspec_machine::Options::module(Module::Absent);
    let second = Machine::from_snapshot_with("rugged-5430", &options, |nvram| {
        nvram.set_location(camera.location, 0xAB)
    })?;
    ensure!(
        read(&second, camera.location)? == (0, 0xAB),
        "the poke was lost"
    );
    ensure!(!second.exists("/root/file")?, "the machines share files");
    ensure!(
        read(&first, camera.location)? == (0, u32::from(camera.value)),
        "they share NVRAM"
    );
    first.check_kernel_log()?;
    second.check_kernel_log()
}

/// Fails when the ACPI device is missing where the profile has it, or there
/// where it has not. What it answers, only a driver can ask.
fn dsml_device() -> Result<()> {
    let device = "/sys/bus/acpi/devices/DSML0001:00";
    let machine = plain("rugged")?;
    ensure!(machine.read(&format!("{device}/hid"))? == "DSML0001");
    ensure!(machine.read(&format!("{device}/status"))? == "15");
    machine.check_kernel_log()?;
    ensure!(
        !plain("rugged-5430")?.exists(device)?,
        "a Latitude has DSMIL"
    );
    ensure!(plain("bad/dsml-absent")?.read(&format!("{device}/status"))? == "0");
    Ok(())
}

/// Fails when another maker's machine has anything of Dell's.
fn not_a_dell() -> Result<()> {
    let machine = plain("not-dell")?;
    let vendor = machine.read("/sys/class/dmi/id/sys_vendor")?;
    ensure!(vendor == "Example Computers", "{vendor}");
    let modules = machine.run(["lsmod"])?.ok()?.text();
    ensure!(
        !modules.contains("dell"),
        "a Dell driver was loaded:\n{modules}"
    );
    for path in [
        "/sys/bus/wmi/devices",
        "/dev/wmi",
        "/dev/tpm0",
        "/sys/bus/acpi/devices/ACPI0013:00",
    ] {
        ensure!(!machine.exists(path)?, "there is {path}");
    }
    ensure!(
        machine.run(["/usr/sbin/modprobe", "dell-smbios"])?.code != 0,
        "dell-smbios loads"
    );
    machine.check_kernel_log()
}
