// SPDX-License-Identifier: GPL-2.0

//! `docs/security.md` is true: what milspecctl claims is run there, line by line, as in the guide.
//! For what the driver claims each row names tests, and each of these has the words of the row beside
//! the assertion that fails when they are not so: `// Claim: WORDS`.

use crate::docs::source;
use crate::driver::Driver;
use crate::guide;
use crate::journal::Journal;
use crate::machines::setting;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "// Claim: ";

/// What an assertion has in its first line.
const ASSERTIONS: [&str; 5] = [
    "ensure!(",
    "assert",
    "refused(",
    ".ok()?",
    "check_kernel_log()",
];

/// All Rust code below a directory.
pub fn code(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.append(&mut code(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.insert(path.clone(), fs::read_to_string(path).unwrap());
        }
    }
    all
}

/// Promise: the page on the kernel's class names tests that there are.
#[test]
fn firmware_attributes_page() {
    let page = fs::read_to_string(source("docs/firmware-attributes.md")).unwrap();
    // The names of files have fewer underscores.
    let word = |name: &&str| name.matches('_').count() > 2;
    let named: BTreeSet<&str> = page.split('`').skip(1).step_by(2).filter(word).collect();
    let code = [
        code(&source("tests/guest")),
        code(&source("driver/posture/tests")),
    ];
    let is_test = |name: &&str| {
        let (guest, host) = (format!("(\"{name}\""), format!("#[test]\nfn {name}()"));
        let mut all = code.iter().flat_map(BTreeMap::values);
        all.any(|text| text.contains(&guest) || text.contains(&host))
    };
    let (tests, others): (Vec<&str>, Vec<&str>) = named.into_iter().partition(is_test);
    assert!(tests.len() > 9, "{tests:?}");
    assert!(others.is_empty(), "{others:?}");
}

/// What begins a test of this name in a file, if it is there and is run with all others: what is
/// called stands in it.
fn entry<'a>(path: &Path, text: &'a str, name: &str) -> Option<&'a str> {
    if text.contains(&format!("#[test]\nfn {name}()")) {
        let at = text.find(&format!("fn {name}()"))?;
        return text[at..].lines().next();
    }
    let at = text.find(&format!("\"{name}\""))?;
    let list = text[..at].rfind("pub const ")?;
    let main = fs::read_to_string(source("tests/guest/main.rs")).unwrap();
    let (_, known) = main.split_once("const KNOWN_FAILURES").unwrap();
    let module = path.file_stem().unwrap().to_str().unwrap();
    let run = text[list..].starts_with("pub const TESTS")
        && main.contains(&format!("{module}::TESTS"))
        && !known.split(';').next().unwrap().contains(name);
    let end = text[at..].find("\n    (").or(text[at..].find("];"))?;
    run.then_some(&text[at..at + end])
}

/// The functions of a file that are called from there, and from those.
fn called(text: &str, entry: &str) -> String {
    let mut left: Vec<&str> = text.split_inclusive("\n}\n").collect();
    let mut called = entry.to_string();
    loop {
        let word = |c: char| !c.is_alphanumeric() && c != '_';
        let words: BTreeSet<String> = called.split(word).map(String::from).collect();
        let names = |item: &str| -> Vec<String> {
            let names = item.split("fn ").skip(1);
            let names = names.filter_map(|rest| rest.split(['(', '<']).next());
            names.map(String::from).collect()
        };
        let (now, rest): (Vec<&str>, _) = left
            .into_iter()
            .partition(|item| names(item).iter().any(|name| words.contains(name)));
        if now.is_empty() {
            return called;
        }
        called.extend(now);
        left = rest;
    }
}

/// The claims in a text, each beside its assertion.
fn claims(text: &str) -> Vec<String> {
    let mut claims = Vec::new();
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix(MARK) {
            let next = lines.peek().unwrap();
            let asserts = ASSERTIONS.iter().any(|part| next.contains(part));
            assert!(asserts || next.starts_with(MARK), "{words}: {next}");
            claims.push(words.to_string());
        }
    }
    claims
}

/// Promise: every row of the threat model is run here, or names tests that are run and assert its
/// words; only what is said to be a limit has neither. No test claims what no row says.
#[test]
fn rows_are_tested() {
    let text = fs::read_to_string(source("docs/security.md")).unwrap();
    let (_, model) = text.split_once("## Threat model").unwrap();
    let (model, _) = model.split_once("\n## ").unwrap();
    let mut files = BTreeMap::new();
    for directory in ["tests/guest", "driver/posture/tests", "milspec-cli/tests"] {
        files.append(&mut code(&source(directory)));
    }
    files.retain(|path, _| !path.ends_with("cli/security.rs"));
    let rows = model
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("shown by"));
    let (mut named, mut made) = (0, BTreeSet::new());
    for row in rows {
        let shown_by = row.strip_suffix('|').unwrap().rsplit_once('|').unwrap().1;
        for item in shown_by.split(',').map(str::trim) {
            if item.is_empty() {
                assert!(row.starts_with("| can "), "a promise without a test: {row}");
                continue;
            }
            named += 1;
            if let Some((_, link)) = item.split_once("](#") {
                let heading = link.trim_end_matches(')').replace('-', " ");
                let parts = text.split("\n#").map(str::to_lowercase);
                let mut parts = parts.filter(|part| {
                    part.trim_start_matches('#')
                        .trim_start()
                        .starts_with(&heading)
                });
                assert!(parts.any(|part| part.contains("```console")), "{row}");
                continue;
            }
            let name = item.trim_matches('`');
            let found = files
                .iter()
                .find_map(|(path, text)| Some((path, called(text, entry(path, text, name)?))));
            let (path, called) = found.unwrap_or_else(|| panic!("{name} is not run: {row}"));
            let claims = claims(&called);
            let mine = claims.iter().filter(|words| row.contains(*words));
            let before = made.len();
            made.extend(mine.map(|words| (path, name, words.clone())));
            assert!(made.len() > before, "{name} asserts nothing of: {row}");
        }
    }
    assert!(named > 20, "{named}");
    for (path, text) in &files {
        for words in claims(text) {
            let made = made
                .iter()
                .any(|(of, _, made)| *of == path && *made == words);
            assert!(made, "{}: no row says: {words}", path.display());
        }
    }
}

/// Promise: who types what stands there sees what stands there.
#[test]
fn verifying() {
    let driver = Driver::new(vec![
        setting("camera", "enabled"),
        setting("microphone", "enabled"),
    ]);
    let tree = guide::tree("security");
    // With another user in its records, and a chain that fits.
    let mut forged = Journal::new(1, [0; 32]);
    let mut journal = forged.clone();
    journal.apply(milspec_uapi::MODE_NONE, &[(crate::journal::CAMERA, 0, 1)]);
    for event in &journal.events[1..] {
        forged.add(milspec_uapi::Event {
            uid: 1000,
            ..*event
        });
    }
    tree.put("forged", &forged.bytes());
    guide::walk("docs/security.md", tree, driver, Journal::new(1, [0; 32]));
}
