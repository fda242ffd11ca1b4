// SPDX-License-Identifier: GPL-2.0

//! Attestations: a real TPM signs, another machine verifies, and whatever was changed on the way is
//! found by the check that is there for it. tpm2-tools judge the same quote by hand.

use crate::attestation::{bytes, file, hex, Attestation, HANDLE};
use crate::common::{field, machine, milspecctl, Test};
use crate::journal::{hash, MODE};
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Output};
use milspec_machine::machine::{Machine, Module};
use milspec_uapi::EVENT_ANCHORED;
use serde_json::{json, Value};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("attest_holds_elsewhere_and_nothing_else_does", elsewhere),
    ("attest_tells_what_somebody_else_did", somebody_else),
    ("attest_is_of_one_moment", one_moment),
    ("attest_says_why_the_tpm_is_out_of_reach", out_of_reach),
];

const NONCE: &str = "8d5194b1c06e07e25eb63bbbe01eeed0";
const QUOTE: &str = "milspecctl --json attest quote --nonce 8d5194b1c06e07e25eb63bbbe01eeed0";

fn quote(machine: &Machine) -> Result<Attestation> {
    Attestation::new(machine.sh(QUOTE)?.ok()?.json()?)
}

/// Enrols, and returns the public key.
fn enroll(machine: &Machine) -> Result<(Value, Vec<u8>)> {
    let document = milspecctl(machine, &["attest", "enroll", "--out", "/tmp/enrolled.pem"])?;
    let key = file(machine, "/tmp/enrolled.pem")?;
    ensure!(document["sha256"] == hex(&hash(&key)), "{document:#}");
    Ok((document, key))
}

/// Verifies a text by the key at `/tmp/key.pem`.
fn verify(machine: &Machine, text: &str, more: &str) -> Result<Output> {
    let guest = machine.guest()?;
    guest.create("/tmp/attestation.json", text.as_bytes(), 0o600)?;
    let line = format!("cd /tmp; milspecctl --json attest verify attestation.json {more}");
    machine.sh(&line)
}

const BY: &str = "--key key.pem --nonce 8d5194b1c06e07e25eb63bbbe01eeed0";

