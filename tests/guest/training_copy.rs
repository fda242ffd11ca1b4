// SPDX-License-Identifier: GPL-2.0

//! The copy of a training: what it can be of, what it can be made to do, and what it cannot.

use crate::ask::{ask, install, request, Line};
use crate::common::{log_lines, machine, milspecctl, Test};
use crate::training::{both, control, is_training, kinds, start, status, stop, train, values};
use anyhow::{ensure, Context, Result};
use milspec_machine::bench::Bench;
use milspec_machine::cells::Layout;
use milspec_machine::machine::Module;
use milspec_machine::nvram::{factory, layout};
use milspec_machine::profile::Profile;
use milspec_machine::smbios;
use milspec_machine::tokens::Plan;
use milspec_uapi::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    (
        "training_takes_the_devices_and_settings_of_others",
        profiles,
    ),
    ("training_takes_the_table_of_any_real_machine", real_tables),
    ("training_copy_fails_as_hardware_does", injections),
    ("training_refuses_what_cannot_be", refuses),
];

const EIO: u64 = 5;
const E2BIG: u64 = 7;
const EBUSY: u64 = 16;
const ENODEV: u64 = 19;
const EINVAL: u64 = 22;
const ENOSPC: u64 = 28;
const ESTALE: u64 = 116;
const EPROTO: u64 = 71;
const ECANCELED: u64 = 125;

/// Promise: a machine without DSMIL trains with the 84 devices of another one, and with another one's
/// settings, which have their first value or the one that is asked for.
fn profiles() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    install(&machine)?;
    ensure!(values(&machine)?
        .iter()
        .all(|(name, ..)| !name.starts_with("DSMIL")));
    let other = Profile::load("rugged")?;
    let plan = Plan::of(&other)?;
    let image = factory::image(&other, &plan)?;
    let first = layout::NV_DSML_DESCRIPTOR as usize;
    let devices = &image[first..first + 84 * layout::NV_DSML_DESC_SIZE as usize];
    let guest = machine.guest()?;
    guest.create("/tmp/devices", devices, 0o644)?;
    let table = smbios::calling_interface(&other)?.concat();
    guest.create("/tmp/tokens", &table, 0o644)?;

    let own = values(&machine)?;
    train(&machine, "op=1 devices=/tmp/devices", 0)?;
    let with: Vec<_> = values(&machine)?;
    let dsmil = with.iter().filter(|(name, ..)| name.starts_with("DSMIL"));
    let dsmil: Vec<_> = dsmil.collect();
    ensure!(
        dsmil.len() == 84 && dsmil.iter().all(|(.., value)| *value == 0),
        "{dsmil:?}"
    );
    ensure!(with.len() == own.len() + 84);
    let show = milspecctl(&machine, &["control", "show", "DSMIL0D5"])?;
    ensure!(show.to_string().contains("DSMIL0D5"));
    request(&machine, "apply mode=4")?[0]
        .clone()
        .ends(0, OUTCOME_DONE)?;
    let after = values(&machine)?;
    ensure!(after
        .iter()
        .zip(&with)
        .any(|(a, b)| a.0.starts_with("DSMIL") && a.2 != b.2));
    stop(&machine)?;
    ensure!(values(&machine)? == own, "the machine is another one");

    // Controls of the machine may begin with other values; nobody has changed them.
    let (camera, now) = control(&machine, "camera")?;
    request(&machine, &format!("apply set={camera}:{now}"))?;
    train(&machine, &format!("op=1 set={camera}:{}", 1 - now), 0)?;
    ensure!(control(&machine, "camera")?.1 == 1 - now);
    let begun = status(&machine)?;
    let pending = begun.number("properties")? & u64::from(STATUS_PENDING_REBOOT);
    ensure!(begun.number("drifted")? == 0 && pending == 0, "{begun:?}");
    let (training, _) = both(&machine)?;
    ensure!(
        kinds(&training)? == [u64::from(KIND_TRAINING_BEGUN)],
        "{training:?}"
    );
    stop(&machine)?;

    let set = with
        .iter()
        .find(|(name, ..)| name == "DSMIL0D5")
        .context("no DSMIL0D5")?
        .1;
    let words = format!("op=1 devices=/tmp/devices tokens=/tmp/tokens set={set}:1");
    train(&machine, &words, 0)?;
    let begun = status(&machine)?;
    ensure!(
        begun.number("mode")? == 0,
        "another machine is in no mode: {begun:?}"
    );
    let all = values(&machine)?;
    let described = all
        .iter()
        .filter(|(name, ..)| !name.starts_with("DSMIL"))
        .count();
    ensure!(described > own.len(), "{described} and {}", own.len());
    ensure!(control(&machine, "DSMIL0D5")?.1 == 1);
    request(&machine, "apply mode=3")?[0]
        .clone()
        .ends(0, OUTCOME_DONE)?;
    machine.check_kernel_log()
}

