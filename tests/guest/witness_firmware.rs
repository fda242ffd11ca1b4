// SPDX-License-Identifier: GPL-2.0

//! Is the firmware of the simulated Dell built as real ACPI tables are? Judged
//! by mainline's WMI bus and drivers, in the variants that real machines have.

use crate::common::{controls, known_locations, machine, Test};
use crate::witness::{call, call_output, plain, SENTINEL};
use crate::witness_attributes::{sysman_files, SYSMAN};
use anyhow::{ensure, Context, Result};
use milspec_machine::nvram::layout::*;
use milspec_machine::{GuestCommand, Machine, Module, Nvram, Options};
use std::collections::BTreeMap;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("witness_wmi_devices_are_dells", wmi_devices),
    ("witness_descriptor_in_all_variants", descriptor),
    ("witness_buffer_rules_of_calls", buffer_rules),
    ("witness_calls_under_44_bytes", short_calls),
    ("witness_events_only_when_enabled", events_enabled),
    ("witness_foreign_notification", foreign),
    (
        "witness_foreign_notification_and_our_driver",
        foreign_driver,
    ),
    ("witness_firmware_with_64_bits", integers_of_64_bits),
];

const PATIENCE: Duration = Duration::from_secs(60);
/// Lets go of everything that has read the descriptor, and loads it anew.
const RELOAD: &str = "modprobe -r dell_laptop dell_wmi dell_smbios dell_wmi_descriptor && \
                      modprobe dell_wmi && modprobe dell_laptop";

/// A WMI block as mainline's bus shows it: the ACPI device, the object or
/// notification, the number of instances.
pub type Block = (String, String, u32);

/// All blocks, by GUID; of a GUID that is there more than once, the last.
pub fn blocks(machine: &Machine) -> Result<BTreeMap<String, Block>> {
    let line = "cd /sys/bus/wmi/devices && for d in *; do \
                p=$(readlink -f $d); p=${p##*wmi_bus-}; p=${p%/*}; \
                echo ${d%-*} $(cat /sys/bus/acpi/devices/$p/path) \
                $(cat $d/object_id $d/notify_id 2>/dev/null) $(cat $d/instance_count); done";
    let text = machine.sh(line)?.ok()?.text();
    let block = |line: &str| -> Option<(String, Block)> {
        let words: Vec<&str> = line.split(' ').collect();
        let &[guid, path, object, count] = words.as_slice() else {
            return None;
        };
        let block = (path.to_owned(), object.to_owned(), count.parse().ok()?);
        Some((guid.to_owned(), block))
    };
    let blocks: Option<_> = text.lines().map(block).collect();
    blocks.with_context(|| format!("not a list of blocks:\n{text}"))
}

/// Fails when a block is missing, is there though the profile has none, or
/// stands in another device or under another name than on real machines.
fn wmi_devices() -> Result<()> {
    let dells = [
        (
            "8D9DDCBC-A997-11DA-B012-B622A1EF5492",
            r"\_SB_.AMW0",
            "AA",
            1,
        ),
        (
            "A80593CE-A997-11DA-B012-B622A1EF5492",
            r"\_SB_.AMW0",
            "BA",
            1,
        ),
        (
            "9DBB5994-A997-11DA-B012-B622A1EF5492",
            r"\_SB_.AMW0",
            "D0",
            1,
        ),
        (
            "F1DDEE52-063C-4784-A11E-8A06684B9BF5",
            r"\_SB_.AMW2",
            "BL",
            0,
        ),
        (
            "F1DDEE52-063C-4784-A11E-8A06684B9BFA",
            r"\_SB_.AMW2",
            "AL",
            0,
        ),
        (
            "F1DDEE52-063C-4784-A11E-8A06684B9BF9",
            r"\_SB_.AMW2",
            "CL",
            0,
        ),
        (
            "F1DDEE52-063C-4784-A11E-8A06684B9BF4",
            r"\_SB_.AMW2",
            "DL",
            1,
        ),
        (
            "0894B8D6-44A6-4719-97D7-6AD24108BFD4",
            r"\_SB_.AMW4",
            "PW",
            2,
        ),
        (
            "70FE8229-D03B-4214-A1C6-1F884B1A892A",
            r"\_SB_.AMW4",
            "SE",
            1,
        ),
    ];
    let privacy = "6932965F-1671-4CEB-B988-D3AB0A901919";
    let foreign = "A6FEA33E-DABF-46F5-BFC8-460D961BEC9F";
    for profile in ["rugged-5430", "optiplex-7090", "latitude-7490"] {
        let machine = plain(profile)?;
        let firmware = &machine.profile().firmware;
        let blocks = blocks(&machine)?;
        for (guid, path, object, count) in dells {
            let block = blocks.get(guid);
            if firmware.sysman.is_none() && !path.ends_with("AMW0") {
                ensure!(block.is_none(), "{profile} has {guid}: {block:?}");
                continue;
            }
            let block = block.with_context(|| format!("{profile} has no {guid}"))?;
            ensure!(
                (block.0.as_str(), block.1.as_str()) == (path, object),
                "{guid} is {block:?}"
            );
            ensure!(count == 0 || block.2 == count, "{guid} is {block:?}");
        }
        for (guid, path, object, wanted) in [
            (privacy, r"\_SB_.AMW0", "DS", firmware.privacy.is_some()),
            (foreign, r"\_SB_.WSAR", "D0", firmware.foreign_events),
        ] {
            let expected = wanted.then(|| (path.to_owned(), object.to_owned(), 1));
            ensure!(
                blocks.get(guid) == expected.as_ref(),
                "{profile}: {guid} is {:?}",
                blocks.get(guid)
            );
        }
        let uids = machine
            .sh("cat /sys/bus/acpi/devices/PNP0C14:*/uid")?
            .text();
        let uids: Vec<&str> = uids.lines().collect();
        let mine: &[&str] = match firmware.sysman {
            Some(_) => &["0", "WBAT", "WAPW"],
            None => &["0"],
        };
        ensure!(uids.starts_with(mine), "{uids:?}");
        let others = usize::from(firmware.other_wmi) + usize::from(firmware.foreign_events);
        ensure!(uids.len() == mine.len() + others, "{uids:?}");
        let status = machine.sh("cat /sys/bus/acpi/devices/PNP0C14:*/status")?;
        ensure!(status.text().is_empty(), "a WMI device has a _STA");
        // The type of a call's buffer has no query method, as on real machines.
        let log = machine.dmesg()?;
        ensure!(log.contains("WQBC data block query control method not found"));
        machine.check_kernel_log()?;
    }
    Ok(())
}