/// What the checks gave, those that do not hold only.
fn wrong(document: &Value) -> Vec<(String, String)> {
    let checks = document["checks"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    checks
        .map(|check| (text(&check["id"]), text(&check["result"])))
        .filter(|(_, result)| result != "holds")
        .collect()
}

/// Expects that exactly these checks fail, whatever else is not checked, and the first of them is
/// the error.
fn refused(what: &str, output: Output, code: &str, fail: &[&str]) -> Result<Value> {
    let document = output.exits(1).with_context(|| what.to_owned())?.json()?;
    let wrong = wrong(&document);
    let failed = wrong.iter().filter(|(_, result)| result == "fails");
    let failed: Vec<&str> = failed.map(|(id, _)| id.as_str()).collect();
    ensure!(failed == fail, "{what}: {wrong:?}");
    ensure!(document["error"]["code"] == code, "{what}: {document:#}");
    Ok(document)
}

/// Expects that all holds.
fn accepted(output: Output) -> Result<Value> {
    let document = output.ok()?.json()?;
    ensure!(document["checks"].as_array().map(Vec::len) == Some(6));
    ensure!(wrong(&document).is_empty(), "{document:#}");
    Ok(document)
}

/// Promise: what compliance says of another machine rests on its quote: the same results as there where
/// that tells of them, and none where anything was changed.
fn judged(here: &Machine, there: &Machine, real: &Attestation) -> Result<()> {
    let judge = |text: &str| -> Result<Output> {
        let guest = there.guest()?;
        guest.create("/tmp/attestation.json", text.as_bytes(), 0o600)?;
        there.sh(&format!(
            "cd /tmp; milspecctl --json compliance --file attestation.json {BY}"
        ))
    };
    let quoted = judge(&real.text())?.ok()?.json()?;
    let of = &quoted["assessments"][0];
    ensure!(
        of["evidence"]["kind"] == "attestation" && of["simulated"] == true,
        "{of:#}"
    );
    let live = milspecctl(here, &["compliance"])?;
    let came = |document: &Value, id: &str| {
        let checks = document["assessments"][0]["checks"]
            .as_array()
            .into_iter()
            .flatten();
        let found = checks.into_iter().find(|check| check["id"] == id);
        found.map(|check| (check["result"].clone(), check["reason"].clone()))
    };
    for id in [
        "camera-off",
        "wake-on-lan-off",
        "nfc-off",
        "no-drift",
        "journal-anchored",
    ] {
        let (quoted, live) = (came(&quoted, id), came(&live, id));
        ensure!(
            quoted.is_some() && quoted == live,
            "{id}: {quoted:?} {live:?}"
        );
    }
    let unread = Some((json!("not-satisfied"), json!("unread")));
    ensure!(came(&quoted, "kernel-lockdown") == unread, "{quoted:#}");
    let changed = real.clone().stated("\"disabled\"", "\"enabled\"")?;
    judge(&changed.text())?.exits(1)?;
    Ok(())
}

/// Promise: an attestation holds on another machine, which has neither driver nor TPM but the
/// public key and the nonce. Whatever was changed does not, and is found by the check for it.
fn elsewhere() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let (first, key) = enroll(&machine)?;
    let (second, again) = enroll(&machine)?;
    ensure!((&first["made"], &second["made"]) == (&json!(true), &json!(false)));
    ensure!(key == again, "the key is another one");
    machine
        .sh("milspecctl attest enroll --out - | cmp - /tmp/enrolled.pem")?
        .ok()?;
    let kept = machine.sh("tpm2_getcap handles-persistent; tpm2_getcap handles-transient")?;
    ensure!(
        kept.ok()?.text().trim() == format!("- {HANDLE}"),
        "it leaves something behind"
    );
    milspecctl(&machine, &["mode", "set", "enhanced"])?;
    let real = quote(&machine)?;
    ensure!(real.records.len() > 20);

    let other = crate::common::machine("bad/no-tpm", Module::Present)?;
    other.guest()?.create("/tmp/key.pem", &key, 0o600)?;
    let document = accepted(verify(&other, &real.text(), BY)?)?;
    ensure!(document["state"]["mode"]["name"] == "enhanced");
    ensure!(document["state"]["simulated"] == true && document["since_boot"] == true);
    let clock = machine.sh("tpm2_readclock")?.ok()?.text();
    let resets = format!("reset_count: {}", document["boot"]["reset_count"]);
    ensure!(clock.contains(&resets), "{clock}: {document:#}");
    let status = milspecctl(&machine, &["status"])?;
    ensure!(document["state"]["generation"] == status["generation"]);
    let text = other.sh(&format!(
        "cd /tmp; milspecctl attest verify attestation.json {BY}"
    ))?;
    let text = text.ok()?.text();
    ensure!(text.starts_with("! simulated machine"), "{text}");
    ensure!(text.lines().all(|line| line.len() <= 80), "{text}");

    judged(&machine, &other, &real)?;
    by_hand(&machine, &other, &real)?;
    changed(&other, &real)?;
    forged(&machine, &other, &real)?;

    // Where there is no TPM, none is asked.
    other.run(["modprobe", "dell_milspec"])?.ok()?;
    for line in [QUOTE, "milspecctl --json attest enroll --out /tmp/x"] {
        let document = other.sh(line)?.exits(3)?.json()?;
        ensure!(document["error"]["code"] == "no-tpm", "{document:#}");
    }
    machine.check_kernel_log()
}

