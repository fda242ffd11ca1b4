// SPDX-License-Identifier: GPL-2.0

//! Is the token interface of the simulated Dell Dell's? Judged by mainline's
//! dell-smbios: what it lists, reads and writes.

use crate::common::Test;
use crate::real::mainline;
use crate::witness::{call, call_output, plain, read, verify, write, ERROR};
use anyhow::{ensure, Context, Result};
use milspec_machine::{smbios, Machine};
use std::collections::BTreeMap;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("witness_lists_tokens_duplicate_ids", || {
        lists_tokens("bad/duplicate-ids")
    }),
    ("witness_lists_tokens_truncated", || {
        lists_tokens("bad/truncated-tokens")
    }),
    ("witness_lists_tokens_unterminated", || {
        lists_tokens("bad/unterminated")
    }),
    ("witness_lists_tokens_header_only", || {
        lists_tokens("bad/header-only")
    }),
    ("witness_lists_tokens_strange_ids", || {
        lists_tokens("bad/strange-ids")
    }),
    ("witness_lists_thousands_of_tokens", || {
        lists_tokens("bad/many-tokens")
    }),
    ("witness_lists_tokens_of_partial_settings", || {
        lists_tokens("bad/partial-settings")
    }),
    ("witness_lists_no_tokens_without_0xda", || {
        lists_tokens("bad/no-tokens")
    }),
    ("witness_writes_in_all_layouts", writes_tokens),
    (
        "witness_finds_read_only_and_odd_writes_refused",
        refuses_writes,
    ),
    ("witness_filter_of_mainline_holds", filter_holds),
    ("witness_password", password),
    ("witness_password_of_a_silent_machine", silent_password),
    ("witness_intrusion", intrusion),
];

/// Those that take long.
pub const LONG: &[Test] = &[("witness_reads_every_token", reads_tokens)];

/// Fails when mainline lists one token more or less than the profile has, or another location or
/// value for it. The real tables are in real.rs.
fn lists_tokens(profile: &str) -> Result<()> {
    let machine = plain(profile)?;
    let listed = smbios::as_mainline_lists(machine.profile())?;
    let expected: BTreeMap<u16, (u16, u16)> = listed
        .into_iter()
        .map(|token| (token.id, (token.location, token.value)))
        .collect();
    let found = mainline(&machine)?;
    ensure!(
        found == expected,
        "mainline lists\n{found:x?}\nthe profile has\n{expected:x?}"
    );
    ensure!(!expected.is_empty() || ["bad/no-tokens", "bad/header-only"].contains(&profile));
    machine.check_kernel_log()
}

/// Tokens that mainline's ioctl leaves to dell-laptop: brightness, keyboard light, microphone
/// (`token_blacklist` in dell-smbios-base.c).
const OF_DELL_LAPTOP: [u16; 11] = [
    0x007D, 0x01E1, 0x01E2, 0x01E3, 0x02EA, 0x02EB, 0x02EC, 0x02F6, 0x0364, 0x0365, 0x0451,
];

