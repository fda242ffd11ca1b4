// SPDX-License-Identifier: GPL-2.0

//! `attest`, as far as no TPM is needed: command lines, files that are no attestations, and tools
//! that are missing or fail. What holds and what does not is tested where tpm2-tools and a TPM are,
//! in guests.

use crate::journal::varied;
use crate::machines::rugged;
use crate::run::{command, document, finish, json, Output};
use crate::tree::Tree;
use base64::prelude::{Engine, BASE64_STANDARD};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The nonce of every attestation here.
pub const NONCE: &str = "00112233445566778899";

const KEY: &str = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n";

/// A directory for one test, with an attestation that has the right form and a key.
fn directory(name: &str, attestation: &Value) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("attest-{name}"));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("attestation"), attestation.to_string()).unwrap();
    fs::write(dir.join("key"), KEY).unwrap();
    dir
}

/// What has the right form, and no more.
fn attestation() -> Value {
    let state = json!({
        "schema": "milspec.attestation-state/1",
        "time": "2026-11-24T10:00:00Z",
        "read_at": "2026-11-24T09:58:00.5Z",
        "simulated": true,
        "simulated_because": "a test made it",
        "machine": { "vendor": "Dell Inc.", "product": "None", "bios_version": "1" },
        "service_tag_hash": null,
        "driver_version": "0.9.0",
        "generation": 1,
        "mode": {
            "name": null,
            "standing": "custom",
            "deviations": [],
            "unreached": [],
            "reach": null,
        },
        "latched": false,
        "restricted_allowed": false,
        "controls": { "camera": "enabled" },
        "tamper": [],
        "pending_reboot": [],
        "drifted": [],
        "degraded": [],
    });
    json!({
        "schema": "milspec.attestation/1",
        "nonce": NONCE,
        "state": state.to_string(),
        "journal": { "pcr": 13, "records": "" },
        "quote": { "message": "AAAA", "signature": "AAAA", "pcrs": { "13": "00".repeat(32) } },
    })
}

/// Puts a stand-in for a tool there.
pub fn tool(dir: &Path, name: &str, script: &str) {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Puts an attestation with [`varied`] records into the tree, with a key, and tools in `bin` that
/// find it signed: then it holds.
pub fn stand_in(tree: &Tree) {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat());
    let (mut attestation, journal) = (attestation(), varied());
    attestation["journal"]["records"] = json!(BASE64_STANDARD.encode(journal.bytes()));
    let held: Vec<(u8, [u8; 32])> = (0..8)
        .map(|number| (number, [0; 32]))
        .chain([(13, journal.pcr)])
        .collect();
    for (number, value) in &held {
        attestation["quote"]["pcrs"][number.to_string()] = json!(hex(value));
    }
    let nonce: Vec<u8> = (0..10).map(|at| at * 0x11).collect();
    let state = attestation["state"].as_str().unwrap();
    let bound = [&nonce, state.as_bytes(), &journal.bytes()].map(|part| hash(&[part]));
    let binding = hash(&[b"milspec.attestation/1\0", &bound.concat()]);
    let values: Vec<u8> = held.iter().flat_map(|(_, value)| *value).collect();
    let said = format!(
        "type: 8018\nextraData: {}\nresetCount: 1\nrestartCount: 0\ncount: 1\n\
         hash: 11 (sha256)\npcrSelect: ff2000\npcrDigest: {}",
        hex(&binding),
        hex(&hash(&[&values]))
    );
    tree.put("attestation", attestation.to_string().as_bytes());
    tree.put("key", KEY.as_bytes());
    fs::create_dir_all(tree.path("bin")).unwrap();
    tool(&tree.path("bin"), "tpm2_print", &format!("echo '{said}'"));
    tool(&tree.path("bin"), "tpm2_checkquote", "exit 0");
}

/// Verifies, with the tools in the same directory and no others.
fn verify(dir: &Path) -> Output {
    let mut command = command(&["--json", "attest", "verify", "attestation", "--key", "key"]);
    command
        .args(["--nonce", NONCE])
        .current_dir(dir)
        .env("PATH", dir)
        .env("SECRET", "not for tools");
    finish(command)
}

/// The error of a document.
fn error(output: &Output) -> (i32, String, String) {
    let document = document(output);
    let text = |name: &str| document["error"][name].as_str().unwrap().to_string();
    assert_eq!(document["error"]["exit"], output.status);
    (output.status, text("code"), text("why"))
}

/// Promise: a nonce that is none is a wrong command line.
#[test]
fn nonces() {
    for (nonce, good) in [
        ("", false),
        ("0011223344556", false),
        ("00112233445566", false),
        ("0011223344556677", true),
        ("00112233445566778", false),
        ("0x11223344556677", false),
        ("+011223344556677", false),
        (&"aB".repeat(64), true),
        (&"aB".repeat(65), false),
    ] {
        let dir = directory("nonces", &attestation());
        let mut command = command(&["--json", "attest", "verify", "attestation"]);
        command
            .args(["--key", "none", "--nonce", nonce])
            .current_dir(dir);
        let (status, code, _) = error(&finish(command));
        let expected = if good {
            (1, "file-unreadable")
        } else {
            (2, "usage")
        };
        assert_eq!((status, code.as_str()), expected, "{nonce}");
    }
}

/// Promise: a recording is not taken for a machine with a TPM.
#[test]
fn recordings() {
    let tree = rugged("attest-recording");
    for line in [
        &["attest", "enroll", "--out", "/nonexistent/key"][..],
        &["attest", "quote", "--nonce", NONCE],
    ] {
        let (status, document) = json(&tree, line);
        assert_eq!(
            (status, &document["error"]["code"]),
            (3, &json!("unsupported"))
        );
    }
}