/// tpm2-tools, and hashes that are not milspecctl's, say the same.
fn by_hand(machine: &Machine, other: &Machine, real: &Attestation) -> Result<()> {
    for part in ["message", "signature"] {
        let path = format!("/tmp/{part}");
        other.guest()?.create(&path, &real.quoted(part)?, 0o600)?;
    }
    let check = format!(
        "cd /tmp; tpm2_checkquote -u key.pem -m message -s signature -q {}",
        real.binding()?
    );
    other.sh(&check)?.ok()?;
    let pcrs = real.document["quote"]["pcrs"]
        .as_object()
        .context("no PCRs")?;
    let number = |(number, _): &(&String, &Value)| number.parse::<u8>().expect("a number");
    let mut pcrs: Vec<_> = pcrs.iter().collect();
    pcrs.sort_by_key(number);
    let mut values = Vec::new();
    for (number, value) in &pcrs {
        let value = value.as_str().context("no value")?;
        let read = machine.sh(&format!("tpm2_pcrread sha256:{number}"))?.ok()?;
        ensure!(read.text().to_lowercase().contains(value), "PCR {number}");
        values.extend(bytes(value)?);
    }
    let numbers: Vec<u8> = pcrs.iter().map(number).collect();
    ensure!(numbers == [0, 1, 2, 3, 4, 5, 6, 7, 13]);
    // The digest over what the PCRs held is the last field of a quote.
    ensure!(real.quoted("message")?.ends_with(&hash(&values)));
    Ok(())
}

/// What somebody could change who is between the two machines.
fn changed(other: &Machine, real: &Attestation) -> Result<()> {
    let refuse = |what: &str, changed: &Attestation, code: &str, fail: &[&str]| {
        refused(what, verify(other, &changed.text(), BY)?, code, fail)
    };
    let nonce = "--key key.pem --nonce 00112233445566778899";
    let output = verify(other, &real.text(), nonce)?;
    // Claim: nor answer an old nonce
    refused("another nonce", output, "attest-nonce", &["nonce"])?;
    let mut changed = real.clone();
    changed.document["nonce"] = json!("00112233445566778899");
    let output = verify(other, &changed.text(), nonce)?;
    refused(
        "a nonce that was put in",
        output,
        "attest-binding",
        &["binding"],
    )?;

    let changed = real
        .clone()
        .stated("\"latched\":false", "\"latched\":true")?;
    let document = refuse("the state", &changed, "attest-binding", &["binding"])?;
    ensure!(document["state"].is_null(), "what was changed is passed on");
    // It says the same, and is not what was signed.
    let changed = real.clone().stated("\"latched\":", "\"latched\": ")?;
    refuse("a space", &changed, "attest-binding", &["binding"])?;

    for at in [0, 5, real.records.len() - 1] {
        let mut changed = real.clone();
        changed.records[at].wall_ns ^= 1;
        let both = &["binding", "chain"];
        let document = refuse("a record", &changed, "attest-binding", both)?;
        ensure!(document["broken"]["record"] == at + 1, "{document:#}");
    }
    let mut changed = real.clone();
    let last = changed
        .records
        .iter()
        .rposition(|e| e.properties & EVENT_ANCHORED != 0);
    let last = last.context("no record is anchored")?;
    changed.records[last].reason = 1;
    let both = &["binding", "journal"];
    refuse(
        "a record, chained",
        &changed.chained(),
        "attest-binding",
        both,
    )?;
    let mut changed = real.clone();
    let mut more = changed.records[last];
    more.sequence = changed.records.len() as u64 + 1;
    changed.records.push(more);
    refuse(
        "one more, chained",
        &changed.chained(),
        "attest-binding",
        both,
    )?;
    let mut changed = real.clone();
    changed.records.truncate(last);
    refuse("one less", &changed, "attest-binding", both)?;

    for at in ["0", "7"] {
        let mut changed = real.clone();
        changed.document["quote"]["pcrs"][at] = json!("00".repeat(32));
        let document = refuse("a PCR", &changed, "attest-pcrs", &["pcrs"])?;
        ensure!(document["pcrs"].is_null(), "what was changed is passed on");
    }
    let mut changed = real.clone();
    let pcrs = changed.document["quote"]["pcrs"].as_object_mut();
    pcrs.and_then(|pcrs| pcrs.remove("7")).context("no PCR 7")?;
    refuse("a PCR less", &changed, "attest-pcrs", &["pcrs"])?;
    let mut changed = real.clone();
    changed.document["journal"]["pcr"] = json!(7);
    refuse(
        "another PCR of the journal",
        &changed,
        "attest-pcrs",
        &["pcrs"],
    )?;

    let changed = real.clone().flipped("signature", 20)?;
    refuse(
        "the signature",
        &changed,
        "attest-signature",
        &["signature"],
    )?;
    // The magic number, the type, the clock.
    for at in [0, 5, 85] {
        let changed = real.clone().flipped("message", at)?;
        refuse("the message", &changed, "attest-signature", &["signature"])?;
    }
    Ok(())
}

