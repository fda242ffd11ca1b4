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

/// Promise: each cell of the CSV is quoted, and none that begins as a formula does is one, behind blanks or in
/// full width either.
#[test]
fn formulas() {
    let tree = with("compliance-formulas", &[setting("nfc", "enabled")]);
    let begins = [
        "=",
        "  =",
        "+",
        "-",
        "@",
        "\u{a0}=",
        "\u{ff1d}",
        "\u{3000}\u{ff20}",
        "\\t=",
    ];
    for begin in begins {
        let text = format!(
            "schema = \"milspec.exceptions/1\"\n[[exception]]\ncheck = \"nfc-off\"\nowner = \"Ada\"\n\
             reason = \"{begin}1\"\nuntil = \"2999-12-31\"\n"
        );
        tree.put("exceptions.toml", text.as_bytes());
        let path = tree.path("exceptions.toml");
        let words = ["compliance", "--format", "csv", "--exceptions"];
        let csv = on(&tree, &[&words[..], &[path.to_str().unwrap()]].concat()).stdout;
        for line in csv.trim_end().split("\r\n") {
            assert!(line.starts_with('"') && line.ends_with('"'), "{line}");
            assert!(!line.contains(",,"), "{line}");
        }
        let cell = format!("\"Ada\",\"'{}1\",", begin.replace("\\t", "\t"));
        assert!(csv.contains(&cell), "{begin}: {csv}");
    }
}

/// Promise: when the driver last read is in every form; when a recording was made is not known, and no form
/// gives it a time.
#[test]
fn times() {
    let tree = with("compliance-times", &[setting("camera", "disabled")]);
    let (_, document) = crate::run::json(&tree, &["compliance"]);
    let evidence = &document["assessments"][0]["evidence"];
    assert!(evidence["time"].is_null() && evidence["read_at"].is_null());
    assert_eq!(evidence["read_age_ms"], 12_250);
    let form = |name: &str| on(&tree, &["compliance", "--format", name]).stdout;
    assert!(form("html").contains("<dt>Read by the driver</dt><dd>12 s ago"));
    let made = document["made_at"].as_str().unwrap()[..10].to_owned();
    assert!(!form("csv").contains(&made));
    let oscal: serde_json::Value = serde_json::from_str(&form("oscal")).unwrap();
    let result = &oscal["assessment-results"]["results"][0];
    assert!(result["end"].is_null() && result["start"] == "1970-01-01T00:00:00Z");
    for observation in result["observations"].as_array().unwrap() {
        assert_eq!(observation["collected"], "1970-01-01T00:00:00Z");
        assert!(observation["remarks"]
            .as_str()
            .unwrap()
            .contains("not known"));
        let mut props = observation["props"].as_array().unwrap().iter();
        assert!(props.any(|prop| prop["name"] == "collected" && prop["value"] == "unknown"));
    }
    // An attestation says both.
    let tree = Tree::bare("compliance-times-quote");
    attest::stand_in(&tree);
    for (form, words) in [
        (
            &["--format", "csv"][..],
            "\"2026-11-24T10:00:00Z\",\"2026-11-24T09:58:00.5Z\"",
        ),
        (&["--format", "html"], "2026-11-24T09:58:00.5Z"),
        (
            &["--format", "oscal"],
            "\"collected\": \"2026-11-24T09:58:00.5Z\"",
        ),
        (&[], "2026-11-24T09:58:00.5Z"),
    ] {
        let shown = of_attestation(&tree, attest::NONCE, form).stdout;
        assert!(shown.contains(words), "{form:?}: {shown}");
    }
}