/// Promise: the token table of any real machine can be trained on: the copy has the settings that this
/// table lists, and no others, and a mode can be set.
fn real_tables() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    install(&machine)?;
    for real in [
        "latitude-d630",
        "latitude-e6440",
        "optiplex-780",
        "precision-3650",
        "rugged-5430",
    ] {
        let profile = Profile::load(real)?;
        let tokens = Plan::of(&profile)?.tokens;
        let bench = Bench::on(&tokens, Layout::Inferred, true)?;
        let listed = bench.settings().iter().map(|listed| listed.setting.name);
        let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
        let table = smbios::calling_interface(&profile)?.concat();
        machine.guest()?.create("/tmp/tokens", &table, 0o644)?;
        train(&machine, "op=1 tokens=/tmp/tokens", 0)?;
        let copied: BTreeSet<String> = values(&machine)?
            .into_iter()
            .map(|(name, ..)| name)
            .collect();
        ensure!(
            copied == listed && copied.len() > 3,
            "{real}: {copied:?} and {listed:?}"
        );
        request(&machine, "apply mode=4")?[0]
            .clone()
            .ends(0, OUTCOME_DONE)?;
        stop(&machine)?;
    }
    machine.check_kernel_log()
}

/// Promise: what an instructor injects is what hardware can do, and the driver takes it as it takes that:
/// a write that fails or is ignored is undone, a control that cannot be read keeps a mode away, a change
/// by somebody else is a conflict in the middle of an apply and drift at the next look, tampering is found,
/// and slow firmware is waited for. Each is in the training's journal, with who did it.
fn injections() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    install(&machine)?;
    start(&machine)?;
    let inject = |words: &str| train(&machine, &format!("op=3 {words}"), 0);
    let paranoid = || -> Result<_> { Ok(request(&machine, "apply mode=4")?.remove(0)) };
    let planned = request(&machine, "plan mode=4")?.remove(0);
    let steps = planned.steps.clone();
    ensure!(steps.len() > 20);
    let (fourth, fifth) = (steps[3], steps[4]);

    inject(&format!(
        "inject=1 control={} number=5 count=1",
        fourth.control
    ))?;
    let failed = paranoid()?.ends(ECANCELED as i32, OUTCOME_UNDONE)?;
    ensure!(failed.error == EIO && failed.number("control")? == u64::from(fourth.control));
    inject(&format!("inject=2 control={} count=1", fourth.control))?;
    paranoid()?.ends(ECANCELED as i32, OUTCOME_UNDONE)?;
    inject(&format!("inject=3 control={}", fifth.control))?;
    paranoid()?.refused(REASON_UNREADABLE)?;
    inject("inject=7")?;

    // After three writes of one apply somebody else gives the fifth control what it was to get.
    inject(&format!(
        "inject=4 control={} value={} after=3",
        fifth.control, fifth.to
    ))?;
    let (camera, before) = control(&machine, "camera")?;
    request(&machine, &format!("apply set={camera}:{}", 1 - before))?;
    request(&machine, &format!("apply set={camera}:{before}"))?;
    let moved = paranoid()?.ends(EBUSY as i32, OUTCOME_CONFLICT)?;
    ensure!(
        moved.number("control")? == u64::from(fifth.control),
        "{moved:?}"
    );

    paranoid()?.ends(0, OUTCOME_DONE)?;
    inject(&format!(
        "inject=4 control={} value={}",
        fourth.control, fourth.from
    ))?;
    ensure!(
        status(&machine)?.number("drifted")? == 0,
        "nobody has looked yet"
    );
    inject("inject=8")?;
    ensure!(status(&machine)?.number("drifted")? == 1);
    let (device, _) = control(&machine, "DSMIL0D5")?;
    inject(&format!("inject=5 control={device} value=1"))?;
    inject("inject=8")?;
    ensure!(status(&machine)?.number("tampered")? == 1);
    inject(&format!("inject=5 control={device} value=0"))?;
    let (camera, now) = control(&machine, "camera")?;
    inject(&format!("inject=6 control={camera} number=900 count=2"))?;
    let begun = std::time::Instant::now();
    let other = 1 - now;
    request(&machine, &format!("apply set={camera}:{other}"))?
        .remove(0)
        .ends(0, OUTCOME_DONE)?;
    ensure!(
        begun.elapsed() > Duration::from_millis(1700),
        "{:?}",
        begun.elapsed()
    );

    let (training, real) = both(&machine)?;
    let is = |record: &&Line| {
        record
            .number("kind")
            .is_ok_and(|k| k == u64::from(KIND_INJECTED))
    };
    let injected: Vec<u64> = training
        .iter()
        .filter(is)
        .map(|record| record.number("count"))
        .collect::<Result<_>>()?;
    ensure!(injected == [1, 2, 3, 7, 4, 4, 5, 5, 6], "{injected:?}");
    for kind in [KIND_TAMPER, KIND_OUTSIDE_CHANGE] {
        ensure!(kinds(&training)?.contains(&u64::from(kind)));
        ensure!(!kinds(&real)?.contains(&u64::from(kind)));
    }
    let log = log_lines(&machine)?;
    ensure!(
        !log.iter().any(|line| line.contains("tampering")),
        "{log:#?}"
    );
    machine.check_kernel_log()
}