/// What somebody could sign who is root on the machine.
fn forged(machine: &Machine, other: &Machine, real: &Attestation) -> Result<()> {
    let all = [0, 1, 2, 3, 4, 5, 6, 7, 13];
    // Signed by hand, it holds: so the refusals that follow have no other cause.
    let same = real.clone().signed(machine, &all)?;
    accepted(verify(other, &same.text(), BY)?)?;

    let mut changed = real.clone();
    let last = changed
        .records
        .iter()
        .rposition(|e| e.properties & EVENT_ANCHORED != 0);
    changed
        .records
        .truncate(last.context("no record is anchored")?);
    let signed = changed.signed(machine, &all)?;
    let output = verify(other, &signed.text(), BY)?;
    // Claim: not take a record back
    // Claim: or an attestation then contradict it
    refused(
        "a record taken back",
        output,
        "journal-tpm-differs",
        &["journal"],
    )?;

    let signed = real.clone().signed(machine, &[13])?;
    let output = verify(other, &signed.text(), BY)?;
    refused("no PCR of the firmware", output, "attest-pcrs", &["pcrs"])?;

    // A TPM signs other things with this key, too; what it signs is never a quote then.
    let time = format!(
        "cd /tmp && tpm2_gettime -Q -c {HANDLE} -g sha256 -q {} --attestation message \
         -o signature",
        real.binding()?
    );
    machine.sh(&time)?.ok()?;
    let signed = real.clone().with_signed(machine)?;
    let output = verify(other, &signed.text(), BY)?;
    refused("a time", output, "attest-signature", &["signature"])?;

    let another = "cd /tmp && tpm2_createek -Q -G ecc -c ek && tpm2_createak -Q -C ek -c ak \
                   -G ecc -g sha256 -s ecdsa -f pem -u another.pem";
    machine.sh(another)?.ok()?;
    let key = file(machine, "/tmp/another.pem")?;
    other.guest()?.create("/tmp/another.pem", &key, 0o600)?;
    let line = format!("--key another.pem --nonce {NONCE}");
    let output = verify(other, &real.text(), &line)?;
    // Claim: nor sign without the key that was enrolled
    refused("another key", output, "attest-signature", &["signature"])?;
    Ok(())
}

