// SPDX-License-Identifier: GPL-2.0

//! Runs milspecctl, and holds every JSON document to its published schema.

use crate::tree::Tree;
use nix::sys::signal::{SigHandler, Signal};
use serde_json::{json, Value};
use std::process::{Command, Stdio};
use std::sync::Once;

/// What came out.
pub struct Output {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The program in a UTF-8 locale, with nothing else of the caller's environment.
pub fn command(arguments: &[&str]) -> Command {
    heed_signals();
    let mut command = Command::new(env!("CARGO_BIN_EXE_milspecctl"));
    command
        .args(arguments)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

/// Who runs the tests in the background has them ignore signals, and what they start as well: then
/// no test could send one.
fn heed_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            // SAFETY: nobody else in this program has a say in these signals, and what comes into
            // force is what every program starts with.
            unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }.unwrap();
        }
    });
}

/// Runs it to its end.
pub fn finish(mut command: Command) -> Output {
    let output = command.output().unwrap();
    Output {
        status: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it on a recorded tree.
pub fn on(tree: &Tree, arguments: &[&str]) -> Output {
    let mut all = vec!["--root", tree.dir()];
    all.extend(arguments);
    finish(command(&all))
}

/// Runs it on a recorded tree, with this on standard input.
pub fn on_with_input(tree: &Tree, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let path = tree.path("standard-input");
    std::fs::write(&path, input).unwrap();
    let mut command = command(&["--root", tree.dir()]);
    command
        .args(arguments)
        .stdin(std::fs::File::open(path).unwrap());
    finish(command)
}

/// Runs it on a recorded tree with `--json`: there must be exactly one document that keeps to its
/// schema, and nothing on standard error.
pub fn json(tree: &Tree, arguments: &[&str]) -> (i32, Value) {
    let mut all = vec!["--json"];
    all.extend(arguments);
    let output = on(tree, &all);
    (output.status, document(&output))
}

/// The one document of an output.
pub fn document(output: &Output) -> Value {
    assert_eq!(output.stderr, "", "something beside the document");
    let value: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("not one document: {error}\n{}", output.stdout));
    validate(&value);
    value
}

/// The published schema of a document.
pub fn schema(name: &str) -> Value {
    let path = format!(
        "{}/../docs/schema/{}.json",
        env!("CARGO_MANIFEST_DIR"),
        name.replace('/', "-")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a document to its schema, both ways: nothing is missing, and nothing is undocumented.
pub fn validate(document: &Value) {
    let name = document["schema"].as_str().expect("no schema key");
    let mut schema = schema(name);
    for strict in [false, true] {
        if strict {
            close(&mut schema);
        }
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// Forbids, everywhere in a schema, what it does not name. The published schema allows it, because
/// a later minor version may add fields.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let open = !map.contains_key("additionalProperties");
            if open && map.contains_key("properties") {
                map.insert("additionalProperties".into(), json!(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        _ => {}
    }
}