/// Promise: a request that asks for what cannot be is refused whole, whatever bytes it has: nothing begins.
fn refuses() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    install(&machine)?;
    let guest = machine.guest()?;
    guest.create("/tmp/zeros", &[0; 64 * 3], 0o644)?;
    guest.create("/tmp/many", &[0; 64 * 600], 0o644)?;
    guest.create("/tmp/short", &[0xDA, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0o644)?;
    guest.create("/tmp/torn", &[0xDA, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0o644)?;
    guest.create("/tmp/other", &[0x01, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0o644)?;
    guest.create("/tmp/endless", &[0xDA, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0o644)?;
    let (camera, _) = control(&machine, "camera")?;
    for (words, result) in [
        ("op=1 devices=/tmp/zeros", EPROTO),
        ("op=1 devices=/tmp/many", E2BIG),
        ("op=1 tokens=/tmp/torn", EINVAL),
        ("op=1 tokens=/tmp/other", EINVAL),
        ("op=1 tokens=/tmp/endless", EINVAL),
        ("op=1 set=0x2000001:1", EINVAL),
        (&format!("op=1 set={camera}:7"), EINVAL),
        ("op=1 control=1", EINVAL),
        ("op=0 value=1", EINVAL),
        ("op=2 set=1:1", EINVAL),
        ("op=5", EINVAL),
        ("op=3 inject=1", ENODEV),
        ("op=2", ENODEV),
    ] {
        train(&machine, words, result)?;
        ensure!(!is_training(&status(&machine)?)?, "{words}");
    }
    train(&machine, "op=1 tokens=/tmp/short", 0)?;
    ensure!(values(&machine)?.is_empty());
    stop(&machine)?;
    start(&machine)?;
    for words in [
        "inject=0",
        "inject=9",
        "inject=1 number=4096",
        "inject=6 number=1001",
        "inject=4 value=1",
        "inject=5 control=1 value=1",
        "inject=7 count=1",
        "inject=8 control=1",
        &format!("inject=4 control={camera} value=7"),
        &format!("inject=5 control={camera} value=1"),
        &format!("inject=5 control={camera} value=2"),
        &format!("inject=2 control={camera} value=1"),
    ] {
        train(&machine, &format!("op=3 {words}"), EINVAL)?;
    }
    // Whoever means another training does nothing to this one.
    let session = train(&machine, "op=0", 0)?.number("session")?;
    for other in [session - 1, session + 1] {
        for words in ["op=2", "op=3 inject=1", "op=3 inject=7", "op=3 inject=8"] {
            train(&machine, &format!("{words} session={other}"), ESTALE)?;
        }
    }
    ensure!(
        is_training(&status(&machine)?)?,
        "ended by who meant another"
    );
    train(&machine, &format!("op=3 inject=7 session={session}"), 0)?;
    let full = "train op=3 inject=1 -- ".repeat(INJECTIONS_MAX);
    let lines = ask(&machine, &format!("{full}train op=3 inject=1"))?;
    let results: Result<Vec<u64>> = lines.iter().map(|line| line.number("result")).collect();
    let results = results?;
    let (last, others) = results.split_last().context("no answers")?;
    ensure!(
        *last == ENOSPC && others.iter().all(|result| *result == 0),
        "{results:?}"
    );
    machine.check_kernel_log()
}