/// Promise: what somebody else did to the PCR, or keeps where the key should be, is said; a load of
/// the module that came before is missed, and found in the saved journal.
fn somebody_else() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let taken = format!(
        "cd /tmp; tpm2_createprimary -Q -c primary && tpm2_evictcontrol -Q -C o -c primary {HANDLE}"
    );
    machine.sh(&taken)?.ok()?;
    for line in [QUOTE, "milspecctl --json attest enroll --out /tmp/x"] {
        let document = machine.sh(line)?.exits(5)?.json()?;
        ensure!(document["error"]["code"] == "handle-taken", "{document:#}");
    }
    let free = format!("tpm2_evictcontrol -Q -C o -c {HANDLE}");
    machine.sh(&free)?.ok()?;
    let document = machine.sh(QUOTE)?.exits(1)?.json()?;
    ensure!(document["error"]["code"] == "not-enrolled", "{document:#}");
    let (_, key) = enroll(&machine)?;
    machine.guest()?.create("/tmp/key.pem", &key, 0o600)?;

    milspecctl(&machine, &["mode", "set", "standard"])?;
    machine
        .sh("milspecctl journal save /tmp/saved && rmmod dell_milspec && modprobe dell_milspec")?
        .ok()?;
    milspecctl(&machine, &["mode", "set", "enhanced"])?;
    let second = quote(&machine)?.text();
    let document = accepted(verify(&machine, &second, BY)?)?;
    ensure!(document["since_boot"] == false, "{document:#}");
    ensure!(document["warnings"][0]["code"] == "not-since-boot");
    let with = format!("{BY} --journal saved");
    let document = accepted(verify(&machine, &second, &with)?)?;
    ensure!(document["since_boot"] == true, "{document:#}");
    ensure!(document["loads"].as_array().map(Vec::len) == Some(2));
    // What was saved later is none of its business.
    milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    let saved = milspecctl(&machine, &["journal", "save", "/tmp/saved"])?;
    let newer = Attestation::new(serde_json::from_str(&second)?)?
        .records
        .len() as u64;
    ensure!(saved["last"].as_u64() > Some(newer), "{saved:#}");
    let document = accepted(verify(&machine, &second, &with)?)?;
    ensure!(document["since_boot"] == true, "{document:#}");
    machine
        .sh("printf x | dd of=/tmp/saved bs=1 seek=200 conv=notrunc")?
        .ok()?;
    let output = verify(&machine, &second, &with)?;
    refused("the saved journal", output, "journal-broken", &["chain"])?;

    let extend = format!("tpm2_pcrextend 13:sha256={}", "ab".repeat(32));
    machine.sh(&extend)?.ok()?;
    let output = verify(&machine, &quote(&machine)?.text(), BY)?;
    let document = refused("extended", output, "journal-tpm-differs", &["journal"])?;
    // Claim: That is seen
    ensure!(field(&document["error"], "why")?.contains("somebody else has extended it"));
    machine.check_kernel_log()
}

/// Promise: state, journal and PCR are of one moment, though something is changed while the TPM
/// signs; where that cannot be had, there is no attestation.
fn one_moment() -> Result<()> {
    let machine = machine("rugged", Module::Autoload)?;
    let (_, key) = enroll(&machine)?;
    let guest = machine.guest()?;
    guest.create("/tmp/key.pem", &key, 0o600)?;
    machine.run(["mkdir", "/tmp/bin"])?.ok()?;
    // Stands before the real one.
    let before = |what: &str| {
        let script = format!(
            "#!/bin/sh\necho >>/tmp/calls\ncalls=$(wc -l </tmp/calls)\n{what}\nsleep 0.5\n\
             exec /usr/bin/tpm2_quote \"$@\"\n"
        );
        guest.create("/tmp/bin/tpm2_quote", script.as_bytes(), 0o755)
    };
    let quote = format!("rm -f /tmp/calls; PATH=/tmp/bin:$PATH {QUOTE}");

    before(&format!(
        "case $calls in 1) echo standard >{MODE} ;; 2) exit 1 ;; esac"
    ))?;
    let text = machine.sh(&quote)?.ok()?.text();
    ensure!(machine.sh("wc -l </tmp/calls")?.text().trim() == "3");
    let document = accepted(verify(&machine, &text, BY)?)?;
    ensure!(document["state"]["mode"]["name"] == "standard");

    before(&format!(
        "if [ $((calls % 2)) = 1 ]; then echo enhanced; else echo standard; fi >{MODE}"
    ))?;
    let document = machine.sh(&quote)?.exits(1)?.json()?;
    ensure!(document["error"]["code"] == "changing", "{document:#}");
    machine.check_kernel_log()
}

/// Promise: for who may not use the TPM, and with one that is gone, there is no attestation, and an
/// error that says why.
fn out_of_reach() -> Result<()> {
    let mut machine = machine("rugged", Module::Autoload)?;
    enroll(&machine)?;
    for line in [QUOTE, "milspecctl --json attest enroll --out /tmp/x"] {
        let command = GuestCommand::shell(line).user(65534, 65534);
        let document = machine.run_command(command)?.exits(4)?.json()?;
        ensure!(document["error"]["code"] == "no-permission", "{document:#}");
    }
    machine.tpm()?.kill()?;
    for line in [QUOTE, "milspecctl --json attest enroll --out /tmp/x"] {
        let document = machine.sh(line)?.exits(1)?.json()?;
        ensure!(document["error"]["code"] == "tpm-failed", "{document:#}");
    }
    Ok(())
}