fn poke_descriptor(nvram: &Nvram, version: u32, size: u32, hotfix: u32) -> Result<()> {
    nvram.write_u32(NV_WMI_VERSION, version)?;
    nvram.write_u32(NV_WMI_SIZE, size)?;
    nvram.write_u32(NV_WMI_HOTFIX, hotfix)
}

/// Fails when mainline reads another descriptor than the machine has, or cannot
/// call firmware with one that real machines have.
fn descriptor() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let camera = machine.plan().token("camera", "enabled")?;
    let mut warnings = 0;
    for (version, size, hotfix) in [
        (1, 0x8000, 1),
        (1, 0x1000, 1),
        (1, 0x1000, 0),
        (0, 0x1000, 0),
        (1, 0x80, 0),
        // None has this one: it shows that the number arrives.
        (2, 0x1000, 1),
    ] {
        poke_descriptor(nvram, version, size, hotfix)?;
        machine.sh(RELOAD)?.ok()?;
        let shown = machine.sh("head -c 8 /dev/wmi/dell-smbios | od -An -tu8")?;
        ensure!(
            shown.text().trim() == (size + 8).to_string(),
            "{size:#x} reads {}",
            shown.text()
        );
        let out = call(&machine, &["0", "0", &camera.location.to_string()])?;
        ensure!(
            out[..2] == [0, u32::from(camera.value)],
            "{size:#x}: {out:x?}"
        );
        let log = machine.dmesg()?;
        warnings += usize::from(hotfix == 0);
        ensure!(
            log.matches("userspace interface not supported(0)").count() == warnings,
            "{version} {size:#x} {hotfix}: {warnings} warnings were to come"
        );
        ensure!(log.contains("unknown version (2)") == (version == 2));
    }
    machine.check_kernel_log()
}