/// Locations that mainline's ioctl does not let through, by the first token that names them.
pub fn filtered(machine: &Machine, location: u16) -> Result<bool> {
    let mut tokens = machine.plan().tokens.iter();
    let Some(first) = tokens.find(|token| token.location == location) else {
        return Ok(true);
    };
    // A token without a number is none to mainline.
    if first.id == 0 || OF_DELL_LAPTOP.contains(&first.id) {
        return Ok(true);
    }
    for line in include_str!("../data/mainline-token-filter.csv")
        .lines()
        .skip(1)
    {
        let mut ends = line.split(',').map(|end| end.trim_start_matches("0x"));
        let mut end = || -> Result<u16> {
            let text = ends.next().context("a short line")?;
            Ok(u16::from_str_radix(text, 16)?)
        };
        if (end()?..=end()?).contains(&first.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fails when a token reads differently from what its cell holds.
fn reads_tokens() -> Result<()> {
    for profile in ["rugged-5430", "latitude-d630", "optiplex-780"] {
        let machine = plain(profile)?;
        let nvram = machine.nvram()?;
        let before = nvram.counts()?;
        let mut reads = 0;
        for (&location, entry) in &machine.plan().locations {
            if filtered(&machine, location)? {
                continue;
            }
            reads += 1;
            let out = call(&machine, &["0", "0", &location.to_string()])?;
            let expected = [
                0,
                u32::from(nvram.location(location)?),
                0,
                u32::from(entry.max),
            ];
            ensure!(
                out == expected,
                "{profile}: location {location:#x} reads {out:x?}"
            );
        }
        ensure!(reads > 20, "{profile}: only {reads} locations were read");
        ensure!(
            nvram.counts()?.since(&before).token_reads() == reads,
            "calls were miscounted"
        );
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// Fails when activating one token of a setting leaves another one active, in any of the three
/// layouts, or when nothing changes at all.
fn writes_tokens() -> Result<()> {
    // One location for the tokens of a setting, a location of its own for each that shows the same
    // cell, and a cell for each; two values, and more.
    activates("latitude-d630", &["intrusion-reporting", "wake-on-lan"])?;
    activates(
        "rugged-5430",
        &["camera", "stealth", "intrusion-reporting", "wake-on-lan"],
    )?;
    activates(
        "optiplex-780",
        &["esata", "intrusion-reporting", "serial-port-1"],
    )
}

fn activates(profile: &str, settings: &[&str]) -> Result<()> {
    let machine = plain(profile)?;
    let nvram = machine.nvram()?;
    let plan = machine.plan();
    for setting in settings {
        ensure!(plan.setting(setting).len() > 1, "{profile} lacks {setting}");
        for (value, token) in plan.setting(setting) {
            let status = write(&machine, token.location, token.value, 0)?;
            ensure!(status == 0, "{setting} = {value}: status {status:#x}");
            for (other, sibling) in plan.setting(setting) {
                let (status, shown) = read(&machine, sibling.location)?;
                let active = status == 0 && shown == u32::from(sibling.value);
                ensure!(
                    active == (other == value),
                    "{profile}, {setting}: {value} was activated, {other} is {}",
                    if active { "active" } else { "inactive" }
                );
            }
            ensure!(
                nvram.setting(plan, setting)?.as_deref() == Some(value),
                "NVRAM disagrees"
            );
        }
    }
    machine.check_kernel_log()
}

/// Fails when firmware accepts a write that it must refuse, or changes a cell
/// although it refused.
fn refuses_writes() -> Result<()> {
    let machine = plain("optiplex-7090")?;
    let nvram = machine.nvram()?;
    let key = machine.profile().password.key;
    let latch = machine.plan().token("intrusion-latch", "tripped")?;
    let before = nvram.location(latch.location)?;
    ensure!(
        write(&machine, latch.location, latch.value, key)? == ERROR,
        "the latch was written"
    );
    ensure!(
        nvram.location(latch.location)? == before,
        "a refused write changed the latch"
    );

    let ports = machine.plan().token("media-card", "enabled")?;
    ensure!(
        write(&machine, ports.location, 200, key)? == ERROR,
        "200 was written"
    );
    nvram.set_present(ports.location, false)?;
    ensure!(
        read(&machine, ports.location)?.0 == ERROR,
        "a vanished location was read"
    );
    nvram.set_present(ports.location, true)?;
    ensure!(
        read(&machine, ports.location)?.0 == 0,
        "a location did not come back"
    );
    ensure!(
        call(&machine, &["0", "7", "0"])?[0] == 0xFFFF_FFFE,
        "select 7 of class 0 exists"
    );
    machine.check_kernel_log()
}

/// Fails when mainline's ioctl lets a token through that its filter forbids:
/// then the driver under test would not be the only way to such tokens.
fn filter_holds() -> Result<()> {
    let machine = plain("latitude-7490")?;
    let microphone = machine.plan().token("microphone", "disabled")?;
    let before = machine.nvram()?.counts()?;
    let output = call_output(&machine, &["0", "0", &microphone.location.to_string()])?;
    ensure!(
        output.code != 0 && output.error_text().contains("refused"),
        "{output:?}"
    );
    ensure!(
        machine.nvram()?.counts()? == before,
        "firmware was called all the same"
    );
    machine.check_kernel_log()
}

/// Fails when the machine that lies about refused writes tells the truth.
fn silent_password() -> Result<()> {
    let machine = plain("bad/password-silent")?;
    let camera = machine.plan().token("camera", "disabled")?;
    ensure!(
        write(&machine, camera.location, camera.value, 0)? == 0,
        "it does not lie"
    );
    ensure!(
        read(&machine, camera.location)?.1 != u32::from(camera.value),
        "it changed"
    );
    let key = machine.profile().password.key;
    ensure!(write(&machine, camera.location, camera.value, key)? == 0);
    ensure!(
        read(&machine, camera.location)?.1 == u32::from(camera.value),
        "the key is refused"
    );
    machine.check_kernel_log()
}

/// Fails when a write without the security key of an installed password gets
/// through, when a wrong password yields a key, or when guessing is not stopped.
fn password() -> Result<()> {
    let mut machine = plain("optiplex-7090")?;
    let key = u32::from(machine.profile().password.key);
    let usb = machine.plan().token("media-card", "disabled")?;
    ensure!(
        call(&machine, &["10", "0"])?[0] == 0,
        "the password is not reported"
    );
    let properties = call(&machine, &["10", "3"])?;
    ensure!(
        properties[..2] == [0, 0x0104_1F00],
        "properties are {properties:x?}"
    );
    ensure!(
        write(&machine, usb.location, usb.value, 0)? == ERROR,
        "written without a key"
    );
    ensure!(
        write(&machine, usb.location, usb.value, 1)? == ERROR,
        "written with a wrong key"
    );
    ensure!(
        machine.nvram()?.location(usb.location)? != usb.value,
        "refused but changed"
    );

    ensure!(
        verify(&machine, "wrong")?[..2] == [2, 0],
        "a wrong password yields a key"
    );
    ensure!(
        verify(&machine, "simulated")?[..2] == [0, key],
        "the right one does not"
    );
    ensure!(
        write(&machine, usb.location, usb.value, key as u16)? == 0,
        "the key is refused"
    );
    ensure!(
        machine.nvram()?.location(usb.location)? == usb.value,
        "accepted but unchanged"
    );

    for _ in 0..3 {
        ensure!(verify(&machine, "wrong")?[0] == 2);
    }
    ensure!(
        verify(&machine, "simulated")?[..2] == [2, 0],
        "guessing is not stopped"
    );
    machine.check_kernel_log()?;
    machine.reboot()?;
    ensure!(
        verify(&machine, "simulated")?[..2] == [0, key],
        "not even after a reboot"
    );

    // The older call takes codes of keys, eight in two inputs, and no characters: "sesame!!".
    machine.nvram()?.set_password("sesame!!", 77)?;
    let out = call(&machine, &["10", "1", "0x61736573", "0x2121656d"])?;
    ensure!(out[..2] == [2, 0], "characters are taken: {out:x?}");
    let out = call(&machine, &["10", "1", "0x1e1f121f", "0x02021232"])?;
    ensure!(out[..2] == [0, 77], "codes of keys: {out:x?}");
    // An offset has to be marked as one, which `--text` does.
    let out = call(&machine, &["10", "4", "44", "--length", "32"])?;
    ensure!(out[0] == ERROR, "unmarked: {out:x?}");
    machine.nvram()?.set_password("", 0)?;
    ensure!(
        call(&machine, &["10", "0"])?[0] == 1,
        "no password is reported as one"
    );
    ensure!(
        write(&machine, usb.location, 0, 0)? == 0,
        "no password, but a key is wanted"
    );
    machine.check_kernel_log()
}

/// Fails when opening the chassis is not seen in the tokens. On the machines of today latch and door
/// are values of one cell, as their tokens suggest.
fn intrusion() -> Result<()> {
    let machine = plain("optiplex-7090")?;
    let plan = machine.plan();
    let active = |setting: &str, value: &str| -> Result<bool> {
        let token = plan.token(setting, value)?;
        Ok(read(&machine, token.location)? == (0, u32::from(token.value)))
    };
    ensure!(active("chassis-door", "closed")? && !active("intrusion-latch", "tripped")?);
    machine.nvram()?.trip_intrusion(plan)?;
    ensure!(active("intrusion-latch", "tripped")? && !active("chassis-door", "closed")?);
    machine.check_kernel_log()
}
