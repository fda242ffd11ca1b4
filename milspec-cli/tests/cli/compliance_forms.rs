// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance`: its forms, and what it makes of an attestation.

use crate::attest;
use crate::compliance::{checks, with};
use crate::machines::*;
use crate::run::{command, document, finish, on, Output};
use crate::tree::Tree;

/// Promise: a simulated machine is marked in every form, and so is a recording.
#[test]
fn marks() {
    let controls = [setting("camera", "disabled")];
    let info = info("Dell Inc.", "Latitude 5450 Simulated", "SIM");
    let tree = Tree::loaded("compliance-marks").answers(&info, &status(&controls), &controls);
    let forms: [&[&str]; 6] = [
        &[],
        &["-v"],
        &["--json"],
        &["--format", "csv"],
        &["--format", "html"],
        &["--format", "oscal"],
    ];
    for form in forms {
        let output = on(&tree, &[&["compliance"], form].concat());
        assert_eq!(output.status, 0, "{}", output.stderr);
        for mark in ["simulated", "recording"] {
            assert!(output.stdout.contains(mark), "{form:?} does not say {mark}");
        }
        let fleet = on(
            &tree,
            &[
                &["compliance", "--file", tree.dir(), "--file", tree.dir()],
                form,
            ]
            .concat(),
        );
        assert!(fleet.stdout.contains("simulated"), "{form:?} of several");
    }
}

/// Promise: people see result, what was found and wanted, why, and what to do as a command.
#[test]
fn table() {
    let tree = with(
        "compliance-table",
        &[
            setting("camera", "disabled"),
            setting("bluetooth", "enabled"),
            setting("boot-mode", "bios"),
            setting("thunderbolt-security", "none"),
        ],
    );
    crate::assert_shows!(on(&tree, &["compliance"]).stdout, "compliance.txt");
    let hipaa = on(&tree, &["compliance", "--framework", "hipaa"]).stdout;
    crate::assert_shows!(hipaa, "compliance-hipaa.txt");
}

/// Promise: nothing that a firmware or a file says is taken for markup, a formula or a line of its own.
#[test]
fn foreign_words() {
    let controls = [setting("camera", "disabled")];
    let info = info("=HYPERLINK(1)", "<script>&\"'", "1,2\"3");
    let tree = Tree::loaded("compliance-foreign").answers(&info, &status(&controls), &controls);
    let run = |form: &str| on(&tree, &["compliance", "--format", form]).stdout;
    let html = run("html");
    assert!(
        html.contains("&lt;script&gt;&amp;&quot;&#39;") && !html.contains("<script"),
        "{html}"
    );
    assert!(!html.contains("http-equiv") && !html.contains("src=") && !html.contains("href="));
    let csv = run("csv");
    assert!(
        csv.contains("\r\n\"'=HYPERLINK(1) <script>&\"\"'\",\"1,2\"\"3\","),
        "{csv}"
    );
    let lines = csv.split("\r\n").count();
    assert_eq!(lines, milspec::compliance::REGISTRY.checks.len() + 2);
}

/// Judges the attestation that [`attest::stand_in`] has put into a tree.
pub fn of_attestation(tree: &Tree, nonce: &str, more: &[&str]) -> Output {
    let words = [
        "compliance",
        "--file",
        "attestation",
        "--key",
        "key",
        "--nonce",
        nonce,
    ];
    let mut command = command(&[&words[..], more].concat());
    command
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", tree.path("bin").display()),
        )
        .current_dir(tree.dir());
    finish(command)
}

/// Promise: an attestation is verified before it is judged, and what judges it says so. One that does not
/// hold is not judged; what it does not tell is not satisfied.
#[test]
fn attestation() {
    let tree = Tree::bare("compliance-attestation");
    attest::stand_in(&tree);
    let document = document(&of_attestation(&tree, attest::NONCE, &["--json"]));
    let of = &document["assessments"][0];
    assert_eq!(of["evidence"]["kind"], "attestation");
    assert_eq!(of["evidence"]["time"], "2026-11-24T10:00:00Z");
    assert_eq!(of["evidence"]["key_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(of["simulated"], true);
    let all = checks(&document);
    assert_eq!(all["camera-off"]["reason"], "value");
    assert_eq!(all["nfc-off"]["result"], "not-applicable");
    assert_eq!(all["kernel-lockdown"]["reason"], "unread");
    assert_eq!(all["journal-anchored"]["result"], "satisfied");
    let shown = of_attestation(&tree, attest::NONCE, &[]).stdout;
    assert!(
        shown.contains("quote") && shown.contains("simulated"),
        "{shown}"
    );
    let old = of_attestation(&tree, "ffeeddccbbaa99887766", &["--json"]);
    assert_eq!(old.status, 1);
    assert!(
        old.stdout.contains("the attestation does not hold: nonce"),
        "{}",
        old.stdout
    );
    crate::attest::tool(
        &tree.path("bin"),
        "tpm2_checkquote",
        "echo wrong >&2; exit 1",
    );
    assert_eq!(of_attestation(&tree, attest::NONCE, &[]).status, 1);
    let path = tree.path("attestation");
    let without = ["--json", "compliance", "--file", path.to_str().unwrap()];
    let refused = crate::run::document(&finish(command(&without)));
    assert_eq!(refused["error"]["code"], "attestation-needs-key");
}