/// Fails when a call's length is not honoured: what SMM sees, what comes back,
/// and what does not reach SMM at all.
fn buffer_rules() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let camera = machine.plan().token("camera", "enabled")?;
    let location = camera.location.to_string();
    let preset = SENTINEL.to_string();
    let read = |length: u32| -> Result<Option<[u32; 4]>> {
        let length = length.to_string();
        let arguments = [
            "0", "0", &location, "--preset", &preset, "--length", &length,
        ];
        let output = call_output(&machine, &arguments)?;
        if output.code != 0 {
            // What mainline says of an Integer instead of a Buffer.
            let error = output.error_text();
            ensure!(error.contains("ENODATA"), "{length} bytes: {error}");
            return Ok(None);
        }
        call(&machine, &arguments).map(Some)
    };
    let size = machine.profile().firmware.wmi.context("no WMI")?.size;
    let answered = Some([0, u32::from(camera.value)]);
    let first = |out: Option<[u32; 4]>| out.map(|out| [out[0], out[1]]);

    // All of the interface, and one byte more than it: an Integer comes back.
    ensure!(first(read(size - 44)?) == answered, "the longest call");
    let before = nvram.counts()?;
    for length in [size - 43, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        ensure!(read(length)?.is_none(), "{length:#x} is answered");
    }
    // More than the caller's buffer, and less than the interface.
    nvram.write_u32(NV_WMI_SIZE, size + 0x1000)?;
    ensure!(
        read(size - 43)? == Some([SENTINEL; 4]),
        "the buffer was touched"
    );
    nvram.write_u32(NV_WMI_SIZE, size)?;
    // A machine that takes fewer bytes than it says.
    nvram.write_u32(NV_WMI_LIMIT, 252)?;
    ensure!(read(252 - 43)? == Some([SENTINEL; 4]), "253 bytes of 252");
    ensure!(nvram.counts()? == before, "SMM was called");
    ensure!(first(read(252 - 44)?) == answered, "252 bytes of 252");
    nvram.write_u32(NV_WMI_LIMIT, 0)?;

    // SMM sees as many bytes as the call has; those behind stay the caller's.
    nvram.set_password("simulated", 0xBEEF)?;
    for (length, status) in [
        ("32", "00000000 0000beef"),
        ("31", "00000000 0000beef"),
        ("30", "ffffffff"),
        ("0", "ffffffff"),
    ] {
        let text = "10 4 44 --text simulated --show 12 --length".split(' ');
        let arguments: Vec<&str> = text.chain([length]).collect();
        let output = call_output(&machine, &arguments)?.ok()?.text();
        ensure!(output.starts_with(status), "{length} bytes: {output}");
        ensure!(
            output.contains(r"simulated\x00\x00\x00"),
            "{length} bytes: {output}"
        );
    }
    machine.check_kernel_log()
}

/// Fails when the method does not end by itself on a buffer that is too short
/// to have a length.
fn short_calls() -> Result<()> {
    let machine = plain("rugged-5430")?;
    poke_descriptor(machine.nvram()?, 1, 40, 1)?;
    machine.sh(RELOAD)?.ok()?;
    let before = machine.nvram()?.counts()?;
    let location = machine.plan().token("camera", "enabled")?.location;
    let output = call_output(&machine, &["0", "0", &location.to_string()])?;
    ensure!(
        output.error_text().contains("EIO"),
        "{} {}",
        output.text(),
        output.error_text()
    );
    ensure!(machine.nvram()?.counts()? == before, "SMM was called");
    let log = machine.dmesg()?;
    ensure!(log.contains("AE_AML_BUFFER_LIMIT"), "no word of it:\n{log}");
    machine.check_kernel_log()
}

/// Fails when words are given to a kernel that has not enabled events, when they
/// are lost then, or when an event without words disturbs mainline.
fn events_enabled() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    ensure!(nvram.events_wanted()?, "dell-wmi does not enable events");
    machine
        .sh("echo 'module dell_wmi +p' >/sys/kernel/debug/dynamic_debug/control")?
        .ok()?;
    machine.raise_wordless_event()?;
    let zeros = format!("Received WMI event ({})", ["00"; 64].join(" "));
    let log = machine.dmesg()?;
    ensure!(log.contains(&zeros), "no zeros:\n{log}");

    machine.run(["modprobe", "-r", "dell_wmi"])?.ok()?;
    ensure!(!nvram.events_wanted()?, "events stay enabled");
    machine.raise_event(&[0x0000, 0x0150])?;
    ensure!(!nvram.events_taken()?, "words for nobody");
    machine.run(["modprobe", "dell_wmi"])?.ok()?;
    let listen = GuestCommand::new(["milspec-agent", "events", "120", "Dell WMI hotkeys"]);
    let mut listener = machine.guest()?.spawn(listen)?;
    listener.wait_for("listening", PATIENCE)?;
    // The one that waited comes first, one for each time that it is asked.
    machine.raise_event(&[0x0012, 0x000C, 2])?;
    listener.wait_for("1 248 1", PATIENCE)?;
    ensure!(!nvram.events_taken()?, "two events at once");
    machine.raise_wordless_event()?;
    listener.wait_for("1 594 1", PATIENCE)?;
    ensure!(nvram.events_taken()?, "an event is left");
    machine.check_kernel_log()
}

/// Fails when a notification of another maker's device disturbs mainline's
/// dell-wmi: takes an event of Dell's, or is taken for one.
fn foreign() -> Result<()> {
    let machine = plain("rugged-5430")?;
    let nvram = machine.nvram()?;
    let listen = GuestCommand::new(["milspec-agent", "events", "120", "Dell WMI hotkeys"]);
    let mut listener = machine.guest()?.spawn(listen)?;
    listener.wait_for("listening", PATIENCE)?;
    let (log, asked) = (machine.dmesg()?, nvram.events_asked()?);
    for _ in 0..3 {
        machine.foreign_notify()?;
    }
    ensure!(nvram.foreign_asked()? == 3, "it was asked otherwise");
    ensure!(nvram.events_asked()? == asked, "Dell's device was asked");
    ensure!(machine.dmesg()? == log, "{}", machine.dmesg()?);
    machine.raise_event(&[0x0000, 0x0150])?;
    listener.wait_for("1 248 1", PATIENCE)?;
    let said = listener.stdout().matches("1 248 1").count();
    ensure!(said == 1, "{}", listener.stdout());
    machine.check_kernel_log()
}

