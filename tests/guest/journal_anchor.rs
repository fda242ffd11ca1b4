// SPDX-License-Identifier: GPL-2.0

//! What ties the journal to the TPM, judged by tpm2-tools and by hashes that are not the kernel's.

use crate::common::{machine, milspecctl, Test};
use crate::journal::{
    cause, events, hash, machine_with_cause, of_kind, only, standing, verified, wait_for, MODE,
};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use milspec_posture::journal::extend;
use milspec_uapi as uapi;
use milspec_uapi::Event;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha384, Sha512};
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("journal_pcr_is_the_replay", replay),
    ("journal_pcr_that_others_extend_is_not", others),
    ("journal_goes_on_without_its_tpm", tpm_taken_out),
    ("journal_waits_for_no_tpm", tpm_busy),
    ("journal_does_without_a_tpm", no_tpm),
    ("journal_leaves_the_pcrs_of_others_alone", other_pcrs),
];

const FLIP: &str =
    "cd /sys/devices/faux/dell_milspec; flip() { echo enhanced >mode && echo baseline >mode; }";

/// A PCR of a bank, as tpm2-tools read it.
fn pcr(machine: &Machine, bank: &str, number: u8) -> Result<Vec<u8>> {
    let line = format!("tpm2_pcrread {bank}:{number}");
    let text = machine.sh(&line)?.ok()?.text().to_lowercase();
    let (_, hex) = text.split_once("0x").context("no value")?;
    let hex = hex.trim();
    let bytes = (0..hex.len()).step_by(2);
    bytes
        .map(|at| Ok(u8::from_str_radix(&hex[at..at + 2], 16)?))
        .collect()
}

/// The records that are in the PCR.
fn anchored(events: &[Event]) -> Vec<&Event> {
    let mut anchored: Vec<&Event> = events
        .iter()
        .filter(|event| event.properties & uapi::EVENT_ANCHORED != 0)
        .collect();
    for failed in of_kind(events, uapi::KIND_ANCHOR_FAILED) {
        let first = anchored.iter().position(|e| e.sequence == failed.about);
        let first = first.expect("a record that is anchored");
        anchored.drain(first..first + failed.count as usize);
    }
    anchored
}

/// What the PCR should be in the SHA-256 bank.
fn replayed(events: &[Event], start: [u8; 32]) -> [u8; 32] {
    let records = anchored(events);
    let records = records.iter();
    records.fold(start, |value, event| extend(hash, &value, event.as_bytes()))
}

/// What it should be in another bank, where it was zero.
fn replayed_in<D: Digest>(events: &[Event]) -> Vec<u8> {
    let mut value = vec![0; <D as Digest>::output_size()];
    for event in anchored(events) {
        let digest = D::digest(event.as_bytes());
        value.extend_from_slice(&digest);
        value = D::digest(&value).to_vec();
    }
    value
}