/// Promise: an id that is judgement or derived says so in every form, and each finding of OSCAL has its tie.
#[test]
fn ties() {
    let tree = with("compliance-ties", &[setting("camera", "disabled")]);
    let words = ["compliance", "--check", "camera-off"];
    let shown = |form: &[&str]| on(&tree, &[&words[..], form].concat()).stdout;
    let (table, csv) = (shown(&[]), shown(&["--format", "csv"]));
    for doubt in ["(judgement)", "(derived)"] {
        assert!(
            table.contains(doubt) && csv.contains(doubt),
            "{doubt}: {table} {csv}"
        );
    }
    let oscal: serde_json::Value = serde_json::from_str(&shown(&["--format", "oscal"])).unwrap();
    let result = &oscal["assessment-results"]["results"][0];
    for finding in result["findings"].as_array().unwrap() {
        let mut props = finding["props"].as_array().unwrap().iter();
        assert!(props.any(|prop| prop["name"] == "tie"), "{finding}");
    }
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
    // Nobody can read more in a file.
    let remedy = all["kernel-lockdown"]["remedy"].as_str().unwrap();
    assert!(remedy.contains("judge the machine itself"), "{remedy}");
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

/// Judges what a list names, beside other files.
fn of_list(tree: &Tree, list: &str, more: &[&str]) -> Output {
    tree.put("list.toml", list.as_bytes());
    let mut command = command(&[&["compliance", "--attestations", "list.toml"], more].concat());
    command
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", tree.path("bin").display()),
        )
        .current_dir(tree.dir());
    finish(command)
}

fn list(entries: &[(&str, &str)]) -> String {
    let mut text = "schema = \"milspec.attestations/1\"\n".to_string();
    for (file, nonce) in entries {
        text.push_str(&format!(
            "[[attestation]]\nfile = \"{file}\"\nkey = \"key\"\nnonce = \"{nonce}\"\n"
        ));
    }
    text
}