/// Fails when such a notification disturbs our driver, or our driver its answer.
fn foreign_driver() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let before = controls(&machine)?;
    let counts = machine.nvram()?.counts()?;
    for _ in 0..3 {
        machine.foreign_notify()?;
    }
    // It comes from a device of the kind that it listens on. One look each 2 s is what that may cost.
    std::thread::sleep(Duration::from_secs(1));
    let looked = machine.nvram()?.counts()?.since(&counts).token_reads();
    let all = known_locations(&machine)?.len() as u32;
    ensure!(looked <= 2 * all, "{looked} reads of {all} locations");
    ensure!(
        machine.nvram()?.foreign_asked()? == 3,
        "it was asked otherwise"
    );
    ensure!(
        controls(&machine)? == before,
        "what the driver shows has changed"
    );
    machine.raise_event(&[0x0010, 0x0155])?;
    ensure!(
        machine.nvram()?.events_taken()?,
        "an event of Dell's is lost"
    );
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    machine.foreign_notify()?;
    machine.check_kernel_log()
}

/// What mainline and the driver show of a machine's firmware.
fn shown(machine: &Machine) -> Result<(String, BTreeMap<String, String>, Vec<serde_json::Value>)> {
    let tokens = machine.sh("cd /sys/devices/platform/dell-smbios.0/tokens && grep -H '' *")?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let shown = (tokens.text(), sysman_files(machine)?, controls(machine)?);
    machine.run(["rmmod", "dell_milspec"])?.ok()?;
    Ok(shown)
}

/// Fails when a table says something else where Integers have 64 bits, as they
/// have on 69 of 78 real machines; here they have 32 (QEMU's DSDT).
fn integers_of_64_bits() -> Result<()> {
    let narrow = machine("rugged", Module::Present)?;
    let dsdt = "/sys/firmware/acpi/tables/DSDT";
    let table = narrow.guest()?.read(dsdt)?;
    let mut table = table.map_err(|errno| anyhow::anyhow!("no DSDT: error {errno}"))?;
    ensure!(table[8] == 1, "the revision is {}", table[8]);
    table[8] = 2;
    // The kernel takes a table of a higher OEM revision only.
    table[24] = table[24].checked_add(1).context("the highest revision")?;
    table[9] = 0;
    table[9] = table.iter().fold(0_u8, |sum, byte| sum.wrapping_sub(*byte));
    let expected = shown(&narrow)?;
    ensure!(!expected.0.is_empty() && !expected.1.is_empty() && !expected.2.is_empty());
    narrow.kill();

    let options = Options {
        acpi_upgrades: vec![("dsdt".to_owned(), table)],
        ..Options::module(Module::Present)
    };
    let wide = Machine::boot("rugged", &options)?;
    let log = wide.dmesg()?;
    ensure!(
        log.contains("Table Upgrade: override [DSDT-"),
        "not taken:\n{log}"
    );
    let revision = wide.sh(&format!("head -c 9 {dsdt} | tail -c 1 | od -An -tu1"))?;
    ensure!(revision.text().trim() == "2", "{}", revision.text());
    let found = shown(&wide)?;
    ensure!(found.0 == expected.0, "tokens: {}", found.0);
    ensure!(found.1 == expected.1, "attributes: {:#?}", found.1);
    ensure!(found.2 == expected.2, "controls: {:#?}", found.2);
    let camera = wide.plan().token("camera", "disabled")?;
    let [location, value] = [camera.location, camera.value].map(|n| n.to_string());
    ensure!(
        call(&wide, &["1", "0", &location, &value])?[0] == 0,
        "no write"
    );
    ensure!(call(&wide, &["1", "0", &location, "0x10000"])?[0] == 0xFFFF_FFFF);
    let endless = call_output(&wide, &["0", "0", &location, "--length", "0xffffffff"])?;
    ensure!(endless.error_text().contains("ENODATA"), "{endless:?}");
    let path = format!("{SYSMAN}/attributes/AutoOnHr/current_value");
    ensure!(
        wide.guest()?.write(&path, b"9")?.is_ok(),
        "no attribute is set"
    );
    ensure!(wide.read(&path)? == "9", "an attribute stayed");
    wide.raise_event(&[0x0000, 0x0150])?;
    wide.foreign_notify()?;
    ensure!(wide.nvram()?.events_taken()?, "an event is left");
    wide.check_kernel_log()
}