/// Waits until nothing waits for the TPM any more.
pub fn settle(machine: &Machine) -> Result<()> {
    let start = Instant::now();
    while standing(machine)?.pending > 0 {
        ensure!(start.elapsed() < Duration::from_secs(60), "still pending");
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Promise: after hundreds of changes the PCR is, in every bank, what the records say; another load
/// of the module begins with that value.
fn replay() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    machine
        .sh(&format!("{FLIP}; for i in 1 2 3 4 5 6 7; do flip; done"))?
        .ok()?;
    settle(&machine)?;
    let first = events(&machine)?;
    verified(&first)?;
    ensure!(anchored(&first).len() > 300, "{}", anchored(&first).len());
    ensure!(first[0].properties == uapi::EVENT_PCR && first[0].pcr == 13);
    ensure!(first[0].extra == [0; 32]);
    let value = replayed(&first, first[0].extra);
    ensure!(pcr(&machine, "sha256", 13)? == value, "sha256");
    ensure!(
        pcr(&machine, "sha1", 13)? == replayed_in::<Sha1>(&first),
        "sha1"
    );
    ensure!(
        pcr(&machine, "sha384", 13)? == replayed_in::<Sha384>(&first),
        "sha384"
    );
    ensure!(
        pcr(&machine, "sha512", 13)? == replayed_in::<Sha512>(&first),
        "sha512"
    );
    let state = standing(&machine)?;
    ensure!(state.anchored == anchored(&first).len() as u64 && state.failures == 0);
    ensure!((state.anchor, state.pcr) == (u64::from(uapi::ANCHOR_READY), 13));

    // What waits for the TPM when the module goes is not lost.
    machine
        .sh(&format!(
            "{FLIP}; flip; cd /; /tmp/cause dump >/tmp/last; rmmod dell_milspec"
        ))?
        .ok()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    let value = pcr(&machine, "sha256", 13)?;
    let second = events(&machine)?;
    ensure!(second[0].sequence == 1 && second[0].load != first[0].load);
    // Claim: what is new begins with a PCR that is not zero
    ensure!(second[0].extra[..] == value[..]);
    let bytes = machine.guest()?.read("/tmp/last")?;
    let bytes = bytes.map_err(|error| anyhow::anyhow!("errno {error}"))?;
    let whole: Vec<Event> = bytes
        .chunks_exact(uapi::EVENT_SIZE)
        .map(|bytes| zerocopy::FromBytes::read_from_bytes(bytes).expect("the size is right"))
        .collect();
    // Claim: which only the lost records lead to
    ensure!(whole.len() > first.len() && replayed(&whole, [0; 32])[..] == value[..]);
    machine.check_kernel_log()
}

/// Promise: that somebody else has extended the PCR, before or after, is seen.
fn others() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Present)?;
    let extend_it = format!("tpm2_pcrextend 13:sha256={}", "ab".repeat(32));
    machine.sh(&extend_it)?.ok()?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    settle(&machine)?;
    let records = events(&machine)?;
    ensure!(records[0].extra != [0; 32]);
    let value = replayed(&records, records[0].extra);
    ensure!(
        pcr(&machine, "sha256", 13)? == value,
        "what was there before counts"
    );
    milspecctl(&machine, &["journal", "save", "/tmp/journal"])?;
    let verify = |exit: i32| -> Result<Value> {
        let argv = ["milspecctl", "--json", "journal", "verify", "/tmp/journal"];
        machine.run(argv)?.exits(exit)?.json()
    };
    // What the PCR was extended by before the first record, nobody can say.
    let found = verify(7)?;
    ensure!(found["result"] == "not-provable", "{found:#}");
    ensure!(found["tpm"]["result"] == "matches", "{found:#}");
    machine.sh(&extend_it)?.ok()?;
    let found = verify(1)?;
    // Claim: That is seen
    ensure!(found["error"]["code"] == "journal-tpm-differs", "{found:#}");
    machine.check_kernel_log()
}

/// Promise: a TPM that goes in mid-run is in the journal, with the first record that it has not got;
/// changes go on, unless the administrator wants a witness.
fn tpm_taken_out() -> Result<()> {
    goes_on()?;
    nothing_changes()
}

fn goes_on() -> Result<()> {
    let mut machine = machine_with_cause("rugged", Module::Autoload)?;
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    settle(&machine)?;
    let before = standing(&machine)?;
    ensure!(before.failures == 0 && before.anchored > 20);
    machine.tpm()?.kill()?;
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    wait_for(&machine, uapi::KIND_ANCHOR_FAILED)?;
    settle(&machine)?;
    let records = events(&machine)?;
    verified(&records)?;
    let mut late = records[before.next as usize - 1..].iter();
    let first = late.find(|event| event.properties & uapi::EVENT_ANCHORED != 0);
    let first = first.context("nothing was to be anchored")?.sequence;
    let failed = of_kind(&records, uapi::KIND_ANCHOR_FAILED);
    // Claim: the journal says from which record on nothing is anchored
    ensure!(failed[0].about == first, "{first}: {:?}", failed[0]);
    let got = anchored(&records);
    ensure!(got.len() as u64 == before.anchored);
    ensure!(got.iter().all(|event| event.sequence < first));
    ensure!(failed
        .iter()
        .all(|event| event.error != 0 && event.severity == uapi::SEVERITY_ERROR));
    let state = standing(&machine)?;
    ensure!(state.anchor == u64::from(uapi::ANCHOR_FAILED) && state.error != 0);
    ensure!(state.anchored == before.anchored && state.failures > 20);

    machine.check_kernel_log()
}

