// SPDX-License-Identifier: GPL-2.0

//! `docs/security.md` names tests. A claim whose test has gone is a claim no more.

use crate::docs::source;
use std::fs;
use std::path::Path;

/// All Rust code below a directory.
pub fn code(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// Promise: every test that the threat model names exists, and only a claim that is said to be a
/// limit names none.
#[test]
fn claims_have_their_tests() {
    let text = fs::read_to_string(source("docs/security.md")).unwrap();
    let (_, model) = text.split_once("## Threat model").unwrap();
    let (model, _) = model.split_once("\n## ").unwrap();
    let mut tests = String::new();
    for directory in ["tests/guest", "driver/posture/tests", "milspec-cli/tests"] {
        code(&source(directory), &mut tests);
    }
    let rows = model
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("shown by"));
    let mut named = 0;
    for row in rows {
        let shown_by = row.strip_suffix('|').unwrap().rsplit_once('|').unwrap().1;
        for name in shown_by
            .split(',')
            .map(|name| name.trim().trim_matches('`'))
        {
            if name.is_empty() {
                assert!(row.starts_with("| can "), "a promise without a test: {row}");
                continue;
            }
            let guest = tests.contains(&format!("\"{name}\""));
            let host = tests.contains(&format!("#[test]\nfn {name}()"));
            assert!(guest || host, "there is no test {name}: {row}");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