/// Promise: without tpm2-tools nothing is verified, and the error says what to install.
#[test]
fn without_tools() {
    let dir = directory("without-tools", &attestation());
    let output = verify(&dir);
    let (status, code, _) = error(&output);
    assert_eq!((status, code.as_str()), (3, "no-tpm-tools"));
    assert!(output.stdout.contains("install the package tpm2-tools"));
    // The first tool alone is not enough to verify.
    tool(
        &dir,
        "tpm2_print",
        "echo 'type: 8018'; echo 'extraData: 00'; echo 'resetCount: 1'; \
         echo 'restartCount: 0'; echo 'count: 1'; echo 'hash: 11 (sha256)'; \
         echo 'pcrSelect: ff2000'; echo 'pcrDigest: 00'",
    );
    let (status, code, _) = error(&verify(&dir));
    assert_eq!((status, code.as_str()), (3, "no-tpm-tools"));
}

/// Promise: what a tool says against a quote is quoted, without what a terminal would act on; tools
/// get no more of the environment than they need.
#[test]
fn tools_that_fail() {
    let dir = directory("tools-that-fail", &attestation());
    tool(
        &dir,
        "tpm2_print",
        "printf 'WARN: first\\nERROR: \\033[31m%s, %s\\nERROR: last\\n' \"$SECRET\" \
         \"$TPM2TOOLS_TCTI\" >&2; exit 1",
    );
    let output = verify(&dir);
    let (status, code, why) = error(&output);
    assert_eq!((status, code.as_str()), (1, "attest-signature"));
    assert_eq!(why, "tpm2-tools say: \\x1b[31m, device:/dev/tpmrm0");
    let document = document(&output);
    let checks = document["checks"].as_array().unwrap().iter();
    let results: Vec<_> = checks
        .map(|check| [&check["id"], &check["result"]])
        .collect();
    let expected = json!([
        ["signature", "fails"],
        ["nonce", "holds"],
        ["binding", "not-checked"],
        ["pcrs", "not-checked"],
        ["chain", "fails"],
        ["journal", "not-checked"],
    ]);
    assert_eq!(json!(results), expected);
    assert_eq!(
        (&document["state"], &document["pcrs"]),
        (&Value::Null, &Value::Null)
    );
    tool(&dir, "tpm2_print", "exit 7");
    assert!(error(&verify(&dir)).2.contains("exit status: 7"));
}

/// Promise: what is no attestation is refused before a tool sees it, and the error names the field.
#[test]
fn malformed() {
    let refused = |name: &str, attestation: &Value| {
        let (status, code, why) = error(&verify(&directory("malformed", attestation)));
        assert_eq!(
            (status, code.as_str()),
            (1, "attestation-invalid"),
            "{name}"
        );
        assert!(why.contains(name), "{name}: {why}");
    };
    let whole = attestation();
    for (object, key) in [
        ("", "schema"),
        ("", "nonce"),
        ("", "state"),
        ("", "journal"),
        ("", "quote"),
        ("/journal", "pcr"),
        ("/journal", "records"),
        ("/quote", "message"),
        ("/quote", "signature"),
        ("/quote", "pcrs"),
    ] {
        let mut less = whole.clone();
        let place = less.pointer_mut(object).unwrap().as_object_mut().unwrap();
        place.remove(key).unwrap();
        refused(&format!("`{key}`"), &less);
    }
    let state: Value = serde_json::from_str(whole["state"].as_str().unwrap()).unwrap();
    for key in state.as_object().unwrap().keys() {
        // What may be null may be left out: it is null then.
        if ["service_tag_hash", "simulated_because", "read_at"].contains(&key.as_str()) {
            continue;
        }
        let mut less = state.clone();
        less.as_object_mut().unwrap().remove(key).unwrap();
        let mut changed = whole.clone();
        changed["state"] = json!(less.to_string());
        refused("state: ", &changed);
    }
    for (path, value, name) in [
        ("/schema", json!("milspec.attestation/2"), "schema"),
        ("/nonce", json!("0g"), "nonce"),
        ("/nonce", json!("000"), "nonce"),
        ("/state", json!("{}"), "state"),
        ("/state", json!({}), "string"),
        (
            "/state",
            json!(state.to_string().replace("state/1", "state/2")),
            "state",
        ),
        ("/journal/pcr", json!(256), "256"),
        ("/journal/records", json!("AAAA"), "cut off"),
        ("/journal/records", json!("A"), "journal.records"),
        ("/quote/message", json!("*"), "quote.message"),
        ("/quote/signature", json!("AAA"), "quote.signature"),
        ("/quote/pcrs", json!({ "13": "00" }), "PCR 13"),
        ("/quote/pcrs", json!({ "13": "0g".repeat(32) }), "PCR 13"),
        ("/quote/pcrs", json!({ "x": "00".repeat(32) }), "x"),
    ] {
        let mut changed = whole.clone();
        *changed.pointer_mut(path).unwrap() = value;
        refused(name, &changed);
    }
    let dir = directory("malformed", &whole);
    fs::write(dir.join("attestation"), b"\x1b{").unwrap();
    let (_, code, why) = error(&verify(&dir));
    assert_eq!(code, "attestation-invalid");
    assert!(!why.contains('\x1b'));
}

/// Promise: what is no public key is not given to a tool.
#[test]
fn keys() {
    let dir = directory("keys", &attestation());
    fs::write(dir.join("key"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let (status, code, _) = error(&verify(&dir));
    assert_eq!((status, code.as_str()), (1, "key-invalid"));
    fs::remove_file(dir.join("key")).unwrap();
    let (status, code, _) = error(&verify(&dir));
    assert_eq!((status, code.as_str()), (1, "file-unreadable"));
}