/// Promise: of several attestations each is verified with its own nonce; one that does not hold, or is not
/// there, is listed in every form as not judged, the others are judged, and the exit status is 1.
#[test]
fn several_attestations() {
    let tree = Tree::bare("compliance-attestations");
    attest::stand_in(&tree);
    let good = [("attestation", attest::NONCE)];
    let output = of_list(&tree, &list(&good), &["--json"]);
    assert_eq!(output.status, 0, "{}", output.stdout);
    assert_eq!(document(&output)["not_judged"], serde_json::json!([]));
    let mixed = [
        ("attestation", attest::NONCE),
        ("./attestation", "ffeeddccbbaa99887766"),
        ("gone", "0123456789abcdef0123"),
    ];
    let output = of_list(&tree, &list(&mixed), &["--json"]);
    assert_eq!(output.status, 1);
    let told = document(&output);
    crate::run::validate(&told);
    assert_eq!(told["assessments"].as_array().unwrap().len(), 1);
    let not = told["not_judged"].as_array().unwrap();
    let codes: Vec<&str> = not
        .iter()
        .map(|not| not["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes.len(), 2, "{not:?}");
    assert!(not[0]["why"].as_str().unwrap().contains("nonce"), "{not:?}");
    assert!(not[1]["file"].as_str().unwrap().ends_with("gone"));
    for form in [
        &[][..],
        &["--format", "csv"],
        &["--format", "html"],
        &["--format", "oscal"],
    ] {
        let output = of_list(&tree, &list(&mixed), form);
        assert_eq!(output.status, 1, "{form:?}");
        let text = output.stdout.to_lowercase();
        assert!(
            text.contains("not judged") && text.contains("gone"),
            "{form:?}: {text}"
        );
    }
    // Where none can be judged, the document says so, and claims nothing.
    let none = of_list(&tree, &list(&mixed[1..]), &["--json"]);
    assert_eq!(none.status, 1);
    assert_eq!(document(&none)["assessments"], serde_json::json!([]));
    let twice = [good[0], good[0]];
    let refused = document(&of_list(&tree, &list(&twice), &["--json"]));
    assert_eq!(refused["error"]["code"], "attestations-invalid");
}

/// Promise: of several machines, none that calls itself something acts on the terminal, or ends the run.
#[test]
fn foreign_names() {
    let loud = Tree::bare("compliance-loud").dmi("Dell Inc.", "\u{1b}]0;mine\u{7}\u{1b}[2J", "1");
    let long = Tree::bare("compliance-long").dmi("Dell Inc.", &"x".repeat(70_000), "1");
    let broken = loud.path("broken");
    std::fs::write(&broken, "{\"schema\": \"\u{1b}[2J\"}").unwrap();
    let all = ["--file", loud.dir(), "--file", long.dir(), "--file"];
    let all = [&["compliance"], &all[..], &[broken.to_str().unwrap()]].concat();
    for form in [&[][..], &["--format", "csv"]] {
        let output = finish(command(&[&all[..], form].concat()));
        assert_eq!(output.status, 1, "{}", output.stderr);
        let said = output.stdout + &output.stderr;
        assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    }
}

/// Promise: what a pipe gives is judged as what a file has, and is read once.
#[test]
fn of_a_pipe() {
    let tree = Tree::bare("compliance-pipe");
    attest::stand_in(&tree);
    let words = [
        "--json",
        "compliance",
        "--file",
        "-",
        "--key",
        "key",
        "--nonce",
    ];
    let mut piped = command(&[&words[..], &[attest::NONCE]].concat());
    let tools = format!("{}:/usr/bin:/bin", tree.path("bin").display());
    piped.env("PATH", tools).current_dir(tree.dir());
    piped.stdin(std::fs::File::open(tree.path("attestation")).unwrap());
    let told = document(&finish(piped));
    let evidence = &told["assessments"][0]["evidence"];
    assert_eq!(evidence["kind"], "attestation", "{told:#}");
    assert_eq!(evidence["file"], "standard input");
}

/// Promise: a report that is broken does not keep others from being judged.
#[test]
fn one_of_several_files() {
    let tree = Tree::bare("compliance-several");
    tree.put("broken", b"{");
    let words = ["--json", "compliance", "--file", tree.dir(), "--file"];
    let broken = tree.path("broken");
    let several = finish(command(&[&words[..], &[broken.to_str().unwrap()]].concat()));
    assert_eq!(several.status, 1);
    let told = document(&several);
    assert_eq!(told["assessments"].as_array().unwrap().len(), 1);
    assert_eq!(told["not_judged"].as_array().unwrap().len(), 1);
    assert_eq!(told["assessments"][0]["simulated"], false);
    let alone = ["--json", "compliance", "--file", broken.to_str().unwrap()];
    assert!(document(&finish(command(&alone)))["error"].is_object());
}

/// Promise: the list that the page shows is one, and its schema takes it.
#[test]
fn example_list() {
    let text = std::fs::read_to_string(crate::docs::source("docs/compliance.md")).unwrap();
    let at = text.find("schema = \"milspec.attestations/1\"").unwrap();
    let (example, _) = text[at..].split_once("```").unwrap();
    let below = std::path::Path::new("");
    milspec::compliance::attestations::parse(example, below).unwrap();
    let value: toml::Table = toml::from_str(example).unwrap();
    crate::run::validate(&serde_json::to_value(&value).unwrap());
}

/// Promise: of a machine that does not say what it is, nothing says that it is a real one.
#[test]
fn simulated_is_not_known() {
    let tree = Tree::bare("compliance-unnamed").without("sys/class/dmi");
    let words = ["--json", "compliance", "--file", tree.dir()];
    let told = document(&finish(command(&words)));
    crate::run::validate(&told);
    assert_eq!(told["assessments"][0]["simulated"], serde_json::Value::Null);
    let words = ["compliance", "--file", tree.dir(), "--format"];
    for form in ["html", "oscal", "csv"] {
        let text = finish(command(&[&words[..], &[form]].concat())).stdout;
        let says = text.contains("simulated-unknown")
            || text.contains("whether the machine is simulated is not known");
        assert!(says, "{form}");
    }
}