/// The same, where the administrator wants a witness; and what is loaded afterwards, without.
fn nothing_changes() -> Result<()> {
    let mut machine = machine_with_cause("rugged", Module::Present)?;
    machine
        .run(["modprobe", "dell_milspec", "require_tpm=1"])?
        .ok()?;
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    settle(&machine)?;
    let before = standing(&machine)?.next;
    machine.tpm()?.kill()?;
    ensure!(!machine.sh(&format!("{FLIP}; flip"))?.success());
    let records = events(&machine)?;
    let new = &records[before as usize - 1..];
    ensure!(!new.is_empty());
    // Claim: nothing changes any more
    ensure!(new
        .iter()
        .all(|event| event.kind == uapi::KIND_REFUSED && event.reason == uapi::REASON_NO_TPM));

    machine
        .sh("rmmod dell_milspec && modprobe dell_milspec")?
        .ok()?;
    let state = standing(&machine)?;
    ensure!(state.anchor == u64::from(uapi::ANCHOR_FAILED) && state.error != 0);
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    wait_for(&machine, uapi::KIND_ANCHOR_FAILED)?;
    settle(&machine)?;
    let records = events(&machine)?;
    verified(&records)?;
    ensure!(
        records[0].properties == 0 && records[0].error != 0,
        "{:?}",
        records[0]
    );
    ensure!(
        anchored(&records).is_empty(),
        "a record is said to be anchored"
    );
    machine.check_kernel_log()
}

/// Promise: no change waits for a TPM that is busy, and all of them are extended in the end.
fn tpm_busy() -> Result<()> {
    let machine = machine_with_cause("rugged", Module::Autoload)?;
    let busy = "tpm2_createprimary -Q -c /tmp/key; \
                while :; do tpm2_create -Q -C /tmp/key -G rsa3072 -u /tmp/pub -r /tmp/priv; done";
    let busy = machine.guest()?.spawn(GuestCommand::shell(busy))?;
    let mut most = 0u32;
    for (count, mode) in ["enhanced", "baseline"]
        .into_iter()
        .cycle()
        .take(20)
        .enumerate()
    {
        if count >= 4 && most > 0 {
            break;
        }
        let line = format!("echo {mode} >{MODE} && /tmp/cause status | sed -n 4p");
        most = most.max(machine.sh(&line)?.ok()?.text().trim().parse()?);
    }
    ensure!(most > 0, "the TPM was never busy");
    busy.signal(9)?;
    settle(&machine)?;
    let records = events(&machine)?;
    verified(&records)?;
    let state = standing(&machine)?;
    ensure!(state.failures == 0 && state.anchored == anchored(&records).len() as u64);
    let value = replayed(&records, records[0].extra);
    ensure!(pcr(&machine, "sha256", 13)? == value);
    machine.check_kernel_log()
}

fn no_tpm() -> Result<()> {
    let machine = machine_with_cause("bad/no-tpm", Module::Present)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    machine.sh(&format!("{FLIP}; flip"))?.ok()?;
    let records = events(&machine)?;
    verified(&records)?;
    let load = only(&records, uapi::KIND_LOAD)?;
    ensure!((load.properties, load.error) == (0, 19), "{load:?}");
    ensure!(anchored(&records).is_empty());
    let state = standing(&machine)?;
    ensure!((state.anchor, state.error) == (u64::from(uapi::ANCHOR_NONE), 0));
    machine
        .sh("rmmod dell_milspec && modprobe dell_milspec require_tpm=1")?
        .ok()?;
    ensure!(!machine.sh(&format!("{FLIP}; flip"))?.success());
    cause(&machine, "stale 1")?;
    machine.check_kernel_log()
}

/// Promise: PCRs that others rely on, that can be reset or that do not exist are refused.
fn other_pcrs() -> Result<()> {
    let machine = machine("rugged", Module::Present)?;
    for number in [0, 1, 7, 10, 16, 17, 23, 24, 13 + 256] {
        let modprobe = machine.run(["modprobe", "dell_milspec", &format!("pcr={number}")])?;
        ensure!(modprobe.code != 0, "PCR {number}");
        ensure!(modprobe.error_text().contains("Invalid argument"));
    }
    for number in [8, 15] {
        let before = pcr(&machine, "sha256", number)?;
        let line =
            format!("modprobe dell_milspec pcr={number}; {FLIP}; flip; cd /; rmmod dell_milspec");
        machine.sh(&line)?.ok()?;
        ensure!(pcr(&machine, "sha256", number)? != before, "PCR {number}");
    }
    ensure!(pcr(&machine, "sha256", 13)? == [0; 32]);
    machine.check_kernel_log()
}
